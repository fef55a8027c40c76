//! What the cost report asks an operation: a case for a batch, and the bytes that no kernel for it can spare.

use ascend_cache_loc::IntType;

use crate::case::Case;
use crate::operation::Param;

/// Ranges of tokens of requests: what serving asks of the operations in a step.
#[derive(Clone, Debug)]
pub struct Batch {
    /// Rows of the table, none of them twice.
    pub requests: Vec<i64>,
    /// Each one's first token.
    pub starts: Vec<i64>,
    /// One past each one's last token.
    pub ends: Vec<i64>,
}

impl Batch {
    /// Tokens of all requests.
    #[must_use]
    pub fn tokens(&self) -> usize {
        self.starts.iter().zip(&self.ends).map(|(start, end)| (end - start) as usize).sum()
    }

    /// The tokens of each request, where all have as many.
    #[must_use]
    pub fn width(&self) -> Option<i64> {
        let mut widths = self.starts.iter().zip(&self.ends).map(|(start, end)| end - start);
        let first = widths.next()?;
        widths.all(|width| width == first).then_some(first)
    }
}

/// What a case has beside the table: arrays, numbers, lengths of outputs.
pub type Measured = (Vec<Vec<i64>>, Vec<i64>, Vec<usize>);

/// What any kernel moves at the least, in bytes over all cores unless said otherwise.
#[derive(Clone, Copy, Debug, Default)]
pub struct Traffic {
    /// Read once.
    pub read: f64,
    /// Read by every core: where a row's place depends on the rows before it.
    pub read_by_each: f64,
    /// Written.
    pub written: f64,
    /// Copies that cannot be one, in number.
    pub copies: f64,
}

/// Bytes of an array of a case.
#[must_use]
pub fn bytes(case: &Case, param: Param, count: f64) -> f64 {
    if case.dtypes.of(param) == IntType::I32 { 4.0 * count } else { 8.0 * count }
}

/// Bytes of the table that ranges of so many entries take, each no less than a block.
pub fn entries(lens: impl Iterator<Item = i64>, block_bytes: f64) -> f64 {
    lens.map(|len| (4.0 * len as f64).max(block_bytes)).sum()
}
