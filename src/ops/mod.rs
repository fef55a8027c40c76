//! The operations on device memory: shapes checked, a parameter block filled, one kernel enqueued.
//!
//! An operation is a struct of arguments that says what this room asks of it, [`Arguments`]. Everything else is done
//! once, in [`enqueue`].

mod alloc_decode;
mod alloc_extend;
mod assign_extend_cache_locs;
mod assign_extend_cache_locs_uniform;
mod assign_req_to_token_pool;
mod decode_step;
mod extend_step;
mod gather_block_tables;
mod get_last_loc;
mod plan;

pub use alloc_decode::*;
pub use alloc_extend::*;
pub use assign_extend_cache_locs::*;
pub use assign_extend_cache_locs_uniform::*;
pub use assign_req_to_token_pool::*;
pub use decode_step::*;
pub use extend_step::*;
pub use gather_block_tables::*;
pub use get_last_loc::*;

pub use plan::LaunchPlan;
use plan::{ENTRY_BYTES, Work};

use std::ops::Range;
use std::time::Duration;

use crate::abi::bindings::{ASCEND_CACHE_LOC_ACCESS_READ, ASCEND_CACHE_LOC_ACCESS_WRITE, ASCEND_CACHE_LOC_LINE_BYTES};
use crate::abi::{self, Array, Head, Operation, ParameterBlock};
use crate::device::Home;
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, Error, IntType, LaunchId, ReqToToken, ReqToTokenMut, Result,
    ShapeError, Stream, TableShape,
};

/// How a launch is laid out: `LaunchConfig { cores: Some(8), ..Default::default() }`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LaunchConfig {
    /// Vector cores, from 1 to the device's; `None`: as many as the device's [`Tuning`](crate::Tuning) says for the batch.
    /// Cut at the 64-byte lines of the output, since no two cores write into one.
    pub cores: Option<u32>,
    /// For tests of the kernels.
    #[doc(hidden)]
    pub tiles: Tiles,
}

/// How a kernel cuts its work: `None` is its own size. Rounded to what it takes, and cut at what fits its UB.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tiles {
    /// `get_last_loc`: rows of a tile. Others: table entries of a tile.
    pub tile: Option<u32>,
    /// `assign_extend_cache_locs`: rows whose lengths are summed at a time.
    pub scan_tile: Option<u32>,
    /// All but `get_last_loc`: rows that are read at a time while they are copied.
    pub walk_tile: Option<u32>,
    /// `assign_extend_cache_locs`: the most sums kept over the batch, to find a core's share from.
    pub checkpoints: Option<u32>,
    /// `assign_extend_cache_locs`: what a row weighs beside its output when work is split, in bytes.
    pub row_cost_bytes: Option<u32>,
    /// `assign_req_to_token_pool`: bytes of the table from one core's lines to the next core's.
    pub stretch_bytes: Option<u32>,
}

/// The arguments of an operation, to be launched.
pub(crate) trait Arguments {
    type Block: ParameterBlock;

    /// The batch, where the arrays' lengths agree.
    fn batch(&self) -> Result<usize, ShapeError>;

    /// What a batch of `n` rows, not 0, has to do.
    fn work(&self, n: usize) -> Work;

    /// Elements of the output that a core works on at a time.
    fn tile(&self, config: &LaunchConfig) -> u32;

    /// The parameter block, but for its head.
    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block>;
}

/// Makes arrays for a block that is launched on a stream; refuses those that are at home elsewhere.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Arrays<'a>(&'a Stream);

