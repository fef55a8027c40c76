//! What upstream's kernels for windows get wrong, each by its name, in `assign_extend_cache_locs_uniform`.

use ascend_cache_loc::cpu_ref::{RefError, ReqToToken, UniformLocs};
use ascend_cache_loc::{DeviceBuffer, DeviceSlice, Error, FaultKind, Int, LaunchConfig, RowFault, TableShape};
use harness::backend::{Backend, CallError, CpuRef, simulated};

use crate::{sparse, varied};

/// Slots, positions and fault of a batch on the kernels, which are also those of the CPU reference.
fn call<R: Int, L: Int>(
    table: ReqToToken<'_>,
    req_pool_indices: &[R],
    start_offsets: &[L],
    tokens_per_row: usize,
) -> (Vec<i32>, Vec<i64>, Option<RowFault>) {
    let run = |backend: &mut dyn Backend| {
        let mut out = vec![-777; req_pool_indices.len() * tokens_per_row];
        let mut wanted = vec![L::from_slot(-777); out.len()];
        let positions = Some(&mut wanted[..]);
        let mut args =
            UniformLocs { table, req_pool_indices, start_offsets, tokens_per_row, positions, out: &mut out[..] };
        let fault = match backend.call(&mut args) {
            Ok(()) => None,
            Err(CallError::Ref(RefError::Fault(fault))) => Some(fault),
            Err(error) => panic!("{error}"),
        };
        (out, wanted.into_iter().map(Int::to_i64).collect::<Vec<_>>(), fault)
    };
    let result = run(&mut varied());
    assert!(result == run(&mut CpuRef), "the CPU reference gives something else");
    result
}

fn shape(rows: usize, row_stride: usize, row_len: usize) -> TableShape {
    TableShape::new(rows, row_stride).unwrap().with_row_len(row_len).unwrap()
}

/// sgl-kernel-npu's kernel for windows takes up to 16.
#[test]
fn more_than_16_draft_tokens() {
    let slots: Vec<i32> = (0..3 * 12_000).collect();
    let table = ReqToToken::new(shape(3, 12_000, 12_000), &slots).unwrap();
    for tokens in [16, 17, 64, 200, 10_000] {
        let (out, positions, fault) = call(table, &[2_i64, 0], &[5_i64, 7], tokens);
        let window = |from| (from..).take(tokens);
        assert!(out.into_iter().eq(window(24_005).chain(window(7))), "{tokens}");
        assert!(positions.into_iter().eq(window(5).chain(window(7)).map(i64::from)), "{tokens}");
        assert_eq!(fault, None);
    }
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
        let (out, positions, fault) = call(table, &requests, &[4_i32, 2, 0], 4);
        assert_eq!(out, [34, 35, 36, 37, 0, 0, 0, 0, -1, -1, -1, -1]);
        assert_eq!(positions, [4, 5, 6, 7, 2, 3, 4, 5, -1, -1, -1, -1]);
        let rows = rows as i64;
        assert_eq!(fault, Some(RowFault::new(2, FaultKind::RequestOutOfRange { req: rows, rows })));
        // And so many that cores meet within rows.
        let starts: [i32; 200] = std::array::from_fn(|i| i as i32 % 4);
        let (out, positions, fault) = call(table, &[rows as i32 - 1; 200], &starts, 5);
        let window = |&start: &i32| start..start + 5;
        assert!(out.into_iter().eq(starts.iter().flat_map(window).map(|position| 30 + position)));
        assert!(positions.into_iter().eq(starts.iter().flat_map(window).map(i64::from)));
        assert_eq!(fault, None);
    }
}

/// A window over the end of its row is not the next request's slots, nor what lies in the gap between two rows.
#[test]
fn columns_past_the_row_are_not_the_next_requests() {
    let slots = [10, 11, 12, 99, 20, 21, 22, 99, 30, 31, 32];
    let table = ReqToToken::new(shape(3, 4, 3), &slots).unwrap();
    let (out, positions, fault) = call(table, &[0_i64, 1, 2], &[1_i64, 2, 1], 2);
    assert_eq!((out, positions), (vec![11, 12, -1, -1, 31, 32], vec![1, 2, -1, -1, 1, 2]));
    assert_eq!(fault, Some(RowFault::new(1, FaultKind::RangeOutOfRow { start: 2, end: 4, row_len: 3 })));
    // No row has so many.
    let (out, positions, fault) = call(table, &[2_i32, 0], &[0_i32, -1], 4);
    assert_eq!((out, positions), (vec![-1; 8], vec![-1; 8]));
    assert_eq!(fault, Some(RowFault::new(0, FaultKind::RangeOutOfRow { start: 0, end: 4, row_len: 3 })));
}

/// A start whose end passes 64 bits is told by the nearest end there is.
#[test]
fn a_window_that_would_end_past_64_bits() {
    let table = ReqToToken::new(shape(1, 4, 4), &[1, 2, 3, 4]).unwrap();
    for start in [i64::MAX, i64::MAX - 1, i64::MAX - 2, i64::MIN, (1 << 32) + 1] {
        let (out, positions, fault) = call(table, &[0_i32, 0], &[1, start], 2);
        assert_eq!((out, positions), (vec![2, 3, -1, -1], vec![1, 2, -1, -1]));
        let end = start.saturating_add(2);
        assert_eq!(fault, Some(RowFault::new(1, FaultKind::RangeOutOfRow { start, end, row_len: 4 })));
    }
}

