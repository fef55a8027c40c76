//! What `--verify` checks: every call against the oracle, that no slot has two owners, and that each request finishes with
//! the KV entries of its own tokens.

use std::collections::TryReserveError;

use anyhow::{Result, ensure};
use ascend_cache_loc::RowFault;
use ascend_cache_loc::cpu_ref::ReqToToken;

use crate::request::Request;
use crate::sequence::Sequence;
use crate::steps::NewTokens;
use harness::case::entry;
use harness::memory::filled;
use harness::ops::{extend_locs_oracle, extend_oracle, last_loc_oracle, uniform_locs_oracle};
use harness::splitmix::splitmix64;

/// A stand-in for the KV cache, one tag a slot, and a scratch list of page owners.
#[derive(Debug)]
pub(crate) struct Verifier {
    page_size: usize,
    block_tokens: usize,
    kv: Vec<u32>,
    owned: Vec<bool>,
}

impl Verifier {
    pub(crate) fn new(pages: usize, page_size: usize, block_tokens: usize) -> Result<Self, TryReserveError> {
        Ok(Self { page_size, block_tokens, kv: filled(0, pages * page_size)?, owned: filled(false, pages)? })
    }

    /// The slots of the last tokens before the new ones, by the oracle.
    pub(crate) fn last_locs(&self, table: ReqToToken<'_>, new: &NewTokens) -> Result<Vec<i64>> {
        let mut expected = vec![0; new.prefix_lens.len()];
        let fault = last_loc_oracle(table, &new.req_pool_indices, &wide(&new.prefix_lens), &mut expected);
        ensure!(fault.is_none(), "get_last_loc: the oracle reports {fault:?}");
        Ok(expected)
    }

    /// Checks the slots that a call gave new tokens against the oracle of `alloc_extend`.
    pub(crate) fn check_slots(&self, op: &str, new: &NewTokens, last_locs: &[i64], out: &[i64]) -> Result<()> {
        let (mut expected, page_size) = (vec![0; out.len()], self.page_size as i64);
        let lens: Vec<_> = wide(&new.prefix_lens).into_iter().zip(wide(&new.seq_lens)).collect();
        let fault = extend_oracle(&lens, last_locs, &new.free_pages, page_size, &mut expected);
        compare(op, out.iter().copied(), &expected, fault)
    }

    /// Checks block tables of sequences of these lengths against the pages that the loop's own allocator gave them.
    pub(crate) fn check_block_tables(&self, op: &str, seqs: &[&Sequence], lens: &[i32], out: &[i32]) -> Result<()> {
        let columns = out.len() / seqs.len();
        for ((seq, &len), row) in seqs.iter().zip(lens).zip(out.chunks_exact(columns)) {
            let pages = seq.pages[..(len as usize).div_ceil(self.page_size)].iter().map(|&page| i64::from(page));
            let expected: Vec<_> = pages.chain(std::iter::repeat(0)).take(columns).collect();
            compare(op, row.iter().map(|&page| page.into()), &expected, None)?;
        }
        Ok(())
    }

    /// Checks a call of `assign_extend_cache_locs` against the oracle.
    pub(crate) fn check_extend_locs(
        &self,
        table: ReqToToken<'_>,
        reqs: &[i64],
        starts: &[i32],
        ends: &[i32],
        out: &[i32],
    ) -> Result<()> {
        let [starts, ends] = [starts, ends].map(wide);
        let mut expected = vec![0; out.len()];
        let fault = extend_locs_oracle(table, reqs, &starts, &ends, &mut expected);
        compare("assign_extend_cache_locs", out.iter().map(|&loc| loc.into()), &expected, fault)
    }

    /// Checks a call of `assign_extend_cache_locs_uniform` against the oracle.
    pub(crate) fn check_uniform_locs(
        &self,
        table: ReqToToken<'_>,
        reqs: &[i64],
        starts: &[i32],
        tokens_per_row: usize,
        out: &[i32],
    ) -> Result<()> {
        let (mut expected, starts) = (vec![0; out.len()], wide(starts));
        let fault = uniform_locs_oracle(table, reqs, &starts, tokens_per_row as i64, &mut expected, &mut []);
        compare("assign_extend_cache_locs_uniform", out.iter().map(|&loc| loc.into()), &expected, fault)
    }

    /// Checks that a call has written slots to the table. What it wrote beside that, the rows of others show when they
    /// are read back.
    pub(crate) fn check_pool(
        &self,
        op: &str,
        table: ReqToToken<'_>,
        reqs: &[i64],
        [starts, ends]: [&[i32]; 2],
        locs: &[i64],
    ) -> Result<()> {
        let ranges = reqs.iter().zip(starts).zip(ends);
        let tokens = ranges.flat_map(|((&req, &start), &end)| (start..end).map(move |position| (req, position)));
        let written = tokens.map(|(req, position)| entry(table, req, position.into()));
        compare(op, written, locs, None)
    }

