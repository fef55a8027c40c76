//! `decode_step`.

use super::{
    Arguments, Arrays, ENTRY_BYTES, LaunchConfig, LaunchPlan, Work, enqueue, lines, plan, size, stretch_bytes, tile,
};
use crate::abi::Array;
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_ACCESS_READ_WRITE, ASCEND_CACHE_LOC_PAGE_TILE_MAX, ASCEND_CACHE_LOC_STEP_TILE_MAX,
    AscendCacheLocDecodeStepParams,
};
use crate::{
    BlockTableMut, Columns, Device, DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, ReqToTokenMut, Result,
    ShapeError, Stream, decode_batch_of,
};

impl Operation {
    /// [`decode_step`].
    pub const DECODE_STEP: Self = Self::of::<AscendCacheLocDecodeStepParams>();
}

/// The arguments of [`decode_step`]: what a decode step does with the indices of its requests.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct DecodeStep<'a, R, L, S> {
    /// The request table, into which the new slots are written.
    pub table: ReqToTokenMut<'a>,
    /// Row i's request: a row of the table. No two rows that have a token may be one request's.
    pub req_pool_indices: DeviceSlice<'a, R>,
    /// Row i's length in tokens, its new token counted; 0 for an idle row.
    pub seq_lens: DeviceSlice<'a, L>,
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1. In a graph those that are not
    /// free hold -1.
    pub free_pages: DeviceSlice<'a, S>,
    /// Tokens of a page, from 1 to 2^31 - 2. Powers of two are the fast path.
    pub page_size: usize,
    /// Row i's new slot, or -1: SGLang's `out_cache_loc`.
    pub out: DeviceSliceMut<'a, S>,
    /// The block tables: at least `n` rows.
    pub block_tables: BlockTableMut<'a>,
    /// Which of their columns are written.
    pub columns: Columns,
    /// What a block table has behind its pages, and those of idle rows and of rows that are no request's have.
    pub pad: i32,
}

impl<R: Element, L: Element, S: Element> DecodeStep<'_, R, L, S> {
    /// The batch: the length of the index arrays.
    ///
    /// # Errors
    /// [`ShapeError`] where they differ or reach 2^31 - 1, `out` is not as long, the page size is none, or there are fewer
    /// block tables than rows.
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let Self { req_pool_indices, seq_lens, out, free_pages, page_size, block_tables, .. } = self;
        let others = [("seq_lens", seq_lens.len()), ("out", out.len())];
        decode_batch_of(req_pool_indices.len(), &others, free_pages.len(), *page_size, block_tables.shape())
    }

    /// How the call would be launched on a device, without launching it: [`decode_step_with`] with the same `config` does
    /// that.
    ///
    /// # Errors
    /// [`Error::Shape`](crate::Error::Shape), [`Error::BadCores`](crate::Error::BadCores).
    pub fn plan(&self, device: &Device, config: &LaunchConfig) -> Result<LaunchPlan> {
        plan(device, self, config)
    }
}

impl<R: Element, L: Element, S: Element> DecodeStep<'_, R, L, S> {
    /// Pages of a row's block table that are read.
    fn pages(&self) -> usize {
        match self.columns {
            Columns::All => {
                self.table.shape().row_len().div_ceil(self.page_size).min(self.block_tables.shape().row_len())
            }
            Columns::New => 0,
        }
    }

    /// Cores that write the table: an entry for each row, in the time that the others take for block tables. How much of
    /// those is in use only the device knows.
    fn owners(&self) -> u32 {
        const AT_ONCE: usize = 16; // rows, while a core waits for its first pages
        const PAGES: usize = 512; // in the time of one more, by all cores
        const USED: usize = 128; // pages of a row, at most
        let n = self.req_pool_indices.len();
        size(n.div_ceil(AT_ONCE + n * self.pages().min(USED) / PAGES).next_power_of_two())
    }
}

