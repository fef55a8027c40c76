//! Device memory that we own.

#![allow(unsafe_code, reason = "memory is freed")]

use std::marker::PhantomData;

use crate::acl::DeviceMemory;
use crate::{DeviceSlice, DeviceSliceMut, Error, Int, Result, ShapeError, Stream, Unreported};

/// An array in device memory. Its home is a stream: all work on it goes there, in order.
///
/// Dropping it makes no device call: its memory is freed by the next call that waits for its home stream, or by
/// [`Device::reclaim`](crate::Device::reclaim). An empty one has no memory.
#[derive(Debug)]
pub struct DeviceBuffer<T: Int> {
    memory: Option<DeviceMemory>,
    len: usize,
    home: Stream,
    elements: PhantomData<T>,
}

impl<T: Int> DeviceBuffer<T> {
    /// `len` zeros. Blocking.
    ///
    /// # Errors
    /// [`Error::Acl`] (out of memory among them, after [`Device::reclaim`](crate::Device::reclaim) was tried, unless a
    /// stream that is known here is being captured; and the code of work that failed elsewhere, where that has met it, as
    /// by [`Device::new_stream`](crate::Device::new_stream)), [`Error::Capturing`], [`Error::DeviceLost`],
    /// [`ShapeError::TooLarge`].
    pub fn zeroed(home: &Stream, len: usize) -> Result<Self> {
        let buffer = Self::uninitialised(home, len)?;
        if let Some(memory) = &buffer.memory {
            home.clear(memory)?;
        }
        home.settle()?;
        Ok(buffer)
    }

    /// A copy of `data`. Blocking.
    ///
    /// # Errors
    /// As [`zeroed`](Self::zeroed).
    pub fn from_host(home: &Stream, data: &[T]) -> Result<Self> {
        let mut buffer = Self::uninitialised(home, data.len())?;
        buffer.as_slice_mut().copy_from_host(home, data)?;
        Ok(buffer)
    }

    fn uninitialised(home: &Stream, len: usize) -> Result<Self> {
        let max = isize::MAX.unsigned_abs() / size_of::<T>();
        if len > max {
            return Err(ShapeError::TooLarge { argument: "buffer", value: len, max }.into());
        }
        let memory = if len == 0 { None } else { Some(home.allocate(len * size_of::<T>())?) };
        Ok(Self { memory, len, home: home.clone(), elements: PhantomData })
    }

    /// Copies all of it to the host, once the home stream is done with it. Blocking. Reports no fault of what filled it:
    /// `buffer.copy_to_host(&mut to)?.report()?` does.
    ///
    /// # Errors
    /// [`ShapeError::CopyLength`] where `to` has another length; [`Error::Acl`], [`Error::Capturing`],
    /// [`Error::DeviceLost`].
    pub fn copy_to_host(&self, to: &mut [T]) -> Result<Unreported<'_>> {
        self.as_slice().copy_to_host(&self.home, to)
    }

    /// All of it, on the host: [`copy_to_host`](Self::copy_to_host) into a new `Vec`. Blocking. Reports no fault.
    ///
    /// # Errors
    /// As [`copy_to_host`](Self::copy_to_host).
    pub fn to_vec(&self) -> Result<Vec<T>> {
        let mut all = vec![T::from_slot(0); self.len];
        self.copy_to_host(&mut all)?;
        Ok(all)
    }

    /// Copies host memory of the same length into it, once the home stream is done with it. Blocking. Of a part:
    /// [`DeviceSliceMut::copy_from_host`]; without waiting: [`DeviceSliceMut::upload`].
    ///
    /// # Errors
    /// [`ShapeError::CopyLength`] where `from` has another length; [`Error::Acl`], [`Error::Capturing`],
    /// [`Error::DeviceLost`].
    pub fn copy_from_host(&mut self, from: &[T]) -> Result<()> {
        let home = self.home.clone();
        self.as_slice_mut().copy_from_host(&home, from)
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// The stream that all work on it goes to.
    #[must_use]
    pub fn home(&self) -> &Stream {
        &self.home
    }

    /// All of it, to be read.
    #[must_use]
    pub fn as_slice(&self) -> DeviceSlice<'_, T> {
        DeviceSlice::owned(self.memory.as_ref().map(DeviceMemory::address), self.len, &self.home)
    }

    /// All of it, to be written.
    #[must_use]
    pub fn as_slice_mut(&mut self) -> DeviceSliceMut<'_, T> {
        DeviceSliceMut::owned(self.memory.as_ref().map(DeviceMemory::address), self.len, &self.home)
    }

    /// Makes another stream of the same device its home: what is enqueued there from here on waits, on the device, for
    /// what the old home has to do. The host does not wait.
    ///
    /// # Errors
    /// [`Error::WrongHome`] for a stream of another device; [`Error::Capturing`] where one of the two is being captured;
    /// [`Error::Acl`], [`Error::DeviceLost`]. The home is then the old one.
    pub fn move_to(&mut self, stream: &Stream) -> Result<()> {
        if stream.device().id() != self.home.device().id() {
            return Err(Error::WrongHome { argument: "stream", scope: "device" });
        }
        if stream.id() != self.home.id() {
            // In a capture, events order the graph alone: the buffer could be freed while its old home is at work on it.
            self.home.refuse_capture()?;
            stream.refuse_capture()?;
            stream.wait(&self.home.record()?)?;
            self.home = stream.clone();
        }
        Ok(())
    }

    /// Frees the memory once the home stream is done with it. Blocking.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`]. Where the wait failed, the memory is freed later, as if it was dropped.
    pub fn close(mut self) -> Result<()> {
        self.home.settle()?;
        match self.memory.take() {
            // SAFETY: the home stream, where all work on it went, has just come to its end, and it is taken by value.
            Some(memory) => self.home.within(|api| unsafe { api.free(memory) }),
            None => Ok(()),
        }
    }
}

/// For what shares it.
impl<T: Int> DeviceBuffer<T> {
    pub(crate) fn into_parts(mut self) -> (Option<DeviceMemory>, usize, Stream) {
        (self.memory.take(), self.len, self.home.clone())
    }

    pub(crate) fn from_parts(memory: Option<DeviceMemory>, len: usize, home: Stream) -> Self {
        Self { memory, len, home, elements: PhantomData }
    }
}

impl<T: Int> Drop for DeviceBuffer<T> {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.home.garbage().add_memory(memory);
        }
    }
}
