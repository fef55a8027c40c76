//! Captures and graphs.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::not_null;
use crate::acl::bindings::{self as raw, *};
use crate::sim::machine::fail::{Fail, lock};
use crate::sim::machine::state::{SimContext, State};
use crate::sim::machine::stream::SimStream;
use crate::sim::machine::task::{Graph, Task};

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, reason = "AscendCL's functions")]
impl State {
    pub(crate) unsafe fn aclmdlRICaptureBegin(
        &self,
        stream: aclrtStream,
        mode: aclmdlRICaptureMode,
    ) -> Result<(), Fail> {
        not_null(stream, "stream")?;
        let stream = self.stream(stream as usize)?;
        if mode > raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_MODE_RELAXED {
            return Err(Fail::parameter("no such capture mode"));
        }
        self.begin_capture(&self.stream_to_capture(stream)?, mode)
    }

    pub(crate) unsafe fn aclmdlRICaptureGetInfo(
        &self,
        stream: aclrtStream,
        status: *mut aclmdlRICaptureStatus,
        graph: *mut aclmdlRI,
    ) -> Result<(), Fail> {
        not_null(stream, "stream")?;
        if status.is_null() && graph.is_null() {
            return Err(Fail::argument("status and modelRI are null"));
        }
        // Of whatever context.
        let Some(stream) = self.stream(stream as usize)? else { return Ok(()) };
        let (captured, handle) = self.capture_info(&stream);
        if !status.is_null() {
            // SAFETY: not null, and see the impl.
            unsafe { status.write(captured) };
        }
        if !graph.is_null() {
            // SAFETY: as above.
            unsafe { graph.write(handle as *mut c_void) };
        }
        Ok(())
    }

    pub(crate) unsafe fn aclmdlRICaptureEnd(&self, stream: aclrtStream, graph: *mut aclmdlRI) -> Result<(), Fail> {
        not_null(stream, "stream")?;
        let stream = self.stream(stream as usize)?;
        let captured = stream.as_ref().is_some_and(|stream| stream.is_captured());
        if captured && graph.is_null() {
            return Err(Fail::parameter("modelRI is null"));
        }
        let stream = self.stream_to_capture(stream)?;
        let ended = self.end_capture(&stream);
        let handle = ended.as_ref().map_or(null_mut(), |(handle, _)| *handle as *mut c_void);
        if captured {
            // SAFETY: not null, as checked.
            unsafe { graph.write(handle) };
        }
        let (handle, graph) = ended?;
        lock(&self.objects).graphs.insert(handle, Arc::new(graph));
        Ok(())
    }

    pub(crate) unsafe fn aclmdlRIExecuteAsync(
        self: &Arc<Self>,
        graph: aclmdlRI,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        not_null(graph, "modelRI")?;
        let graph = self.graph(graph as usize)?;
        // From 9.1.0 on `CaptureModel::BuildSqCq` follows the pointer, null or not.
        let stream = self.stream(stream as usize)?.ok_or_else(|| {
            let text = "a graph on a default stream";
            lock(&self.misuses).push(text.into());
            Fail::handle(text)
        })?;
        stream.check_not_captured()?;
        let context = self.context()?;
        let graph = finished(graph, &context)?;
        self.submit(&context.own(Some(stream))?, Task::Graph(graph))
    }

    pub(crate) unsafe fn aclmdlRIDestroy(&self, graph: aclmdlRI) -> Result<(), Fail> {
        not_null(graph, "modelRI")?;
        let found = self.graph(graph as usize)?;
        let found = finished(found, &*self.context()?)?;
        // `Context::ModelDestroy`: asks every millisecond whether it still runs, for so long.
        let begun = Instant::now();
        // The list has one, and we.
        while Arc::strong_count(&found) > 2 {
            if begun.elapsed() >= self.config.destroy_graph_limit {
                let text = "the graph still runs";
                return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_RUNNING, text));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        lock(&self.objects).graphs.remove(&(graph as usize));
        Ok(())
    }
}

impl State {
    /// A stream of the current context that is not its default stream.
    fn stream_to_capture(&self, stream: Option<Arc<SimStream>>) -> Result<Arc<SimStream>, Fail> {
        let context = self.context()?;
        let stream = context.own(stream)?;
        match Arc::ptr_eq(&stream, &context.default_stream) {
            true => Err(Fail::unsupported("a default stream cannot be captured")),
            false => Ok(stream),
        }
    }
}

/// A graph of the context, and captured to its end.
fn finished(graph: Option<Arc<Graph>>, context: &SimContext) -> Result<Arc<Graph>, Fail> {
    let captured = || Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_CAPTURED, "the graph is being captured");
    let graph = graph.ok_or_else(captured)?;
    if graph.context != context.handle {
        let text = "the graph is not of the current context";
        return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_CONTEXT, text));
    }
    Ok(graph)
}
