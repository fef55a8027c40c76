//! Launching an operation's kernel.

#![allow(unsafe_code, reason = "work on memory is enqueued")]

use crate::abi::{self, Operation, ParameterBlock};
use crate::{LaunchId, Result, Stream, logging};

impl Stream {
    /// Enqueues an operation's kernel: one task.
    pub(crate) fn launch<B: ParameterBlock>(&self, id: LaunchId, cores: u32, block: &B) -> Result<()> {
        let (state, operation) = (self.state(), Operation::of::<B>());
        state.launching(id);
        let function = self.device().function(operation);
        // SAFETY: `ops` makes the block for this operation, from slices that it borrows: those of owned buffers are at
        // home on this stream, whose order frees them behind the kernel; of others the maker has promised the same.
        self.within(|api| unsafe { api.launch(function, cores, &state.raw, abi::bytes(block)) })?;
        logging::debug!("{operation}, launch {id}: {cores} cores on stream {:?}", state.raw);
        self.wait_if_blocking()
    }

    /// `ASCEND_CACHE_LOC_LAUNCH_BLOCKING=1`: waits, and returns the fault or failure; but not in a capture.
    pub(crate) fn wait_if_blocking(&self) -> Result<()> {
        if self.device().launch_blocking() && !self.within(|api| api.is_captured(&self.state().raw))? {
            return self.synchronize();
        }
        Ok(())
    }
}
