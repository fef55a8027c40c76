//! `decode_step`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{PagesExhausted, PositionOutOfRange, RangeOutOfRow, RequestOutOfRange};
use ascend_cache_loc::{self as device, Columns, FaultKind, Int, IntType, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{BlockTableMut, DecodeStep as Args, RefError, ReqToTokenMut, decode_step};

use super::gather_block_tables::entries;
use super::{decode_oracle, last_loc_oracle};
use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, OUT_INIT, Outcome, Table, Written, entry};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::splitmix::{draws, splitmix64};
use crate::traffic::{Batch, Measured, Traffic, bytes};
use crate::{reads, typed};

/// The operation, to tests.
#[derive(Debug)]
pub struct DecodeStep;

impl<R: Int, L: Int, S: Int> Call for Args<'_, R, L, S> {
    fn operation(&self) -> device::Operation {
        device::Operation::DECODE_STEP
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut Self { req_pool_indices, seq_lens, free_pages, page_size, columns, pad, .. } = self;
        let (table, out, block_tables) = (self.table.reborrow(), &mut *self.out, self.block_tables.reborrow());
        decode_step(Args { table, req_pool_indices, seq_lens, free_pages, page_size, out, block_tables, columns, pad })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let (shape, tables) = (self.table.shape(), self.block_tables.shape());
        let rows = self.req_pool_indices.iter().zip(self.seq_lens).map(|(req, seq)| (req.to_i64(), seq.to_i64()));
        let written: Vec<_> = rows.clone().filter_map(|(req, seq)| reads::last_loc(shape, req, seq)).collect();
        let last = rows.clone().filter_map(|(req, seq)| reads::last_loc(shape, req, seq.checked_sub(1)?));
        let pages = rows.clone().flat_map(|(req, seq)| {
            entries(shape, req, seq - i64::from(seq > 0), self.page_size.max(1), tables.row_len())
        });
        let touched: Vec<_> = written.iter().cloned().chain(last).chain(pages).collect();
        let slots = &mut self.table.slots_mut()[..shape.storage_len()];
        let blocks = &mut self.block_tables.slots_mut()[..tables.storage_len()];
        let args = device::DecodeStep {
            table: carrier.table_mut(shape, slots, touched)?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            seq_lens: carrier.input(self.seq_lens)?,
            free_pages: carrier.input(self.free_pages)?,
            page_size: self.page_size,
            out: carrier.output(self.out)?,
            block_tables: device::BlockTableMut::new(tables, carrier.output(blocks)?).map_err(device::Error::from)?,
            columns: self.columns,
            pad: self.pad,
        };
        let launched = device::decode_step_with(carrier.stream(), args, carrier.config());
        carrier.finish_all(launched, device::Operation::DECODE_STEP, |carrier| {
            carrier.bring_back_table(slots, written)?;
            carrier.bring_back(self.out)?;
            carrier.bring_back(blocks)
        })
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = S::from_slot(slot);
    }
}

