//! GM, which all cores share: transfers under way, each at its share of what there is.
//!
//! Transfers of one kind go at one speed at a time. So each kind keeps how far a transfer has come that is under way since
//! the beginning, and a transfer ends when that has gone on by as much as it moves: beginning or ending one costs no walk
//! over the others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;

use super::Costs;
use super::time::Instant;

/// What limits a transfer, beside what limits all.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Into UB, of what no other core reads.
    Own,
    /// Into UB, of what other cores read at other times.
    Common,
    /// Into UB, of what another core reads now.
    Same,
    /// Out of UB.
    Out,
}

const KINDS: [Kind; 4] = [Kind::Own, Kind::Common, Kind::Same, Kind::Out];

/// Whose transfer it is: a core's, on one of its pipes.
pub(super) type Owner = (usize, usize);

#[derive(Debug, Default)]
struct Class {
    /// Bytes that a transfer would have moved that is under way since the beginning.
    progress: f64,
    /// Progress at which each transfer ends.
    ends: BinaryHeap<Reverse<(Instant, Owner)>>,
}

#[derive(Debug)]
pub(super) struct Memory<'a> {
    costs: &'a Costs,
    now: f64,
    classes: [Class; 4],
    /// The 512-byte lines that each read under way touches.
    reads: Vec<(Owner, Range<u64>)>,
}

impl<'a> Memory<'a> {
    pub(super) fn new(costs: &'a Costs) -> Self {
        Self { costs, now: 0.0, classes: Default::default(), reads: Vec::new() }
    }

    /// A transfer of so many bytes begins. `reads`: the lines, where it is a read that other cores have in common.
    pub(super) fn begin(&mut self, now: f64, owner: Owner, kind: Kind, bytes: f64, reads: Option<Range<u64>>) {
        self.go_on(now);
        let mut kind = kind;
        if let Some(lines) = reads {
            let meets = |read: &&(Owner, Range<u64>)| {
                read.0.0 != owner.0 && read.1.start < lines.end && lines.start < read.1.end
            };
            let met: Vec<_> = self.reads.iter().filter(meets).map(|read| read.0).collect();
            if !met.is_empty() {
                kind = Kind::Same;
                self.same(&met);
            }
            self.reads.push((owner, lines));
        }
        let class = &mut self.classes[kind as usize];
        class.ends.push(Reverse((Instant(class.progress + bytes), owner)));
    }

    /// These, of cores that were alone with what they read, are so no more.
    fn same(&mut self, owners: &[Owner]) {
        let common = &mut self.classes[Kind::Common as usize];
        if common.ends.iter().any(|Reverse((_, owner))| owners.contains(owner)) {
            let (progress, ends) = (common.progress, std::mem::take(&mut common.ends));
            let (met, alone): (Vec<_>, Vec<_>) =
                ends.into_iter().partition(|Reverse((_, owner))| owners.contains(owner));
            common.ends = alone.into();
            let same = &mut self.classes[Kind::Same as usize];
            let left = |Reverse((end, owner)): Reverse<(Instant, Owner)>| {
                Reverse((Instant(end.0 - progress + same.progress), owner))
            };
            same.ends.extend(met.into_iter().map(left).collect::<Vec<_>>());
        }
    }

    /// When the next transfer ends, and which.
    pub(super) fn next_end(&self) -> Option<(f64, Owner, Kind)> {
        let ends = KINDS.iter().filter_map(|&kind| {
            let class = &self.classes[kind as usize];
            let Reverse((end, owner)) = class.ends.peek()?;
            Some((self.now + (end.0 - class.progress).max(0.0) / self.rate(kind), *owner, kind))
        });
        ends.min_by(|a, b| a.0.total_cmp(&b.0))
    }

    /// Ends it.
    pub(super) fn end(&mut self, now: f64, owner: Owner, kind: Kind) {
        self.go_on(now);
        self.classes[kind as usize].ends.pop();
        if let Some(place) = self.reads.iter().position(|read| read.0 == owner) {
            self.reads.swap_remove(place);
        }
    }

    fn go_on(&mut self, now: f64) {
        let rates = KINDS.map(|kind| self.rate(kind));
        for (class, rate) in self.classes.iter_mut().zip(rates) {
            if class.ends.is_empty() {
                class.progress = 0.0;
            } else {
                class.progress += rate * (now - self.now);
            }
        }
        self.now = now;
    }

    /// What each transfer of a kind moves in a nanosecond now.
    fn rate(&self, kind: Kind) -> f64 {
        let count = |kind: Kind| self.classes[kind as usize].ends.len() as f64;
        let all = KINDS.iter().map(|&kind| count(kind)).sum::<f64>().max(1.0);
        let share = self.costs.all_bandwidth / all;
        let common = self.costs.common_bandwidth / (count(Kind::Common) + count(Kind::Same)).max(1.0);
        let same = self.costs.same_bandwidth / count(Kind::Same).max(1.0);
        match kind {
            Kind::Own => share.min(self.costs.read_bandwidth),
            Kind::Common => share.min(self.costs.read_bandwidth).min(common),
            Kind::Same => share.min(self.costs.read_bandwidth).min(common).min(same),
            Kind::Out => share.min(self.costs.write_bandwidth),
        }
    }
}
