//! What the seeds of operations are made of: values that mean something in every table and element type, and tables.

use std::sync::Arc;

use ascend_cache_loc::{IntType, TableShape};

use crate::case::Table;
use crate::splitmix::splitmix64;

/// A value that means something in every table and element type.
#[derive(Clone, Copy, Debug)]
pub enum Val {
    /// As it stands.
    At(i64),
    /// So far past the limit: the rows of the table for a request, the row length for a length or offset.
    Past(i64),
    /// As it stands and 2^32 beside, where the element type can hold it: right in the low word alone.
    Beyond(i64),
    /// The least value of the element type.
    Min,
    /// The greatest.
    Max,
    /// Something from 0 up to the limit, excluded, different from row to row.
    Any,
}

impl Val {
    /// The value in an element type, for a limit.
    #[must_use]
    pub fn resolve(self, dtype: IntType, limit: usize, salt: u64) -> i64 {
        let (min, max) = match dtype {
            IntType::I32 => (i32::MIN.into(), i32::MAX.into()),
            IntType::I64 => (i64::MIN, i64::MAX),
        };
        match self {
            Self::At(value) => value,
            Self::Beyond(value) => value + if dtype == IntType::I64 { 1 << 32 } else { 0 },
            Self::Past(by) => limit as i64 + by,
            Self::Min => min,
            Self::Max => max,
            Self::Any => (splitmix64(salt) % limit.max(1) as u64) as i64,
        }
    }
}

/// (rows, row stride, row length)
pub const TABLES: [(usize, usize, usize); 11] = [
    (0, 0, 0),
    (0, 9, 7),
    (2, 0, 0),
    (3, 5, 0),
    (1, 1, 1),
    (1, 4, 3),
    (3, 8, 8),
    (5, 33, 33),
    (4, 12, 7),
    (17, 128, 100),
    (64, 300, 257),
];

/// Rows of a batch.
pub const BATCHES: [usize; 18] = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 129, 256, 300];

/// A table whose storage ends with the last meaningful entry; entries take every sign, gaps hold a value no entry has.
///
/// # Panics
/// Where the row length is more than the stride.
#[must_use]
pub fn table((rows, row_stride, row_len): (usize, usize, usize)) -> Arc<Table> {
    const GAP: i32 = 0x5EED_5EED;
    let shape = TableShape::new(rows, row_stride).and_then(|shape| shape.with_row_len(row_len)).expect("a shape");
    let slots = (0..shape.storage_len())
        .map(|i| match i % row_stride {
            column if column >= row_len => GAP,
            _ => match i % 5 {
                3 if i % 2 == 0 => i32::MIN,
                3 => i32::MAX,
                4 => -1,
                _ => splitmix64(i as u64) as i32,
            },
        })
        .collect();
    Arc::new(Table { shape, slots })
}

/// Row `i` of a seed repeated over the batch.
pub fn repeat<T: Copy>(seed: &[T], batch: usize) -> impl Iterator<Item = (u64, T)> {
    (0..batch).map(|i| (i as u64, seed[i % seed.len()]))
}

/// The items of one of `parts` parts, every so many of them.
pub fn part<T>(items: impl IntoIterator<Item = T>, (part, parts): (usize, usize)) -> impl Iterator<Item = T> {
    items.into_iter().skip(part).step_by(parts)
}
