//! What upstream makes wrong of block tables, each by its name, in `gather_block_tables`.

use ascend_cache_loc::cpu_ref::{BlockTableMut, BlockTables, RefError, ReqToToken};
use ascend_cache_loc::{DeviceBuffer, FaultKind, Int, LaunchConfig, Lengths, RowFault, TableShape};
use harness::backend::{Backend, CallError, CpuRef, simulated};

use crate::{on_machine, sparse, varied};

/// What a call is beside its arrays.
#[derive(Clone, Copy)]
struct Form<'a> {
    page_size: usize,
    repeat: usize,
    map: Option<&'a [i64]>,
    pad: i32,
    /// (rows, stride, columns)
    out: (usize, usize, usize),
}

const GAP: i32 = -777;

/// Block tables with their gaps, and fault, of a batch on the kernels, which are also those of the CPU reference.
fn call<R: Int, L: Int>(
    table: ReqToToken<'_>,
    req_pool_indices: &[R],
    lens: Lengths<&[L]>,
    form: Form<'_>,
) -> (Vec<i32>, Option<RowFault>) {
    let Form { page_size, repeat, map, pad, out: (rows, stride, columns) } = form;
    let run = |backend: &mut dyn Backend| {
        let shape = shape(rows, stride, columns);
        let mut slots = vec![GAP; rows * stride];
        let out = BlockTableMut::new(shape, &mut slots).unwrap();
        let mut args = BlockTables { table, req_pool_indices, lens, page_size, repeat, map, pad, out };
        let fault = match backend.call(&mut args) {
            Ok(()) => None,
            Err(CallError::Ref(RefError::Fault(fault))) => Some(fault),
            Err(error) => panic!("{error}"),
        };
        (slots, fault)
    };
    let mut sim = varied();
    let result = run(&mut sim);
    let layouts = if result.0.len() < 50_000 { 6 } else { 0 };
    for layout in 0..layouts {
        sim.lay_out(layout);
        assert!(run(&mut sim) == result, "another layout, another result");
    }
    assert!(result == run(&mut CpuRef), "the CPU reference gives something else");
    result
}

fn shape(rows: usize, row_stride: usize, row_len: usize) -> TableShape {
    TableShape::new(rows, row_stride).unwrap().with_row_len(row_len).unwrap()
}

const PLAIN: Form<'_> = Form { page_size: 1, repeat: 1, map: None, pad: 0, out: (1, 1, 1) };

/// Ids past 2^24, which float32 does not tell apart, and slots up to the greatest there is.
#[test]
fn ids_past_2_24_and_slots_to_2_31() {
    for page_size in [1, 2, 3, 7, 16, 64, 100, 128, 1000, 4095, (1 << 30) - 1, (1 << 31) - 2] {
        let page = page_size as i32;
        let about = |slot: i32| (-1..=1).filter_map(move |by| slot.checked_add(by));
        let top = i32::MAX / page * page;
        let ids = [(1 << 24) + 1, (1 << 24) - 1, (1 << 25) + 3, 5];
        let multiples = ids.into_iter().filter_map(|id: i32| id.checked_mul(page));
        let slots: Vec<i32> = multiples.chain([top, i32::MAX, 1 << 30]).flat_map(about).filter(|&s| s >= 0).collect();
        // A row for each, since only the first entry of a page is looked at.
        let table = ReqToToken::new(shape(slots.len(), 1, 1), &slots).unwrap();
        let requests: Vec<i32> = (0..slots.len() as i32).collect();
        let form = Form { page_size, out: (slots.len(), 1, 1), ..PLAIN };
        let (out, fault) = call(table, &requests, Lengths::Until::<&[i32]>(1), form);
        assert!(out.iter().zip(&slots).all(|(id, slot)| *id == slot / page), "{page_size}");
        assert_eq!(fault, None);
    }
}

