//! The two batches of a step: prompts, and decode windows.

use anyhow::Result;

use crate::calls::Writes;
use crate::engine::Engine;
use crate::sequence::Sequence;
use harness::backend::Backend;
use harness::splitmix::splitmix64;

impl<B: Backend> Engine<'_, B> {
    /// Computes the next chunk of the sequences still in their prompts; tells how many tokens.
    pub(crate) fn prefill(&mut self) -> Result<usize> {
        let mut running = std::mem::take(&mut self.running);
        let mut budget = self.config.chunk;
        let mut batch = Vec::new();
        for seq in running.iter_mut().filter(|seq| !seq.decoding()) {
            let count = budget.min(seq.prefill_len - seq.kv_len);
            if count == 0 {
                break;
            }
            budget -= count;
            batch.push((seq, count));
        }
        if !batch.is_empty() {
            self.allocate(&mut batch)?;
            let mut shared = Writes::default();
            for (seq, count) in &mut batch {
                let entries = &self.table[self.entry(seq.row, seq.kv_len)..][..*count];
                if let Some(verifier) = &mut self.verifier {
                    for (i, &slot) in entries.iter().enumerate() {
                        verifier.write(self.requests, seq, seq.kv_len + i, slot.into(), true)?;
                    }
                }
                seq.kv_len += *count;
                self.share_blocks(seq, &mut shared);
            }
            self.write(&shared)?;
            for (seq, _) in batch.iter_mut().filter(|(seq, _)| seq.decoding()) {
                // The prompt's last token gives the first of the output, where there is any.
                let first = usize::from(self.requests[seq.request].output_len > 0);
                seq.generated += first;
                self.stats.generated_tokens += first;
            }
        }
        let prefilled = self.config.chunk - budget;
        self.stats.prefill_tokens += prefilled;
        self.running = running;
        Ok(prefilled)
    }

    /// The block table of each running sequence, its new tokens among them: what attention reads. Where `decode_step`
    /// decodes, it has made those of its sequences.
    pub(crate) fn block_tables(&mut self) -> Result<()> {
        let running = std::mem::take(&mut self.running);
        let has_one = |seq: &Sequence| seq.window && self.config.decode_step();
        let batch: Vec<_> = running.iter().filter(|seq| !has_one(seq)).collect();
        if !batch.is_empty() {
            let tokens = |seq: &Sequence| seq.kv_len + if seq.window { self.config.step_tokens() } else { 0 };
            let lens: Vec<i32> = batch.iter().map(|seq| tokens(seq) as i32).collect();
            self.gather_block_tables(&batch, &lens)?;
        }
        self.running = running;
        Ok(())
    }

    /// Computes the open windows, or the next tokens: each sequence accepts a seeded number of its window's tokens. Tells how
    /// many tokens were computed.
    pub(crate) fn decode(&mut self) -> Result<usize> {
        let step_tokens = self.config.step_tokens();
        let mut running = std::mem::take(&mut self.running);
        let mut batch: Vec<_> = running.iter_mut().filter(|seq| seq.window).collect();
        if !batch.is_empty() {
            let req_pool_indices: Vec<i64> = batch.iter().map(|seq| seq.row as i64).collect();
            let start_offsets: Vec<i32> = batch.iter().map(|seq| seq.kv_len as i32).collect();
            // Without windows each has one slot, which this step has written.
            let locs = match self.config.draft_tokens {
                0 => batch.iter().map(|seq| self.table[self.entry(seq.row, seq.kv_len)]).collect(),
                _ => self.assign_extend_cache_locs_uniform(&req_pool_indices, &start_offsets)?,
            };
            for (seq, window) in batch.iter_mut().zip(locs.chunks_exact(step_tokens)) {
                let left = self.requests[seq.request].output_len - seq.generated;
                let seed = self.config.seed ^ splitmix64(((seq.request as u64) << 32) ^ seq.kv_len as u64);
                let accepted = left.min(1 + (splitmix64(seed) % step_tokens as u64) as usize);
                if let Some(verifier) = &mut self.verifier {
                    for (i, &loc) in window.iter().enumerate() {
                        verifier.write(self.requests, seq, seq.kv_len + i, loc.into(), i < accepted)?;
                    }
                }
                seq.kv_len += accepted;
                seq.generated += accepted;
                seq.window = false;
                let used = seq.kv_len.div_ceil(self.pages.page_size());
                self.pages.give_back(seq.pages.drain(used..));
                self.stats.generated_tokens += accepted;
            }
            if self.config.draft_tokens > 0 {
                // What a draft model goes on from: the slots of the accepted tokens.
                let end_offsets: Vec<i32> = batch.iter().map(|seq| seq.kv_len as i32).collect();
                self.assign_extend_cache_locs(&req_pool_indices, &start_offsets, &end_offsets)?;
            }
        }
        let decoded = batch.len() * step_tokens;
        self.running = running;
        Ok(decoded)
    }
}
