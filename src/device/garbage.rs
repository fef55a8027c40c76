//! What was dropped and waits to be given back: no drop calls the device, since the device may still be at work on it.

#![allow(unsafe_code, reason = "memory is freed by the word of whoever waited")]

use std::any::Any;
use std::fmt::Display;
use std::sync::{Arc, Mutex, PoisonError};

use crate::acl::{Api, Context, DeviceMemory, PinnedMemory, RawEvent, RawGraph};
use crate::logging;

/// What was dropped on one stream.
#[derive(Debug, Default)]
pub(crate) struct Garbage {
    /// Given back once the work that was enqueued before the drop is done.
    used: Mutex<Used>,
    /// Destroyed by the next call that may make a device call: the runtime itself keeps what records and waits under
    /// way need of them (aclrtDestroyEvent returns at once, and may come before the event's completion).
    events: Mutex<Vec<RawEvent>>,
}

#[derive(Debug, Default)]
struct Used {
    /// Drops so far.
    drops: u64,
    /// With the drops before its own.
    dropped: Vec<(u64, Dropped)>,
}

/// What the device may be at work on.
#[derive(Debug)]
pub(crate) enum Dropped {
    /// aclrtFree does not wait.
    Memory(DeviceMemory),
    /// On the list of each stream that read it; whoever takes the last frees it.
    Shared(Arc<DeviceMemory>),
    /// A copy from it may be under way. aclrtFreeHost does not wait either.
    Pinned(PinnedMemory),
    /// On the list of each stream that it was replayed on; whoever takes the last destroys it.
    Graph(Arc<CapturedGraph>),
}

/// Something that is kept alive.
pub(crate) type Owner = Arc<dyn Any + Send + Sync>;

/// A graph, and what is kept for it until no replay of it is under way.
#[derive(Debug)]
pub(crate) struct CapturedGraph {
    pub(crate) raw: RawGraph,
    pub(crate) context: Context,
    pub(crate) owners: Vec<Owner>,
}

impl Garbage {
    pub(crate) fn add(&self, dropped: Dropped) {
        let mut list = locked(&self.used);
        let before = list.drops;
        list.dropped.push((before, dropped));
        list.drops += 1;
    }

    pub(crate) fn add_memory(&self, memory: DeviceMemory) {
        self.add(Dropped::Memory(memory));
    }

    pub(crate) fn add_event(&self, event: RawEvent) {
        locked(&self.events).push(event);
    }

    /// How much was dropped so far. Asked before a wait, or before a read of the log is enqueued: what is dropped later may
    /// be in use by later work.
    pub(crate) fn drops(&self) -> u64 {
        locked(&self.used).drops
    }

    /// Takes the first so many drops.
    pub(crate) fn take(&self, drops: u64) -> Vec<Dropped> {
        locked(&self.used).dropped.extract_if(.., |(before, _)| *before < drops).map(|(_, dropped)| dropped).collect()
    }

    /// Destroys the events that were dropped so far.
    pub(crate) fn destroy_events(&self, api: &Api) {
        for event in std::mem::take(&mut *locked(&self.events)) {
            // SAFETY: its only handle was dropped.
            leaked("a dropped event", unsafe { api.destroy_event(event) });
        }
    }
}

fn locked<T>(list: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    list.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Frees memory of dropped buffers. What fails is leaked and logged.
///
/// # Safety
/// The work that was enqueued before they were dropped is done.
pub(crate) unsafe fn free(api: &Api, memory: Vec<DeviceMemory>, pinned: Vec<PinnedMemory>) {
    for memory in memory {
        // SAFETY: the caller's promise; nothing has a buffer's address after its drop but the work, and graphs, whose
        // maker has promised to keep the buffers.
        leaked("memory of a dropped buffer", unsafe { api.free(memory) });
    }
    for memory in pinned {
        // SAFETY: the caller's promise; uploads are not captured.
        leaked("pinned memory", unsafe { api.free_host(memory) });
    }
}

/// Logs what could not be given back, with the feature `log`.
#[allow(clippy::needless_pass_by_value, reason = "taken note of")]
pub(crate) fn leaked<E: Display>(what: &str, result: Result<(), E>) {
    if let Err(error) = result {
        logging::warn!("{what} is leaked: {error}");
    }
}
