//! `gather_block_tables`.

use std::ops::Range;
use std::sync::Arc;

use ascend_cache_loc::FaultKind::{PositionOutOfRange, PrefixOutOfRange, RequestOutOfRange, SlotOutOfRange};
use ascend_cache_loc::{self as device, Int, IntType, Lengths, RowFault, ShapeError, TableShape};
use ascend_cache_loc_ref::{BlockTableMut, BlockTables, RefError, ReqToToken, gather_block_tables};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, OUT_INIT, Outcome, Table, Written, entry};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, TABLES, part, repeat, table};
use crate::splitmix::{draws, splitmix64};
use crate::traffic::{Batch, Measured, Traffic, bytes};
use crate::typed;

/// The operation, to tests.
#[derive(Debug)]
pub struct GatherBlockTables;

impl<R: Int, L: Int, S: Int> Call for BlockTables<'_, R, L, S> {
    fn operation(&self) -> device::Operation {
        device::Operation::GATHER_BLOCK_TABLES
    }

    fn rows(&self) -> usize {
        self.req_pool_indices.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let Self { table, req_pool_indices, lens, page_size, repeat, map, pad, ref mut out } = *self;
        let out = out.reborrow();
        gather_block_tables(BlockTables { table, req_pool_indices, lens, page_size, repeat, map, pad, out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let (from, to) = (self.table.shape(), self.out.shape());
        let tokens = |b| match self.lens {
            Lengths::Each(lens) => lens.get(b).map_or(0, |len: &L| len.to_i64()),
            Lengths::Until(max) => max.min(from.row_len() as i64),
        };
        let rows = self.req_pool_indices.iter().enumerate();
        let reads = rows.flat_map(|(b, req)| entries(from, req.to_i64(), tokens(b), self.page_size, to.row_len()));
        let slots = &mut self.out.slots_mut()[..to.storage_len()];
        let args = device::BlockTables {
            table: carrier.table(&self.table, reads)?,
            req_pool_indices: carrier.input(self.req_pool_indices)?,
            lens: match self.lens {
                Lengths::Each(lens) => Lengths::Each(carrier.input(lens)?),
                Lengths::Until(max) => Lengths::Until(max),
            },
            page_size: self.page_size,
            repeat: self.repeat,
            map: self.map.map(|map| carrier.input(map)).transpose()?,
            pad: self.pad,
            out: device::BlockTableMut::new(to, carrier.output(slots)?).map_err(device::Error::from)?,
        };
        let launched = device::gather_block_tables_with(carrier.stream(), args, carrier.config());
        carrier.finish(launched, device::Operation::GATHER_BLOCK_TABLES, slots)
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out.slots_mut()[place] = slot;
    }
}

impl Operation for GatherBlockTables {
    fn operation(&self) -> device::Operation {
        device::Operation::GATHER_BLOCK_TABLES
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("req_pool_indices", Param::R), ("lens", Param::L), ("map", Param::S)]
    }

    fn batch_arrays(&self) -> usize {
        2
    }

    fn optional_arrays(&self) -> &'static [&'static str] {
        &["lens", "map"]
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["page_size", "batch_capacity", "columns", "until", "repeat", "pad", "out_stride"]
    }

    /// Without `until` there are lengths, and without `out_stride` the rows lie end to end.
    fn optional_numbers(&self) -> &'static [(&'static str, i64)] {
        &[("until", -1), ("repeat", 1), ("pad", 0), ("out_stride", 0)]
    }

    fn outputs(&self) -> &'static [(&'static str, Param)] {
        &[("out", Param::I)]
    }

    fn out_len(&self, case: &Case, _: usize) -> usize {
        Form::of(case).out().storage_len()
    }

    fn reads(&self, case: &Case) -> Vec<Range<usize>> {
        let (form, shape) = (Form::of(case), case.table.shape);
        let rows = case.arrays[0].iter().enumerate();
        rows.flat_map(|(b, &req)| entries(shape, req, form.tokens(case, b), form.page_size, form.columns)).collect()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let (form, shape, map) = (Form::of(case), case.table.shape, &case.arrays[2]);
        let (rows, row_len, page) = (shape.rows() as i64, shape.row_len() as i64, form.page_size as i64);
        let mut faults = Vec::new();
        for row in 0..form.capacity {
            let b = row / form.repeat;
            for p in 0..form.columns {
                let out = &mut written.outs[0][row * form.stride + p];
                *out = form.pad.into();
                let Some(&req) = case.arrays[0].get(b) else { continue };
                let tokens = form.tokens(case, b);
                let pages = if tokens > 0 { 1 + (tokens - 1) / page } else { 0 };
                let bad = if tokens <= 0 {
                    None
                } else if req < 0 || req >= rows {
                    Some(RequestOutOfRange { req, rows })
                } else if tokens > row_len {
                    Some(PrefixOutOfRange { prefix_len: tokens, row_len })
                } else if pages > form.columns as i64 {
                    Some(PositionOutOfRange { position: tokens - 1, limit: form.columns as i64 * page })
                } else {
                    None
                };
                if let Some(kind) = bad {
                    *out = -1;
                    faults.push(RowFault::new(b, kind));
                } else if (p as i64) < pages {
                    let mut slot = entry(case.table.view(), req, p as i64 * page);
                    let mut kind = None;
                    if !map.is_empty() && slot >= map.len() as i64 {
                        kind = Some(SlotOutOfRange { slot, limit: map.len() as i64 });
                        slot = -1;
                    } else if !map.is_empty() && slot >= 0 {
                        slot = map[slot as usize];
                    }
                    *out = if slot < 0 { -1 } else { slot / page };
                    if *out > i32::MAX.into() {
                        *out = -1;
                        kind = Some(SlotOutOfRange { slot, limit: page * (1 << 31) });
                    }
                    if form.until < 0 {
                        faults.extend(kind.map(|kind| RowFault { row: b, kind, at: p }));
                    }
                }
            }
        }
        faults.into_iter().min_by_key(|fault| (fault.row, fault.at))
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
                        each(&seeded(&table, seed, batch, dtypes, PAGE_SIZES[salt as usize % PAGE_SIZES.len()], salt));
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        let rows: &[(Val, Val)] = &[(Any, Any), (Any, Past(0)), (Any, At(1))];
        for (i, dtypes) in Dtypes::all().enumerate() {
            // A batch far beyond what any tile holds, of few columns and of many.
            let many = table((64, 300, 257));
            for (page_size, batch) in [(128, if i == 0 { 50_000 } else { 5_000 }), (1, 3000), (7, 5000)] {
                each(&seeded(&many, rows, batch, dtypes, page_size, i as u64));
            }
            // Rows of many tiles, in every kind of page.
            let long = table((5, 65_600, 65_537));
            for page_size in [1, 2, 16, 64, 128, 256, 512, 1000, 4095] {
                each(&seeded(&long, rows, 5, dtypes, page_size, 8 * i as u64));
                each(&seeded(&long, SEEDS[2], 5, dtypes, page_size, 3 + 8 * i as u64));
            }
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let slots = [10, 11, 12, 20, 21, 22];
        let table = ReqToToken::new(TableShape::new(2, 3).expect("a shape"), &slots).expect("it fits");
        let mut out = [-777; 8];
        let mut call = |lens: Lengths<&[i64]>, page_size, repeat, rows| {
            let shape = TableShape::new(rows, 2).expect("a shape");
            let out = BlockTableMut::new(shape, &mut out).expect("it fits");
            let (req_pool_indices, map) = (&[0_i32, 1], None::<&[i32]>);
            backend.call(&mut BlockTables { table, req_pool_indices, lens, page_size, repeat, map, pad: 0, out })
        };
        let shape = |error: ShapeError| Err(CallError::Ref(RefError::Shape(error)));
        for len in [0, 1, 3] {
            let mismatch = ShapeError::LengthMismatch { argument: "lens", len, batch: 2 };
            assert_eq!(call(Lengths::Each(&[1; 3][..len]), 1, 1, 2), shape(mismatch));
        }
        let max = (1 << 31) - 2;
        for value in [0, max as usize + 1, 1 << 31, (1 << 32) + 1, usize::MAX] {
            let out_of_range = |argument| ShapeError::OutOfRange {
                argument,
                value: i64::try_from(value).unwrap_or(i64::MAX),
                min: 1,
                max,
            };
            assert_eq!(call(Lengths::Each(&[1; 2]), value, 1, 2), shape(out_of_range("page_size")));
            assert_eq!(call(Lengths::Each(&[1; 2]), 1, value, 2), shape(out_of_range("repeat")));
        }
        // Of three tokens in a row, two columns hold two pages of one.
        for value in [-1, i64::MIN, 3, i64::MAX] {
            let out_of_range = ShapeError::OutOfRange { argument: "until", value, min: 0, max: 2 };
            assert_eq!(call(Lengths::Until(value), 1, 1, 2), shape(out_of_range));
        }
        for (repeat, rows) in [(1, 1), (2, 3), (1 << 30, 4)] {
            let too_few = ShapeError::TooFewRows { argument: "out", rows, needed: 2 * repeat as u64 };
            assert_eq!(call(Lengths::Until(2), 1, repeat, rows), shape(too_few));
        }
        assert_eq!(out, [-777; 8]);
    }

    fn by_context(&self) -> bool {
        true
    }

    /// Every request as long as its context, in pages of 128 tokens.
    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let (n, page_size) = (batch.requests.len(), 128);
        let columns = (batch.ends.iter().max()? + page_size - 1) / page_size;
        let arrays = vec![batch.requests.clone(), batch.ends.clone(), Vec::new()];
        Some((arrays, vec![page_size, n as i64, columns, -1, 1, 0, 0], vec![n * columns as usize]))
    }

    fn traffic(&self, case: &Case, block_bytes: f64) -> Traffic {
        let (form, n) = (Form::of(case), case.batch() as f64);
        let pages: i64 =
            (0..case.batch()).map(|b| (form.tokens(case, b) + form.page_size as i64 - 1) / form.page_size as i64).sum();
        let entry = block_bytes.min(4.0 * form.page_size as f64);
        Traffic {
            read: bytes(case, Param::R, n) + bytes(case, Param::L, n) + entry * pages as f64,
            written: 4.0 * (form.capacity * form.columns) as f64,
            copies: n,
            ..Traffic::default()
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{draw, dtypes, request, table, value};
        use proptest::prelude::*;

        let page_size = prop_oneof![0..40_usize, (0..PAGE_SIZES.len()).prop_map(|at| PAGE_SIZES[at] - 1)];
        let rows = proptest::collection::vec((draw(), draw()), 0..70);
        (table(), dtypes(), page_size, any::<u64>(), rows)
            .prop_map(|(table, dtypes, less, salt, rows)| {
                let (limit, row_len) = (table.shape.rows() as i64, table.shape.row_len() as i64);
                let row =
                    |&(req, len)| (request(dtypes.req_pool_indices, limit, req), value(dtypes.lens, row_len, len));
                let (reqs, lens): (Vec<_>, Vec<_>) = rows.iter().map(row).unzip();
                case(&table, dtypes, [reqs, lens], less + 1, salt)
            })
            .boxed()
    }
}

