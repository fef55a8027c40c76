//! `get_last_loc`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{PrefixOutOfRange, RequestOutOfRange};
use ascend_cache_loc::{self as device, Int, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{LastLoc, RefError, ReqToToken, get_last_loc};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, Outcome, Table, Written, entry};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::traffic::{Batch, Measured, Traffic, bytes};
use crate::{reads, typed};

/// The operation, to tests.
#[derive(Debug)]
pub struct GetLastLoc;

impl<R: Int, L: Int, O: Int> Call for LastLoc<'_, R, L, O> {
    fn operation(&self) -> device::Operation {
        device::Operation::GET_LAST_LOC
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut LastLoc { table, req_pool_indices, prefix_lens, ref mut out } = self;
        get_last_loc(LastLoc { table, req_pool_indices, prefix_lens, out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let shape = self.table.shape();
        let rows = self.req_pool_indices.iter().zip(self.prefix_lens);
        let reads = rows.filter_map(|(req, len)| reads::last_loc(shape, req.to_i64(), len.to_i64()));
        let args = device::LastLoc {
            table: carrier.table(&self.table, reads)?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            prefix_lens: carrier.input(self.prefix_lens)?,
            out: carrier.output(self.out)?,
        };
        let launched = device::get_last_loc_with(carrier.stream(), args, carrier.config());
        carrier.finish(launched, device::Operation::GET_LAST_LOC, self.out)
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = O::from_slot(slot);
    }
}

impl Operation for GetLastLoc {
    fn operation(&self) -> device::Operation {
        device::Operation::GET_LAST_LOC
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("req_pool_indices", Param::R), ("prefix_lens", Param::L)]
    }

    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        let rows = case.arrays[0].iter().zip(&case.arrays[1]);
        rows.filter_map(|(&req, &len)| reads::last_loc(case.table.shape, req, len)).collect()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [req_pool_indices, prefix_lens] = &case.arrays[..] else { panic!("two arrays") };
        last_loc_oracle(case.table.view(), req_pool_indices, prefix_lens, &mut written.outs[0])
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [R, L, O], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        for table in part(TABLES.map(table), of) {
            for seed in SEEDS {
                for batch in BATCHES {
                    for dtypes in Dtypes::all() {
                        each(&seeded(&table, seed, batch, dtypes));
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        let table = table((64, 300, 257));
        for dtypes in Dtypes::all() {
            each(&seeded(&table, SEEDS[5], 100_000, dtypes));
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let slots = [10, 11, 20, 21];
        let table = ReqToToken::new(TableShape::new(2, 2).expect("a shape"), &slots).expect("it fits");
        let mut out = [-777_i64; 3];
        // Two requests; every other array in turn too short or too long.
        for len in [0, 1, 3] {
            let mismatch =
                |argument| Err(CallError::Ref(RefError::Shape(ShapeError::LengthMismatch { argument, len, batch: 2 })));
            let mut last_loc = |prefix_lens: &[i32], out: &mut [i64]| {
                backend.call(&mut LastLoc { table, req_pool_indices: &[0_i64, 1], prefix_lens, out })
            };
            assert_eq!(last_loc(&[1; 3][..len], &mut out[..2]), mismatch("prefix_lens"));
            assert_eq!(last_loc(&[1, 1], &mut out[..len]), mismatch("out"));
            assert_eq!(out, [-777; 3]);
        }
    }

    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let rows = batch.requests.len();
        Some((vec![batch.requests.clone(), batch.ends.clone()], Vec::new(), vec![rows]))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let n = case.batch() as f64;
        let read = bytes(case, Param::R, n) + bytes(case, Param::L, n) + n * block_bytes;
        Traffic { read, written: bytes(case, Param::O, n), copies: n, ..Traffic::default() }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{draw, dtypes, request, table, value};
        use proptest::prelude::*;

        let cases = (table(), dtypes(), proptest::collection::vec((draw(), draw()), 0..70));
        cases
            .prop_map(|(table, dtypes, rows)| {
                let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let row =
                    |&(req, len)| (request(dtypes.req_pool_indices, limit, req), value(dtypes.lens, row_len, len));
                let (reqs, lens): (Vec<_>, _) = rows.iter().map(row).unzip();
                let out_len = reqs.len();
                Case::new(&GetLastLoc, dtypes, table, vec![reqs, lens], out_len)
            })
            .boxed()
    }
}

fn run<R: Element, L: Element, O: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let mut out = case.out::<O>(0);
    let (req_pool_indices, prefix_lens) = (&case.array::<R>(0)[..], &case.array::<L>(1)[..]);
    let result = backend.call(&mut LastLoc { table: case.table.view(), req_pool_indices, prefix_lens, out: &mut out });
    Outcome { written: Written::out(out), result }
}

/// The operation as plainly as its definition, in 64 bits: fills `out`, tells the lowest fault.
///
/// # Panics
/// Where the arrays are not as long as each other.
pub fn last_loc_oracle(
    table: ReqToToken<'_>,
    req_pool_indices: &[i64],
    prefix_lens: &[i64],
    out: &mut [i64],
) -> Option<RowFault> {
    let (rows, row_len) = (table.shape().rows() as i64, table.shape().row_len() as i64);
    let mut faults = Vec::new();
    for row in 0..req_pool_indices.len() {
        let (req, prefix_len) = (req_pool_indices[row], prefix_lens[row]);
        out[row] = -1;
        if prefix_len <= 0 {
        } else if req < 0 || req >= rows {
            faults.push(RowFault::new(row, RequestOutOfRange { req, rows }));
        } else if prefix_len > row_len {
            faults.push(RowFault::new(row, PrefixOutOfRange { prefix_len, row_len }));
        } else {
            out[row] = entry(table, req, prefix_len - 1);
        }
    }
    faults.first().copied()
}

/// Rows (request, prefix length) that repeat over the batch.
const SEEDS: [&[(Val, Val)]; 14] = [
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
    &[(Any, Any), (Min, At(1)), (Min, Past(0))],
    &[(Any, At(1)), (Beyond(0), At(1)), (Any, Beyond(1)), (Any, Beyond(-1)), (Beyond(-1), At(1))],
];

fn seeded(table: &Arc<Table>, seed: &[(Val, Val)], batch: usize, dtypes: Dtypes) -> Case {
    let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
    let reqs = repeat(seed, batch).map(|(i, (req, _))| req.resolve(dtypes.req_pool_indices, rows, i)).collect();
    let lens = repeat(seed, batch).map(|(i, (_, len))| len.resolve(dtypes.lens, row_len, !i)).collect();
    Case::new(&GetLastLoc, dtypes, table.clone(), vec![reqs, lens], batch)
}
