//! A stream: what is enqueued on it runs in order, while the host goes on.

#![allow(unsafe_code, reason = "streams of others are borrowed, and work on memory is enqueued")]

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

use super::fault_log::{FaultLog, Read};
use super::garbage::{Garbage, Owner, leaked};
use super::registry::Owned;
use super::state::{Borrowed, StreamState};
use crate::acl::{self, Api, DeviceMemory, RawEvent, RawStream};
use crate::{Device, Error, Result};

/// A queue of work on a device: a stream of ours, or one of another runtime that is borrowed.
///
/// A handle: clones are the same stream. Owned buffers have a stream as their home, and all work on them goes there, so
/// that nothing is freed or copied while it is in use.
///
/// Dropping the last handle of an owned stream leaves the stream to its [`Device`], which destroys it in
/// [`reclaim`](Device::reclaim), or when streams or memory run out. Dropping a borrowed one does nothing: see
/// [`retire`](Self::retire).
///
/// # What each call costs
///
/// | call | tasks | waits |
/// |---|---|---|
/// | an operation | 1 | no; for room only |
/// | [`record`](Self::record), [`wait`](Self::wait) | 1 | no; for room only |
/// | [`Graph::replay`](crate::Graph::replay) | a few, whatever it holds | no; for room only |
/// | [`fault_check`](Self::fault_check) | 3 | no; for room only |
/// | [`synchronize`](Self::synchronize), [`take_fault`](Self::take_fault) | 2 after a launch | for the stream |
/// | [`synchronize_timeout`](Self::synchronize_timeout) | 2 after a launch, once the stream has come to its end | for the stream, so long |
///
/// *Room*: a stream's task queue is finite (about 2,000 tasks on Atlas A2; users report about 1,800). What enqueues while
/// it is full waits until the device has taken a task, behind a hang for ever; AscendCL has no call that tells how full
/// it is.
#[derive(Clone)]
pub struct Stream {
    device: Device,
    kind: Kind,
}

/// Whose a stream is, and what its handles keep alive.
#[derive(Clone)]
enum Kind {
    Borrowed(Borrowed, #[expect(dead_code, reason = "kept alive")] Option<Owner>),
    Owned(Arc<Owned>),
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owned = matches!(self.kind, Kind::Owned(_));
        let device = self.device.ordinal();
        f.debug_struct("Stream").field("device", &device).field("raw", &self.as_raw()).field("owned", &owned).finish()
    }
}

impl Device {
    /// A new stream of the device. Where streams or memory have run out, those that were dropped are
    /// [reclaimed](Self::reclaim) first, which waits. While another thread reclaims, AscendCL makes no stream: it waits for
    /// that too.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`]. Among the codes can be that of work which failed elsewhere on the device, where
    /// the wait has met it: AscendCL tells it once.
    pub fn new_stream(&self) -> Result<Stream> {
        Stream::create(self)
    }
}

/// Making streams.
impl Stream {
    fn create(device: &Device) -> Result<Self> {
        let context = device.context();
        let raw = device.with_room(context, Api::create_stream)?;
        let log = match device.new_log(context) {
            Ok(log) => log,
            Err(error) => {
                // SAFETY: made above, and nothing was enqueued on it.
                let destroyed = device.within(context, None, |api| unsafe { api.destroy_stream(raw) });
                leaked("a stream", destroyed);
                return Err(error);
            }
        };
        // From here on a failure leaves the stream to the device, which waits before it destroys.
        let owned = Owned::new(device.streams(), StreamState::new(context, raw, log));
        let stream = Self { device: device.clone(), kind: Kind::Owned(Arc::new(owned)) };
        stream.within(|api| stream.state().log.clear(api, &stream.state().raw))?;
        if let Kind::Owned(owned) = &stream.kind {
            device.streams().keep_owned(owned);
        }
        Ok(stream)
    }

