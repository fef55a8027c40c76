//! A stream's fault log: one line per vector core in device memory, which kernels write to, and what reads it.
//!
//! Reading is two tasks on the stream: a copy into pinned host memory and, behind it, the clearing. A fault is thus in one
//! copy only.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::api::{Api, DeviceMemory, PinnedMemory, RawEvent, RawStream};
use crate::fault::FAULT_LINE_BYTES;
use crate::garbage::leaked;
use crate::{DeviceFault, Result};

/// The log of a stream.
#[derive(Debug)]
pub(crate) struct FaultLog {
    lines: DeviceMemory,
    /// Where a wait reads it.
    copy: PinnedMemory,
    bytes: usize,
    /// A launch may have written to it since it was made.
    used: AtomicBool,
    /// Held while a read is enqueued, so that two reads do not see the same fault.
    reads: Mutex<Reads>,
}

#[derive(Debug, Default)]
struct Reads {
    /// The copy that a wait reads is on its way, until [`finish`](FaultLog::finish).
    in_flight: bool,
    /// A clearing was refused behind its copy, so that the next copy holds the same faults again.
    uncleared: bool,
    /// Faults up to this launch are such.
    already_read: u64,
    /// Copies of checks that are over.
    idle: Vec<Copy>,
    /// Copies of checks that were dropped before they were.
    abandoned: Vec<Copy>,
    /// Faults that were read and not yet reported.
    found: Vec<DeviceFault>,
}

/// Pinned memory for a copy of the log, and an event behind the copy.
#[derive(Debug)]
pub(crate) struct Copy {
    memory: PinnedMemory,
    pub(crate) event: RawEvent,
}

impl FaultLog {
    /// An empty log for so many cores; the clearing is enqueued on the stream.
    pub(crate) fn new(api: &Api, stream: &RawStream, cores: u32) -> Result<Self> {
        let bytes = cores as usize * FAULT_LINE_BYTES;
        let copy = api.malloc_host(bytes)?;
        let lines = match api.malloc(bytes) {
            Ok(lines) => lines,
            Err(error) => {
                leaked("pinned memory", api.free_host(copy));
                return Err(error);
            }
        };
        if let Err(error) = api.clear_async(&lines, stream) {
            leaked("pinned memory", api.free_host(copy));
            leaked("a fault log", api.free(lines));
            return Err(error);
        }
        Ok(Self { lines, copy, bytes, used: AtomicBool::new(false), reads: Mutex::default() })
    }

    /// Enqueues the clearing of a log that another stream has left, with all its work done.
    pub(crate) fn reuse(&mut self, api: &Api, stream: &RawStream) -> Result<()> {
        api.clear_async(&self.lines, stream)?;
        self.used = AtomicBool::new(false);
        let reads = self.reads.get_mut().unwrap_or_else(PoisonError::into_inner);
        let Reads { mut idle, abandoned, .. } = std::mem::take(reads);
        idle.extend(abandoned);
        reads.idle = idle;
        Ok(())
    }

    /// Device address of the first core's line.
    pub(crate) fn address(&self) -> u64 {
        self.lines.address().get()
    }

    /// A launch has been enqueued. From then on the log is always read: replays of a captured launch are not seen here.
    pub(crate) fn mark_used(&self) {
        self.used.store(true, Ordering::Release);
    }

    /// Enqueues a read, where one is due and none is in flight, ahead of the wait that the caller begins. Returns the
    /// checks that were dropped before that wait, for [`finish`](Self::finish).
    pub(crate) fn enqueue_read(&self, api: &Api, stream: &RawStream, read: bool) -> Result<Vec<Copy>> {
        let mut reads = self.reads();
        if read && self.used.load(Ordering::Acquire) && !reads.in_flight {
            api.copy_to_pinned_async(&self.copy, &self.lines, stream)?;
            reads.in_flight = true;
            self.clear_behind(api, stream, &mut reads)?;
        }
        Ok(std::mem::take(&mut reads.abandoned))
    }

    /// The wait did not end: the checks are kept for the next.
    pub(crate) fn unfinished(&self, abandoned: Vec<Copy>) {
        self.reads().abandoned.extend(abandoned);
    }

    /// After the wait: takes what was read. Gives the lowest fault that was not reported, if it is to be `reported`.
    pub(crate) fn finish(&self, abandoned: Vec<Copy>, reported: bool) -> Option<DeviceFault> {
        let mut reads = self.reads();
        if std::mem::take(&mut reads.in_flight) {
            self.take(&self.copy, &mut reads);
        }
        for copy in abandoned {
            self.take(&copy.memory, &mut reads);
            reads.idle.push(copy);
        }
        if !reported {
            return None;
        }
        let lowest = (0..reads.found.len()).min_by_key(|&i| reads.found[i].order())?;
        Some(reads.found.swap_remove(lowest))
    }

    /// Enqueues a read into a copy of its own, with an event behind it.
    pub(crate) fn check(&self, api: &Api, stream: &RawStream) -> Result<Copy> {
        let mut reads = self.reads();
        let copy = match reads.idle.pop() {
            Some(copy) => copy,
            None => self.new_copy(api)?,
        };
        let enqueued = api
            .copy_to_pinned_async(&copy.memory, &self.lines, stream)
            .and_then(|()| self.clear_behind(api, stream, &mut reads))
            .and_then(|()| api.record_event(&copy.event, stream));
        match enqueued {
            Ok(()) => Ok(copy),
            Err(error) => {
                // The copy may be on its way all the same.
                reads.abandoned.push(copy);
                Err(error)
            }
        }
    }

    fn new_copy(&self, api: &Api) -> Result<Copy> {
        let event = api.create_event()?;
        match api.malloc_host(self.bytes) {
            Ok(memory) => Ok(Copy { memory, event }),
            Err(error) => {
                leaked("an event", api.destroy_event(event));
                Err(error)
            }
        }
    }

    /// Enqueues the clearing of what a copy, enqueued just before, has read.
    fn clear_behind(&self, api: &Api, stream: &RawStream, reads: &mut Reads) -> Result<()> {
        let cleared = api.clear_async(&self.lines, stream);
        reads.uncleared |= cleared.is_err();
        cleared
    }

    /// Takes the lowest fault of a copy.
    fn take(&self, copy: &PinnedMemory, reads: &mut Reads) {
        let mut log = vec![0; self.bytes];
        copy.read(&mut log);
        let known = std::mem::take(&mut reads.already_read);
        let lowest = DeviceFault::lowest(&log, known);
        if std::mem::take(&mut reads.uncleared) {
            reads.already_read = lowest.map_or(known, |fault| fault.launch.get());
        }
        reads.found.extend(lowest);
    }

    /// Takes back the copy of a check that is over: what it found.
    pub(crate) fn take_check(&self, copy: Copy) -> Option<DeviceFault> {
        let mut reads = self.reads();
        let before = reads.found.len();
        self.take(&copy.memory, &mut reads);
        reads.idle.push(copy);
        (reads.found.len() > before).then(|| reads.found.pop()).flatten()
    }

    /// Takes back the copy of a check that nobody polled to its end.
    pub(crate) fn abandon_check(&self, copy: Copy) {
        self.reads().abandoned.push(copy);
    }

    fn reads(&self) -> std::sync::MutexGuard<'_, Reads> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
