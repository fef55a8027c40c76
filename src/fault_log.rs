//! A stream's fault log: one line per vector core in device memory, which kernels write to, and what reads it.
//!
//! Reading is two tasks on the stream: a copy into pinned host memory and, behind it, the clearing. A fault is thus in one
//! copy only. A read stays *outstanding* until someone knows that it is done: by a wait for the stream that began after
//! it, or by the event of a check.

#![allow(unsafe_code, reason = "reads of device memory are enqueued here, and nowhere else")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::api::{Api, DeviceMemory, PinnedMemory, RawEvent, RawStream};
use crate::fault::FAULT_LINE_BYTES;
use crate::garbage::leaked;
use crate::{DeviceFault, Result, logging};

/// The log of a stream.
#[derive(Debug)]
pub(crate) struct FaultLog {
    lines: DeviceMemory,
    bytes: usize,
    /// A launch may have written to it since it was made.
    used: AtomicBool,
    /// Its clearing, ahead of all else, was enqueued on its stream.
    cleared: AtomicBool,
    /// Held while tasks are enqueued, so that two reads do not see the same fault. That can wait for room in the stream's
    /// queue: nothing that must not block takes it.
    order: Mutex<()>,
    /// Locked for a moment only.
    reads: Mutex<Reads>,
}

#[derive(Debug, Default)]
struct Reads {
    /// Pinned memory, with an event where there was one, that no read uses.
    idle: Vec<(PinnedMemory, Option<RawEvent>)>,
    /// Reads that nobody waits for: of checks that were dropped, of waits that failed.
    abandoned: Vec<Read>,
    /// Faults that were read and not yet reported: no more than a log holds.
    found: Vec<DeviceFault>,
}

/// A read of the log that was enqueued.
#[derive(Debug)]
pub(crate) struct Read {
    memory: PinnedMemory,
    event: Option<RawEvent>,
    /// The event was recorded behind it.
    recorded: bool,
    /// The clearing behind the copy was refused: the next read holds the same faults again, and more.
    superseded: bool,
    /// Memory that was dropped before it was enqueued, to be freed once it is done.
    dropped: Vec<DeviceMemory>,
}

impl Read {
    pub(crate) fn with_dropped(self, dropped: Vec<DeviceMemory>) -> Self {
        Self { dropped, ..self }
    }

    /// The event behind it, where there is one.
    pub(crate) fn event(&self) -> Option<&RawEvent> {
        self.event.as_ref().filter(|_| self.recorded)
    }
}

impl FaultLog {
    /// Memory for a log of so many cores. Enqueues nothing.
    pub(crate) fn allocate(api: &Api, cores: u32) -> Result<Self> {
        let bytes = cores as usize * FAULT_LINE_BYTES;
        let memory = api.malloc_host(bytes)?;
        let lines = match api.malloc(bytes) {
            Ok(lines) => lines,
            Err(error) => {
                // SAFETY: nothing was enqueued that uses it.
                leaked("pinned memory", unsafe { api.free_host(memory) });
                return Err(error);
            }
        };
        let reads = Reads { idle: vec![(memory, None)], ..Reads::default() };
        Ok(Self::empty(lines, bytes, reads))
    }

    fn empty(lines: DeviceMemory, bytes: usize, reads: Reads) -> Self {
        let (used, cleared) = (AtomicBool::new(false), AtomicBool::new(false));
        Self { lines, bytes, used, cleared, order: Mutex::default(), reads: Mutex::new(reads) }
    }

    /// As new, for another stream; the work of the old one is done.
    pub(crate) fn reuse(self) -> Self {
        let mut reads = self.reads.into_inner().unwrap_or_else(PoisonError::into_inner);
        reads.found.clear();
        for read in std::mem::take(&mut reads.abandoned) {
            reads.idle.push((read.memory, read.event));
        }
        Self::empty(self.lines, self.bytes, reads)
    }

    /// Whether [`clear`](Self::clear) was called with success.
    pub(crate) fn is_cleared(&self) -> bool {
        self.cleared.load(Ordering::Acquire)
    }

    /// Enqueues the clearing, ahead of the first launch.
    pub(crate) fn clear(&self, api: &Api, stream: &RawStream) -> Result<()> {
        let _order = locked(&self.order);
        if !self.is_cleared() {
            // SAFETY: the log lives as long as the process, and all its users are on this stream, behind it.
            unsafe { api.clear_async(&self.lines, stream) }?;
            self.cleared.store(true, Ordering::Release);
        }
        Ok(())
    }

    /// Device address.
    pub(crate) fn address(&self) -> u64 {
        self.lines.address().get()
    }

