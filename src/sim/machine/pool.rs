//! What a device has a limited number of: streams, events on their way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// So many of something.
#[derive(Debug)]
pub(super) struct Pool {
    size: usize,
    used: AtomicUsize,
}

/// One of them, given back by its drop.
#[derive(Debug)]
pub(super) struct Permit(Arc<Pool>);

impl Pool {
    pub(super) fn new(size: usize) -> Arc<Self> {
        Arc::new(Self { size, used: AtomicUsize::new(0) })
    }

    /// One, where one is left.
    pub(super) fn take(self: &Arc<Self>) -> Option<Permit> {
        let more = |used| (used < self.size).then_some(used + 1);
        self.used.fetch_update(Ordering::AcqRel, Ordering::Acquire, more).ok().map(|_| Permit(self.clone()))
    }

    pub(super) fn used(&self) -> usize {
        self.used.load(Ordering::Acquire)
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.used.fetch_sub(1, Ordering::AcqRel);
    }
}
