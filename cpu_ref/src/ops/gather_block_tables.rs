//! `gather_block_tables`.

use crate::{FaultKind, Int, RefError, ReqToToken, ReqToTokenMut, RowFault, ShapeError, TableShape, block_tables_of};

/// Block tables to be written: `rows` of them, the batch's capacity, `row_len` columns each, `row_stride` apart.
pub type BlockTableMut<'a> = ReqToTokenMut<'a>;

/// How many tokens of each request there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lengths<T> {
    /// Row by row, in an array as long as the batch.
    Each(T),
    /// As many of every row, or all that it has where that is fewer: a number that the host knows, not below 0. What a
    /// row has beyond its own tokens is taken as it stands, and no slot is reported.
    Until(i64),
}

impl<T> Lengths<T> {
    /// The same of something else of the array.
    pub fn map<U>(self, f: impl FnOnce(T) -> U) -> Lengths<U> {
        match self {
            Self::Each(lens) => Lengths::Each(f(lens)),
            Self::Until(max) => Lengths::Until(max),
        }
    }

    /// The same of the array by reference.
    pub const fn as_ref(&self) -> Lengths<&T> {
        match self {
            Self::Each(lens) => Lengths::Each(lens),
            Self::Until(max) => Lengths::Until(*max),
        }
    }
}

/// The arguments of [`gather_block_tables`]: the pages of each request, for attention.
#[derive(Debug)]
pub struct BlockTables<'a, R, L, S> {
    /// The request table.
    pub table: ReqToToken<'a>,
    /// Request i: a row of the table. Its length is the batch `n < 2^31 - 1`.
    pub req_pool_indices: &'a [R],
    /// The tokens of each request.
    pub lens: Lengths<&'a [L]>,
    /// Tokens of a page, from 1 to 2^31 - 2. With context parallelism, those of the pages of all ranks together.
    pub page_size: usize,
    /// Rows of `out` for each request, one after another, at least 1.
    pub repeat: usize,
    /// Of a sliding window: the slot in the window's pool for each slot of the full one.
    pub map: Option<&'a [S]>,
    /// What a row has behind its pages, and what rows that are no request's have.
    pub pad: i32,
    /// The block tables: at least `n * repeat` rows.
    pub out: BlockTableMut<'a>,
}

impl<R, L, S> BlockTables<'_, R, L, S> {
    /// The batch: the length of `req_pool_indices`.
    ///
    /// # Errors
    /// [`ShapeError`] where `lens` are not as many, or that reaches 2^31 - 1; where `page_size` or `repeat` is out of its
    /// range; where `out` has too few rows, or too few columns for [`Lengths::Until`].
    pub fn batch(&self) -> Result<usize, ShapeError> {
        let (batch, lens) = (self.req_pool_indices.len(), self.lens.map(<[L]>::len));
        block_tables_of(batch, lens, self.table.shape(), self.page_size, self.repeat, self.out.shape())
    }
}

/// The block table of each request: the pages of its tokens, as attention reads them.
///
/// `out[b * repeat + k, p] = floor(table[req_pool_indices[b], p * page_size] / page_size)` for `k < repeat` and
/// `p < ceil(lens[b] / page_size)`; `pad` in the other columns, and in the rows from `n * repeat` on. Between the rows of
/// `out` nothing is touched. With a `map` it is `map[table[..]]` that is divided. An entry below 0, of either, gives -1.
///
/// A row with `lens[b] <= 0` has no pages, and its request is not looked at. Any other row is valid when
/// `0 <= req < rows`, `lens[b] <= row_len`, and it has no more pages than columns, compared in 64 bits; a bad row is -1 in all
/// columns. A slot past the end of the map, or whose page is no int32, gives -1 in its column alone, and is reported
/// unless the lengths are [`Lengths::Until`]. Without columns there is nothing to do, and nothing is checked. Replaces what SGLang's Ascend backend makes of
/// `req_to_token[req_pool_indices, :max_len][:, ::page_size] // page_size`, a gather of whole rows, and of the fills of a
/// graph's buffer.
///
/// # Errors
/// - [`RefError::Shape`] where the arguments do not fit together; nothing is written.
/// - [`RefError::Fault`] with the lowest request that is bad, and in it the lowest column, after all is written.
pub fn gather_block_tables<R: Int, L: Int, S: Int>(args: BlockTables<'_, R, L, S>) -> Result<(), RefError> {
    args.batch()?;
    let BlockTables { table, req_pool_indices, lens, page_size, repeat, map, pad, mut out } = args;
    let (from, to, page) = (table.shape(), out.shape(), page_size as i64);
    if to.row_len() == 0 {
        return Ok(());
    }
    let mut first_fault = None;
    for row in 0..to.rows() {
        let columns = out.row_mut(row);
        let b = row / repeat;
        let Some(req) = req_pool_indices.get(b) else {
            columns.fill(pad);
            continue;
        };
        let tokens = match lens {
            Lengths::Each(lens) => lens[b].to_i64(),
            Lengths::Until(max) => max.min(from.row_len() as i64),
        };
        let pages = match pages(from, req.to_i64(), tokens, page, to.row_len()) {
            Ok(pages) => pages,
            Err(kind) => {
                columns.fill(-1);
                first_fault = first_fault.or(Some(RowFault::new(b, kind)));
                continue;
            }
        };
        let (own, rest) = columns.split_at_mut(pages);
        rest.fill(pad);
        for (at, column) in own.iter_mut().enumerate() {
            // The row is one of the table's, since it has a page.
            let entry = table.slots()[req.to_i64() as usize * from.row_stride() + at * page_size];
            let found = slot(entry, map).and_then(|slot| self::page(slot, page));
            *column = found.unwrap_or(-1);
            if let (Err(kind), Lengths::Each(_)) = (found, lens) {
                first_fault = first_fault.or(Some(RowFault { row: b, kind, at }));
            }
        }
    }
    first_fault.map_or(Ok(()), |fault| Err(fault.into()))
}

/// The pages of a row, or why it is bad.
fn pages(table: TableShape, req: i64, tokens: i64, page: i64, columns: usize) -> Result<usize, FaultKind> {
    let (rows, row_len, columns) = (table.rows() as i64, table.row_len() as i64, columns as i64);
    if tokens <= 0 {
        Ok(0)
    } else if req < 0 || req >= rows {
        Err(FaultKind::RequestOutOfRange { req, rows })
    } else if tokens > row_len {
        Err(FaultKind::PrefixOutOfRange { prefix_len: tokens, row_len })
    } else if tokens > columns * page {
        Err(FaultKind::PositionOutOfRange { position: tokens - 1, limit: columns * page })
    } else {
        Ok(((tokens + page - 1) / page) as usize)
    }
}

/// The slot for an entry of the table, through the map if there is one.
fn slot<S: Int>(entry: i32, map: Option<&[S]>) -> Result<i64, FaultKind> {
    let Some(map) = map.filter(|_| entry >= 0) else { return Ok(entry.into()) };
    let outside = FaultKind::SlotOutOfRange { slot: entry.into(), limit: map.len() as i64 };
    map.get(entry as usize).map(|slot| slot.to_i64()).ok_or(outside)
}

/// The page of a slot: of one below 0 it is -1.
fn page(slot: i64, page: i64) -> Result<i32, FaultKind> {
    let outside = FaultKind::SlotOutOfRange { slot, limit: page << 31 };
    i32::try_from(slot.max(-1).div_euclid(page)).map_err(|_| outside)
}
