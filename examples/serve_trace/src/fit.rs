//! What the memory has room for: the pool, the table, and the requests that they can hold.

use anyhow::{Result, ensure};
use harness::memory::Bytes;

use crate::engine::Config;
use crate::options::Options;
use crate::refusals::Refusals;
use crate::request::Request;
use crate::sequence::Sequence;
use crate::trace::Trace;

/// Few enough that the default run evicts, queues and retracts.
pub(crate) const DEFAULT_SLOTS: usize = 163_840;

/// The longest row: the largest row stride that is a multiple of 64 bytes.
const LONGEST_ROW: usize = (i32::MAX as usize - 1) / 16 * 16;

/// Bytes, about, that the prefix cache keeps for a block.
const BLOCK_BYTES: usize = 200;

/// The configuration of a run of `trace`, of which only those requests are left that it can serve.
pub(crate) fn fit(options: &Options, trace: &mut Trace, refusals: &mut Refusals) -> Result<Config> {
    let (page_size, max_batch, memory) = (options.page_size, options.max_batch, options.max_memory);
    let block_tokens = share_pages(trace, page_size)?;
    let config = |slots| Config {
        slots,
        page_size,
        block_tokens,
        max_batch,
        draft_tokens: options.draft_tokens,
        chunk: options.chunk,
        steps: options.steps,
        base_us: options.base_us,
        per_token_us: options.per_token_us,
        seed: options.seed,
        verify: options.verify,
    };
    let slots_for = |row_len: usize| options.slots.unwrap_or(DEFAULT_SLOTS.max(row_len.next_multiple_of(page_size)));
    let requests: u64 = trace.requests.iter().map(Request::bytes).sum();
    let room = memory.0.saturating_sub(requests);
    let takes = |row_len| pool_bytes(&config(slots_for(row_len))).saturating_add(table_bytes(max_batch, row_len));
    let fits = |row_len| slots_for(row_len) <= i32::MAX as usize && takes(row_len) <= room;
    let longest_row = last(LONGEST_ROW, fits);
    let shown = Bytes(takes(0));
    let longest_row = longest_row.ok_or_else(|| {
        let (slots, left) = (slots_for(0), Bytes(room));
        anyhow::anyhow!(
            "--slots {slots} and --max-batch {max_batch} take {shown} before any row; --max-memory {memory} leaves {left}"
        )
    })?;

    // Whole pages of it.
    let pool = slots_for(longest_row) / page_size * page_size;
    let mut strict = Ok(());
    trace.requests.retain(|request| {
        let needed = request.reach(options.draft_tokens);
        if needed.is_some_and(|needed| needed <= pool.min(longest_row)) {
            return true;
        }
        let needed = needed.map_or("more slots than can be counted".into(), |needed| format!("{needed} slots"));
        let limit = match options.slots {
            Some(slots) if pool <= longest_row => format!("--slots is {slots}, in pages of {page_size}"),
            _ => format!("--max-memory {memory} leaves rows of {longest_row} with --max-batch {max_batch}"),
        };
        if strict.is_ok() {
            strict = refusals.add(format!(
                "{}:{}: needs {needed} ({} input, {} output, {} draft tokens), {limit}",
                trace.file, request.line, request.input_len, request.output_len, options.draft_tokens
            ));
        }
        false
    });
    strict?;
    ensure!(!trace.requests.is_empty(), refusals.nothing_left(&trace.file));
    let row_len = trace.requests.iter().filter_map(|request| request.reach(options.draft_tokens)).max().unwrap_or(0);
    Ok(config(slots_for(row_len)))
}

/// The tokens of what is shared: of a block, or where blocks are smaller than a page, of a page.
fn share_pages(trace: &mut Trace, page_size: usize) -> Result<usize> {
    let block_tokens = trace.block_tokens;
    if trace.requests.iter().all(|request| request.block_ids.is_empty()) {
        return Ok(page_size);
    }
    if block_tokens.is_multiple_of(page_size) {
        return Ok(block_tokens);
    }
    ensure!(
        page_size.is_multiple_of(block_tokens),
        "--page-size {page_size}: pages must divide the trace's blocks of {block_tokens} tokens, or hold whole ones"
    );
    // The last id of a page stands for all of it.
    for request in &mut trace.requests {
        let blocks = page_size / block_tokens;
        request.block_ids = request.block_ids.chunks_exact(blocks).map(|ids| ids[blocks - 1]).collect();
    }
    Ok(page_size)
}

/// The greatest number up to `most` for which `fits` holds, which it does up to some number.
fn last(most: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    let (mut low, mut high) = (0, most + 1);
    if !fits(0) {
        return None;
    }
    while high - low > 1 {
        let middle = low + (high - low) / 2;
        if fits(middle) { low = middle } else { high = middle }
    }
    Some(low)
}

/// The lists of pages, the prefix cache, and what verification keeps.
fn pool_bytes(config: &Config) -> u64 {
    let Config { slots, page_size, block_tokens, verify, .. } = *config;
    let lists = slots / page_size * (3 * size_of::<u32>() + 1);
    (lists + slots / block_tokens * BLOCK_BYTES + if verify { 4 * slots } else { 0 }) as u64
}

fn table_bytes(rows: usize, row_len: usize) -> u64 {
    let row = 4 * row_len.next_multiple_of(16) + size_of::<Sequence>() + size_of::<usize>();
    rows as u64 * row as u64
}
