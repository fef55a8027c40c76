//! `extend_step`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{OutputTooShort, PagesExhausted, RangeOutOfRow, RangeReversed, RequestOutOfRange};
use ascend_cache_loc::{self as device, Int, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{ExtendStep as Args, RefError, ReqToTokenMut, extend_step};

use super::alloc_decode::{PAGE_SIZES, pages, pages_of, spoiled};
use super::alloc_extend::{has_place, needed, total};
use super::assign_req_to_token_pool::range_of;
use super::decode_step::{seen, with_slots};
use super::{extend_oracle, last_loc_oracle};
use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, Outcome, Table, Written};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::splitmix::{draws, splitmix64};
use crate::traffic::{Batch, Measured, Traffic, bytes, entries};
use crate::{reads, typed};

/// The operation, to tests.
#[derive(Debug)]
pub struct ExtendStep;

impl<R: Int, L: Int, S: Int> Call for Args<'_, R, L, S> {
    fn operation(&self) -> device::Operation {
        device::Operation::EXTEND_STEP
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut Self { req_pool_indices, prefix_lens, seq_lens, free_pages, page_size, .. } = self;
        let (table, out) = (self.table.reborrow(), &mut *self.out);
        extend_step(Args { table, req_pool_indices, prefix_lens, seq_lens, free_pages, page_size, out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let shape = self.table.shape();
        let written: Vec<_> = reads::ranges(shape, self.req_pool_indices, self.prefix_lens, self.seq_lens).collect();
        let rows = self.req_pool_indices.iter().zip(self.prefix_lens);
        let lasts = rows.filter_map(|(req, prefix)| reads::last_loc(shape, req.to_i64(), prefix.to_i64()));
        let touched: Vec<_> = written.iter().cloned().chain(lasts).collect();
        let slots = &mut self.table.slots_mut()[..shape.storage_len()];
        let args = device::ExtendStep {
            table: carrier.table_mut(shape, slots, touched)?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            prefix_lens: carrier.input(self.prefix_lens)?,
            seq_lens: carrier.input(self.seq_lens)?,
            free_pages: carrier.input(self.free_pages)?,
            page_size: self.page_size,
            out: carrier.output(self.out)?,
        };
        let launched = device::extend_step_with(carrier.stream(), args, carrier.config());
        carrier.finish_all(launched, device::Operation::EXTEND_STEP, |carrier| {
            carrier.bring_back_table(slots, written)?;
            carrier.bring_back(self.out)
        })
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = S::from_slot(slot);
    }
}

impl Operation for ExtendStep {
    fn operation(&self) -> device::Operation {
        device::Operation::EXTEND_STEP
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("req_pool_indices", Param::R), ("pre_lens", Param::L), ("seq_lens", Param::L), ("free_pages", Param::S)]
    }

    fn batch_arrays(&self) -> usize {
        3
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["page_size"]
    }

    fn outputs(&self) -> &'static [(&'static str, Param)] {
        &[("out", Param::S)]
    }

    fn in_place(&self) -> bool {
        true
    }

    fn has_capacity(&self) -> bool {
        true
    }

    /// All of it: what is not written is compared, too.
    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        std::iter::once(0..case.table.shape.storage_len()).collect()
    }

    fn written(&self, case: &Case, row: usize) -> Option<Range<usize>> {
        range_of(case, row)
    }

    /// Row by row, of the oracles of what it is made of.
    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [reqs, prefixes, seqs, free_pages] = &case.arrays[..] else { panic!("four arrays") };
        let (shape, view, page) = (case.table.shape, case.table.view(), case.numbers[0]);
        let (rows, row_len) = (shape.rows() as i64, shape.row_len() as i64);
        let out = &mut written.outs[0];
        let capacity = out.len();
        let lens: Vec<_> = prefixes.iter().copied().zip(seqs.iter().copied()).collect();
        // Whether the pages last does not depend on what they are, nor on last slots.
        let zeros = [vec![0; lens.len()], vec![0; free_pages.len()]];
        let exhausted = extend_oracle(&lens, &zeros[0], &zeros[1], page, out)
            .filter(|fault| matches!(fault.kind, PagesExhausted { .. }));
        if exhausted.is_some() {
            return exhausted;
        }
        let mut faults = Vec::new();
        let (mut begin, mut taken) = (0, 0);
        for (row, &(prefix, seq)) in lens.iter().enumerate().filter(|(_, (prefix, seq))| prefix != seq) {
            let req = reqs[row];
            let (place, needed) = if has_place(&&(prefix, seq)) {
                (seq - prefix, pages_of(seq, page) - pages_of(prefix, page))
            } else {
                (0, 0)
            };
            let end = begin + place as usize;
            let tokens = &mut out[begin.min(capacity)..end.min(capacity)];
            let of_row = &free_pages[taken..taken + needed as usize];
            (begin, taken) = (end, taken + needed as usize);
            let kind = if req < 0 || req >= rows {
                RequestOutOfRange { req, rows }
            } else if prefix > seq {
                RangeReversed { start: prefix, end: seq }
            } else if prefix < 0 || seq > row_len {
                RangeOutOfRow { start: prefix, end: seq, row_len }
            } else {
                let mut last = [-1];
                last_loc_oracle(view, &[req], &[prefix], &mut last);
                let fault = extend_oracle(&[(prefix, seq)], &last, of_row, page, tokens);
                faults.extend(fault.map(|fault| RowFault {
                    row,
                    kind: match fault.kind {
                        OutputTooShort { .. } => OutputTooShort { end: end as i64, capacity: capacity as i64 },
                        kind => kind,
                    },
                    ..fault
                }));
                let first = req as usize * shape.row_stride() + prefix as usize;
                for (entry, &slot) in written.table[first..].iter_mut().zip(&*tokens).filter(|(_, slot)| **slot >= 0) {
                    *entry = slot as i32;
                }
                continue;
            };
            tokens.fill(-1);
            faults.push(RowFault::new(row, kind));
        }
        faults.first().copied()
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [R, L, S], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        let mut salt = 0;
        for table in part(TABLES.map(table), of) {
            for (turn, seed) in SEEDS.into_iter().enumerate() {
                for (at, batch) in BATCHES.into_iter().enumerate() {
                    for (_, dtypes) in Dtypes::in_turn(turn + at) {
                        salt += 1;
                        let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
                        let reqs = repeat(seed, batch).map(|(i, row)| row.0.resolve(dtypes.req_pool_indices, rows, i));
                        let prefixes = repeat(seed, batch).map(|(i, row)| row.1.resolve(dtypes.lens, row_len, i));
                        let seqs = repeat(seed, batch).map(|(i, row)| row.2.resolve(dtypes.lens, row_len, !i));
                        let arrays = [reqs.collect(), prefixes.collect(), seqs.collect()];
                        let page_size = PAGE_SIZES[salt as usize % PAGE_SIZES.len()];
                        each(&extend_case(&table, dtypes, arrays, page_size, salt));
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        for (i, dtypes) in Dtypes::all().enumerate() {
            let page_size = [1, 128, 16, 1000, 7, 64, 4095, 2][i];
            // A batch far beyond what any tile holds.
            let many = table((9_000, 7 + 16 * (i % 2), 7));
            let lens = (0..9_000_u64).map(|b| ((splitmix64(b) % 4) as i64, (splitmix64(b) % 4 + b % 4) as i64));
            let (prefixes, seqs): (Vec<_>, Vec<_>) = lens.unzip();
            for salt in 0..3 {
                let arrays = [(0..9_000).rev().collect(), prefixes.clone(), seqs.clone()];
                each(&extend_case(&many, dtypes, arrays, page_size, (8 * salt + i) as u64));
            }
            // Rows of many stretches and tiles, and more pages than are there at a time.
            let wide = table((5, 65_600, 65_537));
            for salt in 0..2 {
                let arrays = [vec![0, 3, 1, 2], vec![1, 128, 65_530, 0], vec![65_537, 128, 65_537, 30_001]];
                each(&extend_case(&wide, dtypes, arrays, page_size, 64 + (8 * salt + i) as u64));
            }
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let (mut slots, mut out) = ([10, 11, 12, 20, 21, 22], [-777_i64; 3]);
        let mut call = |prefix_lens: &[i64], seq_lens: &[i64], page_size| {
            let shape = TableShape::new(2, 3).expect("a shape");
            backend.call(&mut Args {
                table: ReqToTokenMut::new(shape, &mut slots).expect("it fits"),
                req_pool_indices: &[0_i32, 1],
                prefix_lens,
                seq_lens,
                free_pages: &[3_i64, 4],
                page_size,
                out: &mut out,
            })
        };
        let refused = |error: ShapeError| Err(CallError::Ref(RefError::Shape(error)));
        for len in [0, 1, 3] {
            let mismatch = |argument| refused(ShapeError::LengthMismatch { argument, len, batch: 2 });
            assert_eq!(call(&[0; 3][..len], &[1, 1], 4), mismatch("prefix_lens"));
            assert_eq!(call(&[0, 0], &[1; 3][..len], 4), mismatch("seq_lens"));
        }
        for page_size in [0, (1 << 31) - 1] {
            let value = page_size as i64;
            let error = ShapeError::OutOfRange { argument: "page_size", value, min: 1, max: (1 << 31) - 2 };
            assert_eq!(call(&[0, 0], &[1, 1], page_size), refused(error));
        }
        assert_eq!((slots, out), ([10, 11, 12, 20, 21, 22], [-777; 3]));
    }

    /// New tokens of each request, in pages of 128, wherever in a page they begin.
    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let arrays = [&batch.requests, &batch.starts, &batch.ends].map(Vec::clone);
        let lens: Vec<_> = batch.starts.iter().copied().zip(batch.ends.iter().copied()).collect();
        let needed = needed(&lens, 128);
        Some(([&arrays[..], &[(0..needed).collect()]].concat(), vec![128], vec![batch.tokens()]))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let (n, pages) = (case.batch() as f64, case.arrays[3].len() as f64);
        let lens = || case.arrays[1].iter().zip(&case.arrays[2]).map(|(start, end)| end - start);
        Traffic {
            read: bytes(case, Param::R, n) + bytes(case, Param::S, pages) + block_bytes * n,
            read_by_each: bytes(case, Param::L, 2.0 * n),
            written: bytes(case, Param::S, case.out_lens[0] as f64) + entries(lens(), block_bytes),
            copies: 2.0 * n,
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{below, draw, dtypes, range, request, table};
        use proptest::prelude::*;

        let page_size = prop_oneof![1..20_usize, proptest::sample::select(&PAGE_SIZES[..])];
        let rows = proptest::collection::vec((draw(), draw(), 0..40_u8), 0..70);
        (table(), dtypes(), page_size, any::<u64>(), rows, prop_oneof![Just(40_u8), Just(0)])
            .prop_map(|(table, dtypes, page_size, salt, rows, none_odd)| {
                let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let row = |&(req, offsets, odd): &((u8, u64), (u8, u64), u8)| {
                    let (start, end) = range(row_len, offsets);
                    let (start, end) = match odd + none_odd {
                        0 => (end, start),
                        1 => (start, end + below(3, offsets.1)),
                        2 => (start - below(3, offsets.1), end),
                        _ => (start, end),
                    };
                    (request(dtypes.req_pool_indices, limit, req), start, end)
                };
                let rows: Vec<_> = rows.iter().map(row).collect();
                let reqs = rows.iter().map(|row| row.0).collect();
                let (starts, ends) = rows.iter().map(|row| (row.1, row.2)).unzip();
                extend_case(&table, dtypes, [reqs, starts, ends], page_size, salt)
            })
            .boxed()
    }
}

fn run<R: Element, L: Element, S: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let (mut slots, mut out) = (case.table.slots.clone(), case.out::<S>(0));
    let (reqs, free_pages) = (case.array::<R>(0), case.array::<S>(3));
    let (prefix_lens, seq_lens) = (case.array::<L>(1), case.array::<L>(2));
    let result = backend.call(&mut Args {
        table: ReqToTokenMut::new(case.table.shape, &mut slots).expect("the table's storage fits its shape"),
        req_pool_indices: &reqs[..],
        prefix_lens: &prefix_lens[..],
        seq_lens: &seq_lens[..],
        free_pages: &free_pages[..],
        page_size: usize::try_from(case.numbers[0]).expect("a page size"),
        out: &mut out[..],
    });
    Outcome { written: Written { table: slots, ..Written::out(out) }, result }
}

/// A case in one of the forms that there are: room for all tokens or not, pages enough or not, some of them none, last slots
/// that are none. Of rows of one request all but the first are empty.
fn extend_case(
    table: &Arc<Table>,
    dtypes: Dtypes,
    [reqs, prefixes, mut seqs]: [Vec<i64>; 3],
    page_size: usize,
    salt: u64,
) -> Case {
    let mut one_of = draws(salt);
    let mut again = seen(table);
    for row in 0..reqs.len() {
        if prefixes[row] != seqs[row] && again(reqs[row]) {
            seqs[row] = prefixes[row];
        }
    }
    // Nearly all slots are good ones in two of three cases.
    let tame = one_of(3) != 0;
    let table = with_slots(table, tame, salt);

    let lens: Vec<_> = prefixes.iter().copied().zip(seqs.iter().copied()).collect();
    let most = 150_000;
    let tokens = (total(&lens).max(0) as usize).min(most);
    let capacity = [tokens, tokens, tokens, tokens + 13, tokens.saturating_sub(1), tokens / 2, 0][one_of(7) as usize];
    let needed = (needed(&lens, page_size as i64) as usize).min(most);
    let free = [needed, needed, needed + 9, needed, needed.saturating_sub(1), needed / 2][one_of(6) as usize];
    let arrays = vec![reqs, prefixes, seqs, pages(free, page_size, salt)];
    let case = Case {
        numbers: vec![page_size as i64],
        ..Case::new(&ExtendStep, Dtypes { out: dtypes.slots, ..dtypes }, table, arrays, capacity)
    };
    if one_of(4) == 0 { spoiled(case, salt) } else { case }
}

/// Rows (request, prefix length, length) that repeat over the batch.
const SEEDS: [&[(Val, Val, Val)]; 14] = [
    &[(Any, At(0), Past(0))],
    &[(Any, At(0), At(1)), (Any, At(1), At(3))],
    &[(Any, At(2), Past(0)), (Any, At(2), At(2))],
    &[(Any, At(15), At(17)), (Any, At(16), At(17)), (Any, At(0), At(16)), (Any, Past(-1), Past(0))],
    &[(Any, At(0), At(0)), (Max, Max, Max), (Min, Min, Min), (Past(0), Past(1), Past(1)), (Any, At(3), At(4))],
    &[(Any, At(0), At(7)), (At(-1), At(0), At(1)), (Any, At(1), At(0))],
    &[(Any, At(-1), At(1)), (Any, At(0), Past(0))],
    &[(Any, At(0), Past(1)), (Any, At(0), At(1))],
    &[(Any, At(0), At(1)), (Beyond(0), At(0), At(1)), (Any, Beyond(0), At(1)), (Any, At(3), Beyond(5))],
    &[(Past(0), At(2), At(5)), (Past(-1), At(0), At(1)), (Any, At(5), At(7)), (Any, Past(-1), Past(0))],
    &[(Any, Min, Max), (Any, Max, Min), (Past(0), At(0), At((1 << 31) - 2)), (Any, At(0), At(1))],
    &[(Any, At(7), At(8)), (Any, At(8), At(9)), (Any, At(0), At(0))],
    &[(Past(3), At(0), At(40)), (Any, At(1), At(33)), (Min, At(4), At(6)), (Any, At(3), At(5))],
    &[(Any, At(1), At(5)), (Any, At(0), At(2)), (Any, At(4), At(8)), (Any, At(3), At(4))],
];
