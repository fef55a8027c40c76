//! `alloc_decode`.

use crate::pages::slot_after;
use crate::{Int, PageSize, RefError, RowFault, ShapeError, paged_batch_of};

/// The arguments of [`alloc_decode`]: a slot for the next token of each request, from paged memory.
///
/// All arrays but `free_pages` have the length of `seq_lens`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct AllocDecode<'a, L, S, O> {
    /// Row i's length in tokens, its new token counted.
    pub seq_lens: &'a [L],
    /// The slot of row i's last token before the new one; not looked at where the row needs a page.
    pub last_locs: &'a [S],
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: &'a [S],
    /// Tokens of a page, from 1 to 2^31 - 2.
    pub page_size: usize,
    /// Row i's new slot, or -1.
    pub out: &'a mut [O],
}

impl<L, S, O> AllocDecode<'_, L, S, O> {
    /// The batch: the length of `seq_lens`.
    ///
    /// # Errors
    /// [`ShapeError`] where `last_locs` or `out` differs, a length reaches 2^31 - 1, or the page size is none.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let others = [("last_locs", self.last_locs.len()), ("out", self.out.len())];
        paged_batch_of(("seq_lens", self.seq_lens.len()), &others, self.free_pages.len(), self.page_size)
    }
}

/// A slot for the next token of each request, from paged memory.
///
/// A row whose token is the first of a page, `(seq_len - 1) % page_size == 0`, takes the next of `free_pages` and is given
/// that page's first slot; any other row is given `last_loc + 1`. Mirrors SGLang's `alloc_decode_kernel`, which checks
/// nothing.
///
/// A row is valid when `1 <= seq_len < 2^31 - 1` and what it is made of lies in 32 bits: `0 <= last_loc < 2^31 - 1`, or
/// `0 <= page < 2^31 / page_size`. A bad row is given -1; one whose length is none takes no page.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ or the page size is none; nothing is written.
/// - [`RefError::Fault`] with [`PagesExhausted`](crate::FaultKind::PagesExhausted) and the first row whose page there is
///   not: then all of `out` is -1. Otherwise with the lowest invalid row, after all rows are written.
pub fn alloc_decode<L: Int, S: Int, O: Int>(args: AllocDecode<'_, L, S, O>) -> Result<(), RefError> {
    args.batch()?;
    let AllocDecode { seq_lens, last_locs, free_pages, page_size, out } = args;
    let page_size = PageSize::new(page_size)?;

    let needed = |seq: &L| page_size.needed_by_one(seq.to_i64());
    if let Some(fault) = page_size.exhausted(seq_lens.iter().map(|seq| needed(seq).unwrap_or(0)), free_pages.len()) {
        out.fill(O::from_slot(-1));
        return Err(fault.into());
    }
    let mut free = free_pages.iter();
    let mut first_fault = None;
    for (row, ((seq, last_loc), out)) in seq_lens.iter().zip(last_locs).zip(out).enumerate() {
        let slot = needed(seq).and_then(|needed| match free.by_ref().take(needed as usize).next() {
            Some(page) => page_size.slot(page.to_i64(), 0),
            None => slot_after(last_loc.to_i64(), 0),
        });
        *out = O::from_slot(slot.unwrap_or(-1));
        first_fault = first_fault.or(slot.err().map(|kind| RowFault::new(row, kind)));
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}
