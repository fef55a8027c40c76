//! The serving loop: continuous batching with a paged KV cache, prefix reuse, chunked prefill, speculative decoding.
//!
//! A running request is a [`Sequence`]. A step, in this order:
//!
//! 1. Room for the decode windows: out of pages, the youngest request is retracted and queued again. The windows, or the
//!    next tokens where there are none, get slots, which are written to the rows (`steps.rs` tells in which calls).
//! 2. Admission, oldest first, while rows, slots and the step's token budget last; slots of cached prefix blocks are
//!    written to the rows by `assign_req_to_token_pool`.
//! 3. Prefill: the next chunk gets slots likewise; whole blocks go into the cache.
//! 4. The block tables of all that run and have none yet, by `gather_block_tables`.
//! 5. Decode: `assign_extend_cache_locs_uniform` over the windows, a seeded number of tokens accepted, pages past them
//!    freed; `assign_extend_cache_locs` over what was accepted.
//! 6. The clock moves on.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use ascend_cache_loc::TableShape;
use harness::memory::filled;

use crate::pages::PageAllocator;
use crate::prefix_cache::PrefixCache;
use crate::request::Request;
use crate::sequence::Sequence;
use crate::stats::Stats;
use crate::steps::Steps;
use crate::verify::Verifier;
use harness::backend::Backend;

/// How the loop serves.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    pub(crate) slots: usize,
    pub(crate) page_size: usize,
    /// Prompt tokens that a block id stands for: a page, or whole ones.
    pub(crate) block_tokens: usize,
    pub(crate) max_batch: usize,
    /// Tokens of a decode window; 0 for no windows.
    pub(crate) draft_tokens: usize,
    /// Prefill tokens of a step.
    pub(crate) chunk: usize,
    pub(crate) steps: Steps,
    pub(crate) base_us: u64,
    pub(crate) per_token_us: u64,
    pub(crate) seed: u64,
    pub(crate) verify: bool,
}

impl Config {
    /// Tokens of a decoding sequence's step: its window, or the next one alone.
    pub(crate) fn step_tokens(&self) -> usize {
        self.draft_tokens.max(1)
    }
}

/// The loop's state.
#[derive(Debug)]
pub(crate) struct Engine<'a, B> {
    pub(crate) backend: &'a mut B,
    pub(crate) config: Config,
    pub(crate) requests: &'a [Request],
    pub(crate) pages: PageAllocator,
    pub(crate) cache: PrefixCache,
    pub(crate) shape: TableShape,
    /// The request table, `req_to_token`.
    pub(crate) table: Vec<i32>,
    pub(crate) free_rows: Vec<usize>,
    pub(crate) running: Vec<Sequence>,
    /// Retracted requests, with the output tokens they have: older than all that were never admitted.
    pub(crate) retracted: BTreeMap<usize, usize>,
    /// The next request that was never admitted.
    pub(crate) next_admission: usize,
    /// The next request to arrive.
    pub(crate) next_arrival: usize,
    clock_us: u64,
    pub(crate) verifier: Option<Verifier>,
    pub(crate) stats: Stats,
}

