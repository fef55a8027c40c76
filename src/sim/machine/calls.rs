//! Which calls were made, and which of them fail because a test wants it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};

use super::fail::{Fail, lock};
use crate::acl::functions::functions;

/// What an AscendCL call is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CallKind {
    /// Initialisation, version, error text.
    Process,
    /// Choosing a device.
    Device,
    /// Facts about a device.
    DeviceQuery,
    /// The thread's context.
    Context,
    /// Making and destroying streams.
    Stream,
    /// Waiting for a stream or a device.
    Synchronisation,
    /// Events: making, recording, waiting on the device, asking.
    Event,
    /// Allocating and freeing memory, on the device or pinned.
    Allocation,
    /// Copying and setting memory.
    Copy,
    /// Loading kernels.
    Load,
    /// Launching a kernel.
    Launch,
    /// Captures and graphs.
    Graph,
}

macro_rules! listed {
    ($($need:ident $name:ident($($argument:ident: $type:ty),*) -> $returned:ty, $kind:ident, $since:literal;)+) => {
        /// Names and kinds of the functions.
        const CALLS: &[(&str, CallKind)] = &[$((stringify!($name), CallKind::$kind)),+];

        /// The functions, by their place among all.
        #[derive(Clone, Copy)]
        #[allow(non_camel_case_types, clippy::enum_variant_names, reason = "AscendCL's names")]
        pub(super) enum Call {
            $($name),+
        }
    };
}
functions!(listed);

/// How often each function was called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallCounts(Vec<u64>);

impl CallCounts {
    /// Calls of one function.
    ///
    /// # Panics
    /// If AclApi has no function of this name.
    #[must_use]
    pub fn of(&self, name: &str) -> u64 {
        self.0[index(name)]
    }

    /// Calls of one kind.
    #[must_use]
    pub fn of_kind(&self, kind: CallKind) -> u64 {
        CALLS.iter().zip(&self.0).filter(|((_, of), _)| *of == kind).map(|(_, count)| count).sum()
    }

    /// What was called since an earlier count: names and how often, without those that were not.
    #[must_use]
    pub fn since(&self, earlier: &Self) -> Vec<(&'static str, u64)> {
        let counts = self.0.iter().zip(&earlier.0).map(|(now, then)| now - then);
        CALLS.iter().zip(counts).filter(|(_, count)| *count > 0).map(|((name, _), count)| (*name, count)).collect()
    }
}

/// Names of all functions that can be counted and failed.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    CALLS.iter().map(|(name, _)| *name)
}

fn index(name: &str) -> usize {
    names().position(|other| other == name).unwrap_or_else(|| panic!("AclApi has no function {name}"))
}

/// The counters and the failures to come.
#[derive(Debug)]
pub(super) struct Calls {
    counts: Vec<AtomicU64>,
    failures: Mutex<Vec<Failure>>,
    /// Length of `failures`, to be read without the lock.
    pending: AtomicUsize,
}

#[derive(Debug)]
struct Failure {
    call: usize,
    /// Calls until it fails: 1 is the next.
    left: u64,
    code: i32,
}

impl Calls {
    pub(super) fn new() -> Self {
        let counts = CALLS.iter().map(|_| AtomicU64::new(0)).collect();
        Self { counts, failures: Mutex::default(), pending: AtomicUsize::new(0) }
    }

    /// Counts a call; an error where it is one that fails.
    pub(super) fn count(&self, call: Call) -> Result<(), Fail> {
        let call = call as usize;
        self.counts[call].fetch_add(1, Ordering::Relaxed);
        // Spares the lock where nothing is to fail. A call at the same time as `fail` may come before it, with the lock
        // as without.
        if self.pending.load(Ordering::Acquire) == 0 {
            return Ok(());
        }
        let mut failures = lock(&self.failures);
        let mut failed = None;
        failures.retain_mut(|failure| {
            failure.left -= u64::from(failure.call == call);
            if failure.left == 0 {
                failed = Some(failure.code);
            }
            failure.left > 0
        });
        self.pending.store(failures.len(), Ordering::Release);
        match failed {
            Some(code) => Err(Fail { code, text: format!("{} fails here as it was told to", CALLS[call].0) }),
            None => Ok(()),
        }
    }

    pub(super) fn counts(&self) -> CallCounts {
        CallCounts(self.counts.iter().map(|count| count.load(Ordering::Relaxed)).collect())
    }

    pub(super) fn fail(&self, name: &str, nth: u64, code: i32) {
        let mut failures = lock(&self.failures);
        failures.push(Failure { call: index(name), left: nth.max(1), code });
        self.pending.store(failures.len(), Ordering::Release);
    }

    /// Takes back the failures that have not come; tells how many.
    pub(super) fn clear_failures(&self) -> usize {
        let mut failures = lock(&self.failures);
        self.pending.store(0, Ordering::Release);
        std::mem::take(&mut *failures).len()
    }
}
