//! A small table of seeds, each expanded over tables, batch sizes, element types and capacities.

use std::sync::Arc;

use ascend_cache_loc::{IntType, TableShape};

use super::check;
use harness::backend::Backend;
use harness::case::{Case, Dtypes, Op, Table};
use harness::splitmix::splitmix64;

/// A value that means something in every table and element type.
#[derive(Clone, Copy, Debug)]
enum Val {
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
use Val::{Any, At, Beyond, Max, Min, Past};

impl Val {
    fn resolve(self, dtype: IntType, limit: usize, salt: u64) -> i64 {
        let (min, max) = match dtype {
            IntType::I32 => (i32::MIN.into(), i32::MAX.into()),
            IntType::I64 => (i64::MIN, i64::MAX),
        };
        match self {
            At(value) => value,
            Beyond(value) => value + if dtype == IntType::I64 { 1 << 32 } else { 0 },
            Past(by) => limit as i64 + by,
            Min => min,
            Max => max,
            Any => (splitmix64(salt) % limit.max(1) as u64) as i64,
        }
    }
}

/// (rows, row stride, row length)
const TABLES: [(usize, usize, usize); 11] = [
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

const BATCHES: [usize; 18] = [0, 1, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 64, 65, 255, 256, 300];

/// Rows (request, prefix length) that repeat over the batch.
const LAST_LOC_SEEDS: [&[(Val, Val)]; 13] = [
    &[(Any, Any)],
    &[(Any, At(0))],
    &[(Any, At(1))],
    &[(Any, Past(0))],
    &[(Past(-1), Past(0)), (At(0), At(1))],
    &[(Any, Any), (Any, At(-1)), (Max, Min), (Min, At(0))],
    &[(Any, Any), (Any, Any), (Any, Any), (Past(0), Any)],
    &[(Any, Any), (At(-1), At(1)), (Any, Past(1))],
    &[(Any, Past(1)), (Min, Past(1))],
    &[(Any, Max), (Max, Max)],
    &[(Max, At(1)), (Any, Any)],
    &[(Past(0), Min), (Past(0), Max)],
    &[(Any, At(1)), (Beyond(0), At(1)), (Any, Beyond(1)), (Any, Beyond(-1)), (Beyond(-1), At(1))],
];

/// The greatest end offset of a row with a place.
const MOST: i64 = (1 << 31) - 2;
/// [`Beyond`] it lies 2^31 in int64, and the least value in int32.
const HALF: i64 = -(1 << 31);

/// Rows (request, start, end) that repeat over the batch.
const EXTEND_SEEDS: [&[(Val, Val, Val)]; 30] = [
    &[(Any, At(0), Past(0))],
    &[(Any, At(0), At(1))],
    &[(Any, Past(-1), Past(0))],
    &[(Any, At(0), At(1)), (Any, At(1), At(3))],
    &[(Any, At(0), Any)],
    &[(Any, Any, Past(0)), (Any, At(2), At(2))],
    &[(Any, At(0), At(0)), (Max, Max, Max), (Min, Min, Min), (Past(0), Past(1), Past(1))],
    &[(Any, At(0), Any), (Any, At(0), Any), (Any, At(0), Any), (Past(0), At(0), At(1))],
    &[(Any, At(0), Any), (At(-1), At(0), At(1)), (Any, At(1), At(0))],
    &[(Any, At(1), At(0)), (Any, At(0), Any)],
    &[(Any, Max, Min), (Any, Min, Max), (Max, Min, Max)],
    &[(Any, At(-1), At(1)), (Any, At(0), Past(0))],
    &[(Any, At(0), Past(1)), (Any, At(0), At(1))],
    &[(Any, At(0), Max), (Any, Min, At(0))],
    &[(Past(1), At(1), At(0)), (Any, At(0), At(1))],
    &[(Any, Any, Any)],
    &[(Any, At(0), At(1)), (Beyond(0), At(0), At(1))],
    &[(Any, Beyond(0), At(1)), (Any, At(0), Beyond(1)), (Any, At(0), At(1)), (Any, Beyond(0), Beyond(1))],
    // Windows of 4, some of them past the row: the ones behind stay where they are.
    &[(Any, At(2), At(6)), (Any, At(6), At(10)), (Any, At(1), At(5))],
    &[(Any, At(0), At(4)), (Any, Past(-2), Past(2)), (Any, Past(1), Past(5))],
    &[
        (Any, At(0), At(1)),
        (Past(0), At(0), At(3)),
        (Any, At(0), At(2)),
        (Beyond(0), At(1), At(18)),
        (Min, At(1), At(2)),
    ],
    // Nothing but bad rows with a place.
    &[(Past(0), At(0), At(5)), (Any, Past(0), Past(7)), (Max, At(3), At(4)), (At(-1), Past(40), Past(41))],
    &[(At(-1), At(1), At(18))],
    // The ends of what is a place.
    &[(Any, At(MOST - 3), At(MOST)), (Any, At(0), At(1))],
    &[(Any, At(MOST - 3), At(MOST + 1)), (Any, At(MOST), At(MOST + 1)), (Any, At(0), At(1)), (Any, Max, At(0))],
    &[(Any, At(MOST + 1), At(MOST + 1)), (Any, At(MOST), At(MOST)), (Any, At(MOST - 1), At(MOST)), (Any, At(0), At(1))],
    &[(Any, Beyond(1), Beyond(3)), (Any, Beyond(HALF), Beyond(HALF + 4)), (Any, At(0), At(1)), (Any, At(1), Beyond(4))],
    // Places longer than any output, one of them cut and one behind what is cut.
    &[(Any, At(0), At(1)), (Any, At(1), At(2)), (Past(0), At(0), At(MOST)), (Any, At(0), At(1))],
    // No place beside a place.
    &[
        (Any, At(-1), At(5)),
        (Any, At(5), At(3)),
        (Any, Min, Max),
        (Any, Max, Min),
        (Past(0), At(2), At(5)),
        (Any, At(0), At(1)),
    ],
    &[(Past(0), Min, Min), (Past(0), At(2), At(5)), (At(-1), At(-7), At(-7)), (Any, Max, Max), (Any, At(0), At(1))],
];

/// A table whose storage ends with the last meaningful entry; entries take every sign, gaps hold a value no entry has.
fn table((rows, row_stride, row_len): (usize, usize, usize)) -> Arc<Table> {
    const GAP: i32 = 0x5EED_5EED;
    let shape = TableShape::new(rows, row_stride).unwrap().with_row_len(row_len).unwrap();
    let slots = (0..shape.storage_len())
        .map(|i| match i % row_stride as u64 {
            column if column >= row_len as u64 => GAP,
            _ => match i % 5 {
                3 if i % 2 == 0 => i32::MIN,
                3 => i32::MAX,
                4 => -1,
                _ => splitmix64(i) as i32,
            },
        })
        .collect();
    Arc::new(Table { shape, slots })
}

/// Row `i` of a seed repeated over the batch.
fn repeat<T: Copy>(seed: &[T], batch: usize) -> impl Iterator<Item = (u64, T)> {
    (0..batch).map(|i| (i as u64, seed[i % seed.len()]))
}

fn last_loc_case(table: &Arc<Table>, seed: &[(Val, Val)], batch: usize, dtypes: Dtypes) -> Case {
    let Dtypes { req_pool_indices, lens, .. } = dtypes;
    let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
    Case {
        op: Op::GetLastLoc {
            prefix_lens: repeat(seed, batch).map(|(i, (_, len))| len.resolve(lens, row_len, !i)).collect(),
        },
        dtypes,
        table: table.clone(),
        req_pool_indices: repeat(seed, batch).map(|(i, (req, _))| req.resolve(req_pool_indices, rows, i)).collect(),
        out_init: -777,
    }
}

fn extend_case(table: &Arc<Table>, seed: &[(Val, Val, Val)], batch: usize, dtypes: Dtypes, out_len: usize) -> Case {
    let Dtypes { req_pool_indices, lens, .. } = dtypes;
    let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
    Case {
        op: Op::AssignExtendCacheLocs {
            start_offsets: repeat(seed, batch).map(|(i, (_, start, _))| start.resolve(lens, row_len, !i)).collect(),
            end_offsets: repeat(seed, batch).map(|(i, (_, _, end))| end.resolve(lens, row_len, i << 32)).collect(),
            out_len,
        },
        dtypes,
        table: table.clone(),
        req_pool_indices: repeat(seed, batch).map(|(i, (req, ..))| req.resolve(req_pool_indices, rows, i)).collect(),
        out_init: -777,
    }
}

/// The elements that the rows of a case fill, given room; a few of them where they are too many for that.
fn total(case: &Case) -> usize {
    let Op::AssignExtendCacheLocs { start_offsets, end_offsets, .. } = &case.op else { return case.out_len() };
    let places =
        start_offsets.iter().zip(end_offsets).filter(|&(&start, &end)| 0 <= start && start < end && end <= MOST);
    let total = places.map(|(start, end)| (end - start) as usize).sum();
    if total > 1 << 20 { 500 } else { total }
}

pub(crate) fn last_loc(backend: &mut impl Backend) {
    for table in TABLES.map(table) {
        for seed in LAST_LOC_SEEDS {
            for batch in BATCHES {
                for dtypes in Dtypes::all() {
                    check(backend, &last_loc_case(&table, seed, batch, dtypes));
                }
            }
        }
    }
}

pub(crate) fn extend_locs(backend: &mut impl Backend) {
    for table in TABLES.map(table) {
        for seed in EXTEND_SEEDS {
            for batch in BATCHES {
                for dtypes in Dtypes::all() {
                    let total = total(&extend_case(&table, seed, batch, dtypes, 0));
                    for out_len in [total, total + 13, total.saturating_sub(1), total / 2, 0] {
                        check(backend, &extend_case(&table, seed, batch, dtypes, out_len));
                    }
                }
            }
        }
    }
}

/// A batch far beyond what any tile holds.
pub(crate) fn batch_of_100_000(backend: &mut impl Backend) {
    let table = table((64, 300, 257));
    for dtypes in Dtypes::all() {
        check(backend, &last_loc_case(&table, LAST_LOC_SEEDS[5], 100_000, dtypes));
        let seed = EXTEND_SEEDS[3];
        let total = total(&extend_case(&table, seed, 100_000, dtypes, 0));
        check(backend, &extend_case(&table, seed, 100_000, dtypes, total));
        check(backend, &extend_case(&table, seed, 100_000, dtypes, total - 1));
        let seed = [(Any, At(0), At(1)), (Past(0), At(7), At(10)), (Any, At(9), At(3)), (Any, Past(0), Past(2))];
        check(backend, &extend_case(&table, &seed, 100_000, dtypes, 150_000));
    }
}

/// One row of 65,536 tokens and more beside 255 of one, at each end and in the middle, valid and bad, whole and cut.
pub(crate) fn long_rows(backend: &mut impl Backend) {
    let table = table((3, 65_600, 65_537));
    for dtypes in Dtypes::all() {
        for long in [0, 100, 255] {
            for row in [(At(2), At(1), Past(0)), (Past(0), At(1), Past(0)), (At(2), At(1), Past(4_100))] {
                let mut seed = vec![(Any, At(5), At(6)); 256];
                seed[long] = row;
                let total = total(&extend_case(&table, &seed, 256, dtypes, 0));
                check(backend, &extend_case(&table, &seed, 256, dtypes, total));
                check(backend, &extend_case(&table, &seed, 256, dtypes, 40_003));
            }
        }
    }
}
