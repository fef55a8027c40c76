//! Random batches over all element types. `PROPTEST_CASES` sets how many.

use std::cell::Cell;
use std::fmt::Display;
use std::sync::Arc;

use ascend_cache_loc::cpu_ref::{CaseLine, ExtendLocs, LastLoc, RefError, assign_extend_cache_locs, get_last_loc};
use ascend_cache_loc::{Int, IntType, TableShape};
use harness::backend::{Backend, CallError};
use harness::case::{Case, Dtypes, Op, Table};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::compare;

const CASES: u32 = 4096;
const OUT_INIT: i64 = -777;

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

/// Two offsets in order and inside the row, many of them close together.
fn range(row_len: usize) -> impl Strategy<Value = (i64, i64)> {
    let ordered = (0..=row_len as i64, 0..=row_len as i64).prop_map(|(a, b)| (a.min(b), a.max(b)));
    let close = (0..=row_len as i64, 0..6_i64).prop_map(move |(start, len)| (start, (start + len).min(row_len as i64)));
    prop_oneof![ordered, close]
}

fn request(dtype: IntType, rows: usize) -> impl Strategy<Value = i64> {
    prop_oneof![40 => 0..rows.max(1) as i64, 1 => value(dtype, rows)]
}

/// The value and a multiple of 2^32 beside, where the element type can hold it: right in the low word alone.
fn beyond(dtype: IntType, value: i64, by: i64) -> i64 {
    value + if dtype == IntType::I64 { by << 32 } else { 0 }
}

/// A row (request, start, end) with something odd in it: mostly bad, some empty, some of the bad with a place.
fn odd_row(dtypes: Dtypes, rows: usize, row_len: usize) -> impl Strategy<Value = (i64, i64, i64)> {
    let (reqs, lens) = (dtypes.req_pool_indices, dtypes.lens);
    let (rows, limit) = (rows as i64, row_len as i64);
    let inside = 0..rows.max(1);
    let window = (0..limit + 9, 0..6_i64).prop_map(|(start, len)| (start, start + len));
    let edge = ((1_i64 << 31) - 9..1 << 31, 0..5_i64).prop_map(|(end, len)| (end - len, end));
    let alike = (range(row_len), -2..3_i64, -2..3_i64)
        .prop_map(move |((start, end), a, b)| (beyond(lens, start, a), beyond(lens, end, b)));
    let offsets = prop_oneof![
        4 => window,
        1 => edge,
        1 => alike,
        1 => (value(lens, row_len), value(lens, row_len)),
        1 => value(lens, row_len).prop_map(|at| (at, at)),
    ];
    let outside = (prop_oneof![-3..0_i64, rows..rows + 4], range(row_len));
    let far = ((inside.clone(), -2..3_i64).prop_map(move |(req, by)| beyond(reqs, req, by)), range(row_len));
    prop_oneof![
        2 => (inside, offsets).prop_map(|(req, (start, end))| (req, start, end)),
        1 => outside.prop_map(|(req, (start, end))| (req, start, end)),
        1 => far.prop_map(|(req, (start, end))| (req, start, end)),
    ]
}

pub(crate) fn last_loc_case() -> impl Strategy<Value = Case> {
    (table(), dtypes(), 0..70_usize).prop_flat_map(|(table, dtypes, n)| {
        let reqs = vec(request(dtypes.req_pool_indices, table.shape.rows()), n);
        let lens = vec(value(dtypes.lens, table.shape.row_len()), n);
        (reqs, lens).prop_map(move |(req_pool_indices, prefix_lens)| Case {
            op: Op::GetLastLoc { prefix_lens },
            dtypes,
            table: table.clone(),
            req_pool_indices,
            out_init: OUT_INIT,
        })
    })
}

fn extend_case() -> impl Strategy<Value = Case> {
    // Of a batch's rows none is odd, or about one in 30 is, every third, all.
    let odd = prop_oneof![Just(0), Just(1), Just(10), Just(30)];
    (table(), dtypes(), 0..70_usize, odd).prop_flat_map(|(table, dtypes, n, odd)| {
        let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
        let plain = (0..rows.max(1) as i64, range(row_len)).prop_map(|(req, (start, end))| (req, start, end));
        let row = (0..30, plain, odd_row(dtypes, rows, row_len))
            .prop_map(move |(dice, plain, other)| if dice < odd { other } else { plain });
        (vec(row, n), 0..16_usize).prop_map(move |(rows, room)| {
            // As much as the rows' places need, up to a limit; a third of the cases have less room than that.
            let place =
                |start: i64, end: i64| if 0 <= start && start <= end { (end - start).min(5_000) as usize } else { 0 };
            let most: usize = rows.iter().map(|&(_, start, end)| place(start, end)).sum();
            let out_len = most.min(5_000) * room.min(10) / 10;
            let req_pool_indices = rows.iter().map(|row| row.0).collect();
            let (start_offsets, end_offsets) = rows.iter().map(|row| (row.1, row.2)).unzip();
            Case {
                op: Op::AssignExtendCacheLocs { start_offsets, end_offsets, out_len },
                dtypes,
                table: table.clone(),
                req_pool_indices,
                out_init: OUT_INIT,
            }
        })
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