/// The numbers of a case.
struct Form {
    page_size: usize,
    capacity: usize,
    columns: usize,
    until: i64,
    repeat: usize,
    pad: i32,
    stride: usize,
}

impl Form {
    fn of(case: &Case) -> Self {
        let [page_size, capacity, columns, until, repeat, pad, stride] = case.numbers[..] else {
            panic!("seven numbers")
        };
        let size = |number: i64| usize::try_from(number).expect("a size");
        let stride = if stride == 0 { columns } else { stride };
        let (page_size, capacity, columns) = (size(page_size), size(capacity), size(columns));
        let pad = i32::try_from(pad).expect("an int32");
        Self { page_size, capacity, columns, until, repeat: size(repeat), pad, stride: size(stride) }
    }

    fn out(&self) -> TableShape {
        TableShape::new(self.capacity, self.stride).and_then(|out| out.with_row_len(self.columns)).expect("a shape")
    }

    /// Tokens of request b.
    fn tokens(&self, case: &Case, b: usize) -> i64 {
        if self.until < 0 { case.arrays[1][b] } else { self.until.min(case.table.shape.row_len() as i64) }
    }
}

/// The entries of the table that a row reads.
pub(super) fn entries(
    shape: TableShape,
    req: i64,
    tokens: i64,
    page_size: usize,
    columns: usize,
) -> impl Iterator<Item = Range<usize>> {
    let req = usize::try_from(req).ok().filter(|&req| req < shape.rows());
    let tokens = usize::try_from(tokens).ok().filter(|&tokens| tokens <= shape.row_len());
    let row = req.zip(tokens).filter(|(_, tokens)| tokens.div_ceil(page_size) <= columns);
    let entry = move |start: usize, at: usize| start + at..start + at + 1;
    row.into_iter().flat_map(move |(req, tokens)| {
        (0..tokens).step_by(page_size).map(move |at| entry(req * shape.row_stride(), at))
    })
}

