//! A request table in host memory, and the one definition of a valid row.

use core::ops::Range;

use crate::{FaultKind, ShapeError, TableShape};

/// A `req_to_token` table in host memory: entry (r, p), at element `r * row_stride + p`, is the KV-cache slot of token p
/// of request r.
#[derive(Clone, Copy, Debug)]
pub struct ReqToToken<'a> {
    shape: TableShape,
    slots: &'a [i32],
}

impl<'a> ReqToToken<'a> {
    /// A table of `shape` over `slots`, which may be longer than the shape needs.
    ///
    /// # Errors
    /// [`ShapeError::TableTooShort`].
    pub fn new(shape: TableShape, slots: &'a [i32]) -> Result<Self, ShapeError> {
        let needed = shape.storage_len();
        if (slots.len() as u64) < needed {
            return Err(ShapeError::TableTooShort { needed, len: slots.len() });
        }
        Ok(Self { shape, slots })
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> TableShape {
        self.shape
    }

    /// The storage, row after row, `row_stride` elements apart.
    #[must_use]
    pub const fn slots(&self) -> &'a [i32] {
        self.slots
    }

    /// The place of entry (`req`, `prefix_len - 1`) in the storage, or None for an empty prefix.
    #[inline(always)]
    pub(crate) fn last_index(&self, req: i64, prefix_len: i64) -> Result<Option<usize>, FaultKind> {
        if prefix_len <= 0 {
            return Ok(None);
        }
        let row = self.row_start(req)?;
        let row_len = self.shape.row_len() as i64;
        if prefix_len > row_len {
            return Err(FaultKind::PrefixOutOfRange { prefix_len, row_len });
        }
        Ok(Some(row + prefix_len as usize - 1))
    }

    /// The place of entries (`req`, `start..end`) in the storage.
    #[inline(always)]
    pub(crate) fn extend_range(&self, req: i64, start: i64, end: i64) -> Result<Range<usize>, FaultKind> {
        if start == end {
            return Ok(0..0);
        }
        let row = self.row_start(req)?;
        if start > end {
            return Err(FaultKind::RangeReversed { start, end });
        }
        let row_len = self.shape.row_len() as i64;
        if start < 0 || end > row_len {
            return Err(FaultKind::RangeOutOfRow { start, end, row_len });
        }
        Ok(row + start as usize..row + end as usize)
    }

    /// The place of entry (`req`, 0) in the storage.
    #[inline(always)]
    fn row_start(&self, req: i64) -> Result<usize, FaultKind> {
        let rows = self.shape.rows();
        if req as u64 >= rows as u64 {
            return Err(FaultKind::RequestOutOfRange { req, rows: rows as i64 });
        }
        Ok(req as usize * self.shape.row_stride())
    }
}
