//! A request to serve.

/// One request of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Where the trace has it: a line's number, or its place in the built-in workload.
    pub(crate) line: u64,
    /// Microseconds from the first arrival.
    pub(crate) arrival_us: u64,
    /// Prompt length, in tokens; at least 1.
    pub(crate) input_len: usize,
    /// Tokens to generate.
    pub(crate) output_len: usize,
    /// An id for each block of prompt tokens, as many as the configuration says. Equal ids stand for equal prompts up to
    /// and with that block; the last block may be partial.
    pub(crate) block_ids: Box<[u64]>,
}

impl Request {
    /// The positions it may reach, with a decode window of `draft_tokens`; None where they exceed any memory.
    pub(crate) fn reach(&self, draft_tokens: usize) -> Option<usize> {
        self.input_len.checked_add(self.output_len)?.checked_add(draft_tokens)
    }

    /// The prompt blocks that can be shared: whole ones with an id.
    pub(crate) fn whole_blocks(&self, block_tokens: usize) -> usize {
        self.block_ids.len().min(self.input_len / block_tokens)
    }

    /// What it takes in memory.
    pub(crate) fn bytes(&self) -> u64 {
        (size_of::<Self>() + size_of_val(&*self.block_ids)) as u64
    }
}
