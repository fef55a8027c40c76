//! A stream's fault log: one line per vector core in device memory, which kernels write to, and what reads it.
//!
//! Reading is two tasks on the stream: a copy into pinned host memory and, behind it, the clearing. A fault is thus in one
//! copy only. A read stays *outstanding* until someone knows that it is done: by a wait for the stream that began after
//! it, or by the event of a check. Reads are numbered in the order of the stream: with one, all before it are done.

#![allow(unsafe_code, reason = "reads of device memory are enqueued here, and nowhere else")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::fault::FAULT_LINE_BYTES;
use super::garbage::leaked;
use crate::acl::Result;
use crate::acl::{Api, DeviceMemory, PinnedMemory, RawEvent, RawStream};
use crate::{DeviceFault, logging};

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
    /// Those that were enqueued so far.
    enqueued: u64,
    /// Reads that nobody holds: of waits, and of checks that were dropped.
    outstanding: Vec<Read>,
    /// Faults that were read and not yet reported: no more than a log holds.
    found: Vec<DeviceFault>,
}

impl Reads {
    fn next_number(&mut self) -> u64 {
        self.enqueued += 1;
        self.enqueued
    }
}

/// A read of the log that was enqueued.
#[derive(Debug)]
pub(crate) struct Read {
    /// From 1.
    number: u64,
    memory: PinnedMemory,
    event: Option<RawEvent>,
    /// The event was recorded behind it.
    recorded: bool,
    /// The clearing behind the copy was refused: the next read holds the same faults again, and more.
    superseded: bool,
    /// Drops on the stream before it was enqueued: their memory is free once it is done.
    drops: u64,
}

impl Read {
    /// How many reads it is the last of.
    pub(crate) fn number(&self) -> u64 {
        self.number
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
        let reads = self.reads.into_inner().unwrap_or_else(PoisonError::into_inner);
        let idle = reads.idle.into_iter().chain(reads.outstanding.into_iter().map(|read| (read.memory, None)));
        let reads = Reads { idle: idle.map(|(memory, _)| (memory, None)).collect(), ..Reads::default() };
        Self::empty(self.lines, self.bytes, reads)
    }

    /// The events that no read uses: they belong to the stream's context, and go with the stream.
    pub(crate) fn take_events(&self) -> Vec<RawEvent> {
        locked(&self.reads).idle.iter_mut().filter_map(|(_, event)| event.take()).collect()
    }

    /// Whether [`clear`](Self::clear) was called with success.
    pub(crate) fn is_cleared(&self) -> bool {
        // Acquire: whoever sees it also comes behind the call that enqueued the clearing, and so does what it enqueues.
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
        // Relaxed: it guards no memory. A wait that is to see another thread's launch is ordered behind it by whoever
        // calls.
        self.used.store(true, Ordering::Relaxed);
    }

    pub(crate) fn is_used(&self) -> bool {
        self.used.load(Ordering::Relaxed)
    }

    /// How many reads were enqueued so far: those that a wait which begins now is good for.
    pub(crate) fn enqueued(&self) -> u64 {
        locked(&self.reads).enqueued
    }

    /// Nobody holds the read any more.
    pub(crate) fn abandon(&self, read: Read) {
        let mut reads = locked(&self.reads);
        let place = reads.outstanding.partition_point(|other| other.number < read.number);
        reads.outstanding.insert(place, read);
    }

    /// The last read of those that nobody holds whose event the device has come to: a check that was dropped. 0: none.
    pub(crate) fn last_done(&self, api: &Api) -> u64 {
        let reads = locked(&self.reads);
        let checks = reads.outstanding.iter().filter_map(|read| Some((read.number, read.event()?)));
        checks.take_while(|(_, event)| api.event_done(event) == Ok(true)).last().map_or(0, |(number, _)| number)
    }

    /// Enqueues a read, ahead of a wait.
    pub(crate) fn read(&self, api: &Api, stream: &RawStream) -> Result<()> {
        self.enqueue(api, stream, 0, |_| Ok(())).map(|read| self.abandon(read))
    }

    /// Enqueues a read and an event behind it; so much was dropped before.
    pub(crate) fn check(&self, api: &Api, stream: &RawStream, drops: u64) -> Result<Read> {
        self.enqueue(api, stream, drops, |read| {
            let event = match read.event.take() {
                Some(event) => event,
                None => api.create_event()?,
            };
            api.record_event(read.event.insert(event), stream)?;
            read.recorded = true;
            Ok(())
        })
    }

    fn enqueue(
        &self,
        api: &Api,
        stream: &RawStream,
        drops: u64,
        behind: impl FnOnce(&mut Read) -> Result<()>,
    ) -> Result<Read> {
        let order = locked(&self.order);
        let idle = locked(&self.reads).idle.pop();
        let (memory, event) = match idle {
            Some(idle) => idle,
            None => (api.malloc_host(self.bytes)?, None),
        };
        let mut read = Read { number: 0, memory, event, recorded: false, superseded: false, drops };
        // SAFETY: the log lives as long as the process; the pinned memory belongs to the read, which comes back to the
        // idle ones when it is done and not before. Stream order is the order of all uses. Whoever calls has seen that
        // the stream is not captured.
        let cleared = unsafe {
            api.copy_to_pinned_async(&read.memory, &self.lines, stream)
                .and_then(|()| api.clear_async(&self.lines, stream))
        };
        read.number = locked(&self.reads).next_number();
        drop(order);
        read.superseded = cleared.is_err();
        match cleared.and_then(|()| behind(&mut read)) {
            Ok(()) => Ok(read),
            Err(error) => {
                // The copy may be on its way: its memory is idle after the next wait.
                self.abandon(read);
                Err(error)
            }
        }
    }

    /// Takes what the first so many reads hold, which are done: of those that nobody holds, and a check's own. Gives the
    /// drops before them.
    pub(crate) fn finish(&self, enqueued: u64, own: Option<Read>) -> u64 {
        let mut reads = locked(&self.reads);
        let mut drops_before = 0;
        let done: Vec<_> = reads.outstanding.extract_if(.., |read| read.number <= enqueued).chain(own).collect();
        for Read { memory, event, superseded, drops, .. } in done {
            drops_before = drops_before.max(drops);
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
        drops_before
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
