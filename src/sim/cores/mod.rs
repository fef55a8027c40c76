//! The core half of the simulation: runs a kernel on simulated vector cores, by `ascendc/sim`.

mod counters;
mod kernels;
mod launch;
mod report;
mod steps;

pub use counters::{CoreCounters, PipeCounters};
pub use kernels::Kernels;
pub use launch::{Access, Array, Launch, LaunchError};
pub use report::{Findings, Pipe, Place, Report, ReportKind, Space};
pub use steps::{Step, StepKind, Steps};
