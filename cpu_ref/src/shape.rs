//! The shape of a request table, and the limits on sizes.

use crate::{Lengths, ShapeError};

/// The largest `rows`, `row_stride` and batch: each stays below 2^31 - 1, so that a kernel counts them, and one past them,
/// in 32 bits. Products and sums of them are 64-bit everywhere.
pub(crate) const MAX_DIM: usize = i32::MAX as usize - 1;

/// The shape of a `req_to_token` table, in elements.
///
/// `rows` rows lie `row_stride` elements apart; the first `row_len <= row_stride` entries of each are meaningful. This is
/// SGLang's `ReqToTokenPool.req_to_token`, of shape `(size, max_context_len)`, generalised to strided views of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TableShape {
    rows: usize,
    row_stride: usize,
    row_len: usize,
}

impl TableShape {
    /// A dense table: `row_len` equals `row_stride`. Either size may be 0.
    ///
    /// # Errors
    /// [`ShapeError::TooLarge`] where `rows` or `row_stride` is 2^31 - 1 or more.
    pub const fn new(rows: usize, row_stride: usize) -> Result<Self, ShapeError> {
        if rows > MAX_DIM {
            return Err(ShapeError::TooLarge { argument: "rows", value: rows, max: MAX_DIM });
        }
        if row_stride > MAX_DIM {
            return Err(ShapeError::TooLarge { argument: "row_stride", value: row_stride, max: MAX_DIM });
        }
        Ok(Self { rows, row_stride, row_len: row_stride })
    }

    /// The same table with only the first `row_len` entries of each row meaningful.
    ///
    /// # Errors
    /// [`ShapeError::RowLenExceedsStride`].
    pub const fn with_row_len(self, row_len: usize) -> Result<Self, ShapeError> {
        if row_len > self.row_stride {
            return Err(ShapeError::RowLenExceedsStride { row_len, row_stride: self.row_stride });
        }
        Ok(Self { row_len, ..self })
    }

    /// The number of rows (requests the pool can hold).
    #[must_use]
    pub const fn rows(&self) -> usize {
        self.rows
    }

    /// The distance between the starts of two rows, in elements.
    #[must_use]
    pub const fn row_stride(&self) -> usize {
        self.row_stride
    }

    /// The number of meaningful entries of a row, at most [`row_stride`](Self::row_stride).
    #[must_use]
    pub const fn row_len(&self) -> usize {
        self.row_len
    }

    /// The elements that the storage must hold: `(rows - 1) * row_stride + row_len`, or 0 where `rows` or `row_len` is 0.
    /// On a host of 32 bits, `usize::MAX` where that is more: no slice is so long.
    #[must_use]
    pub const fn storage_len(&self) -> usize {
        let needed = self.needed();
        if needed > usize::MAX as u64 { usize::MAX } else { needed as usize }
    }

    const fn needed(&self) -> u64 {
        if self.rows == 0 || self.row_len == 0 {
            return 0;
        }
        (self.rows as u64 - 1) * self.row_stride as u64 + self.row_len as u64
    }

    /// Checks that storage of `len` elements holds the table.
    ///
    /// # Errors
    /// [`ShapeError::TableTooShort`].
    pub const fn check_storage(&self, len: usize) -> Result<(), ShapeError> {
        let needed = self.needed();
        if (len as u64) < needed {
            return Err(ShapeError::TableTooShort { needed, len });
        }
        Ok(())
    }

    /// Checks that an output of this shape has so many rows.
    const fn check_rows(&self, argument: &'static str, needed: u64) -> Result<(), ShapeError> {
        if (self.rows as u64) < needed {
            return Err(ShapeError::TooFewRows { argument, rows: self.rows, needed });
        }
        Ok(())
    }
}

