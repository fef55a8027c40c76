//! What both benchmarks run: five workloads, both operations, and what stands beside the CPU reference.

pub mod contender;
mod straight;

use std::hint::black_box;

/// Reads a buffer larger than the last-level cache, so that the next call finds its data in memory.
#[derive(Debug)]
pub struct Sweep(Vec<u64>);

impl Sweep {
    const BYTES: usize = 64 << 20;

    /// A buffer of 64 MiB.
    #[must_use]
    #[allow(clippy::new_without_default, reason = "64 MiB are no default")]
    pub fn new() -> Self {
        Self(vec![1; Self::BYTES / 8])
    }

    /// Reads and writes all of it.
    pub fn run(&mut self) {
        for line in self.0.chunks_exact_mut(8) {
            line[0] += 1;
        }
        black_box(&mut self.0);
    }
}
