//! `alloc_decode`.

use std::ops::Range;

use ascend_cache_loc::FaultKind::{BlockOutOfRange, LengthBelowPrefix, PagesExhausted, SlotOutOfRange};
use ascend_cache_loc::{self as device, Int, IntType, RowFault, ShapeError};
use ascend_cache_loc_ref::{AllocDecode as Args, RefError, alloc_decode};

use crate::backend::{Backend, CallError};
use crate::case::{Case, Dtypes, Outcome, Written};
use crate::device::Carrier;
use crate::operation::{Call, Element, Operation, Param};
use crate::seed::Val::{self, Any, At, Beyond, Max, Min, Past};
use crate::seed::{BATCHES, part, repeat};
use crate::splitmix::splitmix64;
use crate::traffic::{Batch, Measured, Traffic, bytes};
use crate::typed;

/// The operation, to tests.
#[derive(Debug)]
pub struct AllocDecode;

impl<L: Int, S: Int, O: Int> Call for Args<'_, L, S, O> {
    fn operation(&self) -> device::Operation {
        device::Operation::ALLOC_DECODE
    }

    fn rows(&self) -> usize {
        self.seq_lens.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut Args { seq_lens, last_locs, free_pages, page_size, ref mut out } = self;
        alloc_decode(Args { seq_lens, last_locs, free_pages, page_size, out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let args = device::AllocDecode {
            seq_lens: carrier.input(self.seq_lens)?,
            last_locs: carrier.input(self.last_locs)?,
            free_pages: carrier.input(self.free_pages)?,
            page_size: self.page_size,
            out: carrier.output(self.out)?,
        };
        let launched = device::alloc_decode_with(carrier.stream(), args, carrier.config());
        carrier.finish(launched, device::Operation::ALLOC_DECODE, self.out)
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = O::from_slot(slot);
    }
}

impl Operation for AllocDecode {
    fn operation(&self) -> device::Operation {
        device::Operation::ALLOC_DECODE
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("seq_lens", Param::L), ("last_loc", Param::S), ("free_pages", Param::S)]
    }

    fn batch_arrays(&self) -> usize {
        2
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["page_size"]
    }

    fn has_table(&self) -> bool {
        false
    }

    fn reads(&self, _: &Case) -> Vec<Range<usize>> {
        Vec::new()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [seq_lens, last_locs, free_pages] = &case.arrays[..] else { panic!("three arrays") };
        decode_oracle(seq_lens, last_locs, free_pages, case.numbers[0], &mut written.outs[0])
    }

    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome {
        typed!(case, [L, S, O], run(case, backend))
    }

    fn seeds(&self, of: (usize, usize), each: &mut dyn FnMut(&Case)) {
        for page_size in part(PAGE_SIZES, of) {
            for (turn, seed) in SEEDS.into_iter().enumerate() {
                for (at, batch) in BATCHES.into_iter().enumerate() {
                    for (i, dtypes) in Dtypes::in_turn(turn + at) {
                        let dtypes = dtypes.requests_as_out();
                        let whole = seeded(seed, batch, dtypes, page_size);
                        each(&with_pages(&whole, whole.arrays[2].len() + [0, 3, 70][i % 3], batch as u64));
                        match (i + batch) % 3 {
                            0 => each(&with_pages(&whole, whole.arrays[2].len().saturating_sub(1), 1)),
                            1 => each(&with_pages(&whole, whole.arrays[2].len() / 2, 2)),
                            _ => each(&spoiled(whole, splitmix64((batch + i) as u64))),
                        }
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        // A batch far beyond what any tile holds.
        for (i, (dtypes, page_size)) in Dtypes::without_requests().zip(PAGE_SIZES).enumerate() {
            let batch = if i == 0 { 100_000 } else { 10_000 };
            let whole = seeded(SEEDS[0], batch, dtypes, page_size);
            let free = whole.arrays[2].len();
            each(&spoiled(seeded(SEEDS[3], batch, dtypes, page_size), free as u64));
            each(&with_pages(&whole, free.saturating_sub(1), 3));
            each(&with_pages(&whole, free / 3, 3));
            each(&whole);
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let mut out = [-777_i64; 3];
        let shape = |error| Err(CallError::Ref(RefError::Shape(error)));
        for len in [0, 1, 3] {
            let mismatch = |argument| shape(ShapeError::LengthMismatch { argument, len, batch: 2 });
            let mut decode = |last_locs: &[i32], out: &mut [i64]| {
                let (seq_lens, free_pages) = (&[1_i64, 2], &[1, 2]);
                backend.call(&mut Args { seq_lens, last_locs, free_pages, page_size: 4, out })
            };
            assert_eq!(decode(&[1; 3][..len], &mut out[..2]), mismatch("last_locs"));
            assert_eq!(decode(&[1, 1], &mut out[..len]), mismatch("out"));
        }
        for page_size in [0, (1 << 31) - 1] {
            let (seq_lens, last_locs, free_pages) = (&[1_i64, 2], &[1, 1], &[1, 2]);
            let refused = backend.call(&mut Args { seq_lens, last_locs, free_pages, page_size, out: &mut out[..2] });
            let value = page_size as i64;
            let error = ShapeError::OutOfRange { argument: "page_size", value, min: 1, max: (1 << 31) - 2 };
            assert_eq!(refused, shape(error));
        }
        assert_eq!(out, [-777; 3]);
    }

    /// A decode step, of pages of 128.
    fn measured(&self, batch: &Batch) -> Option<Measured> {
        batch.width().filter(|&width| width == 1)?;
        let last_locs = batch.ends.iter().map(|&end| if end > 1 { 128 * end + (end - 2) % 128 } else { -1 }).collect();
        let free_pages = pages(needed(&batch.ends, 128), 128, 5);
        Some((vec![batch.ends.clone(), last_locs, free_pages], vec![128], vec![batch.ends.len()]))
    }

    fn traffic(&self, case: &Case, _: f64) -> Traffic {
        let (n, pages) = (case.batch() as f64, case.arrays[2].len() as f64);
        Traffic {
            read: bytes(case, Param::S, n + pages),
            read_by_each: bytes(case, Param::L, n),
            written: bytes(case, Param::O, n),
            ..Traffic::default()
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{Draw, below, beyond, draw, dtypes};
        use proptest::prelude::*;

        let page_size = prop_oneof![1..20_usize, proptest::sample::select(&PAGE_SIZES[..]), 1..70_000_usize];
        let rows = proptest::collection::vec((draw(), draw()), 0..200);
        (page_size, dtypes(), rows, 0..24_usize, any::<u64>(), 0..4_u8)
            .prop_map(|(page_size, dtypes, rows, room, salt, bad)| {
                let dtypes = dtypes.requests_as_out();
                let row = |&((kind, at), last): &(Draw, Draw)| {
                    let pages = below(((1 << 31) - 2) / page_size as i64 + 1, at >> 20).min(50) * page_size as i64;
                    let seq = match kind % 64 {
                        0..30 => pages + 1,
                        61 => below(3, at) - 1,
                        62 => (1 << 31) - 3 + below(3, at),
                        63 => beyond(dtypes.lens, pages + 1, at),
                        _ => pages + below(page_size as i64, at),
                    };
                    let last = match last.0 % 64 {
                        60 => below(3, last.1) - 1,
                        61 => (1 << 31) - 3 + below(3, last.1),
                        62 => beyond(dtypes.slots, below(1 << 20, last.1), last.1 >> 30),
                        _ => below((1 << 31) - 1, last.1),
                    };
                    (seq.min(if dtypes.lens == IntType::I32 { i32::MAX.into() } else { i64::MAX }), last)
                };
                let (seq_lens, last_locs): (Vec<_>, Vec<_>) = rows.iter().map(row).unzip();
                let free = needed(&seq_lens, page_size as i64) * (20 - room.saturating_sub(18)) / 20 + room % 3;
                let case = decode_case(dtypes, seq_lens, last_locs, pages(free, page_size, salt), page_size);
                if bad == 3 { spoiled(case, salt) } else { case }
            })
            .boxed()
    }
}

fn run<L: Element, S: Element, O: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let mut out = case.out::<O>(0);
    let (seq_lens, last_locs, free_pages) = (case.array::<L>(0), case.array::<S>(1), case.array::<S>(2));
    let result = backend.call(&mut Args {
        seq_lens: &seq_lens[..],
        last_locs: &last_locs[..],
        free_pages: &free_pages[..],
        page_size: usize::try_from(case.numbers[0]).expect("a page size"),
        out: &mut out[..],
    });
    Outcome { written: Written::out(out), result }
}

/// The operation as plainly as its definition, in 64 bits: fills `out`, tells the lowest fault. A row needs a page where its
/// length takes more pages, each of whole tokens, than its length without the new token.
pub fn decode_oracle(
    seq_lens: &[i64],
    last_locs: &[i64],
    free_pages: &[i64],
    page_size: i64,
    out: &mut [i64],
) -> Option<RowFault> {
    let mut faults = Vec::new();
    let mut taken = 0;
    for row in 0..seq_lens.len() {
        let (seq_len, last_loc) = (seq_lens[row], last_locs[row]);
        out[row] = -1;
        if !(1..(1 << 31) - 1).contains(&seq_len) {
            faults.push(RowFault::new(row, LengthBelowPrefix { seq_len, prefix_len: 1 }));
        } else if pages_of(seq_len, page_size) > pages_of(seq_len - 1, page_size) {
            taken += 1;
            let Some(&block) = free_pages.get(taken - 1) else {
                out.fill(-1);
                let (needed, free) = (taken as i64, free_pages.len() as i64);
                return Some(RowFault::new(row, PagesExhausted { needed, free }));
            };
            if (0..(1 << 31) / page_size).contains(&block) {
                out[row] = block * page_size;
            } else {
                faults.push(RowFault::new(row, BlockOutOfRange { block, limit: (1 << 31) / page_size }));
            }
        } else if !(0..1 << 31).contains(&last_loc) {
            faults.push(RowFault::new(row, SlotOutOfRange { slot: last_loc, limit: 1 << 31 }));
        } else if last_loc == (1 << 31) - 1 {
            faults.push(RowFault::new(row, SlotOutOfRange { slot: 1 << 31, limit: 1 << 31 }));
        } else {
            out[row] = last_loc + 1;
        }
    }
    faults.first().copied()
}

/// Pages that hold so many tokens.
pub(super) fn pages_of(tokens: i64, page_size: i64) -> i64 {
    tokens / page_size + i64::from(tokens % page_size > 0)
}

/// The pages that a batch needs.
fn needed(seq_lens: &[i64], page_size: i64) -> usize {
    let valid = seq_lens.iter().filter(|&&seq| (1..(1 << 31) - 1).contains(&seq));
    valid.filter(|&&seq| pages_of(seq, page_size) > pages_of(seq - 1, page_size)).count()
}

/// So many pages that there can be, the greatest among them.
pub(super) fn pages(count: usize, page_size: usize, salt: u64) -> Vec<i64> {
    let limit = (1 << 31) / page_size as u64;
    (0..count as u64)
        .map(|i| if i % 7 == 2 { limit - 1 } else { splitmix64(salt.wrapping_add(i)) % limit })
        .map(|page| page as i64)
        .collect()
}

/// Page sizes: powers of two and others, and the ends of what they can be.
pub(super) const PAGE_SIZES: [usize; 14] =
    [1, 2, 3, 16, 64, 100, 128, 256, 512, 1000, 4095, 65_536, 1 << 30, (1 << 31) - 2];

/// The greatest length.
const MOST: i64 = (1 << 31) - 2;

/// Rows (length, last slot) that repeat over the batch; the limit of a length is the page size.
const SEEDS: [&[(Val, Val)]; 10] = [
    &[(Any, Any), (Past(1), Any), (At(1), At(-1))],
    &[(Past(1), Min), (At(1), Max)],
    &[(Past(0), Any), (At(2), At(0)), (At(2), At(MOST))],
    &[(Any, Any), (Any, Any), (At(1), Any), (At(0), Any), (Past(0), At(-1)), (Past(0), At(MOST + 1))],
    &[(Min, Any), (Max, Any), (At(MOST), Any), (At(MOST + 1), Any), (At(1), Any)],
    &[(At(-1), Any), (Past(1), Any), (At(2), Max), (At(2), Min)],
    &[(Beyond(1), Any), (At(1), Any), (At(2), Beyond(5)), (At(2), Beyond(-5)), (Past(0), Beyond(MOST))],
    &[(At(1), At(-1))],
    &[(At(MOST), At(7)), (At(MOST - 1), At(8)), (At(2), At(9))],
    &[(Any, At(MOST)), (At(2), Past(0))],
];

fn seeded(seed: &[(Val, Val)], batch: usize, dtypes: Dtypes, page_size: usize) -> Case {
    let seq_lens: Vec<_> = repeat(seed, batch).map(|(i, (seq, _))| seq.resolve(dtypes.lens, page_size, i)).collect();
    let last_locs = repeat(seed, batch).map(|(i, (_, last))| last.resolve(dtypes.slots, 1 << 21, !i)).collect();
    let free_pages = pages(needed(&seq_lens, page_size as i64), page_size, batch as u64);
    decode_case(dtypes, seq_lens, last_locs, free_pages, page_size)
}

fn decode_case(
    dtypes: Dtypes,
    seq_lens: Vec<i64>,
    last_locs: Vec<i64>,
    free_pages: Vec<i64>,
    page_size: usize,
) -> Case {
    let out_len = seq_lens.len();
    let arrays = vec![seq_lens, last_locs, free_pages];
    Case::without_table(&AllocDecode, dtypes, arrays, vec![page_size as i64], out_len)
}

/// The case with so many free pages.
fn with_pages(case: &Case, free: usize, salt: u64) -> Case {
    let mut case = case.clone();
    case.arrays[2] = pages(free, usize::try_from(case.numbers[0]).expect("a page size"), salt);
    case
}

/// The case with some pages that there cannot be.
pub(super) fn spoiled(mut case: Case, salt: u64) -> Case {
    let wide = case.dtypes.slots == IntType::I64;
    let pages = case.arrays.last_mut().expect("some arrays");
    let len = pages.len() as u64;
    let limit = (1 << 31) / case.numbers[0];
    let bad = [-1, limit.min(i32::MAX.into()), i32::MIN.into(), limit, i64::MIN, (1 << 32) + limit - 1, i64::MAX];
    for i in 0..salt % 3 + 1 {
        if len > 0 {
            let page = bad[(splitmix64(salt ^ i) % if wide { 7 } else { 3 }) as usize];
            pages[(splitmix64(salt + i) % len) as usize] = page;
        }
    }
    case
}
