//! `assign_extend_cache_locs_uniform`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{RangeOutOfRow, RequestOutOfRange};
use ascend_cache_loc::{self as device, Int, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{RefError, ReqToToken, UniformLocs, assign_extend_cache_locs_uniform};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, OUT_INIT, Outcome, Table, Written, entry};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::traffic::{Batch, Measured, Traffic, bytes, entries};
use crate::{reads, typed};

/// The operation, to tests.
#[derive(Debug)]
pub struct AssignExtendCacheLocsUniform;

impl<R: Int, L: Int, O: Int> Call for UniformLocs<'_, R, L, O> {
    fn operation(&self) -> device::Operation {
        device::Operation::ASSIGN_EXTEND_CACHE_LOCS_UNIFORM
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut UniformLocs { table, req_pool_indices, start_offsets, tokens_per_row, .. } = self;
        let (positions, out) = (self.positions.as_deref_mut(), &mut *self.out);
        let args = UniformLocs { table, req_pool_indices, start_offsets, tokens_per_row, positions, out };
        assign_extend_cache_locs_uniform(args)
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let (shape, tokens) = (self.table.shape(), self.tokens_per_row as i64);
        let rows = self.req_pool_indices.iter().zip(self.start_offsets);
        let reads = rows.filter_map(|(req, start)| window(shape, req.to_i64(), start.to_i64(), tokens));
        let args = device::UniformLocs {
            table: carrier.table(&self.table, reads)?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            start_offsets: carrier.input(self.start_offsets)?,
            tokens_per_row: self.tokens_per_row,
            positions: self.positions.as_deref().map(|positions| carrier.output(positions)).transpose()?,
            out: carrier.output(self.out)?,
        };
        let launched = device::assign_extend_cache_locs_uniform_with(carrier.stream(), args, carrier.config());
        carrier.finish_all(launched, device::Operation::ASSIGN_EXTEND_CACHE_LOCS_UNIFORM, |carrier| {
            self.positions.as_deref_mut().map_or(Ok(()), |positions| carrier.bring_back(positions))?;
            carrier.bring_back(self.out)
        })
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = O::from_slot(slot);
    }
}

