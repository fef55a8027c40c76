//! A device: opened once, shared by its streams, and lost at most once.

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use super::arch;
use super::registry::Registry;
use super::tuning::{Tuned, Tuning};
use crate::abi::Operation;
use crate::acl;
use crate::acl::codes::{self, Class};
use crate::acl::{Api, Context, Function, library, next_id, version};
use crate::{Error, LaunchId, Result, logging};

/// An Ascend NPU, or a simulated one.
///
/// A handle: clones are the same device, and opening an ordinal again gives it again. What belongs to the device, its
/// loaded kernels and the fault logs of its streams, stays for the life of the process, since a captured graph may hold
/// their addresses.
///
/// Calls may come from any thread. Each makes the context that it needs current for its duration and restores the
/// caller's; on a thread that had none, which AscendCL has no call to restore, ours stays current.
#[derive(Clone)]
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

pub(crate) struct Inner {
    id: u64,
    ordinal: u32,
    /// The device's default context.
    context: Context,
    info: DeviceInfo,
    /// By the place of their operations.
    functions: Vec<Function>,
    launches: AtomicU64,
    tuned: Tuned,
    lost: OnceLock<Error>,
    /// `ASCEND_CACHE_LOC_LAUNCH_BLOCKING=1`
    blocking: bool,
    streams: Arc<Registry>,
}

impl fmt::Debug for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Device({}, {})", self.ordinal(), self.info().soc)
    }
}

impl Device {
    /// The number of devices that AscendCL sees.
    ///
    /// # Errors
    /// [`Error::Unavailable`] without AscendCL, see [`open`](Self::open).
    pub fn count() -> Result<u32> {
        Ok(library::process()?.device_count()?)
    }

    /// Opens a device, `ordinal` of [`count`](Self::count), and loads the kernels onto it; the first time it can take
    /// seconds. The caller's current context is as before afterwards.
    ///
    /// # Errors
    /// - [`Error::Unavailable`] without AscendCL, without such a device, or without kernels for its chip: the text says
    ///   what was looked for and where.
    ///   The same where `ASCEND_CACHE_LOC_TUNING` is set and names no file of figures, see [`Tuning`].
    /// - [`Error::DeviceLost`] where this process has lost the device before.
    /// - [`Error::Acl`] where AscendCL fails.
    pub fn open(ordinal: u32) -> Result<Self> {
        Self::open_on(library::process()?, ordinal)
    }

    /// Opens the only device of a new simulated machine: every operation runs the kernels' real sources.
    ///
    /// # Errors
    /// As [`open`](Self::open), by what the machine lacks.
    #[cfg(feature = "sim")]
    pub fn open_sim(config: crate::sim::SimConfig) -> Result<Self> {
        crate::sim::Machine::new(config)?.open(0)
    }

    pub(crate) fn open_on(api: Arc<Api>, ordinal: u32) -> Result<Self> {
        api.check_fork()?;
        let inner = api.kept(ordinal, || Inner::open(&api, ordinal))?;
        inner.lost.get().map_or(Ok(()), |lost| Err(lost.clone()))?;
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

    /// The figures that launches are planned with.
    #[must_use]
    pub fn tuning(&self) -> Tuning {
        self.inner.tuned.get()
    }

    /// Plans launches with other figures from now on, on every handle to the device; not those in captured graphs.
    pub fn tune(&self, tuning: Tuning) {
        self.inner.tuned.set(tuning);
    }

    /// AscendCL's functions, for calls of one's own: a null one is lacking in the library.
    #[must_use]
    pub fn acl(&self) -> &crate::acl::AclApi {
        self.api.table()
    }

    /// Whether the device is lost to the process: every call on it fails with [`Error::DeviceLost`].
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.inner.lost.get().is_some()
    }

