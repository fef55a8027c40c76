//! A stream: what is enqueued on it runs in order, while the host goes on.

use std::any::Any;
use std::ffi::c_void;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::api::block::ParameterBlock;
use crate::api::{Api, Context, DeviceMemory, RawEvent, RawStream};
use crate::device::next_id;
use crate::fault_log::FaultLog;
use crate::garbage::{Garbage, GarbageList};
use crate::{Device, DeviceFault, Error, Event, FaultCheck, LaunchId, Operation, Result};

/// A queue of work on a device: a stream of ours, or one of another runtime that is borrowed.
///
/// A handle: clones are the same stream. Owned buffers have a stream as their home, and all work on them goes there, so
/// that nothing is freed or copied while it is in use.
///
/// Dropping the last handle of an owned stream leaves the stream to its [`Device`], which destroys it in
/// [`reclaim`](Device::reclaim). Dropping a borrowed one does nothing.
///
/// # What each call costs
///
/// | call | tasks | waits |
/// |---|---|---|
/// | an operation | 1 | no; for room only, where the stream's task queue (about 1,800 tasks) is full |
/// | [`record`](Self::record), [`wait`](Self::wait) | 1 | no |
/// | [`fault_check`](Self::fault_check) | 3 | no |
/// | [`synchronize`](Self::synchronize), [`synchronize_timeout`](Self::synchronize_timeout), [`take_fault`](Self::take_fault) | 2 after a launch | for the stream |
#[derive(Clone)]
pub struct Stream {
    device: Device,
    state: Arc<StreamState>,
    keep: Keep,
}

/// What a handle keeps alive.
#[derive(Clone)]
enum Keep {
    Borrowed,
    Owner(#[expect(dead_code, reason = "kept alive")] Arc<dyn Any + Send + Sync>),
    Owned(#[expect(dead_code, reason = "its drop is the last handle's")] Arc<Owned>),
}

/// All handles of an owned stream share one; its drop hands the stream to the device.
struct Owned {
    device: Device,
    state: Arc<StreamState>,
}

impl Drop for Owned {
    fn drop(&mut self) {
        self.device.orphan(self.state.clone());
    }
}

#[derive(Debug)]
pub(crate) struct StreamState {
    pub(crate) id: u64,
    pub(crate) context: Context,
    pub(crate) raw: RawStream,
    pub(crate) log: FaultLog,
    pub(crate) garbage: GarbageList,
    last_launch: AtomicU64,
}

impl StreamState {
    fn new(context: Context, raw: RawStream, log: FaultLog) -> Arc<Self> {
        let garbage = GarbageList::default();
        Arc::new(Self { id: next_id(), context, raw, log, garbage, last_launch: AtomicU64::new(0) })
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let owned = matches!(self.keep, Keep::Owned(_));
        let device = self.device.ordinal();
        f.debug_struct("Stream").field("device", &device).field("raw", &self.as_raw()).field("owned", &owned).finish()
    }
}

/// Making streams.
impl Stream {
    pub(crate) fn create(device: &Device) -> Result<Self> {
        let context = device.context();
        let state = device.within(context, None, |api| {
            let raw = api.create_stream()?;
            match Self::log_for(device, api, &raw) {
                Ok(log) => Ok(StreamState::new(context, raw, log)),
                Err(error) => {
                    crate::garbage::leaked("a stream", api.destroy_stream(raw));
                    Err(error)
                }
            }
        })?;
        device.keep_owned(&state);
        let keep = Keep::Owned(Arc::new(Owned { device: device.clone(), state: state.clone() }));
        Ok(Self { device: device.clone(), state, keep })
    }

    /// A stream of another runtime, an `aclrtStream` of the context that is current on this thread; null is that
    /// context's default stream. It is never destroyed by this crate.
    ///
    /// Borrowed once, it is known: borrowing it again in the same context allocates nothing and gives the same fault log
    /// and free list.
    ///
    /// # Errors
    /// - [`Error::WrongHome`] where the current context is of another device.
    /// - [`Error::Unavailable`] where no context is current.
    /// - [`Error::Acl`], [`Error::DeviceLost`].
    ///
    /// # Safety
    /// - `raw` is null, or a stream of the context that is current, and outlives every handle of this stream and the
    ///   last call on it. Another stream that gets the same address later is taken for it.
    /// - The context outlives them too.
    /// - Borrowed before a capture begins on it: the first time, its fault log is cleared by a task.
    /// - A launch goes to the device at once. It overtakes kernels that torch_npu still holds in its own task queue for
    ///   this stream: drain that, or set `TASK_QUEUE_ENABLE=0`.
    #[allow(unsafe_code, reason = "the caller vouches for the stream")]
    pub unsafe fn borrow_raw(device: &Device, raw: *mut c_void) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::borrow(device, raw, Keep::Borrowed) }
    }

