//! Captures, and the graphs that they make. A library may lack their functions.

use super::bindings as raw;
use super::calls::call;
use super::handles::CaptureId;
use super::{Api, Error, RawGraph, RawStream, Result};

impl Api {
    /// The capture that a stream is in, one that has been invalidated included. A library that cannot tell has none.
    pub(crate) fn capture_of(&self, stream: &RawStream) -> Result<Option<CaptureId>> {
        // A default stream cannot be captured, and is not asked about.
        let Some(function) = self.table().aclmdlRICaptureGetInfo.filter(|_| !stream.raw().is_null()) else {
            return Ok(None);
        };
        let (mut status, mut graph) = (raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_NONE, std::ptr::null_mut());
        // SAFETY: a live stream; the out pointers are valid.
        let code = unsafe { function(stream.raw(), &raw mut status, &raw mut graph) };
        self.check("aclmdlRICaptureGetInfo", code)?;
        Ok((status != raw::ASCEND_CACHE_LOC_ACL_MODEL_RI_CAPTURE_STATUS_NONE).then_some(CaptureId(graph as usize)))
    }

    pub(crate) fn is_captured(&self, stream: &RawStream) -> Result<bool> {
        Ok(self.capture_of(stream)?.is_some())
    }

    /// # Errors
    /// [`Error::Unavailable`] where the library lacks a function that a capture or its graph needs.
    pub(crate) fn begin_capture(&self, stream: &RawStream, mode: u32) -> Result<()> {
        let table = self.table();
        let needed = [
            ("aclmdlRICaptureBegin", table.aclmdlRICaptureBegin.is_some()),
            ("aclmdlRICaptureGetInfo", table.aclmdlRICaptureGetInfo.is_some()),
            ("aclmdlRICaptureEnd", table.aclmdlRICaptureEnd.is_some()),
            ("aclmdlRIExecuteAsync", table.aclmdlRIExecuteAsync.is_some()),
            ("aclmdlRIDestroy", table.aclmdlRIDestroy.is_some()),
        ];
        if let Some((name, _)) = needed.iter().find(|(_, there)| !there) {
            return Err(Error::Unavailable(format!("the library has no {name}, which graphs need").into()));
        }
        // SAFETY: a live stream.
        unsafe { call!(self, aclmdlRICaptureBegin(stream.raw(), mode)) }
    }

    /// Ends a capture that began on this stream, and on this thread. It is over where this fails, too.
    pub(crate) fn end_capture(&self, stream: &RawStream) -> Result<RawGraph> {
        let mut graph = std::ptr::null_mut();
        // SAFETY: a live stream; the out pointer is valid.
        unsafe { call!(self, aclmdlRICaptureEnd(stream.raw(), &raw mut graph)) }?;
        Ok(RawGraph::of(graph))
    }

    /// Enqueues all that a graph holds.
    ///
    /// # Safety
    /// No other call for the graph is under way: the runtime keeps what it knows of an execution in the graph, with no
    /// lock (`CaptureModel::ExecuteModel`, `Model::SetExeStream`). The stream is no default stream: from 9.1.0 on the
    /// runtime follows its null pointer (`CaptureModel::BuildSqCq`). What the captured work uses is there until it is
    /// done, and nothing uses it in a way that is not ordered with it on the device.
    pub(crate) unsafe fn execute(&self, graph: &RawGraph, stream: &RawStream) -> Result<()> {
        // SAFETY: a live graph and a live stream. The rest is the caller's promise.
        unsafe { call!(self, aclmdlRIExecuteAsync(graph.raw(), stream.raw())) }
    }

    /// # Safety
    /// All executions are done: a graph is torn down under the device where its queues are the hardware's, and where
    /// they are not, this waits for up to ten seconds (`Context::ModelDestroy`).
    #[expect(clippy::needless_pass_by_value, reason = "given back once")]
    pub(crate) unsafe fn destroy_graph(&self, graph: RawGraph) -> Result<()> {
        // SAFETY: the caller's promise; it is taken by value.
        unsafe { call!(self, aclmdlRIDestroy(graph.raw())) }
    }
}
