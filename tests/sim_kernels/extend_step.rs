//! A prefill in one launch: as its parts one after another, rows without new tokens, pages that are none or too few.

use ascend_cache_loc::{self as device, DeviceBuffer, FaultKind, LaunchConfig, RowFault, TableShape};
use ascend_cache_loc_ref::{AllocExtend, ExtendStep, LastLoc, PoolLocs, RefError, ReqToToken, ReqToTokenMut};
use harness::backend::{Backend, CallError, CpuRef, simulated};
use harness::splitmix::splitmix64;

use super::{on, varied};

/// What an extend step has and leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Memory {
    slots: Vec<i32>,
    out: Vec<i64>,
}

/// A step of requests that differ, all of them in order.
struct Step {
    shape: TableShape,
    reqs: Vec<i32>,
    prefixes: Vec<i64>,
    seqs: Vec<i64>,
    pages: Vec<i64>,
    page_size: usize,
}

impl Step {
    /// Of new tokens up to `most` a request; every sixth has none.
    fn new(rows: usize, row_len: usize, most: u64, page_size: usize, salt: u64) -> (Self, Memory) {
        let shape = TableShape::new(rows, row_len + salt as usize % 17).unwrap().with_row_len(row_len).unwrap();
        let reqs: Vec<_> =
            (0..rows as i32).rev().filter(|&req| !splitmix64(salt ^ req as u64).is_multiple_of(5)).collect();
        let draw = |i: usize, of: u64| (splitmix64(salt.wrapping_add(i as u64)) % of) as i64;
        let size = page_size as i64;
        let prefix = |i: usize| match draw(2 * i, row_len as u64 + 1) {
            at if i.is_multiple_of(3) => at / size * size,
            at => at,
        };
        let prefixes: Vec<_> = (0..reqs.len()).map(prefix).collect();
        let more = |i: usize| if i.is_multiple_of(6) { 0 } else { draw(2 * i + 1, most + 1) };
        let seqs: Vec<_> = prefixes.iter().enumerate().map(|(i, at)| (at + more(i)).min(row_len as i64)).collect();
        let needed = ascend_cache_loc_ref::new_pages(&prefixes, &seqs, page_size).unwrap() as i64;
        let pages = (0..needed).map(|i| i * 3 % (i64::from(i32::MAX) / size)).collect();
        let slots = (0..shape.storage_len() as u64).map(|i| (splitmix64(salt ^ i) >> 34) as i32).collect();
        let tokens: i64 = prefixes.iter().zip(&seqs).map(|(prefix, seq)| seq - prefix).sum();
        let memory = Memory { slots, out: vec![-777; tokens as usize + 3] };
        (Self { shape, reqs, prefixes, seqs, pages, page_size }, memory)
    }

    fn fused(&self, backend: &mut dyn Backend, memory: &mut Memory) -> Result<(), CallError> {
        backend.call(&mut ExtendStep {
            table: ReqToTokenMut::new(self.shape, &mut memory.slots).unwrap(),
            req_pool_indices: &self.reqs,
            prefix_lens: &self.prefixes,
            seq_lens: &self.seqs,
            free_pages: &self.pages,
            page_size: self.page_size,
            out: &mut memory.out,
        })
    }

    fn parts(&self, backend: &mut dyn Backend, memory: &mut Memory) -> Result<(), CallError> {
        let (req_pool_indices, prefix_lens, seq_lens) = (&self.reqs[..], &self.prefixes[..], &self.seqs[..]);
        let mut last_locs = vec![0_i64; self.reqs.len()];
        let table = ReqToToken::new(self.shape, &memory.slots).unwrap();
        backend.call(&mut LastLoc { table, req_pool_indices, prefix_lens, out: &mut last_locs[..] })?;
        backend.call(&mut AllocExtend {
            prefix_lens,
            seq_lens,
            last_locs: &last_locs[..],
            free_pages: &self.pages[..],
            page_size: self.page_size,
            out: &mut memory.out[..],
        })?;
        backend.call(&mut PoolLocs {
            table: ReqToTokenMut::new(self.shape, &mut memory.slots).unwrap(),
            req_pool_indices,
            start_offsets: prefix_lens,
            end_offsets: seq_lens,
            locs: &memory.out[..],
        })
    }
}

#[test]
fn one_launch_leaves_what_its_parts_leave() {
    let mut sim = varied();
    for salt in 0..60 {
        let page_size = [1, 2, 16, 100, 128, 4095][salt as usize % 6];
        let rows = 1 + (splitmix64(salt) % 90) as usize;
        let most = [5, 300, 3_000][salt as usize % 3];
        let (step, before) = Step::new(rows, 300 + 41 * salt as usize, most, page_size, salt);
        let mut expected = before.clone();
        step.parts(&mut CpuRef, &mut expected).unwrap();
        let (mut fused, mut parts) = (before.clone(), before.clone());
        step.fused(&mut sim, &mut fused).unwrap();
        step.parts(&mut sim, &mut parts).unwrap();
        assert!(fused == expected, "{salt}: the fused call differs");
        assert!(parts == expected, "{salt}: the parts differ");
        let mut on_host = before;
        step.fused(&mut CpuRef, &mut on_host).unwrap();
        assert!(on_host == expected, "{salt}: the reference differs");
    }
}

