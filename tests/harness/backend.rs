//! A backend: something that runs both operations on host arrays.

use ascend_cache_loc::cpu_ref::{self, ExtendLocs, LastLoc, RefError};
use ascend_cache_loc::{Device, Int};

use super::device::OnDevice;

/// The name of a backend on a command line.
#[derive(Clone, Copy, Debug, clap::ValueEnum)]
pub enum BackendName {
    /// The CPU reference.
    Cpu,
    /// The kernels' real sources on a simulated device.
    #[cfg(feature = "sim")]
    Sim,
    /// Device 0 of this machine.
    Npu,
}

impl BackendName {
    /// Opens the device of a name; `None`: the CPU reference, which needs none.
    ///
    /// # Errors
    /// Why there is no such device.
    pub fn open(self) -> ascend_cache_loc::Result<Option<OnDevice>> {
        let device = match self {
            Self::Cpu => return Ok(None),
            #[cfg(feature = "sim")]
            Self::Sim => simulated().open(0)?,
            Self::Npu => Device::open(0)?,
        };
        Ok(Some(OnDevice::new(&device)))
    }
}

/// A simulated machine whose launches differ in the order of their cores, among other things.
#[cfg(feature = "sim")]
pub fn simulated() -> ascend_cache_loc::api::sim::Machine {
    let mut config = ascend_cache_loc::api::sim::SimConfig::default();
    config.vector_cores = 64;
    config.cores.vary = true;
    ascend_cache_loc::api::sim::Machine::new(config).expect("a machine")
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