impl<'a, B: Backend> Engine<'a, B> {
    /// A loop that has served nothing yet. The configuration is one that [`fit`](crate::fit::fit) has found for these
    /// requests.
    pub(crate) fn new(backend: &'a mut B, requests: &'a [Request], config: Config) -> Result<Self> {
        let page_size = config.page_size;
        let pages = PageAllocator::new(config.slots, page_size);
        let mut row_len = 0;
        for request in requests {
            let needed = request.reach(config.draft_tokens);
            let needed = needed.filter(|needed| needed.div_ceil(page_size) <= pages.total());
            // It would wait for ever.
            row_len = row_len.max(needed.with_context(|| format!("request {} does not fit", request.line))?);
        }
        // Rows begin on a 64-byte boundary, as a device wants them; their ends are not part of the table.
        let shape = TableShape::new(config.max_batch, row_len.next_multiple_of(16))?.with_row_len(row_len)?;
        let len = shape.storage_len();
        let table = filled(-1, len)
            .with_context(|| format!("--max-batch {}: no memory for a table of {len} entries", config.max_batch))?;
        let verifier = if config.verify {
            let verifier = Verifier::new(pages.total(), page_size, config.block_tokens);
            Some(verifier.with_context(|| format!("--slots {}: no memory for as many", config.slots))?)
        } else {
            None
        };
        Ok(Self {
            backend,
            requests,
            cache: PrefixCache::default(),
            shape,
            table,
            free_rows: (0..config.max_batch).rev().collect(),
            running: Vec::new(),
            retracted: BTreeMap::new(),
            next_admission: 0,
            next_arrival: 0,
            clock_us: requests.first().map_or(0, |request| request.arrival_us),
            verifier,
            pages,
            config,
            stats: Stats::default(),
        })
    }

    /// Serves every request; `progress` hears how many have finished, after every step.
    pub(crate) fn run(&mut self, mut progress: impl FnMut(usize)) -> Result<()> {
        while self.stats.finished < self.requests.len() {
            self.step().with_context(|| format!("step {}", self.stats.steps))?;
            progress(self.stats.finished);
        }
        self.stats.clock_us = self.clock_us;
        while let Some(pages) = self.cache.evict() {
            self.pages.give_back(pages);
        }
        ensure!(self.pages.free().len() == self.pages.total(), "a page is still in use after the last request");
        self.check_pages()
    }

    fn step(&mut self) -> Result<()> {
        self.arrive();
        let retracted = self.open_windows()?;
        if !retracted {
            self.admit()?;
        }
        let prefilled = self.prefill()?;
        self.block_tables()?;
        let decoded = self.decode()?;
        let page_size = self.pages.page_size();
        let used = (self.pages.total() - self.pages.free().len()) * page_size;
        let held = used - self.cache.evictable() * self.config.block_tokens;
        self.stats.peak_slots = self.stats.peak_slots.max(used);
        self.stats.peak_held_slots = self.stats.peak_held_slots.max(held);
        self.finish()?;

        self.stats.steps += 1;
        let tokens_us = self.config.per_token_us.saturating_mul((prefilled + decoded) as u64);
        self.clock_us = self.clock_us.saturating_add(self.config.base_us).saturating_add(tokens_us);
        // A scan of all pages costs as much as many steps where the pool is large.
        if self.stats.steps.is_multiple_of(1 + self.pages.total() / 4096) {
            self.check_pages()?;
        }
        Ok(())
    }

    /// Queues the requests whose time has come; with nothing else to do, waits for the next one.
    fn arrive(&mut self) {
        let coming = &self.requests[self.next_arrival..];
        if let (true, None, Some(next)) = (self.running.is_empty(), self.next_waiting(), coming.first()) {
            self.clock_us = self.clock_us.max(next.arrival_us);
        }
        self.next_arrival += coming.iter().take_while(|request| request.arrival_us <= self.clock_us).count();
    }

    /// Releases the sequences that have all their output.
    fn finish(&mut self) -> Result<()> {
        let requests = self.requests;
        let done = |seq: &mut Sequence| seq.decoding() && seq.generated >= requests[seq.request].output_len;
        for seq in self.running.extract_if(.., done).collect::<Vec<_>>() {
            if let Some(verifier) = &self.verifier {
                verifier.check_sequence(requests, &seq, &self.table[self.entry(seq.row, 0)..])?;
            }
            self.release(&seq);
            self.stats.finished += 1;
        }
        Ok(())
    }

    fn check_pages(&mut self) -> Result<()> {
        let Some(verifier) = &mut self.verifier else { return Ok(()) };
        let private = self.running.iter().flat_map(Sequence::private_pages).copied();
        verifier.check_pages(self.pages.free().iter().copied().chain(self.cache.pages()).chain(private))
    }
}
