//! Points in a stream's work.

use std::sync::{Arc, Mutex, PoisonError};

use crate::api::RawEvent;
use crate::fault_log::Copy;
use crate::garbage::Garbage;
use crate::{DeviceFault, Result, Stream};

/// A point in a stream's work, which other streams can wait for.
///
/// Dropping it makes no device call: it is destroyed once every stream that recorded it or waits for it has been waited
/// for.
#[derive(Debug)]
pub struct Event {
    stream: Stream,
    /// `None` in the drop alone.
    raw: Option<Arc<RawEvent>>,
}

impl Event {
    pub(crate) fn new(stream: &Stream, raw: RawEvent) -> Self {
        Self { stream: stream.clone(), raw: Some(Arc::new(raw)) }
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

    pub(crate) fn raw(&self) -> &Arc<RawEvent> {
        self.raw.as_ref().expect("there until the drop")
    }
}

impl Drop for Event {
    fn drop(&mut self) {
        if let Some(raw) = self.raw.take() {
            self.stream.discard(Garbage::Event(raw));
        }
    }
}

/// A look for faults that does not wait, from [`Stream::fault_check`].
///
/// Dropped before it was polled to its end, what it finds is reported by the next call that waits for the stream.
#[derive(Debug)]
pub struct FaultCheck {
    stream: Stream,
    /// Until the result has been told.
    copy: Mutex<Option<Copy>>,
}

impl FaultCheck {
    pub(crate) fn new(stream: &Stream, copy: Copy) -> Self {
        Self { stream: stream.clone(), copy: Mutex::new(Some(copy)) }
    }

    /// `None`: the device has not come to it. `Some(fault)`: the lowest fault, by launch and row, of everything that was
    /// enqueued before the check and not reported otherwise; told once, then it is `Some(None)`. Never blocks.
    ///
    /// # Errors
    /// [`Error::Acl`](crate::Error::Acl), [`Error::DeviceLost`](crate::Error::DeviceLost).
    pub fn poll(&self) -> Result<Option<Option<DeviceFault>>> {
        let mut copy = self.copy.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(pending) = &*copy else { return Ok(Some(None)) };
        if !self.stream.event_done(pending.event())? {
            return Ok(None);
        }
        Ok(Some(copy.take().and_then(|copy| self.stream.log().take_check(copy))))
    }
}

impl Drop for FaultCheck {
    fn drop(&mut self) {
        let copy = self.copy.get_mut().unwrap_or_else(PoisonError::into_inner);
        self.stream.log().abandon(copy.take());
    }
}