impl Operation for DecodeStep {
    fn operation(&self) -> device::Operation {
        device::Operation::DECODE_STEP
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("req_pool_indices", Param::R), ("seq_lens", Param::L), ("free_pages", Param::S)]
    }

    fn batch_arrays(&self) -> usize {
        2
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["page_size", "batch_capacity", "columns", "out_stride", "pad", "new_columns"]
    }

    /// Without `out_stride` the block tables lie end to end; `new_columns` of 1 is [`Columns::New`].
    fn optional_numbers(&self) -> &'static [(&'static str, i64)] {
        &[("out_stride", 0), ("pad", 0), ("new_columns", 0)]
    }

    fn outputs(&self) -> &'static [(&'static str, Param)] {
        &[("out", Param::S), ("block_tables", Param::I)]
    }

    fn in_place(&self) -> bool {
        true
    }

    fn out_len(&self, case: &Case, place: usize) -> usize {
        if place == 0 { case.batch() } else { Form::of(case).tables().storage_len() }
    }

    /// All of it: what is not written is compared, too.
    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        std::iter::once(0..case.table.shape.storage_len()).collect()
    }

    fn written(&self, case: &Case, row: usize) -> Option<Range<usize>> {
        let mut rows = case.arrays[0].iter().zip(&case.arrays[1]);
        let (&req, &seq) = rows.find(|(req, seq)| usize::try_from(**req) == Ok(row) && **seq != 0)?;
        reads::last_loc(case.table.shape, req, seq)
    }

    /// Row by row, of the oracles of what it is made of.
    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [reqs, seqs, free_pages] = &case.arrays[..] else { panic!("three arrays") };
        let (form, shape, view) = (Form::of(case), case.table.shape, case.table.view());
        let (rows, row_len, page) = (shape.rows() as i64, shape.row_len() as i64, form.page_size as i64);
        let [out, tables] = &mut written.outs[..] else { panic!("two outputs") };
        // Whether the pages last does not depend on what they are, nor on last slots.
        let zeros = [vec![0; seqs.len()], vec![0; free_pages.len()]];
        let exhausted = decode_oracle(seqs, &zeros[0], &zeros[1], page, out)
            .filter(|fault| matches!(fault.kind, PagesExhausted { .. }));
        out.fill(-1);
        for row in if form.new_columns || form.columns == 0 { 0..0 } else { seqs.len()..form.capacity } {
            tables[row * form.stride..][..form.columns].fill(form.pad.into());
        }
        let mut faults = Vec::new();
        let mut taken = 0;
        for row in 0..seqs.len() {
            let (req, seq) = (reqs[row], seqs[row]);
            let block_table = match form.columns {
                0 => &mut [][..],
                columns => &mut tables[row * form.stride..][..columns],
            };
            if exhausted.is_some() {
                block_table.fill(-1);
                continue;
            }
            let needs = (1..(1 << 31) - 1).contains(&seq) && (seq - 1) % page == 0;
            taken += usize::from(needs);
            if seq == 0 {
                if !form.new_columns {
                    block_table.fill(form.pad.into());
                }
                continue;
            }
            let (mut kinds, mut slot) = (Vec::new(), [-1]);
            if req < 0 || req >= rows {
                kinds.push(RequestOutOfRange { req, rows });
            } else if seq > row_len {
                kinds.push(RangeOutOfRow { start: seq - 1, end: seq, row_len });
            } else {
                let pages = if needs { &free_pages[taken - 1..taken] } else { &[] };
                let mut last = [-1];
                last_loc_oracle(view, &[req], &[seq.saturating_sub(1)], &mut last);
                kinds.extend(decode_oracle(&[seq], &last, pages, page, &mut slot).map(|fault| fault.kind));
                let limit = form.columns as i64 * page;
                if seq > limit {
                    kinds.push(PositionOutOfRange { position: seq - 1, limit });
                }
            }
            if let Some(&kind) = kinds.iter().min_by_key(|kind| place_of(kind)) {
                block_table.fill(-1);
                faults.push(RowFault::new(row, kind));
                continue;
            }
            out[row] = slot[0];
            written.table[req as usize * shape.row_stride() + seq as usize - 1] = slot[0] as i32;
            for (q, block) in block_table.iter_mut().enumerate() {
                let first = q as i64 * page;
                if form.new_columns {
                    if first < seq && seq <= first + page {
                        *block = slot[0] / page;
                    }
                } else if first == seq - 1 {
                    *block = slot[0] / page;
                } else if first < seq {
                    let entry = entry(view, req, first);
                    *block = if entry < 0 { -1 } else { entry / page };
                } else {
                    *block = form.pad.into();
                }
            }
        }
        exhausted.or(faults.first().copied())
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
                        let reqs = repeat(seed, batch)
                            .map(|(i, (req, _))| req.resolve(dtypes.req_pool_indices, rows, i))
                            .collect();
                        let lens =
                            repeat(seed, batch).map(|(i, (_, len))| len.resolve(dtypes.lens, row_len, !i)).collect();
                        let page_size = PAGE_SIZES[salt as usize % PAGE_SIZES.len()];
                        each(&decode_case(&table, dtypes, [reqs, lens], page_size, salt));
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        for (i, dtypes) in Dtypes::all().enumerate() {
            // A batch far beyond what any tile holds.
            let many = table((5_000, 70, 65));
            for (salt, page_size) in [1, 16, 7].into_iter().enumerate() {
                let lens = (0..5_000).map(|b| (splitmix64(b) % 66) as i64).collect();
                each(&decode_case(&many, dtypes, [(0..5_000).rev().collect(), lens], page_size, (8 * i + salt) as u64));
            }
            // Block tables of many tiles.
            let long = table((5, 65_600, 65_537));
            for page_size in [1, 2, 16, 64, 128, 256, 512, 1000, 4095] {
                let lens = vec![65_537, 1 + page_size as i64, 65_500, 0, 40_001];
                each(&decode_case(&long, dtypes, [(0..5).collect(), lens], page_size, 64 + i as u64));
            }
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let mut slots = [10, 11, 12, 20, 21, 22];
        let (mut out, mut blocks) = ([-777_i64; 3], [-777; 8]);
        let mut call = |lens: &[i64], out_len: usize, page_size, tables: usize| {
            let shape = |rows, stride| TableShape::new(rows, stride).expect("a shape");
            backend.call(&mut Args {
                table: ReqToTokenMut::new(shape(2, 3), &mut slots).expect("it fits"),
                req_pool_indices: &[0_i32, 1],
                seq_lens: lens,
                free_pages: &[3_i64, 4],
                page_size,
                out: &mut out[..out_len],
                block_tables: BlockTableMut::new(shape(tables, 2), &mut blocks).expect("it fits"),
                columns: Columns::All,
                pad: 0,
            })
        };
        let refused = |error: ShapeError| Err(CallError::Ref(RefError::Shape(error)));
        for len in [0, 1, 3] {
            let mismatch = |argument| refused(ShapeError::LengthMismatch { argument, len, batch: 2 });
            assert_eq!(call(&[1; 3][..len], 2, 1, 2), mismatch("seq_lens"));
            assert_eq!(call(&[1; 2], len, 1, 2), mismatch("out"));
        }
        for page_size in [0, (1 << 31) - 1] {
            let value = page_size as i64;
            let error = ShapeError::OutOfRange { argument: "page_size", value, min: 1, max: (1 << 31) - 2 };
            assert_eq!(call(&[1; 2], 2, page_size, 2), refused(error));
        }
        for rows in [0, 1] {
            let error = ShapeError::TooFewRows { argument: "block_tables", rows, needed: 2 };
            assert_eq!(call(&[1; 2], 2, 1, rows), refused(error));
        }
        assert_eq!((slots, out, blocks), ([10, 11, 12, 20, 21, 22], [-777; 3], [-777; 8]));
    }

    fn by_context(&self) -> bool {
        true
    }

    /// Requests about as long as their context, in pages of 128 tokens; one of 128 needs a page.
    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let (n, page_size) = (batch.requests.len(), 128);
        let columns = (batch.ends.iter().max()? + page_size - 1) / page_size;
        let seqs: Vec<_> = batch.ends.iter().zip(0..).map(|(end, i)| end - i % page_size).collect();
        let free_pages = (0..seqs.iter().filter(|&seq| (seq - 1) % page_size == 0).count() as i64).collect();
        let numbers = vec![page_size, n as i64, columns, 0, 0, 0];
        Some((vec![batch.requests.clone(), seqs, free_pages], numbers, vec![n, n * columns as usize]))
    }

    /// Of block tables the new column alone.
    fn measured_also(&self, batch: &Batch) -> Option<(&'static str, Measured)> {
        let (arrays, mut numbers, out_lens) = self.measured(batch)?;
        *numbers.last_mut()? = 1;
        Some((" new", (arrays, numbers, out_lens)))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let (form, n) = (Form::of(case), case.batch() as f64);
        let columns = |seq: i64| if form.new_columns { 0 } else { (seq - 1) / form.page_size as i64 + 1 };
        let pages: i64 = case.arrays[1].iter().map(|&seq| columns(seq)).sum();
        let blocks = if form.new_columns { block_bytes * n } else { 4.0 * (form.capacity * form.columns) as f64 };
        let entry = block_bytes.min(4.0 * form.page_size as f64);
        Traffic {
            read: bytes(case, Param::R, n) + block_bytes * n + entry * pages as f64,
            read_by_each: bytes(case, Param::L, n),
            written: bytes(case, Param::S, n) + block_bytes * n + blocks,
            copies: 3.0 * n,
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{draw, dtypes, request, table, value};
        use proptest::prelude::*;

        let page_size = prop_oneof![1..20_usize, (0..PAGE_SIZES.len()).prop_map(|at| PAGE_SIZES[at])];
        let rows = proptest::collection::vec((draw(), draw()), 0..70);
        (table(), dtypes(), page_size, any::<u64>(), rows)
            .prop_map(|(table, dtypes, page_size, salt, rows)| {
                let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let row =
                    |&(req, len)| (request(dtypes.req_pool_indices, limit, req), value(dtypes.lens, row_len, len));
                let (reqs, lens): (Vec<_>, Vec<_>) = rows.iter().map(row).unzip();
                decode_case(&table, dtypes, [reqs, lens], page_size, salt)
            })
            .boxed()
    }
}

