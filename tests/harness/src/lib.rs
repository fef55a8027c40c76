//! What the integration tests, the benchmarks and the tools share: a backend seen from host memory, the operations with
//! their oracles, a case in 64 bits, batches to measure, files of lines. Unit tests cannot use it: their crate's types are
//! not the ones it knows.
//!
//! The CPU reference is taken from its own crate, so that everything here is the same with and without the feature
//! `cpu-ref`.

pub mod backend;
pub mod case;
pub mod case_line;
pub mod cli;
mod data;
pub mod device;
pub mod expectation;
pub mod lines;
pub mod memory;
pub mod operation;
#[path = "../../ops/mod.rs"]
pub mod ops;
pub mod program;
#[cfg(feature = "proptest")]
pub mod random;
pub mod reads;
pub mod seed;
pub mod splitmix;
#[cfg(feature = "proptest")]
pub mod suite;
pub mod traffic;
pub mod workload;
