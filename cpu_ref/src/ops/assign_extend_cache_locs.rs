//! `assign_extend_cache_locs`.

use crate::{FaultKind, Int, RefError, ReqToToken, RowFault, ShapeError, batch_of};

/// The arguments of [`assign_extend_cache_locs`]: the slots of a range of tokens of each request, end to end.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct ExtendLocs<'a, R, L, O> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: &'a [R],
    /// Row i's first token.
    pub start_offsets: &'a [L],
    /// One past row i's last token.
    pub end_offsets: &'a [L],
    /// The slots of all rows end to end; a capacity: elements past the total are not touched.
    pub out: &'a mut [O],
}

impl<R, L, O> ExtendLocs<'_, R, L, O> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or reach 2^31 - 1.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let offsets = [("start_offsets", self.start_offsets.len()), ("end_offsets", self.end_offsets.len())];
        batch_of(self.req_pool_indices.len(), &offsets)
    }
}

/// The KV-cache slots of a range of tokens of each request, end to end in row order.
///
/// Row i contributes `table[req_pool_indices[i], start_offsets[i]..end_offsets[i]]`, beginning in `out` at the sum of the
/// earlier lengths.
///
/// A row with `start == end` is empty and valid whatever its other values. Any other row is valid when
/// `0 <= req < rows` and `0 <= start <= end <= row_len`, compared in 64 bits. A bad row harms itself alone: it keeps its
/// place, `end - start` elements of -1, where `0 <= start <= end < 2^31 - 1`, and has none otherwise, so that where a row
/// begins depends on offsets alone. Where the rows exceed `out`, what fits is written. Mirrors SGLang's
/// `assign_extend_cache_locs` (sgl-kernel-npu pull request 261; `cache_loc_update` there), which checks nothing.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ; nothing is written.
/// - [`RefError::Fault`] with the lowest row that is bad or does not fit, after all that fits is written.
pub fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(args: ExtendLocs<'_, R, L, O>) -> Result<(), RefError> {
    let n = args.batch()?;
    let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = args;

    let capacity = out.len();
    let mut rest = out;
    let mut first_bad = n;
    for (row, ((req, start), end)) in req_pool_indices.iter().zip(start_offsets).zip(end_offsets).enumerate() {
        let (start, end) = (start.to_i64(), end.to_i64());
        if start == end {
            continue;
        }
        let Some(range) = table.extend_range(req.to_i64(), start, end) else {
            first_bad = first_bad.min(row);
            let place = ReqToToken::place_len(start, end).min(rest.len());
            if let Some(out) = rest.split_off_mut(..place) {
                out.fill(O::from_slot(-1));
            }
            continue;
        };
        let slots = &table.slots()[range];
        if let Some(out) = rest.split_off_mut(..slots.len()) {
            widen(out, slots);
            continue;
        }
        let end = (capacity - rest.len() + slots.len()) as i64;
        widen(rest, slots);
        if row < first_bad {
            return Err(RowFault::new(row, FaultKind::OutputTooShort { end, capacity: capacity as i64 }).into());
        }
        break; // `out` is full
    }
    // The loop only finds the row; why it is bad is told once.
    if first_bad < n {
        let (req, start, end) = (req_pool_indices[first_bad], start_offsets[first_bad], end_offsets[first_bad]);
        let kind = table.extend_fault(req.to_i64(), start.to_i64(), end.to_i64());
        return Err(RowFault::new(first_bad, kind).into());
    }
    Ok(())
}

/// Copies as many slots as `out` holds.
#[inline(always)]
fn widen<O: Int>(out: &mut [O], slots: &[i32]) {
    for (out, slot) in out.iter_mut().zip(slots) {
        *out = O::from_slot(*slot);
    }
}
