//! A running request.

/// A running request. Its KV entries fill positions `0..kv_len`, whose slots are in its row of the request table.
#[derive(Debug)]
pub(crate) struct Sequence {
    /// Its place in the trace; a smaller one is older.
    pub(crate) request: usize,
    /// Its row of the request table.
    pub(crate) row: usize,
    /// The pages of positions `0..`, in order.
    pub(crate) pages: Vec<u32>,
    /// The first blocks, whose pages belong to the prefix cache and are locked there.
    pub(crate) cached_blocks: usize,
    /// `cached_blocks`, in pages.
    pub(crate) cached_pages: usize,
    /// Blocks that may be in the cache once they are computed.
    pub(crate) sharable_blocks: usize,
    /// Positions with a KV entry.
    pub(crate) kv_len: usize,
    /// Positions to compute before decoding.
    pub(crate) prefill_len: usize,
    /// Output tokens known; the last of them has no KV entry yet.
    pub(crate) generated: usize,
    /// Whether this step's decode window is open: its slots allocated and in the row.
    pub(crate) window: bool,
}

impl Sequence {
    /// Whether its prompt (after a retraction, with the output so far) is computed.
    pub(crate) fn decoding(&self) -> bool {
        self.kv_len >= self.prefill_len
    }

    /// The pages that no other sequence may use.
    pub(crate) fn private_pages(&self) -> &[u32] {
        &self.pages[self.cached_pages..]
    }

    /// The position that its pages must reach: the end of the prompt, or of the next decode window.
    pub(crate) fn reach(&self, step_tokens: usize) -> usize {
        if self.decoding() { self.kv_len + step_tokens } else { self.prefill_len }
    }
}
