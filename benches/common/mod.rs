//! What both benchmarks run: five workloads, both operations, and what stands beside the CPU reference.

pub(crate) mod contender;
pub(crate) mod straight;

use std::hint::black_box;

/// Reads a buffer larger than the last-level cache, so that the next call finds its data in memory.
#[derive(Debug)]
pub(crate) struct Sweep(Vec<u64>);

impl Sweep {
    const BYTES: usize = 64 << 20;

    pub(crate) fn new() -> Self {
        Self(vec![1; Self::BYTES / 8])
    }

    pub(crate) fn run(&mut self) {
        for line in self.0.chunks_exact_mut(8) {
            line[0] += 1;
        }
        black_box(&mut self.0);
    }
}
