//! A stream: what is enqueued on it runs in order, while the host goes on.

#![allow(unsafe_code, reason = "streams of others are borrowed, and work on memory is enqueued")]

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::fault_log::{FaultLog, Read};
use super::garbage::Garbage;
use crate::abi::{self, Operation, ParameterBlock};
use crate::acl::next_id;
use crate::acl::{Api, Context, DeviceMemory, RawEvent, RawStream};
use crate::{Device, DeviceFault, Error, Event, FaultCheck, LaunchId, Result, logging};

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
    Borrowed(Borrowed, #[expect(dead_code, reason = "kept alive")] Option<Arc<dyn Any + Send + Sync>>),
    Owned(Arc<Owned>),
}

/// A handle of a borrowed stream, counted apart from the device and those who reclaim, which keep the state too.
#[derive(Clone)]
pub(crate) struct Borrowed {
    pub(crate) state: Arc<StreamState>,
    #[expect(dead_code, reason = "counted")]
    count: Arc<()>,
}

impl Borrowed {
    pub(crate) fn of(state: &Arc<StreamState>) -> Self {
        Self { state: state.clone(), count: state.handles.clone() }
    }
}

/// All handles of an owned stream share one; its drop hands the stream to the device.
pub(crate) struct Owned {
    device: Device,
    /// `None` in the drop alone.
    state: Option<StreamState>,
}