    /// [`borrow_raw`](Self::borrow_raw) with something that keeps the stream alive; the handle holds it.
    ///
    /// # Errors
    /// As [`borrow_raw`](Self::borrow_raw).
    ///
    /// # Safety
    /// As [`borrow_raw`](Self::borrow_raw), where the stream and its context live as long as `owner`.
    #[allow(unsafe_code, reason = "the caller vouches for the stream")]
    pub unsafe fn borrow_with_owner(
        device: &Device,
        raw: *mut c_void,
        owner: Arc<dyn Any + Send + Sync>,
    ) -> Result<Self> {
        // SAFETY: the caller's promise.
        unsafe { Self::borrow(device, raw, Keep::Owner(owner)) }
    }

    #[allow(unsafe_code, reason = "the caller vouches for the stream")]
    unsafe fn borrow(device: &Device, raw: *mut c_void, keep: Keep) -> Result<Self> {
        let context = device.caller_context()?;
        // SAFETY: the caller's promise: a stream of this context, which is current whenever it is used.
        let raw = unsafe { RawStream::borrowed(raw) };
        let known = device.borrowed(|state| state.context == context && state.raw == raw);
        let state = match known {
            Some(state) => state,
            None => device.within(context, None, |api| {
                let log = Self::log_for(device, api, &raw)?;
                Ok(device.keep_borrowed(StreamState::new(context, raw, log)))
            })?,
        };
        Ok(Self { device: device.clone(), state, keep })
    }

    /// A fault log, cleared on the stream.
    fn log_for(device: &Device, api: &Api, raw: &RawStream) -> Result<FaultLog> {
        let Some(mut log) = device.used_log() else { return FaultLog::new(api, raw, device.info().vector_cores) };
        match log.reuse(api, raw) {
            Ok(()) => Ok(log),
            Err(error) => {
                device.keep_log(log);
                Err(error)
            }
        }
    }

