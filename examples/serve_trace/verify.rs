//! What `--verify` checks: every call against the oracle, that no slot has two owners, and that each request finishes with
//! the KV entries of its own tokens.

use anyhow::{Result, ensure};
use ascend_cache_loc::cpu_ref::ReqToToken;

use crate::harness::oracle;
use crate::harness::splitmix::splitmix64;
use crate::request::{BLOCK_TOKENS, Request};
use crate::sequence::Sequence;

/// A stand-in for the KV cache, one tag a slot, and a scratch list of page owners.
#[derive(Debug)]
pub(crate) struct Verifier {
    page_size: usize,
    kv: Vec<u32>,
    owned: Vec<bool>,
}

impl Verifier {
    pub(crate) fn new(pages: usize, page_size: usize) -> Self {
        Self { page_size, kv: vec![0; pages * page_size], owned: vec![false; pages] }
    }

    /// Checks a call of `get_last_loc` against the oracle.
    pub(crate) fn check_last_loc(&self, table: ReqToToken<'_>, reqs: &[i64], lens: &[i64], out: &[i64]) -> Result<()> {
        let mut expected = vec![0; out.len()];
        let fault = oracle::get_last_loc((table.shape(), table.slots()), reqs, lens, &mut expected);
        compare("get_last_loc", out.iter().copied(), &expected)?;
        ensure!(fault.is_none(), "get_last_loc: the oracle reports {fault:?}");
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
        let [starts, ends] = [starts, ends].map(|offsets| offsets.iter().map(|&at| at.into()).collect::<Vec<i64>>());
        let mut expected = vec![0; out.len()];
        let table = (table.shape(), table.slots());
        let fault = oracle::assign_extend_cache_locs(table, reqs, &starts, &ends, &mut expected);
        compare("assign_extend_cache_locs", out.iter().map(|&loc| loc.into()), &expected)?;
        ensure!(fault.is_none(), "assign_extend_cache_locs: the oracle reports {fault:?}");
        Ok(())
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
        let tag = tag(requests, seq.request, position);
        self.kv[slot as usize] = if accepted { tag } else { !tag };
        Ok(())
    }

    /// Reads a finished sequence back through its row.
    pub(crate) fn check_sequence(&self, requests: &[Request], seq: &Sequence, row: &[i32]) -> Result<()> {
        for (position, &slot) in row[..seq.kv_len].iter().enumerate() {
            ensure!(
                self.kv[slot as usize] == tag(requests, seq.request, position),
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
}

/// What identifies a token's KV entry: its block and place in it where the block can be shared, else its request and
/// position.
fn tag(requests: &[Request], request: usize, position: usize) -> u32 {
    let (block, offset) = (position / BLOCK_TOKENS, position % BLOCK_TOKENS);
    let (owner, place) = if block < requests[request].whole_blocks() {
        (requests[request].block_ids[block], offset)
    } else {
        (!(request as u64), position)
    };
    splitmix64(owner ^ splitmix64(place as u64)) as u32
}

fn compare(op: &str, got: impl Iterator<Item = i64>, expected: &[i64]) -> Result<()> {
    for (i, (got, &expected)) in got.zip(expected).enumerate() {
        ensure!(got == expected, "{op}: index {i}: got {got}, expected {expected}");
    }
    Ok(())
}
