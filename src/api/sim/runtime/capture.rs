//! Capturing a stream's tasks into a graph, and running graphs.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use super::state::{Fail, State, lock};
use super::stream::{SimEvent, SimStream, Task};
use crate::api::bindings as raw;

/// What a capture made.
#[derive(Debug)]
pub(super) struct Graph {
    pub(super) tasks: Vec<Task>,
}

/// A capture under way.
#[derive(Debug)]
pub(super) struct Capture {
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
    /// A call that a capture forbids was made.
    invalid: bool,
    /// Streams that an event has drawn in, and whether the origin has waited for their last task.
    joined: Vec<(usize, bool)>,
}

impl Capture {
    fn add(&self, stream: usize, task: Task) {
        let mut progress = lock(&self.progress);
        progress.tasks.push(task);
        progress.set_joined(stream, false);
    }

    pub(super) fn invalidate(&self) {
        lock(&self.progress).invalid = true;
    }

    fn forbids_unsafe_calls(&self) -> bool {
        match self.mode {
            raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_GLOBAL => true,
            raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_THREAD_LOCAL => self.thread == std::thread::current().id(),
            _ => false,
        }
    }
}

impl Progress {
    fn set_joined(&mut self, stream: usize, joined: bool) {
        if let Some((_, known)) = self.joined.iter_mut().find(|(other, _)| *other == stream) {
            *known = joined;
        }
    }
}

impl State {
    /// Appends a task to a stream, or to the capture that it is in.
    pub(super) fn submit(self: &Arc<Self>, stream: &Arc<SimStream>, task: Task) -> Result<(), Fail> {
        let capture = stream.queue().capture.clone();
        match capture {
            Some(capture) => capture.add(stream.handle, task),
            None => {
                self.count_task();
                stream.push(self, task)?;
            }
        }
        Ok(())
    }

    /// Waiting for a stream, or asking it, is forbidden in a capture, and ends it.
    pub(super) fn check_not_captured(&self, stream: &SimStream) -> Result<(), Fail> {
        match &stream.queue().capture {
            Some(capture) => {
                capture.invalidate();
                let text = "the stream is being captured".into();
                Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURED, text))
            }
            None => Ok(()),
        }
    }

    /// So are calls that wait for a whole device, whatever thread they come from.
    pub(super) fn check_no_capture(&self, device: usize) -> Result<(), Fail> {
        self.streams_of(device).iter().try_for_each(|stream| self.check_not_captured(stream))
    }

    /// Calls that copy at once are forbidden where the capture's mode says so: fails with `code`.
    pub(super) fn check_unsafe_call(&self, code: u32) -> Result<(), Fail> {
        let captures = lock(&self.captures);
        let forbidding: Vec<_> = captures.iter().filter(|capture| capture.forbids_unsafe_calls()).collect();
        if forbidding.is_empty() {
            return Ok(());
        }
        forbidding.iter().for_each(|capture| capture.invalidate());
        Err(Fail::new(code, "not permitted while a stream is captured".into()))
    }

    pub(super) fn record(self: &Arc<Self>, event: &Arc<SimEvent>, stream: &Arc<SimStream>) -> Result<(), Fail> {
        let capture = stream.queue().capture.clone();
        let record = {
            let mut records = lock(&event.records);
            records.captured = capture.map(|capture| (capture, stream.handle));
            if records.captured.is_some() {
                return Ok(()); // order within the graph, which is a sequence
            }
            records.recorded += 1;
            records.recorded
        };
        self.submit(stream, Task::Record(event.clone(), record))
    }

    pub(super) fn wait(self: &Arc<Self>, stream: &Arc<SimStream>, event: &Arc<SimEvent>) -> Result<(), Fail> {
        let (captured, record) = {
            let records = lock(&event.records);
            (records.captured.clone(), records.recorded)
        };
        let own = stream.queue().capture.clone();
        match (captured, own) {
            (None, None) => self.submit(stream, Task::Wait(event.clone(), record)),
            (Some((capture, _)), None) => {
                lock(&capture.progress).joined.push((stream.handle, false));
                stream.queue().capture = Some(capture);
                Ok(())
            }
            (Some((capture, from)), Some(own)) if Arc::ptr_eq(&capture, &own) => {
                lock(&capture.progress).set_joined(from, true);
                Ok(())
            }
            (_, Some(own)) => {
                own.invalidate();
                let text = "an event from outside the capture".into();
                Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT, text))
            }
        }
    }

    pub(super) fn begin_capture(&self, stream: &Arc<SimStream>, is_default: bool, mode: u32) -> Result<(), Fail> {
        if is_default {
            let text = "a default stream cannot be captured".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT, text));
        }
        if mode > raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_RELAXED {
            return Err(Fail::parameter("no such capture mode"));
        }
        self.check_not_captured(stream)?;
        let (origin, thread) = (stream.handle, std::thread::current().id());
        let capture = Arc::new(Capture { origin, mode, thread, progress: Mutex::default() });
        stream.queue().capture = Some(capture.clone());
        lock(&self.captures).push(capture);
        Ok(())
    }

    /// The graph of a capture that ends. It ends even where it fails.
    pub(super) fn end_capture(&self, stream: &Arc<SimStream>) -> Result<Graph, Fail> {
        let Some(capture) = stream.queue().capture.clone() else {
            let text = "the stream is not being captured".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_NOT_CAPTURED, text));
        };
        if capture.origin != stream.handle {
            let text = "the capture began on another stream".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_UNMATCHED, text));
        }
        let relaxed = capture.mode == raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_RELAXED;
        if !relaxed && capture.thread != std::thread::current().id() {
            let text = "the capture began on another thread".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_WRONG_THREAD, text));
        }
        lock(&self.captures).retain(|other| !Arc::ptr_eq(other, &capture));
        for captured in self.streams_of(stream.device) {
            captured.queue().capture.take_if(|other| Arc::ptr_eq(other, &capture));
        }
        let mut progress = lock(&capture.progress);
        if progress.invalid {
            let text = "a call that a capture forbids was made".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_INVALIDATED, text));
        }
        if progress.joined.iter().any(|(_, joined)| !joined) {
            let text = "a stream of the capture has work that its origin did not wait for".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_UNJOINED, text));
        }
        Ok(Graph { tasks: std::mem::take(&mut progress.tasks) })
    }

    pub(super) fn capture_status(&self, stream: &SimStream) -> u32 {
        match &stream.queue().capture {
            None => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_NONE,
            Some(capture) if lock(&capture.progress).invalid => {
                raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_INVALIDATED
            }
            Some(_) => raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_ACTIVE,
        }
    }
}
