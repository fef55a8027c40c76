//! What the machine does with events outside captures.
//!
//! Mirrors `Event::Record`, `WaitSendCheck` and `QueryEventStatus` of the runtime (core/src/event/event.cc) for events of
//! `aclrtCreateEventExWithFlag`.

use std::sync::Arc;
use std::time::Duration;

use super::event::SimEvent;
use super::fail::{Fail, lock};
use super::pool::{Permit, Pool};
use super::record::{Pending, Record};
use super::state::State;
use super::stream::SimStream;
use super::task::Task;
use crate::acl::bindings as raw;

impl State {
    /// `Event::Record`: takes one of the device's events until the record, and every wait for it, is done.
    pub(super) fn record(self: &Arc<Self>, event: &SimEvent, stream: &Arc<SimStream>) -> Result<(), Fail> {
        let slot = match event.can_be_waited_for {
            true => Some(Arc::new(take_slot(&self.devices[stream.device].events)?)),
            false => None,
        };
        let record = Arc::new(Record::new(stream.handle, slot.as_ref()));
        let before = lock(&event.state).latest.replace(record.clone());
        self.submit(stream, Task::Record(Pending::new(record, slot)))
            .inspect_err(|_| lock(&event.state).latest = before)
    }

    /// `Event::WaitSendCheck`: only a record that another stream still has to come to is worth a task.
    pub(super) fn wait(self: &Arc<Self>, stream: &Arc<SimStream>, event: &SimEvent) -> Result<(), Fail> {
        let Some(record) = event.latest() else { return Ok(()) };
        if record.stream == stream.handle || record.is_done() {
            return Ok(());
        }
        let slot = record.slot.upgrade();
        self.submit(stream, Task::Wait(Pending::new(record, slot)))
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
