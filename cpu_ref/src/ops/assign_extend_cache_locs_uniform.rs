//! `assign_extend_cache_locs_uniform`.

use crate::{Int, RefError, ReqToToken, RowFault, ShapeError, uniform_batch_of};

/// The arguments of [`assign_extend_cache_locs_uniform`]: the slots of equally many tokens of each request, end to end.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct UniformLocs<'a, R, L, O> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: &'a [R],
    /// Row i's first token.
    pub start_offsets: &'a [L],
    /// Tokens of each row, below 2^31 - 1: SGLang's `draft_token_num`.
    pub tokens_per_row: usize,
    /// Where they are wanted, the positions of the tokens in their requests: `n * tokens_per_row` elements.
    pub positions: Option<&'a mut [L]>,
    /// The slots of all rows end to end: `n * tokens_per_row` elements.
    pub out: &'a mut [O],
}

impl<R, L, O> UniformLocs<'_, R, L, O> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or it or `tokens_per_row` reaches 2^31 - 1, or an output is not
    /// `n * tokens_per_row` long.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let out = [("out", self.out.len()), ("positions", self.positions.as_ref().map_or(0, |array| array.len()))];
        let outputs = if self.positions.is_some() { &out[..] } else { &out[..1] };
        let starts = [("start_offsets", self.start_offsets.len())];
        uniform_batch_of(self.req_pool_indices.len(), &starts, self.tokens_per_row, outputs)
    }
}

/// The KV-cache slots of equally many tokens of each request, end to end in row order: the windows of speculative
/// decoding's draft and verify steps.
///
/// With `k = tokens_per_row`, `out[i * k + j] = table[req_pool_indices[i], start_offsets[i] + j]` and
/// `positions[i * k + j] = start_offsets[i] + j` for `j < k`.
///
/// A row is valid when `0 <= req < rows` and `0 <= start <= row_len - k`, compared in 64 bits; the slots and the positions
/// of a bad row are -1. With `k = 0` there is nothing to do, and nothing is checked. Replaces SGLang's
/// `assign_extend_cache_locs_uniform` and `assign_draft_cache_locs_contiguous` and sgl-kernel-npu's `cache_loc_update`,
/// which check nothing.
///
/// # Errors
/// - [`RefError::Shape`] where the arguments do not fit together; nothing is written.
/// - [`RefError::Fault`] with the lowest bad row, after all rows are written.
pub fn assign_extend_cache_locs_uniform<R: Int, L: Int, O: Int>(
    args: UniformLocs<'_, R, L, O>,
) -> Result<(), RefError> {
    let n = args.batch()?;
    let UniformLocs { table, req_pool_indices, start_offsets, tokens_per_row, positions, out } = args;
    if tokens_per_row == 0 {
        return Ok(());
    }
    let mut first_bad = n;
    let mut positions = positions.map(|positions| positions.chunks_exact_mut(tokens_per_row));
    let windows = out.chunks_exact_mut(tokens_per_row);
    for (row, ((req, start), window)) in req_pool_indices.iter().zip(start_offsets).zip(windows).enumerate() {
        let start = start.to_i64();
        let range = table.extend_range(req.to_i64(), start, start.saturating_add(tokens_per_row as i64));
        let positions = positions.as_mut().and_then(Iterator::next);
        let Some(range) = range else {
            first_bad = first_bad.min(row);
            window.fill(O::from_slot(-1));
            if let Some(positions) = positions {
                positions.fill(L::from_slot(-1));
            }
            continue;
        };
        for (out, slot) in window.iter_mut().zip(&table.slots()[range]) {
            *out = O::from_slot(*slot);
        }
        // A valid row's positions are below the row length, which fits a slot.
        for (position, at) in positions.into_iter().flatten().zip(start as i32..) {
            *position = L::from_slot(at);
        }
    }
    if first_bad < n {
        let (req, start) = (req_pool_indices[first_bad].to_i64(), start_offsets[first_bad].to_i64());
        let kind = table.window_fault(req, start, tokens_per_row);
        return Err(RowFault::new(first_bad, kind).into());
    }
    Ok(())
}