/// Pages of one token, and of numbers that are no powers of two, of rows that end inside a page.
#[test]
fn any_page_size() {
    let slots: Vec<i32> = (0..5 * 5000).map(|i| i * 11).collect();
    let table = ReqToToken::new(shape(5, 5000, 4999), &slots).unwrap();
    for page_size in [1, 2, 3, 5, 12, 16, 63, 64, 100, 128, 256, 512, 1000, 4095, 4998, 4999, 5000, 1 << 20] {
        let lens = [4999, 0, 1, page_size.min(4999) as i64, (page_size as i64 + 1).min(4999)];
        let columns = 4999_usize.div_ceil(page_size);
        let form = Form { page_size, pad: -1, out: (5, columns, columns), ..PLAIN };
        let (out, fault) = call(table, &[4_i64, 3, 2, 1, 0], Lengths::Each(&lens), form);
        for (b, row) in out.chunks(columns).enumerate() {
            let pages = (lens[b] as usize).div_ceil(page_size);
            let page = |p: usize| slots[(4 - b) * 5000 + p * page_size] / page_size as i32;
            assert!(row.iter().enumerate().all(|(p, &id)| id == if p < pages { page(p) } else { -1 }), "{page_size}");
        }
        assert_eq!(fault, None);
    }
}

/// SGLang repeats a request's table for each of its draft tokens; other kernels have up to 16 of them.
#[test]
fn more_than_16_draft_tokens() {
    let slots: Vec<i32> = (0..3 * 100).collect();
    let table = ReqToToken::new(shape(3, 100, 100), &slots).unwrap();
    for repeat in [16, 17, 300] {
        let form = Form { page_size: 10, repeat, out: (2 * repeat + 1, 3, 3), ..PLAIN };
        let (out, fault) = call(table, &[2_i64, 0], Lengths::Each(&[30_i32, 11]), form);
        let (first, rest) = out.split_at(3 * repeat);
        assert!(first.chunks(3).all(|row| row == [20, 21, 22]));
        assert!(rest[..3 * repeat].chunks(3).all(|row| row == [0, 1, 0]));
        assert_eq!((&rest[3 * repeat..], fault), (&[0; 3][..], None));
    }
}

/// The last page of a row may be cut by its end: what follows is not the next request's, nor a gap's.
#[test]
fn columns_past_the_row_are_not_the_next_requests() {
    let slots = [0, 1, 2, 3, 4, -9, -9, 70, 71, 72, 73, 74];
    let table = ReqToToken::new(shape(2, 7, 5), &slots).unwrap();
    let form = Form { page_size: 2, pad: 9, out: (2, 4, 4), ..PLAIN };
    assert_eq!(call(table, &[0_i32, 1], Lengths::Each(&[5_i64, 5]), form).0, [0, 1, 2, 9, 35, 36, 37, 9]);
    assert_eq!(call(table, &[0_i32, 1], Lengths::Until::<&[i32]>(i64::MAX), form).0, [0, 1, 2, 9, 35, 36, 37, 9]);
    let (out, fault) = call(table, &[0_i32, 1], Lengths::Each(&[6_i64, 1]), form);
    assert_eq!(out, [-1, -1, -1, -1, 35, 9, 9, 9]);
    assert_eq!(fault, Some(RowFault::new(0, FaultKind::PrefixOutOfRange { prefix_len: 6, row_len: 5 })));
}

/// No requests: a graph's buffer is padded all the same. No rows, or no columns: nothing is launched.
#[test]
fn zero_requests_pad_and_zero_columns_launch_nothing() {
    let table = ReqToToken::new(shape(0, 0, 0), &[]).unwrap();
    let form = Form { pad: -1, out: (3, 5, 4), ..PLAIN };
    let (out, fault) = call(table, &[0_i64; 0], Lengths::Each(&[0_i32; 0]), form);
    assert!(out.chunks(5).all(|row| row == [-1, -1, -1, -1, GAP]));
    assert_eq!(fault, None);

    let machine = simulated();
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    let slots = DeviceBuffer::from_host(&stream, &[1_i32, 2, 3, 4]).unwrap();
    let bad = DeviceBuffer::from_host(&stream, &[i64::MAX, -1]).unwrap();
    let launched = machine.calls().of("aclrtLaunchKernelWithHostArgs");
    for (requests, out) in [(0, shape(0, 4, 4)), (2, shape(2, 4, 0)), (0, shape(0, 0, 0))] {
        let requests = bad.as_slice().get(..requests).unwrap();
        let mut tables = DeviceBuffer::<i32>::zeroed(&stream, 0).unwrap();
        let args = ascend_cache_loc::BlockTables {
            table: ascend_cache_loc::ReqToToken::new(shape(2, 2, 2), slots.as_slice()).unwrap(),
            req_pool_indices: requests,
            lens: Lengths::Each(requests),
            page_size: 2,
            repeat: 1,
            map: Some(bad.as_slice()),
            pad: 0,
            out: ascend_cache_loc::BlockTableMut::new(out, tables.as_slice_mut()).unwrap(),
        };
        assert_eq!(args.plan(&device, &LaunchConfig::default()).unwrap().cores, 0);
        ascend_cache_loc::gather_block_tables(&stream, args).unwrap();
    }
    stream.synchronize().unwrap();
    assert_eq!(machine.calls().of("aclrtLaunchKernelWithHostArgs"), launched);
}

