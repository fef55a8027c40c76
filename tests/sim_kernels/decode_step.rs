//! A decode step in one launch: as its parts one after another, idle rows, what a graph's next step writes.

use ascend_cache_loc::{self as device, Columns, DeviceBuffer, FaultKind, LaunchConfig, Lengths, RowFault, TableShape};
use ascend_cache_loc_ref::{
    AllocDecode, BlockTableMut, BlockTables, DecodeStep, LastLoc, PoolLocs, RefError, ReqToToken, ReqToTokenMut,
};
use harness::backend::{Backend, CallError, CpuRef, simulated};
use harness::splitmix::splitmix64;

use super::{on, varied};

/// What a decode step has and leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Memory {
    slots: Vec<i32>,
    out: Vec<i64>,
    blocks: Vec<i32>,
}

/// A step of requests that differ, all of them in order.
struct Step {
    shape: TableShape,
    tables: TableShape,
    reqs: Vec<i32>,
    lens: Vec<i64>,
    pages: Vec<i64>,
    page_size: usize,
}

impl Step {
    fn new(rows: usize, row_len: usize, page_size: usize, salt: u64) -> (Self, Memory) {
        let shape = TableShape::new(rows, row_len + salt as usize % 17).unwrap().with_row_len(row_len).unwrap();
        let columns = row_len.div_ceil(page_size);
        let tables = TableShape::new(rows, columns + 3).unwrap().with_row_len(columns + 1).unwrap();
        let reqs: Vec<_> =
            (0..rows as i32).rev().filter(|&req| !splitmix64(salt ^ req as u64).is_multiple_of(5)).collect();
        let len = |i: u64| match splitmix64(salt.wrapping_add(i)) {
            at if at % 3 == 0 => at / 3 % columns as u64 * page_size as u64 + 1,
            at => 1 + at / 3 % row_len as u64,
        };
        let lens: Vec<_> = (0..reqs.len() as u64).map(|i| len(i) as i64).collect();
        let pages = (0..lens.len() as i64).map(|i| i * 3 % (i64::from(i32::MAX) / page_size as i64)).collect();
        let slots = (0..shape.storage_len() as u64).map(|i| (splitmix64(salt ^ i) >> 34) as i32).collect();
        let memory = Memory { slots, out: vec![-777; reqs.len()], blocks: vec![-777; tables.storage_len()] };
        (Self { shape, tables, reqs, lens, pages, page_size }, memory)
    }

    fn fused(&self, backend: &mut dyn Backend, memory: &mut Memory, columns: Columns) -> Result<(), CallError> {
        backend.call(&mut DecodeStep {
            table: ReqToTokenMut::new(self.shape, &mut memory.slots).unwrap(),
            req_pool_indices: &self.reqs,
            seq_lens: &self.lens,
            free_pages: &self.pages,
            page_size: self.page_size,
            out: &mut memory.out,
            block_tables: BlockTableMut::new(self.tables, &mut memory.blocks).unwrap(),
            columns,
            pad: 0,
        })
    }

    fn parts(&self, backend: &mut dyn Backend, memory: &mut Memory) -> Result<(), CallError> {
        let (req_pool_indices, seq_lens) = (&self.reqs[..], &self.lens[..]);
        let before: Vec<_> = self.lens.iter().map(|len| len - 1).collect();
        let mut last_locs = vec![0_i64; self.reqs.len()];
        let table = ReqToToken::new(self.shape, &memory.slots).unwrap();
        backend.call(&mut LastLoc { table, req_pool_indices, prefix_lens: &before[..], out: &mut last_locs[..] })?;
        let (free_pages, page_size) = (&self.pages[..], self.page_size);
        let last_locs = &last_locs[..];
        backend.call(&mut AllocDecode { seq_lens, last_locs, free_pages, page_size, out: &mut memory.out[..] })?;
        backend.call(&mut PoolLocs {
            table: ReqToTokenMut::new(self.shape, &mut memory.slots).unwrap(),
            req_pool_indices,
            start_offsets: &before[..],
            end_offsets: seq_lens,
            locs: &memory.out[..],
        })?;
        backend.call(&mut BlockTables {
            table: ReqToToken::new(self.shape, &memory.slots).unwrap(),
            req_pool_indices,
            lens: Lengths::Each(seq_lens),
            page_size,
            repeat: 1,
            map: None::<&[i32]>,
            pad: 0,
            out: BlockTableMut::new(self.tables, &mut memory.blocks).unwrap(),
        })
    }
}

