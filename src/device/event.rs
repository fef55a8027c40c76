//! Points in a stream's work.

#![allow(unsafe_code, reason = "memory is freed by the word of an event")]

use std::sync::{Mutex, PoisonError};

use super::fault_log::Read;
use super::stream::refuse_capture;
use crate::acl::{self, RawEvent};
use crate::{DeviceFault, Error, Result, Stream};

/// A point in a stream's work, which other streams can wait for.
///
/// Dropping it makes no device call: the next [`record`](Stream::record), [`fault_check`](Stream::fault_check) or wait of the
/// stream that recorded it destroys it, whether streams still wait for it or not: the runtime keeps what they need.
#[derive(Debug)]
pub struct Event {
    stream: Stream,
    /// `None` in the drop alone.
    raw: Option<RawEvent>,
}

impl Event {
    pub(crate) fn new(stream: &Stream, raw: RawEvent) -> Self {
        Self { stream: stream.clone(), raw: Some(raw) }
    }

    /// Whether the stream has come to it. Never blocks.
    ///
    /// # Errors
    /// [`Error::Acl`](crate::Error::Acl), [`Error::DeviceLost`](crate::Error::DeviceLost): that is neither "yes" nor "not
    /// yet".
    pub fn is_done(&self) -> Result<bool> {
        self.stream.event_done(self.raw())
    }

    /// The stream that recorded it.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(crate) fn raw(&self) -> &RawEvent {
        self.raw.as_ref().expect("there until the drop")
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            self.stream.garbage().add_event(raw);
        }
    }
}

/// What a [`FaultCheck`] has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub enum FaultStatus {
    /// The device has not come to the check.
    Pending,
    /// Nothing of what was enqueued before the check has met a bad row that was not told before.
    Clean,
    /// The lowest fault, by launch and row, of everything that was enqueued before the check and not reported otherwise.
    Fault(DeviceFault),
}

/// A look for faults that does not wait, from [`Stream::fault_check`].
///
/// Once it is over, what was dropped on the stream before it was made is freed. Dropped before it was polled to its end,
/// what it finds is reported, and what it would free is freed, by a later call on the stream.
#[derive(Debug)]
pub struct FaultCheck {
    stream: Stream,
    /// Until the result has been told.
    read: Mutex<Option<Read>>,
}

impl FaultCheck {
    pub(crate) fn new(stream: &Stream, read: Read) -> Self {
        Self { stream: stream.clone(), read: Mutex::new(Some(read)) }
    }

    /// How far the check has come. A fault is told once: the next poll says [`Clean`](FaultStatus::Clean). Others that the
    /// log held are reported by later calls on the stream. Never waits for the device.
    ///
    /// # Errors
    /// [`Error::Acl`](crate::Error::Acl), [`Error::DeviceLost`](crate::Error::DeviceLost).
    pub fn poll(&self) -> Result<FaultStatus> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pending) = &*read else { return Ok(FaultStatus::Clean) };
        // There is one behind each check.
        let Some(true) = pending.event().map(|event| self.stream.event_done(event)).transpose()? else {
            return Ok(FaultStatus::Pending);
        };
        let reads = pending.number();
        // SAFETY: the device has come to the event behind the read.
        let owners = unsafe { self.stream.finish(0, reads, read.take()) };
        drop(read);
        drop(owners);
        Ok(self.stream.log().report().map_or(FaultStatus::Clean, FaultStatus::Fault))
    }
}

impl Drop for FaultCheck {
    fn drop(&mut self) {
        let read = self.read.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(read) = read.take() {
            self.stream.log().abandon(read);
        }
    }
}

/// Order between streams. Nothing here waits.
impl Stream {
    /// An event behind everything enqueued so far. Destroys the stream's events that were dropped.
    ///
    /// A record under way takes one of the device's event resources (65,536 on Atlas A2, 1,023 on 310P): where none is
    /// left, AscendCL tries for a while, which blocks, and then fails with 207007.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::DeviceLost`].
    pub fn record(&self) -> Result<Event> {
        self.within(|api| {
            self.garbage().destroy_events(api);
            let event = Event::new(self, api.create_event()?);
            api.record_event(event.raw(), &self.state().raw)?;
            Ok::<_, acl::Error>(event)
        })
    }

    /// What is enqueued from here on begins once the event's stream has come to it. The host does not wait.
    ///
    /// # Errors
    /// [`Error::WrongHome`] for an event of another device; [`Error::Acl`], [`Error::DeviceLost`].
    pub fn wait(&self, event: &Event) -> Result<()> {
        if event.stream().device().id() != self.device().id() {
            return Err(Error::WrongHome { argument: "event", scope: "device" });
        }
        self.within(|api| api.wait_event(&self.state().raw, event.raw()))
    }
}

/// Looking for faults without waiting.
impl Stream {
    /// Begins to look for faults without waiting: a copy of the fault log and an event, enqueued behind everything so
    /// far. For a serving loop that never waits for the device through this crate; once the check is over, what was
    /// dropped before it is freed, unless a wait has done so. It tells of bad rows only: that the device itself failed, the next wait tells.
    ///
    /// # Errors
    /// [`Error::Capturing`], [`Error::Acl`], [`Error::DeviceLost`].
    pub fn fault_check(&self) -> Result<FaultCheck> {
        let state = self.state();
        let drops = state.garbage.drops();
        // Dropped behind the call.
        let mut owners = Vec::new();
        let read = self.within(|api| {
            refuse_capture(api, &state.raw)?;
            state.garbage.destroy_events(api);
            // Checks that were dropped, of which nobody else learns that they are done.
            // SAFETY: the device has come to the event behind them.
            owners.extend(unsafe { self.finish(0, state.log.last_done(api), None) });
            Ok::<_, Error>(state.log.check(api, &state.raw, drops)?)
        });
        drop(owners);
        Ok(FaultCheck::new(self, read?))
    }
}
