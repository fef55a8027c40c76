//! How new tokens get slots: in one call, or in the calls that it is made of. Both leave the same.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use anyhow::{Context, Result, ensure};
use ascend_cache_loc::cpu_ref::{BlockTableMut, DecodeStep, ExtendStep, ReqToToken, ReqToTokenMut};
use ascend_cache_loc::{Columns, TableShape, new_pages};
use harness::backend::Backend;

use crate::calls::{Writes, timed};
use crate::engine::{Config, Engine};
use crate::sequence::Sequence;

/// In which calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Steps {
    /// `extend_step`; `decode_step`, which makes the block tables as well, for the next tokens of sequences that decode
    /// without windows.
    #[default]
    Fused,
    /// `get_last_loc`, then `alloc_extend` or `alloc_decode`, then `assign_req_to_token_pool`.
    Separate,
}

impl FromStr for Steps {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "fused" => Ok(Self::Fused),
            "separate" => Ok(Self::Separate),
            _ => Err("not fused or separate".into()),
        }
    }
}

impl Display for Steps {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Fused => "fused",
            Self::Separate => "separate",
        })
    }
}

impl Config {
    /// Whether sequences decode by `decode_step`: one token each.
    pub(crate) fn decode_step(&self) -> bool {
        self.steps == Steps::Fused && self.draft_tokens == 0
    }
}

/// New tokens of requests, and the pages that they take.
#[derive(Debug)]
pub(crate) struct NewTokens {
    pub(crate) req_pool_indices: Vec<i64>,
    /// Lengths without them.
    pub(crate) prefix_lens: Vec<i32>,
    /// Lengths with them.
    pub(crate) seq_lens: Vec<i32>,
    pub(crate) free_pages: Vec<i64>,
}

impl NewTokens {
    /// How many.
    pub(crate) fn count(&self) -> usize {
        self.prefix_lens.iter().zip(&self.seq_lens).map(|(prefix, seq)| (seq - prefix) as usize).sum()
    }

    /// Entries of the table that they are about: the last ones before them, and their own.
    fn entries(&self) -> usize {
        self.prefix_lens.iter().filter(|&&len| len > 0).count() + self.count()
    }

    /// What a call reads of them, in bytes.
    fn bytes(&self) -> usize {
        let lens = size_of_val(&self.prefix_lens[..]) + size_of_val(&self.seq_lens[..]);
        size_of_val(&self.req_pool_indices[..]) + lens + size_of_val(&self.free_pages[..])
    }
}

