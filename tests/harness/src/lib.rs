//! What the integration tests, the benchmarks and the tools share: a backend seen from host memory, a case in 64 bits, the
//! oracle, batches to measure, files of lines. Unit tests cannot use it: their crate's types are not the ones it knows.
//!
//! The CPU reference is taken from its own crate, so that everything here is the same with and without the feature
//! `cpu-ref`.

pub mod backend;
pub mod case;
pub mod cli;
pub mod device;
pub mod lines;
pub mod memory;
pub mod oracle;
pub mod program;
pub mod reads;
pub mod splitmix;
pub mod workload;
