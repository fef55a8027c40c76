//! A device: opened once, shared by its streams, and lost at most once.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};

use crate::api::codes::{self, Class};
use crate::api::{Api, Context, DeviceMemory, Function, library, version};
use crate::fault_log::FaultLog;
use crate::garbage::{self, Garbage};
use crate::stream::StreamState;
use crate::{Error, LaunchId, Operation, Result, Stream, arch};

/// An Ascend NPU, or a simulated one.
///
/// A handle: clones are the same device, and opening an ordinal again gives it again. What belongs to the device, its
/// loaded kernels and the fault logs of its streams, stays for the life of the process, since a captured graph may hold
/// their addresses.
///
/// Calls may come from any thread. Each makes the context that it needs current for its duration and restores the
/// caller's; on a thread that had none, which AscendCL has no call to restore, ours stays current.
#[derive(Debug, Clone)]
pub struct Device {
    api: Arc<Api>,
    inner: Arc<Inner>,
}

/// What is known of a device.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DeviceInfo {
    /// AscendCL's name of the chip, such as `Ascend910B3`. It has one for the process, that of the first device that it
    /// finds: on a machine with several kinds of chips, the others are not told apart.
    pub soc: String,
    /// The arch of its kernels, such as `dav-2201`.
    pub arch: &'static str,
    /// Vector cores: the most that a launch gets.
    pub vector_cores: u32,
    /// Version of the CANN runtime, where it tells.
    pub cann_version: Option<String>,
    /// The kernels that are loaded.
    pub kernels: Vec<&'static str>,
}

#[derive(Debug)]
struct Inner {
    id: u64,
    ordinal: u32,
    /// The device's default context.
    context: Context,
    info: DeviceInfo,
    functions: [Function; Operation::ALL.len()],
    launches: AtomicU64,
    lost: OnceLock<Error>,
    /// `ASCEND_CACHE_LOC_LAUNCH_BLOCKING=1`
    blocking: bool,
    streams: Mutex<Streams>,
}

/// The streams of a device. Locked for a moment only, never during a call.
#[derive(Debug, Default)]
struct Streams {
    /// By (context, raw stream), for ever: graphs may hold the addresses of their logs.
    borrowed: Vec<Arc<StreamState>>,
    owned: Vec<Weak<StreamState>>,
    /// Owned streams without a handle, to be destroyed.
    orphans: Vec<Arc<StreamState>>,
    /// Logs of destroyed streams, for the next ones.
    logs: Vec<FaultLog>,
}

