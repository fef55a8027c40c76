//! Events outside captures.
//!
//! Mirrors `Event::Record`, `WaitSendCheck` and `QueryEventStatus` of the runtime (core/src/event/event.cc) for events of
//! `aclrtCreateEventExWithFlag`.

use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak};
use std::time::Duration;

use super::capture::Captured;
use super::pool::{Permit, Pool};
use super::state::{Fail, State, lock};
use super::stream::{SimStream, Task};
use crate::acl::bindings as raw;

/// Bits of the flag: `ACL_EVENT_SYNC` (streams can wait for it) and the runtime's second one of the kind; all that there
/// are; and the one that only goes alone.
const SYNC: u32 = raw::ASCEND_CACHE_LOC_ACL_EVENT_SYNC | 4;
const KNOWN: u32 = 0x4f;
const IPC: u32 = 0x40;

/// An event. What it was recorded in a capture for is apart from what it was recorded for outside.
#[derive(Debug)]
pub(super) struct SimEvent {
    /// That it was made in.
    pub(super) context: usize,
    /// Streams can wait for it. Others only tell the time.
    pub(super) can_be_waited_for: bool,
    pub(super) state: Mutex<EventState>,
}

#[derive(Debug, Default)]
pub(super) struct EventState {
    /// The last record outside captures.
    pub(super) latest: Option<Arc<Record>>,
    /// The last record in a capture.
    pub(super) captured: Option<Captured>,
}

/// One record of an event, and whether its stream has come to it.
#[derive(Debug)]
pub(super) struct Record {
    stream: usize,
    done: Mutex<bool>,
    changed: Condvar,
    /// The device's event that stands for it.
    slot: Weak<Permit>,
}

/// A record for a task. Together, its tasks hold the device's event that stands for it.
#[derive(Debug)]
pub(super) struct Pending {
    pub(super) record: Arc<Record>,
    _slot: Option<Arc<Permit>>,
}

impl SimEvent {
    /// By the flag; `EventCreateEx` of `api_error.cc`.
    pub(super) fn new(flag: u32, context: impl FnOnce() -> Result<usize, Fail>) -> Result<Self, Fail> {
        let alone = [0x10, 0x20, IPC].iter().all(|bit| flag & bit == 0 || flag == *bit);
        if !alone || flag & KNOWN == 0 || flag > KNOWN {
            return Err(Fail::parameter(&format!("{flag:#x} is no event's flag")));
        }
        if flag == IPC {
            return Err(Fail::unsupported("events between processes are not simulated"));
        }
        Ok(Self { context: context()?, can_be_waited_for: flag & SYNC != 0, state: Mutex::default() })
    }

    pub(super) fn latest(&self) -> Option<Arc<Record>> {
        lock(&self.state).latest.clone()
    }
}

impl Record {
    pub(super) fn is_done(&self) -> bool {
        *lock(&self.done)
    }

    /// The stream has come to it.
    pub(super) fn complete(&self) {
        *lock(&self.done) = true;
        self.changed.notify_all();
    }

    /// Another stream has come to a wait for it.
    pub(super) fn wait(&self, state: &State) {
        let mut done = lock(&self.done);
        while !*done && !state.ended() {
            let wait = self.changed.wait_timeout(done, Duration::from_millis(20));
            done = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

impl State {
    /// `Event::Record`: takes one of the device's events until the record, and every wait for it, is done.
    pub(super) fn record(self: &Arc<Self>, event: &SimEvent, stream: &Arc<SimStream>) -> Result<(), Fail> {
        let slot = match event.can_be_waited_for {
            true => Some(Arc::new(take_slot(&self.devices[stream.device].events)?)),
            false => None,
        };
        let record = Arc::new(Record {
            stream: stream.handle,
            done: Mutex::new(false),
            changed: Condvar::new(),
            slot: slot.as_ref().map_or_else(Weak::new, Arc::downgrade),
        });
        let before = lock(&event.state).latest.replace(record.clone());
        self.submit(stream, Task::Record(Pending { record, _slot: slot }))
            .inspect_err(|_| lock(&event.state).latest = before)
    }

    /// `Event::WaitSendCheck`: only a record that another stream still has to come to is worth a task.
    pub(super) fn wait(self: &Arc<Self>, stream: &Arc<SimStream>, event: &SimEvent) -> Result<(), Fail> {
        let Some(record) = event.latest() else { return Ok(()) };
        if record.stream == stream.handle || record.is_done() {
            return Ok(());
        }
        let slot = record.slot.upgrade();
        self.submit(stream, Task::Wait(Pending { record, _slot: slot }))
    }

    /// `Event::QueryEventStatus`: whether the stream has come to the last record; one never recorded is done.
    pub(super) fn event_done(&self, event: &SimEvent) -> Result<bool, Fail> {
        let Some(record) = event.latest() else { return Ok(true) };
        // The stream is looked up before the answer (GetStreamById).
        if !record.is_done() && !lock(&self.objects).streams.contains_key(&record.stream) {
            return Err(Fail::internal("the stream that recorded the event is destroyed"));
        }
        Ok(record.is_done())
    }
}

/// `AllocEventIdResource`: where none is left, up to 1,000 tries behind what the device gives back meanwhile. Chips whose
/// completions are collected by a thread of their own try for ever; those of A2 and A3 do not.
fn take_slot(events: &Arc<Pool>) -> Result<Permit, Fail> {
    for _ in 0..1000 {
        if let Some(slot) = events.take() {
            return Ok(slot);
        }
        std::thread::sleep(Duration::from_micros(20));
    }
    Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_EVENT_RESOURCE, "too many records of events are on their way"))
}
