//! The ACL half of the simulation: a machine with devices, behind the functions that libascendcl has.
//!
//! | file | what |
//! |---|---|
//! | `table.rs` | the functions as C calls them |
//! | `functions/` | what each of them refuses, and does |
//! | `state.rs`, `stream.rs`, `kernels.rs` | the machine: handles, contexts and threads; streams that run on, and kernels on them |
//! | `event.rs`, `capture.rs` | events outside captures; captures, and events in them |
//! | `memory.rs`, `region.rs` | device and pinned memory; the host memory behind it |
//! | `pool.rs` | what a device has a limited number of |
//! | `calls.rs` | counting calls, and making them fail |

mod calls;
mod capture;
mod event;
mod functions;
mod kernels;
mod memory;
mod pool;
mod region;
mod state;
mod stream;
#[allow(non_snake_case, reason = "AscendCL's names")]
mod table;

pub use calls::{CallCounts, CallKind};

use std::ffi::{CString, c_void};
use std::sync::Arc;
use std::time::Duration;

use crate::acl::{AclApi, Api};
use crate::sim::CoreCounters;
use crate::{Error, Result};
use state::{State, lock};
use stream::Effect;
use table::Slot;

/// How the simulated cores of a machine run kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreOptions {
    /// Each launch runs its cores in another order, and every other one saturates where the documentation leaves open
    /// whether int32 arithmetic wraps. Otherwise: in ascending order, wrapping.
    pub vary: bool,
    /// The most instructions that a core may issue in a launch.
    pub instruction_limit: u64,
    /// The compiler's automatic synchronisation is on. Our kernels are compiled without.
    pub auto_sync: bool,
    /// Two cores may write different bytes of one 64-byte line. Our kernels do not.
    pub shared_lines: bool,
}

/// A simulated machine to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SimConfig {
    /// Devices.
    pub devices: u32,
    /// AscendCL's name of the chip. The kernels of the simulation are those of arch 2201.
    pub soc: CString,
    /// Vector cores of each device.
    pub vector_cores: u32,
    /// Memory of each device, in bytes. It costs the host what is written; on systems other than Linux, all of each
    /// allocation that something but zeros is written to.
    pub memory_bytes: u64,
    /// Streams of each device, default streams and those that captures and graphs keep included.
    pub streams: usize,
    /// Records of events that may be on their way on each device at a time; a further one fails after some tries.
    pub event_slots: usize,
    /// Tasks that a stream holds; a further one waits for room. In a capture, it takes a further stream.
    pub queue_slots: usize,
    /// How long aclrtDestroyStream waits for the stream's work. Afterwards it succeeds, and the work runs on.
    pub destroy_stream_limit: Duration,
    /// How long aclmdlRIDestroy waits for a graph that runs, before it fails.
    pub destroy_graph_limit: Duration,
    /// Version of the runtime in its own count: major * 10^7 + minor * 10^5 + patch * 10^3, and of a pre-release less: 300
    /// (alpha), 200 (beta) or 100 (rc) less, plus which one. 9.1.0-beta.3 is 90,099,803.
    pub runtime_version: i32,
    /// The number of the chip's arch, which runtimes from 9.1.0-beta.3 on tell; 0 where the runtime does not know it.
    pub npu_arch: i64,
    /// Someone in the process has called `aclInit` already.
    pub initialised: bool,
    /// Functions that the library lacks, by name.
    pub lacks: Vec<&'static str>,
    /// How kernels run.
    pub cores: CoreOptions,
}

impl Default for SimConfig {
    /// One Atlas A2 device of 40 vector cores with 64 GiB and CANN 9.0.0, as it is after boot; the limits are those that
    /// the runtime documents, or has in its source, for that.
    fn default() -> Self {
        Self {
            devices: 1,
            soc: c"Ascend910B3".into(),
            vector_cores: 40,
            memory_bytes: 64 << 30,
            streams: 1_984,
            event_slots: 65_536,
            queue_slots: 1_800,
            destroy_stream_limit: Duration::from_secs(3),
            destroy_graph_limit: Duration::from_secs(10),
            runtime_version: 90_000_000,
            npu_arch: 2201,
            initialised: false,
            lacks: Vec::new(),
            cores: CoreOptions { vary: false, instruction_limit: 1 << 26, auto_sync: false, shared_lines: false },
        }
    }
}

impl SimConfig {
    /// What is wrong with it.
    fn check(&self) -> Result<(), String> {
        // 0 is what a library might say.
        if self.vector_cores > 65_535 {
            return Err(format!("{} vector cores: a launch has at most 65535", self.vector_cores));
        }
        if self.queue_slots == 0 {
            return Err("streams that hold no task".into());
        }
        if self.devices > 64 || self.memory_bytes > 1 << 44 {
            return Err(format!("{} devices of {} bytes: at most 64 of 2^44", self.devices, self.memory_bytes));
        }
        Ok(())
    }
}

/// A simulated machine: what [`Device::open_sim`](crate::Device::open_sim) makes, with its controls.
///
/// A handle: clones are the same machine. It lives as long as a handle, or a device of it, does.
#[derive(Debug, Clone)]
pub struct Machine {
    api: Arc<Api>,
    state: Arc<State>,
}