/// A batch of a captured size of which few rows are live: the others' requests, none of the table's, are not looked at.
#[test]
fn rows_without_new_tokens_are_nobodys_fault() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        let (mut step, before) = Step::new(64, 200, 40, 16, 3);
        for (i, (req, seq)) in step.reqs.iter_mut().zip(&mut step.seqs).enumerate() {
            if i % 7 != 0 {
                (*req, *seq) = (i32::MAX, step.prefixes[i]);
            }
        }
        let mut memory = before.clone();
        step.fused(backend, &mut memory).unwrap();
        let live = (0..step.reqs.len()).step_by(7);
        let tokens: i64 = live.map(|i| step.seqs[i] - step.prefixes[i]).sum();
        assert!(memory.out[..tokens as usize].iter().all(|&slot| slot >= 0));
        assert!(memory.out[tokens as usize..].iter().all(|&slot| slot == -777));
        let changed = memory.slots.iter().zip(&before.slots).filter(|(now, then)| now != then).count();
        assert!(changed as i64 <= tokens && changed > 0);
    }
}

/// A page that is none leaves its tokens' entries as they were, and what takes it is told; too few pages are the only fault.
#[test]
fn pages_that_are_none_and_too_few() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        for page_size in [4_i64, 64] {
            let (mut step, before) = Step::new(40, 400, 9, page_size as usize, 5);
            let n = step.reqs.len();
            step.prefixes = vec![page_size - 1; n];
            step.seqs = vec![page_size + 2; n];
            step.pages = vec![-1; n];
            step.pages[..2].copy_from_slice(&[8, 9]);
            let before = Memory { out: vec![-777; 3 * n], ..before };
            let mut memory = before.clone();
            let fault = |row, kind, at| Err(CallError::Ref(RefError::Fault(RowFault { row, kind, at })));
            let none = FaultKind::BlockOutOfRange { block: -1, limit: (1 << 31) / page_size };
            assert_eq!(step.fused(backend, &mut memory), fault(2, none, 1));
            assert_eq!(memory.out[4..9], [9 * page_size, 9 * page_size + 1, memory.out[6], -1, -1]);
            assert!(memory.out[6] > 0);
            let row = |memory: &Memory, i: usize| {
                let first = step.reqs[i] as usize * step.shape.row_stride() + page_size as usize - 1;
                memory.slots[first..first + 3].to_vec()
            };
            assert_eq!(row(&memory, 1)[1..], [9 * page_size as i32, 9 * page_size as i32 + 1]);
            assert_eq!(row(&memory, 2)[1..], row(&before, 2)[1..]);

            step.pages.truncate(2);
            let mut memory = before.clone();
            let exhausted = FaultKind::PagesExhausted { needed: 3, free: 2 };
            assert_eq!(step.fused(backend, &mut memory), fault(2, exhausted, 0));
            assert!(memory.out.iter().all(|&slot| slot == -1) && memory.slots == before.slots);
        }
    }
}

/// What does not fit into `out` is not in the table either, on every core count.
#[test]
fn what_is_not_told_is_not_written() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        let (step, before) = Step::new(60, 300, 40, 16, 11);
        let mut whole = before.clone();
        step.fused(&mut CpuRef, &mut whole).unwrap();
        let mut memory = Memory { out: vec![-777; before.out.len() / 2], ..before.clone() };
        let Err(CallError::Ref(RefError::Fault(fault))) = step.fused(backend, &mut memory) else { panic!("it fits") };
        assert!(matches!(fault.kind, FaultKind::OutputTooShort { .. }), "{fault}");
        assert_eq!(memory.out, whole.out[..memory.out.len()]);
        let written = memory.slots.iter().zip(&before.slots).filter(|(now, then)| now != then).count();
        assert!(written > 0 && written <= memory.out.len());
    }
}

