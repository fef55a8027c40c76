//! `alloc_extend`.

use crate::{FaultKind, Int, PageSize, RefError, RowFault, ShapeError, paged_batch_of};

/// The arguments of [`alloc_extend`]: slots for the next tokens of each request, from paged memory.
///
/// The length and slot arrays have the length of `prefix_lens`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct AllocExtend<'a, L, S, O> {
    /// Row i's length in tokens, the new ones not counted.
    pub prefix_lens: &'a [L],
    /// Row i's length in tokens, the new ones counted.
    pub seq_lens: &'a [L],
    /// The slot of row i's last token before the new ones; not looked at where that token ends a page, or there is none.
    pub last_locs: &'a [S],
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: &'a [S],
    /// Tokens of a page, from 1 to 2^31 - 2.
    pub page_size: usize,
    /// The slots of all rows end to end; a capacity: elements past the total are not touched.
    pub out: &'a mut [O],
}

impl<L, S, O> AllocExtend<'_, L, S, O> {
    /// The batch: the length of `prefix_lens`.
    ///
    /// # Errors
    /// [`ShapeError`] where `seq_lens` or `last_locs` differs, a length reaches 2^31 - 1, or the page size is none.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let others = [("seq_lens", self.seq_lens.len()), ("last_locs", self.last_locs.len())];
        paged_batch_of(("prefix_lens", self.prefix_lens.len()), &others, self.free_pages.len(), self.page_size)
    }
}

/// Slots for the tokens `prefix_lens[i]..seq_lens[i]` of each request, end to end in row order, from paged memory.
///
/// With `full = ceil(prefix_len / page_size)`, the pages that row i has already, token `p` of it goes on in the last of them
/// where it has room, `p < full * page_size`, in slot `last_loc + 1 + p - prefix_len`; and otherwise it is in a new page, slot
/// `p % page_size` of `free_pages[f + p / page_size - full]`, where `f` are the pages that the rows before take. Mirrors
/// SGLang's `alloc_extend_kernel`, which checks nothing.
///
/// A row is valid when `0 <= prefix_len <= seq_len < 2^31 - 1`, compared in 64 bits; any other has no place in `out`, and
/// takes no page. A token is -1 where its slot does not lie in 0 to 2^31 - 1: because of `last_loc`, or of a page outside 0
/// to `2^31 / page_size`, excluded. Where the rows exceed `out`, what fits is written.
///
/// # Errors
/// - [`RefError::Shape`] where the arrays' lengths differ or the page size is none; nothing is written.
/// - [`RefError::Fault`] with [`PagesExhausted`](crate::FaultKind::PagesExhausted) and the first row whose pages there are
///   not: then all tokens are -1. Otherwise with the lowest row that is invalid, does not fit, or has a token without a
///   slot, after all else is written.
pub fn alloc_extend<L: Int, S: Int, O: Int>(args: AllocExtend<'_, L, S, O>) -> Result<(), RefError> {
    args.batch()?;
    let AllocExtend { prefix_lens, seq_lens, last_locs, free_pages, page_size, out } = args;
    let page_size = PageSize::new(page_size)?;

    let lens = || prefix_lens.iter().zip(seq_lens).map(|(prefix, seq)| (prefix.to_i64(), seq.to_i64()));
    let needed = |(prefix, seq)| page_size.needed(prefix, seq);
    let exhausted = page_size.exhausted(lens().map(|row| needed(row).unwrap_or(0)), free_pages.len());
    let capacity = out.len();
    let (mut rest, mut pages, mut end) = (out, free_pages, 0);
    let mut first_fault = exhausted;
    for (row, ((prefix, seq), last_loc)) in lens().zip(last_locs).enumerate() {
        let needed = match needed((prefix, seq)) {
            Ok(needed) => needed as usize,
            Err(kind) => {
                first_fault = first_fault.or(Some(RowFault::new(row, kind)));
                continue;
            }
        };
        let place = (seq - prefix) as usize;
        end += place as u64;
        let (tokens, behind) = rest.split_at_mut(place.min(rest.len()));
        rest = behind;
        if exhausted.is_some() {
            tokens.fill(O::from_slot(-1));
            continue;
        }
        let mut fault = (tokens.len() < place)
            .then(|| RowFault::new(row, FaultKind::OutputTooShort { end: end as i64, capacity: capacity as i64 }));
        let (mine, others) = pages.split_at(needed);
        pages = others;
        // A token with no slot because of its last one comes before any with no slot because of its page.
        for (at, token) in tokens.iter_mut().enumerate() {
            let slot = page_size.extended(prefix, last_loc.to_i64(), mine, at);
            *token = O::from_slot(slot.unwrap_or(-1));
            fault = fault.or(slot.err().map(|kind| RowFault { row, kind, at }));
        }
        first_fault = first_fault.or(fault);
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}
