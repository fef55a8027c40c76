//! What was dropped and waits to be given back: no drop calls the device, since the device may still be at work on it.

#![allow(unsafe_code, reason = "memory is freed by the word of whoever waited")]

use std::fmt::Display;
use std::sync::{Mutex, PoisonError};

use crate::acl::{Api, DeviceMemory, RawEvent};
use crate::logging;

/// What was dropped on one stream.
#[derive(Debug, Default)]
pub(crate) struct Garbage {
    /// Freed once the work that was enqueued before the drop is done: aclrtFree does not wait.
    memory: Mutex<Memory>,
    /// Destroyed by the next call that may make a device call: the runtime itself keeps what records and waits under
    /// way need of them (aclrtDestroyEvent returns at once, and may come before the event's completion).
    events: Mutex<Vec<RawEvent>>,
}

#[derive(Debug, Default)]
struct Memory {
    /// Drops so far.
    drops: u64,
    /// With the drops before its own.
    dropped: Vec<(u64, DeviceMemory)>,
}

impl Garbage {
    pub(crate) fn add_memory(&self, memory: DeviceMemory) {
        let mut list = locked(&self.memory);
        let before = list.drops;
        list.dropped.push((before, memory));
        list.drops += 1;
    }

    pub(crate) fn add_event(&self, event: RawEvent) {
        locked(&self.events).push(event);
    }

    /// How much was dropped so far. Asked before a wait, or before a read of the log is enqueued: what is dropped later may
    /// be in use by later work.
    pub(crate) fn drops(&self) -> u64 {
        locked(&self.memory).drops
    }

    /// Takes the memory of the first so many drops.
    pub(crate) fn take_memory(&self, drops: u64) -> Vec<DeviceMemory> {
        locked(&self.memory).dropped.extract_if(.., |(before, _)| *before < drops).map(|(_, memory)| memory).collect()
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
pub(crate) unsafe fn free(api: &Api, dropped: Vec<DeviceMemory>) {
    for memory in dropped {
        // SAFETY: the caller's promise; nothing has a buffer's address after its drop but the work, and graphs, whose
        // maker has promised to keep the buffers.
        leaked("memory of a dropped buffer", unsafe { api.free(memory) });
    }
}

/// Logs what could not be given back, with the feature `log`.
#[allow(clippy::needless_pass_by_value, reason = "taken note of")]
pub(crate) fn leaked<E: Display>(what: &str, result: Result<(), E>) {
    if let Err(error) = result {
        logging::warn!("{what} is leaked: {error}");
    }
}
