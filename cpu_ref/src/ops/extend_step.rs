//! `extend_step`.

use crate::{FaultKind, Int, PageSize, RefError, ReqToToken, ReqToTokenMut, RowFault, ShapeError, paged_batch_of};

/// The arguments of [`extend_step`]: what a prefill, or a speculative step, does with the indices of its requests.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct ExtendStep<'a, R, L, S> {
    /// The request table, into which the new slots are written.
    pub table: ReqToTokenMut<'a>,
    /// Row i's request: a row of the table. No two rows that have new tokens may be one request's.
    pub req_pool_indices: &'a [R],
    /// Row i's length in tokens, the new ones not counted.
    pub prefix_lens: &'a [L],
    /// Row i's length in tokens, the new ones counted; that of `prefix_lens` where there are none.
    pub seq_lens: &'a [L],
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: &'a [S],
    /// Tokens of a page, from 1 to 2^31 - 2.
    pub page_size: usize,
    /// The new slots of all rows end to end, SGLang's `out_cache_loc`; a capacity: elements past the total are not touched.
    pub out: &'a mut [S],
}

impl<R, L, S> ExtendStep<'_, R, L, S> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ or reach 2^31 - 1, or the page size is none.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let others = [("prefix_lens", self.prefix_lens.len()), ("seq_lens", self.seq_lens.len())];
        let requests = ("req_pool_indices", self.req_pool_indices.len());
        paged_batch_of(requests, &others, self.free_pages.len(), self.page_size)
    }
}

/// The index work of a prefill in one: slots for the tokens `prefix_lens[i]..seq_lens[i]` of each request from paged memory,
/// end to end in row order, and written into the table.
///
/// The slots are those of [`alloc_extend`](crate::alloc_extend), whose `last_loc` is `table[req, prefix_len - 1]`; token `p`'s
/// goes to `out` and to `table[req, p]`: as [`get_last_loc`](crate::get_last_loc), [`alloc_extend`](crate::alloc_extend) and
/// [`assign_req_to_token_pool`](crate::assign_req_to_token_pool) would leave it, one after another.
///
/// A row with `prefix_len == seq_len` is empty and valid whatever its other values. Any other is valid when
/// `0 <= req < rows` and `0 <= prefix_len <= seq_len <= row_len`, compared in 64 bits. A bad row keeps its place in `out`,
/// which is -1, and its pages, where `0 <= prefix_len <= seq_len < 2^31 - 1`, and has none otherwise; nothing is written for
/// it. A token is -1, and not written, where its slot does not lie in 0 to 2^31 - 1: because of the last one, or of a page
/// outside 0 to `2^31 / page_size`, excluded. Where the rows exceed `out`, what fits is written, there and into the table.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ or the page size is none; nothing is written.
/// - [`RefError::Fault`] with [`PagesExhausted`](FaultKind::PagesExhausted) and the first row whose pages there are not: then
///   all tokens are -1, and the table is as it was. Otherwise with the lowest row that is bad, does not fit, or has a token
///   without a slot, after all else is written.
pub fn extend_step<R: Int, L: Int, S: Int>(args: ExtendStep<'_, R, L, S>) -> Result<(), RefError> {
    args.batch()?;
    let ExtendStep { mut table, req_pool_indices, prefix_lens, seq_lens, free_pages, page_size, out } = args;
    let page_size = PageSize::new(page_size)?;

    let lens = || prefix_lens.iter().zip(seq_lens).map(|(prefix, seq)| (prefix.to_i64(), seq.to_i64()));
    let needed = |(prefix, seq)| page_size.needed(prefix, seq).unwrap_or(0);
    let exhausted = page_size.exhausted(lens().map(needed), free_pages.len());
    let capacity = out.len() as i64;
    let (mut rest, mut pages, mut end) = (out, free_pages, 0);
    let mut first_fault = exhausted;
    for (row, ((prefix, seq), req)) in lens().zip(req_pool_indices).enumerate() {
        let place = ReqToToken::place_len(prefix, seq);
        end += place as i64;
        let (tokens, behind) = rest.split_at_mut(place.min(rest.len()));
        rest = behind;
        tokens.fill(S::from_slot(-1));
        if prefix == seq || exhausted.is_some() {
            continue;
        }
        let (mine, others) = pages.split_at(needed((prefix, seq)) as usize);
        pages = others;
        let view = table.as_ref();
        let Some(range) = view.extend_range(req.to_i64(), prefix, seq) else {
            first_fault = first_fault.or(Some(RowFault::new(row, view.extend_fault(req.to_i64(), prefix, seq))));
            continue;
        };
        let mut fault = (tokens.len() < place).then(|| RowFault::new(row, FaultKind::OutputTooShort { end, capacity }));
        let last_loc = if prefix == 0 { -1 } else { view.slots()[range.start - 1] };
        // A token with no slot because of its last one comes before any with no slot because of its page.
        for (at, (token, entry)) in tokens.iter_mut().zip(&mut table.slots_mut()[range]).enumerate() {
            match page_size.extended(prefix, last_loc.into(), mine, at) {
                Ok(slot) => (*token, *entry) = (S::from_slot(slot), slot),
                Err(kind) => fault = fault.or(Some(RowFault { row, kind, at })),
            }
        }
        first_fault = first_fault.or(fault);
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}
