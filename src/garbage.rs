//! What was dropped and waits to be given back: no drop calls the device, since the device may still be at work on it.

use std::sync::{Arc, Mutex, PoisonError};

use crate::Result;
use crate::api::{Api, DeviceMemory, RawEvent};

/// Something to give back once the work that was enqueued before it was dropped is done.
#[derive(Debug)]
pub(crate) enum Garbage {
    /// Memory of a buffer.
    Memory(DeviceMemory),
    /// An event. It is on the list of each stream that recorded it or waits for it; the last list destroys it.
    Event(Arc<RawEvent>),
}

/// The list of one stream.
#[derive(Debug, Default)]
pub(crate) struct GarbageList(Mutex<Vec<Garbage>>);

impl GarbageList {
    pub(crate) fn push(&self, garbage: Garbage) {
        self.lock().push(garbage);
    }

    /// What is on the list now. Whoever frees it takes it before it waits.
    pub(crate) fn take(&self) -> Vec<Garbage> {
        std::mem::take(&mut *self.lock())
    }

    pub(crate) fn put_back(&self, garbage: Vec<Garbage>) {
        let mut list = self.lock();
        let later = std::mem::replace(&mut *list, garbage);
        list.extend(later);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Vec<Garbage>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives back what no work uses any more. What fails is leaked and logged.
pub(crate) fn free(api: &Api, garbage: Vec<Garbage>) {
    for item in garbage {
        match item {
            Garbage::Memory(memory) => leaked("memory of a dropped buffer", api.free(memory)),
            Garbage::Event(event) => {
                if let Some(event) = Arc::into_inner(event) {
                    leaked("a dropped event", api.destroy_event(event));
                }
            }
        }
    }
}

/// Logs what could not be given back, with the feature `log`.
#[allow(clippy::needless_pass_by_value, reason = "taken note of")]
#[cfg_attr(not(feature = "log"), expect(unused_variables, reason = "nothing is logged"))]
pub(crate) fn leaked(what: &str, result: Result<()>) {
    #[cfg(feature = "log")]
    if let Err(error) = result {
        log::warn!("{what} is leaked: {error}");
    }
}
