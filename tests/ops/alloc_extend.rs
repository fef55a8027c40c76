//! `alloc_extend`.

use std::ops::Range;

use ascend_cache_loc::FaultKind::{BlockOutOfRange, LengthBelowPrefix, OutputTooShort, PagesExhausted, SlotOutOfRange};
use ascend_cache_loc::{self as device, FaultKind, Int, IntType, RowFault, ShapeError};
use ascend_cache_loc_ref::{AllocExtend as Args, RefError, alloc_extend};

use super::alloc_decode::{PAGE_SIZES, pages, pages_of, spoiled};
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
pub struct AllocExtend;

impl<L: Int, S: Int, O: Int> Call for Args<'_, L, S, O> {
    fn operation(&self) -> device::Operation {
        device::Operation::ALLOC_EXTEND
    }

    fn rows(&self) -> usize {
        self.prefix_lens.len()
    }

    fn on_host(&mut self) -> Result<(), RefError> {
        let &mut Args { prefix_lens, seq_lens, last_locs, free_pages, page_size, ref mut out } = self;
        alloc_extend(Args { prefix_lens, seq_lens, last_locs, free_pages, page_size, out })
    }

    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError> {
        let args = device::AllocExtend {
            prefix_lens: carrier.input(self.prefix_lens)?,
            seq_lens: carrier.input(self.seq_lens)?,
            last_locs: carrier.input(self.last_locs)?,
            free_pages: carrier.input(self.free_pages)?,
            page_size: self.page_size,
            out: carrier.output(self.out)?,
        };
        let launched = device::alloc_extend_with(carrier.stream(), args, carrier.config());
        carrier.finish(launched, device::Operation::ALLOC_EXTEND, self.out)
    }

    fn spoil(&mut self, place: usize, slot: i32) {
        self.out[place] = O::from_slot(slot);
    }
}

impl Operation for AllocExtend {
    fn operation(&self) -> device::Operation {
        device::Operation::ALLOC_EXTEND
    }