    /// The `aclrtStream`; null for a default stream. What is enqueued on it directly runs in order with the rest.
    #[must_use]
    pub fn as_raw(&self) -> *mut c_void {
        self.state.raw.raw()
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> &Device {
        &self.device
    }
}

/// Order between streams. Nothing here waits.
impl Stream {
    /// An event behind everything enqueued so far.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn record(&self) -> Result<Event> {
        self.within(|api| {
            let raw = api.create_event()?;
            match api.record_event(&raw, &self.state.raw) {
                Ok(()) => Ok(Event::new(self, raw)),
                Err(error) => {
                    crate::garbage::leaked("an event", api.destroy_event(raw));
                    Err(error)
                }
            }
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
        let raw = event.raw();
        self.within(|api| api.wait_event(&self.state.raw, raw))?;
        self.state.garbage.push(Garbage::Event(raw.clone()));
        Ok(())
    }
}

/// Waiting for the device. These calls block, and free what was dropped on the stream before they began.
impl Stream {
    /// Waits until everything enqueued so far is done.
    ///
    /// # Errors
    /// - [`Error::Fault`] with the lowest bad row of the launches whose faults were not reported before, by launch and
    ///   row. All valid rows were computed, and the stream is as usable as before.
    /// - [`Error::Acl`], [`Error::DeviceLost`]. A runtime that shares the stream and synchronises it by itself may
    ///   receive the code of a lost device in our stead.
    pub fn synchronize(&self) -> Result<()> {
        self.take_fault()?.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// [`synchronize`](Self::synchronize) for at most `limit`, rounded up to milliseconds.
    ///
    /// # Errors
    /// [`Error::Timeout`] where work is left; nothing was freed, and a fault is reported by a later call. Otherwise as
    /// [`synchronize`](Self::synchronize).
    pub fn synchronize_timeout(&self, limit: Duration) -> Result<()> {
        self.wait_for(Some(limit), true)?.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// [`synchronize`](Self::synchronize) with the fault as a value: for a caller that learns from elsewhere that the
    /// work is done. Reports faults of graph replays too.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn take_fault(&self) -> Result<Option<DeviceFault>> {
        self.wait_for(None, true)
    }

    /// Waits without reporting a fault; one that turns up is kept for the next call that reports.
    pub(crate) fn settle(&self) -> Result<()> {
        self.wait_for(None, false).map(drop)
    }

    fn wait_for(&self, limit: Option<Duration>, report: bool) -> Result<Option<DeviceFault>> {
        let log = &self.state.log;
        // Taken before the wait: what is dropped during it may be in use by later work.
        let garbage = self.state.garbage.take();
        let mut copies = log.abandoned();
        let waited = self.within(|api| {
            if report && log.is_used() {
                copies.push(log.read(api, &self.state.raw)?);
            }
            let Some(limit) = limit else { return api.synchronize_stream(&self.state.raw) };
            let milliseconds = limit.as_nanos().div_ceil(1_000_000).try_into().unwrap_or(i32::MAX);
            match api.synchronize_stream_timeout(&self.state.raw, milliseconds)? {
                true => Ok(()),
                false => Err(Error::Timeout(limit)),
            }
        });
        if let Err(error) = waited {
            log.abandon(copies);
            self.state.garbage.put_back(garbage);
            return Err(error);
        }
        self.device.collect(&self.state, garbage);
        Ok(log.finish(copies, report))
    }

    /// Begins to look for faults without waiting: a copy of the fault log and an event, enqueued behind everything so
    /// far. For a serving loop that never waits for the device through this crate. Not during a capture.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn fault_check(&self) -> Result<FaultCheck> {
        let copy = self.within(|api| self.state.log.check(api, &self.state.raw))?;
        Ok(FaultCheck::new(self, copy))
    }
}

/// For the other parts of the crate.
impl Stream {
    /// Runs `f` in the stream's context.
    pub(crate) fn within<T>(&self, f: impl FnOnce(&Api) -> Result<T>) -> Result<T> {
        let last_launch = LaunchId::new(self.state.last_launch.load(Ordering::Relaxed));
        self.device.within(self.state.context, last_launch, f)
    }

    /// Enqueues an operation's kernel: one task.
    pub(crate) fn launch<P: ParameterBlock>(
        &self,
        operation: Operation,
        id: LaunchId,
        cores: u32,
        block: &P,
    ) -> Result<()> {
        self.state.last_launch.store(id.get(), Ordering::Relaxed);
        let function = self.device.function(operation);
        self.within(|api| api.launch(function, cores, &self.state.raw, block))?;
        self.state.log.mark_used();
        if self.device.launch_blocking() {
            return self.synchronize();
        }
        Ok(())
    }

    /// Memory for an owned buffer; `bytes` is not 0.
    pub(crate) fn allocate(&self, bytes: usize) -> Result<DeviceMemory> {
        self.device.allocate(&self.state, bytes)
    }

    pub(crate) fn clear(&self, memory: &DeviceMemory) -> Result<()> {
        self.within(|api| api.clear_async(memory, &self.state.raw))
    }

    /// Puts something on the list of what is given back after the next wait.
    pub(crate) fn discard(&self, garbage: Garbage) {
        self.state.garbage.push(garbage);
    }

    pub(crate) fn event_done(&self, event: &RawEvent) -> Result<bool> {
        self.within(|api| api.event_done(event))
    }

    pub(crate) fn log(&self) -> &FaultLog {
        &self.state.log
    }

    /// Device address of the fault log.
    pub(crate) fn fault_log(&self) -> u64 {
        self.state.log.address()
    }

    pub(crate) fn id(&self) -> NonZeroU64 {
        NonZeroU64::new(self.state.id).expect("counts up from 1")
    }
}