/// A number that no other device or stream of the process has; 0 is never given.
pub(crate) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Device {
    /// The number of devices that AscendCL sees.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without AscendCL, see [`open`](Self::open).
    pub fn count() -> Result<u32> {
        library::process()?.device_count()
    }

    /// Opens a device, `ordinal` of [`count`](Self::count), and loads the kernels onto it; the first time it can take
    /// seconds. The caller's current context is as before afterwards.
    ///
    /// # Errors
    /// - [`Error::Unavailable`] without AscendCL, without such a device, or without kernels for its chip: the text says
    ///   what was looked for and where.
    /// - [`Error::Acl`] where AscendCL fails.
    pub fn open(ordinal: u32) -> Result<Self> {
        Self::open_on(library::process()?, ordinal)
    }

    /// Opens the only device of a new simulated machine: every operation runs the kernels' real sources.
    ///
    /// # Errors
    /// As [`open`](Self::open), by what the machine lacks.
    #[cfg(feature = "sim")]
    pub fn open_sim(config: crate::api::sim::SimConfig) -> Result<Self> {
        crate::api::sim::Machine::new(config)?.open(0)
    }

    pub(crate) fn open_on(api: Arc<Api>, ordinal: u32) -> Result<Self> {
        let inner = api.kept(ordinal, || Inner::open(&api, ordinal))?;
        Ok(Self { api, inner })
    }

    /// What is known of the device.
    #[must_use]
    pub fn info(&self) -> &DeviceInfo {
        &self.inner.info
    }

    /// The ordinal that the device was opened by.
    #[must_use]
    pub fn ordinal(&self) -> u32 {
        self.inner.ordinal
    }

    /// AscendCL's functions, for calls of one's own: a null one is lacking in the library.
    #[must_use]
    pub fn acl(&self) -> &crate::api::AclApi {
        self.api.table()
    }

    /// A new stream of the device.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn new_stream(&self) -> Result<Stream> {
        Stream::create(self)
    }

    /// Waits for everything on the device, then frees all memory, events and streams that were dropped, whatever stream
    /// they are of. Blocking. Not for a loop: the calls that wait for a stream free what was dropped on it.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`]. What could not be freed is then tried again the next time.
    pub fn reclaim(&self) -> Result<()> {
        let (live, orphans) = {
            let mut streams = self.streams();
            let orphans = std::mem::take(&mut streams.orphans);
            streams.owned.retain(|state| state.strong_count() > 0);
            let owned = streams.owned.iter().filter_map(Weak::upgrade);
            (streams.borrowed.iter().cloned().chain(owned).collect::<Vec<_>>(), orphans)
        };
        // Taken before the wait: what is dropped during it may be in use by later work.
        let taken: Vec<_> = live.iter().chain(&orphans).map(|state| (state.clone(), state.garbage.take())).collect();
        match self.within(self.inner.context, None, Api::synchronize_device) {
            Ok(()) => {
                for (state, garbage) in taken {
                    self.collect(&state, garbage);
                }
                drop(live); // which knows the orphans too
                for orphan in orphans {
                    self.destroy(orphan);
                }
                Ok(())
            }
            Err(error) => {
                for (state, garbage) in taken {
                    state.garbage.put_back(garbage);
                }
                self.streams().orphans.extend(orphans);
                Err(error)
            }
        }
    }

    /// Frees what nothing on the device uses any more, in the context that it was made in. What fails is leaked and
    /// logged.
    pub(crate) fn collect(&self, state: &StreamState, garbage: Vec<Garbage>) {
        if garbage.is_empty() {
            return;
        }
        let freed = self.within(state.context, None, |api| {
            garbage::free(api, garbage);
            Ok(())
        });
        garbage::leaked("memory of a dropped buffer", freed);
    }

    /// Destroys a stream without a handle or work.
    fn destroy(&self, orphan: Arc<StreamState>) {
        // No handle is left, but a list of the device's streams may still hold it for a moment.
        let Some(state) = Arc::into_inner(orphan) else { return };
        self.keep_log(state.log);
        let destroyed = self.within(state.context, None, |api| api.destroy_stream(state.raw));
        garbage::leaked("a dropped stream", destroyed);
    }

    /// Device memory, not cleared; `bytes` is not 0. Where memory is short, frees what was dropped and tries again.
    pub(crate) fn allocate(&self, state: &StreamState, bytes: usize) -> Result<DeviceMemory> {
        match self.within(state.context, None, |api| api.malloc(bytes)) {
            Err(Error::Acl { code, .. }) if codes::class(code) == Class::OutOfMemory => {
                self.reclaim()?;
                self.within(state.context, None, |api| api.malloc(bytes))
            }
            result => result,
        }
    }

    /// Runs `f` with `context` current and restores the caller's. A device that is lost stays lost; one that `f` loses
    /// is lost from then on, for the reason that AscendCL gave, `last_launch` being the last on the stream.
    pub(crate) fn within<T>(
        &self,
        context: Context,
        last_launch: Option<LaunchId>,
        f: impl FnOnce(&Api) -> Result<T>,
    ) -> Result<T> {
        if let Some(lost) = self.inner.lost.get() {
            return Err(lost.clone());
        }
        in_context(&self.api, context, f).map_err(|error| match error {
            Error::Acl { code, message, .. } if codes::class(code) == Class::Lost => {
                self.inner.lost.get_or_init(|| Error::DeviceLost { code, last_launch, message }).clone()
            }
            error => error,
        })
    }

    pub(crate) fn id(&self) -> u64 {
        self.inner.id
    }

    pub(crate) fn context(&self) -> Context {
        self.inner.context
    }

    pub(crate) fn function(&self, operation: Operation) -> &Function {
        &self.inner.functions[operation as usize]
    }

    pub(crate) fn launch_blocking(&self) -> bool {
        self.inner.blocking
    }

    pub(crate) fn next_launch(&self) -> LaunchId {
        LaunchId::new(1 + self.inner.launches.fetch_add(1, Ordering::Relaxed)).expect("counts up from 1")
    }

    /// The stream that was borrowed before, by context and raw stream.
    pub(crate) fn borrowed(&self, found: impl Fn(&StreamState) -> bool) -> Option<Arc<StreamState>> {
        self.streams().borrowed.iter().find(|state| found(state)).cloned()
    }

    /// Keeps a stream that was borrowed for the first time; where another thread was faster, gives that one's.
    pub(crate) fn keep_borrowed(&self, state: Arc<StreamState>) -> Arc<StreamState> {
        let mut streams = self.streams();
        let same = |known: &&Arc<StreamState>| known.context == state.context && known.raw == state.raw;
        if let Some(known) = streams.borrowed.iter().find(same) {
            return known.clone();
        }
        streams.borrowed.push(state.clone());
        state
    }

    pub(crate) fn keep_owned(&self, state: &Arc<StreamState>) {
        self.streams().owned.push(Arc::downgrade(state));
    }

    /// Takes over an owned stream whose last handle is gone. Makes no device call.
    pub(crate) fn orphan(&self, state: Arc<StreamState>) {
        self.streams().orphans.push(state);
    }

    /// The context that is current on this thread, one of this device.
    pub(crate) fn caller_context(&self) -> Result<Context> {
        let none = "no context is current on this thread: a stream is borrowed where its own is (aclrtSetDevice)";
        let context = self.api.current_context()?.ok_or_else(|| Error::Unavailable(none.into()))?;
        if u32::try_from(self.api.current_device()?) != Ok(self.inner.ordinal) {
            return Err(Error::WrongHome { argument: "stream", scope: "device" });
        }
        Ok(context)
    }

    pub(crate) fn keep_log(&self, log: FaultLog) {
        self.streams().logs.push(log);
    }

    /// A log that a destroyed stream has left.
    pub(crate) fn used_log(&self) -> Option<FaultLog> {
        self.streams().logs.pop()
    }

    fn streams(&self) -> std::sync::MutexGuard<'_, Streams> {
        self.inner.streams.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn open(api: &Arc<Api>, ordinal: u32) -> Result<Self> {
        let count = api.device_count()?;
        let Some(id) = i32::try_from(ordinal).ok().filter(|_| ordinal < count) else {
            return Err(Error::Unavailable(format!("device {ordinal}: AscendCL sees {count} devices").into()));
        };
        // This replaces the thread's context, and is the only call that counts a reference to the device.
        let previous = api.current_context()?;
        api.set_device(id)?;
        let opened = api.current_context().and_then(|context| {
            let context = context.ok_or_else(|| Error::Unavailable("AscendCL made no context".into()))?;
            Self::load(api, ordinal, context)
        });
        if let Some(previous) = previous {
            api.set_current_context(previous)?;
        }
        opened
    }

    /// With the device current: what is there, and the kernels for it.
    fn load(api: &Arc<Api>, ordinal: u32, context: Context) -> Result<Self> {
        let soc = api.soc_name()?;
        let number = api.npu_arch(ordinal);
        let arch = arch::of(number, &soc).ok_or_else(|| {
            let number = number.map_or_else(String::new, |number| format!(", of arch {number}"));
            Error::Unavailable(format!("device {ordinal}: no kernels for a chip named {soc:?}{number}").into())
        })?;
        let vector_cores = api.vector_cores(ordinal)?;
        let cann_version = api.runtime_version().map(version::text);
        // Never unloaded: a captured graph holds its functions.
        let binary = api.load_binary(api.kernels(arch)?)?;
        let [first, second] = Operation::ALL.map(|operation| api.function(&binary, operation.kernel()));
        let kernels = Operation::ALL.map(Operation::kernel).to_vec();
        Ok(Self {
            id: next_id(),
            ordinal,
            context,
            info: DeviceInfo { soc, arch, vector_cores, cann_version, kernels },
            functions: [first?, second?],
            launches: AtomicU64::new(0),
            lost: OnceLock::new(),
            blocking: std::env::var_os("ASCEND_CACHE_LOC_LAUNCH_BLOCKING").is_some_and(|value| value == "1"),
            streams: Mutex::default(),
        })
    }
}

/// Runs `f` with `context` current on this thread.
fn in_context<T>(api: &Api, context: Context, f: impl FnOnce(&Api) -> Result<T>) -> Result<T> {
    let current = api.current_context()?;
    if current == Some(context) {
        return f(api);
    }
    api.set_current_context(context)?;
    let result = f(api);
    if let Some(current) = current { api.set_current_context(current).and(result) } else { result }
}

#[cfg(feature = "sim")]
impl crate::api::sim::Machine {
    /// Opens a device of the machine, as [`Device::open`] does.
    ///
    /// # Errors
    /// As [`Device::open`].
    pub fn open(&self, ordinal: u32) -> Result<Device> {
        Device::open_on(self.api(), ordinal)
    }
}
