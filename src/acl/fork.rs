//! A child of a process that has initialised AscendCL has none of the runtime's threads: what it enqueues is never seen to
//! end. It is refused, by a counter that costs a call one load.

use std::sync::atomic::{AtomicU32, Ordering};

use super::Api;
use super::{Error, Result};

/// Forks between this process and the one that called [`generation`] first.
static FORKS: AtomicU32 = AtomicU32::new(0);

/// The generation of this process, to be compared with a later one.
#[cfg(any(feature = "npu", feature = "sim"))]
pub(super) fn generation() -> u32 {
    extern "C" fn in_child() {
        // Relaxed here and where it is read: a child begins with this thread alone, and starts every other one later.
        FORKS.fetch_add(1, Ordering::Relaxed);
    }
    static WATCH: std::sync::Once = std::sync::Once::new();
    WATCH.call_once(|| {
        // SAFETY: the handler is a plain function that only counts. A failure leaves forks unnoticed.
        unsafe { libc::pthread_atfork(None, None, Some(in_child)) };
    });
    FORKS.load(Ordering::Relaxed)
}

impl Api {
    /// Refuses a child of the process that opened the library.
    pub(crate) fn check_fork(&self) -> Result<()> {
        if FORKS.load(Ordering::Relaxed) == self.generation {
            return Ok(());
        }
        let text = "this process was forked after AscendCL was initialised, and has none of its threads: open devices in \
                    the child alone, or start it with exec";
        Err(Error::Unavailable(text.into()))
    }
}
