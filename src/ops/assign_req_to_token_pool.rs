//! `assign_req_to_token_pool`.

use super::{Arguments, Arrays, LaunchConfig, LaunchPlan, Work, are_long, enqueue, plan, size, stretch_bytes, tile};
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_SCAN_TILE_MAX, ASCEND_CACHE_LOC_SCATTER_TILE_MAX, ASCEND_CACHE_LOC_SCATTER_TILE_MAX_INT64,
    AscendCacheLocAssignReqToTokenPoolParams,
};
use crate::{
    Device, DeviceSlice, Element, IntType, LaunchId, Operation, ReqToTokenMut, Result, ShapeError, Stream, batch_of,
};

impl Operation {
    /// [`assign_req_to_token_pool`].
    pub const ASSIGN_REQ_TO_TOKEN_POOL: Self = Self::of::<AscendCacheLocAssignReqToTokenPoolParams>();
}

/// The arguments of [`assign_req_to_token_pool`]: slots for a range of tokens of each request, to be written into the
/// table.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct PoolLocs<'a, R, L, S> {
    /// The request table, written in place.
    pub table: ReqToTokenMut<'a>,
    /// Row i's request: a row of the table.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// Row i's first token.
    pub start_offsets: DeviceSlice<'a, L>,
    /// One past row i's last token.
    pub end_offsets: DeviceSlice<'a, L>,
    /// The slots of all rows end to end; may be longer than they need.
    pub locs: DeviceSlice<'a, S>,
}

impl<R: Element, L: Element, S: Element> PoolLocs<'_, R, L, S> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ, or reach 2^31 - 1.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let offsets = [("start_offsets", self.start_offsets.len()), ("end_offsets", self.end_offsets.len())];
        batch_of(self.req_pool_indices.len(), &offsets)
    }

    /// How the call would be launched on a device, without launching it: [`assign_req_to_token_pool_with`] with the same
    /// `config` does that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }

    fn stretch_bytes(&self, n: usize, config: &LaunchConfig) -> u32 {
        stretch_bytes(self.table.shape(), are_long(self.locs.len(), n), config)
    }
}

impl<R: Element, L: Element, S: Element> Arguments for PoolLocs<'_, R, L, S> {
    type Block = AscendCacheLocAssignReqToTokenPoolParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()
    }

    fn work(&self, n: usize) -> Work {
        let bytes = (4 + self.locs.element_type().size() as u64) * self.locs.len() as u64;
        let table = 4 * self.table.shape().storage_len() as u64;
        let lines = table / u64::from(self.stretch_bytes(n, &LaunchConfig::default())) + 1;
        Work { pieces: n as u64, summed: n as u64, bytes, lines, owned: true, ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        let most = match self.locs.element_type() {
            IntType::I32 => ASCEND_CACHE_LOC_SCATTER_TILE_MAX,
            IntType::I64 => ASCEND_CACHE_LOC_SCATTER_TILE_MAX_INT64,
        };
        tile(config.tiles.tile, most, 64, most)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (shape, rows) = (self.table.shape(), ASCEND_CACHE_LOC_SCAN_TILE_MAX);
        Ok(AscendCacheLocAssignReqToTokenPoolParams {
            table: arrays.rows("table", &self.table)?,
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            start_offsets: arrays.input("start_offsets", &self.start_offsets)?,
            end_offsets: arrays.input_as("end_offsets", &self.end_offsets, &self.start_offsets)?,
            locs: arrays.input("locs", &self.locs)?,
            capacity: self.locs.len() as u64,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            stretch_bytes: self.stretch_bytes(n, config),
            copy_tile: self.tile(config),
            // No more than there are rows: the sums are of whole tiles.
            row_tile: tile(config.tiles.scan_tile.or(Some(size(n.min(rows as usize)))), rows, 64, rows),
            ..Default::default()
        })
    }
}

/// Enqueues the writing of the KV-cache slots of a range of tokens of each request into the table: the inverse of
/// [`assign_extend_cache_locs`](crate::assign_extend_cache_locs).
///
/// Row i's slots begin in `locs` at the sum of the earlier lengths:
/// `table[req_pool_indices[i], start_offsets[i] + j] = locs[sum + j]`.
///
/// A row with `start == end` is empty and valid whatever its other values. Any other row is valid when
/// `0 <= req < rows` and `0 <= start <= end <= row_len`, compared in 64 bits. A bad row harms itself alone: nothing is
/// written for it, and `end - start` of `locs` are skipped where `0 <= start <= end < 2^31 - 1`, none otherwise. A slot
/// below 0 or past int32 is not written. Where `locs` is shorter than the rows need, what is covered is written. Rows of a
/// batch must not overlap in the table; where they do, an entry has the slot of one of them. The lowest row that is bad,
/// not covered, or has a bad slot is reported by the [`Stream`]. Mirrors SGLang's `assign_req_to_token_pool`
/// (`cache_loc_assign` in sgl-kernel-npu), which checks nothing. The same results and faults as
#[cfg_attr(
    feature = "cpu-ref",
    doc = "[`cpu_ref::assign_req_to_token_pool`](crate::cpu_ref::assign_req_to_token_pool),"
)]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::assign_req_to_token_pool`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. An empty batch enqueues nothing.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
///
/// The table is nobody else's meanwhile:
/// ```compile_fail,E0502
/// use ascend_cache_loc::{DeviceBuffer, PoolLocs, ReqToToken, ReqToTokenMut, Stream, TableShape, assign_req_to_token_pool};
///
/// fn f(stream: &Stream, slots: &mut DeviceBuffer<i32>, rows: &DeviceBuffer<i64>, shape: TableShape) {
///     let read = ReqToToken::new(shape, slots.as_slice()).unwrap();
///     let table = ReqToTokenMut::new(shape, slots.as_slice_mut()).unwrap();
///     let rows = rows.as_slice();
///     let (req_pool_indices, start_offsets, end_offsets, locs) = (rows, rows, rows, read.slots());
///     let _ = assign_req_to_token_pool(stream, PoolLocs { table, req_pool_indices, start_offsets, end_offsets, locs });
/// }
/// ```
pub fn assign_req_to_token_pool<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: PoolLocs<'_, R, L, S>,
) -> Result<LaunchId> {
    assign_req_to_token_pool_with(stream, args, &LaunchConfig::default())
}

/// [`assign_req_to_token_pool`], slots into the table, laid out by hand; of `cores` the largest power of two is taken.
///
/// # Errors
/// As [`assign_req_to_token_pool`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`table` is taken exclusively")]
pub fn assign_req_to_token_pool_with<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: PoolLocs<'_, R, L, S>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
