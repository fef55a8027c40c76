//! Pages: `page_size` slots that are allocated together, page p's from `p * page_size` on.

use crate::shape::{MAX_DIM, in_range, rows_of};
use crate::{FaultKind, Int, RefError, RowFault, ShapeError};

/// One past the greatest slot that there can be.
const SLOTS: i64 = 1 << 31;

/// A page size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PageSize(i64);

impl PageSize {
    /// So many tokens, from 1 to 2^31 - 2: any number, not powers of two alone.
    ///
    /// # Errors
    /// [`ShapeError::OutOfRange`].
    pub(crate) fn new(page_size: usize) -> Result<Self, ShapeError> {
        in_range("page_size", page_size)?;
        Ok(Self(page_size as i64))
    }

    /// In tokens.
    pub(crate) const fn tokens(self) -> i64 {
        self.0
    }

    /// Pages for a length.
    pub(crate) const fn ceil(self, len: i64) -> i64 {
        (len + self.0 - 1) / self.0
    }

    /// New pages that a row needs to grow from one length to another.
    pub(crate) const fn needed(self, prefix_len: i64, seq_len: i64) -> Result<i64, FaultKind> {
        if 0 <= prefix_len && prefix_len <= seq_len && seq_len <= MAX_DIM as i64 {
            Ok(self.ceil(seq_len) - self.ceil(prefix_len))
        } else {
            Err(FaultKind::LengthBelowPrefix { seq_len, prefix_len })
        }
    }

    /// The same in a decode step, whose new token `seq_len` counts.
    pub(crate) const fn needed_by_one(self, seq_len: i64) -> Result<i64, FaultKind> {
        if seq_len < 1 || seq_len > MAX_DIM as i64 {
            return Err(FaultKind::LengthBelowPrefix { seq_len, prefix_len: 1 });
        }
        self.needed(seq_len - 1, seq_len)
    }

    /// Slot `offset` of a page.
    pub(crate) const fn slot(self, page: i64, offset: i64) -> Result<i32, FaultKind> {
        let limit = SLOTS / self.0;
        if page < 0 || page >= limit {
            return Err(FaultKind::BlockOutOfRange { block: page, limit });
        }
        Ok((page * self.0 + offset) as i32)
    }

    /// The slot of the new token `at` of a row that grows from `prefix_len` into these new pages.
    pub(crate) fn extended<S: Int>(
        self,
        prefix_len: i64,
        last_loc: i64,
        pages: &[S],
        at: usize,
    ) -> Result<i32, FaultKind> {
        let room = self.ceil(prefix_len) * self.0 - prefix_len;
        match (at as i64).checked_sub(room) {
            Some(new @ 0..) => self.slot(pages[(new / self.0) as usize].to_i64(), new % self.0),
            _ => slot_after(last_loc, at as i64),
        }
    }

    /// The first row whose pages are not free any more, of rows that need so many each.
    pub(crate) fn exhausted(self, needed: impl Iterator<Item = i64>, free: usize) -> Option<RowFault> {
        let free = free as i64;
        let mut all = 0;
        needed.enumerate().find_map(|(row, needed)| {
            all += needed;
            (all > free).then(|| RowFault::new(row, FaultKind::PagesExhausted { needed: all, free }))
        })
    }
}

/// Slot `last_loc + 1 + at`, of the page that slot `last_loc` is in.
pub(crate) const fn slot_after(last_loc: i64, at: i64) -> Result<i32, FaultKind> {
    if last_loc < 0 || last_loc >= SLOTS {
        return Err(FaultKind::SlotOutOfRange { slot: last_loc, limit: SLOTS });
    }
    let slot = last_loc + 1 + at;
    if slot >= SLOTS {
        return Err(FaultKind::SlotOutOfRange { slot, limit: SLOTS });
    }
    Ok(slot as i32)
}

/// The new pages that a batch needs to grow from `prefix_lens` to `seq_lens`, in tokens, by lengths in host memory: what
/// `alloc_extend` takes of its free pages. So no caller has to sum them on the device and wait for the sum. SGLang's
/// `get_num_new_pages`.
///
/// # Errors
/// - [`RefError::Shape`] where the lengths' number differs, or the page size is none.
/// - [`RefError::Fault`], [`FaultKind::LengthBelowPrefix`], with the first row that is not
///   `0 <= prefix_len <= seq_len < 2^31 - 1`.
pub fn new_pages<L: Int>(prefix_lens: &[L], seq_lens: &[L], page_size: usize) -> Result<usize, RefError> {
    let page_size = PageSize::new(page_size)?;
    rows_of(("prefix_lens", prefix_lens.len()), &[("seq_lens", seq_lens.len())])?;
    let rows = prefix_lens.iter().zip(seq_lens);
    sum(rows.map(|(prefix, seq)| page_size.needed(prefix.to_i64(), seq.to_i64())))
}

/// The new pages that a decode step needs: what `alloc_decode` takes of its free pages. Each of `seq_lens` counts the
/// row's new token.
///
/// # Errors
/// - [`RefError::Shape`] where the page size is none, or the batch reaches 2^31 - 1.
/// - [`RefError::Fault`], [`FaultKind::LengthBelowPrefix`], with the first row that is not `1 <= seq_len < 2^31 - 1`.
pub fn new_pages_decode<L: Int>(seq_lens: &[L], page_size: usize) -> Result<usize, RefError> {
    let page_size = PageSize::new(page_size)?;
    rows_of(("seq_lens", seq_lens.len()), &[])?;
    sum(seq_lens.iter().map(|seq| page_size.needed_by_one(seq.to_i64())))
}

fn sum(needed: impl Iterator<Item = Result<i64, FaultKind>>) -> Result<usize, RefError> {
    let mut all = 0;
    for (row, needed) in needed.enumerate() {
        all += needed.map_err(|kind| RowFault::new(row, kind))? as usize;
    }
    Ok(all)
}