impl Machine {
    /// Starts a machine. A process can have 32 at a time.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where its library lacks what the crate needs, it is no machine that there could be, or the
    /// process has 32 already.
    pub fn new(config: SimConfig) -> Result<Self> {
        config.check().map_err(|what| Error::Unavailable(format!("a machine with {what}").into()))?;
        let state = Arc::new(State::new(config));
        let none = || Error::Unavailable(format!("{} simulated machines are in use", table::SLOTS).into());
        let slot = Slot::take(&state).ok_or_else(none)?;
        let table = slot.table(&state.config.lacks);
        // SAFETY: the functions do what AscendCL documents, as long as the slot is taken.
        let api = unsafe { Api::new(table, "the simulated library", kernel_image, Box::new(slot)) }?;
        Ok(Self { api, state })
    }

    pub(crate) fn api(&self) -> Arc<Api> {
        self.api.clone()
    }

    /// The functions of its library, for calls as another runtime makes them.
    #[must_use]
    pub fn acl(&self) -> &AclApi {
        self.api.table()
    }
}

/// The kernels of a simulated machine.
fn kernel_image(arch: &str) -> Result<&'static [u8], Box<str>> {
    if arch != "dav-2201" {
        return Err(format!("the simulation has kernels for dav-2201, not for {arch}").into());
    }
    Ok(kernels::IMAGE)
}

/// What happened.
impl Machine {
    /// How often each function was called so far.
    #[must_use]
    pub fn calls(&self) -> CallCounts {
        self.state.calls.counts()
    }

    /// Names of all functions.
    pub fn functions() -> impl Iterator<Item = &'static str> {
        calls::names()
    }

    /// Tasks that were appended to streams so far; a graph's execution is one.
    #[must_use]
    pub fn tasks(&self) -> u64 {
        self.state.tasks()
    }

    /// What each core did in the last kernel that ran without a report.
    #[must_use]
    pub fn core_counters(&self) -> Vec<CoreCounters> {
        lock(&self.state.last_counters).clone()
    }

    /// Allocations of device memory that are not freed.
    #[must_use]
    pub fn device_allocations(&self) -> usize {
        self.state.devices.iter().map(|device| lock(&device.memory).live()).sum()
    }

    /// Device memory in use, in bytes.
    #[must_use]
    pub fn device_bytes(&self) -> u64 {
        self.state.devices.iter().map(|device| lock(&device.memory).used).sum()
    }

    /// Allocations of pinned host memory that are not freed.
    #[must_use]
    pub fn pinned_allocations(&self) -> usize {
        lock(&self.state.pinned).live()
    }

    /// Events that are not destroyed.
    #[must_use]
    pub fn events(&self) -> usize {
        lock(&self.state.objects).events.len()
    }

    /// Records of events that are on their way, or waited for, on all devices.
    #[must_use]
    pub fn event_slots_in_use(&self) -> usize {
        self.state.devices.iter().map(|device| device.events.used()).sum()
    }

    /// Uses of handles that were destroyed, or never given, in order. The machine refuses each; AscendCL before 9.1.0 does
    /// whatever it does to memory that is not its own.
    #[must_use]
    pub fn misuses(&self) -> Vec<String> {
        lock(&self.state.misuses).clone()
    }

    /// Streams that are not destroyed, default streams included.
    #[must_use]
    pub fn streams(&self) -> usize {
        lock(&self.state.objects).streams.len()
    }
}

/// What shall happen.
impl Machine {
    /// The `nth` call of a function from now, from 1, does nothing but fail with a code.
    ///
    /// # Panics
    /// If AclApi has no function of this name.
    pub fn fail_call(&self, name: &str, nth: u64, code: i32) {
        self.state.calls.fail(name, nth, code);
    }

    /// Takes back failures of calls that have not come; tells how many.
    #[expect(clippy::must_use_candidate, reason = "called for its effect")]
    pub fn clear_failures(&self) -> usize {
        self.state.calls.clear_failures()
    }

    /// The `nth` launch from now, from 1, is accepted, and ends on the device with a code instead of running.
    pub fn fail_launch(&self, nth: u64, code: i32) {
        lock(&self.state.effects).push((nth.max(1), Effect::Fail(code)));
    }

    /// The `nth` launch from now, from 1, is accepted, and does nothing.
    pub fn skip_launch(&self, nth: u64) {
        lock(&self.state.effects).push((nth.max(1), Effect::Skip));
    }

    /// The `nth` launch from now, from 1, is accepted, and hangs on the device until [`release_hangs`](Self::release_hangs).
    pub fn hang_launch(&self, nth: u64) {
        lock(&self.state.effects).push((nth.max(1), Effect::Hang));
    }

    /// Ends launches that hang.
    pub fn release_hangs(&self) {
        self.state.all_streams().iter().for_each(|stream| stream.release_hang());
    }

    /// Closes or opens a stream's gate: while it is closed, tasks are accepted and none begins.
    ///
    /// # Panics
    /// If there is no such stream. A default stream has no handle of its own.
    pub fn hold(&self, stream: *mut c_void, closed: bool) {
        self.state.any_stream(stream as usize).expect("a stream of the machine").hold(closed);
    }
}
