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
use crate::stats::Stats;
use crate::verify::compare;

/// Slots for ranges of tokens, to be written into the table in one call. No two ranges overlap.
#[derive(Debug, Default)]
pub(crate) struct Writes {
    req_pool_indices: Vec<i64>,
    start_offsets: Vec<i32>,
    end_offsets: Vec<i32>,
    locs: Vec<i64>,
}

impl Writes {
    /// The slots of all ranges.
    pub(crate) fn locs(&self) -> &[i64] {
        &self.locs
    }

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

    /// A slot for the next token of each row, of which `seq_lens` are the lengths with it.
    pub(crate) fn alloc_decode(&mut self, seq_lens: &[i32], last_locs: &[i64], free_pages: &[i64]) -> Result<Vec<i64>> {
        let mut out = vec![0_i64; seq_lens.len()];
        let bytes = size_of_val(seq_lens) + size_of_val(last_locs) + size_of_val(free_pages) + size_of_val(&out[..]);
        let page_size = self.pages.page_size();
        let mut args = AllocDecode { seq_lens, last_locs, free_pages, page_size, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, seq_lens.len(), bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_alloc_decode(seq_lens, last_locs, free_pages, &out)?;
        }
        Ok(out)
    }

    /// Slots for the tokens of each row from its prefix on, end to end.
    pub(crate) fn alloc_extend(
        &mut self,
        prefix_lens: &[i32],
        seq_lens: &[i32],
        last_locs: &[i64],
        free_pages: &[i64],
    ) -> Result<Vec<i64>> {
        let elements = prefix_lens.iter().zip(seq_lens).map(|(prefix, seq)| (seq - prefix) as usize).sum();
        let mut out = vec![0_i64; elements];
        let indices = size_of_val(prefix_lens) + size_of_val(seq_lens) + size_of_val(last_locs);
        let bytes = indices + size_of_val(free_pages) + size_of_val(&out[..]);
        let page_size = self.pages.page_size();
        let mut args = AllocExtend { prefix_lens, seq_lens, last_locs, free_pages, page_size, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, elements, bytes)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_alloc_extend([prefix_lens, seq_lens], last_locs, free_pages, &out)?;
        }
        Ok(out)
    }

    /// The block tables of the running sequences, as many as `req_pool_indices`.
    pub(crate) fn gather_block_tables(&mut self, req_pool_indices: &[i64], lens: &[i32]) -> Result<()> {
        let (table, page_size) = (ReqToToken::new(self.shape, &self.table)?, self.pages.page_size());
        let columns = self.shape.row_len().div_ceil(page_size);
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
        if self.verifier.is_some() {
            // The loop's own allocator knows the pages.
            for (seq, (row, &len)) in self.running.iter().zip(out.chunks_exact(columns).zip(lens)) {
                let pages = seq.pages[..(len as usize).div_ceil(page_size)].iter().map(|&page| i64::from(page));
                let expected: Vec<_> = pages.chain(std::iter::repeat(0)).take(columns).collect();
                compare("gather_block_tables", row.iter().map(|&page| page.into()), &expected, None)?;
            }
        }
        Ok(())
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
