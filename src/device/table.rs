//! The request table in device memory.

use crate::{DeviceSlice, DeviceSliceMut, ShapeError, TableShape};

/// A `req_to_token` table in device memory: entry (r, p), at element `r * row_stride + p`, is the KV-cache slot of token p
/// of request r. SGLang's `ReqToTokenPool.req_to_token`, or a strided view of it.
#[derive(Debug, Clone, Copy)]
pub struct ReqToToken<'a> {
    shape: TableShape,
    slots: DeviceSlice<'a, i32>,
}

impl<'a> ReqToToken<'a> {
    /// A table of `shape` over `slots`, which may be longer than the shape needs.
    ///
    /// # Errors
    /// [`ShapeError::TableTooShort`].
    pub fn new(shape: TableShape, slots: DeviceSlice<'a, i32>) -> Result<Self, ShapeError> {
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
    pub const fn slots(&self) -> DeviceSlice<'a, i32> {
        self.slots
    }
}

/// The same to be written: nobody else has it meanwhile.
#[derive(Debug)]
pub struct ReqToTokenMut<'a> {
    shape: TableShape,
    slots: DeviceSliceMut<'a, i32>,
}

impl<'a> ReqToTokenMut<'a> {
    /// A table of `shape` over `slots`, which may be longer than the shape needs.
    ///
    /// # Errors
    /// [`ShapeError::TableTooShort`].
    pub fn new(shape: TableShape, slots: DeviceSliceMut<'a, i32>) -> Result<Self, ShapeError> {
        shape.check_storage(slots.len())?;
        Ok(Self { shape, slots })
    }

    /// The table to be read, as long as this is borrowed.
    #[must_use]
    pub fn as_ref(&self) -> ReqToToken<'_> {
        ReqToToken { shape: self.shape, slots: self.slots.as_slice() }
    }

    /// The same table for as long as this is borrowed.
    #[must_use]
    pub fn reborrow(&mut self) -> ReqToTokenMut<'_> {
        ReqToTokenMut { shape: self.shape, slots: self.slots.reborrow() }
    }

    /// The shape.
    #[must_use]
    pub const fn shape(&self) -> TableShape {
        self.shape
    }

    /// The storage, row after row, `row_stride` elements apart.
    pub(crate) const fn slots(&self) -> &DeviceSliceMut<'a, i32> {
        &self.slots
    }
}