/// Kinds are reported in this order.
fn place_of(kind: &FaultKind) -> usize {
    let order = ["SlotOutOfRange", "LengthBelowPrefix", "PositionOutOfRange", "BlockOutOfRange"];
    order.iter().position(|name| *name == kind.name()).unwrap_or(0)
}

/// The numbers of a case.
struct Form {
    page_size: usize,
    capacity: usize,
    columns: usize,
    stride: usize,
    pad: i32,
    new_columns: bool,
}

impl Form {
    fn of(case: &Case) -> Self {
        let [page_size, capacity, columns, stride, pad, new_columns] = case.numbers[..] else { panic!("six numbers") };
        let stride = if stride == 0 { columns } else { stride };
        let [page_size, capacity, columns, stride] =
            [page_size, capacity, columns, stride].map(|number| usize::try_from(number).expect("a size"));
        let pad = i32::try_from(pad).expect("an int32");
        Self { page_size, capacity, columns, stride, pad, new_columns: new_columns != 0 }
    }

    fn tables(&self) -> TableShape {
        TableShape::new(self.capacity, self.stride).and_then(|out| out.with_row_len(self.columns)).expect("a shape")
    }
}

fn run<R: Element, L: Element, S: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let (form, mut slots) = (Form::of(case), case.table.slots.clone());
    let (mut out, mut blocks) = (case.out::<S>(0), case.out::<i32>(1));
    let (reqs, seqs, free_pages) = (case.array::<R>(0), case.array::<L>(1), case.array::<S>(2));
    let result = backend.call(&mut Args {
        table: ReqToTokenMut::new(case.table.shape, &mut slots).expect("the table's storage fits its shape"),
        req_pool_indices: &reqs[..],
        seq_lens: &seqs[..],
        free_pages: &free_pages[..],
        page_size: form.page_size,
        out: &mut out[..],
        block_tables: BlockTableMut::new(form.tables(), &mut blocks).expect("as long as its shape needs"),
        columns: if form.new_columns { Columns::New } else { Columns::All },
        pad: form.pad,
    });
    let mut written = Written::out(out);
    written.outs.push(blocks.into_iter().map(Int::to_i64).collect());
    written.table = slots;
    Outcome { written, result }
}

