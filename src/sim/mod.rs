//! The simulation: AscendC kernels executed, checked and counted on any machine, and the AscendCL that launches them.
//!
//! A [`Machine`] has devices with memory of their own, streams that run on, events, pinned memory, contexts per thread and
//! captures, behind the functions of libascendcl: what [`Device::open_sim`](crate::Device::open_sim) opens. It counts
//! calls, makes any of them fail, holds streams, and lets launches fail or hang. A kernel that does something wrong fails
//! its stream with 507035 and everything that was found as the text; memory that was freed, with its name.
//!
//! Below it is the core simulation, which can be used alone.
//!
//! The kernels are those that CANN would compile, unchanged; `ascendc/sim/README.md` says how to bring one, what of the
//! AscendC API is covered, and what each report means. A [`Launch`] runs one of them on simulated vector cores of the
//! arch that it was compiled for (2201, Atlas A2 and A3, is the one there is) and returns what each core did, or
//! everything that is wrong with it. What it says rests on the documentation of the API: no hardware is behind it.

/// The declarations of `ascendc/sim/launch.h`.
#[allow(missing_docs, unreachable_pub, dead_code, missing_debug_implementations, reason = "generated")]
#[allow(non_camel_case_types, non_snake_case, reason = "generated")]
#[allow(clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks, clippy::allow_attributes_without_reason, reason = "generated")]
#[cfg_attr(ascend_cache_loc_generated_bindings, path = "generated.rs")]
#[rustfmt::skip]
mod bindings;
mod cores;
pub mod cost;
mod machine;

pub use cores::{
    Access, Array, CoreCounters, Findings, Kernels, Launch, LaunchError, Pipe, PipeCounters, Place, Report, ReportKind,
    Space, Step, StepKind, Steps,
};
pub use machine::{CallCounts, CallKind, CoreOptions, Machine, SimConfig};
