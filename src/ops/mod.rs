//! The operations' launches: which kernel, on how many cores, with which parameter block, and what its fault line says.
//!
//! Nothing here reaches a device. Addresses are device addresses, sizes elements unless they say bytes.

mod extend_locs;
mod fault;
mod last_loc;

pub use extend_locs::ExtendLocsLaunch;
pub use fault::{DeviceFault, FAULT_LINE_BYTES, Operation};
pub use last_loc::LastLocLaunch;

use crate::IntType;
use crate::api::bindings::ASCEND_CACHE_LOC_LINE_BYTES;

/// The device address of an array's first element, and the type of its elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArrayAt {
    /// Device address.
    pub address: u64,
    /// Element type.
    pub dtype: IntType,
}

impl ArrayAt {
    fn element_bytes(self) -> u32 {
        match self.dtype {
            IntType::I32 => 4,
            IntType::I64 => 8,
        }
    }
}

/// How a launch is laid out. `None` and the defaults: what the cost model says for the batch and the element types.
///
/// Sizes are rounded to what the kernels take, and cut at what fits their UB.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LaunchConfig {
    /// Vector cores.
    pub cores: Option<u32>,
    /// `get_last_loc`: rows of a tile. `assign_extend_cache_locs`: table entries of a tile.
    pub tile: Option<u32>,
    /// `assign_extend_cache_locs`: rows whose lengths are summed at a time.
    pub scan_tile: Option<u32>,
    /// `assign_extend_cache_locs`: rows that are read at a time while they are copied.
    pub walk_tile: Option<u32>,
    /// `assign_extend_cache_locs`: the most sums kept over the batch, to find a core's share from.
    pub checkpoints: Option<u32>,
    /// `assign_extend_cache_locs`: what a row weighs beside its output when work is split, in bytes.
    pub row_cost_bytes: Option<u32>,
}

/// A value that may be given, as a multiple of `unit` from `unit` to `most`.
fn tile(given: Option<u32>, default: u32, unit: u32, most: u32) -> u32 {
    given.unwrap_or(default).clamp(1, most).next_multiple_of(unit).min(most)
}

/// The 64-byte lines that `len` elements of an array touch: no more cores than that can write to it.
fn lines(array: ArrayAt, len: u64) -> u64 {
    let line = u64::from(ASCEND_CACHE_LOC_LINE_BYTES);
    let begin = array.address % line;
    (begin + len * u64::from(array.element_bytes())).div_ceil(line)
}

/// A size as the parameter blocks have it.
fn size(value: usize) -> u32 {
    u32::try_from(value).expect("a shape is checked to be below 2^31")
}

/// The number of cores for a launch: as many as there is work for, in pieces of `grain`, and lines to write.
fn cores(given: Option<u32>, available: u32, work: u64, grain: u64, lines: u64) -> u32 {
    let wanted = given.map_or_else(|| work.div_ceil(grain).min(u64::from(available)), u64::from);
    u32::try_from(wanted.clamp(1, lines.max(1)).min(65_535)).expect("at most 65,535")
}
