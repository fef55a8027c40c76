//! Random batches over all element types. `PROPTEST_CASES` sets how many.

use std::cell::Cell;
use std::fmt::Display;
use std::sync::Arc;

use ascend_cache_loc::cpu_ref::{CaseLine, ExtendLocs, LastLoc, RefError, assign_extend_cache_locs, get_last_loc};
use ascend_cache_loc::{Int, IntType, TableShape};
use harness::backend::{Backend, CallError};
use harness::case::{Case, Dtypes, Op, Table};
use harness::splitmix::splitmix64;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::compare;

const CASES: u32 = 4096;
const OUT_INIT: i64 = -777;

/// What a value is made of: how it is meant, and the number. Independent of everything else in a case, so that each part of
/// it can be made smaller without another draw of the rest; (0, 0) means the plainest value.
type Draw = (u8, u64);

fn draw() -> impl Strategy<Value = Draw> {
    (any::<u8>(), any::<u64>())
}

/// A number from 0 up to `limit`, excluded.
fn below(limit: i64, at: u64) -> i64 {
    (at % limit.max(1) as u64) as i64
}

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

/// Of the shape that is drawn first, the row length taken from what fits, and up to two elements too many.
fn table() -> impl Strategy<Value = Arc<Table>> {
    (0..12_usize, 0..90_usize, any::<u64>(), any::<u64>(), 0..3_u64).prop_map(|(rows, row_stride, len, seed, more)| {
        let row_len = below(row_stride as i64 + 1, len) as usize;
        let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(row_len).unwrap();
        let slot = |i| if seed == 0 { i as i32 } else { splitmix64(seed.wrapping_add(i)) as i32 };
        let slots = (0..shape.storage_len() + more).map(slot).collect();
        Arc::new(Table { shape, slots })
    })
}

/// A value from 0 to `limit`, a little outside it, or anywhere.
fn value(dtype: IntType, limit: i64, (kind, at): Draw) -> i64 {
    match (kind % 64, dtype) {
        (0..60, _) => below(limit + 1, at),
        (60..63, _) => below(limit + 7, at) - 3,
        (_, IntType::I32) => (at as i32).into(),
        (_, IntType::I64) => at as i64,
    }
}

/// Two offsets in order and inside the row, many of them close together.
fn range(row_len: i64, (kind, at): Draw) -> (i64, i64) {
    let (a, b) = (below(row_len + 1, at & 0xffff_ffff), at >> 32);
    if kind % 2 == 0 {
        (a, (a + below(6, b)).min(row_len))
    } else {
        let b = below(row_len + 1, b);
        (a.min(b), a.max(b))
    }
}

fn request(dtype: IntType, rows: i64, (kind, at): Draw) -> i64 {
    if kind < 250 { below(rows, at) } else { value(dtype, rows, ((at >> 56) as u8, at)) }
}

/// The value and a multiple of 2^32 beside, where the element type can hold it: right in the low word alone.
fn beyond(dtype: IntType, value: i64, at: u64) -> i64 {
    value + if dtype == IntType::I64 { (below(5, at) - 2) << 32 } else { 0 }
}

/// A row (request, start, end) with something odd in it: mostly bad, some empty, some of the bad with a place.
fn odd_row(dtypes: Dtypes, (rows, row_len): (i64, i64), req: Draw, offsets: Draw, more: u64) -> (i64, i64, i64) {
    let lens = dtypes.lens;
    let inside = below(rows, req.1);
    let (start, end) = match req.0 % 4 {
        2 | 3 => range(row_len, offsets),
        _ => match offsets.0 % 8 {
            0..4 => {
                let start = below(row_len + 9, offsets.1);
                (start, start + below(6, more))
            }
            4 => {
                let end = (1 << 31) - 9 + below(9, offsets.1);
                (end - below(5, more), end)
            }
            5 => {
                let (start, end) = range(row_len, offsets);
                (beyond(lens, start, more), beyond(lens, end, more >> 32))
            }
            6 => (value(lens, row_len, offsets), value(lens, row_len, ((more >> 56) as u8, more))),
            _ => {
                let at = value(lens, row_len, ((more >> 56) as u8, more));
                (at, at)
            }
        },
    };
    let req = match req.0 % 4 {
        2 => [-1, -2, -3, rows, rows + 1, rows + 2, rows + 3][below(7, req.1) as usize],
        3 => beyond(dtypes.req_pool_indices, inside, more),
        _ => inside,
    };
    (req, start, end)
}

