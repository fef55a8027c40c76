//! Copies: to the host and from it at once, and on the device.

#![allow(unsafe_code, reason = "what device addresses hold is copied")]

use crate::{DeviceSlice, DeviceSliceMut, Error, Int, Result, ShapeError, Stream};

/// Where AscendCL's copies on the device begin.
const ALIGNMENT: u64 = 64;

impl<T: Int> DeviceSlice<'_, T> {
    /// Copies it to host memory of the same length, once everything on `stream` is done. Blocking. Work of other streams
    /// on memory that is not an owned buffer's is the caller's to order. Reports no fault: see [`Unreported`].
    ///
    /// # Errors
    /// [`ShapeError::CopyLength`], [`Error::WrongHome`], [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`].
    pub fn copy_to_host<'s>(&self, stream: &'s Stream, to: &mut [T]) -> Result<Unreported<'s>> {
        check_copy(to.len(), self.len())?;
        self.home().check("buffer", stream)?;
        stream.settle()?;
        let copied = Unreported(stream);
        let Some(from) = self.memory().filter(|_| !to.is_empty()) else { return Ok(copied) };
        // SAFETY: T is i32 or i64: any bytes are a value of it.
        let bytes = unsafe { std::slice::from_raw_parts_mut(to.as_mut_ptr().cast(), size_of_val(to)) };
        // SAFETY: as long as the slice, whose work is done or is the caller's to order.
        stream.within(|api| unsafe { api.copy_to_host(bytes, from) }).map(|()| copied)
    }
}

impl<T: Int> DeviceSliceMut<'_, T> {
    /// Copies host memory of the same length into it, once everything on `stream` is done. Blocking. Work of other
    /// streams on memory that is not an owned buffer's is the caller's to order.
    ///
    /// # Errors
    /// [`ShapeError::CopyLength`], [`Error::WrongHome`], [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`].
    pub fn copy_from_host(&mut self, stream: &Stream, from: &[T]) -> Result<()> {
        check_copy(from.len(), self.len())?;
        self.home().check("buffer", stream)?;
        stream.settle()?;
        let Some(to) = self.memory().filter(|_| !from.is_empty()) else { return Ok(()) };
        // SAFETY: i32 and i64 have no padding.
        let bytes = unsafe { std::slice::from_raw_parts(from.as_ptr().cast(), size_of_val(from)) };
        // SAFETY: as long as the slice, whose work is done or is the caller's to order.
        stream.within(|api| unsafe { api.copy_to_device(to, bytes) })
    }

    /// Enqueues a copy of device memory of the same length, of the same device: one task, no wait but for room.
    ///
    /// # Errors
    /// [`ShapeError::CopyLength`]; [`Error::WrongHome`] of either; [`Error::BadAddress`] where one of them does not begin on
    /// 64 bytes, as AscendCL wants it, or where they overlap; [`Error::Acl`], [`Error::DeviceLost`].
    pub fn copy_from_device(&mut self, stream: &Stream, from: DeviceSlice<'_, T>) -> Result<()> {
        check_copy(from.len(), self.len())?;
        self.home().check("to", stream)?;
        from.home().check("from", stream)?;
        let (Some(to), Some(source)) = (self.memory(), from.memory()) else { return Ok(()) };
        let (here, there) = (self.bytes(), from.bytes());
        if here.is_empty() {
            return Ok(());
        }
        for (argument, address) in [("to", here.start), ("from", there.start)] {
            if !address.is_multiple_of(ALIGNMENT) {
                return Err(Error::BadAddress { argument, address, reason: "does not begin on 64 bytes" });
            }
        }
        if here.start < there.end && there.start < here.end {
            return Err(Error::BadAddress { argument: "to", address: here.start, reason: "overlaps what is copied" });
        }
        let (bytes, raw) = (size_of::<T>() * self.len(), &stream.state().raw);
        // SAFETY: as long as the slices, which are checked; owned memory is freed behind it in stream order, the rest is
        // the caller's to keep and to order.
        stream.within(|api| unsafe { api.copy_on_device_async(to, source, bytes, raw) })
    }
}

/// What was copied to the host, with the faults of the stream's launches not yet reported.
#[derive(Debug)]
pub struct Unreported<'a>(&'a Stream);

impl Unreported<'_> {
    /// Reports them, as [`Stream::synchronize`] does. The copy holds what the valid rows gave in any case.
    ///
    /// # Errors
    /// As [`Stream::synchronize`].
    pub fn report(self) -> Result<()> {
        self.0.synchronize()
    }
}

pub(crate) fn check_copy(host: usize, device: usize) -> Result<()> {
    if host != device {
        return Err(ShapeError::CopyLength { host, device }.into());
    }
    Ok(())
}
