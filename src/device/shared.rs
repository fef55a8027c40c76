//! Device memory that several streams read.

use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::garbage::Dropped;
use crate::acl::DeviceMemory;
use crate::{DeviceBuffer, DeviceSlice, Error, Event, Int, Result, Stream};

/// An array in device memory that no longer changes, to be read on any stream of its device: see
/// [`DeviceBuffer::share`]. A handle: clones are the same memory.
///
/// Dropping the last handle makes no device call: the memory is freed once its home and every stream that
/// [read](Self::on) it have been waited for since, by the calls that free what was dropped on a stream. Until the drop it
/// keeps a handle of each of them.
///
/// ```
/// # #[cfg(feature = "sim")]
/// # fn main() -> ascend_cache_loc::Result<()> {
/// # use ascend_cache_loc::{Device, DeviceBuffer};
/// # let device = Device::open_sim(Default::default())?;
/// let (one, other) = (device.new_stream()?, device.new_stream()?);
/// let table = DeviceBuffer::from_host(&one, &[10_i32, 11, 12])?.share()?;
/// let mut copy = DeviceBuffer::<i32>::zeroed(&other, 3)?;
/// copy.as_slice_mut().copy_from_device(&other, table.on(&other)?)?;
/// assert_eq!(copy.to_vec()?, [10, 11, 12]);
/// # Ok(())
/// # }
/// # #[cfg(not(feature = "sim"))]
/// # fn main() {}
/// ```
///
/// Nothing writes to it:
/// ```compile_fail,E0599
/// # use ascend_cache_loc::SharedBuffer;
/// fn write(mut table: SharedBuffer<i32>) {
///     table.as_slice_mut();
/// }
/// ```
/// ```compile_fail,E0382
/// # use ascend_cache_loc::{DeviceBuffer, Result};
/// fn write(mut table: DeviceBuffer<i32>) -> Result<()> {
///     let shared = table.share()?;
///     table.as_slice_mut();
///     Ok(())
/// }
/// ```
pub struct SharedBuffer<T: Int> {
    shared: Arc<Shared>,
    elements: PhantomData<T>,
}

/// What the handles share.
struct Shared {
    /// `None` of an empty one, and in the drop.
    memory: Option<DeviceMemory>,
    len: usize,
    home: Stream,
    /// Behind what filled it.
    filled: Event,
    /// The other streams that read it. Locked for a moment only.
    readers: Mutex<Vec<Stream>>,
}

impl<T: Int> DeviceBuffer<T> {
    /// Makes it readable on every stream of its device. One task on the home stream: an event, behind what fills it.
    ///
    /// # Errors
    /// [`Error::Capturing`] where the home stream is being captured; [`Error::Acl`], [`Error::DeviceLost`]. The buffer is
    /// then dropped.
    pub fn share(self) -> Result<SharedBuffer<T>> {
        self.home().refuse_capture()?;
        let filled = self.home().record()?;
        let (memory, len, home) = self.into_parts();
        let shared = Arc::new(Shared { memory, len, home, filled, readers: Mutex::default() });
        Ok(SharedBuffer { shared, elements: PhantomData })
    }
}

impl<T: Int> SharedBuffer<T> {
    /// All of it, to be read on a stream. Of another stream than its home, the first call makes what is enqueued there from
    /// here on wait, on the device, for what fills the buffer: one task. Later ones enqueue nothing. The host does not wait,
    /// but for room. Before a capture that reads it, call this once.
    ///
    /// # Errors
    /// [`Error::WrongHome`] for a stream of another device. Of the first call for a stream: [`Error::Capturing`],
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn on(&self, stream: &Stream) -> Result<DeviceSlice<'_, T>> {
        let Shared { memory, len, home, filled, .. } = &*self.shared;
        if stream.device().id() != home.device().id() {
            return Err(Error::WrongHome { argument: "stream", scope: "device" });
        }
        let known = |readers: &[Stream]| readers.iter().any(|reader| reader.id() == stream.id());
        if stream.id() != home.id() && !known(&self.shared.readers()) {
            // A wait in a capture would order the graph alone.
            stream.refuse_capture()?;
            // Two threads may both come here: the second wait does no harm, and only behind one is the stream a reader.
            stream.wait(filled)?;
            let mut readers = self.shared.readers();
            if !known(&readers) {
                readers.push(stream.clone());
            }
        }
        Ok(DeviceSlice::owned(memory.as_ref().map(DeviceMemory::address), *len, stream))
    }

    /// The buffer again, to be written, where this is the only handle; else `None`, and the other handles keep it (of
    /// several threads that ask at once, exactly one gets it). What is enqueued on the home stream from here on waits, on the
    /// device, for every stream that read it: two tasks for each.
    ///
    /// # Errors
    /// [`Error::Capturing`] where one of these streams is being captured; [`Error::Acl`], [`Error::DeviceLost`]. The handle
    /// is then dropped.
    pub fn into_buffer(self) -> Result<Option<DeviceBuffer<T>>> {
        let Some(mut shared) = Arc::into_inner(self.shared) else { return Ok(None) };
        let readers = shared.readers().clone();
        for reader in &readers {
            shared.home.refuse_capture()?;
            reader.refuse_capture()?;
            shared.home.wait(&reader.record()?)?;
        }
        Ok(Some(DeviceBuffer::from_parts(shared.memory.take(), shared.len, shared.home.clone())))
    }

    /// The number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        self.shared.len
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.shared.len == 0
    }

    /// The stream that filled it.
    #[must_use]
    pub fn home(&self) -> &Stream {
        &self.shared.home
    }
}

impl Shared {
    fn readers(&self) -> MutexGuard<'_, Vec<Stream>> {
        self.readers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Int> Clone for SharedBuffer<T> {
    fn clone(&self) -> Self {
        Self { shared: self.shared.clone(), elements: PhantomData }
    }
}

impl<T: Int> fmt::Debug for SharedBuffer<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let address = self.shared.memory.as_ref().map_or(0, |memory| memory.address().get());
        write!(f, "SharedBuffer({address:#x}, {} elements)", self.len())
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        let Some(memory) = self.memory.take().map(Arc::new) else { return };
        // Each list has one, and nobody else: whoever takes the last frees it.
        for reader in std::mem::take(&mut *self.readers()) {
            reader.garbage().add(Dropped::Shared(memory.clone()));
        }
        self.home.garbage().add(Dropped::Shared(memory));
    }
}
