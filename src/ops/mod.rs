//! The operations on device memory: shapes checked, a parameter block filled, one kernel enqueued.

mod extend_locs;
mod last_loc;

pub use extend_locs::{ExtendLocs, assign_extend_cache_locs, assign_extend_cache_locs_with};
pub use last_loc::{LastLoc, get_last_loc, get_last_loc_with};

use std::ops::Range;

use crate::api::bindings::ASCEND_CACHE_LOC_LINE_BYTES;
use crate::{DeviceSliceMut, Error, Int, Result, Stream};

/// How a launch is laid out. `None` and the defaults: what the cost model says for the batch and the element types.
///
/// Sizes are rounded to what the kernels take, and cut at what fits their UB; cores to the 64-byte lines of the output,
/// since no two cores write into one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct LaunchConfig {
    /// Vector cores, from 1 to the device's.
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

/// A size as the parameter blocks have it.
fn size(value: usize) -> u32 {
    u32::try_from(value).expect("a shape is checked to be below 2^31")
}

/// The size of an element as the parameter blocks have it.
fn element_bytes<T: Int>() -> u32 {
    size(size_of::<T>())
}

/// The number of cores for a launch: as many as were asked for or there is work for, in pieces of `grain`, and no more
/// than the output has lines to write.
fn cores<O: Int>(
    stream: &Stream,
    config: &LaunchConfig,
    (work, grain): (u64, u64),
    out: &DeviceSliceMut<'_, O>,
) -> Result<u32> {
    let available = stream.device().info().vector_cores.min(65_535);
    let wanted = match config.cores {
        Some(cores) if !(1..=available).contains(&cores) => return Err(Error::BadCores { cores, available }),
        Some(cores) => cores.into(),
        None => work.div_ceil(grain).min(available.into()),
    };
    let (line, Range { start, end }) = (u64::from(ASCEND_CACHE_LOC_LINE_BYTES), out.bytes());
    let lines = end.div_ceil(line) - start / line;
    Ok(u32::try_from(wanted.clamp(1, lines.max(1))).expect("no more than there are"))
}

/// Refuses an output that shares memory with an input.
fn check_apart(out: Range<u64>, inputs: &[Range<u64>]) -> Result<()> {
    let overlaps = |input: &Range<u64>| out.start.max(input.start) < out.end.min(input.end);
    if inputs.iter().any(overlaps) {
        return Err(Error::BadAddress { argument: "out", address: out.start, reason: "overlaps an input" });
    }
    Ok(())
}
