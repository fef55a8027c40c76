//! What an operation refuses, and what it reports.

use core::error::Error;
use core::fmt::{Display, Formatter, Result};

/// Arguments that do not fit together. Refused on the host, before anything is written or launched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ShapeError {
    /// A size of 2^31 - 1 or more.
    TooLarge {
        /// The argument that is too large.
        argument: &'static str,
        /// Its size in elements.
        value: usize,
        /// The largest size allowed.
        max: usize,
    },
    /// More meaningful entries in a row than the distance between rows.
    RowLenExceedsStride {
        /// Meaningful entries of a row.
        row_len: usize,
        /// Elements between the starts of two rows.
        row_stride: usize,
    },
    /// The table's storage is shorter than its shape.
    TableTooShort {
        /// Elements that the shape needs ([`TableShape::storage_len`](crate::TableShape::storage_len)).
        needed: u64,
        /// Elements given.
        len: usize,
    },
    /// An array's length is not the batch, which is the length of `req_pool_indices`.
    LengthMismatch {
        /// The array.
        argument: &'static str,
        /// Its length in elements.
        len: usize,
        /// The length of `req_pool_indices`.
        batch: usize,
    },
    /// A copy between host and device memory of different lengths.
    CopyLength {
        /// Elements in host memory.
        host: usize,
        /// Elements in device memory.
        device: usize,
    },
}

impl Display for ShapeError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Self::TooLarge { argument, value, max } => write!(f, "{argument}: {value} elements, the limit is {max}"),
            Self::RowLenExceedsStride { row_len, row_stride } => {
                write!(f, "row_len: {row_len} entries do not fit in a row stride of {row_stride}")
            }
            Self::TableTooShort { needed, len } => {
                write!(f, "table: {len} elements given, its shape needs {needed}")
            }
            Self::LengthMismatch { argument, len, batch } => {
                write!(f, "{argument}: {len} elements, the batch (req_pool_indices) has {batch}")
            }
            Self::CopyLength { host, device } => {
                write!(f, "copy: {host} elements in host memory, {device} in device memory")
            }
        }
    }
}

impl Error for ShapeError {}

/// Why a row of the batch is bad, with the offending values. Of several reasons in one row the first of this order is
/// reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Not `0 <= req < rows`.
    RequestOutOfRange {
        /// The request pool index.
        req: i64,
        /// The table's rows.
        rows: i64,
    },
    /// `prefix_len > row_len`.
    PrefixOutOfRange {
        /// The prefix length, in tokens.
        prefix_len: i64,
        /// The table's meaningful entries per row.
        row_len: i64,
    },
    /// `start > end`.
    RangeReversed {
        /// The start offset, in tokens.
        start: i64,
        /// The end offset, in tokens.
        end: i64,
    },
    /// `start < 0` or `end > row_len`.
    RangeOutOfRow {
        /// The start offset, in tokens.
        start: i64,
        /// The end offset, in tokens.
        end: i64,
        /// The table's meaningful entries per row.
        row_len: i64,
    },
    /// The row does not fit whole into what is left of `out`.
    OutputTooShort {
        /// Where the row ends in the output: the sum of the lengths up to and with this row.
        end: i64,
        /// The length of `out`, in elements.
        capacity: i64,
    },
}

impl FaultKind {
    /// The variant's name, as case files have it: `"RequestOutOfRange"` and so on.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::RequestOutOfRange { .. } => "RequestOutOfRange",
            Self::PrefixOutOfRange { .. } => "PrefixOutOfRange",
            Self::RangeReversed { .. } => "RangeReversed",
            Self::RangeOutOfRow { .. } => "RangeOutOfRow",
            Self::OutputTooShort { .. } => "OutputTooShort",
        }
    }
}

impl Display for FaultKind {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match *self {
            Self::RequestOutOfRange { req, rows } => {
                write!(f, "request pool index {req} is outside the table's {rows} rows")
            }
            Self::PrefixOutOfRange { prefix_len, row_len } => {
                write!(f, "prefix length {prefix_len} exceeds the row length {row_len}")
            }
            Self::RangeReversed { start, end } => write!(f, "start offset {start} lies after end offset {end}"),
            Self::RangeOutOfRow { start, end, row_len } => {
                write!(f, "offsets {start}..{end} leave the row of length {row_len}")
            }
            Self::OutputTooShort { end, capacity } => {
                write!(f, "the row's output ends at element {end}, out holds {capacity}")
            }
        }
    }
}

/// The lowest faulting row of a batch. Every valid row was computed all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowFault {
    /// The row's place in the batch, from 0.
    pub row: usize,
    /// What is wrong with it.
    pub kind: FaultKind,
}

impl Display for RowFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        write!(f, "row {}: {}", self.row, self.kind)
    }
}

impl Error for RowFault {}

/// What an operation of the CPU reference returns where it did not compute the whole batch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefError {
    /// The arguments do not fit together; nothing was written.
    Shape(ShapeError),
    /// A row is bad; every valid row was written.
    Fault(RowFault),
}

impl Display for RefError {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        match self {
            Self::Shape(error) => Display::fmt(error, f),
            Self::Fault(fault) => Display::fmt(fault, f),
        }
    }
}

impl Error for RefError {}

impl From<ShapeError> for RefError {
    fn from(error: ShapeError) -> Self {
        Self::Shape(error)
    }
}

impl From<RowFault> for RefError {
    fn from(fault: RowFault) -> Self {
        Self::Fault(fault)
    }
}