/// Tokens of a page.
const PAGE_SIZES: [usize; 14] = [1, 2, 3, 4, 7, 16, 33, 64, 100, 128, 256, 1000, 4095, (1 << 31) - 2];

/// Rows (request, length) that repeat over the batch.
const SEEDS: [&[(Val, Val)]; 12] = [
    &[(Any, Any)],
    &[(Any, Past(0))],
    &[(Any, Past(0)), (Any, Any), (Any, At(0)), (Any, Past(-1))],
    &[(Any, At(1)), (Any, At(2)), (Any, At(3)), (Any, At(16)), (Any, At(17)), (Any, At(64)), (Any, At(65))],
    &[(Any, Past(1)), (Any, Any)],
    &[(Any, Any), (Any, Past(1)), (Any, Any), (Any, Any), (Past(0), Any)],
    &[(At(-1), At(1)), (Any, At(-1)), (Any, Any)],
    &[(Max, At(0)), (Min, At(-3)), (Max, Min), (Any, Any)],
    &[(Any, Max), (Any, Any), (Any, Min)],
    &[(Max, Max), (Min, Min), (Any, At(0))],
    &[(Any, Any), (Beyond(0), At(1)), (Any, Beyond(0)), (Any, Beyond(1)), (Any, Beyond(-(1 << 31)))],
    &[(Past(0), Past(1)), (Past(-1), Past(0)), (Past(1), At(0))],
];

