//! `assign_req_to_token_pool`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{OutputTooShort, RangeOutOfRow, RangeReversed, RequestOutOfRange, SlotOutOfRange};
use ascend_cache_loc::{self as device, Int, IntType, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{PoolLocs, RefError, ReqToTokenMut, assign_req_to_token_pool};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, Outcome, Table, Written};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::splitmix::splitmix64;
use crate::traffic::{Batch, Measured, Traffic, bytes, entries};
use crate::{reads, typed};

/// The operation, to tests.
#[derive(Debug)]
pub struct AssignReqToTokenPool;

impl<R: Int, L: Int, S: Int> Call for PoolLocs<'_, R, L, S> {
    fn operation(&self) -> device::Operation {
        device::Operation::ASSIGN_REQ_TO_TOKEN_POOL
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let Self { ref mut table, req_pool_indices, start_offsets, end_offsets, locs } = *self;
        let table = table.reborrow();
        assign_req_to_token_pool(PoolLocs { table, req_pool_indices, start_offsets, end_offsets, locs })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let (shape, writes) = (self.table.shape(), writes(self));
        let slots = &mut self.table.slots_mut()[..shape.storage_len()];
        let args = device::PoolLocs {
            table: carrier.table_mut(shape, slots, writes.iter().cloned())?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            start_offsets: carrier.input(self.start_offsets)?,
            end_offsets: carrier.input(self.end_offsets)?,
            locs: carrier.input(self.locs)?,
        };
        let launched = device::assign_req_to_token_pool_with(carrier.stream(), args, carrier.config());
        carrier.finish_all(launched, device::Operation::ASSIGN_REQ_TO_TOKEN_POOL, |carrier| {
            carrier.bring_back_table(slots, writes)
        })
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        let place = writes(self).into_iter().flatten().nth(place).expect("it is written");
        self.table.slots_mut()[place] = slot;
    }
}

/// What a batch writes, as places in the table's storage.
fn writes<R: Int, L: Int, S: Int>(args: &PoolLocs<'_, R, L, S>) -> Vec<Range<usize>> {
    reads::ranges(args.table.shape(), args.req_pool_indices, args.start_offsets, args.end_offsets).collect()
}

impl Operation for AssignReqToTokenPool {
    fn operation(&self) -> device::Operation {
        device::Operation::ASSIGN_REQ_TO_TOKEN_POOL
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[
            ("req_pool_indices", Param::R),
            ("start_offset", Param::L),
            ("end_offset", Param::L),
            ("out_cache_loc", Param::S),
        ]
    }

    fn batch_arrays(&self) -> usize {
        3
    }