/// What a graph's buffer had before is nowhere left, in rows that have become shorter or are no request's any more; and
/// between the rows, where something else may be, nothing is touched.
#[test]
fn no_stale_tail_and_no_write_past_a_row() {
    let slots: Vec<i32> = (0..64 * 40).map(|i| 3 * i).collect();
    let table = ReqToToken::new(shape(64, 40, 40), &slots).unwrap();
    for columns in [1, 7, 8, 9, 15, 16, 17, 39, 40] {
        for stride in [columns, columns + 1, columns + 7, columns + 16, columns + 33] {
            let requests: Vec<i64> = (0..50).rev().collect();
            let lens: Vec<i32> = (0..50).map(|b| b * 7 % (columns as i32 + 1)).collect();
            let form = Form { page_size: 1, pad: 5, out: (64, stride, columns), ..PLAIN };
            let (out, fault) = call(table, &requests, Lengths::Each(&lens), form);
            for (at, id) in out.into_iter().enumerate() {
                let (row, p) = (at / stride, at % stride);
                let tokens = lens.get(row).copied().unwrap_or(0) as usize;
                let expected = match p {
                    _ if p >= columns => GAP,
                    _ if p < tokens => slots[(49 - row) * 40 + p],
                    _ => 5,
                };
                assert_eq!(id, expected, "row {row}, column {p} of {columns}, stride {stride}");
            }
            assert_eq!(fault, None);
        }
    }
}

/// Callers have int64 requests beside int32 lengths, and the reverse: no value is taken by its low word.
#[test]
fn int32_and_int64_in_any_mixture() {
    let slots: Vec<i32> = (0..64).collect();
    let table = ReqToToken::new(shape(4, 16, 16), &slots).unwrap();
    let form = Form { page_size: 4, out: (2, 4, 4), ..PLAIN };
    let expected = (vec![12, 13, 14, 0, 0, 0, 0, 0], None);
    assert_eq!(call(table, &[3_i32, 0], Lengths::Each(&[9_i32, 1]), form), expected);
    assert_eq!(call(table, &[3_i32, 0], Lengths::Each(&[9_i64, 1]), form), expected);
    assert_eq!(call(table, &[3_i64, 0], Lengths::Each(&[9_i32, 1]), form), expected);
    assert_eq!(call(table, &[3_i64, 0], Lengths::Each(&[9_i64, 1]), form), expected);
    let far = 1 << 32;
    let (out, fault) = call(table, &[3_i64, far, 2], Lengths::Each(&[far + 9, 1, 4]), Form { out: (3, 4, 4), ..form });
    assert_eq!(out, [-1, -1, -1, -1, -1, -1, -1, -1, 8, 0, 0, 0]);
    assert_eq!(fault, Some(RowFault::new(0, FaultKind::PrefixOutOfRange { prefix_len: far + 9, row_len: 16 })));
}