impl<R: Element, L: Element, S: Element> Arguments for DecodeStep<'_, R, L, S> {
    type Block = AscendCacheLocDecodeStepParams;

    /// Rows that are written.
    fn batch(&self) -> Result<usize, ShapeError> {
        let (n, tables) = (self.batch()?, self.block_tables.shape());
        let others = self.columns == Columns::All && tables.row_len() > 0;
        Ok(if others { tables.rows() } else { n })
    }

    fn work(&self, rows: usize) -> Work {
        let n = self.req_pool_indices.len() as u64;
        let written = 4 * match self.columns {
            Columns::All => rows as u64 * self.block_tables.shape().row_len() as u64,
            Columns::New => n,
        };
        let read = n * self.pages() as u64 * ENTRY_BYTES;
        let lines = lines(&self.out).max(lines(self.block_tables.slots()));
        Work { pieces: 3 * n, bytes: read + written, lines, summed: n, ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_PAGE_TILE_MAX, 8, ASCEND_CACHE_LOC_PAGE_TILE_MAX)
    }

    fn block(&self, _: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        let (table, tables, rows) = (self.table.shape(), self.block_tables.shape(), ASCEND_CACHE_LOC_STEP_TILE_MAX);
        let n = self.req_pool_indices.len();
        Ok(AscendCacheLocDecodeStepParams {
            table: Array { access: ASCEND_CACHE_LOC_ACCESS_READ_WRITE, ..arrays.rows("table", &self.table)? },
            req_pool_indices: arrays.input("req_pool_indices", &self.req_pool_indices)?,
            seq_lens: arrays.input("seq_lens", &self.seq_lens)?,
            free_pages: arrays.input("free_pages", &self.free_pages)?,
            out: arrays.output_as("out", &self.out, &self.free_pages)?,
            block_tables: arrays.rows("block_tables", &self.block_tables)?,
            rows: size(table.rows()),
            row_stride: size(table.row_stride()),
            row_len: size(table.row_len()),
            n: size(n),
            page_size: size(self.page_size),
            free: size(self.free_pages.len()),
            capacity: size(tables.rows()),
            columns: size(tables.row_len()),
            block_stride: size(tables.row_stride()),
            pad: self.pad.cast_unsigned(),
            new_columns: (self.columns == Columns::New).into(),
            stretch_bytes: stretch_bytes(table, false, config),
            owners: self.owners(),
            row_tile: tile(config.tiles.walk_tile.or(Some(size(n.min(rows as usize)))), rows, 64, rows),
            page_tile: self.tile(config),
            ..Default::default()
        })
    }
}

/// Enqueues the index work of a decode step in one: a slot for each request's new token, written into the table, and the
/// block table with the new token's page in it. What SGLang's Ascend backend does with 13 torch operators and more.
///
/// For row i with `p = seq_lens[i] - 1` the slot is the next of `free_pages`, times the page size, where `p % page_size` is
/// 0, else `table[req, p - 1] + 1`. It goes to `out[i]` and to `table[req, p]`. The block table has `floor(table[req, q *
/// page_size] / page_size)` in the columns `q` up to that of the new token, and `pad` behind: as [`alloc_decode`],
/// [`assign_req_to_token_pool`] and [`gather_block_tables`] would leave it, one after another.
///
/// A row of length 0 is idle: its request is not looked at, its slot is -1, its block table `pad`. Any other row is valid when
/// `0 <= req < rows`, `1 <= seq_len <= row_len`, what its slot is made of lies in 32 bits as in [`alloc_decode`], and the
/// block table has a column for its new token. A bad row has slot -1 and a block table of -1, and nothing is written for it;
/// it keeps its page if its length is one. The lowest is reported by the [`Stream`]. Where there are fewer pages than the
/// rows need, every row's slot and block table are -1, the table is as it was, and
/// [`PagesExhausted`](crate::FaultKind::PagesExhausted) with the first row that has none is the only fault. The same results
/// and faults as
#[cfg_attr(feature = "cpu-ref", doc = "[`cpu_ref::decode_step`](crate::cpu_ref::decode_step),")]
#[cfg_attr(not(feature = "cpu-ref"), doc = "`cpu_ref::decode_step`,")]
/// bit for bit.
///
/// One task, no allocation, no copy, no wait, neither on the host nor between cores; it can be captured into a graph, and
/// replayed with other lengths, requests and pages in the same arrays: the batch is frozen at the capture's capacity, rows
/// beyond the live ones are idle. Without a row and a block table nothing is enqueued.
///
/// # Errors
/// [`Error::Shape`](crate::Error::Shape), [`Error::WrongHome`](crate::Error::WrongHome),
/// [`Error::BadAddress`](crate::Error::BadAddress): nothing was enqueued. [`Error::Acl`](crate::Error::Acl),
/// [`Error::DeviceLost`](crate::Error::DeviceLost).
///
/// [`alloc_decode`]: crate::alloc_decode
/// [`assign_req_to_token_pool`]: crate::assign_req_to_token_pool
/// [`gather_block_tables`]: crate::gather_block_tables
pub fn decode_step<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: DecodeStep<'_, R, L, S>,
) -> Result<LaunchId> {
    decode_step_with(stream, args, &LaunchConfig::default())
}

/// [`decode_step`], the index work of a decode step, laid out by hand.
///
/// # Errors
/// As [`decode_step`], and [`Error::BadCores`](crate::Error::BadCores).
#[expect(clippy::needless_pass_by_value, reason = "what is written is taken exclusively")]
pub fn decode_step_with<R: Element, L: Element, S: Element>(
    stream: &Stream,
    args: DecodeStep<'_, R, L, S>,
    config: &LaunchConfig,
) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