    fn outputs(&self) -> &'static [(&'static str, Param)] {
        &[]
    }

    fn in_place(&self) -> bool {
        true
    }

    /// All of it: what is not written is compared, too.
    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        std::iter::once(0..case.table.shape.storage_len()).collect()
    }

    fn written(&self, case: &Case, row: usize) -> Option<Range<usize>> {
        range_of(case, row)
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [reqs, starts, ends, locs] = &case.arrays[..] else { panic!("four arrays") };
        let shape = case.table.shape;
        let (rows, row_len, stride) = (shape.rows() as i64, shape.row_len() as i64, shape.row_stride() as i64);
        let mut faults = Vec::new();
        let mut sum = 0;
        for row in 0..reqs.len() {
            let (req, start, end) = (reqs[row], starts[row], ends[row]);
            let place = if 0 <= start && start <= end && end <= 0x7fff_fffe { end - start } else { 0 };
            let first = sum;
            sum += place;
            if start == end {
            } else if req < 0 || req >= rows {
                faults.push(RowFault::new(row, RequestOutOfRange { req, rows }));
            } else if start > end {
                faults.push(RowFault::new(row, RangeReversed { start, end }));
            } else if start < 0 || end > row_len {
                faults.push(RowFault::new(row, RangeOutOfRow { start, end, row_len }));
            } else {
                if sum > locs.len() as i64 {
                    faults.push(RowFault::new(row, OutputTooShort { end: sum, capacity: locs.len() as i64 }));
                }
                for j in 0..place {
                    let Some(&slot) = locs.get((first + j) as usize) else { break };
                    if (0..1 << 31).contains(&slot) {
                        written.table[(req * stride + start + j) as usize] = slot as i32;
                    } else {
                        faults.push(RowFault { row, kind: SlotOutOfRange { slot, limit: 1 << 31 }, at: j as usize });
                    }
                }
            }
        }
        faults.first().copied()
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [R, L, S], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        for table in TABLES.map(table) {
            for seed in part(SEEDS, of) {
                for batch in BATCHES {
                    for (i, dtypes) in Dtypes::all().enumerate() {
                        let whole = seeded(&table, seed, batch, dtypes, |total| total);
                        each(&whole);
                        match i % 3 {
                            0 => each(&seeded(&table, seed, batch, dtypes, |total| total.saturating_sub(1))),
                            1 => each(&seeded(&table, seed, batch, dtypes, |total| total / 2)),
                            _ => each(&spoiled(whole, splitmix64((batch + i) as u64))),
                        }
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        for (i, dtypes) in Dtypes::all().enumerate() {
            // A batch far beyond what any tile holds: each request a window of its own.
            let rows = 100_000 / [1, 40][i % 2];
            let many = table((rows, 7 + 16 * (i % 2), 7));
            let start = |b: usize| (splitmix64(b as u64) % 4) as i64;
            let case = |locs: usize, long: usize| {
                let (reqs, starts): (Vec<_>, Vec<_>) = (0..rows).map(|b| ((rows - 1 - b) as i64, start(b))).unzip();
                let ends = (0..rows).map(|b| start(b) + if b == long { 70_000 } else { (b % 4) as i64 }).collect();
                pool_case(&many, dtypes, [reqs, starts, ends], (0..locs as i64).map(|loc| loc * 3 % 999_983).collect())
            };
            each(&case(3 * rows / 2, rows));
            each(&case(rows, rows / 2));
            // Rows of many stretches, beside each other in one line.
            let wide = table((3, 65_600, 65_537));
            let (reqs, starts) = (vec![0, 1, 2, 1], vec![1, 65_530, 0, 3]);
            let locs = (0..140_000).map(|loc| loc * 7).collect();
            each(&pool_case(&wide, dtypes, [reqs, starts, vec![65_537, 65_537, 65_500, 40]], locs));
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let mut slots = [10, 11, 20, 21];
        let shape = TableShape::new(2, 2).expect("a shape");
        for len in [0, 1, 3] {
            let mismatch =
                |argument| Err(CallError::Ref(RefError::Shape(ShapeError::LengthMismatch { argument, len, batch: 2 })));
            let mut write = |start_offsets: &[i32], end_offsets: &[i32]| {
                let table = ReqToTokenMut::new(shape, &mut slots).expect("it fits");
                let (req_pool_indices, locs) = (&[0_i64, 1], &[1_i64; 4]);
                backend.call(&mut PoolLocs { table, req_pool_indices, start_offsets, end_offsets, locs })
            };
            assert_eq!(write(&[1; 3][..len], &[2, 2]), mismatch("start_offsets"));
            assert_eq!(write(&[0, 0], &[1; 3][..len]), mismatch("end_offsets"));
            assert_eq!(slots, [10, 11, 20, 21]);
        }
    }

    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let locs = (0..batch.tokens() as i64).collect();
        let arrays = vec![batch.requests.clone(), batch.starts.clone(), batch.ends.clone(), locs];
        Some((arrays, Vec::new(), Vec::new()))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let n = case.batch() as f64;
        let lens = || case.arrays[1].iter().zip(&case.arrays[2]).map(|(start, end)| end - start);
        Traffic {
            read: bytes(case, Param::R, n) + bytes(case, Param::S, lens().sum::<i64>() as f64),
            read_by_each: bytes(case, Param::L, 2.0 * n),
            written: entries(lens(), block_bytes),
            copies: n,
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{below, draw, dtypes, range, request, table};
        use proptest::prelude::*;

        let rows = proptest::collection::vec((draw(), draw(), 0..40_u8), 0..70);
        (table(), dtypes(), rows, 0..16_usize, any::<u64>(), 0..4_u8)
            .prop_map(|(table, dtypes, rows, room, salt, bad)| {
                let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let row = |&(req, offsets, odd): &((u8, u64), (u8, u64), u8)| {
                    let (start, end) = range(row_len, offsets);
                    let (start, end) = match odd {
                        0 => (end, start),
                        1 => (start, end + below(3, offsets.1)),
                        2 => (start - below(3, offsets.1), end),
                        _ => (start, end),
                    };
                    (request(dtypes.req_pool_indices, limit, req), start, end)
                };
                let rows: Vec<_> = rows.iter().map(row).collect();
                let reqs: Vec<_> = rows.iter().map(|row| row.0).collect();
                let (starts, ends): (Vec<_>, Vec<_>) = rows.iter().map(|row| (row.1, row.2)).unzip();
                let most = total(&starts, &ends);
                let arrays = apart([reqs, starts, ends], &table);
                let locs = (0..most * (10 - room.saturating_sub(5)) / 10).map(|i| slot(salt.wrapping_add(i as u64)));
                let case = pool_case(&table, dtypes, arrays, locs.collect());
                if bad == 3 { spoiled(case, salt) } else { case }
            })
            .boxed()
    }
}

/// The range that a case, whose first arrays are requests, starts and ends, has of a row of the table.
pub(super) fn range_of(case: &Case, row: usize) -> Option<Range<usize>> {
    let [reqs, starts, ends, ..] = &case.arrays[..] else { panic!("three arrays") };
    let mut ranges = reqs.iter().zip(starts).zip(ends).filter(|((req, _), _)| usize::try_from(**req) == Ok(row));
    ranges.find_map(|((&req, &start), &end)| reads::extend_locs(case.table.shape, req, start, end))
}

fn run<R: Element, L: Element, S: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let mut slots = case.table.slots.clone();
    let (reqs, starts, ends) = (case.array::<R>(0), case.array::<L>(1), case.array::<L>(2));
    let locs = case.array::<S>(3);
    let result = backend.call(&mut PoolLocs {
        table: ReqToTokenMut::new(case.table.shape, &mut slots).expect("the table's storage fits its shape"),
        req_pool_indices: &reqs[..],
        start_offsets: &starts[..],
        end_offsets: &ends[..],
        locs: &locs[..],
    });
    Outcome { written: Written { outs: Vec::new(), table: slots }, result }
}

/// A slot that may be written.
fn slot(salt: u64) -> i64 {
    (splitmix64(salt) >> 33) as i64
}

fn pool_case(table: &Arc<Table>, dtypes: Dtypes, [reqs, starts, ends]: [Vec<i64>; 3], locs: Vec<i64>) -> Case {
    let arrays = vec![reqs, starts, ends, locs];
    let case = Case::new(&AssignReqToTokenPool, dtypes, table.clone(), arrays, 0);
    Case { out_lens: Vec::new(), ..case }
}

/// The case with some slots that must not be written.
fn spoiled(mut case: Case, salt: u64) -> Case {
    let (len, wide) = (case.arrays[3].len() as u64, case.dtypes.slots == IntType::I64);
    for i in 0..salt % 3 + 1 {
        let bad =
            [-1, i32::MIN.into(), 1 << 31, i64::MIN, (1 << 32) + 5][(salt >> 8) as usize % if wide { 5 } else { 2 }];
        if len > 0 {
            case.arrays[3][(splitmix64(salt + i) % len) as usize] = bad;
        }
    }
    case
}

/// The places of all rows.
fn total(starts: &[i64], ends: &[i64]) -> usize {
    let places = starts.iter().zip(ends).filter(|&(&start, &end)| 0 <= start && start <= end && end <= 0x7fff_fffe);
    places.map(|(start, end)| (end - start) as usize).sum::<usize>().min(20_000)
}

/// The rows, those empty that would overlap one before: what is written there is anybody's.
fn apart([reqs, mut starts, mut ends]: [Vec<i64>; 3], table: &Table) -> [Vec<i64>; 3] {
    let mut taken = vec![false; table.shape.storage_len()];
    for row in 0..reqs.len() {
        let Some(range) = reads::extend_locs(table.shape, reqs[row], starts[row], ends[row]) else { continue };
        if taken[range.clone()].iter().any(|&taken| taken) {
            (starts[row], ends[row]) = (0, 0);
        } else {
            taken[range].fill(true);
        }
    }
    [reqs, starts, ends]
}

/// Rows (request, start, end) that repeat over the batch.
const SEEDS: [&[(Val, Val, Val)]; 10] = [
    &[(Any, At(0), Past(0))],
    &[(Any, At(0), At(1)), (Any, At(1), At(3))],
    &[(Any, Any, Past(0)), (Any, At(2), At(2))],
    &[(Any, At(0), At(0)), (Max, Max, Max), (Min, Min, Min), (Past(0), Past(1), Past(1)), (Any, At(3), At(4))],
    &[(Any, At(0), Any), (At(-1), At(0), At(1)), (Any, At(1), At(0))],
    &[(Any, At(-1), At(1)), (Any, At(0), Past(0))],
    &[(Any, At(0), Past(1)), (Any, At(0), At(1))],
    &[(Any, At(0), At(1)), (Beyond(0), At(0), At(1)), (Any, Beyond(0), At(1)), (Any, At(3), Beyond(5))],
    &[(Past(0), At(2), At(5)), (Past(-1), At(0), At(1)), (Any, At(5), At(7)), (Any, Past(-1), Past(0))],
    &[(Any, Min, Max), (Any, Max, Min), (Past(0), At(0), At((1 << 31) - 2)), (Any, At(0), At(1))],
];

fn seeded(
    table: &Arc<Table>,
    seed: &[(Val, Val, Val)],
    batch: usize,
    dtypes: Dtypes,
    room: impl Fn(usize) -> usize,
) -> Case {
    let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
    let reqs = repeat(seed, batch).map(|(i, (req, ..))| req.resolve(dtypes.req_pool_indices, rows, i)).collect();
    let starts = repeat(seed, batch).map(|(i, (_, start, _))| start.resolve(dtypes.lens, row_len, !i)).collect();
    let ends = repeat(seed, batch).map(|(i, (_, _, end))| end.resolve(dtypes.lens, row_len, i << 32)).collect();
    let arrays = apart([reqs, starts, ends], table);
    let locs = (0..room(total(&arrays[1], &arrays[2])) as u64).map(slot).collect();
    pool_case(table, dtypes, arrays, locs)
}