/// Tables of nearly 2^31 elements, whose rows V looks at, of more, and of more than 2^32: memory that is not touched but
/// where last slots are read and new ones written. Those are read back, with what lies beside them.
#[test]
fn tables_past_2_31_elements() {
    for (rows, row_stride) in [(2040, 1 << 20), (2049, 1 << 20), (40, 150_000_000)] {
        let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(12).unwrap();
        for (n, cores) in [(9, 1), (40, 1), (40, 8)] {
            let stream = simulated().open(0).unwrap().new_stream().unwrap();
            let mut slots = DeviceBuffer::<i32>::zeroed(&stream, shape.storage_len()).unwrap();
            // The last rows, from behind, with 1 to 5 tokens before the new ones.
            let entries = |i: usize| {
                let prefix = 1 + i % 5;
                let row = (rows - 1 - i) * row_stride;
                (prefix, prefix + 1 + i % 4, row + prefix - 1..row + 12)
            };
            for i in 0..n {
                let first = entries(i).2.start;
                let mut last = slots.as_slice_mut().get(first..=first).unwrap();
                last.copy_from_host(&stream, &[100 * i as i32 + 50]).unwrap();
            }
            let upload = |values: Vec<i64>| DeviceBuffer::from_host(&stream, &values).unwrap();
            let requests = upload((0..n).map(|i| (rows - 1 - i) as i64).collect());
            let prefixes = upload((0..n).map(|i| entries(i).0 as i64).collect());
            let seqs = upload((0..n).map(|i| entries(i).1 as i64).collect());
            let pages = upload((0..2 * n as i64).map(|i| i + 5000).collect());
            let tokens: usize = (0..n).map(|i| 1 + i % 4).sum();
            let mut out = DeviceBuffer::<i64>::zeroed(&stream, tokens).unwrap();
            let args = device::ExtendStep {
                table: device::ReqToTokenMut::new(shape, slots.as_slice_mut()).unwrap(),
                req_pool_indices: requests.as_slice(),
                prefix_lens: prefixes.as_slice(),
                seq_lens: seqs.as_slice(),
                free_pages: pages.as_slice(),
                page_size: 4,
                out: out.as_slice_mut(),
            };
            let config = LaunchConfig { cores: Some(cores), ..Default::default() };
            device::extend_step_with(&stream, args, &config).unwrap();
            stream.synchronize().unwrap();
            let (mut page, mut all) = (5000, Vec::new());
            for i in 0..n {
                let (prefix, seq, range) = entries(i);
                let mut expected = vec![100 * i as i32 + 50];
                for token in prefix..seq {
                    page += i32::from(token % 4 == 0);
                    expected.push(if token % 4 == 0 { 4 * (page - 1) } else { expected[expected.len() - 1] + 1 });
                }
                all.extend(expected[1..].iter().map(|&slot| i64::from(slot)));
                expected.resize(range.len(), 0);
                let mut got = vec![-1; range.len()];
                slots.as_slice().get(range).unwrap().copy_to_host(&stream, &mut got).unwrap();
                assert_eq!(got, expected, "row {i} of {n}, {rows} requests, {cores} cores");
            }
            assert_eq!(out.to_vec().unwrap(), all);
        }
    }
}

/// Tokens that the page of the last slot has room for, past slot 2^31 - 1: they have no slot, and their entries stay.
#[test]
fn entries_past_the_last_slot_stay() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        for n in [3, 40] {
            let shape = TableShape::new(n, 32).unwrap();
            // Row i has i slots left in its page, of which up to 4 are wanted.
            let left = |i: usize| i as i32 % 6;
            let slots: Vec<_> =
                (0..n * 32).map(|at| if at % 32 == 8 { i32::MAX - left(at / 32) } else { -5 }).collect();
            let mut memory = Memory { slots, out: vec![-777; 4 * n] };
            let step = Step {
                shape,
                reqs: (0..n as i32).collect(),
                prefixes: vec![9; n],
                seqs: vec![13; n],
                pages: Vec::new(),
                page_size: 16,
            };
            let kind = FaultKind::SlotOutOfRange { slot: 1 << 31, limit: 1 << 31 };
            let fault = CallError::Ref(RefError::Fault(RowFault { row: 0, kind, at: 0 }));
            assert_eq!(step.fused(backend, &mut memory), Err(fault));
            for (i, (row, out)) in memory.slots.chunks(32).zip(memory.out.chunks(4)).enumerate() {
                let slot = |at: i32, none| if at < left(i) { i32::MAX - left(i) + 1 + at } else { none };
                assert_eq!(row[9..13], [0, 1, 2, 3].map(|at| slot(at, -5)));
                assert_eq!(out, [0, 1, 2, 3].map(|at| i64::from(slot(at, -1))));
            }
        }
    }
}

/// Rows that are longer than what V makes at a time, in pages of which a line holds many, laid out as the device would.
#[test]
fn long_rows_of_short_pages() {
    for (cores, page_size) in [(1, 16), (8, 7), (1, 1)] {
        let (step, before) = Step::new(9, 9_000, 8_000, page_size, 2);
        let (mut expected, mut memory) = (before.clone(), before);
        step.fused(&mut CpuRef, &mut expected).unwrap();
        step.fused(&mut on(cores), &mut memory).unwrap();
        assert!(memory == expected, "{cores} cores, pages of {page_size}");
    }
}

/// A row that is none, behind those that the next tile has: V makes no list of that tile from this one's rows.
#[test]
fn a_bad_row_before_a_short_tile() {
    let (mut step, before) = Step::new(900, 60, 9, 16, 13);
    step.reqs[301] = -1;
    for cores in [1, 8] {
        let (mut expected, mut memory) = (before.clone(), before.clone());
        let fault = step.fused(&mut CpuRef, &mut expected);
        assert!(fault.is_err());
        assert_eq!(step.fused(&mut on(cores), &mut memory), fault);
        assert!(memory == expected, "{cores} cores");
    }
}
