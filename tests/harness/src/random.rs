//! What random cases are made of, and how the smallest that fails is found. `PROPTEST_CASES` sets how many there are.

use std::cell::Cell;
use std::sync::Arc;

use ascend_cache_loc::{IntType, TableShape};
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use crate::backend::Backend;
use crate::case::{Case, Dtypes, Table, compare};
use crate::splitmix::splitmix64;

const CASES: u32 = 4096;

/// What a value is made of: how it is meant, and the number. Independent of everything else in a case, so that each part of
/// it can be made smaller without another draw of the rest; (0, 0) means the plainest value.
pub type Draw = (u8, u64);

/// A draw.
pub fn draw() -> impl Strategy<Value = Draw> {
    (any::<u8>(), any::<u64>())
}

/// A number from 0 up to `limit`, excluded.
#[must_use]
pub fn below(limit: i64, at: u64) -> i64 {
    (at % limit.max(1) as u64) as i64
}

fn int_type() -> impl Strategy<Value = IntType> {
    prop_oneof![Just(IntType::I32), Just(IntType::I64)]
}

/// Element types.
pub fn dtypes() -> impl Strategy<Value = Dtypes> {
    (int_type(), int_type(), int_type()).prop_map(|(r, l, s)| Dtypes::of_each(r, l, s))
}

/// Of the shape that is drawn first, the row length taken from what fits, and up to two elements too many.
///
/// # Panics
/// Never: the shapes are small.
pub fn table() -> impl Strategy<Value = Arc<Table>> {
    (0..12_usize, 0..90_usize, any::<u64>(), any::<u64>(), 0..3_u64).prop_map(|(rows, row_stride, len, seed, more)| {
        let row_len = below(row_stride as i64 + 1, len) as usize;
        let shape = TableShape::new(rows, row_stride).and_then(|shape| shape.with_row_len(row_len)).expect("a shape");
        let slot = |i| if seed == 0 { i as i32 } else { splitmix64(seed.wrapping_add(i)) as i32 };
        let slots = (0..shape.storage_len() as u64 + more).map(slot).collect();
        Arc::new(Table { shape, slots })
    })
}

/// A value from 0 to `limit`, a little outside it, or anywhere.
#[must_use]
pub fn value(dtype: IntType, limit: i64, (kind, at): Draw) -> i64 {
    match (kind % 64, dtype) {
        (0..60, _) => below(limit + 1, at),
        (60..63, _) => below(limit + 7, at) - 3,
        (_, IntType::I32) => (at as i32).into(),
        (_, IntType::I64) => at as i64,
    }
}

/// Two offsets in order and inside the row, many of them close together.
#[must_use]
pub fn range(row_len: i64, (kind, at): Draw) -> (i64, i64) {
    let (a, b) = (below(row_len + 1, at & 0xffff_ffff), at >> 32);
    if kind % 2 == 0 {
        (a, (a + below(6, b)).min(row_len))
    } else {
        let b = below(row_len + 1, b);
        (a.min(b), a.max(b))
    }
}

/// A request, nearly always one of the table's.
#[must_use]
pub fn request(dtype: IntType, rows: i64, (kind, at): Draw) -> i64 {
    if kind < 250 { below(rows, at) } else { value(dtype, rows, ((at >> 56) as u8, at)) }
}

/// The value and a multiple of 2^32 beside, where the element type can hold it: right in the low word alone.
#[must_use]
pub fn beyond(dtype: IntType, value: i64, at: u64) -> i64 {
    value + if dtype == IntType::I64 { (below(5, at) - 2) << 32 } else { 0 }
}

/// Compares random cases in random layouts with the oracle. What differs is one text: the difference, and the smallest
/// case that shows it, as a line for `replay`.
///
/// A backend that gave a wrong result or none is not asked again: its device may be lost, and then every case fails.
///
/// # Errors
/// The text.
pub fn smallest_difference<B: Backend>(make: impl Fn() -> B, cases: impl Strategy<Value = Case>) -> Result<(), String> {
    let from_env = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config::default();
    let count = if from_env { default.cases } else { CASES };
    let config = Config { cases: count, failure_persistence: None, ..default };
    let kept = Cell::new(None);
    let property = |(case, layout): (Case, u64)| {
        let mut backend = kept.take().unwrap_or_else(&make);
        backend.lay_out(layout);
        compare(&mut backend, &case).map_err(TestCaseError::fail)?;
        kept.set(Some(backend));
        Ok(())
    };
    match TestRunner::new(config).run(&(cases, 0..1_u64 << 32), property) {
        Ok(()) => Ok(()),
        Err(TestError::Abort(reason)) => Err(reason.to_string()),
        Err(TestError::Fail(reason, (case, layout))) => {
            Err(format!("{reason}\nsmallest case, layout {layout}, for replay:\n{}", case.line("smallest")))
        }
    }
}