/// The batch of a call, which is the length of `req_pool_indices`, where the `others`, by name and length, agree.
///
/// # Errors
/// [`ShapeError`] where a length differs from it, or it reaches 2^31 - 1.
pub fn batch_of(req_pool_indices: usize, others: &[(&'static str, usize)]) -> Result<usize, ShapeError> {
    rows_of(("req_pool_indices", req_pool_indices), others)
}

/// The batch of a call, which is the length of its `first` index array, where the `others`, by name and length, agree.
///
/// # Errors
/// [`ShapeError`] where a length differs from it, or it reaches 2^31 - 1.
pub(crate) fn rows_of(first: (&'static str, usize), others: &[(&'static str, usize)]) -> Result<usize, ShapeError> {
    let batch = len_of(first)?;
    match others.iter().find(|(_, len)| *len != batch) {
        Some(&(argument, len)) => Err(ShapeError::LengthMismatch { argument, len, batch }),
        None => Ok(batch),
    }
}

/// The length of an array, by its name.
///
/// # Errors
/// [`ShapeError::TooLarge`] where it reaches 2^31 - 1.
fn len_of((argument, value): (&'static str, usize)) -> Result<usize, ShapeError> {
    if value > MAX_DIM { Err(ShapeError::TooLarge { argument, value, max: MAX_DIM }) } else { Ok(value) }
}

/// The batch of a call whose outputs, by name and length, hold equally many tokens of each row.
///
/// # Errors
/// As [`batch_of`]; and where `tokens_per_row` reaches 2^31 - 1, or an output is not as long as all rows' tokens.
pub fn uniform_batch_of(
    req_pool_indices: usize,
    others: &[(&'static str, usize)],
    tokens_per_row: usize,
    outputs: &[(&'static str, usize)],
) -> Result<usize, ShapeError> {
    let batch = batch_of(req_pool_indices, others)?;
    if tokens_per_row > MAX_DIM {
        return Err(ShapeError::TooLarge { argument: "tokens_per_row", value: tokens_per_row, max: MAX_DIM });
    }
    // Both are below 2^31, so that 64 bits hold their product.
    let tokens = batch as u64 * tokens_per_row as u64;
    match outputs.iter().find(|(_, len)| *len as u64 != tokens) {
        Some(&(argument, len)) => Err(ShapeError::TokensMismatch { argument, len, batch, tokens_per_row }),
        None => Ok(batch),
    }
}

/// Checks that a number of the call is from 1 to 2^31 - 2.
pub(crate) fn in_range(argument: &'static str, value: usize) -> Result<(), ShapeError> {
    if (1..=MAX_DIM).contains(&value) {
        return Ok(());
    }
    let value = i64::try_from(value).unwrap_or(i64::MAX);
    Err(ShapeError::OutOfRange { argument, value, min: 1, max: MAX_DIM as i64 })
}

/// The batch of a call that makes block tables, for arrays of these lengths and tables of these shapes.
///
/// # Errors
/// As [`batch_of`]; where `page_size` or `repeat` is not from 1 to 2^31 - 2, `until` is below 0 or has more pages than there
/// are columns, or there are not `repeat` rows for each request.
pub fn block_tables_of(
    req_pool_indices: usize,
    lens: Lengths<usize>,
    table: TableShape,
    page_size: usize,
    repeat: usize,
    out: TableShape,
) -> Result<usize, ShapeError> {
    let batch = match lens {
        Lengths::Each(lens) => batch_of(req_pool_indices, &[("lens", lens)])?,
        Lengths::Until(_) => batch_of(req_pool_indices, &[])?,
    };
    in_range("page_size", page_size)?;
    in_range("repeat", repeat)?;
    // All are below 2^31, so that 64 bits hold their products.
    if let Lengths::Until(value) = lens {
        let max = out.row_len() as i64 * page_size as i64;
        if value < 0 || value.min(table.row_len() as i64) > max {
            return Err(ShapeError::OutOfRange { argument: "until", value, min: 0, max });
        }
    }
    out.check_rows("out", batch as u64 * repeat as u64)?;
    Ok(batch)
}

/// The batch of a call that takes pages of a list of `free_pages`, for arrays of these lengths.
///
/// # Errors
/// As `rows_of`; where `free_pages` reach 2^31 - 1, or the page size is none.
pub fn paged_batch_of(
    first: (&'static str, usize),
    others: &[(&'static str, usize)],
    free_pages: usize,
    page_size: usize,
) -> Result<usize, ShapeError> {
    in_range("page_size", page_size)?;
    len_of(("free_pages", free_pages))?;
    rows_of(first, others)
}

/// The batch of a decode step, for arrays of these lengths.
///
/// # Errors
/// As [`paged_batch_of`]; where there are fewer block tables than rows.
pub fn decode_batch_of(
    req_pool_indices: usize,
    others: &[(&'static str, usize)],
    free_pages: usize,
    page_size: usize,
    block_tables: TableShape,
) -> Result<usize, ShapeError> {
    let batch = paged_batch_of(("req_pool_indices", req_pool_indices), others, free_pages, page_size)?;
    block_tables.check_rows("block_tables", batch as u64)?;
    Ok(batch)
}

#[cfg(test)]
mod tests {
    use super::{MAX_DIM, ShapeError, TableShape, batch_of};

    const TOO_LARGE: usize = (1 << 31) - 1;

    #[test]
    fn sizes_below_2_31_minus_1_pass_and_that_is_refused_by_name() {
        let shape = TableShape::new(MAX_DIM, MAX_DIM).unwrap();
        assert_eq!(shape.needed(), (MAX_DIM as u64).pow(2));
        assert_eq!(shape.storage_len(), MAX_DIM.saturating_pow(2));
        assert_eq!(batch_of(MAX_DIM, &[]), Ok(MAX_DIM));
        let too_large = |argument| ShapeError::TooLarge { argument, value: TOO_LARGE, max: MAX_DIM };
        assert_eq!(TableShape::new(TOO_LARGE, 1), Err(too_large("rows")));
        assert_eq!(TableShape::new(1, TOO_LARGE), Err(too_large("row_stride")));
        assert_eq!(batch_of(TOO_LARGE, &[]), Err(too_large("req_pool_indices")));
    }

    #[test]
    fn storage_ends_with_the_last_meaningful_entry() {
        let shape = |rows, stride, len| TableShape::new(rows, stride).unwrap().with_row_len(len).unwrap();
        assert_eq!(shape(3, 5, 4).storage_len(), 14);
        assert_eq!(shape(1, 5, 4).storage_len(), 4);
        assert_eq!(shape(0, 5, 4).storage_len(), 0);
        assert_eq!(shape(3, 5, 0).storage_len(), 0);
        assert_eq!(shape(3, 0, 0).storage_len(), 0);
    }
}
