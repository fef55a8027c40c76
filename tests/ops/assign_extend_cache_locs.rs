//! `assign_extend_cache_locs`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{OutputTooShort, RangeOutOfRow, RangeReversed, RequestOutOfRange};
use ascend_cache_loc::{self as device, Int, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{ExtendLocs, RefError, ReqToToken, assign_extend_cache_locs};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, Outcome, Table, Written, entry};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::traffic::{Batch, Measured, Traffic, bytes, entries};
use crate::{reads, typed};

/// The operation, to tests.
#[derive(Debug)]
pub struct AssignExtendCacheLocs;

impl<R: Int, L: Int, O: Int> Call for ExtendLocs<'_, R, L, O> {
    fn operation(&self) -> device::Operation {
        device::Operation::ASSIGN_EXTEND_CACHE_LOCS
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, ref mut out } = self;
        assign_extend_cache_locs(ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let shape = self.table.shape();
        let reads = reads::ranges(shape, self.req_pool_indices, self.start_offsets, self.end_offsets);
        let args = device::ExtendLocs {
            table: carrier.table(&self.table, reads::within(self.out.len(), reads))?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            start_offsets: carrier.input(self.start_offsets)?,
            end_offsets: carrier.input(self.end_offsets)?,
            out: carrier.output(self.out)?,
        };
        let launched = device::assign_extend_cache_locs_with(carrier.stream(), args, carrier.config());
        carrier.finish(launched, device::Operation::ASSIGN_EXTEND_CACHE_LOCS, self.out)
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = O::from_slot(slot);
    }
}