    /// A stream of another runtime, an `aclrtStream` of the context that is current on this thread; null is that
    /// context's default stream. It is never destroyed by this crate. On a thread that has no context, or none but what a
    /// call of this crate has left there, the device's default context is meant, the one that `aclrtSetDevice` makes
    /// current.
    ///
    /// Borrowed once, it is known: borrowing it again in the same context allocates nothing and gives the same fault log
    /// and free list, until it is [retired](Self::retire).
    ///
    /// # Errors
    /// - [`Error::WrongHome`] where the current context is of another device.
    /// - [`Error::Capturing`] where it is borrowed for the first time while it is captured.
    /// - [`Error::Acl`], [`Error::DeviceLost`].
    ///
    /// # Safety
    /// - `raw` is null, or a stream of the context that is current. It is destroyed once its work is done, as AscendCL
    ///   asks, and outlives every handle of this stream, the last call on it, and each [`reclaim`](Device::reclaim) that began before the last handle went (calls that find memory
    ///   or streams short run it); so does the context. Another stream that gets the same address later is taken for it,
    ///   unless this one was [retired](Self::retire).
    /// - A launch goes to the device at once. It overtakes kernels that torch_npu still holds in its own task queue for
    ///   this stream: drain that, or set `TASK_QUEUE_ENABLE=0`.
    pub unsafe fn borrow_raw(device: &Device, raw: *mut c_void) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::borrow(device, raw, None) }
    }

    /// [`borrow_raw`](Self::borrow_raw) with something that keeps the stream alive; the handle holds it.
    ///
    /// # Errors
    /// As [`borrow_raw`](Self::borrow_raw).
    ///
    /// # Safety
    /// As [`borrow_raw`](Self::borrow_raw), where the stream and its context live as long as `owner`.
    pub unsafe fn borrow_with_owner(
        device: &Device,
        raw: *mut c_void,
        owner: Arc<dyn Any + Send + Sync>,
    ) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::borrow(device, raw, Some(owner)) }
    }

    unsafe fn borrow(device: &Device, raw: *mut c_void, owner: Option<Owner>) -> Result<Self> {
        let context = device.caller_context()?;
        // SAFETY: the caller's promise: a stream of this context, which is current whenever it is used.
        let raw = unsafe { RawStream::borrowed(raw) };
        let handle = match device.streams().borrowed(context, &raw) {
            Some(handle) => handle,
            None => {
                let log = device.new_log(context)?;
                device.streams().keep_borrowed(StreamState::new(context, raw, log))
            }
        };
        let stream = Self { device: device.clone(), kind: Kind::Borrowed(handle, owner) };
        // The first time; and again, where that failed.
        if !stream.log().is_cleared() {
            let raw = &stream.state().raw;
            stream.within(|api| refuse_capture(api, raw).and_then(|()| Ok(stream.log().clear(api, raw)?)))?;
        }
        Ok(stream)
    }

    /// Says that a borrowed stream is gone, or about to be destroyed by its owner: its fault log serves other streams, and
    /// what was dropped on it is freed. Otherwise the crate keeps both for ever. Waits for a
    /// [`reclaim`](Device::reclaim) that is under way, not for the device. An owned stream is merely dropped.
    ///
    /// # Errors
    /// The stream itself, where it has other handles: clones, buffers at home on it, events, checks and graphs.
    ///
    /// # Safety
    /// All work on the stream is done, and no graph that captured an operation on it runs again: its kernels write to the
    /// fault log.
    pub unsafe fn retire(self) -> Result<(), Self> {
        let Kind::Borrowed(handle, _) = &self.kind else { return Ok(()) };
        if !self.device.streams().release_borrowed(handle) {
            return Err(self);
        }
        let Self { device, kind: Kind::Borrowed(Borrowed { state, .. }, _) } = self else { return Ok(()) };
        // The only handle, as just seen.
        if let Some(state) = Arc::into_inner(state) {
            // SAFETY: the caller's promise.
            drop(unsafe { device.scrap(state, |_, _| Ok(())) });
        }
        Ok(())
    }

    /// The `aclrtStream`; null for a default stream. What is enqueued on it directly runs in order with the rest.
    #[must_use]
    pub fn as_raw(&self) -> *mut c_void {
        self.state().raw.raw()
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }
}