    fn arrays(&self) -> &'static [(&'static str, Param)] {
        &[("pre_lens", Param::L), ("seq_lens", Param::L), ("last_loc", Param::S), ("free_pages", Param::S)]
    }

    fn batch_arrays(&self) -> usize {
        3
    }

    fn numbers(&self) -> &'static [&'static str] {
        &["page_size"]
    }

    fn has_table(&self) -> bool {
        false
    }

    fn has_capacity(&self) -> bool {
        true
    }

    fn reads(&self, _: &Case) -> Vec<Range<usize>> {
        Vec::new()
    }

    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault> {
        let [prefix_lens, seq_lens, last_locs, free_pages] = &case.arrays[..] else { panic!("four arrays") };
        let lens = prefix_lens.iter().copied().zip(seq_lens.iter().copied());
        extend_oracle(&lens.collect::<Vec<_>>(), last_locs, free_pages, case.numbers[0], &mut written.outs[0])
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
                        // Room for all tokens, more, less, or none; pages for all of them, more or less.
                        let whole = seeded(seed, batch, dtypes, page_size, [700, 2100, 150][i % 3]);
                        let (out, free) = (whole.out_lens[0], whole.arrays[3].len());
                        match (i + batch) % 8 {
                            0 => each(&Case { out_lens: vec![out.saturating_sub(1)], ..whole.clone() }),
                            1 => each(&Case { out_lens: vec![out / 2], ..whole.clone() }),
                            2 => each(&Case { out_lens: vec![0], ..whole.clone() }),
                            3 => each(&with_pages(&whole, free.saturating_sub(1))),
                            4 => each(&with_pages(&whole, free / 2)),
                            5 => each(&Case { out_lens: vec![out + 13], ..with_pages(&whole, free + 9) }),
                            _ => each(&spoiled(whole.clone(), splitmix64((batch + i) as u64))),
                        }
                        each(&whole);
                    }
                }
            }
        }
    }

    fn large(&self, each: &mut dyn FnMut(&Case)) {
        for (i, dtypes) in Dtypes::without_requests().enumerate() {
            let page_size = [1, 128, 16, 1000, 7, 64, 4095, 2][i];
            // A batch far beyond what any tile holds, and what is kept of one.
            let many =
                seeded(SEEDS[i % 3], if i == 0 { 100_000 } else { 10_000 }, dtypes, [3, 16, 2, 5][i % 4], 1 << 20);
            each(&spoiled(many.clone(), i as u64));
            each(&with_pages(&many, many.arrays[3].len().saturating_sub(1)));
            each(&many);
            // A long row beside many short ones, at each end and in the middle, and more pages than are there at a time.
            for long in [0, 100, 255] {
                let mut lens: Vec<(i64, i64)> = (0..256).map(|row| (row % 40, row % 40 + 1)).collect();
                lens[long] = (5, 70_005);
                let whole = extend_case(dtypes, &lens, |row| 77_000 * (row as i64 + 1), page_size, 1 << 20);
                each(&spoiled(whole.clone(), long as u64));
                each(&Case { out_lens: vec![40_003], ..whole.clone() });
                each(&whole);
            }
        }
    }

    fn refused(&self, backend: &mut dyn Backend) {
        let mut out = [-777_i64; 3];
        let shape = |error| Err(CallError::Ref(RefError::Shape(error)));
        for len in [0, 1, 3] {
            let mismatch = |argument| shape(ShapeError::LengthMismatch { argument, len, batch: 2 });
            let mut extend = |seq_lens: &[i64], last_locs: &[i32]| {
                let (prefix_lens, free_pages) = (&[1_i64, 2], &[1, 2]);
                let page_size = 4;
                backend.call(&mut Args { prefix_lens, seq_lens, last_locs, free_pages, page_size, out: &mut out })
            };
            assert_eq!(extend(&[3; 3][..len], &[1, 1]), mismatch("seq_lens"));
            assert_eq!(extend(&[3, 3], &[1; 3][..len]), mismatch("last_locs"));
        }
        for page_size in [0, (1 << 31) - 1] {
            let (lens, last_locs, free_pages) = (&[1_i64, 2], &[1, 1], &[1, 2]);
            let refused = backend.call(&mut Args {
                prefix_lens: lens,
                seq_lens: lens,
                last_locs,
                free_pages,
                page_size,
                out: &mut out,
            });
            let value = page_size as i64;
            let error = ShapeError::OutOfRange { argument: "page_size", value, min: 1, max: (1 << 31) - 2 };
            assert_eq!(refused, shape(error));
        }
        assert_eq!(out, [-777; 3]);
    }

    /// New tokens of each request, in pages of 128, wherever in a page they begin.
    fn measured(&self, batch: &Batch) -> Option<Measured> {
        let lens: Vec<_> = batch.starts.iter().copied().zip(batch.ends.iter().copied()).collect();
        let case =
            extend_case(Dtypes::all().next()?, &lens, |row| 128 * row as i64 + (lens[row].0 - 1) % 128, 128, 1 << 20);
        Some((case.arrays, case.numbers, case.out_lens))
    }

    fn traffic(&self, case: &Case, _: f64) -> Traffic {
        let (n, pages) = (case.batch() as f64, case.arrays[3].len() as f64);
        Traffic {
            read: bytes(case, Param::S, n + pages),
            read_by_each: bytes(case, Param::L, 2.0 * n),
            written: bytes(case, Param::O, case.out_lens[0] as f64),
            ..Traffic::default()
        }
    }

    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case> {
        use crate::random::{Draw, below, beyond, draw, dtypes};
        use proptest::prelude::*;

        let page_size = prop_oneof![1..20_usize, proptest::sample::select(&PAGE_SIZES[..]), 1..5_000_usize];
        let row = || (draw(), draw(), draw());
        let rows = prop_oneof![
            3 => proptest::collection::vec(row(), 0..70),
            1 => proptest::collection::vec(row(), 70..300),
        ];
        // Of a batch's rows none is odd, or about one in 20 is, or every third.
        let odd = prop_oneof![Just(0_u8), Just(12), Just(80)];
        // In every third batch no row has more than a block, and few have a new page.
        (page_size, dtypes(), rows, odd, (0..24_usize, 0..3_u8), 0..24_usize, any::<u64>())
            .prop_map(|(page_size, dtypes, rows, odd, (room, short), free, salt)| {
                let (dtypes, size) = (dtypes.requests_as_out(), page_size as i64);
                let lens = |&(prefix, more, _): &(Draw, Draw, Draw)| {
                    let pages = below(4, prefix.1 >> 32) * size;
                    let start = if prefix.0 % 4 == 0 { pages } else { pages + below(size, prefix.1) };
                    if short == 0 && prefix.0 / 2 >= odd {
                        let length = below(9, more.1);
                        let filled = (pages + size - length.min(size), pages + size);
                        return if more.0 % 8 == 0 { (start, start + length) } else { filled };
                    }
                    let length = if more.0 % 4 == 0 { below(3 * size, more.1).min(3_000) } else { below(9, more.1) };
                    if prefix.0 / 2 >= odd {
                        return (start, start + length);
                    }
                    match more.0 % 6 {
                        0 => (start + length, start),
                        1 => (below(5, more.1) - 3, below(5, more.1 >> 9) - 3),
                        2 => ((1 << 31) - 8, (1 << 31) - 5 + below(6, more.1)),
                        3 => (beyond(dtypes.lens, start, more.1), beyond(dtypes.lens, start + length, more.1 >> 9)),
                        4 => (start, beyond(dtypes.lens, start + length, more.1)),
                        _ => (start, start + below(100_000, more.1)),
                    }
                };
                let most = if dtypes.lens == IntType::I32 { i32::MAX.into() } else { i64::MAX };
                let lens: Vec<_> = rows.iter().map(lens).map(|(from, to)| (from.min(most), to.min(most))).collect();
                let last = |row: usize| match rows[row].2 {
                    (kind, at) if kind < odd => match kind % 4 {
                        0 => below(5, at) - 3,
                        1 => (1 << 31) - 1 - below(40, at),
                        2 => beyond(dtypes.slots, below(1 << 20, at), at >> 30),
                        _ => (1 << 31) - 1,
                    },
                    (_, at) => below((1 << 31) - 10_000, at),
                };
                let whole = extend_case(dtypes, &lens, last, page_size, 6_000);
                let out = whole.out_lens[0] * (20 - room.saturating_sub(18)) / 20;
                let free = whole.arrays[3].len() * (20 - free.saturating_sub(18)) / 20;
                let case = Case { out_lens: vec![out], ..with_pages(&whole, free) };
                if odd > 0 && salt % 3 == 0 { spoiled(case, salt) } else { case }
            })
            .boxed()
    }
}

