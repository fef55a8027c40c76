//! `alloc_decode`.

use super::{Arguments, Arrays, LaunchConfig, LaunchPlan, Work, enqueue, lines, plan, size, tile};
use crate::abi::bindings::{ASCEND_CACHE_LOC_ROW_TILE_MAX, AscendCacheLocAllocDecodeParams};
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, Result, ShapeError, Stream, paged_batch_of,
};

impl Operation {
    /// [`alloc_decode`].
    pub const ALLOC_DECODE: Self = Self::of::<AscendCacheLocAllocDecodeParams>();
}

/// What the vector unit does for a row, in bytes that could be copied meanwhile: of the simulation's cost model.
const ROW_BYTES: u64 = 80;

/// The arguments of [`alloc_decode`]: a slot for the next token of each request, from paged memory.
///
/// All arrays but `free_pages` have the length of `seq_lens`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct AllocDecode<'a, L, S, O> {
    /// Row i's length in tokens, its new token counted.
    pub seq_lens: DeviceSlice<'a, L>,
    /// The slot of row i's last token before the new one; not looked at where the row needs a page.
    pub last_locs: DeviceSlice<'a, S>,
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: DeviceSlice<'a, S>,
    /// Tokens of a page, from 1 to 2^31 - 2. Powers of two are the fast path.
    pub page_size: usize,
    /// Row i's new slot, or -1.
    pub out: DeviceSliceMut<'a, O>,
}

impl<L: Element, S: Element, O: Element> AllocDecode<'_, L, S, O> {
    /// The batch: the length of `seq_lens`.
    ///
    /// # Errors
    /// [`ShapeError`] where `last_locs` or `out` differs, a length reaches 2^31 - 1, or the page size is none.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let others = [("last_locs", self.last_locs.len()), ("out", self.out.len())];
        paged_batch_of(("seq_lens", self.seq_lens.len()), &others, self.free_pages.len(), self.page_size)
    }

    /// How the call would be launched on a device, without launching it: [`alloc_decode_with`] with the same `config` does
    /// that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<L: Element, S: Element, O: Element> Arguments for AllocDecode<'_, L, S, O> {
    type Block = AscendCacheLocAllocDecodeParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()
    }

    /// Every row is the vector unit's, and of a batch of several tiles counted before; one in `page_size` the scalar pipe's.
    fn work(&self, n: usize) -> Work {
        let looks = if n > ASCEND_CACHE_LOC_ROW_TILE_MAX as usize { 2 } else { 1 };
        let (n, pages) = (n as u64, n.div_ceil(self.page_size) as u64);
        Work { pieces: pages, bytes: ROW_BYTES * n * looks, summed: n, lines: lines(&self.out), ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_ROW_TILE_MAX, 64, ASCEND_CACHE_LOC_ROW_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        Ok(AscendCacheLocAllocDecodeParams {
            seq_lens: arrays.input("seq_lens", &self.seq_lens)?,
            last_locs: arrays.input("last_locs", &self.last_locs)?,
            free_pages: arrays.input_as("free_pages", &self.free_pages, &self.last_locs)?,
            out: arrays.output("out", &self.out)?,
            page_size: size(self.page_size),
            free: size(self.free_pages.len()),
            n: size(n),
            tile: self.tile(config),
            ..Default::default()
        })
    }
}

/// Enqueues, for each request of a decode step, the KV-cache slot of its next token, from paged memory.
///
/// A row whose token is the first of a page, `(seq_len - 1) % page_size == 0`, takes the next of `free_pages` and is given
/// that page's first slot; any other row is given `last_loc + 1`. So `k` pages are taken from the front of the list, where
/// [`new_pages_decode`](crate::new_pages_decode) gives `k` on the host.
///
/// A row is valid when `1 <= seq_len < 2^31 - 1` and what it is made of lies in 32 bits: `0 <= last_loc < 2^31 - 1`, or
/// `0 <= page < 2^31 / page_size`, compared in 64 bits. A bad row is given -1, and the lowest one is reported by the
/// [`Stream`]; one whose length is none takes no page. Where there are fewer pages than the rows need, all of `out` is -1,
/// and [`PagesExhausted`](crate::FaultKind::PagesExhausted) with the first row that has none is the only fault. Replaces
/// SGLang's `alloc_decode_kernel` and the NPU allocator's `alloc_decode`, which check nothing; the latter never takes a
/// page where `page_size` is 1. The same results and faults as
#[cfg_attr(feature = "cpu-ref", doc = "[`cpu_ref::alloc_decode`](crate::cpu_ref::alloc_decode),")]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::alloc_decode`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. An empty batch enqueues nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub fn alloc_decode<L: Element, S: Element, O: Element>(
    stream: &Stream,
    args: AllocDecode<'_, L, S, O>,
) -> Result<LaunchId> {
    alloc_decode_with(stream, args, &LaunchConfig::default())
}

/// [`alloc_decode`], a slot for the next token of each request, laid out by hand.
///
/// # Errors
/// As [`alloc_decode`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`out` is taken exclusively")]
pub fn alloc_decode_with<L: Element, S: Element, O: Element>(
    stream: &Stream,
    args: AllocDecode<'_, L, S, O>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
