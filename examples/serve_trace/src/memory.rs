//! Who gets slots: decode windows, admission, retraction, sharing.

use anyhow::{Context, Result};

use crate::calls::Writes;
use crate::engine::Engine;
use crate::prefix_cache::Inserted;
use crate::sequence::Sequence;
use harness::backend::Backend;

impl<B: Backend> Engine<'_, B> {
    /// Opens a window for every decoding sequence. Where pages run out, the youngest sequence is retracted and queued
    /// again; tells whether any was.
    pub(crate) fn open_windows(&mut self) -> Result<bool> {
        let mut running = std::mem::take(&mut self.running);
        let mut retracted = false;
        while self.pages_needed(&running) > self.pages_available() {
            let youngest = (0..running.len()).max_by_key(|&i| running[i].request);
            let seq = running.remove(youngest.context("pages are needed, but nothing runs")?);
            self.retracted.insert(seq.request, seq.generated);
            self.release(&seq);
            self.stats.retractions += 1;
            retracted = true;
        }
        let tokens = self.config.step_tokens();
        let decoding = running.iter_mut().filter(|seq| seq.decoding());
        let mut batch: Vec<_> = decoding.map(|seq| (seq, tokens)).collect();
        self.allocate(&mut batch)?;
        for (seq, _) in batch {
            seq.window = true;
        }
        self.running = running;
        Ok(retracted)
    }

    /// The oldest request that has arrived and does not run, with the output tokens it has.
    pub(crate) fn next_waiting(&self) -> Option<(usize, usize)> {
        let retracted = self.retracted.first_key_value().map(|(&request, &generated)| (request, generated));
        retracted.or_else(|| (self.next_admission < self.next_arrival).then_some((self.next_admission, 0)))
    }

    /// Admits waiting requests, oldest first, while rows, pages and the step's prefill tokens last. Pages of their
    /// decoding are not set aside: that is what retraction is for.
    pub(crate) fn admit(&mut self) -> Result<()> {
        let mut writes = Writes::default();
        let mut tokens: usize = self.running.iter().map(|seq| seq.prefill_len.saturating_sub(seq.kv_len)).sum();
        while let Some((request, generated)) = self.next_waiting()
            && tokens < self.config.chunk
            && let Some(&row) = self.free_rows.last()
        {
            let Some(seq) = self.place(request, generated, row) else { break };
            if self.retracted.remove(&request).is_none() {
                self.next_admission += 1;
            }
            self.free_rows.pop();
            tokens += seq.prefill_len - seq.kv_len;
            self.stats.prompt_tokens += seq.prefill_len;
            self.stats.cached_tokens += seq.kv_len;
            writes.push(row, 0, self.pages.slots(&seq.pages));
            self.running.push(seq);
        }
        self.write(&writes)
    }

    /// A sequence with its cached prefix locked, or None where its pages would not fit.
    fn place(&mut self, request: usize, generated: usize, row: usize) -> Option<Sequence> {
        let Self { requests, .. } = *self;
        let prefill_len = requests[request].input_len + generated;
        let block_tokens = self.config.block_tokens;
        let sharable_blocks = requests[request].whole_blocks(block_tokens);
        // The last token is always computed: its output is the next token.
        let ids = &requests[request].block_ids[..sharable_blocks.min((prefill_len - 1) / block_tokens)];
        let ids = &ids[..self.cache.matched(ids)];
        self.cache.lock(ids);
        let pages = self.cache.pages_of(ids);
        let needed = prefill_len.div_ceil(self.pages.page_size()) - pages.len();
        if self.pages_needed(&self.running) + needed > self.pages_available() {
            self.cache.unlock(ids);
            return None;
        }
        Some(Sequence {
            request,
            row,
            cached_blocks: ids.len(),
            cached_pages: pages.len(),
            pages,
            sharable_blocks,
            kv_len: ids.len() * block_tokens,
            prefill_len,
            generated,
            window: false,
        })
    }

    /// The next pages of the list of free ones, so many, for which cached blocks are evicted where they are short.
    pub(crate) fn reserve(&mut self, count: usize) -> Result<Vec<i64>> {
        while self.pages.free().len() < count {
            let evicted = self.cache.evict().context("no page is free and none can be evicted")?;
            self.pages.give_back(evicted);
            self.stats.evictions += 1;
        }
        Ok(self.pages.free().iter().take(count).map(|&page| page.into()).collect())
    }

    /// Moves the blocks of a sequence that are complete into the cache; where one is there already, takes the cached
    /// pages and frees its own.
    pub(crate) fn share_blocks(&mut self, seq: &mut Sequence, writes: &mut Writes) {
        let Self { requests, .. } = *self;
        let (page_size, block_tokens) = (self.pages.page_size(), self.config.block_tokens);
        let ids = &requests[seq.request].block_ids;
        while seq.cached_blocks < seq.sharable_blocks.min(seq.kv_len / block_tokens) {
            let block = seq.cached_blocks;
            let parent = block.checked_sub(1).map(|parent| ids[parent]);
            let own = seq.cached_pages..seq.cached_pages + block_tokens / page_size;
            match self.cache.insert(parent, ids[block], &seq.pages[own.clone()]) {
                Inserted::New => {}
                Inserted::Known(cached) => {
                    writes.push(seq.row, block * block_tokens, self.pages.slots(&cached));
                    self.pages.give_back(seq.pages.splice(own.clone(), cached));
                }
                Inserted::Conflict => {
                    seq.sharable_blocks = block;
                    return;
                }
            }
            seq.cached_blocks += 1;
            seq.cached_pages = own.end;
        }
    }

    /// Frees what a sequence holds; its cached blocks stay until they are evicted.
    pub(crate) fn release(&mut self, seq: &Sequence) {
        self.cache.unlock(&self.requests[seq.request].block_ids[..seq.cached_blocks]);
        self.pages.give_back(seq.private_pages().iter().copied());
        self.free_rows.push(seq.row);
    }

    /// Pages that sequences will take before anything new is admitted: to the end of their prompts or next windows.
    fn pages_needed(&self, running: &[Sequence]) -> usize {
        let end = |seq: &Sequence| seq.reach(self.config.step_tokens()).div_ceil(self.pages.page_size());
        running.iter().map(|seq| end(seq) - seq.pages.len().min(end(seq))).sum()
    }

    /// Pages that are free or can be evicted.
    fn pages_available(&self) -> usize {
        self.pages.free().len() + self.cache.evictable() * self.config.block_tokens / self.pages.page_size()
    }

    /// The place of an entry in the table.
    pub(crate) fn entry(&self, row: usize, position: usize) -> usize {
        row * self.shape.row_stride() + position
    }
}