/// Triton's product of an int32 request and the stride wraps: 2048 * 2^20, and further on 2^32.
#[test]
fn request_times_stride_past_2_31_with_int32_requests() {
    for (rows, row_stride) in [(2049, 1 << 20), (4, 1_431_655_770)] {
        let table = shape(rows, row_stride, 8);
        let slots = sparse(table.storage_len());
        let last = (rows - 1) * row_stride;
        slots[last..].copy_from_slice(&[30, 31, 32, 33, 34, 35, 36, 37]);
        let table = ReqToToken::new(table, slots).unwrap();
        let requests = [rows as i32 - 1, 0, rows as i32];
        let form = Form { page_size: 3, out: (3, 3, 3), ..PLAIN };
        let (out, fault) = call(table, &requests, Lengths::Each(&[8_i32, 2, 1]), form);
        assert_eq!(out, [10, 11, 12, 0, 0, 0, -1, -1, -1]);
        let rows = rows as i64;
        assert_eq!(fault, Some(RowFault::new(2, FaultKind::RequestOutOfRange { req: rows, rows })));
    }
}

/// Pages so large that the gap between two entries, in bytes, is no number of 32 bits.
#[test]
fn pages_past_2_30() {
    let row_len = (1 << 31) - 2;
    let slots = sparse(row_len);
    for page_size in [(1 << 30) - 1, 1 << 30, (1 << 30) + 1, (1 << 31) - 3, (1 << 31) - 2] {
        let page = page_size as i32;
        (slots[0], slots[page_size.min(row_len - 1)]) = (i32::MAX, page);
        let table = ReqToToken::new(shape(1, row_len, row_len), slots).unwrap();
        let form = Form { page_size, out: (2, 3, 3), ..PLAIN };
        let (out, fault) = call(table, &[0_i64, 0], Lengths::Each(&[row_len as i64, 1]), form);
        let second = i32::from(page_size < row_len);
        assert_eq!(out, [i32::MAX / page, second, 0, i32::MAX / page, 0, 0], "{page_size}");
        assert_eq!(fault, None);
    }
}

