//! The clocks of all cores: whatever can happen first happens first.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::lane::{Lane, Timing};
use super::memory::Memory;
use super::path::{self, Path};
use super::time::Instant;
use super::traffic::Common;
use super::{Costs, Pipe};
use crate::sim::Step;

/// How long a launch takes, and why.
#[derive(Debug)]
pub struct Schedule<'a> {
    /// What launching so many cores takes, in nanoseconds.
    launch: f64,
    /// By block index.
    pub(super) blocks: Vec<Block<'a>>,
}

/// What a block did, and when, in nanoseconds since the cores began.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) steps: &'a [Step],
    pub(super) timings: Vec<Timing>,
    /// From when its first step could begin.
    pub(super) start: f64,
    pub(super) end: f64,
    /// The block that had its core before it.
    pub(super) before: Option<usize>,
}

/// Something that a pipe was busy with.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Span<'a> {
    /// What it was.
    pub step: &'a Step,
    /// From when to when, in nanoseconds since the cores began.
    pub ns: (f64, f64),
}

/// Prices a launch whose blocks did `blocks`, by block index, on a device of so many cores. Where there are more blocks
/// than cores, a core that is done takes the next one.
#[must_use]
pub fn time<'a>(blocks: &'a [Vec<Step>], device_cores: usize, costs: &Costs) -> Schedule<'a> {
    let cores = blocks.len().min(device_cores).max(1);
    let further = cores as f64 - 1.0;
    Schedule { launch: costs.launch + further * costs.launch_core, blocks: run(blocks, cores, costs) }
}

fn run<'a>(blocks: &'a [Vec<Step>], cores: usize, costs: &Costs) -> Vec<Block<'a>> {
    let common = Common::of(blocks);
    let mut memory = Memory::new(costs);
    let lane = |index: usize, start| Lane::new(index, start, cores, &blocks[index], &common, costs);
    // A block's lane lives as long as the block runs; of what it did next, what was put into the heap last counts.
    let mut lanes: Vec<Option<Lane<'_>>> = blocks.iter().map(|_| None).collect();
    let mut done: Vec<Option<Block<'a>>> = blocks.iter().map(|_| None).collect();
    let mut turns = vec![0_u32; blocks.len()];
    let mut starts = vec![(costs.kernel_start, None); blocks.len()];
    let mut heap = BinaryHeap::new();
    let mut waiting = 0..blocks.len();
    let mut changed: Vec<usize> = waiting.by_ref().take(cores).collect();
    for &index in &changed {
        lanes[index] = Some(lane(index, costs.kernel_start));
    }
    loop {
        while let Some(index) = changed.pop() {
            let running = lanes[index].as_ref().expect("it runs");
            turns[index] += 1;
            if let Some((time, _)) = running.next() {
                heap.push(Reverse((Instant(time), index, turns[index])));
            } else if running.done() {
                let timings = lanes[index].take().expect("it runs").timings;
                let (start, before) = starts[index];
                let last = |end: f64, timing: &Timing| end.max(timing.run.1).max(timing.issue.1);
                let end = timings.iter().fold(start, last);
                done[index] = Some(Block { steps: &blocks[index], timings, start, end, before });
                if let Some(next) = waiting.next() {
                    starts[next] = (end + costs.further_block, Some(index));
                    lanes[next] = Some(lane(next, starts[next].0));
                    changed.push(next);
                }
            }
        }
        while heap.peek().is_some_and(|&Reverse((_, index, turn))| turns[index] != turn) {
            heap.pop();
        }
        let first = heap.peek().map(|&Reverse((time, index, _))| (time.0, index));
        match (first, memory.next_end()) {
            (_, Some((time, (index, pipe), kind))) if first.is_none_or(|first| time <= first.0) => {
                memory.end(time, (index, pipe), kind);
                lanes[index].as_mut().expect("it runs").transferred(pipe, time);
                changed.push(index);
            }
            (Some((time, index)), _) => {
                let lane = lanes[index].as_mut().expect("it runs");
                let (_, action) = lane.next().expect("it is in the heap");
                lane.act(action, time, &mut memory);
                changed.push(index);
            }
            (None, _) => break,
        }
    }
    done.into_iter().map(|block| block.expect("no step waits for what never comes")).collect()
}

impl Schedule<'_> {
    /// All of it, from the host's launch to the end of the slowest core.
    #[must_use]
    pub fn us(&self) -> f64 {
        (self.launch + self.blocks.iter().map(|block| block.end).fold(0.0, f64::max)) / 1000.0
    }

    /// When the first step could begin, since the cores began.
    #[must_use]
    pub fn start_us(&self) -> f64 {
        self.blocks.first().map_or(0.0, |block| block.start / 1000.0)
    }

    /// When each block ended, since the cores began.
    #[must_use]
    pub fn ends_us(&self) -> Vec<f64> {
        self.blocks.iter().map(|block| block.end / 1000.0).collect()
    }

    /// How long a pipe of a block had something under way.
    #[must_use]
    pub fn busy_us(&self, block: usize, pipe: Pipe) -> f64 {
        let (mut busy, mut until) = (0.0, 0.0_f64);
        for span in self.spans(block, pipe) {
            busy += (span.ns.1 - span.ns.0.max(until)).max(0.0);
            until = until.max(span.ns.1);
        }
        busy / 1000.0
    }

    /// What a pipe of a block did, in order of the begins.
    pub fn spans(&self, block: usize, pipe: Pipe) -> impl Iterator<Item = Span<'_>> {
        let Block { steps, timings, .. } = &self.blocks[block];
        let of_pipe = steps.iter().zip(timings).filter(move |(step, _)| step.pipe == pipe);
        of_pipe.map(|(step, timing)| Span { step, ns: timing.run })
    }

    /// What the time of the launch is made of, along what waits for what in the block that ends last.
    #[must_use]
    pub fn path(&self) -> Path {
        let mut path = Path { launch: self.launch / 1000.0, ..Path::default() };
        let last = (0..self.blocks.len()).max_by(|&a, &b| self.blocks[a].end.total_cmp(&self.blocks[b].end));
        let mut next = last;
        while let Some(index) = next {
            let block = &self.blocks[index];
            path::walk(block, &mut path);
            next = block.before;
            path.launch += (block.start - next.map_or(0.0, |before| self.blocks[before].end)) / 1000.0;
        }
        path
    }
}
