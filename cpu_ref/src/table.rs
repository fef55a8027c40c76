//! A request table in host memory, and the one definition of a valid row and of a row's place.

use core::ops::Range;

use crate::shape::MAX_DIM;
use crate::{FaultKind, ShapeError, TableShape};

/// A `req_to_token` table in host memory: entry (r, p), at element `r * row_stride + p`, is the KV-cache slot of token p
/// of request r.
#[derive(Clone, Copy, Debug)]
pub struct ReqToToken<'a> {
    shape: TableShape,
    slots: &'a [i32],
}

/// The same to be written: nobody else has it meanwhile.
#[derive(Debug)]
pub struct ReqToTokenMut<'a> {
    shape: TableShape,
    slots: &'a mut [i32],
}

impl<'a> ReqToTokenMut<'a> {
    /// A table of `shape` over `slots`, which may be longer than the shape needs.
    ///
    /// # Errors
    /// [`ShapeError::TableTooShort`].
    pub fn new(shape: TableShape, slots: &'a mut [i32]) -> Result<Self, ShapeError> {
        shape.check_storage(slots.len())?;
        Ok(Self { shape, slots })
    }

    /// The table to be read, as long as this is borrowed.
    #[must_use]
    pub const fn as_ref(&self) -> ReqToToken<'_> {
        ReqToToken { shape: self.shape, slots: &*self.slots }
    }

    /// The same table for as long as this is borrowed.
    #[must_use]
    pub const fn reborrow(&mut self) -> ReqToTokenMut<'_> {
        ReqToTokenMut { shape: self.shape, slots: &mut *self.slots }
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> TableShape {
        self.shape
    }

    /// The storage, row after row, `row_stride` elements apart.
    #[must_use]
    pub const fn slots_mut(&mut self) -> &mut [i32] {
        &mut *self.slots
    }

    /// The meaningful entries of a row that there is.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [i32] {
        // Of rows without entries there may be no storage.
        let start = if self.shape.row_len() == 0 { 0 } else { row * self.shape.row_stride() };
        &mut self.slots[start..][..self.shape.row_len()]
    }
}

impl<'a> ReqToToken<'a> {
    /// A table of `shape` over `slots`, which may be longer than the shape needs.
    ///
    /// # Errors
    /// [`ShapeError::TableTooShort`].
    pub fn new(shape: TableShape, slots: &'a [i32]) -> Result<Self, ShapeError> {
        shape.check_storage(slots.len())?;
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

    /// The place of entry (`req`, `prefix_len - 1`) in the storage, where the row is valid and its prefix not empty.
    #[inline(always)]
    pub(crate) fn last_index(self, req: i64, prefix_len: i64) -> Option<usize> {
        let (rows, row_len) = (self.shape.rows() as i64, self.shape.row_len() as i64);
        if prefix_len <= 0 || req < 0 || req >= rows || prefix_len > row_len {
            return None;
        }
        Some(req as usize * self.shape.row_stride() + prefix_len as usize - 1)
    }

    /// Why a row whose prefix is not empty has no last entry.
    pub(crate) fn last_fault(self, req: i64, prefix_len: i64) -> FaultKind {
        self.request_fault(req)
            .unwrap_or(FaultKind::PrefixOutOfRange { prefix_len, row_len: self.shape.row_len() as i64 })
    }

    /// The place of entries (`req`, `start..end`) in the storage, where the row is valid and not empty.
    #[inline(always)]
    pub(crate) fn extend_range(self, req: i64, start: i64, end: i64) -> Option<Range<usize>> {
        let (rows, row_len) = (self.shape.rows() as i64, self.shape.row_len() as i64);
        if req < 0 || req >= rows || start >= end || start < 0 || end > row_len {
            return None;
        }
        let row = req as usize * self.shape.row_stride();
        Some(row + start as usize..row + end as usize)
    }

    /// The length of a row's place in the output: what its offsets say, whatever else is wrong with it; 0 where they say
    /// nothing.
    pub(crate) const fn place_len(start: i64, end: i64) -> usize {
        if 0 <= start && start <= end && end <= MAX_DIM as i64 { (end - start) as usize } else { 0 }
    }

    /// Why a row that is not empty has no range.
    pub(crate) fn extend_fault(self, req: i64, start: i64, end: i64) -> FaultKind {
        self.request_fault(req).unwrap_or(if start > end {
            FaultKind::RangeReversed { start, end }
        } else {
            FaultKind::RangeOutOfRow { start, end, row_len: self.shape.row_len() as i64 }
        })
    }

    /// Why a row of so many tokens has no range. Its end is the greatest there is, where the sum passes that.
    pub(crate) fn window_fault(self, req: i64, start: i64, tokens: usize) -> FaultKind {
        let (end, row_len) = (start.saturating_add(tokens as i64), self.shape.row_len() as i64);
        self.request_fault(req).unwrap_or(FaultKind::RangeOutOfRow { start, end, row_len })
    }

    pub(crate) fn request_fault(self, req: i64) -> Option<FaultKind> {
        let rows = self.shape.rows() as i64;
        (req < 0 || req >= rows).then_some(FaultKind::RequestOutOfRange { req, rows })
    }
}
