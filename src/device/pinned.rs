//! Pinned host memory, and uploads from it that nobody waits for.

#![allow(unsafe_code, reason = "pinned memory is read and written, and copies from it are enqueued")]

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use super::copies::check_copy;
use super::garbage::Dropped;
use crate::acl::PinnedMemory;
use crate::{DeviceSliceMut, Error, Event, Int, Result, ShapeError, Stream};

/// An array in pinned host memory, which the device copies from while the host goes on: see [`DeviceSliceMut::upload`].
///
/// Dropping it makes no device call: its memory is freed with what is dropped on the stream that it was made with.
pub struct PinnedBuffer<T: Int> {
    /// `None` of an empty one, and in the drop.
    memory: Option<PinnedMemory>,
    len: usize,
    home: Stream,
    elements: PhantomData<T>,
}

impl<T: Int> PinnedBuffer<T> {
    /// `len` zeros, for uploads to the stream's device. Waits for no stream; not for a loop: AscendCL may take long.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`], [`ShapeError::TooLarge`].
    pub fn zeroed(stream: &Stream, len: usize) -> Result<Self> {
        let max = isize::MAX.unsigned_abs() / size_of::<T>();
        if len > max {
            return Err(ShapeError::TooLarge { argument: "pinned", value: len, max }.into());
        }
        let memory = match len {
            0 => None,
            _ => Some(stream.within(|api| api.malloc_host(len * size_of::<T>()))?),
        };
        Ok(Self { memory, len, home: stream.clone(), elements: PhantomData })
    }

    fn start(&self) -> *mut T {
        self.memory.as_ref().map_or(std::ptr::dangling_mut(), |memory| memory.start().cast())
    }
}

impl<T: Int> Deref for PinnedBuffer<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // SAFETY: `len` elements, on 64 bytes, of which each byte has a value, and any bytes are a value of i32 and i64; the
        // device only ever reads them. Of an empty one no bytes.
        unsafe { std::slice::from_raw_parts(self.start(), self.len) }
    }
}

impl<T: Int> DerefMut for PinnedBuffer<T> {
    fn deref_mut(&mut self) -> &mut [T] {
        // SAFETY: as above; and no copy from it is under way, since an upload holds the buffer.
        unsafe { std::slice::from_raw_parts_mut(self.start(), self.len) }
    }
}

impl<T: Int> fmt::Debug for PinnedBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PinnedBuffer({} elements)", self.len)
    }
}

impl<T: Int> Drop for PinnedBuffer<T> {
    fn drop(&mut self) {
        if let Some(memory) = self.memory.take() {
            self.home.garbage().add(Dropped::Pinned(memory));
        }
    }
}

/// A copy to the device that is under way, and the pinned memory that it comes from.
///
/// Dropped, it leaves the memory to the stream, which frees it with what is dropped there; forgotten, the memory is leaked.
#[derive(Debug)]
#[must_use = "it has the pinned memory"]
pub struct Upload<T: Int> {
    pinned: PinnedBuffer<T>,
    /// Behind the copy.
    done: Event,
}

impl<T: Int> Upload<T> {
    /// Whether the device has copied it: [`into_pinned`](Self::into_pinned) does not wait then. Never blocks.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn is_done(&self) -> Result<bool> {
        self.done.is_done()
    }

    /// The pinned memory again, to be filled anew. Waits for the stream where the device has not copied it.
    ///
    /// # Errors
    /// [`Error::Capturing`], [`Error::Acl`], [`Error::DeviceLost`]: the upload is then dropped.
    pub fn into_pinned(mut self) -> Result<PinnedBuffer<T>> {
        if !self.is_done()? {
            self.done.stream().settle()?;
        }
        let PinnedBuffer { memory, len, home, elements } = &mut self.pinned;
        Ok(PinnedBuffer { memory: memory.take(), len: *len, home: home.clone(), elements: *elements })
    }
}

impl<T: Int> Drop for Upload<T> {
    fn drop(&mut self) {
        // On the list of the stream that copies it, which need not be the one that the buffer was made with.
        if let Some(memory) = self.pinned.memory.take() {
            self.done.stream().garbage().add(Dropped::Pinned(memory));
        }
    }
}

impl<T: Int> DeviceSliceMut<'_, T> {
    /// Enqueues a copy of pinned memory into all of the slice: the first elements of a longer one. Two tasks: the copy, and
    /// an event behind it; no wait but for room. The memory comes back by [`Upload::into_pinned`].
    ///
    /// # Errors
    /// [`ShapeError::CopyLength`] where `from` is shorter; [`Error::WrongHome`] of the slice, or of pinned memory of another
    /// device; [`Error::Capturing`]: a graph would copy what is there when it is replayed; [`Error::Acl`],
    /// [`Error::DeviceLost`]. `from` is then dropped.
    pub fn upload(&mut self, stream: &Stream, from: PinnedBuffer<T>) -> Result<Upload<T>> {
        check_copy(from.len.min(self.len()), self.len())?;
        self.home().check("to", stream)?;
        if from.home.device().id() != stream.device().id() {
            return Err(Error::WrongHome { argument: "from", scope: "device" });
        }
        stream.refuse_capture()?;
        let (bytes, raw) = (size_of::<T>() * self.len(), &stream.state().raw);
        let mut from = from;
        let copied = match (self.memory(), &from.memory) {
            (Some(to), Some(pinned)) if bytes != 0 => {
                // SAFETY: both hold the bytes. The pinned memory is given back behind the copy alone: what fails below leaves
                // it to this stream's list, as the drop of an upload does. The slice's memory is freed behind the copy in
                // stream order, or the caller's to keep and to order.
                stream.within(|api| unsafe { api.copy_from_pinned_async(to, pinned, bytes, raw) })
            }
            _ => Ok(()),
        };
        match copied.and_then(|()| stream.record()) {
            Ok(done) => Ok(Upload { pinned: from, done }),
            Err(error) => {
                // The copy may be on its way.
                from.home = stream.clone();
                Err(error)
            }
        }
    }
}