/// Callers have int64 requests beside int32 offsets, and the reverse.
#[test]
fn int32_and_int64_in_any_mixture() {
    let slots: Vec<i32> = (0..64).collect();
    let table = ReqToToken::new(shape(4, 16, 16), &slots).unwrap();
    let expected = (vec![53, 54, 55, 0, 1, 2], vec![5, 6, 7, 0, 1, 2], None);
    assert_eq!(call(table, &[3_i32, 0], &[5_i32, 0], 3), expected);
    assert_eq!(call(table, &[3_i32, 0], &[5_i64, 0], 3), expected);
    assert_eq!(call(table, &[3_i64, 0], &[5_i32, 0], 3), expected);
    assert_eq!(call(table, &[3_i64, 0], &[5_i64, 0], 3), expected);
}

/// Neither rows nor tokens: nothing is launched, and whatever the rows say is not looked at.
#[test]
fn zero_rows_and_zero_tokens_launch_nothing() {
    let machine = simulated();
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    let slots = DeviceBuffer::from_host(&stream, &[1_i32, 2, 3, 4]).unwrap();
    let bad = DeviceBuffer::from_host(&stream, &[i64::MAX, -1]).unwrap();
    let launched = machine.calls().of("aclrtLaunchKernelWithHostArgs");
    let table = ascend_cache_loc::ReqToToken::new(shape(2, 2, 2), slots.as_slice()).unwrap();
    for (rows, tokens_per_row) in [(0, 4), (2, 0), (0, 0)] {
        let rows = bad.as_slice().get(..rows).unwrap();
        let mut out = DeviceBuffer::<i32>::zeroed(&stream, 0).unwrap();
        let args = ascend_cache_loc::UniformLocs {
            table,
            req_pool_indices: rows,
            start_offsets: rows,
            tokens_per_row,
            positions: None,
            out: out.as_slice_mut(),
        };
        assert_eq!(args.plan(&device, &LaunchConfig::default()).unwrap().cores, 0);
        ascend_cache_loc::assign_extend_cache_locs_uniform(&stream, args).unwrap();
    }
    stream.synchronize().unwrap();
    assert_eq!(machine.calls().of("aclrtLaunchKernelWithHostArgs"), launched);
}

/// Positions are of the offsets' elements, also where those are known at run time only.
#[test]
fn positions_of_other_elements_are_refused() {
    let stream = simulated().open(0).unwrap().new_stream().unwrap();
    let slots = DeviceBuffer::from_host(&stream, &[1_i32, 2, 3, 4]).unwrap();
    let starts = DeviceBuffer::from_host(&stream, &[0_i64, 1]).unwrap();
    let mut out = DeviceBuffer::<i64>::zeroed(&stream, 2).unwrap();
    let mut narrow = DeviceBuffer::<i32>::zeroed(&stream, 2).unwrap();
    let table = ascend_cache_loc::ReqToToken::new(shape(2, 2, 2), slots.as_slice()).unwrap();
    let starts: DeviceSlice<'_, i64> = starts.as_slice();
    let address = narrow.as_slice().addr().unwrap().get();
    let args = ascend_cache_loc::UniformLocs {
        table,
        req_pool_indices: starts,
        start_offsets: starts.erase(),
        tokens_per_row: 1,
        positions: Some(narrow.as_slice_mut().erase()),
        out: out.as_slice_mut(),
    };
    let error = ascend_cache_loc::assign_extend_cache_locs_uniform(&stream, args).unwrap_err();
    let reason = "has elements of another size than the array that it goes with";
    assert_eq!(error, Error::BadAddress { argument: "positions", address, reason });
}

/// Windows of any width and batches of any size by one kernel, far past what UB holds.
#[test]
fn a_hundred_thousand_rows_and_every_width_by_one_kernel() {
    let slots: Vec<i32> = (0..7 * 100).collect();
    let table = ReqToToken::new(shape(7, 100, 100), &slots).unwrap();
    for (rows, tokens) in [(100_000, 3), (1025, 40), (1, 99), (33, 1), (3, 100)] {
        let requests: Vec<i32> = (0..rows).map(|i| i % 7).collect();
        let starts: Vec<i64> = (0..i64::from(rows)).map(|i| i % (101 - tokens as i64)).collect();
        let (out, positions, fault) = call(table, &requests, &starts, tokens);
        let at = |k: usize| (requests[k / tokens] as usize, starts[k / tokens] as usize + k % tokens);
        assert!(out.iter().enumerate().all(|(k, &slot)| slot as usize == at(k).0 * 100 + at(k).1));
        assert!(positions.iter().enumerate().all(|(k, &position)| position as usize == at(k).1));
        assert_eq!(fault, None);
    }
}
