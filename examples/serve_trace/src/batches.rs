//! The two batches of a step, each around one of the operations.

use std::time::Instant;

use anyhow::Result;
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, ReqToToken};

use crate::engine::Engine;
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
            let req_pool_indices: Vec<i64> = batch.iter().map(|(seq, _)| seq.row as i64).collect();
            let prefix_lens: Vec<i64> = batch.iter().map(|(seq, _)| seq.kv_len as i64).collect();
            let last_locs = self.get_last_loc(&req_pool_indices, &prefix_lens)?;
            for ((seq, count), last_loc) in batch.iter_mut().zip(last_locs) {
                seq.last_loc = last_loc;
                self.extend(seq, *count)?;
                let entries = &self.table[self.entry(seq.row, seq.kv_len)..][..*count];
                if let Some(verifier) = &mut self.verifier {
                    for (i, &slot) in entries.iter().enumerate() {
                        verifier.write(self.requests, seq, seq.kv_len + i, slot.into(), true)?;
                    }
                }
                seq.kv_len += *count;
                self.share_blocks(seq);
                if seq.decoding() {
                    seq.last_loc = self.table[self.entry(seq.row, seq.kv_len - 1)].into();
                    // The prompt's last token gives the first of the output, where there is any.
                    let first = usize::from(self.requests[seq.request].output_len > 0);
                    seq.generated += first;
                    self.stats.generated_tokens += first;
                }
            }
        }
        let prefilled = self.config.chunk - budget;
        self.stats.prefill_tokens += prefilled;
        self.running = running;
        Ok(prefilled)
    }

    /// Verifies the open windows: each sequence accepts a seeded number of its window's tokens. Tells how many tokens
    /// were computed.
    pub(crate) fn decode(&mut self) -> Result<usize> {
        let draft_tokens = self.config.draft_tokens;
        let mut running = std::mem::take(&mut self.running);
        let mut batch: Vec<_> = running.iter_mut().filter(|seq| seq.window).collect();
        if !batch.is_empty() {
            let req_pool_indices: Vec<i64> = batch.iter().map(|seq| seq.row as i64).collect();
            let start_offsets: Vec<i32> = batch.iter().map(|seq| seq.kv_len as i32).collect();
            let end_offsets: Vec<i32> = batch.iter().map(|seq| (seq.kv_len + draft_tokens) as i32).collect();
            let locs = self.assign_extend_cache_locs(&req_pool_indices, &start_offsets, &end_offsets)?;
            for (seq, locs) in batch.iter_mut().zip(locs.chunks_exact(draft_tokens)) {
                let left = self.requests[seq.request].output_len - seq.generated;
                let seed = self.config.seed ^ splitmix64(((seq.request as u64) << 32) ^ seq.kv_len as u64);
                let accepted = left.min(1 + (splitmix64(seed) % draft_tokens as u64) as usize);
                if let Some(verifier) = &mut self.verifier {
                    for (i, &loc) in locs.iter().enumerate() {
                        verifier.write(self.requests, seq, seq.kv_len + i, loc.into(), i < accepted)?;
                    }
                }
                seq.kv_len += accepted;
                seq.generated += accepted;
                seq.last_loc = locs[accepted - 1].into();
                seq.window = false;
                let used = seq.kv_len.div_ceil(self.pages.page_size());
                self.pages.give_back(seq.pages.drain(used..));
                self.stats.generated_tokens += accepted;
            }
        }
        let decoded = batch.len() * draft_tokens;
        self.running = running;
        Ok(decoded)
    }

    /// One timed and verified call of `get_last_loc`.
    fn get_last_loc(&mut self, req_pool_indices: &[i64], prefix_lens: &[i64]) -> Result<Vec<i64>> {
        let table = ReqToToken::new(self.shape, &self.table)?;
        let mut out = vec![0_i64; req_pool_indices.len()];
        let mut args = LastLoc { table, req_pool_indices, prefix_lens, out: &mut out };
        let start = Instant::now();
        let result = self.backend.call(&mut args);
        let elapsed = start.elapsed();
        result?;
        let entries = prefix_lens.iter().filter(|&&len| len > 0).count();
        let bytes = size_of_val(req_pool_indices) + size_of_val(prefix_lens) + 4 * entries + size_of_val(&out[..]);
        self.stats.get_last_loc.record(elapsed, out.len(), out.len(), bytes);
        if let Some(verifier) = &self.verifier {
            verifier.check_last_loc(table, req_pool_indices, prefix_lens, &out)?;
        }
        Ok(out)
    }

    /// One timed and verified call of `assign_extend_cache_locs`.
    fn assign_extend_cache_locs(
        &mut self,
        req_pool_indices: &[i64],
        start_offsets: &[i32],
        end_offsets: &[i32],
    ) -> Result<Vec<i32>> {
        let table = ReqToToken::new(self.shape, &self.table)?;
        let rows = req_pool_indices.len();
        let mut out = vec![0_i32; rows * self.config.draft_tokens];
        let mut args = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: &mut out };
        let start = Instant::now();
        let result = self.backend.call(&mut args);
        let elapsed = start.elapsed();
        result?;
        let indices = size_of_val(req_pool_indices) + size_of_val(start_offsets) + size_of_val(end_offsets);
        let bytes = indices + 4 * out.len() + size_of_val(&out[..]);
        self.stats.assign_extend_cache_locs.record(elapsed, rows, out.len(), bytes);
        if let Some(verifier) = &self.verifier {
            verifier.check_extend_locs(table, req_pool_indices, start_offsets, end_offsets, &out)?;
        }
        Ok(out)
    }
}