    /// Computes a token: writes its KV entry to a slot, which must be the one that the sequence's own page has for the
    /// position. A rejected token leaves an entry that no position expects.
    pub(crate) fn write(
        &mut self,
        requests: &[Request],
        seq: &Sequence,
        position: usize,
        slot: i64,
        accepted: bool,
    ) -> Result<()> {
        let page = position / self.page_size;
        let own = i64::from(seq.pages[page]) * self.page_size as i64 + (position % self.page_size) as i64;
        ensure!(
            slot == own && page >= seq.cached_pages,
            "request {}: token {position} was given slot {slot}, its page has {own}",
            seq.request
        );
        let tag = self.tag(requests, seq.request, position);
        self.kv[slot as usize] = if accepted { tag } else { !tag };
        Ok(())
    }

    /// Reads a finished sequence back through its row.
    pub(crate) fn check_sequence(&self, requests: &[Request], seq: &Sequence, row: &[i32]) -> Result<()> {
        for (position, &slot) in row[..seq.kv_len].iter().enumerate() {
            let entry = usize::try_from(slot).ok().and_then(|slot| self.kv.get(slot));
            ensure!(
                entry == Some(&self.tag(requests, seq.request, position)),
                "request {}: slot {slot} of token {position} was overwritten",
                seq.request
            );
        }
        Ok(())
    }

    /// Checks that `pages`, those of all owners together, hold every page of the pool once.
    pub(crate) fn check_pages(&mut self, pages: impl Iterator<Item = u32>) -> Result<()> {
        self.owned.fill(false);
        for page in pages {
            ensure!(!std::mem::replace(&mut self.owned[page as usize], true), "page {page} has two owners");
        }
        let lost = self.owned.iter().position(|owned| !owned);
        ensure!(lost.is_none(), "page {} has no owner", lost.unwrap_or_default());
        Ok(())
    }

    /// What identifies a token's KV entry: its block and place in it where the block can be shared, else its request and
    /// position.
    fn tag(&self, requests: &[Request], request: usize, position: usize) -> u32 {
        let (block, offset) = (position / self.block_tokens, position % self.block_tokens);
        let (owner, place) = if block < requests[request].whole_blocks(self.block_tokens) {
            (requests[request].block_ids[block], offset)
        } else {
            (!(request as u64), position)
        };
        splitmix64(owner ^ splitmix64(place as u64)) as u32
    }
}

/// Lengths or offsets, widened.
fn wide(values: &[i32]) -> Vec<i64> {
    values.iter().map(|&value| value.into()).collect()
}

/// Compares a call that reported no fault with the oracle.
pub(crate) fn compare(
    op: &str,
    got: impl Iterator<Item = i64>,
    expected: &[i64],
    fault: Option<RowFault>,
) -> Result<()> {
    for (i, (got, &expected)) in got.zip(expected).enumerate() {
        ensure!(got == expected, "{op}: index {i}: got {got}, expected {expected}");
    }
    ensure!(fault.is_none(), "{op}: the oracle reports {fault:?}");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Request, Sequence, Verifier};

    /// One request of 3 tokens in pages 5 and 1 of size 2, the first of them the cache's.
    fn sequence() -> ([Request; 1], Sequence) {
        let request = Request { line: 1, arrival_us: 0, input_len: 3, output_len: 1, block_ids: Box::default() };
        let sequence = Sequence {
            request: 0,
            row: 0,
            pages: vec![5, 1],
            cached_blocks: 0,
            cached_pages: 1,
            sharable_blocks: 0,
            kv_len: 3,
            prefill_len: 3,
            generated: 0,
            window: false,
        };
        ([request], sequence)
    }

    #[test]
    fn a_page_with_two_owners_or_none_is_found() {
        let mut verifier = Verifier::new(3, 2, 2).unwrap();
        let mut check = |pages: &[u32]| verifier.check_pages(pages.iter().copied()).map_err(|error| error.to_string());
        assert_eq!(check(&[2, 0, 1]), Ok(()));
        assert_eq!(check(&[2, 0, 1, 0]), Err("page 0 has two owners".into()));
        assert_eq!(check(&[2, 0]), Err("page 1 has no owner".into()));
    }

    #[test]
    fn a_token_in_a_slot_that_is_not_its_own_is_found() {
        let (requests, seq) = sequence();
        let mut verifier = Verifier::new(6, 2, 2).unwrap();
        let mut write = |position, slot| verifier.write(&requests, &seq, position, slot, true).is_ok();
        assert!(write(2, 2));
        assert!(!write(2, 3), "another place in the page");
        assert!(!write(2, 8), "another page");
        assert!(!write(2, -1), "no slot");
        assert!(!write(1, 11), "the cache's page");
    }

    #[test]
    fn an_overwritten_or_rejected_token_is_found() {
        let (requests, mut seq) = sequence();
        seq.cached_pages = 0;
        let row = [10, 11, 2];
        let mut verifier = Verifier::new(6, 2, 2).unwrap();
        for (position, &slot) in row.iter().enumerate() {
            verifier.write(&requests, &seq, position, slot.into(), true).unwrap();
        }
        verifier.check_sequence(&requests, &seq, &row).unwrap();
        assert!(verifier.check_sequence(&requests, &seq, &[10, 2, 11]).is_err());
        verifier.write(&requests, &seq, 1, 11, false).unwrap();
        let error = verifier.check_sequence(&requests, &seq, &row).unwrap_err();
        assert_eq!(error.to_string(), "request 0: slot 11 of token 1 was overwritten");
    }
}
