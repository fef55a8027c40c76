//! The ids of prompt blocks: how many tokens one stands for, and what an id means.

use harness::splitmix::splitmix64;

/// Block sizes of 1 to 65,536 tokens.
const SIZES: usize = 17;

/// How many lines have as many ids as a block size says, whole blocks counted or all.
#[derive(Debug, Default)]
pub(super) struct Votes {
    of_size: [u64; SIZES],
    lines: u64,
}

impl Votes {
    pub(super) fn count(&mut self, input_len: usize, ids: usize) {
        if ids == 0 {
            return;
        }
        self.lines += 1;
        for (shift, votes) in self.of_size.iter_mut().enumerate() {
            *votes += u64::from(ids == input_len >> shift || ids == input_len.div_ceil(1 << shift));
        }
    }

    /// The documented size where more than half of the lines have it or none has any, else the one that most have, of
    /// several the largest.
    pub(super) fn winner(&self, documented: usize) -> usize {
        let of = |size: usize| self.of_size.get(size.trailing_zeros() as usize).map_or(0, |votes| 2 * votes);
        let most = self.of_size.iter().max().filter(|&&most| most > 0 && of(documented) <= self.lines);
        let shift = most.and_then(|most| self.of_size.iter().rposition(|votes| votes == most));
        shift.map_or(documented, |shift| 1 << shift)
    }
}

/// Ids that stand for a block and all before it, whatever they stood for: equal ones follow equal ones.
pub(super) fn chained(mut ids: Vec<u64>) -> Box<[u64]> {
    let mut before = 0;
    for id in &mut ids {
        before = splitmix64(before ^ splitmix64(*id));
        *id = before;
    }
    ids.into()
}
