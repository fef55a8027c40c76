//! Graphs: work that is captured once, and replayed.

#![allow(unsafe_code, reason = "work on memory that is kept by the caller's word is enqueued")]

use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::garbage::{CapturedGraph, Dropped};
use crate::acl::bindings as raw;
use crate::{Error, Result, Stream, logging};

/// What AscendCL refuses while a capture lasts: copies at once, such as [`DeviceBuffer::from_host`](crate::DeviceBuffer),
/// which fail with 107030. The capture goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CaptureMode {
    /// On every thread, in the context of the capture.
    Global,
    /// On the capturing thread alone.
    ThreadLocal,
    /// Nowhere.
    Relaxed,
}

/// Why a capture made no graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum CaptureFailure {
    /// A stream was drawn in by an event, and the captured stream does not wait for the end of its work.
    #[error("a stream that was drawn in has work that the captured stream does not wait for")]
    Unjoined,
    /// A call tied it to another capture, or found no room for a task.
    #[error("a call made the capture invalid")]
    Invalidated,
}

/// Work that was captured, to be enqueued by one call as often as it is wanted: [`graphs`](crate::graphs) says what is frozen
/// in it.
///
/// A handle of the streams that it was captured on and was replayed on: their fault logs serve no other stream meanwhile, and
/// none of them is [retired](Stream::retire).
///
/// Dropping it makes no device call. It is destroyed, and what it [keeps](Self::keep) is dropped, by the calls that free
/// what was dropped on a stream, once each of the streams that it was replayed on has come to its end.
pub struct Graph {
    /// `None` in the drop alone.
    captured: Option<CapturedGraph>,
    /// The one that it was captured on first, then those that were drawn in.
    streams: Vec<Stream>,
    /// That it was replayed on. Locked while it is replayed.
    replayed: Mutex<Vec<Stream>>,
}

impl Graph {
    /// Captures what `work` enqueues on `stream`, and on streams that wait for an event of it: nothing of it runs. Whatever
    /// `work` does, the capture ends with it. Gives what `work` gives, too: launches, by whose ids replays report faults.
    ///
    /// ```
    /// # use ascend_cache_loc::*;
    /// # fn f(stream: &Stream, args: LastLoc<'_, i64, i32, i32>) -> Result<()> {
    /// let (graph, launch) = Graph::capture(stream, CaptureMode::ThreadLocal, || get_last_loc(stream, args))?;
    /// // SAFETY: the arrays are there, and all work on them is on this stream.
    /// unsafe { graph.replay(stream) }?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// - What `work` fails with.
    /// - [`Error::Capture`].
    /// - [`Error::Capturing`] where the stream is being captured already: that capture goes on.
    /// - [`Error::Unavailable`] of a default stream, and where the library has no graphs.
    /// - [`Error::Acl`], [`Error::DeviceLost`].
    ///
    /// # Panics
    /// Where `work` does.
    pub fn capture<T>(stream: &Stream, mode: CaptureMode, work: impl FnOnce() -> Result<T>) -> Result<(Self, T)> {
        check_can_replay(stream)?;
        let raw = &stream.state().raw;
        stream.within(|api| api.begin_capture(raw, mode.raw())).map_err(typed)?;
        // The panic goes on once the capture has ended.
        let worked = catch_unwind(AssertUnwindSafe(work));
        let drawn_in = stream.captured_with();
        let ended = stream.within(|api| api.end_capture(raw)).map_err(typed);
        logging::debug!("captured on stream {raw:?}: {ended:?}");
        // Where it is not given, it is dropped as any graph is.
        let graph = ended.map(|raw| Self {
            captured: Some(CapturedGraph { raw, context: stream.state().context, owners: Vec::new() }),
            streams: vec![stream.clone()],
            replayed: Mutex::default(),
        });
        match worked {
            Ok(worked) => {
                let (value, mut graph) = (worked?, graph?);
                graph.streams.extend(drawn_in?);
                Ok((graph, value))
            }
            Err(panic) => resume_unwind(panic),
        }
    }