    /// A launch is about to use it.
    pub(crate) fn mark_used(&self) {
        self.used.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// Outstanding reads that a wait which begins now is good for. For [`finish`](Self::finish), or
    /// [`abandon`](Self::abandon) where the wait fails.
    pub(crate) fn abandoned(&self) -> Vec<Read> {
        std::mem::take(&mut locked(&self.reads).abandoned)
    }

    pub(crate) fn abandon(&self, reads: impl IntoIterator<Item = Read>) {
        locked(&self.reads).abandoned.extend(reads);
    }

    /// Abandoned reads whose event the device has come to: checks that were dropped.
    pub(crate) fn done(&self, api: &Api) -> Vec<Read> {
        let is_done = |read: &mut Read| read.event().is_some_and(|event| api.event_done(event) == Ok(true));
        locked(&self.reads).abandoned.extract_if(.., is_done).collect()
    }

    /// Enqueues a read, ahead of a wait.
    pub(crate) fn read(&self, api: &Api, stream: &RawStream) -> Result<Read> {
        self.enqueue(api, stream, |_| Ok(()))
    }

    /// Enqueues a read and an event behind it.
    pub(crate) fn check(&self, api: &Api, stream: &RawStream) -> Result<Read> {
        self.enqueue(api, stream, |read| {
            let event = match read.event.take() {
                Some(event) => event,
                None => api.create_event()?,
            };
            api.record_event(read.event.insert(event), stream)?;
            read.recorded = true;
            Ok(())
        })
    }

    fn enqueue(&self, api: &Api, stream: &RawStream, behind: impl FnOnce(&mut Read) -> Result<()>) -> Result<Read> {
        let order = locked(&self.order);
        let idle = locked(&self.reads).idle.pop();
        let (memory, event) = match idle {
            Some(idle) => idle,
            None => (api.malloc_host(self.bytes)?, None),
        };
        let mut read = Read { memory, event, recorded: false, superseded: false, dropped: Vec::new() };
        // SAFETY: the log lives as long as the process; the pinned memory belongs to the read, which comes back to the
        // idle ones when it is done and not before. Stream order is the order of all uses. Whoever calls has seen that
        // the stream is not captured.
        let cleared = unsafe {
            api.copy_to_pinned_async(&read.memory, &self.lines, stream)
                .and_then(|()| api.clear_async(&self.lines, stream))
        };
        drop(order);
        read.superseded = cleared.is_err();
        match cleared.and_then(|()| behind(&mut read)) {
            Ok(()) => Ok(read),
            Err(error) => {
                // The copy may be on its way: its memory is idle after the next wait.
                self.abandon([read]);
                Err(error)
            }
        }
    }

    /// Takes what reads that are done hold. Gives the memory that was dropped before them, to be freed.
    #[must_use]
    pub(crate) fn finish(&self, done: impl IntoIterator<Item = Read>) -> Vec<DeviceMemory> {
        let mut reads = locked(&self.reads);
        let mut all_dropped = Vec::new();
        for Read { memory, event, superseded, dropped, .. } in done {
            all_dropped.extend(dropped);
            let mut log = vec![0; self.bytes];
            // It leaves zeros: what is never written again is read once.
            memory.take(&mut log);
            reads.idle.push((memory, event));
            if !superseded {
                reads.found.extend(DeviceFault::of_log(&log));
            }
        }
        reads.found.sort_unstable_by_key(DeviceFault::order);
        let kept = self.bytes / FAULT_LINE_BYTES;
        if reads.found.len() > kept {
            log_unreported(&reads.found[kept..]);
            reads.found.truncate(kept);
        }
        all_dropped
    }

    /// The lowest fault that was read and not reported, by launch and row.
    pub(crate) fn report(&self) -> Option<DeviceFault> {
        let found = &mut locked(&self.reads).found;
        (!found.is_empty()).then(|| found.remove(0))
    }

    /// Logs the faults that the host knows of and nobody asked for, with the feature `log`.
    pub(crate) fn log_known(&self) {
        log_unreported(&std::mem::take(&mut locked(&self.reads).found));
    }

    /// Logs all faults that nobody asked for, once the stream's work is done and its last handle gone, and all reads are
    /// [finished](Self::finish).
    pub(crate) fn log_rest(&self, api: &Api) {
        // Only to be logged.
        if cfg!(feature = "log") && self.is_used() {
            let mut log = vec![0; self.bytes];
            // SAFETY: as many bytes as the log has; no work is left that writes it.
            match unsafe { api.copy_to_host(&mut log, self.lines.address()) } {
                Ok(()) => locked(&self.reads).found.extend(DeviceFault::of_log(&log)),
                Err(error) => logging::warn!("the fault log of a dropped stream was not read: {error}"),
            }
        }
        self.log_known();
    }
}

fn log_unreported(faults: &[DeviceFault]) {
    for fault in faults {
        logging::warn!("never reported: {fault}");
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
