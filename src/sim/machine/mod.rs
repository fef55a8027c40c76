//! The ACL half of the simulation: a machine with devices, behind the functions that libascendcl has.
//!
//! From the lowest up:
//!
//! | file | what |
//! |---|---|
//! | `fail.rs`, `config.rs`, `calls.rs` | why calls fail; how a machine is made; counting calls, and making them fail |
//! | `pool.rs`, `region.rs`, `memory.rs`, `device.rs` | what a device has a limited number of; device and pinned memory |
//! | `record.rs`, `event.rs`, `task.rs`, `stream.rs` | records of events, what streams do, and streams, which run it in order |
//! | `capture.rs`, `state.rs` | captures; the machine: handles, contexts and threads |
//! | `capturing.rs`, `recording.rs`, `kernels.rs`, `run.rs` | what the machine does with captures, events, kernels and tasks |
//! | `functions/`, `table.rs` | what each function refuses, and does; the functions as C calls them |

mod calls;
mod capture;
mod capturing;
mod config;
mod device;
mod event;
mod fail;
mod functions;
mod kernels;
mod memory;
mod pool;
mod record;
mod recording;
mod region;
mod run;
mod state;
mod stream;
#[allow(non_snake_case, reason = "AscendCL's names")]
mod table;
mod task;

pub use calls::{CallCounts, CallKind};
pub use config::{CoreOptions, SimConfig};

use std::ffi::c_void;
use std::mem;
use std::sync::Arc;

use crate::acl::{AclApi, Api};
use crate::sim::cores::{CoreCounters, Steps};
use crate::{Error, Result};
use fail::lock;
use state::State;
use table::Slot;
use task::Effect;

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

    /// The same machine behind a table in which some functions are others, as a profiler's hooks are. A device that is
    /// opened through it calls them.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where a function that the crate needs is taken out.
    ///
    /// # Safety
    /// What stands in for a function may be called whenever that may, and breaks nothing that its caller relies on.
    #[doc(hidden)]
    pub unsafe fn with_functions(&self, replace: impl FnOnce(&mut AclApi)) -> Result<Self> {
        let mut table = *self.api.table();
        replace(&mut table);
        // SAFETY: as before, for as long as the machine's own table lives; of the others the caller has promised it.
        let api = unsafe { Api::new(table, "the simulated library", kernel_image, Box::new(self.api.clone())) }?;
        Ok(Self { api, state: self.state.clone() })
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

    /// What each core did in the last kernel that ran without a report, step by step; taken, and empty the next time.
    /// Nothing where [`CoreOptions::steps`] is off.
    #[must_use]
    pub fn take_core_steps(&self) -> Steps {
        mem::take(&mut lock(&self.state.last_steps))
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

    /// Graphs that are not destroyed.
    #[must_use]
    pub fn graphs(&self) -> usize {
        lock(&self.state.objects).graphs.len()
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
