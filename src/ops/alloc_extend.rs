//! `alloc_extend`.

use super::{
    Arguments, Arrays, LaunchConfig, LaunchPlan, Work, enqueue, lines, output_bytes, plan, row_cost_bytes, size, tile,
};
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_CHECKPOINTS_MAX, ASCEND_CACHE_LOC_PAGED_TILE_MAX, ASCEND_CACHE_LOC_SCAN_TILE_MAX,
    ASCEND_CACHE_LOC_WALK_TILE_MAX, AscendCacheLocAllocExtendParams,
};
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, Result, ShapeError, Stream, paged_batch_of,
};

impl Operation {
    /// [`alloc_extend`].
    pub const ALLOC_EXTEND: Self = Self::of::<AscendCacheLocAllocExtendParams>();
}

/// The arguments of [`alloc_extend`]: slots for the next tokens of each request, from paged memory.
///
/// The length and slot arrays have the length of `prefix_lens`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct AllocExtend<'a, L, S, O> {
    /// Row i's length in tokens, the new ones not counted.
    pub prefix_lens: DeviceSlice<'a, L>,
    /// Row i's length in tokens, the new ones counted.
    pub seq_lens: DeviceSlice<'a, L>,
    /// The slot of row i's last token before the new ones; not looked at where that token ends a page, or there is none.
    pub last_locs: DeviceSlice<'a, S>,
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: DeviceSlice<'a, S>,
    /// Tokens of a page, from 1 to 2^31 - 2. Powers of two are the fast path.
    pub page_size: usize,
    /// The slots of all rows end to end; a capacity: elements past the total are not touched.
    pub out: DeviceSliceMut<'a, O>,
}

impl<L: Element, S: Element, O: Element> AllocExtend<'_, L, S, O> {
    /// The batch: the length of `prefix_lens`.
    ///
    /// # Errors
    /// [`ShapeError`] where `seq_lens` or `last_locs` differs, a length reaches 2^31 - 1, or the page size is none.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let others = [("seq_lens", self.seq_lens.len()), ("last_locs", self.last_locs.len())];
        paged_batch_of(("prefix_lens", self.prefix_lens.len()), &others, self.free_pages.len(), self.page_size)
    }

    /// How the call would be launched on a device, without launching it: [`alloc_extend_with`] with the same `config` does
    /// that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<L: Element, S: Element, O: Element> Arguments for AllocExtend<'_, L, S, O> {
    type Block = AscendCacheLocAllocExtendParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()
    }

    fn work(&self, n: usize) -> Work {
        let (n, pages) = (n as u64, self.out.len().div_ceil(self.page_size) as u64);
        let bytes = output_bytes(&self.out);
        Work { summed: n, bytes, lines: lines(&self.out), ..Work::block_rows(n, pages, self.out.len() as u64) }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_PAGED_TILE_MAX, 32, ASCEND_CACHE_LOC_PAGED_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (scan, walk) = (ASCEND_CACHE_LOC_SCAN_TILE_MAX, ASCEND_CACHE_LOC_WALK_TILE_MAX);
        let checkpoints = ASCEND_CACHE_LOC_CHECKPOINTS_MAX;
        Ok(AscendCacheLocAllocExtendParams {
            prefix_lens: arrays.input("prefix_lens", &self.prefix_lens)?,
            seq_lens: arrays.input_as("seq_lens", &self.seq_lens, &self.prefix_lens)?,
            last_locs: arrays.input("last_locs", &self.last_locs)?,
            free_pages: arrays.input_as("free_pages", &self.free_pages, &self.last_locs)?,
            out: arrays.output("out", &self.out)?,
            capacity: self.out.len() as u64,
            page_size: size(self.page_size),
            free: size(self.free_pages.len()),
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

/// Enqueues the KV-cache slots of the tokens `prefix_lens[i]..seq_lens[i]` of each request, end to end in row order, from
/// paged memory.
///
/// With `full = ceil(prefix_len / page_size)`, the pages that row i has already, token `p` of it goes on in the last of them
/// where it has room, `p < full * page_size`, in slot `last_loc + 1 + p - prefix_len`; and otherwise it is in a new page, slot
/// `p % page_size` of `free_pages[f + p / page_size - full]`, where `f` are the pages that the rows before take. So `k` pages
/// are taken from the front of the list, where [`new_pages`](crate::new_pages) gives `k` on the host.
///
/// A row is valid when `0 <= prefix_len <= seq_len < 2^31 - 1`, compared in 64 bits; any other has no place in `out`, and
/// takes no page. A token is -1 where its slot does not lie in 0 to 2^31 - 1: because of `last_loc`, or of a page outside 0
/// to `2^31 / page_size`, excluded. Where the rows exceed `out`, what fits is written. The lowest row with any of this is
/// reported by the [`Stream`]. Where there are fewer pages than the rows need, all tokens are -1, and
/// [`PagesExhausted`](crate::FaultKind::PagesExhausted) with the first row whose pages there are not is the only fault.
/// Replaces SGLang's `alloc_extend_kernel` and sgl-kernel-npu's, which check nothing, and send ids and sums through float32.
/// The same results and faults as
#[cfg_attr(feature = "cpu-ref", doc = "[`cpu_ref::alloc_extend`](crate::cpu_ref::alloc_extend),")]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::alloc_extend`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. An empty batch enqueues nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub fn alloc_extend<L: Element, S: Element, O: Element>(
    stream: &Stream,
    args: AllocExtend<'_, L, S, O>,
) -> Result<LaunchId> {
    alloc_extend_with(stream, args, &LaunchConfig::default())
}

/// [`alloc_extend`], slots for the next tokens of each request, laid out by hand.
///
/// # Errors
/// As [`alloc_extend`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`out` is taken exclusively")]
pub fn alloc_extend_with<L: Element, S: Element, O: Element>(
    stream: &Stream,
    args: AllocExtend<'_, L, S, O>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