impl Operation for AssignExtendCacheLocsUniform {
    fn operation(&self) -> device::Operation {
        device::Operation::ASSIGN_EXTEND_CACHE_LOCS_UNIFORM
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("req_pool_indices", Param::R), ("start_offset", Param::L)]
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["draft_token_num"]
    }

    fn outputs(&self) -> &'static [(&'static str, Param)] {
        &[("out", Param::O), ("positions_out", Param::L)]
    }

    fn out_len(&self, case: &Case, _: usize) -> usize {
        case.batch() * case.numbers[0] as usize
    }

    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        let rows = case.arrays[0].iter().zip(&case.arrays[1]);
        rows.filter_map(|(&req, &start)| window(case.table.shape, req, start, case.numbers[0])).collect()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [req_pool_indices, start_offsets] = &case.arrays[..] else { panic!("two arrays") };
        let [out, positions] = &mut written.outs[..] else { panic!("two outputs") };
        uniform_locs_oracle(case.table.view(), req_pool_indices, start_offsets, case.numbers[0], out, positions)
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [R, L, O], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        for table in part(TABLES.map(table), of) {
            for seed in SEEDS {
                for batch in BATCHES {
                    for (i, dtypes) in Dtypes::all().enumerate() {
                        // Widths on both sides of blocks and lines and of 16; two of them for each combination.
                        for width in [WIDTHS[(batch + i) % WIDTHS.len()], WIDTHS[(batch * 5 + 3 * i) % WIDTHS.len()]] {
                            each(&seeded(&table, seed, batch, dtypes, width, (batch + i) % 3 > 0));
                        }
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        // A batch far beyond what any tile holds, in the narrowest windows and in such that no block fits.
        let many = table((64, 300, 257));
        for (i, dtypes) in Dtypes::all().enumerate() {
            let batch = if i == 0 { 100_000 } else { 10_000 };
            for width in [1, 4, 9] {
                each(&seeded(&many, SEEDS[0], batch, dtypes, width, true));
                each(&seeded(&many, SEEDS[4], batch, dtypes, width, false));
            }
        }
        // Windows of which a piece of positions has several, two or a part, as long as a tile and longer: 10,000 tokens and
        // 65,536, at each end of the row, valid and bad.
        let long_rows = table((5, 65_600, 65_537));
        let seed = [(Any, At(0)), (At(4), At(1)), (Past(0), At(1)), (Any, At(-1)), (Any, Past(0)), (Any, Past(-2048))];
        for dtypes in Dtypes::all() {
            for width in [130, 333, 1024, 1025, 2047, 2048, 2049, 4096, 10_000, 65_536] {
                each(&seeded(&long_rows, &seed, 13, dtypes, width, true));
            }
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let slots = [10, 11, 20, 21];
        let table = ReqToToken::new(TableShape::new(2, 2).expect("a shape"), &slots).expect("it fits");
        let (mut out, mut positions) = ([-777_i64; 5], [-777_i32; 5]);
        let mut call = |tokens_per_row, starts, wanted: Option<usize>, len| {
            let (req_pool_indices, start_offsets) = (&[0_i64, 1], &[0_i32; 3][..starts]);
            let (positions, out) = (wanted.map(|len| &mut positions[..len]), &mut out[..len]);
            backend.call(&mut UniformLocs { table, req_pool_indices, start_offsets, tokens_per_row, positions, out })
        };
        let shape = |error: ShapeError| Err(CallError::Ref(RefError::Shape(error)));
        let argument = "start_offsets";
        for len in [0, 1, 3] {
            assert_eq!(call(2, len, None, 4), shape(ShapeError::LengthMismatch { argument, len, batch: 2 }));
        }
        // Two requests of two tokens; either output too short or too long.
        for len in [0, 2, 3, 5] {
            let mismatch = |argument| ShapeError::TokensMismatch { argument, len, batch: 2, tokens_per_row: 2 };
            assert_eq!(call(2, 2, Some(4), len), shape(mismatch("out")));
            assert_eq!(call(2, 2, Some(len), 4), shape(mismatch("positions")));
        }
        // As many tokens as no row has; in 32 bits they would be 2 in all, and 0.
        let (argument, max) = ("tokens_per_row", (1 << 31) - 2);
        for value in [max + 1, 1 << 31, (1 << 31) + 1, (1 << 63) + 1, usize::MAX] {
            assert_eq!(call(value, 2, None, 2), shape(ShapeError::TooLarge { argument, value, max }));
        }
        let tokens_per_row = max;
        let mismatch = ShapeError::TokensMismatch { argument: "out", len: 4, batch: 2, tokens_per_row };
        assert_eq!(call(tokens_per_row, 2, None, 4), shape(mismatch));
        assert_eq!((out, positions), ([-777; 5], [-777; 5]));
    }

    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let width = batch.width()?;
        let arrays = vec![batch.requests.clone(), batch.starts.clone()];
        Some((arrays, vec![width], vec![batch.tokens(), 0]))
    }

    /// With positions.
    fn measured_also(&self, batch: &Batch) -> Option<(&'static str, Measured)> {
        let (arrays, numbers, _) = self.measured(batch)?;
        Some((" pos", (arrays, numbers, vec![batch.tokens(); 2])))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let n = case.batch() as f64;
        let windows = std::iter::repeat_n(case.numbers[0], case.batch());
        Traffic {
            read: bytes(case, Param::R, n) + bytes(case, Param::L, n) + entries(windows, block_bytes),
            written: bytes(case, Param::O, case.out_lens[0] as f64) + bytes(case, Param::L, case.out_lens[1] as f64),
            copies: n,
            ..Traffic::default()
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{draw, dtypes, request, table, value};
        use proptest::prelude::*;

        let width = prop_oneof![0..10_usize, 0..90_usize];
        let cases = (table(), dtypes(), width, any::<bool>(), proptest::collection::vec((draw(), draw()), 0..70));
        cases
            .prop_map(|(table, dtypes, width, positions, rows)| {
                let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let last = (row_len - width as i64).max(0);
                let row =
                    |&(req, start)| (request(dtypes.req_pool_indices, limit, req), value(dtypes.lens, last, start));
                let (reqs, starts): (Vec<_>, _) = rows.iter().map(row).unzip();
                case(&table, dtypes, [reqs, starts], width, positions)
            })
            .boxed()
    }
}

fn run<R: Element, L: Element, O: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let (mut out, mut positions) = (case.out::<O>(0), case.out::<L>(1));
    let (req_pool_indices, start_offsets) = (&case.array::<R>(0)[..], &case.array::<L>(1)[..]);
    let result = backend.call(&mut UniformLocs {
        table: case.table.view(),
        req_pool_indices,
        start_offsets,
        tokens_per_row: case.numbers[0] as usize,
        // Where there are none because there are no tokens, they may be wanted.
        positions: (positions.len() == out.len()).then_some(&mut positions[..]),
        out: &mut out,
    });
    let positions = positions.into_iter().map(Int::to_i64).collect();
    let mut written = Written::out(out);
    written.outs.push(positions);
    Outcome { written, result }
}

/// What a valid row reads of the table's storage.
fn window(shape: TableShape, req: i64, start: i64, tokens: i64) -> Option<Range<usize>> {
    reads::extend_locs(shape, req, start, start.checked_add(tokens)?)
}

/// The operation as plainly as its definition, in 64 bits: fills `out`, and `positions` where there are any, tells the
/// lowest fault.
///
/// # Panics
/// Where the arrays are not as long as each other, or the outputs not as long as they need be.
pub fn uniform_locs_oracle(
    table: ReqToToken<'_>,
    reqs: &[i64],
    starts: &[i64],
    tokens: i64,
    out: &mut [i64],
    positions: &mut [i64],
) -> Option<RowFault> {
    let (rows, row_len) = (table.shape().rows() as i64, table.shape().row_len() as i64);
    let mut faults = Vec::new();
    for at in 0..out.len() as i64 {
        let (row, j) = ((at / tokens) as usize, at % tokens);
        let (req, start) = (reqs[row], starts[row]);
        let bad = if req < 0 || req >= rows {
            Some(RequestOutOfRange { req, rows })
        } else if start < 0 || start > row_len - tokens {
            Some(RangeOutOfRow { start, end: start.saturating_add(tokens), row_len })
        } else {
            None
        };
        out[at as usize] = if bad.is_some() { -1 } else { entry(table, req, start + j) };
        if let Some(position) = positions.get_mut(at as usize) {
            *position = if bad.is_some() { -1 } else { start + j };
        }
        faults.extend(bad.map(|kind| RowFault::new(row, kind)));
    }
    faults.first().copied()
}

/// Tokens of each row: none, one, blocks and lines of either element size and one beside, more than 16.
const WIDTHS: [usize; 14] = [0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 33, 64];

/// Rows (request, start) that repeat over the batch; `Past` is of the last start at which the window lies in the row.
const SEEDS: [&[(Val, Val)]; 14] = [
    &[(Any, Any)],
    &[(Any, At(0))],
    &[(Any, Past(0))],
    &[(Any, Past(-1)), (Any, Past(1))],
    &[(Any, Any), (Any, Any), (Past(0), Any), (Any, Any), (Any, Past(1))],
    &[(At(-1), At(0)), (Any, At(-1))],
    &[(Any, At(-1)), (Past(0), At(0))],
    &[(Max, Any), (Any, Any), (Min, Any)],
    &[(Any, Max), (Any, Any), (Any, Min)],
    &[(Max, Max), (Min, Min)],
    &[(Any, Any), (Beyond(0), At(0)), (Any, Beyond(0)), (Any, Beyond(-(1 << 31)))],
    &[(Past(0), Past(1)), (Past(-1), Past(0)), (Past(1), At(0))],
    // Two bad rows, then many in order, and the other way round.
    &[(Past(0), Any), (Any, Past(2)), (Any, Any), (Any, Any), (Any, Any), (Any, Any), (Any, Any)],
    &[(Any, At(1)), (Any, At(2)), (Any, At(3)), (Any, At(4)), (Any, At(5)), (Any, At(6)), (Any, Past(40))],
];

fn seeded(
    table: &Arc<Table>,
    seed: &[(Val, Val)],
    batch: usize,
    dtypes: Dtypes,
    width: usize,
    positions: bool,
) -> Case {
    // `Any` is below the limit, `Past(0)` is it.
    let (rows, last) = (table.shape.rows(), table.shape.row_len().saturating_sub(width));
    let reqs = repeat(seed, batch).map(|(i, (req, _))| req.resolve(dtypes.req_pool_indices, rows, i)).collect();
    let starts = repeat(seed, batch).map(|(i, (_, start))| start.resolve(dtypes.lens, last, !i)).collect();
    case(table, dtypes, [reqs, starts], width, positions)
}

/// A case, with positions or without.
fn case(table: &Arc<Table>, dtypes: Dtypes, arrays: [Vec<i64>; 2], width: usize, positions: bool) -> Case {
    let len = arrays[0].len() * width;
    let out_lens = vec![len, if positions { len } else { 0 }];
    let (op, table, numbers) = (&AssignExtendCacheLocsUniform, table.clone(), vec![width as i64]);
    Case { op, dtypes, table, arrays: arrays.into(), numbers, out_lens, out_init: OUT_INIT }
}
