//! The naive oracle: both operations as plainly as their definition, in 64 bits, written apart from the CPU reference.

use ascend_cache_loc::FaultKind::{OutputTooShort, PrefixOutOfRange, RangeOutOfRow, RangeReversed, RequestOutOfRange};
use ascend_cache_loc::{RowFault, TableShape};

/// Entry (r, p) of the table.
fn entry(shape: TableShape, slots: &[i32], r: i64, p: i64) -> i64 {
    let (r, p) = (usize::try_from(r).unwrap(), usize::try_from(p).unwrap());
    assert!(r < shape.rows() && p < shape.row_len());
    slots[r * shape.row_stride() + p].into()
}

/// `get_last_loc`: fills `out`, tells the lowest fault.
pub fn get_last_loc(
    (shape, slots): (TableShape, &[i32]),
    req_pool_indices: &[i64],
    prefix_lens: &[i64],
    out: &mut [i64],
) -> Option<RowFault> {
    let (rows, row_len) = (shape.rows() as i64, shape.row_len() as i64);
    let mut faults = Vec::new();
    for row in 0..req_pool_indices.len() {
        let (req, prefix_len) = (req_pool_indices[row], prefix_lens[row]);
        out[row] = -1;
        if prefix_len <= 0 {
        } else if req < 0 || req >= rows {
            faults.push(RowFault { row, kind: RequestOutOfRange { req, rows } });
        } else if prefix_len > row_len {
            faults.push(RowFault { row, kind: PrefixOutOfRange { prefix_len, row_len } });
        } else {
            out[row] = entry(shape, slots, req, prefix_len - 1);
        }
    }
    faults.first().copied()
}

/// `assign_extend_cache_locs`: fills `out` as far as the rows reach, tells the lowest fault.
pub fn assign_extend_cache_locs(
    (shape, slots): (TableShape, &[i32]),
    req_pool_indices: &[i64],
    start_offsets: &[i64],
    end_offsets: &[i64],
    out: &mut [i64],
) -> Option<RowFault> {
    let (rows, row_len, capacity) = (shape.rows() as i64, shape.row_len() as i64, out.len() as i64);
    let mut faults = Vec::new();
    let mut total = 0;
    for row in 0..req_pool_indices.len() {
        let (req, start, end) = (req_pool_indices[row], start_offsets[row], end_offsets[row]);
        // A bad row has its place too, where its offsets say one.
        let place = start >= 0 && start <= end && end <= 0x7fff_fffe;
        let (begin, length) = (total, if place { end - start } else { 0 });
        total += length;
        let bad = if start == end {
            None
        } else if req < 0 || req >= rows {
            Some(RequestOutOfRange { req, rows })
        } else if start > end {
            Some(RangeReversed { start, end })
        } else if start < 0 || end > row_len {
            Some(RangeOutOfRow { start, end, row_len })
        } else {
            None
        };
        for at in begin..total.min(capacity) {
            out[at as usize] = if bad.is_some() { -1 } else { entry(shape, slots, req, start + at - begin) };
        }
        let short = (length > 0 && total > capacity).then_some(OutputTooShort { end: total, capacity });
        faults.extend(bad.or(short).map(|kind| RowFault { row, kind }));
    }
    faults.first().copied()
}