#[test]
fn one_launch_leaves_what_its_parts_leave() {
    let mut sim = varied();
    for salt in 0..60 {
        let page_size = [1, 2, 16, 100, 128, 4095][salt as usize % 6];
        let (step, before) = Step::new(1 + (splitmix64(salt) % 90) as usize, 300 + 41 * salt as usize, page_size, salt);
        let mut expected = before.clone();
        step.parts(&mut CpuRef, &mut expected).unwrap();
        let (mut fused, mut parts) = (before.clone(), before.clone());
        step.fused(&mut sim, &mut fused, Columns::All).unwrap();
        step.parts(&mut sim, &mut parts).unwrap();
        assert!(fused == expected, "{salt}: the fused call differs");
        assert!(parts == expected, "{salt}: the parts differ");
        let mut on_host = before;
        step.fused(&mut CpuRef, &mut on_host, Columns::All).unwrap();
        assert!(on_host == expected, "{salt}: the reference differs");
    }
}

/// A second step that writes the new columns alone leaves what one that writes all leaves, where the table's slots are
/// those of pages.
#[test]
fn the_new_column_is_what_the_next_step_needs() {
    for cores in [1, 5, 40] {
        let mut sim = on(cores);
        let (mut step, mut memory) = Step::new(70, 500, 16, 7);
        let pages = |request: usize| (0..32).map(move |page| (request * 32 + page) * 16);
        for (row, slots) in memory.slots.chunks_mut(step.shape.row_stride()).enumerate() {
            let of_pages = pages(row).flat_map(|first| (0..16).map(move |i| (first + i) as i32));
            slots.iter_mut().zip(of_pages).for_each(|(slot, of_page)| *slot = of_page);
        }
        step.lens.iter_mut().for_each(|len| *len = (*len).min(490));
        step.fused(&mut sim, &mut memory, Columns::All).unwrap();
        step.lens.iter_mut().for_each(|len| *len += 1);
        let mut all = memory.clone();
        step.fused(&mut sim, &mut memory, Columns::New).unwrap();
        step.fused(&mut sim, &mut all, Columns::All).unwrap();
        assert!(memory == all, "{cores} cores");
    }
}

/// A batch of a captured size of which few rows are live: the others' requests, none of the table's, are not looked at.
#[test]
fn idle_rows_are_nobodys_fault() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        let (mut step, before) = Step::new(64, 200, 16, 3);
        for (i, (req, len)) in step.reqs.iter_mut().zip(&mut step.lens).enumerate() {
            if i % 7 != 0 {
                (*req, *len) = (i32::MAX, 0);
            }
        }
        let mut memory = before.clone();
        step.fused(backend, &mut memory, Columns::All).unwrap();
        for (i, out) in memory.out.iter().enumerate() {
            let block_table = &memory.blocks[i * step.tables.row_stride()..][..step.tables.row_len()];
            assert_eq!(*out < 0, i % 7 != 0);
            assert!(i % 7 == 0 || block_table.iter().all(|&block| block == 0));
        }
    }
}

/// In a graph the pages that are not free hold -1, and those that last are the batch's only fault where they do not.
#[test]
fn pages_that_are_not_free_and_too_few() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(8)] {
        let (mut step, before) = Step::new(40, 200, 16, 5);
        step.lens.fill(17);
        step.pages = vec![-1; step.lens.len()];
        step.pages[..2].copy_from_slice(&[8, 9]);
        let mut memory = before.clone();
        let fault = |row, kind| Err(CallError::Ref(RefError::Fault(RowFault::new(row, kind))));
        let none = FaultKind::BlockOutOfRange { block: -1, limit: (1 << 31) / 16 };
        assert_eq!(step.fused(backend, &mut memory, Columns::All), fault(2, none));
        assert_eq!(memory.out[..4], [128, 144, -1, -1]);

        step.pages.truncate(2);
        let mut memory = before.clone();
        let exhausted = FaultKind::PagesExhausted { needed: 3, free: 2 };
        assert_eq!(step.fused(backend, &mut memory, Columns::New), fault(2, exhausted));
        assert!(memory.out.iter().all(|&slot| slot == -1) && memory.slots == before.slots);
    }
}

