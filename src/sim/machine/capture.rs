//! Capturing streams' tasks into a graph.
//!
//! Mirrors feature/aclgraph of the runtime: `context_aclgraph.cc` (begin, end, what a mode forbids), `stream_capture.cc`
//! (tasks) and `v100/api_impl_capture_event.cc` (events). A capture becomes invalid by an event that ties it to another
//! capture, or where a task finds no room; by nothing else.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use super::event::SimEvent;
use super::pool::Permit;
use super::state::{Fail, SimContext, State, lock};
use super::stream::{SimStream, Task};
use crate::acl::bindings as raw;

/// What a capture made.
#[derive(Debug)]
pub(super) struct Graph {
    /// The context that it belongs to.
    pub(super) context: usize,
    pub(super) tasks: Vec<Task>,
    /// Streams of the device that it keeps.
    _streams: Vec<Permit>,
}

/// A capture under way.
#[derive(Debug)]
pub(super) struct Capture {
    /// The handle of the graph that it makes.
    pub(super) graph: usize,
    context: usize,
    /// The stream that it began on.
    origin: usize,
    mode: u32,
    thread: ThreadId,
    progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
struct Progress {
    /// In the order of submission, which every stream and event of the capture agrees with.
    tasks: Vec<Task>,
    invalid: bool,
    ended: bool,
    /// The streams in it; the first is the origin.
    streams: Vec<Member>,
}

/// A stream in a capture. Its tasks go to hidden streams of the device.
#[derive(Debug)]
struct Member {
    stream: Arc<SimStream>,
    hidden: Vec<Permit>,
    /// Tasks on the last hidden stream.
    tasks: usize,
    /// The record that is its last task.
    last: Option<Arc<CapturedRecord>>,
    /// A task found no room.
    invalid: bool,
}

/// A record within a capture: the streams that wait for it.
#[derive(Debug, Default)]
struct CapturedRecord(Mutex<Vec<usize>>);

/// What an event knows of the capture that it was recorded in.
#[derive(Debug, Clone)]
pub(super) struct Captured {
    capture: Arc<Capture>,
    record: Arc<CapturedRecord>,
}

impl Captured {
    /// The capture, as long as it has not ended.
    fn under_way(&self) -> Option<&Self> {
        (!lock(&self.capture.progress).ended).then_some(self)
    }
}

impl SimEvent {
    /// Its record in a capture that has not ended.
    pub(super) fn captured(&self) -> Option<Captured> {
        lock(&self.state).captured.as_ref().and_then(Captured::under_way).cloned()
    }
}

impl Capture {
    /// Puts a task where the stream's last one was; gives it back once the capture has ended.
    /// `AllocCaptureTaskWithoutLock`.
    fn add(&self, state: &State, stream: &SimStream, task: Option<Task>) -> Result<Option<Task>, Fail> {
        let mut progress = lock(&self.progress);
        if progress.ended {
            return Ok(task);
        }
        let depth = state.config.queue_slots;
        let Progress { tasks, invalid, streams, .. } = &mut *progress;
        let member = streams.iter_mut().find(|member| member.stream.handle == stream.handle);
        let member = member.expect("in the capture");
        if member.tasks >= depth {
            match state.devices[stream.device].stream() {
                Ok(further) => member.hidden.push(further),
                Err(fail) => {
                    (member.invalid, *invalid) = (true, true);
                    return Err(fail);
                }
            }
            member.tasks = 0;
        }
        member.tasks += 1;
        member.last = None;
        tasks.extend(task);
        Ok(None)
    }

    fn invalidate(&self) {
        lock(&self.progress).invalid = true;
    }

    fn join(&self, state: &State, stream: &Arc<SimStream>) -> Result<(), Fail> {
        let hidden = vec![state.devices[stream.device].stream()?];
        let member = Member { stream: stream.clone(), hidden, tasks: 0, last: None, invalid: false };
        lock(&self.progress).streams.push(member);
        Ok(())
    }
}

/// `CheckCaptureModelValidity`: the last task of each stream that was drawn in is a record that is waited for, and one of
/// them is waited for by the origin, which is the first.
fn are_joined(streams: &[Member]) -> bool {
    let (origin, drawn_in) = streams.split_first().expect("a capture has an origin");
    let waits = |member: &Member| member.last.as_ref().map_or_else(Vec::new, |record| lock(&record.0).clone());
    drawn_in.iter().all(|member| !waits(member).is_empty())
        && (drawn_in.is_empty() || drawn_in.iter().any(|member| waits(member).contains(&origin.stream.handle)))
}

impl State {
    /// Appends a task to a stream, or to the capture that it is in.
    pub(super) fn submit(self: &Arc<Self>, stream: &Arc<SimStream>, task: Task) -> Result<(), Fail> {
        let capture = stream.queue().capture.clone();
        let task = match capture {
            Some(capture) => capture.add(self, stream, Some(task))?,
            None => Some(task),
        };
        let Some(task) = task else { return Ok(()) };
        stream.push(self, task)?;
        self.count_task();
        Ok(())
    }

