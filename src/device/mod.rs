//! A device and what belongs to it: streams, events, memory, and the faults that its kernels leave behind.

pub(crate) mod arch;
mod buffer;
#[expect(clippy::module_inception, reason = "the type's name")]
mod device;
mod error;
mod event;
mod fault;
mod fault_log;
mod garbage;
mod slice;
mod stream;
mod streams;
mod table;

pub use buffer::DeviceBuffer;
pub use device::{Device, DeviceInfo};
pub use error::{Error, Result};
pub use event::{Event, FaultCheck};
pub use fault::{DeviceFault, LaunchId};
pub use slice::{DeviceAddr, DeviceSlice, DeviceSliceMut, Unreported};
pub use stream::Stream;
pub use table::ReqToToken;

pub(crate) use slice::Home;