/// Tells whether a request of the table has been asked about before.
pub(super) fn seen(table: &Table) -> impl FnMut(i64) -> bool {
    let mut seen = vec![false; table.shape.rows()];
    move |req| {
        let seen = usize::try_from(req).ok().and_then(|req| seen.get_mut(req));
        seen.is_some_and(|seen| std::mem::replace(seen, true))
    }
}

/// The table with any slots, nearly all of them good ones where they are tame.
pub(super) fn with_slots(table: &Table, tame: bool, salt: u64) -> Arc<Table> {
    let slot = |i: u64| {
        if tame && !i.is_multiple_of(61) { (splitmix64(salt ^ i) >> 33) as i32 } else { splitmix64(salt ^ i) as i32 }
    };
    Arc::new(Table { shape: table.shape, slots: (0..table.slots.len() as u64).map(slot).collect() })
}

/// A case in one of the forms that there are: columns too few or more than enough, rows that are no request's, gaps, pages
/// enough or not, some of them none, last slots that are none. Of rows of one request that have a token all but the first
/// are idle.
fn decode_case(
    table: &Arc<Table>,
    dtypes: Dtypes,
    [reqs, mut lens]: [Vec<i64>; 2],
    page_size: usize,
    salt: u64,
) -> Case {
    let mut one_of = draws(salt);
    let mut again = seen(table);
    for (req, len) in reqs.iter().zip(&mut lens) {
        if *len != 0 && again(*req) {
            *len = 0;
        }
    }
    // Nearly all slots are good ones in two of three cases.
    let tame = one_of(3) != 0;
    let table = with_slots(table, tame, salt);

    let pages = table.shape.row_len().div_ceil(page_size);
    let columns = [pages, pages, pages + 1, pages + 9, pages.saturating_sub(1), pages / 2][one_of(6) as usize];
    let capacity = reqs.len() + [0, 0, 1, 40][one_of(4) as usize];
    let stride = columns + [0, 0, 1, 15, 70][one_of(5) as usize];
    let pad = [0, 0, -1, 77][one_of(4) as usize];
    let needed = lens.iter().filter(|&&seq| (1..(1 << 31) - 1).contains(&seq) && (seq - 1) % page_size as i64 == 0);
    let free = (needed.count() + [0, 0, 1, 30][one_of(4) as usize]).saturating_sub([0, 0, 0, 0, 1][one_of(5) as usize]);
    let limit = (1 << 31) / page_size as u64;
    let wide = dtypes.slots == IntType::I64;
    let page = |i: u64| match splitmix64(salt.wrapping_add(i)) {
        at if tame || at % 16 != 0 => (at >> 8) % limit,
        at => [u64::MAX, limit, 1 << 31, (1 << 32) + 1][(at >> 8) as usize % if wide { 4 } else { 1 }],
    };
    let free_pages = (0..free as u64).map(|i| page(i) as i64).collect();
    let numbers = [page_size, capacity, columns, stride].map(|size| size as i64);
    let new_columns = i64::from(one_of(3) == 0);
    let mut case = Case {
        op: &DecodeStep,
        dtypes: Dtypes { out: dtypes.slots, ..dtypes },
        table,
        arrays: vec![reqs, lens, free_pages],
        numbers: [&numbers[..], &[pad, new_columns]].concat(),
        out_lens: Vec::new(),
        out_init: OUT_INIT,
    };
    case.out_lens = (0..2).map(|place| case.op.out_len(&case, place)).collect();
    case
}