impl Arrays<'_> {
    /// An array that the kernel reads.
    pub(crate) fn input<T: Element>(self, name: &'static str, slice: &DeviceSlice<'_, T>) -> Result<Array> {
        self.array(name, slice.home(), slice.bytes(), slice.element_type(), ASCEND_CACHE_LOC_ACCESS_READ)
    }

    /// An array that the kernel writes where it is wanted, of elements as another's.
    pub(crate) fn optional_output<T: Element>(
        self,
        name: &'static str,
        slice: Option<&DeviceSliceMut<'_, T>>,
        other: &DeviceSlice<'_, T>,
    ) -> Result<Array> {
        let element_bytes = size(other.element_type().size());
        let array = slice.map_or_else(
            || Ok(Array { element_bytes, access: ASCEND_CACHE_LOC_ACCESS_WRITE, ..Default::default() }),
            |slice| self.output(name, slice),
        )?;
        elements_as(name, array, other)
    }

    /// An array that the kernel reads where it is given; otherwise its elements count as int32.
    pub(crate) fn optional_input<T: Element>(
        self,
        name: &'static str,
        slice: Option<&DeviceSlice<'_, T>>,
    ) -> Result<Array> {
        let none = Array { element_bytes: 4, access: ASCEND_CACHE_LOC_ACCESS_READ, ..Default::default() };
        slice.map_or(Ok(none), |slice| self.input(name, slice))
    }

    /// An array that the kernel reads, of elements as another's.
    pub(crate) fn input_as<T: Element>(
        self,
        name: &'static str,
        slice: &DeviceSlice<'_, T>,
        other: &DeviceSlice<'_, T>,
    ) -> Result<Array> {
        elements_as(name, self.input(name, slice)?, other)
    }

    /// An array that the kernel writes.
    pub(crate) fn output<T: Element>(self, name: &'static str, slice: &DeviceSliceMut<'_, T>) -> Result<Array> {
        self.array(name, slice.home(), slice.bytes(), slice.element_type(), ASCEND_CACHE_LOC_ACCESS_WRITE)
    }

    /// An array that the kernel writes, of elements as another's.
    pub(crate) fn output_as<T: Element>(
        self,
        name: &'static str,
        slice: &DeviceSliceMut<'_, T>,
        other: &DeviceSlice<'_, T>,
    ) -> Result<Array> {
        elements_as(name, self.output(name, slice)?, other)
    }

    /// Rows that the kernel writes: what their shape needs of the storage.
    pub(crate) fn rows(self, name: &'static str, rows: &ReqToTokenMut<'_>) -> Result<Array> {
        let mut array = self.output(name, rows.slots())?;
        array.bytes = 4 * rows.shape().storage_len() as u64;
        Ok(array)
    }

    /// A table that the kernel reads: what its shape needs of the storage.
    pub(crate) fn table(self, table: &ReqToToken<'_>) -> Result<Array> {
        let mut array = self.input("table", &table.slots())?;
        array.bytes = 4 * table.shape().storage_len() as u64;
        Ok(array)
    }

    fn array(
        self,
        name: &'static str,
        home: Home,
        bytes: Range<u64>,
        element_type: IntType,
        access: u32,
    ) -> Result<Array> {
        home.check(name, self.0)?;
        let Range { start: address, end } = bytes;
        Ok(Array { address, bytes: end - address, element_bytes: size(element_type.size()), access })
    }
}

/// Refuses an array whose elements, of a type that is known at run time, are not those of the array that it goes with: the
/// kernel takes them for the same.
fn elements_as<T: Element>(argument: &'static str, array: Array, other: &DeviceSlice<'_, T>) -> Result<Array> {
    if array.element_bytes == size(other.element_type().size()) {
        return Ok(array);
    }
    let reason = "has elements of another size than the array that it goes with";
    Err(Error::BadAddress { argument, address: array.address, reason })
}

/// Checks the arguments and enqueues the operation's kernel: one task. An empty batch takes an id and enqueues nothing.
pub(crate) fn enqueue<A: Arguments>(stream: &Stream, args: &A, config: &LaunchConfig) -> Result<LaunchId> {
    let n = args.batch()?;
    let mut block = args.block(n, Arrays(stream), config)?;
    let operation = Operation::of::<A::Block>();
    *block.head_mut() = Head {
        arrays: size(operation.arrays().len()),
        operation: operation.id(),
        fault_log: stream.fault_log(),
        launch: 0,
    };
    check_apart(operation, &block)?;
    let device = stream.device();
    let cores = args.work(n).cores(config, device.info().vector_cores, &device.tuning())?;
    // Behind every check: a call that is refused takes no id.
    let id = device.next_launch();
    if n > 0 {
        block.head_mut().launch = id.get();
        stream.launch(id, cores, &block)?;
    }
    Ok(id)
}