impl<B: Backend> Engine<'_, B> {
    /// Gives the next positions of sequences slots, so many each, and writes them to their rows: on from the last one in
    /// the same page, then in new pages.
    pub(crate) fn allocate(&mut self, batch: &mut [(&mut Sequence, usize)]) -> Result<()> {
        if batch.is_empty() {
            return Ok(());
        }
        let page_size = self.pages.page_size();
        let prefix_lens: Vec<i32> = batch.iter().map(|(seq, _)| seq.kv_len as i32).collect();
        let seq_lens: Vec<i32> = batch.iter().map(|(seq, count)| (seq.kv_len + count) as i32).collect();
        let free_pages = self.reserve(new_pages(&prefix_lens, &seq_lens, page_size)?)?;
        for (seq, count) in batch.iter_mut() {
            while seq.pages.len() * page_size < seq.kv_len + *count {
                seq.pages.push(self.pages.take().context("no page is free")?);
            }
        }
        let req_pool_indices = batch.iter().map(|(seq, _)| seq.row as i64).collect();
        let new = NewTokens { req_pool_indices, prefix_lens, seq_lens, free_pages };
        let seqs: Vec<_> = batch.iter().map(|(seq, _)| &**seq).collect();
        let one_each = self.config.draft_tokens == 0 && seqs.iter().all(|seq| seq.decoding());
        let locs = match (self.config.steps, one_each) {
            (Steps::Fused, true) => self.decode_step(&new, &seqs)?,
            (Steps::Fused, false) => self.extend_step(&new)?,
            (Steps::Separate, _) => self.in_parts(new, one_each)?,
        };
        if self.verifier.is_some() {
            let mut rest = locs.into_iter();
            for (seq, count) in batch {
                let (page, at) = (seq.kv_len / page_size, seq.kv_len % page_size);
                let expected = self.pages.slots(&seq.pages[page..]).skip(at).take(*count);
                ensure!(
                    rest.by_ref().take(*count).eq(expected),
                    "request {}: the slots of tokens {} on are not those of its pages",
                    seq.request,
                    seq.kv_len
                );
            }
        }
        Ok(())
    }

    /// One token each, and the block tables of `seqs`.
    fn decode_step(&mut self, new: &NewTokens, seqs: &[&Sequence]) -> Result<Vec<i64>> {
        let NewTokens { req_pool_indices, prefix_lens, seq_lens, free_pages } = new;
        let last_locs = self.last_locs(new)?;
        let (page_size, columns) = (self.pages.page_size(), self.columns());
        let (mut out, mut blocks) = (vec![0_i64; seqs.len()], vec![0_i32; seqs.len() * columns]);
        let pages: usize = seqs.iter().map(|seq| seq.pages.len()).sum();
        let indices = new.bytes() - size_of_val(&prefix_lens[..]);
        let bytes = indices + 4 * (new.entries() + pages) + size_of_val(&out[..]) + size_of_val(&blocks[..]);
        let mut args = DecodeStep {
            table: ReqToTokenMut::new(self.shape, &mut self.table)?,
            req_pool_indices,
            seq_lens,
            free_pages,
            page_size,
            out: &mut out,
            block_tables: BlockTableMut::new(TableShape::new(seqs.len(), columns)?, &mut blocks)?,
            columns: Columns::All,
            pad: 0,
        };
        timed(self.backend, &mut self.stats, &mut args, seqs.len() + pages, bytes)?;
        self.check_step("decode_step", new, &last_locs, &out)?;
        if let Some(verifier) = &self.verifier {
            verifier.check_block_tables("decode_step", seqs, seq_lens, &blocks)?;
        }
        Ok(out)
    }

    /// Any number of tokens each.
    fn extend_step(&mut self, new: &NewTokens) -> Result<Vec<i64>> {
        let NewTokens { req_pool_indices, prefix_lens, seq_lens, free_pages } = new;
        let last_locs = self.last_locs(new)?;
        let (mut out, page_size) = (vec![0_i64; new.count()], self.pages.page_size());
        let bytes = new.bytes() + 4 * new.entries() + size_of_val(&out[..]);
        let table = ReqToTokenMut::new(self.shape, &mut self.table)?;
        let mut args =
            ExtendStep { table, req_pool_indices, prefix_lens, seq_lens, free_pages, page_size, out: &mut out };
        timed(self.backend, &mut self.stats, &mut args, new.count(), bytes)?;
        self.check_step("extend_step", new, &last_locs, &out)?;
        Ok(out)
    }

    /// What a fused call must find in the table, to check it: the call writes into it.
    fn last_locs(&self, new: &NewTokens) -> Result<Vec<i64>> {
        let Some(verifier) = &self.verifier else { return Ok(Vec::new()) };
        verifier.last_locs(ReqToToken::new(self.shape, &self.table)?, new)
    }

    fn check_step(&self, op: &str, new: &NewTokens, last_locs: &[i64], out: &[i64]) -> Result<()> {
        let Some(verifier) = &self.verifier else { return Ok(()) };
        verifier.check_slots(op, new, last_locs, out)?;
        let table = ReqToToken::new(self.shape, &self.table)?;
        verifier.check_pool(op, table, &new.req_pool_indices, [&new.prefix_lens, &new.seq_lens], out)
    }

    fn in_parts(&mut self, new: NewTokens, one_each: bool) -> Result<Vec<i64>> {
        let last_locs = self.get_last_loc(&new)?;
        let locs = match one_each {
            true => self.alloc_decode(&new, &last_locs)?,
            false => self.alloc_extend(&new, &last_locs)?,
        };
        let NewTokens { req_pool_indices, prefix_lens, seq_lens, .. } = new;
        let writes = Writes { req_pool_indices, start_offsets: prefix_lens, end_offsets: seq_lens, locs };
        self.write(&writes)?;
        Ok(writes.locs)
    }
}
