//! Points in a stream's work.

#![allow(unsafe_code, reason = "memory is freed by the word of an event")]

use std::sync::{Mutex, PoisonError};

use super::fault_log::Read;
use crate::acl::RawEvent;
use crate::{DeviceFault, Result, Stream};

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

    /// `None`: the device has not come to it. `Some(fault)`: the lowest fault, by launch and row, of everything that was
    /// enqueued before the check and not reported otherwise; told once, then it is `Some(None)`. Others that the log held
    /// are reported by later calls. Never waits for the device.
    ///
    /// # Errors
    /// [`Error::Acl`](crate::Error::Acl), [`Error::DeviceLost`](crate::Error::DeviceLost).
    pub fn poll(&self) -> Result<Option<Option<DeviceFault>>> {
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pending) = &*read else { return Ok(Some(None)) };
        // There is one behind each check.
        let Some(true) = pending.event().map(|event| self.stream.event_done(event)).transpose()? else {
            return Ok(None);
        };
        let reads = pending.number();
        // SAFETY: the device has come to the event behind the read.
        unsafe { self.stream.finish(0, reads, read.take()) };
        Ok(Some(self.stream.log().report()))
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
