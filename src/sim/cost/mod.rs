//! The cost model: how long a launch would take on a device, read from what its cores did in the simulation.
//!
//! Nothing here has been held against a device of ours. What things cost is published figures ([`Costs::FIGURES`], each
//! with its source) and, where nothing is published, ranges: a time is asked for at both ends and in the middle
//! ([`End`]), and a conclusion that does not hold at both ends is none. The tests hold the model against public
//! measurements of public kernels.
//!
//! ```text
//! let (ran, steps) = unsafe { launch.run_in_steps() };
//! let us = End::ALL.map(|end| cost::time(&steps, 40, &Costs::at(end)).us());
//! ```
//!
//! Each pipe of each core has a clock. The scalar pipe issues every call in the kernel's order; an instruction begins when
//! its pipe is free and what flags, barriers or the compiler's own order make it wait for is complete. All copies share
//! what GM can move. A launch takes what launching so many cores takes, and its slowest core.
//!
//! What a kernel does between its calls, its loops and its arithmetic, an emulation does not see: each call has a constant
//! for it, and each value that it reads or writes another one. That is the model's weakest part: a kernel that computes
//! much with each value lies near the slow end there.

mod dav_2201;
mod figure;
mod instruction;
mod lane;
mod memory;
mod path;
mod schedule;
mod time;
mod traffic;

pub use dav_2201::{Costs, GHZ};
pub use figure::{End, Figure, Unit};
pub use path::Path;
pub use schedule::{Schedule, Span, time};

use super::Pipe;