fn run<L: Element, S: Element, O: Element>(case: &Case, backend: &mut dyn Backend) -> Outcome {
    let mut out = case.out::<O>(0);
    let (prefix_lens, seq_lens) = (case.array::<L>(0), case.array::<L>(1));
    let (last_locs, free_pages) = (case.array::<S>(2), case.array::<S>(3));
    let result = backend.call(&mut Args {
        prefix_lens: &prefix_lens[..],
        seq_lens: &seq_lens[..],
        last_locs: &last_locs[..],
        free_pages: &free_pages[..],
        page_size: usize::try_from(case.numbers[0]).expect("a page size"),
        out: &mut out[..],
    });
    Outcome { written: Written::out(out), result }
}

/// The operation by the three parts of SGLang's kernel, in 64 bits: the page that the prefix has begun, whole new pages, and
/// the page that the row ends in. Fills `out`, tells the lowest fault.
///
/// # Panics
/// Never: the parts make up the row.
pub fn extend_oracle(
    lens: &[(i64, i64)],
    last_locs: &[i64],
    free_pages: &[i64],
    page_size: i64,
    out: &mut [i64],
) -> Option<RowFault> {
    let (capacity, free) = (out.len() as i64, free_pages.len() as i64);
    let mut faults = Vec::new();
    let (mut begin, mut first_page) = (0, 0);
    for (row, &(prefix_len, seq_len)) in lens.iter().enumerate() {
        if prefix_len < 0 || seq_len < prefix_len || seq_len >= (1 << 31) - 1 {
            faults.push(RowFault::new(row, LengthBelowPrefix { seq_len, prefix_len }));
            continue;
        }
        // The prefix rounded up to whole pages, and the row rounded down.
        let up = (prefix_len + page_size - 1) / page_size * page_size;
        let down = seq_len / page_size * page_size;
        let part1 = seq_len.min(up) - prefix_len;
        let part2 = (down - up).max(0);
        let part3 = if down >= up { seq_len - down } else { 0 };
        let new_pages = part2 / page_size + i64::from(part3 > 0);
        let (end, behind) = (begin + part1 + part2 + part3, first_page + new_pages);
        assert_eq!(end - begin, seq_len - prefix_len);
        if first_page <= free && behind > free {
            out[..total(lens).min(capacity) as usize].fill(-1);
            return Some(RowFault::new(row, PagesExhausted { needed: behind, free }));
        }
        let mut of_row: Vec<(FaultKind, usize)> = Vec::new();
        if end > capacity && end > begin {
            of_row.push((OutputTooShort { end, capacity }, 0));
        }
        for at in begin..end.min(capacity) {
            let j = at - begin;
            let slot = if j < part1 {
                let (slot, last_loc) = (last_locs[row].checked_add(1 + j), last_locs[row]);
                match slot {
                    Some(slot) if last_loc >= 0 && slot < 1 << 31 => Ok(slot),
                    _ if !(0..1 << 31).contains(&last_loc) => Err(SlotOutOfRange { slot: last_loc, limit: 1 << 31 }),
                    slot => Err(SlotOutOfRange { slot: slot.expect("31 bits and 31 bits"), limit: 1 << 31 }),
                }
            } else {
                let (page, offset) = if j < part1 + part2 {
                    let k = j - part1;
                    (first_page + k / page_size, k % page_size)
                } else {
                    (behind - 1, j - part1 - part2)
                };
                let (block, limit) = (free_pages[page as usize], (1 << 31) / page_size);
                if (0..limit).contains(&block) {
                    Ok(block * page_size + offset)
                } else {
                    Err(BlockOutOfRange { block, limit })
                }
            };
            out[at as usize] = slot.unwrap_or(-1);
            of_row.extend(slot.err().map(|kind| (kind, j as usize)));
        }
        let rank = |kind: &FaultKind| match kind {
            OutputTooShort { .. } => 0,
            SlotOutOfRange { .. } => 1,
            _ => 2,
        };
        faults.extend(of_row.into_iter().min_by_key(|(kind, at)| (rank(kind), *at)).map(|(kind, at)| RowFault {
            row,
            kind,
            at,
        }));
        (begin, first_page) = (end, behind);
    }
    faults.first().copied()
}