    /// Enqueues all of it on a stream: one call, no allocation but for the first time on a stream, no wait but for room, and
    /// for another thread that replays it.
    ///
    /// Bad rows are reported by the streams that it was captured on, under the ids of the captured launches. Where it is
    /// replayed on another stream, order the two by an event before asking.
    ///
    /// # Errors
    /// [`Error::WrongHome`] for a stream of another device or context; [`Error::Capturing`] where it is being captured;
    /// [`Error::Unavailable`] of a default stream; [`Error::Acl`], [`Error::DeviceLost`].
    ///
    /// # Safety
    /// Until the replay is *done*:
    /// - All memory that was named in the capture is there: owned buffers are not dropped, unless the graph
    ///   [keeps](Self::keep) them, and memory of others is not freed.
    /// - It is accessed in device order with the replay alone, by the same stream or by events; that holds between replays
    ///   too, which use the same memory.
    pub unsafe fn replay(&self, stream: &Stream) -> Result<()> {
        check_can_replay(stream)?;
        let (argument, captured) = ("stream", self.captured());
        if stream.device().id() != self.stream().device().id() {
            return Err(Error::WrongHome { argument, scope: "device" });
        }
        if stream.state().context != captured.context {
            return Err(Error::WrongHome { argument, scope: "context" });
        }
        let mut replayed = locked(&self.replayed);
        // Before it is enqueued, so that no failure can hide that it came to the device.
        if !replayed.iter().any(|known| known.id() == stream.id()) {
            replayed.push(stream.clone());
        }
        // SAFETY: the lock is held, and it is no default stream; the rest is the caller's promise.
        stream.within(|api| unsafe { api.execute(&captured.raw, &stream.state().raw) }).map_err(typed)?;
        drop(replayed);
        logging::debug!("graph {:?} replayed on stream {:?}", captured.raw, stream.state().raw);
        stream.wait_if_blocking()?;
        self.streams.iter().try_for_each(Stream::wait_if_blocking)
    }

    /// Keeps something alive until the graph was dropped and no replay is under way: memory, or streams.
    pub fn keep(&mut self, owner: Arc<dyn Any + Send + Sync>) {
        if let Some(captured) = &mut self.captured {
            captured.owners.push(owner);
        }
    }

    /// The stream that it was captured on, which reports the bad rows of its replays.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.streams[0]
    }

    fn captured(&self) -> &CapturedGraph {
        self.captured.as_ref().expect("there until the drop")
    }
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Graph({:?}, captured on {:?})", self.captured().raw, self.stream())
    }
}

impl Drop for Graph {
    fn drop(&mut self) {
        let Some(captured) = self.captured.take() else { return };
        let replayed = std::mem::take(&mut *locked(&self.replayed));
        // Where nothing runs, any list will do.
        let streams = if replayed.is_empty() { &self.streams[..1] } else { &replayed };
        let (last, others) = streams.split_last().expect("there is one");
        // Each list has one, and nobody else: whoever takes the last destroys it.
        let captured = Arc::new(captured);
        others.iter().for_each(|stream| stream.garbage().add(Dropped::Graph(captured.clone())));
        last.garbage().add(Dropped::Graph(captured));
    }
}

impl CaptureMode {
    fn raw(self) -> u32 {
        match self {
            Self::Global => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_GLOBAL,
            Self::ThreadLocal => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL,
            Self::Relaxed => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_RELAXED,
        }
    }
}

/// A default stream can neither be captured nor replay.
fn check_can_replay(stream: &Stream) -> Result<()> {
    if stream.as_raw().is_null() {
        return Err(Error::Unavailable("a default stream cannot be captured, nor replay a graph".into()));
    }
    Ok(())
}

/// What the codes of captures mean.
fn typed(error: Error) -> Error {
    let Error::Acl { code, .. } = error else { return error };
    match code.cast_unsigned() {
        raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURED => Error::Capturing,
        raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_UNJOINED => Error::Capture(CaptureFailure::Unjoined),
        raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED => Error::Capture(CaptureFailure::Invalidated),
        _ => error,
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
