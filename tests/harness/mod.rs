//! What the tests, the examples and the benchmarks share: a backend seen from host memory, a case in 64 bits, the oracle.

#![allow(dead_code, unreachable_pub, reason = "each of the programs that include this module uses a part of it")]

pub mod backend;
pub mod case;
pub mod device;
pub mod lines;
pub mod oracle;
pub mod splitmix;
