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
        // A capture ends where it is waited in.
        if self.device().launch_blocking() && !self.within(|api| api.is_captured(&state.raw))? {
            return self.synchronize();
        }
        Ok(())
    }
}
