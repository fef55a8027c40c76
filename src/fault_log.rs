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
    bytes: usize,
    /// A launch may have written to it since it was made.
    used: AtomicBool,
    /// Held while a read is enqueued, so that two reads do not see the same fault.
    reads: Mutex<Reads>,
}

#[derive(Debug, Default)]
struct Reads {
    /// Copies that nobody uses.
    idle: Vec<Copy>,
    /// Copies on their way that nobody waits for: of checks that were dropped, of waits that failed.
    abandoned: Vec<Copy>,
    /// Faults that were read and not yet reported.
    found: Vec<DeviceFault>,
    /// A clearing was refused behind its copy, so that the next copy holds the same faults again.
    uncleared: bool,
    /// Faults up to this launch are such.
    already_read: u64,
}

/// Pinned memory for a copy of the log, and an event behind the copy.
#[derive(Debug)]
pub(crate) struct Copy {
    memory: PinnedMemory,
    event: Option<RawEvent>,
}

impl Copy {
    /// The event behind the copy of a check.
    pub(crate) fn event(&self) -> &RawEvent {
        self.event.as_ref().expect("made for the check")
    }
}

impl FaultLog {
    /// An empty log for so many cores; the clearing is enqueued on the stream.
    pub(crate) fn new(api: &Api, stream: &RawStream, cores: u32) -> Result<Self> {
        let bytes = cores as usize * FAULT_LINE_BYTES;
        let memory = api.malloc_host(bytes)?;
        let lines = match api.malloc(bytes) {
            Ok(lines) => lines,
            Err(error) => {
                leaked("pinned memory", api.free_host(memory));
                return Err(error);
            }
        };
        if let Err(error) = api.clear_async(&lines, stream) {
            leaked("pinned memory", api.free_host(memory));
            leaked("a fault log", api.free(lines));
            return Err(error);
        }
        let reads = Reads { idle: vec![Copy { memory, event: None }], ..Reads::default() };
        Ok(Self { lines, bytes, used: AtomicBool::new(false), reads: Mutex::new(reads) })
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

    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Acquire)
    }

    /// Copies that a wait which begins now is good for. For [`finish`](Self::finish), or [`abandon`](Self::abandon) where
    /// the wait fails.
    pub(crate) fn abandoned(&self) -> Vec<Copy> {
        std::mem::take(&mut self.reads().abandoned)
    }

    pub(crate) fn abandon(&self, copies: impl IntoIterator<Item = Copy>) {
        self.reads().abandoned.extend(copies);
    }

    /// Enqueues a read, ahead of a wait.
    pub(crate) fn read(&self, api: &Api, stream: &RawStream) -> Result<Copy> {
        self.enqueue(api, stream, |_| Ok(()))
    }

    /// Enqueues a read and an event behind it.
    pub(crate) fn check(&self, api: &Api, stream: &RawStream) -> Result<Copy> {
        self.enqueue(api, stream, |copy| {
            let event = match copy.event.take() {
                Some(event) => event,
                None => api.create_event()?,
            };
            api.record_event(copy.event.insert(event), stream)
        })
    }

    fn enqueue(&self, api: &Api, stream: &RawStream, behind: impl FnOnce(&mut Copy) -> Result<()>) -> Result<Copy> {
        let mut reads = self.reads();
        let mut copy = match reads.idle.pop() {
            Some(copy) => copy,
            None => Copy { memory: api.malloc_host(self.bytes)?, event: None },
        };
        let copied = api.copy_to_pinned_async(&copy.memory, &self.lines, stream);
        let cleared = copied.and_then(|()| {
            let cleared = api.clear_async(&self.lines, stream);
            reads.uncleared |= cleared.is_err();
            cleared
        });
        match cleared.and_then(|()| behind(&mut copy)) {
            Ok(()) => Ok(copy),
            Err(error) => {
                // It may be on its way all the same; otherwise it holds what it held, which was read.
                reads.abandoned.push(copy);
                Err(error)
            }
        }
    }

    /// After the wait: takes what the copies hold. Gives the lowest fault that was not reported, if it is to be `report`ed.
    pub(crate) fn finish(&self, copies: Vec<Copy>, report: bool) -> Option<DeviceFault> {
        let mut reads = self.reads();
        for copy in copies {
            let found = reads.take(self.bytes, copy);
            reads.found.extend(found);
        }
        if !report {
            return None;
        }
        let lowest = (0..reads.found.len()).min_by_key(|&i| reads.found[i].order())?;
        Some(reads.found.swap_remove(lowest))
    }

    /// Takes back the copy of a check that is over: what it found.
    pub(crate) fn take_check(&self, copy: Copy) -> Option<DeviceFault> {
        self.reads().take(self.bytes, copy)
    }

    fn reads(&self) -> std::sync::MutexGuard<'_, Reads> {
        self.reads.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Reads {
    /// The lowest fault of a copy, which is idle again, and cleared: what is never written again is read once.
    fn take(&mut self, bytes: usize, copy: Copy) -> Option<DeviceFault> {
        let mut log = vec![0; bytes];
        copy.memory.take(&mut log);
        self.idle.push(copy);
        let known = std::mem::take(&mut self.already_read);
        let lowest = DeviceFault::lowest(&log, known);
        if std::mem::take(&mut self.uncleared) {
            self.already_read = lowest.map_or(known, |fault| fault.launch.get());
        }
        lowest
    }
}