/// A slot that the window's map has nothing for is -1 in its place alone, and told once, the lowest first, also where its
/// row and those around it are bad in other ways; with a number for the lengths it is not told.
#[test]
fn slots_past_the_map() {
    let slots = [0, 5, 1, 3, 2, 4, -1, 0, 9, 0];
    let table = ReqToToken::new(shape(2, 5, 5), &slots).unwrap();
    let map = [7, -3, 1 << 31, (1 << 31) + 6, i64::MAX];
    let form = Form { map: Some(&map), out: (4, 5, 5), ..PLAIN };
    let lens = [4_i64, 6, 5, 1];
    let (out, fault) = call(table, &[0_i32, 1, 1, 2], Lengths::Each(&lens), form);
    assert_eq!(out, [7, -1, -1, -1, 0, -1, -1, -1, -1, -1, -1, -1, 7, -1, 7, -1, -1, -1, -1, -1]);
    let kind = FaultKind::SlotOutOfRange { slot: 5, limit: 5 };
    assert_eq!(fault, Some(RowFault { row: 0, kind, at: 1 }));
    // Pages of two: 2^31 is a slot of one that is an int32.
    let form = Form { page_size: 2, out: (4, 3, 3), ..form };
    let (out, fault) = call(table, &[0_i32, 1, 1, 2], Lengths::Each(&lens), form);
    assert_eq!(out, [3, -1, 0, -1, -1, -1, -1, 3, 3, -1, -1, -1]);
    assert_eq!(fault, Some(RowFault::new(1, FaultKind::PrefixOutOfRange { prefix_len: 6, row_len: 5 })));
    let (out, fault) = call(table, &[0_i32, 1], Lengths::Until::<&[i64]>(5), form);
    assert_eq!(out, [3, -1, 1 << 30, -1, 3, 3, 0, 0, 0, 0, 0, 0]);
    assert_eq!(fault, None);
    // A map without slots has nothing for any.
    let form = Form { map: Some(&[]), ..form };
    let (out, fault) = call(table, &[1_i32], Lengths::Each(&[5_i64]), form);
    assert_eq!(out, [-1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    let kind = FaultKind::SlotOutOfRange { slot: 4, limit: 0 };
    assert_eq!(fault, Some(RowFault::new(0, kind)));
}

/// SGLang gathers whole rows and takes an entry a page of them. Here one entry a page is read, and of pages of up to 16
/// tokens what lies between them.
#[test]
fn one_entry_a_page_is_read() {
    let slots: Vec<i32> = (0..4 * 5000).collect();
    let table = ReqToToken::new(shape(4, 5000, 5000), &slots).unwrap();
    let (mut sim, machine) = on_machine(1);
    for page_size in [1, 2, 3, 7, 16, 17, 24, 32, 64, 100, 128, 1000, 4095] {
        let pages = 5000_usize.div_ceil(page_size);
        let mut out = vec![0; 2 * pages];
        let mut args = BlockTables {
            table,
            req_pool_indices: &[3_i32, 1],
            lens: Lengths::Each(&[5000_i32, 4321]),
            page_size,
            repeat: 1,
            map: None::<&[i32]>,
            pad: 0,
            out: BlockTableMut::new(shape(2, pages, pages), &mut out).unwrap(),
        };
        sim.call(&mut args).unwrap();
        let read: u64 = machine.core_counters().iter().map(|core| core.mte2.dma_bytes).sum();
        let indices = 4 * 2 + 4 * 2;
        let entries = pages + 4321_usize.div_ceil(page_size);
        let most = if page_size <= 16 && page_size.is_power_of_two() { entries * page_size } else { entries };
        assert!(read <= indices + 4 * most as u64, "{page_size}: {read} bytes");
    }
}

/// Cores share what is written, however much lies between the rows.
#[test]
fn gaps_are_nobodys_work() {
    let slots: Vec<i32> = (0..64 * 4096).collect();
    let table = ReqToToken::new(shape(64, 4096, 4096), &slots).unwrap();
    let (mut sim, machine) = on_machine(4);
    for stride in [64, 65, 200, 3000] {
        let mut out = vec![0; 64 * stride];
        let mut args = BlockTables {
            table,
            req_pool_indices: &std::array::from_fn::<i32, 64, _>(|row| row as i32),
            lens: Lengths::Each(&[4096_i32; 64]),
            page_size: 64,
            repeat: 1,
            map: None::<&[i32]>,
            pad: 0,
            out: BlockTableMut::new(shape(64, stride, 64), &mut out).unwrap(),
        };
        sim.call(&mut args).unwrap();
        let stored = machine.core_counters().iter().map(|core| core.mte3.dma_bytes).collect::<Vec<_>>();
        assert!(stored.iter().all(|&bytes| (14 * 256..=18 * 256).contains(&bytes)), "{stride}: {stored:?} bytes");
    }
}

/// Batches, rows and pages of any size by one kernel, far past what UB holds.
#[test]
fn a_hundred_thousand_rows_and_a_million_columns_by_one_kernel() {
    let slots: Vec<i32> = (0..7 * 100).collect();
    let table = ReqToToken::new(shape(7, 100, 100), &slots).unwrap();
    for (rows, page_size) in [(100_000, 64), (3000, 1), (1025, 3), (33, 100)] {
        let requests: Vec<i32> = (0..rows).map(|i| i % 7).collect();
        let lens: Vec<i64> = (0..i64::from(rows)).map(|i| i % 101).collect();
        let (rows, columns) = (rows as usize, 100_usize.div_ceil(page_size));
        let form = Form { page_size, out: (rows, columns, columns), ..PLAIN };
        let (out, fault) = call(table, &requests, Lengths::Each(&lens), form);
        let id = |row: usize, p: usize| if p * page_size < row % 101 { row % 7 * 100 + p * page_size } else { 0 };
        assert!(
            out.iter().enumerate().all(|(at, &page)| { page as usize == id(at / columns, at % columns) / page_size })
        );
        assert_eq!(fault, None);
    }
    let slots: Vec<i32> = (0..1 << 20).map(|i| 5 * i).collect();
    let table = ReqToToken::new(shape(1, 1 << 20, 1 << 20), &slots).unwrap();
    let form = Form { out: (2, 1 << 20, 1 << 20), ..PLAIN };
    let (out, fault) = call(table, &[0_i64, 0], Lengths::Each(&[1 << 20, 12_345_i64]), form);
    assert!(out[..1 << 20] == slots && out[1 << 20..][..12_345] == slots[..12_345]);
    assert!(out[(1 << 20) + 12_345..].iter().all(|&pad| pad == 0));
    assert_eq!(fault, None);
}
