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

/// Rows that overlap, which must not be: each entry holds one of the values, nothing else is harmed, and the simulation
/// has nothing to report. The same window again and again, as padded batches have it; windows that begin in each other;
/// long ones over many stretches; the same in another tile of rows and of slots.
#[test]
fn rows_that_overlap_hold_one_of_the_values() {
    let again: Vec<_> = (0..40).map(|i| (i % 3, 5, 9)).collect();
    let chained: Vec<_> = (0..90).map(|i| (2 - i % 2, i, i + 1 + i % 7)).collect();
    let long = vec![(1, 3, 5000), (1, 0, 4990), (0, 4000, 5003), (2, 1, 2), (1, 2500, 2600)];
    let far: Vec<_> = (0..2100).map(|i| (i % 3, i % 700, i % 700 + 2)).collect();
    for rows in [again, chained, long, far] {
        let case = case((3, 5003, 5003), &rows, 100_000);
        let mut allowed: Vec<Vec<i32>> = case.table.slots.iter().map(|_| Vec::new()).collect();
        let mut next = 100_000;
        for (request, start, end) in rows {
            for token in start..end {
                allowed[(request * 5003 + token) as usize].push(next);
                next += 1;
            }
        }
        let holds = |backend: &mut dyn Backend| {
            let got = case.run(backend);
            assert_eq!(got.result, Ok(()));
            for (i, (values, slot)) in allowed.iter().zip(&got.written.table).enumerate() {
                assert!(values.contains(slot) || values.is_empty() && *slot == i as i32, "{i}: {slot} of {values:?}");
            }
        };
        holds(&mut CpuRef);
        for cores in [1, 4, 48] {
            holds(&mut on(cores));
        }
        let mut varied = varied();
        for _ in 0..10 {
            holds(&mut varied);
        }
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