pub(crate) fn last_loc_case() -> impl Strategy<Value = Case> {
    (table(), dtypes(), vec((draw(), draw()), 0..70)).prop_map(|(table, dtypes, rows)| {
        let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
        let row = |&(req, len): &(Draw, Draw)| {
            (request(dtypes.req_pool_indices, limit, req), value(dtypes.lens, row_len, len))
        };
        let (req_pool_indices, prefix_lens) = rows.iter().map(row).unzip();
        Case { op: Op::GetLastLoc { prefix_lens }, dtypes, table, req_pool_indices, out_init: OUT_INIT }
    })
}

fn extend_case() -> impl Strategy<Value = Case> {
    // Of a batch's rows none is odd, or about one in 30 is, every third, all.
    let odd = prop_oneof![Just(0), Just(1), Just(10), Just(30)];
    let rows = vec((0..30_u8, draw(), draw(), any::<u64>()), 0..70);
    (table(), dtypes(), rows, odd, 0..16_usize).prop_map(|(table, dtypes, rows, odd, room)| {
        let limits = (table.shape.rows() as i64, table.shape.row_len() as i64);
        let row = |&(dice, req, offsets, more): &(u8, Draw, Draw, u64)| {
            if dice < odd {
                return odd_row(dtypes, limits, req, offsets, more);
            }
            let (start, end) = range(limits.1, offsets);
            (below(limits.0, req.1), start, end)
        };
        let rows: Vec<_> = rows.iter().map(row).collect();
        // As much as the rows' places need, up to a limit; a third of the cases have less room than that.
        let place =
            |start: i64, end: i64| if 0 <= start && start <= end { (end - start).min(5_000) as usize } else { 0 };
        let most: usize = rows.iter().map(|&(_, start, end)| place(start, end)).sum();
        let out_len = most.min(5_000) * (10 - room.saturating_sub(5)) / 10;
        let req_pool_indices = rows.iter().map(|row| row.0).collect();
        let (start_offsets, end_offsets) = rows.iter().map(|row| (row.1, row.2)).unzip();
        let op = Op::AssignExtendCacheLocs { start_offsets, end_offsets, out_len };
        Case { op, dtypes, table, req_pool_indices, out_init: OUT_INIT }
    })
}

pub(crate) fn last_loc<B: Backend>(backend: impl Fn() -> B) {
    run(backend, last_loc_case());
}

pub(crate) fn extend_locs<B: Backend>(backend: impl Fn() -> B) {
    run(backend, extend_case());
}

/// Compares random cases in random layouts with the oracle, and fails the test with the smallest that differs.
fn run<B: Backend>(backend: impl Fn() -> B, cases: impl Strategy<Value = Case>) {
    if let Err(text) = smallest_difference(backend, cases) {
        panic!("{text}");
    }
}

/// Compares random cases in random layouts with the oracle. What differs is one text: the difference, and the smallest
/// case that shows it, as a line for `replay`.
///
/// A backend that gave a wrong result or none is not asked again: its device may be lost, and then every case fails.
pub(crate) fn smallest_difference<B: Backend>(
    make: impl Fn() -> B,
    cases: impl Strategy<Value = Case>,
) -> Result<(), String> {
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
            let mut line = StatedLine::default();
            let _ = case.run(&mut line);
            Err(format!("{reason}\nsmallest case, layout {layout}, for replay:\n{}", line.0))
        }
    }
}

/// Runs nothing: keeps the case line of the last call, which states what the CPU reference gives.
#[derive(Default)]
struct StatedLine(String);

impl Backend for StatedLine {
    fn get_last_loc<R: Int, L: Int, O: Int>(&mut self, args: LastLoc<'_, R, L, O>) -> Result<(), CallError> {
        let LastLoc { table, req_pool_indices, prefix_lens, out } = args;
        let fault = get_last_loc(LastLoc { table, req_pool_indices, prefix_lens, out: &mut *out });
        self.0 = stated(LastLoc { table, req_pool_indices, prefix_lens, out }.case_line("smallest"), fault);
        Ok(())
    }

    fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(
        &mut self,
        args: ExtendLocs<'_, R, L, O>,
    ) -> Result<(), CallError> {
        let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = args;
        let call = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: &mut *out };
        let fault = assign_extend_cache_locs(call);
        let call = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out };
        self.0 = stated(call.case_line("smallest"), fault);
        Ok(())
    }
}

fn stated<A>(line: CaseLine<'_, A>, result: Result<(), RefError>) -> String
where
    for<'c> CaseLine<'c, A>: Display,
{
    let line = line.out_init(OUT_INIT);
    match result {
        Err(RefError::Fault(fault)) => line.fault(fault).to_string(),
        _ => line.to_string(),
    }
}
