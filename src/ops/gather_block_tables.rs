//! `gather_block_tables`.

use super::{Arguments, Arrays, ENTRY_BYTES, LaunchConfig, LaunchPlan, Work, enqueue, lines, plan, size, tile};
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_PAGE_TILE_MAX, ASCEND_CACHE_LOC_ROW_TILE_MAX, AscendCacheLocGatherBlockTablesParams,
};
use crate::{
    Device, DeviceSlice, Element, LaunchId, Lengths, Operation, ReqToToken, ReqToTokenMut, Result, ShapeError, Stream,
    block_tables_of,
};

impl Operation {
    /// [`gather_block_tables`].
    pub const GATHER_BLOCK_TABLES: Self = Self::of::<AscendCacheLocGatherBlockTablesParams>();
}

/// Block tables to be written: `rows` of them, the batch's capacity, `row_len` columns each, `row_stride` apart.
pub type BlockTableMut<'a> = ReqToTokenMut<'a>;

/// The arguments of [`gather_block_tables`]: the pages of each request, for attention.
#[derive(Debug)]
pub struct BlockTables<'a, R, L, S> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Request i: a row of the table. Its length is the batch `n < 2^31 - 1`.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// The tokens of each request.
    pub lens: Lengths<DeviceSlice<'a, L>>,
    /// Tokens of a page, from 1 to 2^31 - 2. With context parallelism, those of the pages of all ranks together.
    pub page_size: usize,
    /// Rows of `out` for each request, one after another, at least 1.
    pub repeat: usize,
    /// Of a sliding window: the slot in the window's pool for each slot of the full one.
    pub map: Option<DeviceSlice<'a, S>>,
    /// What a row has behind its pages, and what rows that are no request's have.
    pub pad: i32,
    /// The block tables: at least `n * repeat` rows.
    pub out: BlockTableMut<'a>,
}

impl<R: Element, L: Element, S: Element> BlockTables<'_, R, L, S> {
    /// The batch: the length of `req_pool_indices`.
    ///
    /// # Errors
    /// [`ShapeError`] where `lens` are not as many, or that reaches 2^31 - 1; where `page_size` or `repeat` is out of its
    /// range; where `out` has too few rows, or too few columns for [`Lengths::Until`].
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let (batch, lens) = (self.req_pool_indices.len(), self.lens.as_ref().map(DeviceSlice::len));
        block_tables_of(batch, lens, self.table.shape(), self.page_size, self.repeat, self.out.shape())
    }

    /// How the call would be launched on a device, without launching it: [`gather_block_tables_with`] with the same
    /// `config` does that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }

    /// Tokens of the longest row that there may be.
    fn most_tokens(&self) -> u64 {
        let (row_len, room) = (self.table.shape().row_len() as u64, self.out.shape().row_len() as u64);
        let most = row_len.min(room * self.page_size as u64);
        match self.lens {
            Lengths::Each(_) => most,
            Lengths::Until(max) => most.min(max.unsigned_abs()),
        }
    }
}

impl<R: Element, L: Element, S: Element> Arguments for BlockTables<'_, R, L, S> {
    type Block = AscendCacheLocGatherBlockTablesParams;

    /// Rows that are written.
    fn batch(&self) -> Result<usize, ShapeError> {
        self.batch()?;
        let out = self.out.shape();
        Ok(if out.row_len() == 0 { 0 } else { out.rows() })
    }

    fn work(&self, n: usize) -> Work {
        let rows = self.req_pool_indices.len() as u64 * self.repeat as u64;
        let pages = rows * self.most_tokens().div_ceil(self.page_size as u64);
        let read = pages * ENTRY_BYTES.min(4 * self.page_size as u64);
        let bytes = read + 4 * n as u64 * self.out.shape().row_len() as u64;
        let elements = if self.map.is_some() { pages } else { 0 };
        Work { elements, pieces: rows, bytes, lines: lines(self.out.slots()), ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_PAGE_TILE_MAX, 8, ASCEND_CACHE_LOC_PAGE_TILE_MAX)
    }

    fn block(&self, _: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (from, to, walk) = (self.table.shape(), self.out.shape(), ASCEND_CACHE_LOC_ROW_TILE_MAX);
        let lens = match &self.lens {
            Lengths::Each(lens) => Some(lens),
            Lengths::Until(_) => None,
        };
        Ok(AscendCacheLocGatherBlockTablesParams {
            table: arrays.table(&self.table)?,
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            lens: arrays.optional_input("lens", lens)?,
            map: arrays.optional_input("map", self.map.as_ref())?,
            out: arrays.rows("out", &self.out)?,
            rows: size(from.rows()),
            row_stride: size(from.row_stride()),
            row_len: size(from.row_len()),
            n: size(self.req_pool_indices.len()),
            repeat: size(self.repeat),
            capacity: size(to.rows()),
            columns: size(to.row_len()),
            out_stride: size(to.row_stride()),
            page_size: size(self.page_size),
            pad: self.pad.cast_unsigned(),
            has_lens: lens.is_some().into(),
            until: if lens.is_none() { size(self.most_tokens() as usize) } else { 0 },
            has_map: self.map.is_some().into(),
            page_tile: self.tile(config),
            walk_tile: tile(config.tiles.walk_tile, walk, 8, walk),
            ..Default::default()
        })
    }
}

/// Enqueues the making of each request's block table: the pages of its tokens, as attention reads them, in place in a
/// graph's buffer.
///
/// `out[b * repeat + k, p] = floor(table[req_pool_indices[b], p * page_size] / page_size)` for `k < repeat` and
/// `p < ceil(lens[b] / page_size)`; `pad` in the other columns, and in the rows from `n * repeat` on. Between the rows of
/// `out` nothing is touched. With a `map` it is `map[table[..]]` that is divided. An entry below 0, of either, gives -1.
///
/// A row with `lens[b] <= 0` has no pages, and its request is not looked at. Any other row is valid when
/// `0 <= req < rows`, `lens[b] <= row_len`, and it has no more pages than columns, compared in 64 bits; a bad row is -1 in all
/// columns. A slot past the end of the map, or whose page is no int32, gives -1 in its column alone. The lowest request
/// that is bad, and in it the lowest column, is reported by the [`Stream`]; of [`Lengths::Until`] slots are not. Without
/// columns there is nothing to do, and nothing is checked. Of each page one entry is read, never the whole row, unless pages are so small that reading what is between
/// is cheaper. Replaces what SGLang's Ascend backend makes of
/// `req_to_token[req_pool_indices, :max_len][:, ::page_size] // page_size`, a gather of whole rows, and of the fills of a
/// graph's buffer. The same results and faults as
#[cfg_attr(feature = "cpu-ref", doc = "[`cpu_ref::gather_block_tables`](crate::cpu_ref::gather_block_tables),")]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::gather_block_tables`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait; it can be captured into a graph. Where `out` has no rows or no columns
/// nothing is enqueued.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
pub fn gather_block_tables<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: BlockTables<'_, R, L, S>,
) -> Result<LaunchId> {
    gather_block_tables_with(stream, args, &LaunchConfig::default())
}

/// [`gather_block_tables`], each request's pages, laid out by hand.
///
/// # Errors
/// As [`gather_block_tables`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "`out` is taken exclusively")]
pub fn gather_block_tables_with<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: BlockTables<'_, R, L, S>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