/// Tables of nearly 2^31 elements, whose places V makes, of more, and of more than 2^32: memory that is not touched but where
/// last slots are read and new ones written. Those are read back, with what lies beside them.
#[test]
fn tables_past_2_31_elements() {
    for (rows, row_stride) in [(2040, 1 << 20), (2049, 1 << 20), (40, 150_000_000)] {
        let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(12).unwrap();
        for (n, cores) in [(40, 1), (40, 8)] {
            let stream = simulated().open(0).unwrap().new_stream().unwrap();
            let mut slots = DeviceBuffer::<i32>::zeroed(&stream, shape.storage_len()).unwrap();
            // The last rows, from behind, whose new tokens are 1 to 5.
            let (token, row) = (|i: usize| 1 + i % 5, |i: usize| (rows - 1 - i) * row_stride);
            let last = |i: usize| 100 * i as i32 + 50;
            for i in 0..n {
                let first = row(i) + token(i) - 1;
                slots.as_slice_mut().get(first..=first).unwrap().copy_from_host(&stream, &[last(i)]).unwrap();
            }
            let upload = |values: Vec<i64>| DeviceBuffer::from_host(&stream, &values).unwrap();
            let requests = upload((0..n).map(|i| (rows - 1 - i) as i64).collect());
            let lens = upload((0..n).map(|i| token(i) as i64 + 1).collect());
            let pages = upload((0..n as i64).map(|i| i + 5000).collect());
            let mut out = DeviceBuffer::<i64>::zeroed(&stream, n).unwrap();
            let mut blocks = DeviceBuffer::<i32>::zeroed(&stream, 3 * n).unwrap();
            let args = device::DecodeStep {
                table: device::ReqToTokenMut::new(shape, slots.as_slice_mut()).unwrap(),
                req_pool_indices: requests.as_slice(),
                seq_lens: lens.as_slice(),
                free_pages: pages.as_slice(),
                page_size: 4,
                out: out.as_slice_mut(),
                block_tables: device::BlockTableMut::new(TableShape::new(n, 3).unwrap(), blocks.as_slice_mut())
                    .unwrap(),
                columns: Columns::All,
                pad: 9,
            };
            let config = LaunchConfig { cores: Some(cores), ..Default::default() };
            device::decode_step_with(&stream, args, &config).unwrap();
            stream.synchronize().unwrap();
            let (mut page, out, blocks) = (5000, out.to_vec().unwrap(), blocks.to_vec().unwrap());
            for i in 0..n {
                let mut entries = [0; 12];
                entries[token(i) - 1] = last(i);
                entries[token(i)] = last(i) + 1;
                if token(i) == 4 {
                    entries[4] = 4 * page;
                    page += 1;
                }
                let mut got = [-1; 12];
                slots.as_slice().get(row(i)..row(i) + 12).unwrap().copy_to_host(&stream, &mut got).unwrap();
                assert_eq!(got, entries, "row {i}, {rows} requests, {cores} cores");
                assert_eq!(out[i], i64::from(entries[token(i)]));
                let column = |q: usize| if 4 * q <= token(i) { entries[4 * q] / 4 } else { 9 };
                assert_eq!(blocks[3 * i..3 * i + 3], [0, 1, 2].map(column));
            }
        }
    }
}

/// More rows than a core stores at a time, of which one is without a page.
#[test]
fn too_few_pages_for_many_rows() {
    for (cores, rows) in [(1, 1500), (2, 1500)] {
        let (mut step, before) = Step::new(rows, 40, 16, 7);
        let n = step.reqs.len();
        step.lens = vec![17; n];
        step.pages = (0..n as i64 - 1).collect();
        let kind = FaultKind::PagesExhausted { needed: n as i64, free: n as i64 - 1 };
        let fault = CallError::Ref(RefError::Fault(RowFault::new(n - 1, kind)));
        let mut memory = before.clone();
        assert_eq!(step.fused(&mut on(cores), &mut memory, Columns::All), Err(fault));
        assert!(memory.out.iter().all(|&slot| slot == -1) && memory.slots == before.slots);
    }
}

/// Pages are on their way before it comes out that a row is bad, or that none has a page: on cores too that make no part of
/// `out`.
#[test]
fn bad_rows_lose_their_pages_again() {
    for backend in [&mut CpuRef as &mut dyn Backend, &mut on(1), &mut on(2), &mut on(12)] {
        let (mut step, mut before) = Step::new(6, 640, 4, 2);
        before.slots.fill(7);
        step.lens.fill(640);
        before.slots[step.reqs[1] as usize * step.shape.row_stride() + 638] = -5;
        let mut memory = before.clone();
        let kind = FaultKind::SlotOutOfRange { slot: -5, limit: 1 << 31 };
        let fault = |row, kind| Err(CallError::Ref(RefError::Fault(RowFault::new(row, kind))));
        assert_eq!(step.fused(backend, &mut memory, Columns::All), fault(1, kind));
        let table = |memory: &Memory, row: usize| {
            memory.blocks[row * step.tables.row_stride()..][..step.tables.row_len()].to_vec()
        };
        assert!(table(&memory, 0)[..160].iter().all(|&block| block == 1) && table(&memory, 0)[160] == 0);
        assert!(table(&memory, 1).iter().all(|&block| block == -1));

        step.lens[0] = 637;
        step.pages.clear();
        let mut memory = before.clone();
        let exhausted = FaultKind::PagesExhausted { needed: 1, free: 0 };
        assert_eq!(step.fused(backend, &mut memory, Columns::All), fault(0, exhausted));
        assert!((0..step.reqs.len()).all(|row| table(&memory, row).iter().all(|&block| block == -1)));
    }
}