    /// Fails with `code` where the calling thread may not copy at once in a context. `Context::IsCaptureModeSupport`.
    pub(super) fn check_unsafe_call(&self, context: &SimContext, code: u32) -> Result<(), Fail> {
        let captures = lock(&self.captures);
        let here: Vec<_> = captures.iter().filter(|capture| capture.context == context.handle).collect();
        let global = |capture: &&Arc<Capture>| capture.mode == raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_GLOBAL;
        let mine = |capture: &Arc<Capture>| {
            capture.mode == raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL
                && capture.thread == std::thread::current().id()
        };
        if here.iter().any(global) || !here.is_empty() && captures.iter().any(mine) {
            return Err(Fail::new(code, "not permitted while a stream is captured"));
        }
        Ok(())
    }

    /// `CaptureEventRecord`: order within the graph, which is a sequence.
    pub(super) fn record_captured(&self, event: &SimEvent, stream: &SimStream) -> Result<(), Fail> {
        let Some(capture) = stream.queue().capture.clone() else { return Ok(()) };
        capture.add(self, stream, None)?;
        let record = Arc::new(CapturedRecord::default());
        let mut progress = lock(&capture.progress);
        if let Some(member) = progress.streams.iter_mut().find(|member| member.stream.handle == stream.handle) {
            member.last = Some(record.clone());
        }
        drop(progress);
        lock(&event.state).captured = Some(Captured { capture, record });
        Ok(())
    }

    /// `CaptureEventWait`: draws a stream into the event's capture, or orders two streams in it.
    pub(super) fn wait_captured(&self, stream: &Arc<SimStream>, event: Captured) -> Result<(), Fail> {
        let Captured { capture, record } = event;
        let own = stream.queue().capture.clone();
        match own {
            None => {
                capture.join(self, stream).inspect_err(|_| capture.invalidate())?;
                stream.queue().capture = Some(capture.clone());
            }
            Some(own) if !Arc::ptr_eq(&own, &capture) => {
                own.invalidate();
                capture.invalidate();
                let text = "the event was recorded in another capture";
                return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_STREAM_CAPTURE_CONFLICT, text));
            }
            Some(_) => {}
        }
        capture.add(self, stream, None)?;
        lock(&record.0).push(stream.handle);
        Ok(())
    }

    /// `Context::StreamBeginCapture`.
    pub(super) fn begin_capture(&self, stream: &Arc<SimStream>, mode: u32) -> Result<(), Fail> {
        let mut captures = lock(&self.captures);
        stream.check_not_captured()?;
        let (context, origin, thread) = (stream.context, stream.handle, std::thread::current().id());
        let graph = self.new_handle();
        let capture = Arc::new(Capture { graph, context, origin, mode, thread, progress: Mutex::default() });
        capture.join(self, stream)?;
        stream.queue().capture = Some(capture.clone());
        captures.push(capture);
        Ok(())
    }

    /// `Context::StreamEndCapture`: the graph and its handle. Once the stream is known to be the capture's own, the
    /// capture ends even where it fails.
    pub(super) fn end_capture(&self, stream: &SimStream) -> Result<(usize, Graph), Fail> {
        let mut captures = lock(&self.captures);
        let Some(capture) = stream.queue().capture.clone() else {
            let text = "the stream is not being captured";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_NOT_CAPTURED, text));
        };
        if capture.origin != stream.handle {
            let text = "the capture began on another stream";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_UNMATCHED, text));
        }
        captures.retain(|other| !Arc::ptr_eq(other, &capture));
        let Progress { tasks, streams, invalid, .. } =
            std::mem::replace(&mut *lock(&capture.progress), Progress { ended: true, ..Progress::default() });
        streams.iter().for_each(|member| drop(member.stream.queue().capture.take()));
        let relaxed = capture.mode == raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_RELAXED;
        if !relaxed && capture.thread != std::thread::current().id() {
            let text = "the capture began on another thread";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD, text));
        }
        if invalid {
            let text = "a call within the capture made it invalid";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, text));
        }
        if !are_joined(&streams) {
            let text = "a stream of the capture has work that its origin did not wait for";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_UNJOINED, text));
        }
        let hidden = streams.into_iter().flat_map(|member| member.hidden).collect();
        Ok((capture.graph, Graph { context: capture.context, tasks, _streams: hidden }))
    }

    /// `Context::StreamGetCaptureInfo`: the stream's own status, which a task that found no room alone makes invalid,
    /// and the handle of the graph to be.
    pub(super) fn capture_info(&self, stream: &SimStream) -> (u32, usize) {
        let Some(capture) = stream.queue().capture.clone() else {
            return (raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_NONE, 0);
        };
        let progress = lock(&capture.progress);
        let invalid = |member: &Member| member.stream.handle == stream.handle && member.invalid;
        let status = match progress.streams.iter().any(invalid) {
            true => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED,
            false => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE,
        };
        (status, capture.graph)
    }
}

impl SimStream {
    /// Most calls refuse a captured stream, valid or not, and leave the capture as it is.
    pub(super) fn check_not_captured(&self) -> Result<(), Fail> {
        if self.is_captured() {
            let text = "the stream is being captured";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURED, text));
        }
        Ok(())
    }
}
