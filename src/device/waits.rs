//! Waiting for a stream.

#![allow(unsafe_code, reason = "what was dropped is freed by the word of a wait")]

use std::time::{Duration, Instant};

use super::stream::refuse_capture;
use crate::{DeviceFault, Error, Result, Stream, logging};

/// Waiting for the device. These calls block, and free what was dropped on the stream before they began.
///
/// While the stream is captured into a graph they fail with [`Error::Capturing`], before AscendCL is asked: the capture
/// goes on.
impl Stream {
    /// Waits until everything enqueued so far is done.
    ///
    /// # Errors
    /// - [`Error::Fault`] with the lowest bad row, by launch and row, that the fault log held and no call reported. All
    ///   valid rows were computed, and the stream is as usable as before. The log holds one bad row for each vector core:
    ///   the first that the core met. Of two bad launches before one wait the second may go unreported; what the log does
    ///   hold of it is reported by the next call that reports. No more faults than the device has vector cores are kept
    ///   for later calls.
    /// - [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`]. A runtime that shares the stream and synchronises it
    ///   by itself may receive the code of a lost device in our stead.
    pub fn synchronize(&self) -> Result<()> {
        self.take_fault()?.map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// [`synchronize`](Self::synchronize) for at most `limit`, rounded up to milliseconds, at least one.
    ///
    /// Nothing is enqueued before the stream has come to its end, so that the limit is kept where the stream's queue is
    /// full too. What another thread enqueues in the moment between counts against the limit; only where that fills the
    /// queue, the read of the log waits for room without one.
    ///
    /// # Errors
    /// [`Error::Timeout`] where work is left; nothing that it may use was freed, and a fault is reported by a later call.
    /// Otherwise as [`synchronize`](Self::synchronize).
    pub fn synchronize_timeout(&self, limit: Duration) -> Result<()> {
        let log = &self.state().log;
        let began = Instant::now();
        self.drain(Some(limit), false)
            .and_then(|()| match log.is_used() {
                true => self.drain(Some(limit.saturating_sub(began.elapsed())), true),
                false => Ok(()),
            })
            .map_err(|error| if matches!(error, Error::Timeout(_)) { Error::Timeout(limit) } else { error })?;
        log.report().map_or(Ok(()), |fault| Err(fault.into()))
    }

    /// [`synchronize`](Self::synchronize) with the fault as a value: for a caller that learns from elsewhere that the
    /// work is done. Reports faults of graph replays too.
    ///
    /// # Errors
    /// [`Error::Acl`], [`Error::Capturing`], [`Error::DeviceLost`].
    pub fn take_fault(&self) -> Result<Option<DeviceFault>> {
        // A graph's replay is not seen here: a log that was ever used is read.
        self.drain(None, self.state().log.is_used())?;
        Ok(self.state().log.report())
    }

    /// Waits without reading the log; a fault that turns up is kept for the next call that reports.
    pub(crate) fn settle(&self) -> Result<()> {
        self.drain(None, false)
    }

    /// Waits for the stream, behind a read of the log or not, and takes what is then done.
    fn drain(&self, limit: Option<Duration>, read: bool) -> Result<()> {
        let state = self.state();
        let (drops, mut reads) = (state.garbage.drops(), 0);
        let waited = self.within(|api| {
            refuse_capture(api, &state.raw)?;
            state.garbage.destroy_events(api);
            if read {
                state.log.read(api, &state.raw)?;
            }
            reads = state.log.enqueued();
            let Some(limit) = limit else { return Ok(api.synchronize_stream(&state.raw)?) };
            // AscendCL refuses 0.
            let milliseconds = limit.as_nanos().div_ceil(1_000_000).clamp(1, i32::MAX as u128) as i32;
            match api.synchronize_stream_timeout(&state.raw, milliseconds)? {
                true => Ok(()),
                false => Err(Error::Timeout(limit)),
            }
        });
        logging::debug!("waited for stream {:?}, limit {limit:?}: {waited:?}", state.raw);
        // SAFETY: the wait began after them.
        waited.map(|()| drop(unsafe { self.finish(drops, reads, None) }))
    }
}
