//! A call of each operation: timed, counted, and checked against the oracle.

use std::time::Instant;

use anyhow::Result;
use ascend_cache_loc::cpu_ref::{
    AllocDecode, AllocExtend, BlockTableMut, BlockTables, ExtendLocs, LastLoc, PoolLocs, ReqToToken, ReqToTokenMut,
    UniformLocs,
};
use ascend_cache_loc::{Lengths, TableShape};
use harness::backend::Backend;
use harness::operation::Call;

use crate::engine::Engine;
use crate::sequence::Sequence;
use crate::stats::Stats;
use crate::steps::NewTokens;
use crate::verify::compare;

/// Slots for ranges of tokens, to be written into the table in one call. No two ranges overlap.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    pub(crate) req_pool_indices: Vec<i64>,
    pub(crate) start_offsets: Vec<i32>,
    pub(crate) end_offsets: Vec<i32>,
    pub(crate) locs: Vec<i64>,
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
    pub(crate) fn get_last_loc(&mut self, new: &NewTokens) -> Result<Vec<i64>> {
        let NewTokens { req_pool_indices, prefix_lens, .. } = new;
        let table = ReqToToken::new(self.shape, &self.table)?;
        let mut out = vec![0_i64; req_pool_indices.len()];
        let entries = prefix_lens.iter().filter(|&&len| len > 0).count();
        let indices = size_of_val(&req_pool_indices[..]) + size_of_val(&prefix_lens[..]);
        let bytes = indices + 4 * entries + size_of_val(&out[..]);
        let mut args = LastLoc { table, req_pool_indices, prefix_lens, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, req_pool_indices.len(), bytes)?;
        if let Some(verifier) = &self.verifier {
            compare("get_last_loc", out.iter().copied(), &verifier.last_locs(table, new)?, None)?;
        }
        Ok(out)
    }

    /// A slot for each row, of which all have one new token.
    pub(crate) fn alloc_decode(&mut self, new: &NewTokens, last_locs: &[i64]) -> Result<Vec<i64>> {
        let NewTokens { seq_lens, free_pages, .. } = new;
        let mut out = vec![0_i64; seq_lens.len()];
        let indices = size_of_val(&seq_lens[..]) + size_of_val(last_locs);
        let bytes = indices + size_of_val(&free_pages[..]) + size_of_val(&out[..]);
        let page_size = self.pages.page_size();
        let mut args = AllocDecode { seq_lens, last_locs, free_pages, page_size, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, seq_lens.len(), bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_slots("alloc_decode", new, last_locs, &out)?;
        }
        Ok(out)
    }

    pub(crate) fn alloc_extend(&mut self, new: &NewTokens, last_locs: &[i64]) -> Result<Vec<i64>> {
        let NewTokens { prefix_lens, seq_lens, free_pages, .. } = new;
        let mut out = vec![0_i64; new.count()];
        let (elements, page_size) = (out.len(), self.pages.page_size());
        let lens = size_of_val(&prefix_lens[..]) + size_of_val(&seq_lens[..]);
        let bytes = lens + size_of_val(last_locs) + size_of_val(&free_pages[..]) + size_of_val(&out[..]);
        let mut args = AllocExtend { prefix_lens, seq_lens, last_locs, free_pages, page_size, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, elements, bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_slots("alloc_extend", new, last_locs, &out)?;
        }
        Ok(out)
    }

    /// The block tables of sequences of these lengths.
    pub(crate) fn gather_block_tables(&mut self, seqs: &[&Sequence], lens: &[i32]) -> Result<()> {
        let (table, page_size) = (ReqToToken::new(self.shape, &self.table)?, self.pages.page_size());
        let req_pool_indices: &[i64] = &seqs.iter().map(|seq| seq.row as i64).collect::<Vec<_>>();
        let columns = self.columns();
        let mut out = vec![0_i32; lens.len() * columns];
        let pages: usize = lens.iter().map(|&len| (len as usize).div_ceil(page_size)).sum();
        let bytes = size_of_val(req_pool_indices) + size_of_val(lens) + 4 * pages + size_of_val(&out[..]);
        let mut args = BlockTables {
            table,
            req_pool_indices,
            lens: Lengths::Each(lens),
            page_size,
            repeat: 1,
            map: None::<&[i32]>,
            pad: 0,
            out: BlockTableMut::new(TableShape::new(lens.len(), columns)?, &mut out)?,
        };
        timed(self.backend, &mut self.stats, &mut args, pages, bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_block_tables("gather_block_tables", seqs, lens, &out)?;
        }
        Ok(())
    }

    /// Columns of a block table: for the longest row.
    pub(crate) fn columns(&self) -> usize {
        self.shape.row_len().div_ceil(self.pages.page_size())
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
            let offsets = [&start_offsets[..], end_offsets];
            verifier.check_pool("assign_req_to_token_pool", table, req_pool_indices, offsets, locs)?;
        }
        Ok(())
    }
}

/// Runs a call and counts it; `bytes` are the useful ones.
pub(crate) fn timed(
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
