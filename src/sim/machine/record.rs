//! Records of events: outside captures, and in them.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::fail::lock;
use super::pool::Permit;

/// One record of an event, and whether its stream has come to it.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) stream: usize,
    done: Mutex<bool>,
    changed: Condvar,
    /// The device's event that stands for it.
    pub(super) slot: Weak<Permit>,
}

/// A record for a task. Together, its tasks hold the device's event that stands for it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) record: Arc<Record>,
    #[expect(dead_code, reason = "held")]
    slot: Option<Arc<Permit>>,
}

impl Pending {
    pub(super) fn new(record: Arc<Record>, slot: Option<Arc<Permit>>) -> Self {
        Self { record, slot }
    }
}

impl Record {
    pub(super) fn new(stream: usize, slot: Option<&Arc<Permit>>) -> Self {
        let slot = slot.map_or_else(Weak::new, Arc::downgrade);
        Self { stream, done: Mutex::new(false), changed: Condvar::new(), slot }
    }

    pub(super) fn is_done(&self) -> bool {
        *lock(&self.done)
    }

    /// The stream has come to it.
    pub(super) fn complete(&self) {
        *lock(&self.done) = true;
        self.changed.notify_all();
    }

    /// Another stream has come to a wait for it. The wait is over too where the machine has `ended`.
    pub(super) fn wait(&self, ended: impl Fn() -> bool) {
        let mut done = lock(&self.done);
        while !*done && !ended() {
            let wait = self.changed.wait_timeout(done, Duration::from_millis(20));
            done = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A record within a capture: the streams that wait for it.
#[derive(Debug, Default)]
pub(super) struct CapturedRecord(Mutex<Vec<usize>>);

impl CapturedRecord {
    pub(super) fn add_waiter(&self, stream: usize) {
        lock(&self.0).push(stream);
    }

    pub(super) fn waiters(&self) -> Vec<usize> {
        lock(&self.0).clone()
    }
}

/// What an event knows of the capture that it was recorded in.
#[derive(Debug, Clone)]
pub(super) struct Captured {
    /// The handle of the capture's graph.
    pub(super) graph: usize,
    pub(super) record: Arc<CapturedRecord>,
}
