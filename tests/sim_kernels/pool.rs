//! Writes into the table in place: which core's lines are whose.

use std::sync::Arc;

use ascend_cache_loc::{FaultKind, IntType, RowFault, TableShape};
use harness::backend::{Backend, CallError, CpuRef};
use harness::case::{Case, Dtypes, Table};
use harness::ops::AssignReqToTokenPool;
use harness::suite::check;

use super::{on, varied};

/// Rows (request, start, end), and slots that say where they come from.
fn case((rows, row_stride, row_len): (usize, usize, usize), batch: &[(i64, i64, i64)], first: i64) -> Case {
    let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(row_len).unwrap();
    let table = Arc::new(Table { shape, slots: (0..shape.storage_len() as i32).collect() });
    let tokens: i64 = batch.iter().map(|(_, start, end)| end - start).sum();
    let [reqs, starts, ends] = [0, 1, 2].map(|i| batch.iter().map(|&(r, s, e)| [r, s, e][i]).collect());
    let arrays = vec![reqs, starts, ends, (first..first + tokens).collect()];
    let dtypes = Dtypes::of_each(IntType::I64, IntType::I32, IntType::I64);
    let case = Case::new(&AssignReqToTokenPool, dtypes, table, arrays, 0);
    Case { out_lens: Vec::new(), ..case }
}

/// Row strides of every residue mod 16, tables that begin at every element of a line, rows that share lines with the next
/// request's: the simulation reports two cores in one line, and nobody's entries are lost.
#[test]
fn neighbours_in_a_line_lose_nothing() {
    let mut sim = varied();
    for stride in 16..32 {
        let len = stride as i64;
        let ends: Vec<_> = (0..40).rev().map(|r| (r, len - 1 - r % 3, len)).collect();
        let begins: Vec<_> = (0..40).map(|r| (r, 0, 1 + r % 4)).collect();
        for layout in 0..16 {
            sim.lay_out(stride as u64 * 1000 + layout);
            check(&mut sim, &case((40, stride, stride), &[&ends[..], &begins[..]].concat(), 1_000_000));
        }
    }
}

/// Several windows of one request, as tree drafts have them, side by side in one line.
#[test]
fn windows_of_one_request_side_by_side() {
    let windows: Vec<_> = (0..600).map(|i| (i / 200, i % 200 * 5 + i % 2, i % 200 * 5 + 3)).collect();
    for cores in [1, 2, 5, 48] {
        check(&mut on(cores), &case((3, 1003, 1001), &windows, 7_000_000));
    }
}

/// What has the same low word as a slot is none, and 2^31 - 1 is one.
#[test]
fn slots_of_64_bits_are_looked_at_whole() {
    let mut case = case((2, 9, 9), &[(0, 0, 9), (1, 0, 9)], 5);
    case.arrays[3][..4].copy_from_slice(&[(1 << 31) - 1, 1 << 32, -(1 << 32) + 7, 1 << 31]);
    let fault = RowFault { row: 0, kind: FaultKind::SlotOutOfRange { slot: 1 << 32, limit: 1 << 31 }, at: 1 };
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        let got = case.run(backend);
        assert_eq!(got.written.table[..5], [i32::MAX, 1, 2, 3, 9]);
        assert_eq!(got.result, Err(CallError::Ref(fault.into())));
    }
}
