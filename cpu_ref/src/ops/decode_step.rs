//! `decode_step`.

use crate::pages::slot_after;
use crate::{
    BlockTableMut, FaultKind, Int, PageSize, RefError, ReqToToken, ReqToTokenMut, RowFault, ShapeError, decode_batch_of,
};

/// Which columns of the block tables a decode step writes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Columns {
    /// All: pages, and the pad behind them.
    #[default]
    All,
    /// Of each request that has a token, the column of its new token alone: what a captured graph needs from its second
    /// step on, the other columns being the last step's. A bad row is -1 in all columns all the same.
    New,
}

/// The arguments of [`decode_step`]: what a decode step does with the indices of its requests.
///
/// The index arrays have the length of `req_pool_indices`, the batch `n < 2^31 - 1`.
#[derive(Debug)]
pub struct DecodeStep<'a, R, L, S> {
    /// The request table, into which the new slots are written.
    pub table: ReqToTokenMut<'a>,
    /// Row i's request: a row of the table. No two rows that have a token may be one request's.
    pub req_pool_indices: &'a [R],
    /// Row i's length in tokens, its new token counted; 0 for an idle row.
    pub seq_lens: &'a [L],
    /// The pages that may be taken, in the order in which rows take them; fewer than 2^31 - 1.
    pub free_pages: &'a [S],
    /// Tokens of a page, from 1 to 2^31 - 2.
    pub page_size: usize,
    /// Row i's new slot, or -1: SGLang's `out_cache_loc`.
    pub out: &'a mut [S],
    /// The block tables: at least `n` rows.
    pub block_tables: BlockTableMut<'a>,
    /// Which of their columns are written.
    pub columns: Columns,
    /// What a block table has behind its pages, and those of idle rows and of rows that are no request's have.
    pub pad: i32,
}

impl<R, L, S> DecodeStep<'_, R, L, S> {
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
}

/// The index work of a decode step in one: a slot for each request's new token, written into the table, and the block table
/// with the new token's page in it.
///
/// For row i with `p = seq_lens[i] - 1` the slot is the next of `free_pages`, times the page size, where `p % page_size` is
/// 0, else `table[req, p - 1] + 1`. It goes to `out[i]` and to `table[req, p]`. The block table has `floor(table[req, q *
/// page_size] / page_size)` in the columns `q` up to that of the new token, and `pad` behind: as
/// [`alloc_decode`](crate::alloc_decode), [`assign_req_to_token_pool`](crate::assign_req_to_token_pool) and
/// [`gather_block_tables`](crate::gather_block_tables) would leave it, one after another.
///
/// A row of length 0 is idle: its request is not looked at, its slot is -1, its block table `pad`. Any other row is valid when
/// `0 <= req < rows`, `1 <= seq_len <= row_len`, what its slot is made of lies in 32 bits as in
/// [`alloc_decode`](crate::alloc_decode), and the block table has a column for its new token. A bad row has slot -1 and a
/// block table of -1, and nothing is written for it; it keeps its page if its length is one. Replaces what SGLang's Ascend
/// backend does with 13 torch operators and more.
///
/// # Errors
/// - [`RefError::Shape`] where the arguments do not fit together; nothing is written.
/// - [`RefError::Fault`] with [`PagesExhausted`](FaultKind::PagesExhausted) and the first row whose page there is not: then
///   every row's slot and block table are -1, and the table is as it was. Otherwise with the lowest bad row, after all rows
///   are written.
pub fn decode_step<R: Int, L: Int, S: Int>(args: DecodeStep<'_, R, L, S>) -> Result<(), RefError> {
    let n = args.batch()?;
    let DecodeStep { mut table, req_pool_indices, seq_lens, free_pages, page_size, out, .. } = args;
    let (mut block_tables, columns, pad) = (args.block_tables, args.columns, args.pad);
    let page_size = PageSize::new(page_size)?;

    let needed = |seq: &L| page_size.needed_by_one(seq.to_i64()).unwrap_or(0);
    let exhausted = page_size.exhausted(seq_lens.iter().map(needed), free_pages.len());
    let mut free = free_pages.iter();
    let mut first_fault = exhausted;
    for (row, ((req, seq), out)) in req_pool_indices.iter().zip(seq_lens).zip(out).enumerate() {
        let (req, seq_len) = (req.to_i64(), seq.to_i64());
        let page = free.by_ref().take(needed(seq) as usize).next().map(|page| page.to_i64());
        let block_table = block_tables.row_mut(row);
        let slot = match exhausted {
            None if seq_len == 0 => None,
            None => Some(new_slot(table.as_ref(), req, seq_len, page, page_size, block_table.len())),
            Some(fault) => Some(Err(fault.kind)),
        };
        *out = S::from_slot(-1);
        match slot {
            Some(Ok(slot)) => {
                *out = S::from_slot(slot);
                let place = req as usize * table.shape().row_stride() + (seq_len - 1) as usize;
                table.slots_mut()[place] = slot;
                let column = ((seq_len - 1) / page_size.tokens()) as usize;
                if columns == Columns::New {
                    block_table[column] = (i64::from(slot) / page_size.tokens()) as i32;
                } else {
                    let entries = table.row_mut(req as usize).iter().step_by(page_size.tokens() as usize);
                    for (block, &entry) in block_table[..=column].iter_mut().zip(entries) {
                        *block = i64::from(entry).div_euclid(page_size.tokens()).max(-1) as i32;
                    }
                    block_table[column + 1..].fill(pad);
                }
            }
            Some(Err(kind)) => {
                block_table.fill(-1);
                first_fault = first_fault.or(Some(RowFault::new(row, kind)));
            }
            None if columns == Columns::All => block_table.fill(pad),
            None => {}
        }
    }
    if columns == Columns::All {
        for row in n..block_tables.shape().rows() {
            block_tables.row_mut(row).fill(pad);
        }
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}

/// The slot of a row's new token, or why the row is bad: of several reasons the first of [`FaultKind`]'s order.
fn new_slot(
    table: ReqToToken<'_>,
    req: i64,
    seq_len: i64,
    page: Option<i64>,
    page_size: PageSize,
    columns: usize,
) -> Result<i32, FaultKind> {
    if seq_len < 1 {
        return Err(table.request_fault(req).unwrap_or(FaultKind::LengthBelowPrefix { seq_len, prefix_len: 1 }));
    }
    let Some(range) = table.extend_range(req, seq_len - 1, seq_len) else {
        return Err(table.extend_fault(req, seq_len - 1, seq_len));
    };
    let after_last = match page {
        None => slot_after(table.slots()[range.start - 1].into(), 0)?,
        Some(_) => -1,
    };
    let (position, limit) = (seq_len - 1, columns as i64 * page_size.tokens());
    if position >= limit {
        return Err(FaultKind::PositionOutOfRange { position, limit });
    }
    page.map_or(Ok(after_last), |page| page_size.slot(page, 0))
}
