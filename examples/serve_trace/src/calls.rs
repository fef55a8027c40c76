//! A call of each operation: timed, counted, and checked against the oracle.

use std::time::Instant;

use anyhow::Result;
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, PoolLocs, ReqToToken, ReqToTokenMut, UniformLocs};
use harness::backend::Backend;
use harness::operation::Call;

use crate::engine::Engine;
use crate::stats::Stats;

/// Slots for ranges of tokens, to be written into the table in one call. No two ranges overlap.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    req_pool_indices: Vec<i64>,
    start_offsets: Vec<i32>,
    end_offsets: Vec<i32>,
    locs: Vec<i64>,
}

impl Writes {
    /// Adds slots for the tokens of a row from a position on.
    pub(crate) fn push(&mut self, row: usize, position: usize, slots: impl Iterator<Item = i64>) {
        let before = self.locs.len();
        self.locs.extend(slots);
        self.req_pool_indices.push(row as i64);
        self.start_offsets.push(position as i32);
        self.end_offsets.push((position + self.locs.len() - before) as i32);
    }
}

impl<B: Backend> Engine<'_, B> {
    pub(crate) fn get_last_loc(&mut self, req_pool_indices: &[i64], prefix_lens: &[i64]) -> Result<Vec<i64>> {
        let table = ReqToToken::new(self.shape, &self.table)?;
        let mut out = vec![0_i64; req_pool_indices.len()];
        let entries = prefix_lens.iter().filter(|&&len| len > 0).count();
        let bytes = size_of_val(req_pool_indices) + size_of_val(prefix_lens) + 4 * entries + size_of_val(&out[..]);
        let mut args = LastLoc { table, req_pool_indices, prefix_lens, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, req_pool_indices.len(), bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_last_loc(table, req_pool_indices, prefix_lens, &out)?;
        }
        Ok(out)
    }

    /// Of the decode windows.
    pub(crate) fn assign_extend_cache_locs_uniform(
        &mut self,
        req_pool_indices: &[i64],
        start_offsets: &[i32],
    ) -> Result<Vec<i32>> {
        let (table, tokens_per_row) = (ReqToToken::new(self.shape, &self.table)?, self.config.draft_tokens);
        let mut out = vec![0_i32; req_pool_indices.len() * tokens_per_row];
        let elements = out.len();
        let bytes = size_of_val(req_pool_indices) + size_of_val(start_offsets) + 4 * elements + size_of_val(&out[..]);
        let mut args =
            UniformLocs { table, req_pool_indices, start_offsets, tokens_per_row, positions: None, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, elements, bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_uniform_locs(table, req_pool_indices, start_offsets, tokens_per_row, &out)?;
        }
        Ok(out)
    }

    pub(crate) fn assign_extend_cache_locs(
        &mut self,
        req_pool_indices: &[i64],
        start_offsets: &[i32],
        end_offsets: &[i32],
    ) -> Result<Vec<i32>> {
        let table = ReqToToken::new(self.shape, &self.table)?;
        let elements = start_offsets.iter().zip(end_offsets).map(|(start, end)| (end - start) as usize).sum();
        let mut out = vec![0_i32; elements];
        let indices = size_of_val(req_pool_indices) + size_of_val(start_offsets) + size_of_val(end_offsets);
        let bytes = indices + 4 * elements + size_of_val(&out[..]);
        let mut args = ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, elements, bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_extend_locs(table, req_pool_indices, start_offsets, end_offsets, &out)?;
        }
        Ok(out)
    }

    /// `assign_req_to_token_pool`; nothing where there is nothing to write.
    pub(crate) fn write(&mut self, writes: &Writes) -> Result<()> {
        let Writes { req_pool_indices, start_offsets, end_offsets, locs } = &writes;
        if locs.is_empty() {
            return Ok(());
        }
        let indices =
            size_of_val(&req_pool_indices[..]) + size_of_val(&start_offsets[..]) + size_of_val(&end_offsets[..]);
        let bytes = indices + size_of_val(&locs[..]) + 4 * locs.len();
        let table = ReqToTokenMut::new(self.shape, &mut self.table)?;
        let mut args = PoolLocs { table, req_pool_indices, start_offsets, end_offsets, locs };
        timed(self.backend, &mut self.stats, &mut args, locs.len(), bytes)?;
        if let Some(verifier) = &self.verifier {
            let table = ReqToToken::new(self.shape, &self.table)?;
            verifier.check_pool(table, req_pool_indices, start_offsets, end_offsets, locs)?;
        }
        Ok(())
    }
}

/// Runs a call and counts it; `bytes` are the useful ones.
fn timed(
    backend: &mut impl Backend,
    stats: &mut Stats,
    call: &mut dyn Call,
    elements: usize,
    bytes: usize,
) -> Result<()> {
    let start = Instant::now();
    let result = backend.call(call);
    let elapsed = start.elapsed();
    stats.operations.entry(call.operation().name()).or_default().record(elapsed, call.rows(), elements, bytes);
    Ok(result?)
}
