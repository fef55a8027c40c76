//! `extend_step`.

use super::{
    Arguments, Arrays, ENTRY_BYTES, LaunchConfig, LaunchPlan, Work, are_long, enqueue, lines, owners, plan,
    row_cost_bytes, size, stretch_bytes, tile,
};
use crate::abi::Array;
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_ACCESS_READ_WRITE, ASCEND_CACHE_LOC_CHECKPOINTS_MAX, ASCEND_CACHE_LOC_PAGED_TILE_MAX,
    ASCEND_CACHE_LOC_SCAN_TILE_MAX, ASCEND_CACHE_LOC_STEP_TILE_MAX, ASCEND_CACHE_LOC_WALK_TILE_MAX,
    AscendCacheLocExtendStepParams,
};
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, ReqToTokenMut, Result, ShapeError, Stream,
    paged_batch_of,
};

impl Operation {
    /// [`extend_step`].
    pub const EXTEND_STEP: Self = Self::of::<AscendCacheLocExtendStepParams>();
}

/// The arguments of [`extend_step`]: what a prefill, or a speculative step, does with the indices of its requests.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct ExtendStep<'a, R, L, S> {
    /// The request table, into which the new slots are written.
    pub table: ReqToTokenMut<'a>,
    /// Row i's request: a row of the table. No two rows that have new tokens may be one request's.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// Row i's length in tokens, the new ones not counted.
    pub prefix_lens: DeviceSlice<'a, L>,
    /// Row i's length in tokens, the new ones counted; that of `prefix_lens` where there are none.
    pub seq_lens: DeviceSlice<'a, L>,
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: DeviceSlice<'a, S>,
    /// Tokens of a page, from 1 to 2^31 - 2. Powers of two are the fast path.
    pub page_size: usize,
    /// The new slots of all rows end to end, SGLang's `out_cache_loc`; a capacity: elements past the total are not touched.
    pub out: DeviceSliceMut<'a, S>,
}

impl<R: Element, L: Element, S: Element> ExtendStep<'_, R, L, S> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ or reach 2^31 - 1, or the page size is none.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let others = [("prefix_lens", self.prefix_lens.len()), ("seq_lens", self.seq_lens.len())];
        let requests = ("req_pool_indices", self.req_pool_indices.len());
        paged_batch_of(requests, &others, self.free_pages.len(), self.page_size)
    }

    /// How the call would be launched on a device, without launching it: [`extend_step_with`] with the same `config` does
    /// that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<R: Element, L: Element, S: Element> Arguments for ExtendStep<'_, R, L, S> {
    type Block = AscendCacheLocExtendStepParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()
    }

    fn work(&self, n: usize) -> Work {
        let (n, pages) = (n as u64, self.out.len().div_ceil(self.page_size) as u64);
        let bytes = (8 + self.out.element_type().size() as u64) * self.out.len() as u64 + n * ENTRY_BYTES;
        Work { pieces: 3 * n, prepared: 2 * pages, summed: n, bytes, lines: lines(&self.out), ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_PAGED_TILE_MAX, 64, ASCEND_CACHE_LOC_PAGED_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (scan, walk) = (ASCEND_CACHE_LOC_SCAN_TILE_MAX, ASCEND_CACHE_LOC_WALK_TILE_MAX);
        let (checkpoints, rows) = (ASCEND_CACHE_LOC_CHECKPOINTS_MAX, ASCEND_CACHE_LOC_STEP_TILE_MAX);
        let (shape, long) = (self.table.shape(), are_long(self.out.len(), n));
        Ok(AscendCacheLocExtendStepParams {
            table: Array { access: ASCEND_CACHE_LOC_ACCESS_READ_WRITE, ..arrays.rows("table", &self.table)? },
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            prefix_lens: arrays.input("prefix_lens", &self.prefix_lens)?,
            seq_lens: arrays.input_as("seq_lens", &self.seq_lens, &self.prefix_lens)?,
            free_pages: arrays.input("free_pages", &self.free_pages)?,
            out: arrays.output_as("out", &self.out, &self.free_pages)?,
            capacity: self.out.len() as u64,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            page_size: size(self.page_size),
            free: size(self.free_pages.len()),
            row_cost_bytes: row_cost_bytes(&self.out, config),
            stretch_bytes: stretch_bytes(shape, long, config),
            owners: if long { 1 << 31 } else { owners(n) },
            copy_tile: self.tile(config),
            scan_tile: tile(config.tiles.scan_tile, scan, 128, scan),
            walk_tile: tile(config.tiles.walk_tile, walk, 8, walk),
            checkpoints: tile(config.tiles.checkpoints, checkpoints, 1, checkpoints),
            row_tile: tile(config.tiles.scan_tile.or(Some(size(n.min(rows as usize)))), rows, 64, rows),
            ..Default::default()
        })
    }
}

/// Enqueues the index work of a prefill, or of a speculative step, in one: slots for the tokens
/// `prefix_lens[i]..seq_lens[i]` of each request from paged memory, end to end in row order, and written into the table.
///
/// The slots are those of [`alloc_extend`], whose `last_loc` is `table[req, prefix_len - 1]`; token `p`'s goes to `out` and to
/// `table[req, p]`: as [`get_last_loc`], [`alloc_extend`] and [`assign_req_to_token_pool`] would leave it, one after another.
///
/// A row with `prefix_len == seq_len` is empty and valid whatever its other values. Any other is valid when
/// `0 <= req < rows` and `0 <= prefix_len <= seq_len <= row_len`, compared in 64 bits. A bad row keeps its place in `out`,
/// which is -1, and its pages, where `0 <= prefix_len <= seq_len < 2^31 - 1`, and has none otherwise; nothing is written for
/// it. A token is -1, and not written, where its slot does not lie in 0 to 2^31 - 1: because of the last one, or of a page
/// outside 0 to `2^31 / page_size`, excluded. Where the rows exceed `out`, what fits is written, there and into the table.
/// The lowest row with any of this is reported by the [`Stream`]. Where there are fewer pages than the rows need, all tokens
/// are -1, the table is as it was, and [`PagesExhausted`](crate::FaultKind::PagesExhausted) with the first row whose pages
/// there are not is the only fault. The same results and faults as
#[cfg_attr(feature = "cpu-ref", doc = "[`cpu_ref::extend_step`](crate::cpu_ref::extend_step),")]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::extend_step`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait, neither on the host nor between cores; it can be captured into a graph. An empty
/// batch enqueues nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
///
/// [`alloc_extend`]: crate::alloc_extend
/// [`get_last_loc`]: crate::get_last_loc
/// [`assign_req_to_token_pool`]: crate::assign_req_to_token_pool
pub fn extend_step<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: ExtendStep<'_, R, L, S>,
) -> Result<LaunchId> {
    extend_step_with(stream, args, &LaunchConfig::default())
}

/// [`extend_step`], the index work of a prefill, laid out by hand.
///
/// # Errors
/// As [`extend_step`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "what is written is taken exclusively")]
pub fn extend_step_with<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: ExtendStep<'_, R, L, S>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