/// Whether a row has a place in the output.
pub(super) fn has_place(&&(prefix, seq): &&(i64, i64)) -> bool {
    0 <= prefix && prefix <= seq && seq < (1 << 31) - 1
}

/// The tokens of all rows.
pub(super) fn total(lens: &[(i64, i64)]) -> i64 {
    lens.iter().filter(has_place).map(|(prefix, seq)| seq - prefix).sum()
}

/// The pages that all rows need.
pub(super) fn needed(lens: &[(i64, i64)], page_size: i64) -> i64 {
    let of_row = |(prefix, seq): &(i64, i64)| pages_of(*seq, page_size) - pages_of(*prefix, page_size);
    lens.iter().filter(has_place).map(of_row).sum()
}

/// Rows (length before, length, last slot) that repeat over the batch; the limit of lengths is the page size.
const SEEDS: [&[(Val, Val, Val)]; 17] = [
    &[(At(0), At(1), At(-1)), (Any, Past(0), Any), (At(1), At(3), Any)],
    &[(Past(-1), Past(2), Any), (At(0), Past(3), Min), (At(5), At(5), Max)],
    &[(Any, Past(7), Any), (Past(0), Past(9), At(-1)), (At(2), At(3), At(0))],
    &[(At(0), Past(0), At(-1))],
    &[(Past(1), Past(6), Any), (At(0), At(0), Any)],
    &[(At(3), At(1), Any), (At(0), At(2), Any), (At(-1), At(2), Any), (Past(0), Past(2), Any)],
    &[(At(-3), At(-3), Any), (Min, Max, Any), (Max, Min, Any), (At(0), At(3), At(-1))],
    &[(At(MOST), At(MOST), Any), (At(MOST - 2), At(MOST + 1), Any), (At(1), At(2), At(9))],
    &[(At(0), Beyond(2), Any), (Beyond(0), Beyond(3), Any), (Beyond(0), At(3), Any), (At(0), At(2), Any)],
    &[(Past(-1), Past(1), At(-1)), (At(1), Past(1), At(MOST + 1)), (At(0), At(1), Min)],
    &[(Past(-5), Past(2), At(MOST - 2)), (At(1), Past(0), At(MOST)), (At(0), At(2), Max)],
    &[(At(1), At(2), Beyond(5)), (At(1), Past(1), Max), (Past(0), Past(1), Max)],
    // Places longer than any output.
    &[(At(0), At(1), Any), (At(1), At(MOST), Any), (At(0), At(5), Any)],
    &[(At(MOST - 3), At(MOST), Any), (At(MOST), At(MOST), Any), (At(0), Past(1), Any)],
    &[(Any, Any, Any)],
    // Rows that go on in their pages, and few others.
    &[
        (At(1), At(3), Any),
        (At(-1), At(2), Any),
        (At(1), At(2), At(9)),
        (At(5), At(3), Any),
        (At(1), At(2), At(MOST + 1)),
        (At(1), At(2), Min),
        (At(1), At(2), At(-1)),
        (At(MOST), At(MOST + 1), Any),
        (Max, Min, Any),
    ],
    &[
        (At(1), At(3), Any),
        (At(1), At(4), At(MOST - 1)),
        (At(2), At(3), Any),
        (At(1), At(2), At(MOST)),
        (At(0), At(1), Any),
    ],
];

