//! What a person with an Ascend NPU runs beside the test suite; `tests/run_npu.sh` is the one command for all of it.
//!
//! - [`ladder`]: small kernels, each of which shows that one more thing that the operations rely on is as they think. It
//!   stops at the first difference. It calls AscendCL by itself, so that it says something even where the crate's own
//!   kernels do not load.
//! - [`measure`]: what the operations cost on the device.
//! - [`mod@tune`]: the figures that the crate plans launches on it with.
//!
//! The kernels' sources run in the simulation too, where the ladder is a test.

mod clock;
mod lab;
pub mod ladder;
pub mod measure;
mod rungs;
pub mod tune;

pub use lab::Lab;

/// Gives the ladder's kernels to the simulation; each further call does nothing.
///
/// # Panics
/// If other kernels have their names.
#[cfg(feature = "sim")]
#[allow(unsafe_code, reason = "a symbol of C")]
pub fn add_kernels() {
    unsafe extern "C" {
        /// Written by the build script.
        static ascend_cache_loc_sim_ladder: ascend_cache_loc::sim::Kernels;
    }
    // SAFETY: a constant.
    assert!(unsafe { &ascend_cache_loc_sim_ladder }.add(), "names of the ladder's kernels are taken");
}
