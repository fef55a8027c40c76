//! `assign_req_to_token_pool`.

use crate::{FaultKind, Int, RefError, ReqToToken, ReqToTokenMut, RowFault, ShapeError, batch_of};

/// The arguments of [`assign_req_to_token_pool`]: slots for a range of tokens of each request, to be written into the
/// table.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct PoolLocs<'a, R, L, S> {
    /// The request table, written in place.
    pub table: ReqToTokenMut<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: &'a [R],
    /// Row i's first token.
    pub start_offsets: &'a [L],
    /// One past row i's last token.
    pub end_offsets: &'a [L],
    /// The slots of all rows end to end; may be longer than they need.
    pub locs: &'a [S],
}

impl<R, L, S> PoolLocs<'_, R, L, S> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or reach 2^31 - 1.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let offsets = [("start_offsets", self.start_offsets.len()), ("end_offsets", self.end_offsets.len())];
        batch_of(self.req_pool_indices.len(), &offsets)
    }
}

/// Writes the KV-cache slots of a range of tokens of each request into the table: the inverse of
/// [`assign_extend_cache_locs`](crate::assign_extend_cache_locs).
///
/// Row i's slots begin in `locs` at the sum of the earlier lengths:
/// `table[req_pool_indices[i], start_offsets[i] + j] = locs[sum + j]`.
///
/// A row with `start == end` is empty and valid whatever its other values. Any other row is valid when
/// `0 <= req < rows` and `0 <= start <= end <= row_len`, compared in 64 bits. A bad row harms itself alone: nothing is
/// written for it, and `end - start` of `locs` are skipped where `0 <= start <= end < 2^31 - 1`, none otherwise. A slot
/// below 0 or past int32 is not written. Where `locs` is shorter than the rows need, what is covered is written. Rows of a
/// batch must not overlap in the table; where they do, an entry has the slot of one of them. Mirrors SGLang's
/// `assign_req_to_token_pool` (`cache_loc_assign` in sgl-kernel-npu), which checks nothing.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ; nothing is written.
/// - [`RefError::Fault`] with the lowest row that is bad, not covered, or has a bad slot, after all else is written.
pub fn assign_req_to_token_pool<R: Int, L: Int, S: Int>(args: PoolLocs<'_, R, L, S>) -> Result<(), RefError> {
    args.batch()?;
    let PoolLocs { mut table, req_pool_indices, start_offsets, end_offsets, locs } = args;

    let mut rest = locs;
    let mut first_fault = None;
    for (row, ((req, start), end)) in req_pool_indices.iter().zip(start_offsets).zip(end_offsets).enumerate() {
        let (req, start, end) = (req.to_i64(), start.to_i64(), end.to_i64());
        if start == end {
            continue;
        }
        let mut fault = None;
        let place = ReqToToken::place_len(start, end);
        let (covered, behind) = rest.split_at(place.min(rest.len()));
        match table.as_ref().extend_range(req, start, end) {
            None => fault = Some(RowFault::new(row, table.as_ref().extend_fault(req, start, end))),
            Some(range) => {
                if covered.len() < place {
                    let end = (locs.len() - rest.len() + place) as i64;
                    let kind = FaultKind::OutputTooShort { end, capacity: locs.len() as i64 };
                    fault = Some(RowFault::new(row, kind));
                }
                for (at, (entry, slot)) in table.slots_mut()[range].iter_mut().zip(covered).enumerate() {
                    match i32::try_from(slot.to_i64()) {
                        Ok(slot @ 0..) => *entry = slot,
                        _ => {
                            let kind = FaultKind::SlotOutOfRange { slot: slot.to_i64(), limit: 1 << 31 };
                            fault = fault.or(Some(RowFault { row, kind, at }));
                        }
                    }
                }
            }
        }
        first_fault = first_fault.or(fault);
        rest = behind;
        if covered.len() < place {
            break; // `locs` is used up: no row behind is covered
        }
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}