fn run<R: Element, L: Element, S: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let (form, mut out) = (Form::of(case), case.out::<i32>(0));
    let (reqs, lens, map) = (case.array::<R>(0), case.array::<L>(1), case.array::<S>(2));
    let result = backend.call(&mut BlockTables {
        table: case.table.view(),
        req_pool_indices: &reqs[..],
        lens: if form.until < 0 { Lengths::Each(&lens[..]) } else { Lengths::Until(form.until) },
        page_size: form.page_size,
        repeat: form.repeat,
        map: (!map.is_empty()).then_some(&map[..]),
        pad: form.pad,
        out: BlockTableMut::new(form.out(), &mut out).expect("the output is as long as its shape needs"),
    });
    Outcome { written: Written::out(out), result }
}

/// Tokens of a page.
const PAGE_SIZES: [usize; 18] = [1, 2, 3, 4, 5, 8, 16, 17, 31, 32, 64, 100, 128, 256, 512, 1000, 4095, (1 << 31) - 2];

/// Rows (request, length) that repeat over the batch.
const SEEDS: [&[(Val, Val)]; 12] = [
    &[(Any, Any)],
    &[(Any, Past(0))],
    &[(Any, Past(0)), (Any, Any), (Any, At(0)), (Any, Past(-1))],
    &[(Any, At(1)), (Any, At(2)), (Any, At(3)), (Any, At(16)), (Any, At(17)), (Any, At(64)), (Any, At(65))],
    &[(Any, Past(1))],
    &[(Any, Any), (Any, Past(1)), (Any, Any), (Any, Any), (Past(0), Any)],
    &[(At(-1), At(1)), (Any, At(-1))],
    &[(Max, At(0)), (Min, At(-3)), (Max, Min), (Any, Any)],
    &[(Any, Max), (Any, Any), (Any, Min)],
    &[(Max, Max), (Min, Min)],
    &[(Any, Any), (Beyond(0), At(1)), (Any, Beyond(0)), (Any, Beyond(1)), (Any, Beyond(-(1 << 31)))],
    &[(Past(0), Past(1)), (Past(-1), Past(0)), (Past(1), At(0))],
];