    /// Runs `f` with `context` current and restores the caller's. A device that is lost stays lost; one that `f` loses
    /// is lost from then on, for the reason that AscendCL gave, `last_launch` being the last on the stream.
    pub(crate) fn within<T, E: From<acl::Error> + Into<Error>>(
        &self,
        context: Context,
        last_launch: Option<LaunchId>,
        f: impl FnOnce(&Api) -> Result<T, E>,
    ) -> Result<T> {
        if let Some(lost) = self.inner.lost.get() {
            return Err(lost.clone());
        }
        self.api.in_context(context, f).map_err(|error| match error.into() {
            Error::Acl { code, message, call } if codes::class(code) == Class::Lost => {
                let lost = self.inner.lost.get_or_init(|| Error::DeviceLost { code, last_launch, message });
                logging::warn!("device {}: {call}: {lost}", self.inner.ordinal);
                lost.clone()
            }
            error => error,
        })
    }

    pub(crate) fn check_fork(&self) -> Result<()> {
        Ok(self.api.check_fork()?)
    }

    pub(crate) fn streams(&self) -> &Arc<Registry> {
        &self.inner.streams
    }

    pub(crate) fn id(&self) -> u64 {
        self.inner.id
    }

    pub(crate) fn context(&self) -> Context {
        self.inner.context
    }

    pub(crate) fn function(&self, operation: Operation) -> &Function {
        &self.inner.functions[operation.place()]
    }

    pub(crate) fn launch_blocking(&self) -> bool {
        self.inner.blocking
    }

    pub(crate) fn next_launch(&self) -> LaunchId {
        LaunchId::new(1 + self.inner.launches.fetch_add(1, Ordering::Relaxed)).expect("counts up from 1")
    }

    /// The context that the caller means: the one that is current on this thread, or the default context where none is.
    pub(crate) fn caller_context(&self) -> Result<Context> {
        let Some(context) = self.api.callers_context()? else { return Ok(self.inner.context) };
        if u32::try_from(self.api.current_device()?) != Ok(self.inner.ordinal) {
            return Err(Error::WrongHome { argument: "stream", scope: "device" });
        }
        Ok(context)
    }
}

impl Inner {
    fn open(api: &Arc<Api>, ordinal: u32) -> Result<Self> {
        let count = api.device_count()?;
        let Some(id) = i32::try_from(ordinal).ok().filter(|_| ordinal < count) else {
            return Err(Error::Unavailable(format!("device {ordinal}: AscendCL sees {count} devices").into()));
        };
        // This replaces the thread's context, and is the only call that counts a reference to the device.
        api.keeping_context(|| {
            api.set_device(id)?;
            let context = api.current_context()?;
            let context = context.ok_or_else(|| Error::Unavailable("AscendCL made no context".into()))?;
            Self::load(api, ordinal, context)
        })
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
        let tuning = Tuning::of_process()?;
        // Never unloaded: a captured graph holds its functions.
        let binary = api.load_binary(api.kernels(arch)?)?;
        let functions = Operation::all().map(|operation| api.function(&binary, operation.kernel()));
        let functions = functions.collect::<acl::Result<_>>()?;
        let kernels = Operation::all().map(Operation::kernel).collect();
        Ok(Self {
            id: next_id(),
            ordinal,
            context,
            info: DeviceInfo { soc, arch, vector_cores, cann_version, kernels },
            functions,
            launches: AtomicU64::new(0),
            tuned: Tuned::new(tuning),
            lost: OnceLock::new(),
            blocking: std::env::var_os("ASCEND_CACHE_LOC_LAUNCH_BLOCKING").is_some_and(|value| value == "1"),
            streams: Arc::default(),
        })
    }
}

#[cfg(feature = "sim")]
impl crate::sim::Machine {
    /// Opens a device of the machine, as [`Device::open`] does.
    ///
    /// # Errors
    /// As [`Device::open`].
    pub fn open(&self, ordinal: u32) -> Result<Device> {
        Device::open_on(self.api(), ordinal)
    }
}
