//! Straight per-row loops over raw memory, as a C++ programmer would write them: with the same checks as the CPU
//! reference, and with none.

#![allow(unsafe_code, reason = "what the safe code is compared with")]

use ascend_cache_loc::FaultKind::{OutputTooShort, PrefixOutOfRange, RangeOutOfRow, RangeReversed, RequestOutOfRange};
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, RefError};
use ascend_cache_loc::{Int, RowFault, ShapeError};

/// `get_last_loc`, with all checks where `CHECKED`, else with none.
#[inline(never)]
pub(crate) fn last_loc<const CHECKED: bool, O: Int>(args: LastLoc<'_, i64, i64, O>) -> Result<(), RefError> {
    let LastLoc { table, req_pool_indices, prefix_lens, out } = args;
    let n = req_pool_indices.len();
    if CHECKED {
        check_lens(n, &[("prefix_lens", prefix_lens.len()), ("out", out.len())])?;
    }
    let shape = table.shape();
    let (rows, row_len, stride) = (shape.rows() as i64, shape.row_len() as i64, shape.row_stride() as i64);
    let slots = table.slots().as_ptr();
    let mut fault = None;
    for i in 0..n {
        // SAFETY: the three arrays have one length.
        let (req, len) = unsafe { (*req_pool_indices.get_unchecked(i), *prefix_lens.get_unchecked(i)) };
        let slot = if len <= 0 {
            -1
        } else if CHECKED && (req < 0 || req >= rows || len > row_len) {
            fault.get_or_insert(i);
            -1
        } else {
            // SAFETY: checked just now, or promised by the workload; the storage covers the shape.
            unsafe { *slots.offset((req * stride + len - 1) as isize) }
        };
        // SAFETY: as above, one length.
        unsafe { *out.get_unchecked_mut(i) = O::from_slot(slot) };
    }
    fault.map_or(Ok(()), |row| {
        let (req, prefix_len) = (req_pool_indices[row], prefix_lens[row]);
        let kind = if req < 0 || req >= rows {
            RequestOutOfRange { req, rows }
        } else {
            PrefixOutOfRange { prefix_len, row_len }
        };
        Err(RowFault::new(row, kind).into())
    })
}

/// `assign_extend_cache_locs`, with all checks where `CHECKED`, else with none.
#[inline(never)]
pub(crate) fn extend_locs<const CHECKED: bool, O: Int>(args: ExtendLocs<'_, i64, i64, O>) -> Result<(), RefError> {
    let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = args;
    let n = req_pool_indices.len();
    if CHECKED {
        check_lens(n, &[("start_offsets", start_offsets.len()), ("end_offsets", end_offsets.len())])?;
    }
    let shape = table.shape();
    let (rows, row_len, stride) = (shape.rows() as i64, shape.row_len() as i64, shape.row_stride() as i64);
    let slots = table.slots().as_ptr();
    let mut to = out.as_mut_ptr();
    let mut left = out.len();
    let mut fault = None;
    for i in 0..n {
        // SAFETY: the three arrays have one length.
        let req = unsafe { *req_pool_indices.get_unchecked(i) };
        // SAFETY: the same.
        let (start, end) = unsafe { (*start_offsets.get_unchecked(i), *end_offsets.get_unchecked(i)) };
        if start == end {
            continue;
        }
        if CHECKED && (req < 0 || req >= rows || start > end || start < 0 || end > row_len) {
            fault.get_or_insert((i, 0));
            let placed = 0 <= start && start <= end && end < i32::MAX.into();
            let len = if placed { left.min((end - start) as usize) } else { 0 };
            for p in 0..len {
                // SAFETY: as many elements are left in `out`.
                unsafe { to.add(p).write(O::from_slot(-1)) };
            }
            // SAFETY: at most one past the end of `out`.
            to = unsafe { to.add(len) };
            left -= len;
            continue;
        }
        let mut len = (end - start) as usize;
        if CHECKED && len > left {
            fault.get_or_insert((i, (out.len() - left + len) as i64));
            len = left;
        }
        // SAFETY: checked just now, or promised by the workload; the storage covers the shape.
        let from = unsafe { slots.offset((req * stride + start) as isize) };
        for p in 0..len {
            // SAFETY: `len` entries of the row, and as many elements left in `out`.
            unsafe { to.add(p).write(O::from_slot(from.add(p).read())) };
        }
        // SAFETY: at most one past the end of `out`.
        to = unsafe { to.add(len) };
        left -= if CHECKED { len } else { 0 };
    }
    fault.map_or(Ok(()), |(row, total)| {
        let (req, start, end) = (req_pool_indices[row], start_offsets[row], end_offsets[row]);
        let kind = if req < 0 || req >= rows {
            RequestOutOfRange { req, rows }
        } else if start > end {
            RangeReversed { start, end }
        } else if start < 0 || end > row_len {
            RangeOutOfRow { start, end, row_len }
        } else {
            OutputTooShort { end: total, capacity: out.len() as i64 }
        };
        Err(RowFault::new(row, kind).into())
    })
}

/// Fills `out` with the bytes of `slots`, which has at least as many.
pub(crate) fn memcpy<O: Int>(out: &mut [O], slots: &[i32]) {
    let bytes = size_of_val(out);
    assert!(bytes <= size_of_val(slots));
    // SAFETY: both have that many bytes, and any bytes are an integer.
    unsafe { std::ptr::copy_nonoverlapping(slots.as_ptr().cast::<u8>(), out.as_mut_ptr().cast::<u8>(), bytes) };
}

fn check_lens(batch: usize, arrays: &[(&'static str, usize)]) -> Result<(), ShapeError> {
    let max = i32::MAX as usize - 1;
    if batch > max {
        return Err(ShapeError::TooLarge { argument: "req_pool_indices", value: batch, max });
    }
    for &(argument, len) in arrays {
        if len != batch {
            return Err(ShapeError::LengthMismatch { argument, len, batch });
        }
    }
    Ok(())
}