impl Owned {
    pub(crate) fn state(&self) -> &StreamState {
        self.state.as_ref().expect("there until the drop")
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            state.log.log_known();
            self.device.orphan(state);
        }
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

#[derive(Debug)]
pub(crate) struct StreamState {
    pub(crate) id: u64,
    pub(crate) context: Context,
    pub(crate) raw: RawStream,
    pub(crate) log: FaultLog,
    pub(crate) garbage: Garbage,
    last_launch: AtomicU64,
    /// Of a borrowed stream: its own, and one for each handle.
    pub(crate) handles: Arc<()>,
}

impl StreamState {
    pub(crate) fn new(context: Context, raw: RawStream, log: FaultLog) -> Self {
        let (garbage, last_launch, handles) = (Garbage::default(), AtomicU64::new(0), Arc::default());
        Self { id: next_id(), context, raw, log, garbage, last_launch, handles }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owned = matches!(self.kind, Kind::Owned(_));
        let device = self.device.ordinal();
        f.debug_struct("Stream").field("device", &device).field("raw", &self.as_raw()).field("owned", &owned).finish()
    }
}

/// Making streams.
impl Stream {
    pub(crate) fn create(device: &Device) -> Result<Self> {
        let context = device.context();
        let raw = device.with_room(context, Api::create_stream)?;
        let log = match device.new_log(context) {
            Ok(log) => log,
            Err(error) => {
                // SAFETY: made above, and nothing was enqueued on it.
                let destroyed = device.within(context, None, |api| unsafe { api.destroy_stream(raw) });
                super::garbage::leaked("a stream", destroyed);
                return Err(error);
            }
        };
        // From here on a failure leaves the stream to the device, which waits before it destroys.
        let owned = Owned { device: device.clone(), state: Some(StreamState::new(context, raw, log)) };
        let stream = Self { device: device.clone(), kind: Kind::Owned(Arc::new(owned)) };
        stream.within(|api| stream.state().log.clear(api, &stream.state().raw))?;
        if let Kind::Owned(owned) = &stream.kind {
            device.keep_owned(owned);
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

    unsafe fn borrow(device: &Device, raw: *mut c_void, owner: Option<Arc<dyn Any + Send + Sync>>) -> Result<Self> {
        let context = device.caller_context()?;
        // SAFETY: the caller's promise: a stream of this context, which is current whenever it is used.
        let raw = unsafe { RawStream::borrowed(raw) };
        let handle = match device.borrowed(context, &raw) {
            Some(handle) => handle,
            None => {
                let log = device.new_log(context)?;
                device.keep_borrowed(StreamState::new(context, raw, log))
            }
        };
        let stream = Self { device: device.clone(), kind: Kind::Borrowed(handle, owner) };
        // The first time; and again, where that failed.
        if !stream.log().is_cleared() {
            let raw = &stream.state().raw;
            stream.within(|api| refuse_capture(api, raw).and_then(|()| stream.log().clear(api, raw)))?;
        }
        Ok(stream)
    }

    /// Says that a borrowed stream is gone, or about to be destroyed by its owner: its fault log serves other streams, and
    /// what was dropped on it is freed. Otherwise the crate keeps both for ever. Waits for a
    /// [`reclaim`](Device::reclaim) that is under way, not for the device. An owned stream is merely dropped.
    ///
    /// # Errors
    /// The stream itself, where it has other handles: clones, buffers at home on it, events and checks.
    ///
    /// # Safety
    /// All work on the stream is done, and no graph that captured an operation on it runs again: its kernels write to the
    /// fault log.
    pub unsafe fn retire(self) -> Result<(), Self> {
        let Kind::Borrowed(handle, _) = &self.kind else { return Ok(()) };
        if !self.device.release_borrowed(handle) {
            return Err(self);
        }
        let Self { device, kind: Kind::Borrowed(Borrowed { state, .. }, _) } = self else { return Ok(()) };
        // The only handle, as just seen.
        if let Some(state) = Arc::into_inner(state) {
            // SAFETY: the caller's promise.
            unsafe { device.scrap(state, |_, _| Ok(())) };
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

/// Order between streams. Nothing here waits.
impl Stream {
    /// An event behind everything enqueued so far. Destroys the stream's events that were dropped.
    ///
    /// A record under way takes one of the device's event resources (65,536 on Atlas A2, 1,023 on 310P): where none is
    /// left, AscendCL tries for a while, which blocks, and then fails with 207007.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn record(&self) -> Result<Event> {
        self.within(|api| {
            self.garbage().destroy_events(api);
            let event = Event::new(self, api.create_event()?);
            api.record_event(event.raw(), &self.state().raw)?;
            Ok(event)
        })
    }

    /// What is enqueued from here on begins once the event's stream has come to it. The host does not wait.
    ///
    /// # Errors
    /// [`Error::WrongHome`] for an event of another device; [`Error::Acl`], [`Error::DeviceLost`].
    pub fn wait(&self, event: &Event) -> Result<()> {
        if event.stream().device.id() != self.device.id() {
            return Err(Error::WrongHome { argument: "event", scope: "device" });
        }
        self.within(|api| api.wait_event(&self.state().raw, event.raw()))
    }
}

/// Waiting for the device. These calls block, and free what was dropped on the stream before they began.
///
/// While the stream is captured into a graph they fail with [`Error::Capturing`], before AscendCL is asked: the capture
/// goes on.
impl Stream {
    /// Waits until everything enqueued so far is done.
    ///
    /// # Errors
    /// - [`Error::Fault`] with the lowest bad row, by launch and row, that the fault log held and no call reported. All
    ///   valid rows were computed, and the stream is as usable as before. The log holds one bad row for each vector core:
    ///   the first that the core met. Of two bad launches before one wait the second may go unreported; what the log does
    ///   hold of it is reported by the next call that reports. No more faults than the device has vector cores are kept
    ///   for later calls.
    /// - [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`]. A runtime that shares the stream and synchronises it
    ///   by itself may receive the code of a lost device in our stead.
    pub fn synchronize(&self) -> Result<()> {
        self.take_fault()?.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// [`synchronize`](Self::synchronize) for at most `limit`, rounded up to milliseconds, at least one.
    ///
    /// Nothing is enqueued before the stream has come to its end, so that the limit is kept where the stream's queue is
    /// full too. What another thread enqueues in the moment between counts against the limit; only where that fills the
    /// queue, the read of the log waits for room without one.
    ///
    /// # Errors
    /// [`Error::Timeout`] where work is left; nothing that it may use was freed, and a fault is reported by a later call.
    /// Otherwise as [`synchronize`](Self::synchronize).
    pub fn synchronize_timeout(&self, limit: Duration) -> Result<()> {
        let log = &self.state().log;
        let began = Instant::now();
        self.drain(Some(limit), false)
            .and_then(|()| match log.is_used() {
                true => self.drain(Some(limit.saturating_sub(began.elapsed())), true),
                false => Ok(()),
            })
            .map_err(|error| if matches!(error, Error::Timeout(_)) { Error::Timeout(limit) } else { error })?;
        log.report().map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// [`synchronize`](Self::synchronize) with the fault as a value: for a caller that learns from elsewhere that the
    /// work is done. Reports faults of graph replays too.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`].
    pub fn take_fault(&self) -> Result<Option<DeviceFault>> {
        // A graph's replay is not seen here: a log that was ever used is read.
        self.drain(None, self.state().log.is_used())?;
        Ok(self.state().log.report())
    }

    /// Waits without reading the log; a fault that turns up is kept for the next call that reports.
    pub(crate) fn settle(&self) -> Result<()> {
        self.drain(None, false)
    }

    /// Waits for the stream, behind a read of the log or not, and takes what is then done.
    fn drain(&self, limit: Option<Duration>, read: bool) -> Result<()> {
        let state = self.state();
        let (drops, mut reads) = (state.garbage.drops(), 0);
        let waited = self.within(|api| {
            refuse_capture(api, &state.raw)?;
            state.garbage.destroy_events(api);
            if read {
                state.log.read(api, &state.raw)?;
            }
            reads = state.log.enqueued();
            let Some(limit) = limit else { return api.synchronize_stream(&state.raw) };
            // AscendCL refuses 0.
            let milliseconds = limit.as_nanos().div_ceil(1_000_000).clamp(1, i32::MAX as u128) as i32;
            match api.synchronize_stream_timeout(&state.raw, milliseconds)? {
                true => Ok(()),
                false => Err(Error::Timeout(limit)),
            }
        });
        logging::debug!("waited for stream {:?}, limit {limit:?}: {waited:?}", state.raw);
        // SAFETY: the wait began after them.
        waited.map(|()| unsafe { self.finish(drops, reads, None) })
    }

    /// Begins to look for faults without waiting: a copy of the fault log and an event, enqueued behind everything so
    /// far. For a serving loop that never waits for the device through this crate; once the check is over, what was
    /// dropped before it is freed, unless a wait has done so. It tells of bad rows only: that the device itself failed, the next wait tells.
    ///
    /// # Errors
    /// [`Error::Capturing`], [`Error::Acl`], [`Error::DeviceLost`].
    pub fn fault_check(&self) -> Result<FaultCheck> {
        let state = self.state();
        let drops = state.garbage.drops();
        let read = self.within(|api| {
            refuse_capture(api, &state.raw)?;
            state.garbage.destroy_events(api);
            // Checks that were dropped, of which nobody else learns that they are done.
            // SAFETY: the device has come to the event behind them.
            unsafe { self.finish(0, state.log.last_done(api), None) };
            state.log.check(api, &state.raw, drops)
        });
        Ok(FaultCheck::new(self, read?))
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
    pub(crate) fn within<T>(&self, f: impl FnOnce(&Api) -> Result<T>) -> Result<T> {
        let last_launch = LaunchId::new(self.state().last_launch.load(Ordering::Relaxed));
        self.device.within(self.state().context, last_launch, f)
    }

    /// Enqueues an operation's kernel: one task.
    pub(crate) fn launch<B: ParameterBlock>(&self, id: LaunchId, cores: u32, block: &B) -> Result<()> {
        let (state, operation) = (self.state(), Operation::of::<B>());
        state.last_launch.store(id.get(), Ordering::Relaxed);
        // Before the launch, so that no failure can hide that it came to the device.
        state.log.mark_used();
        let function = self.device.function(operation);
        // SAFETY: `ops` makes the block for this operation, from slices that it borrows: those of owned buffers are at
        // home on this stream, whose order frees them behind the kernel; of others the maker has promised the same.
        self.within(|api| unsafe { api.launch(function, cores, &state.raw, abi::bytes(block)) })?;
        logging::debug!("{operation}, launch {id}: {cores} cores on stream {:?}", state.raw);
        // A capture ends where it is waited in.
        if self.device.launch_blocking() && !self.within(|api| api.is_captured(&state.raw))? {
            return self.synchronize();
        }
        Ok(())
    }

    /// Memory for an owned buffer; `bytes` is not 0.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<DeviceMemory> {
        self.device.with_room(self.state().context, |api| api.malloc(bytes))
    }

    /// Enqueues the clearing of an owned buffer's memory, which is at home here.
    pub(crate) fn clear(&self, memory: &DeviceMemory) -> Result<()> {
        let raw = &self.state().raw;
        // SAFETY: the buffer's memory is freed behind it, in stream order.
        self.within(|api| refuse_capture(api, raw).and_then(|()| unsafe { api.clear_async(memory, raw) }))
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
    pub(crate) unsafe fn finish(&self, drops: u64, reads: u64, own: Option<Read>) {
        // SAFETY: the caller's promise.
        unsafe { self.device.finish(self.state(), drops, reads, own) };
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
fn refuse_capture(api: &Api, raw: &RawStream) -> Result<()> {
    if api.is_captured(raw)? { Err(Error::Capturing) } else { Ok(()) }
}