fn seeded(table: &Arc<Table>, seed: &[(Val, Val)], batch: usize, dtypes: Dtypes, page_size: usize, salt: u64) -> Case {
    let (rows, row_len) = (table.shape.rows(), table.shape.row_len());
    let reqs = repeat(seed, batch).map(|(i, (req, _))| req.resolve(dtypes.req_pool_indices, rows, i)).collect();
    let lens = repeat(seed, batch).map(|(i, (_, len))| len.resolve(dtypes.lens, row_len, !i)).collect();
    case(table, dtypes, [reqs, lens], page_size, salt)
}

/// A case in one of the forms that there are: with lengths or one number, a map or none, rows repeated, columns too few or
/// more than enough, rows that are no request's, gaps.
fn case(table: &Arc<Table>, dtypes: Dtypes, [reqs, mut lens]: [Vec<i64>; 2], page_size: usize, salt: u64) -> Case {
    let mut one_of = draws(salt);
    let row_len = table.shape.row_len();
    let pages = row_len.div_ceil(page_size);
    let columns = [pages, pages, pages + 1, pages + 9, pages.saturating_sub(1), pages / 2][one_of(6) as usize];
    let repeat = [1, 1, 1, 2, 5][one_of(5) as usize];
    let capacity = reqs.len() * repeat + [0, 0, 1, 40][one_of(4) as usize];
    let stride = columns + [0, 0, 1, 15, 70][one_of(5) as usize];
    let pad = [0, 0, -1, 77][one_of(4) as usize];
    let mut until = -1;
    if one_of(4) == 0 {
        lens = Vec::new();
        let room = (columns * page_size) as u64;
        let most = if room >= row_len as u64 && one_of(2) == 0 { 1 << 40 } else { room.min(row_len as u64) };
        until = [most, one_of(most + 1)][one_of(2) as usize] as i64;
    }
    let (mut table, mut map) = (table.clone(), Vec::new());
    if one_of(3) == 0 {
        let len = 1 + one_of(500);
        let slot = |i: u64| (splitmix64(salt ^ i) % (len + len / 50 + 2)) as i32 - 1;
        table = Arc::new(Table { shape: table.shape, slots: (0..table.slots.len() as u64).map(slot).collect() });
        map = (0..len).map(|i| window_slot(dtypes.slots, page_size, splitmix64(salt.wrapping_sub(i)))).collect();
    }
    let numbers = [page_size, capacity, columns].map(|size| size as i64);
    let numbers = [&numbers[..], &[until, repeat as i64, pad, stride as i64]].concat();
    let mut case = Case {
        op: &GatherBlockTables,
        dtypes: Dtypes { out: IntType::I32, ..dtypes },
        table,
        arrays: vec![reqs, lens, map],
        numbers,
        out_lens: Vec::new(),
        out_init: OUT_INIT,
    };
    case.out_lens = vec![case.op.out_len(&case, 0)];
    case
}

/// What a map has for a slot: mostly a slot, now and then the greatest, one below 0, or one whose page is just an int32, or
/// just none.
fn window_slot(dtype: IntType, page_size: usize, salt: u64) -> i64 {
    let limit = (page_size as i64) << 31;
    let odd = [-1, i32::MIN.into(), i32::MAX.into(), 0];
    let wide = [limit, limit - 1, 1 << 31, i64::MAX, i64::MIN, limit + 1, (1 << 32) + 7];
    match (salt % 64, dtype) {
        (at @ 0..4, _) => odd[at as usize],
        (at @ 4..11, IntType::I64) => wide[at as usize - 4],
        _ => (salt >> 33) as i64,
    }
}
