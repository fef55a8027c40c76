//! `get_last_loc`.

use crate::{Int, RefError, ReqToToken, RowFault, ShapeError, batch_of};

/// The arguments of [`get_last_loc`]: the slot of each request's last prefix token.
///
/// All arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct LastLoc<'a, R, L, O> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: &'a [R],
    /// Row i's prefix length, in tokens.
    pub prefix_lens: &'a [L],
    /// Row i's result, a KV-cache slot or -1.
    pub out: &'a mut [O],
}

impl<R, L, O> LastLoc<'_, R, L, O> {
    /// The batch: the length of all arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or reach 2^31 - 1.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        batch_of(self.req_pool_indices.len(), &[("prefix_lens", self.prefix_lens.len()), ("out", self.out.len())])
    }
}

/// The KV-cache slot of each request's last prefix token, -1 for an empty prefix.
///
/// `out[i] = table[req_pool_indices[i], prefix_lens[i] - 1]`, or -1 where `prefix_lens[i] <= 0` (the request index is then
/// neither used nor checked).
///
/// A row is valid when `0 <= req < rows` and `prefix_len <= row_len`, compared in 64 bits; an invalid row gets -1.
/// Mirrors SGLang's `get_last_loc` (`get_last_loc_triton`, `get_last_loc_torch`); the Triton kernel checks nothing and
/// reads the next row instead.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ; nothing is written.
/// - [`RefError::Fault`] with the lowest invalid row, after all rows are written.
pub fn get_last_loc<R: Int, L: Int, O: Int>(args: LastLoc<'_, R, L, O>) -> Result<(), RefError> {
    let n = args.batch()?;
    let LastLoc { table, req_pool_indices, prefix_lens, out } = args;

    let mut first_bad = n;
    let mut last_loc = |row: usize, req: R, prefix_len: L| {
        if let Some(index) = table.last_index(req.to_i64(), prefix_len.to_i64()) {
            return O::from_slot(table.slots()[index]);
        }
        if prefix_len.to_i64() > 0 {
            first_bad = first_bad.min(row);
        }
        O::from_slot(-1)
    };
    // Four rows a turn: a row is so little work that the loop around it would show.
    let (reqs, reqs_left) = req_pool_indices.as_chunks::<4>();
    let (lens, lens_left) = prefix_lens.as_chunks::<4>();
    let (outs, outs_left) = out.as_chunks_mut::<4>();
    for (i, ((reqs, lens), outs)) in reqs.iter().zip(lens).zip(outs).enumerate() {
        for j in 0..4 {
            outs[j] = last_loc(4 * i + j, reqs[j], lens[j]);
        }
    }
    let done = n - reqs_left.len();
    for (i, ((req, len), out)) in reqs_left.iter().zip(lens_left).zip(outs_left).enumerate() {
        *out = last_loc(done + i, *req, *len);
    }
    // The loop only finds the row; why it is bad is told once.
    if first_bad < n {
        let (req, prefix_len) = (req_pool_indices[first_bad].to_i64(), prefix_lens[first_bad].to_i64());
        return Err(RowFault::new(first_bad, table.last_fault(req, prefix_len)).into());
    }
    Ok(())
}
