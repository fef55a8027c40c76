//! What the machine does with captures, and where a task goes.

use std::sync::{Arc, Mutex};

use super::capture::{Capture, Member, Progress, are_joined};
use super::device::SimDevice;
use super::event::SimEvent;
use super::fail::{Fail, lock};
use super::record::{Captured, CapturedRecord};
use super::state::{SimContext, State};
use super::stream::{Runner, SimStream};
use super::task::{Graph, Task};
use crate::acl::bindings as raw;

impl State {
    /// The capture that a stream is in.
    fn capture_of(&self, stream: &SimStream) -> Option<Arc<Capture>> {
        let graph = stream.queue().capture;
        self.capture_into(graph?)
    }

    /// The capture under way that makes a graph.
    fn capture_into(&self, graph: usize) -> Option<Arc<Capture>> {
        lock(&self.captures).iter().find(|capture| capture.graph == graph).cloned()
    }

    /// An event's record in a capture that has not ended.
    pub(super) fn captured(&self, event: &SimEvent) -> Option<Captured> {
        let captured = lock(&event.state).captured.clone()?;
        self.capture_into(captured.graph).map(|_| captured)
    }

    /// What a capture may take for a stream: streams of its device, and how much each of them holds.
    fn room(&self, stream: &SimStream) -> (&SimDevice, usize) {
        (&self.devices[stream.device], self.config.queue_slots)
    }

    /// Appends a task to a stream, or to the capture that it is in.
    pub(super) fn submit(self: &Arc<Self>, stream: &Arc<SimStream>, task: Task) -> Result<(), Fail> {
        let task = match self.capture_of(stream) {
            Some(capture) => capture.add(self.room(stream), stream, Some(task))?,
            None => Some(task),
        };
        let Some(task) = task else { return Ok(()) };
        let runner: Arc<dyn Runner> = self.clone();
        stream.push(&runner, task)?;
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
        let Some(capture) = self.capture_of(stream) else { return Ok(()) };
        capture.add(self.room(stream), stream, None)?;
        let record = Arc::new(CapturedRecord::default());
        let mut progress = lock(&capture.progress);
        if let Some(member) = progress.streams.iter_mut().find(|member| member.stream.handle == stream.handle) {
            member.last = Some(record.clone());
        }
        drop(progress);
        lock(&event.state).captured = Some(Captured { graph: capture.graph, record });
        Ok(())
    }

    /// `CaptureEventWait`: draws a stream into the event's capture, or orders two streams in it.
    pub(super) fn wait_captured(&self, stream: &Arc<SimStream>, event: Captured) -> Result<(), Fail> {
        let Captured { graph, record } = event;
        // Over since it was looked up.
        let Some(capture) = self.capture_into(graph) else { return Ok(()) };
        let own = self.capture_of(stream);
        match own {
            None => {
                capture.join(&self.devices[stream.device], stream).inspect_err(|_| capture.invalidate())?;
                stream.queue().capture = Some(graph);
            }
            Some(own) if !Arc::ptr_eq(&own, &capture) => {
                own.invalidate();
                capture.invalidate();
                let text = "the event was recorded in another capture";
                return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_STREAM_CAPTURE_CONFLICT, text));
            }
            Some(_) => {}
        }
        capture.add(self.room(stream), stream, None)?;
        record.add_waiter(stream.handle);
        Ok(())
    }

    /// `Context::StreamBeginCapture`.
    pub(super) fn begin_capture(&self, stream: &Arc<SimStream>, mode: u32) -> Result<(), Fail> {
        let mut captures = lock(&self.captures);
        stream.check_not_captured()?;
        let (context, origin, thread) = (stream.context, stream.handle, std::thread::current().id());
        let graph = self.new_handle();
        let capture = Arc::new(Capture { graph, context, origin, mode, thread, progress: Mutex::default() });
        capture.join(&self.devices[stream.device], stream)?;
        stream.queue().capture = Some(graph);
        captures.push(capture);
        Ok(())
    }

    /// `Context::StreamEndCapture`: the graph and its handle. Once the stream is known to be the capture's own, the
    /// capture ends even where it fails.
    pub(super) fn end_capture(&self, stream: &SimStream) -> Result<(usize, Graph), Fail> {
        let mut captures = lock(&self.captures);
        let graph = stream.queue().capture;
        let Some(capture) = captures.iter().find(|capture| Some(capture.graph) == graph).cloned() else {
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
        for member in &streams {
            member.stream.queue().capture = None;
        }
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
        Ok((capture.graph, Graph::new(capture.context, tasks, hidden)))
    }

    /// `Context::StreamGetCaptureInfo`: the stream's own status, which a task that found no room alone makes invalid,
    /// and the handle of the graph to be.
    pub(super) fn capture_info(&self, stream: &SimStream) -> (u32, usize) {
        let Some(capture) = self.capture_of(stream) else {
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
