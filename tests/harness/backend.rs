//! A backend: something that runs both operations on host arrays.

use ascend_cache_loc::Int;
use ascend_cache_loc::cpu_ref::{self, ExtendLocs, LastLoc, RefError};

/// The name of a backend on a command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum BackendName {
    /// The CPU reference.
    Cpu,
    /// The kernels' real sources in the core simulation.
    #[cfg(feature = "sim")]
    Sim,
}

/// Runs both operations on arrays in host memory. A device backend copies them over, launches, waits and copies back; the
/// suite, `replay` and `serve_trace` see no difference.
pub trait Backend {
    /// [`cpu_ref::get_last_loc`] on this backend.
    fn get_last_loc<R: Int, L: Int, O: Int>(&mut self, args: LastLoc<'_, R, L, O>) -> Result<(), RefError>;

    /// [`cpu_ref::assign_extend_cache_locs`] on this backend.
    fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(
        &mut self,
        args: ExtendLocs<'_, R, L, O>,
    ) -> Result<(), RefError>;
}

/// The CPU reference.
#[derive(Debug)]
pub struct CpuRef;

impl Backend for CpuRef {
    fn get_last_loc<R: Int, L: Int, O: Int>(&mut self, args: LastLoc<'_, R, L, O>) -> Result<(), RefError> {
        cpu_ref::get_last_loc(args)
    }

    fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(
        &mut self,
        args: ExtendLocs<'_, R, L, O>,
    ) -> Result<(), RefError> {
        cpu_ref::assign_extend_cache_locs(args)
    }
}
