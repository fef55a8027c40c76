//! A device and what belongs to it: streams, events, memory, and the faults that its kernels leave behind.

mod address;
#[doc(hidden)]
pub mod arch;
mod arches;
mod buffer;
mod copies;
#[expect(clippy::module_inception, reason = "the type's name")]
mod device;
mod element;
mod error;
mod event;
mod fault;
mod fault_log;
mod garbage;
mod graph;
mod launch;
mod pinned;
mod reclaim;
mod registry;
mod shared;
mod slice;
mod state;
mod stream;
mod table;
mod tuning;
mod waits;

pub use buffer::DeviceBuffer;
pub use copies::Unreported;
pub use device::{Device, DeviceInfo};
pub use element::{AnyInt, Element};
pub use error::{Error, Result};
pub use event::{Event, FaultCheck, FaultStatus};
pub use fault::{DeviceFault, LaunchId};
pub use graph::{CaptureFailure, CaptureMode, Graph};
pub use pinned::{PinnedBuffer, Upload};
pub use shared::SharedBuffer;
pub use slice::{DeviceAddr, DeviceSlice, DeviceSliceMut};
pub use stream::Stream;
pub use table::{ReqToToken, ReqToTokenMut};
pub use tuning::Tuning;

pub(crate) use slice::Home;