/// For the other parts of the crate.
impl Stream {
    pub(crate) fn state(&self) -> &StreamState {
        match &self.kind {
            Kind::Borrowed(handle, _) => &handle.state,
            Kind::Owned(owned) => owned.state(),
        }
    }

    /// Runs `f` in the stream's context.
    pub(crate) fn within<T, E: From<acl::Error> + Into<Error>>(
        &self,
        f: impl FnOnce(&Api) -> Result<T, E>,
    ) -> Result<T> {
        self.device.within(self.state().context, self.state().last_launch(), f)
    }

    /// Memory for an owned buffer; `bytes` is not 0.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<DeviceMemory> {
        self.device.with_room(self.state().context, |api| api.malloc(bytes))
    }

    /// Enqueues the clearing of an owned buffer's memory, which is at home here.
    pub(crate) fn clear(&self, memory: &DeviceMemory) -> Result<()> {
        let raw = &self.state().raw;
        // SAFETY: the buffer's memory is freed behind it, in stream order.
        self.within(|api| refuse_capture(api, raw).and_then(|()| Ok(unsafe { api.clear_async(memory, raw) }?)))
    }

    /// Refuses a stream that is being captured.
    pub(crate) fn refuse_capture(&self) -> Result<()> {
        self.within(|api| refuse_capture(api, &self.state().raw))
    }

    pub(crate) fn garbage(&self) -> &Garbage {
        &self.state().garbage
    }

    pub(crate) fn event_done(&self, event: &RawEvent) -> Result<bool> {
        self.within(|api| api.event_done(event))
    }

    /// See [`Device::finish`].
    ///
    /// # Safety
    /// As there.
    #[must_use]
    pub(crate) unsafe fn finish(&self, drops: u64, reads: u64, own: Option<Read>) -> Vec<Owner> {
        // SAFETY: the caller's promise.
        unsafe { self.device.finish(self.state(), drops, reads, own) }
    }

    /// Handles of the other streams that are in the capture that this one is in. Of a borrowed one the owner is not known.
    pub(crate) fn captured_with(&self) -> Result<Vec<Self>> {
        let (this, device) = (self.state(), &self.device);
        let capture = self.within(|api| api.capture_of(&this.raw))?;
        let mut failed = Ok(());
        let (borrowed, owned) = device.streams().handles_where(|(context, raw)| {
            if context != this.context || *raw == this.raw {
                return false;
            }
            match device.within(context, None, |api| api.capture_of(raw)) {
                Ok(other) => other.is_some() && other == capture,
                Err(error) => {
                    failed = Err(error);
                    false
                }
            }
        });
        let borrowed = borrowed.into_iter().map(|handle| Kind::Borrowed(handle, None));
        let kinds = borrowed.chain(owned.into_iter().map(Kind::Owned));
        failed.map(|()| kinds.map(|kind| Self { device: device.clone(), kind }).collect())
    }

    pub(crate) fn log(&self) -> &FaultLog {
        &self.state().log
    }

    /// Device address of the fault log.
    pub(crate) fn fault_log(&self) -> u64 {
        self.state().log.address()
    }

    pub(crate) fn id(&self) -> NonZeroU64 {
        NonZeroU64::new(self.state().id).expect("counts up from 1")
    }
}

/// What would become part of a capture, or end in one, is refused before AscendCL is asked.
pub(crate) fn refuse_capture(api: &Api, raw: &RawStream) -> Result<()> {
    if api.is_captured(raw)? { Err(Error::Capturing) } else { Ok(()) }
}
