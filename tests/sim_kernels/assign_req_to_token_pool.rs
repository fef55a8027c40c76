//! Writes into the table in place: which core's lines are whose.

use std::sync::Arc;

use ascend_cache_loc::{
    DeviceBuffer, FaultKind, IntType, LaunchConfig, PoolLocs, ReqToTokenMut, RowFault, TableShape,
    assign_req_to_token_pool_with,
};
use harness::backend::{Backend, CallError, CpuRef, simulated};
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

/// Tables of nearly 2^31 elements, whose rows V looks at, of more, and of more than 2^32: memory that is not touched but
/// where it is written. What is written is read back, with what lies beside it.
#[test]
fn tables_past_2_31_elements() {
    for (rows, row_stride) in [(2040, 1 << 20), (2049, 1 << 20), (4, 1_431_655_770)] {
        let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(12).unwrap();
        for (n, cores) in [(3, 1), (40, 1), (40, 8), (1500, 32)] {
            let stream = simulated().open(0).unwrap().new_stream().unwrap();
            let mut slots = DeviceBuffer::<i32>::zeroed(&stream, shape.storage_len()).unwrap();
            // The last rows in turn, from behind: tokens 1 and 2 of each, 3 and 4, up to 10.
            let n: usize = (5 * rows).min(n);
            let last = n.div_ceil(5);
            let windows = || (0..n).map(|i| ((rows - 1 - i % last) as i64, 1 + 2 * (i / last) as i64));
            let upload = |values: Vec<i64>| DeviceBuffer::from_host(&stream, &values).unwrap();
            let requests = upload(windows().map(|window| window.0).collect());
            let starts = upload(windows().map(|window| window.1).collect());
            let ends = upload(windows().map(|window| window.1 + 2).collect());
            let locs = upload((0..2 * n as i64).map(|i| i + 1000).collect());
            let args = PoolLocs {
                table: ReqToTokenMut::new(shape, slots.as_slice_mut()).unwrap(),
                req_pool_indices: requests.as_slice(),
                start_offsets: starts.as_slice(),
                end_offsets: ends.as_slice(),
                locs: locs.as_slice(),
            };
            let config = LaunchConfig { cores: Some(cores), ..Default::default() };
            assign_req_to_token_pool_with(&stream, args, &config).unwrap();
            stream.synchronize().unwrap();
            for row in rows - last..rows {
                let mut expected = [0; 12];
                for (i, (_, start)) in windows().enumerate().filter(|(_, window)| window.0 == row as i64) {
                    expected[start as usize..][..2].copy_from_slice(&[2 * i as i32 + 1000, 2 * i as i32 + 1001]);
                }
                let mut got = [-1; 12];
                let part = slots.as_slice().get(row * row_stride..row * row_stride + 12).unwrap();
                part.copy_to_host(&stream, &mut got).unwrap();
                assert_eq!(got, expected, "row {row} of {rows}, {n} windows, {cores} cores");
            }
        }
    }
}

/// Lengths that make up 2^32, and would be nothing if they were summed in 32 bits; and one that passes it by a slot.
#[test]
fn sums_past_2_32() {
    let (long, short) = ((0, 0, 1 << 30), (0, 5, 7));
    for (batch, extra) in [(vec![long; 4], 0), (vec![long, long, long, (0, 0, (1 << 30) - 1), (0, 1, 3)], 1)] {
        let rows: Vec<_> = batch.into_iter().chain(std::iter::repeat_n(short, 40 + extra)).collect();
        let shape = TableShape::new(1, 1 << 30).unwrap();
        for cores in [1, 8] {
            let stream = simulated().open(0).unwrap().new_stream().unwrap();
            let mut slots = DeviceBuffer::<i32>::zeroed(&stream, shape.storage_len()).unwrap();
            let upload = |values: Vec<i64>| DeviceBuffer::from_host(&stream, &values).unwrap();
            let requests = upload(rows.iter().map(|row| row.0).collect());
            let starts = upload(rows.iter().map(|row| row.1).collect());
            let ends = upload(rows.iter().map(|row| row.2).collect());
            let locs = upload((1000..1090).collect());
            let args = PoolLocs {
                table: ReqToTokenMut::new(shape, slots.as_slice_mut()).unwrap(),
                req_pool_indices: requests.as_slice(),
                start_offsets: starts.as_slice(),
                end_offsets: ends.as_slice(),
                locs: locs.as_slice(),
            };
            let config = LaunchConfig { cores: Some(cores), ..Default::default() };
            assign_req_to_token_pool_with(&stream, args, &config).unwrap();
            let fault = stream.take_fault().unwrap().expect("locs is too short").fault;
            assert_eq!(fault, RowFault::new(0, FaultKind::OutputTooShort { end: 1 << 30, capacity: 90 }));
            let mut got = [0; 100];
            slots.as_slice().get(..100).unwrap().copy_to_host(&stream, &mut got).unwrap();
            assert_eq!(got, std::array::from_fn(|i| if i < 90 { 1000 + i as i32 } else { 0 }));
        }
    }
}

/// More slots than the rows need: those are nobody's, however many rows the last tile has.
#[test]
fn slots_behind_those_of_the_last_row_are_written_nowhere() {
    for n in [1, 13, 70, 1034, 2050] {
        let windows: Vec<_> = (0..n).map(|i| (i * 37 % 2063, i % 5, i % 5 + 1 + i % 2)).collect();
        let mut case = case((2063, 11, 9), &windows, 50_000);
        case.arrays[3].extend(90_000..95_000);
        for cores in [1, 8, 48] {
            check(&mut on(cores), &case);
        }
        let mut varied = varied();
        for _ in 0..10 {
            check(&mut varied, &case);
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

/// A slot that must not be written is found wherever in a tile it stands: tiles of whole repeats of a vector instruction, of
/// an even or odd number of them, and the last one, which is short.
#[test]
fn a_slot_that_is_none_is_found_wherever_it_stands() {
    for slots in [IntType::I32, IntType::I64] {
        for at in (0..2200).step_by(31) {
            let mut case = case((1, 2200, 2200), &[(0, 0, 2200)], 5);
            case.dtypes = Dtypes::of_each(IntType::I64, IntType::I32, slots);
            case.arrays[3][at] = -1;
            check(&mut on(1), &case);
        }
    }
}
