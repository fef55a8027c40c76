//! The requests to serve: their shape, and Mooncake's public trace format.

use std::path::Path;

use anyhow::{Context, Result, ensure};
use serde::Deserialize;

use harness::lines::parse_lines;

/// Tokens that one prefix hash id stands for.
pub(crate) const BLOCK_TOKENS: usize = 512;

/// One request of a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Request {
    /// Microseconds from the start of the trace.
    pub(crate) arrival_us: u64,
    /// Prompt length, in tokens; at least 1.
    pub(crate) input_len: usize,
    /// Tokens to generate.
    pub(crate) output_len: usize,
    /// An id for each block of [`BLOCK_TOKENS`] prompt tokens. Equal ids stand for equal prompts up to and with that
    /// block; the last block may be partial.
    pub(crate) block_ids: Vec<u64>,
}

impl Request {
    /// The positions it may reach, with a decode window of `draft_tokens`; None where they exceed any memory.
    pub(crate) fn reach(&self, draft_tokens: usize) -> Option<usize> {
        self.input_len.checked_add(self.output_len)?.checked_add(draft_tokens)
    }

    /// The prompt blocks that can be shared: whole ones with an id.
    pub(crate) fn whole_blocks(&self) -> usize {
        self.block_ids.len().min(self.input_len / BLOCK_TOKENS)
    }
}

/// A line of a Mooncake trace.
#[derive(Deserialize)]
struct Line {
    /// Milliseconds.
    timestamp: u64,
    input_length: usize,
    output_length: usize,
    hash_ids: Vec<u64>,
}

/// Reads the first `limit` requests of a trace file, one JSON object a line, and orders them by arrival.
pub(crate) fn read_trace(path: &Path, limit: usize) -> Result<Vec<Request>> {
    let mut requests = parse_lines(path, parse)?.take(limit).collect::<Result<Vec<_>>>()?;
    ensure!(!requests.is_empty(), "{}: no requests", path.display());
    requests.sort_by_key(|request| request.arrival_us);
    Ok(requests)
}

fn parse(line: &str) -> Result<Request> {
    let Line { timestamp, input_length, output_length, hash_ids } = serde_json::from_str(line)?;
    ensure!(input_length > 0, "input_length: a request needs a prompt");
    let blocks = input_length.div_ceil(BLOCK_TOKENS);
    ensure!(hash_ids.len() <= blocks, "hash_ids: {} ids for {blocks} blocks of {BLOCK_TOKENS} tokens", hash_ids.len());
    let arrival_us = timestamp.checked_mul(1000).context("timestamp: too large")?;
    Ok(Request { arrival_us, input_len: input_length, output_len: output_length, block_ids: hash_ids })
}
