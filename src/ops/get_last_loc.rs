//! `get_last_loc`.

use super::{Arguments, Arrays, LaunchConfig, LaunchPlan, Work, enqueue, lines, output_bytes, plan, size, tile};
use crate::abi::bindings::{ASCEND_CACHE_LOC_ROW_TILE_MAX, AscendCacheLocGetLastLocParams};
use crate::{
    Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, ReqToToken, Result, ShapeError, Stream, batch_of,
};

impl Operation {
    /// [`get_last_loc`].
    pub const GET_LAST_LOC: Self = Self::of::<AscendCacheLocGetLastLocParams>();
}

/// The arguments of [`get_last_loc`]: the slot of each request's last prefix token.
///
/// All arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct LastLoc<'a, R, L, O> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// Row i's prefix length, in tokens.
    pub prefix_lens: DeviceSlice<'a, L>,
    /// Row i's result, a KV-cache slot or -1.
    pub out: DeviceSliceMut<'a, O>,
}

impl<R: Element, L: Element, O: Element> LastLoc<'_, R, L, O> {
    /// The batch: the length of all arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or reach 2^31 - 1.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        batch_of(self.req_pool_indices.len(), &[("prefix_lens", self.prefix_lens.len()), ("out", self.out.len())])
    }

    /// How the call would be launched on a device, without launching it: [`get_last_loc_with`] with the same
    /// `config` does that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<R: Element, L: Element, O: Element> Arguments for LastLoc<'_, R, L, O> {
    type Block = AscendCacheLocGetLastLocParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()
    }

    fn work(&self, n: usize) -> Work {
        Work { elements: n as u64, bytes: output_bytes(&self.out), lines: lines(&self.out), ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_ROW_TILE_MAX, 8, ASCEND_CACHE_LOC_ROW_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let shape = self.table.shape();
        Ok(AscendCacheLocGetLastLocParams {
            table: arrays.table(&self.table)?,
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            prefix_lens: arrays.input("prefix_lens", &self.prefix_lens)?,
            out: arrays.output("out", &self.out)?,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            tile: self.tile(config),
            ..Default::default()
        })
    }
}

/// Enqueues, for each row, the KV-cache slot of the request's last prefix token, -1 for an empty prefix.
///
/// `out[i] = table[req_pool_indices[i], prefix_lens[i] - 1]`, or -1 where `prefix_lens[i] <= 0` (the request index is then
/// neither used nor checked).
///
/// A row is valid when `0 <= req < rows` and `prefix_len <= row_len`, compared in 64 bits; an invalid row gets -1, and the
/// lowest one is reported by the [`Stream`]. Mirrors SGLang's `get_last_loc` (`get_last_loc_triton`, sgl-kernel-npu pull
/// request 261), which checks nothing. The same results and faults as
#[cfg_attr(feature = "cpu-ref", doc = "[`cpu_ref::get_last_loc`](crate::cpu_ref::get_last_loc),")]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::get_last_loc`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. An empty batch enqueues nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub fn get_last_loc<R: Element, L: Element, O: Element>(
    stream: &Stream,
    args: LastLoc<'_, R, L, O>,
) -> Result<LaunchId> {
    get_last_loc_with(stream, args, &LaunchConfig::default())
}

/// [`get_last_loc`], the slot of each request's last prefix token, laid out by hand.
///
/// # Errors
/// As [`get_last_loc`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`out` is taken exclusively")]
pub fn get_last_loc_with<R: Element, L: Element, O: Element>(
    stream: &Stream,
    args: LastLoc<'_, R, L, O>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
