//! `get_last_loc`.

use crate::shape::{check_batch, check_len};
use crate::{Int, RefError, ReqToToken, RowFault};

/// The arguments of [`get_last_loc`]. All arrays have the length of `req_pool_indices`, the batch `n < 2^31`.
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

/// The KV-cache slot of each request's last prefix token: `out[i] = table[req_pool_indices[i], prefix_lens[i] - 1]`, or -1
/// where `prefix_lens[i] <= 0` (the request index is then neither used nor checked).
///
/// A row is valid when `0 <= req < rows` and `prefix_len <= row_len`, compared in 64 bits; an invalid row gets -1.
/// Mirrors SGLang's `get_last_loc` (`get_last_loc_triton`, `get_last_loc_torch`); the Triton kernel checks nothing and
/// reads the next row instead.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ; nothing is written.
/// - [`RefError::Fault`] with the lowest invalid row, after all rows are written.
pub fn get_last_loc<R: Int, L: Int, O: Int>(args: LastLoc<'_, R, L, O>) -> Result<(), RefError> {
    let LastLoc { table, req_pool_indices, prefix_lens, out } = args;
    let n = req_pool_indices.len();
    check_batch(n)?;
    check_len("prefix_lens", prefix_lens.len(), n)?;
    check_len("out", out.len(), n)?;

    let mut first_fault = None;
    for (row, ((req, prefix_len), out)) in req_pool_indices.iter().zip(prefix_lens).zip(out).enumerate() {
        let slot = match table.last_index(req.to_i64(), prefix_len.to_i64()) {
            Ok(Some(index)) => table.slots()[index],
            Ok(None) => -1,
            Err(kind) => {
                first_fault.get_or_insert(RowFault { row, kind });
                -1
            }
        };
        *out = O::from_slot(slot);
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}