/// How the arguments would be launched on a device.
fn plan<A: Arguments>(device: &Device, args: &A, config: &LaunchConfig) -> Result<LaunchPlan> {
    let (n, tuning) = (args.batch()?, device.tuning());
    let work = args.work(n);
    let cores = work.cores(config, device.info().vector_cores, &tuning)?;
    let tile = args.tile(config);
    if n == 0 {
        return Ok(LaunchPlan { cores: 0, tile, time: Duration::ZERO });
    }
    let time = Duration::from_nanos(work.time(cores.into(), &tuning) / 1000);
    Ok(LaunchPlan { cores, tile, time })
}

/// Refuses an output that shares memory with another array.
fn check_apart<B: ParameterBlock>(operation: Operation, block: &B) -> Result<()> {
    let arrays = || abi::arrays(abi::bytes(block)).into_iter().flat_map(|(_, arrays)| arrays).zip(operation.arrays());
    let writes = |array: &Array| array.access & ASCEND_CACHE_LOC_ACCESS_WRITE != 0;
    for (place, (out, &argument)) in arrays().enumerate().filter(|(_, (array, _))| writes(array)) {
        let overlaps =
            |other: &Array| out.address.max(other.address) < (out.address + out.bytes).min(other.address + other.bytes);
        let mut others = arrays().enumerate().filter(|(other, _)| *other != place);
        if let Some((_, (other, _))) = others.find(|(_, (other, _))| overlaps(other)) {
            let reason = if writes(&other) { "overlaps another output" } else { "overlaps an input" };
            return Err(Error::BadAddress { argument, address: out.address, reason });
        }
    }
    Ok(())
}

/// The bytes of an output.
fn output_bytes<O: Element>(out: &DeviceSliceMut<'_, O>) -> u64 {
    let Range { start, end } = out.bytes();
    end - start
}

/// The 64-byte lines that an output touches.
fn lines<O: Element>(out: &DeviceSliceMut<'_, O>) -> u64 {
    let (line, Range { start, end }) = (u64::from(ASCEND_CACHE_LOC_LINE_BYTES), out.bytes());
    end.div_ceil(line) - start / line
}

/// What a row weighs beside its output, in bytes, where work is split by weight: an estimate until a device is measured.
fn row_cost_bytes<O: Element>(out: &DeviceSliceMut<'_, O>, config: &LaunchConfig) -> u32 {
    config.tiles.row_cost_bytes.unwrap_or(2048).clamp(size(out.element_type().size()), 1 << 20)
}

/// Whether so many tokens of rows that write into the table make long rows, which are shared.
fn are_long(tokens: usize, rows: usize) -> bool {
    const LONG_ROW: usize = 64;
    tokens >= rows.saturating_mul(LONG_ROW)
}

/// Bytes of the table from one core's lines to the next core's. Of short rows as many as a row of the table has, so that
/// requests go to different cores; long rows are shared.
fn stretch_bytes(table: TableShape, long: bool, config: &LaunchConfig) -> u32 {
    const OF_LONG_ROWS: u32 = 4096;
    let bytes = if long { OF_LONG_ROWS } else { size(table.row_stride()).saturating_mul(4) };
    1 << config.tiles.stretch_bytes.unwrap_or(bytes).clamp(ASCEND_CACHE_LOC_LINE_BYTES, 1 << 20).ilog2()
}

/// Cores that write so many short rows into the table, a power of two: one may well write some.
fn owners(rows: usize) -> u32 {
    const OWNED_ROWS: usize = 8;
    size(rows.div_ceil(OWNED_ROWS).next_power_of_two())
}

/// A value that may be given, as a multiple of `unit` from `unit` to `most`.
fn tile(given: Option<u32>, default: u32, unit: u32, most: u32) -> u32 {
    given.unwrap_or(default).clamp(1, most).next_multiple_of(unit).min(most)
}

/// A size as the parameter blocks have it.
fn size(value: usize) -> u32 {
    u32::try_from(value).expect("a shape is checked to be below 2^31")
}
