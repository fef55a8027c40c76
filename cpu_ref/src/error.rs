//! What an operation refuses, and what the CPU reference returns.

use core::error::Error;
use core::fmt::{Display, Formatter, Result};

use crate::RowFault;

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
    /// An array's length is not the batch, which is the length of the operation's first index array.
    LengthMismatch {
        /// The array.
        argument: &'static str,
        /// Its length in elements.
        len: usize,
        /// The batch.
        batch: usize,
    },
    /// An output of rows of equally many tokens is not as long as all of them.
    TokensMismatch {
        /// The array.
        argument: &'static str,
        /// Its length in elements.
        len: usize,
        /// The length of `req_pool_indices`.
        batch: usize,
        /// Tokens of each row.
        tokens_per_row: usize,
    },
    /// A number of the call is not one that it can be.
    OutOfRange {
        /// The argument.
        argument: &'static str,
        /// What was given.
        value: i64,
        /// The least that it can be.
        min: i64,
        /// The greatest.
        max: i64,
    },
    /// An output has fewer rows than the batch needs.
    TooFewRows {
        /// The output.
        argument: &'static str,
        /// The rows that it has.
        rows: usize,
        /// The rows that are needed.
        needed: u64,
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
                write!(f, "{argument}: {len} elements, the batch has {batch}")
            }
            Self::TokensMismatch { argument, len, batch, tokens_per_row } => {
                write!(
                    f,
                    "{argument}: {len} elements, the batch (req_pool_indices) has {batch} rows of {tokens_per_row} tokens"
                )
            }
            Self::OutOfRange { argument, value, min, max } => {
                write!(f, "{argument}: {value} is not one of {min} to {max}")
            }
            Self::TooFewRows { argument, rows, needed } => {
                write!(f, "{argument}: {rows} rows, the batch needs {needed}")
            }
            Self::CopyLength { host, device } => {
                write!(f, "copy: {host} elements in host memory, {device} in device memory")
            }
        }
    }
}

impl Error for ShapeError {}

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
