//! Random batches over all element types. `PROPTEST_CASES` sets how many.

use std::cell::RefCell;
use std::sync::Arc;

use ascend_cache_loc::{IntType, TableShape};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestRunner};

use super::compare;
use crate::harness::backend::Backend;
use crate::harness::case::{Case, Dtypes, Op, Table};

const CASES: u32 = 4096;

fn int_type() -> impl Strategy<Value = IntType> {
    prop_oneof![Just(IntType::I32), Just(IntType::I64)]
}

fn dtypes() -> impl Strategy<Value = Dtypes> {
    (int_type(), int_type(), int_type()).prop_map(|(req_pool_indices, lens, out)| Dtypes {
        req_pool_indices,
        lens,
        out,
    })
}

fn table() -> impl Strategy<Value = Arc<Table>> {
    (0..12_usize, 0..90_usize)
        .prop_flat_map(|(rows, row_stride)| (Just(rows), Just(row_stride), 0..=row_stride))
        .prop_flat_map(|(rows, row_stride, row_len)| {
            let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(row_len).unwrap();
            let len = shape.storage_len() as usize;
            vec(any::<i32>(), len..len + 3).prop_map(move |slots| Arc::new(Table { shape, slots }))
        })
}

/// A value from 0 to `limit`, a little outside it, or anywhere.
fn value(dtype: IntType, limit: usize) -> impl Strategy<Value = i64> {
    let limit = limit as i64;
    let anywhere = match dtype {
        IntType::I32 => any::<i32>().prop_map(i64::from).boxed(),
        IntType::I64 => any::<i64>().boxed(),
    };
    prop_oneof![60 => 0..=limit, 3 => -3..limit + 4, 1 => anywhere]
}

/// Two offsets, mostly in order and mostly close together.
fn range(dtype: IntType, row_len: usize) -> impl Strategy<Value = (i64, i64)> {
    let ordered = (0..=row_len as i64, 0..=row_len as i64).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let close = (0..=row_len as i64, 0..6_i64).prop_map(move |(start, len)| (start, (start + len).min(row_len as i64)));
    prop_oneof![20 => ordered, 20 => close, 1 => (value(dtype, row_len), value(dtype, row_len))]
}

fn request(dtype: IntType, rows: usize) -> impl Strategy<Value = i64> {
    prop_oneof![40 => 0..rows.max(1) as i64, 1 => value(dtype, rows)]
}

fn last_loc_case() -> impl Strategy<Value = Case> {
    (table(), dtypes(), 0..70_usize).prop_flat_map(|(table, dtypes, n)| {
        let reqs = vec(request(dtypes.req_pool_indices, table.shape.rows()), n);
        let lens = vec(value(dtypes.lens, table.shape.row_len()), n);
        (reqs, lens).prop_map(move |(req_pool_indices, prefix_lens)| Case {
            op: Op::GetLastLoc { prefix_lens },
            dtypes,
            table: table.clone(),
            req_pool_indices,
            out_init: -777,
        })
    })
}

fn extend_case() -> impl Strategy<Value = Case> {
    (table(), dtypes(), 0..70_usize).prop_flat_map(|(table, dtypes, n)| {
        let reqs = vec(request(dtypes.req_pool_indices, table.shape.rows()), n);
        let ranges = vec(range(dtypes.lens, table.shape.row_len()), n);
        (reqs, ranges, 0..16_usize).prop_map(move |(req_pool_indices, ranges, room)| {
            // As long as the rows can be, whatever the values; a third of the cases have less room than that.
            let most: usize = ranges.iter().map(|(start, end)| end.saturating_sub(*start).clamp(0, 90) as usize).sum();
            let (start_offsets, end_offsets) = ranges.into_iter().unzip();
            let out_len = most * room.min(10) / 10;
            Case {
                op: Op::AssignExtendCacheLocs { start_offsets, end_offsets, out_len },
                dtypes,
                table: table.clone(),
                req_pool_indices,
                out_init: -777,
            }
        })
    })
}

pub(crate) fn last_loc(backend: &mut impl Backend) {
    run(backend, &last_loc_case());
}

pub(crate) fn extend_locs(backend: &mut impl Backend) {
    run(backend, &extend_case());
}

/// Compares random cases with the oracle; the message holds the smallest case that differs.
fn run(backend: &mut impl Backend, cases: &impl Strategy<Value = Case>) {
    let from_env = std::env::var_os("PROPTEST_CASES").is_some();
    let default = Config::default();
    let count = if from_env { default.cases } else { CASES };
    let config = Config { cases: count, failure_persistence: None, ..default };
    let backend = RefCell::new(backend);
    let property = |case| compare(&mut **backend.borrow_mut(), &case).map_err(TestCaseError::fail);
    if let Err(failure) = TestRunner::new(config).run(cases, property) {
        panic!("{failure}");
    }
}
