//! A backend: something that runs operations on host arrays.

use std::fmt::{Display, Formatter};
use std::str::FromStr;

use ascend_cache_loc::{Device, Error};
use ascend_cache_loc_ref::RefError;

use crate::device::OnDevice;
use crate::operation::Call;

/// The name of a backend on a command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
        Ok(Some(OnDevice::new(&device)?))
    }
}

impl FromStr for BackendName {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "cpu" => Ok(Self::Cpu),
            #[cfg(feature = "sim")]
            "sim" => Ok(Self::Sim),
            #[cfg(not(feature = "sim"))]
            "sim" => Err("this program was built without the feature `sim`".into()),
            "npu" => Ok(Self::Npu),
            _ => Err("not cpu, sim or npu".into()),
        }
    }
}

impl Display for BackendName {
    fn fmt(&self, f: &mut Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Cpu => "cpu",
            #[cfg(feature = "sim")]
            Self::Sim => "sim",
            Self::Npu => "npu",
        })
    }
}

/// A simulated machine whose launches differ in the order of their cores, among other things.
///
/// # Panics
/// Never: the configuration is a valid one.
#[cfg(feature = "sim")]
#[must_use]
pub fn simulated() -> ascend_cache_loc::sim::Machine {
    let mut config = ascend_cache_loc::sim::SimConfig::default();
    config.vector_cores = 64;
    config.cores.vary = true;
    ascend_cache_loc::sim::Machine::new(config).expect("a machine")
}

/// What a call on a backend ends with, if not well.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Refused, or a bad row: what the operations say on every backend.
    #[error(transparent)]
    Ref(#[from] RefError),
    /// The backend failed: there is no result, and it may not be good for another call.
    #[error("{0}")]
    Failed(String),
}

impl From<Error> for CallError {
    fn from(error: Error) -> Self {
        match error {
            Error::Shape(error) => Self::Ref(error.into()),
            error => Self::Failed(error.to_string()),
        }
    }
}

/// Runs operations on arrays in host memory. A device backend copies them over, launches, waits and copies back; the
/// suite, `replay` and `serve_trace` see no difference.
pub trait Backend {
    /// Runs one.
    ///
    /// # Errors
    /// Those of the operation; where the backend failed.
    fn call(&mut self, call: &mut dyn Call) -> Result<(), CallError>;

    /// Chooses the layout of the next call, where there is more than one: a seed means the same one each time.
    fn lay_out(&mut self, _seed: u64) {}
}

/// The CPU reference.
#[derive(Debug)]
pub struct CpuRef;

impl Backend for CpuRef {
    fn call(&mut self, call: &mut dyn Call) -> Result<(), CallError> {
        Ok(call.on_host()?)
    }
}