/// The greatest length.
const MOST: i64 = (1 << 31) - 2;

fn seeded(seed: &[(Val, Val, Val)], batch: usize, dtypes: Dtypes, page_size: usize, most: usize) -> Case {
    let greatest = if dtypes.lens == IntType::I32 { i32::MAX.into() } else { i64::MAX };
    let len = |len: Val, salt| len.resolve(dtypes.lens, page_size, salt).min(greatest);
    let lens = repeat(seed, batch).map(|(i, (prefix, seq, _))| (len(prefix, i), len(seq, !i)));
    let last = |row: usize| seed[row % seed.len()].2.resolve(dtypes.slots, 1 << 21, row as u64);
    extend_case(dtypes, &lens.collect::<Vec<_>>(), last, page_size, most)
}

/// A case with room for all tokens, and pages for all rows, but no more than `most` of either.
fn extend_case(
    dtypes: Dtypes,
    lens: &[(i64, i64)],
    last: impl Fn(usize) -> i64,
    page_size: usize,
    most: usize,
) -> Case {
    let size = page_size as i64;
    let within = |count: i64| usize::try_from(count).expect("a count").min(most);
    let (prefix_lens, seq_lens) = lens.iter().copied().unzip();
    let last_locs = (0..lens.len()).map(last).collect();
    let arrays =
        vec![prefix_lens, seq_lens, last_locs, pages(within(needed(lens, size)), page_size, lens.len() as u64)];
    Case::without_table(&AllocExtend, dtypes, arrays, vec![size], within(total(lens)))
}

/// The case with so many free pages.
fn with_pages(case: &Case, free: usize) -> Case {
    let mut case = case.clone();
    let page_size = usize::try_from(case.numbers[0]).expect("a page size");
    case.arrays[3] = pages(free, page_size, free as u64);
    case
}
