//! `assign_extend_cache_locs`.

use super::{
    Arguments, Arrays, LaunchConfig, LaunchPlan, Work, enqueue, lines, output_bytes, plan, row_cost_bytes, size, tile,
};
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_CHECKPOINTS_MAX, ASCEND_CACHE_LOC_COPY_TILE_MAX, ASCEND_CACHE_LOC_SCAN_TILE_MAX,
    ASCEND_CACHE_LOC_WALK_TILE_MAX, AscendCacheLocAssignExtendCacheLocsParams,
};
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, ReqToToken, Result, ShapeError, Stream, batch_of,
};

impl Operation {
    /// [`assign_extend_cache_locs`].
    pub const ASSIGN_EXTEND_CACHE_LOCS: Self = Self::of::<AscendCacheLocAssignExtendCacheLocsParams>();
}

/// The arguments of [`assign_extend_cache_locs`]: the slots of a range of tokens of each request, end to end.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct ExtendLocs<'a, R, L, O> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// Row i's first token.
    pub start_offsets: DeviceSlice<'a, L>,
    /// One past row i's last token.
    pub end_offsets: DeviceSlice<'a, L>,
    /// The slots of all rows end to end; a capacity: elements past the total are not touched.
    pub out: DeviceSliceMut<'a, O>,
}

impl<R: Element, L: Element, O: Element> ExtendLocs<'_, R, L, O> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or reach 2^31 - 1.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let offsets = [("start_offsets", self.start_offsets.len()), ("end_offsets", self.end_offsets.len())];
        batch_of(self.req_pool_indices.len(), &offsets)
    }

    /// How the call would be launched on a device, without launching it: [`assign_extend_cache_locs_with`] with the same
    /// `config` does that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<R: Element, L: Element, O: Element> Arguments for ExtendLocs<'_, R, L, O> {
    type Block = AscendCacheLocAssignExtendCacheLocsParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()
    }

    fn work(&self, n: usize) -> Work {
        let (n, table) = (n as u64, 4 * self.out.len() as u64);
        let bytes = table + output_bytes(&self.out);
        Work { summed: n, bytes, lines: lines(&self.out), ..Work::rows(n, 0) }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_COPY_TILE_MAX, 32, ASCEND_CACHE_LOC_COPY_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (scan, walk) = (ASCEND_CACHE_LOC_SCAN_TILE_MAX, ASCEND_CACHE_LOC_WALK_TILE_MAX);
        let checkpoints = ASCEND_CACHE_LOC_CHECKPOINTS_MAX;
        let shape = self.table.shape();
        Ok(AscendCacheLocAssignExtendCacheLocsParams {
            table: arrays.table(&self.table)?,
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            start_offsets: arrays.input("start_offsets", &self.start_offsets)?,
            end_offsets: arrays.input_as("end_offsets", &self.end_offsets, &self.start_offsets)?,
            out: arrays.output("out", &self.out)?,
            capacity: self.out.len() as u64,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            row_cost_bytes: row_cost_bytes(&self.out, config),
            copy_tile: self.tile(config),
            scan_tile: tile(config.tiles.scan_tile, scan, 128, scan),
            walk_tile: tile(config.tiles.walk_tile, walk, 8, walk),
            checkpoints: tile(config.tiles.checkpoints, checkpoints, 1, checkpoints),
            ..Default::default()
        })
    }
}

/// Enqueues the KV-cache slots of a range of tokens of each request, end to end in row order.
///
/// Row i contributes `table[req_pool_indices[i], start_offsets[i]..end_offsets[i]]`, beginning in `out` at the sum of the
/// earlier lengths.
///
/// A row with `start == end` is empty and valid whatever its other values. Any other row is valid when
/// `0 <= req < rows` and `0 <= start <= end <= row_len`, compared in 64 bits. A bad row harms itself alone: it keeps its
/// place, `end - start` elements of -1, where `0 <= start <= end < 2^31 - 1`, and has none otherwise, so that where a row
/// begins depends on offsets alone. Where the rows exceed `out`, what fits is written. The lowest row that is bad or does
/// not fit is reported by the [`Stream`]. Mirrors SGLang's `assign_extend_cache_locs` (sgl-kernel-npu pull request 261;
/// `cache_loc_update` there), which checks nothing. The same results and faults as
#[cfg_attr(
    feature = "cpu-ref",
    doc = "[`cpu_ref::assign_extend_cache_locs`](crate::cpu_ref::assign_extend_cache_locs),"
)]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::assign_extend_cache_locs`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. An empty batch enqueues nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub fn assign_extend_cache_locs<R: Element, L: Element, O: Element>(
    stream: &Stream,
    args: ExtendLocs<'_, R, L, O>,
) -> Result<LaunchId> {
    assign_extend_cache_locs_with(stream, args, &LaunchConfig::default())
}

/// [`assign_extend_cache_locs`], the slots of a range of tokens of each request, laid out by hand.
///
/// # Errors
/// As [`assign_extend_cache_locs`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`out` is taken exclusively")]
pub fn assign_extend_cache_locs_with<R: Element, L: Element, O: Element>(
    stream: &Stream,
    args: ExtendLocs<'_, R, L, O>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
