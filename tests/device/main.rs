//! The device API on the simulated device: each of its rules has a test here that fails where the rule is broken.

#![allow(unsafe_code, reason = "what another runtime in the process would do")]

mod borrowing;
mod capture;
mod contexts;
mod cost;
mod drops;
mod erased;
mod failures;
mod faults;
mod foreign;
mod graph;
mod homes;
#[cfg(feature = "log")]
mod logs;
mod plans;
mod reclaim;
mod rig;
mod runtime;
mod sharing;
mod stress;
mod threads;
mod types;
mod uploads;
mod waits;
