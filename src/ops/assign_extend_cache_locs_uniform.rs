//! `assign_extend_cache_locs_uniform`.

use super::{Arguments, Arrays, LaunchConfig, LaunchPlan, Work, enqueue, lines, output_bytes, plan, size, tile};
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_COPY_TILE_MAX, ASCEND_CACHE_LOC_ROW_TILE_MAX, AscendCacheLocAssignExtendCacheLocsUniformParams,
};
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, ReqToToken, Result, ShapeError, Stream,
    uniform_batch_of,
};

impl Operation {
    /// [`assign_extend_cache_locs_uniform`].
    pub const ASSIGN_EXTEND_CACHE_LOCS_UNIFORM: Self = Self::of::<AscendCacheLocAssignExtendCacheLocsUniformParams>();
}

/// The arguments of [`assign_extend_cache_locs_uniform`]: the slots of equally many tokens of each request, end to end.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct UniformLocs<'a, R, L, O> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// Row i's first token.
    pub start_offsets: DeviceSlice<'a, L>,
    /// Tokens of each row, below 2^31 - 1: SGLang's `draft_token_num`.
    pub tokens_per_row: usize,
    /// Where they are wanted, the positions of the tokens in their requests: `n * tokens_per_row` elements.
    pub positions: Option<DeviceSliceMut<'a, L>>,
    /// The slots of all rows end to end: `n * tokens_per_row` elements.
    pub out: DeviceSliceMut<'a, O>,
}

impl<R: Element, L: Element, O: Element> UniformLocs<'_, R, L, O> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or it or `tokens_per_row` reaches 2^31 - 1, or an output is not
    /// `n * tokens_per_row` long.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let out = [("out", self.out.len()), ("positions", self.positions.as_ref().map_or(0, DeviceSliceMut::len))];
        let outputs = if self.positions.is_some() { &out[..] } else { &out[..1] };
        let starts = [("start_offsets", self.start_offsets.len())];
        uniform_batch_of(self.req_pool_indices.len(), &starts, self.tokens_per_row, outputs)
    }

    /// How the call would be launched on a device, without launching it: [`assign_extend_cache_locs_uniform_with`] with
    /// the same `config` does that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<R: Element, L: Element, O: Element> Arguments for UniformLocs<'_, R, L, O> {
    type Block = AscendCacheLocAssignExtendCacheLocsUniformParams;

    /// Rows that there is something to do for.
    fn batch(&self) -> Result<usize, ShapeError> {
        let n = self.batch()?;
        Ok(if self.tokens_per_row == 0 { 0 } else { n })
    }

    fn work(&self, n: usize) -> Work {
        let positions = self.positions.as_ref().map_or(0, output_bytes);
        let bytes = 4 * self.out.len() as u64 + output_bytes(&self.out) + positions;
        Work { prepared: n as u64, bytes, lines: lines(&self.out), ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_COPY_TILE_MAX, 32, ASCEND_CACHE_LOC_COPY_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (shape, walk) = (self.table.shape(), ASCEND_CACHE_LOC_ROW_TILE_MAX);
        Ok(AscendCacheLocAssignExtendCacheLocsUniformParams {
            table: arrays.table(&self.table)?,
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            start_offsets: arrays.input("start_offsets", &self.start_offsets)?,
            positions: arrays.optional_output("positions", self.positions.as_ref(), &self.start_offsets)?,
            out: arrays.output("out", &self.out)?,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            tokens_per_row: size(self.tokens_per_row),
            copy_tile: self.tile(config),
            walk_tile: tile(config.tiles.walk_tile, walk, 8, walk),
            ..Default::default()
        })
    }
}

/// Enqueues the KV-cache slots of equally many tokens of each request, end to end in row order: the windows of
/// speculative decoding's draft and verify steps.
///
/// With `k = tokens_per_row`, `out[i * k + j] = table[req_pool_indices[i], start_offsets[i] + j]` and
/// `positions[i * k + j] = start_offsets[i] + j` for `j < k`. No length is summed, and any `k` below 2^31 - 1 will do.
///
/// A row is valid when `0 <= req < rows` and `0 <= start <= row_len - k`, compared in 64 bits; the slots and the positions
/// of a bad row are -1, and the lowest one is reported by the [`Stream`]. With `k = 0` there is nothing to do, and nothing
/// is checked. Replaces SGLang's `assign_extend_cache_locs_uniform` (whose `draft_token_num` `k` is) and
/// `assign_draft_cache_locs_contiguous` and sgl-kernel-npu's `cache_loc_update`, which check nothing. The same results and
/// faults as
#[cfg_attr(
    feature = "cpu-ref",
    doc = "[`cpu_ref::assign_extend_cache_locs_uniform`](crate::cpu_ref::assign_extend_cache_locs_uniform),"
)]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::assign_extend_cache_locs_uniform`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. A batch without rows or tokens enqueues
/// nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub fn assign_extend_cache_locs_uniform<R: Element, L: Element, O: Element>(
    stream: &Stream,
    args: UniformLocs<'_, R, L, O>,
) -> Result<LaunchId> {
    assign_extend_cache_locs_uniform_with(stream, args, &LaunchConfig::default())
}

/// [`assign_extend_cache_locs_uniform`], the slots of equally many tokens of each request, laid out by hand.
///
/// # Errors
/// As [`assign_extend_cache_locs_uniform`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`out` and `positions` are taken exclusively")]
pub fn assign_extend_cache_locs_uniform_with<R: Element, L: Element, O: Element>(
    stream: &Stream,
    args: UniformLocs<'_, R, L, O>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