impl Operation for AssignExtendCacheLocs {
    fn operation(&self) -> device::Operation {
        device::Operation::ASSIGN_EXTEND_CACHE_LOCS
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("req_pool_indices", Param::R), ("start_offset", Param::L), ("end_offset", Param::L)]
    }

    fn has_capacity(&self) -> bool {
        true
    }

    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        let reads = reads::ranges(case.table.shape, &case.arrays[0], &case.arrays[1], &case.arrays[2]);
        reads::within(case.out_lens[0], reads).collect()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [req_pool_indices, start_offsets, end_offsets] = &case.arrays[..] else { panic!("three arrays") };
        extend_locs_oracle(case.table.view(), req_pool_indices, start_offsets, end_offsets, &mut written.outs[0])
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [R, L, O], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        for table in TABLES.map(table) {
            for seed in part(SEEDS, of) {
                for batch in BATCHES {
                    for dtypes in Dtypes::all() {
                        let total = total(&seeded(&table, seed, batch, dtypes, 0));
                        for out_len in [total, total + 13, total.saturating_sub(1), total / 2, 0] {
                            each(&seeded(&table, seed, batch, dtypes, out_len));
                        }
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        // A batch far beyond what any tile holds.
        let many = table((64, 300, 257));
        for dtypes in Dtypes::all() {
            let total = total(&seeded(&many, SEEDS[3], 100_000, dtypes, 0));
            each(&seeded(&many, SEEDS[3], 100_000, dtypes, total));
            each(&seeded(&many, SEEDS[3], 100_000, dtypes, total - 1));
            let seed = [(Any, At(0), At(1)), (Past(0), At(7), At(10)), (Any, At(9), At(3)), (Any, Past(0), Past(2))];
            each(&seeded(&many, &seed, 100_000, dtypes, 150_000));
        }
        // One row of 65,536 tokens and more beside 255 of one, at each end and in the middle, valid and bad, whole and cut.
        let long_row = table((3, 65_600, 65_537));
        for dtypes in Dtypes::all() {
            for long in [0, 100, 255] {
                for row in [(At(2), At(1), Past(0)), (Past(0), At(1), Past(0)), (At(2), At(1), Past(4_100))] {
                    let mut seed = vec![(Any, At(5), At(6)); 256];
                    seed[long] = row;
                    let total = total(&seeded(&long_row, &seed, 256, dtypes, 0));
                    each(&seeded(&long_row, &seed, 256, dtypes, total));
                    each(&seeded(&long_row, &seed, 256, dtypes, 40_003));
                }
            }
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let slots = [10, 11, 20, 21];
        let table = ReqToToken::new(TableShape::new(2, 2).expect("a shape"), &slots).expect("it fits");
        let mut out = [-777_i64; 3];
        // Two requests; each offset array in turn too short or too long.
        for len in [0, 1, 3] {
            let mismatch =
                |argument| Err(CallError::Ref(RefError::Shape(ShapeError::LengthMismatch { argument, len, batch: 2 })));
            let mut extend = |start_offsets: &[i32], end_offsets: &[i32]| {
                let req_pool_indices = &[0_i64, 1];
                backend.call(&mut ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: &mut out })
            };
            assert_eq!(extend(&[1; 3][..len], &[2, 2]), mismatch("start_offsets"));
            assert_eq!(extend(&[0, 0], &[1; 3][..len]), mismatch("end_offsets"));
            assert_eq!(out, [-777; 3]);
        }
    }

    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let arrays = vec![batch.requests.clone(), batch.starts.clone(), batch.ends.clone()];
        Some((arrays, Vec::new(), vec![batch.tokens()]))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let n = case.batch() as f64;
        let lens = case.arrays[1].iter().zip(&case.arrays[2]).map(|(start, end)| end - start);
        Traffic {
            read: bytes(case, Param::R, n) + entries(lens, block_bytes),
            read_by_each: bytes(case, Param::L, 2.0 * n),
            written: bytes(case, Param::O, case.out_lens[0] as f64),
            copies: n,
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{below, draw, dtypes, range, table};
        use proptest::prelude::*;

        // Of a batch's rows none is odd, or about one in 30 is, every third, all.
        let odd = prop_oneof![Just(0), Just(1), Just(10), Just(30)];
        let rows = proptest::collection::vec((0..30_u8, draw(), draw(), any::<u64>()), 0..70);
        (table(), dtypes(), rows, odd, 0..16_usize)
            .prop_map(|(table, dtypes, rows, odd, room)| {
                let limits = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let row = |&(dice, req, offsets, more)| {
                    if dice < odd {
                        return odd_row(dtypes, limits, req, offsets, more);
                    }
                    let (start, end) = range(limits.1, offsets);
                    (below(limits.0, req.1), start, end)
                };
                let rows: Vec<_> = rows.iter().map(row).collect();
                // As much as the rows' places need, up to a limit; a third of the cases have less room than that.
                let place = |start: i64, end: i64| {
                    if 0 <= start && start <= end { (end - start).min(5_000) as usize } else { 0 }
                };
                let most: usize = rows.iter().map(|&(_, start, end)| place(start, end)).sum();
                let out_len = most.min(5_000) * (10 - room.saturating_sub(5)) / 10;
                let reqs = rows.iter().map(|row| row.0).collect();
                let (starts, ends) = rows.iter().map(|row| (row.1, row.2)).unzip();
                let arrays = vec![reqs, starts, ends];
                Case::new(&AssignExtendCacheLocs, dtypes, table, arrays, out_len)
            })
            .boxed()
    }
}

fn run<R: Element, L: Element, O: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let mut out = case.out::<O>(0);
    let (reqs, starts, ends) = (case.array::<R>(0), case.array::<L>(1), case.array::<L>(2));
    let result = backend.call(&mut ExtendLocs {
        table: case.table.view(),
        req_pool_indices: &reqs[..],
        start_offsets: &starts[..],
        end_offsets: &ends[..],
        out: &mut out[..],
    });
    Outcome { written: Written::out(out), result }
}

/// The operation as plainly as its definition, in 64 bits: fills `out`, tells the lowest fault.
///
/// # Panics
/// Where the arrays are not as long as each other.
pub fn extend_locs_oracle(
    table: ReqToToken<'_>,
    reqs: &[i64],
    starts: &[i64],
    ends: &[i64],
    out: &mut [i64],
) -> Option<RowFault> {
    let (rows, row_len) = (table.shape().rows() as i64, table.shape().row_len() as i64);
    let capacity = out.len() as i64;
    let mut faults = Vec::new();
    let mut total = 0;
    for row in 0..reqs.len() {
        let (req, start, end) = (reqs[row], starts[row], ends[row]);
        // A bad row has its place too, where its offsets say one.
        let place = start >= 0 && start <= end && end <= 0x7fff_fffe;
        let (begin, length) = (total, if place { end - start } else { 0 });
        total += length;
        let bad = if start == end {
            None
        } else if req < 0 || req >= rows {
            Some(RequestOutOfRange { req, rows })
        } else if start > end {
            Some(RangeReversed { start, end })
        } else if start < 0 || end > row_len {
            Some(RangeOutOfRow { start, end, row_len })
        } else {
            None
        };
        for at in begin..total.min(capacity) {
            out[at as usize] = if bad.is_some() { -1 } else { entry(table, req, start + at - begin) };
        }
        let short = (length > 0 && total > capacity).then_some(OutputTooShort { end: total, capacity });
        faults.extend(bad.or(short).map(|kind| RowFault::new(row, kind)));
    }
    faults.first().copied()
}

/// A row (request, start, end) with something odd in it: mostly bad, some empty, some of the bad with a place.
#[cfg(feature = "proptest")]
fn odd_row(
    dtypes: Dtypes,
    (rows, row_len): (i64, i64),
    req: crate::random::Draw,
    offsets: crate::random::Draw,
    more: u64,
) -> (i64, i64, i64) {
    use crate::random::{below, beyond, range, value};

    let lens = dtypes.lens;
    let inside = below(rows, req.1);
    let (start, end) = match req.0 % 4 {
        2 | 3 => range(row_len, offsets),
        _ => match offsets.0 % 8 {
            0..4 => {
                let start = below(row_len + 9, offsets.1);
                (start, start + below(6, more))
            }
            4 => {
                let end = (1 << 31) - 9 + below(9, offsets.1);
                (end - below(5, more), end)
            }
            5 => {
                let (start, end) = range(row_len, offsets);
                (beyond(lens, start, more), beyond(lens, end, more >> 32))
            }
            6 => (value(lens, row_len, offsets), value(lens, row_len, ((more >> 56) as u8, more))),
            _ => {
                let at = value(lens, row_len, ((more >> 56) as u8, more));
                (at, at)
            }
        },
    };
    let req = match req.0 % 4 {
        2 => [-1, -2, -3, rows, rows + 1, rows + 2, rows + 3][below(7, req.1) as usize],
        3 => beyond(dtypes.req_pool_indices, inside, more),
        _ => inside,
    };
    (req, start, end)
}

/// The greatest end offset of a row with a place.
const MOST: i64 = (1 << 31) - 2;
/// [`Beyond`] it lies 2^31 in int64, and the least value in int32.
const HALF: i64 = -(1 << 31);

/// Rows (request, start, end) that repeat over the batch.
const SEEDS: [&[(Val, Val, Val)]; 31] = [
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
    // A length that int32 arithmetic would call 1.
    &[(Any, At(0), At(1)), (At(0), Max, Min), (Any, At(0), At(1))],
];

fn seeded(table: &Arc<Table>, seed: &[(Val, Val, Val)], batch: usize, dtypes: Dtypes, out_len: usize) -> Case {
    let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
    let reqs = repeat(seed, batch).map(|(i, (req, ..))| req.resolve(dtypes.req_pool_indices, rows, i)).collect();
    let starts = repeat(seed, batch).map(|(i, (_, start, _))| start.resolve(dtypes.lens, row_len, !i)).collect();
    let ends = repeat(seed, batch).map(|(i, (_, _, end))| end.resolve(dtypes.lens, row_len, i << 32)).collect();
    let arrays = vec![reqs, starts, ends];
    Case::new(&AssignExtendCacheLocs, dtypes, table.clone(), arrays, out_len)
}

/// The elements that the rows of a case fill, given room; a few of them where they are too many for that.
fn total(case: &Case) -> usize {
    let rows = case.arrays[1].iter().zip(&case.arrays[2]);
    let places = rows.filter(|&(&start, &end)| 0 <= start && start < end && end <= MOST);
    let total = places.map(|(start, end)| (end - start) as usize).sum();
    if total > 1 << 20 { 500 } else { total }
}
