//! Reductions: of repeats, of blocks, of pairs, of everything.

use half::f16;

use crate::call::{COUNTS, Call, Element, Form, MOST_BYTES, Number, masked};

/// Neighbours are added first; each sum is rounded.
fn tree<T: Number>(values: &[T]) -> T {
    match values {
        [] => T::nearest(0.0),
        [one] => *one,
        _ => {
            let (left, right) = values.split_at(values.len() / 2);
            T::nearest(tree(left).value() + tree(right).value())
        }
    }
}

/// Elements of a repeat.
const fn per_repeat<T: Element>() -> usize {
    256 / T::SIZE
}

/// Values with equal ones among them, and no infinity to be had from them.
fn numbers<T: Number>(rng: &mut fastrand::Rng, bytes: usize) -> Vec<u8> {
    let mut image = vec![0; bytes];
    for offset in (0..bytes).step_by(T::SIZE) {
        T::nearest(f64::from(rng.i32(-500..500)) * 0.37).write(&mut image, offset);
    }
    image
}

/// Each repeat's elements, `None` where the mask has none.
fn repeats<T: Number>(call: &Call, image: &[u8]) -> Vec<Vec<Option<T>>> {
    let mut repeats = vec![vec![None; per_repeat::<T>()]; call.repeats];
    for (repeat, element) in call.lanes(T::SIZE) {
        let at = call.offset(&call.src0, T::SIZE, T::SIZE, (repeat, element));
        repeats[repeat][element] = Some(T::read(image, at));
    }
    repeats
}

fn sum<T: Number>(of: &[Option<T>]) -> T {
    tree(&of.iter().map(|value| value.unwrap_or(T::nearest(0.0))).collect::<Vec<_>>())
}

/// The index and value of the first of the largest, or of the smallest.
fn extreme<T: Number>(of: &[Option<T>], largest: bool) -> (u32, T) {
    let there = of.iter().enumerate().filter_map(|(n, value)| value.map(|value| (n as u32, value)));
    let key = |value: T| if largest { value.value() } else { -value.value() };
    there.reduce(|best, next| if key(next.1) > key(best.1) { next } else { best }).expect("a mask")
}

/// Results of a repeat, as (offset, bits); bits as wide as the elements, but for an index alone, which has 32.
type Results = Vec<(usize, u64)>;

/// Random masked calls, whose results are `unit` bytes a repeat and become `of(repeat's elements)`.
fn check<T: Number>(name: &str, unit: usize, modes: u64, of: impl Fn(&[Option<T>], u64) -> Results) {
    let rng = &mut fastrand::Rng::with_seed(50);
    let size = T::SIZE;
    for _ in 0..80 {
        let mut call = masked(rng, size, [size; 3]);
        (call.mode, call.dst.repeat) = (rng.u64(..modes), rng.usize(1..4));
        call.dst.offset = call.extent(&call.src0, size, size);
        let bytes = (call.dst.offset + call.repeats * call.dst.repeat * unit.max(4) + 256).next_multiple_of(64);
        if bytes > MOST_BYTES {
            continue;
        }
        let before = numbers::<T>(rng, bytes);
        let mut expected = before.clone();
        let (value_alone, index_alone) = (modes > 1 && call.mode == 2, modes > 1 && call.mode == 3);
        let unit = if value_alone {
            size
        } else if index_alone {
            4
        } else {
            unit
        };
        for (n, elements) in repeats(&call, &before).iter().enumerate() {
            for (offset, bits) in of(elements, call.mode) {
                let at = call.dst.offset + n * call.dst.repeat * unit + offset;
                let width = if index_alone { 4 } else { size };
                expected[at..at + width].copy_from_slice(&bits.to_ne_bytes()[..width]);
            }
        }
        let kernel = format!("{name} {}", T::NAME);
        assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
    }
}

/// As `test::<f32>` and `test::<f16>`.
macro_rules! of_both {
    ($($test:ident: $of:ident;)+) => {$(
        #[test]
        fn $test() {
            $of::<f32>();
            $of::<f16>();
        }
    )+};
}
of_both! {
    of_a_repeat: repeat;
    of_a_block: block;
    of_a_pair: pair;
    of_all: all;
    of_all_repeats: all_repeats;
    in_place: onto_itself;
    extremes_of_all: extremes;
}

fn repeat<T: Number>() {
    let size = T::SIZE;
    for name in ["WholeReduceSum", "ReduceRepeatSUM"] {
        check::<T>(name, size, 1, |of, _| vec![(0, sum(of).bits())]);
    }
    let names =
        [("WholeReduceMax", true), ("WholeReduceMin", false), ("ReduceRepeatMAX", true), ("ReduceRepeatMIN", false)];
    for (name, largest) in names {
        check::<T>(name, 2 * size, 4, |of, order| {
            let (index, value) = extreme(of, largest);
            match order {
                0 => vec![(0, value.bits()), (size, index.into())],
                1 => vec![(0, index.into()), (size, value.bits())],
                2 => vec![(0, value.bits())],
                _ => vec![(0, index.into())],
            }
        });
    }
}

fn block<T: Number>() {
    let blocks = |of: &[Option<T>], f: &dyn Fn(&[Option<T>]) -> T| {
        let some = of.chunks(32 / T::SIZE).enumerate().filter(|(_, block)| block.iter().any(Option::is_some));
        some.map(|(n, block)| (T::SIZE * n, f(block).bits())).collect::<Vec<_>>()
    };
    for name in ["BlockReduceSum", "ReduceDataBlockSUM"] {
        check::<T>(name, 8 * T::SIZE, 1, |of, _| blocks(of, &sum));
    }
    for name in ["BlockReduceMax", "ReduceDataBlockMAX"] {
        check::<T>(name, 8 * T::SIZE, 1, |of, _| blocks(of, &|block| extreme(block, true).1));
    }
    for name in ["BlockReduceMin", "ReduceDataBlockMIN"] {
        check::<T>(name, 8 * T::SIZE, 1, |of, _| blocks(of, &|block| extreme(block, false).1));
    }
}

fn pair<T: Number>() {
    for name in ["PairReduceSum", "ReducePairElemSUM"] {
        check::<T>(name, 128, 1, |of, _| {
            of.chunks(2).enumerate().map(|(n, pair)| (T::SIZE * n, sum(pair).bits())).collect()
        });
    }
}

/// A count: the sums of a repeat at a time, one after the other.
fn all<T: Number>() {
    let rng = &mut fastrand::Rng::with_seed(51);
    for count in COUNTS {
        let mut call = Call { count, ..Call::default() };
        (call.src0.offset, call.src1.offset) = (32, 32 + (T::SIZE * count).next_multiple_of(32));
        let before = numbers::<T>(rng, call.src1.offset + 64);
        let mut sum = T::nearest(0.0);
        for n in (0..count).step_by(per_repeat::<T>()) {
            let mut repeat = vec![T::nearest(0.0); per_repeat::<T>()];
            for (element, value) in repeat.iter_mut().enumerate().take(count - n) {
                *value = T::read(&before, 32 + T::SIZE * (n + element));
            }
            sum = T::nearest(sum.value() + tree(&repeat).value());
        }
        let mut expected = before.clone();
        sum.write(&mut expected, 0);
        assert!(call.run_silent(&format!("ReduceSum {}", T::NAME), &before, false) == expected, "{count}");

        // The register of the sum, by both of its names.
        let register = sum.bits() | sum.bits() << 32;
        let end = expected.len() - 8;
        expected[end..].copy_from_slice(&register.to_ne_bytes());
        assert!(call.run_silent(&format!("GetReduceRepeatSumSpr {}", T::NAME), &before, false) == expected, "{count}");
    }
}

/// Masked repeats: a sum each, then the sums of a repeat of these, then of those; what the steps leave is in the temporary.
fn all_repeats<T: Number>() {
    let rng = &mut fastrand::Rng::with_seed(52);
    for _ in 0..60 {
        let mut call = masked(rng, T::SIZE, [T::SIZE; 3]);
        (call.src0.block, call.dst.offset) = (1, 0);
        call.src0.offset = 32;
        call.src1.offset = 32 + call.extent(&call.src0, T::SIZE, T::SIZE);
        let bytes = call.src1.offset + 1024 + 64;
        if bytes > MOST_BYTES || call.repeats == 0 {
            continue;
        }
        let before = numbers::<T>(rng, bytes);
        let mut expected = before.clone();
        let mut sums: Vec<T> = repeats(&call, &before).iter().map(|of| sum(of)).collect();
        for step in 0..3 {
            for (n, value) in sums.iter().enumerate().take(if step < 2 { 255 } else { 0 }) {
                value.write(&mut expected, call.src1.offset + T::SIZE * n);
            }
            if sums.len() == 1 {
                break;
            }
            sums = sums
                .chunks(per_repeat::<T>())
                .map(|of| sum(&(0..per_repeat::<T>()).map(|n| of.get(n).copied()).collect::<Vec<_>>()))
                .collect();
        }
        sums[0].write(&mut expected, 0);
        assert!(call.run_silent(&format!("ReduceSum {}", T::NAME), &before, false) == expected, "{call:?}");
    }
}

/// The destination may be the source.
fn onto_itself<T: Number>() {
    let rng = &mut fastrand::Rng::with_seed(53);
    let mut call = Call { form: Form::Leading, mask: [per_repeat::<T>() as u64, 0], repeats: 9, ..Call::default() };
    (call.dst.repeat, call.src0.block, call.src0.repeat) = (1, 1, 8);
    let before = numbers::<T>(rng, 9 * 256 + 64);
    let mut expected = before.clone();
    for (n, of) in repeats::<T>(&call, &before).iter().enumerate() {
        for (block, values) in of.chunks(32 / T::SIZE).enumerate() {
            sum(values).write(&mut expected, T::SIZE * (8 * n + block));
        }
    }
    assert!(call.run_silent(&format!("BlockReduceSum {}", T::NAME), &before, false) == expected);
}

/// The largest or smallest of all, the first of equal ones, and its place in the source.
fn extremes<T: Number>() {
    let rng = &mut fastrand::Rng::with_seed(54);
    for round in 0..160 {
        let (name, largest) = [("ReduceMax", true), ("ReduceMin", false)][round % 2];
        let mut call = masked(rng, T::SIZE, [T::SIZE; 3]);
        call.mode = rng.u64(..2);
        if rng.bool() {
            (call.form, call.count) = (Form::Count, COUNTS[rng.usize(..COUNTS.len())]);
        }
        (call.src0.block, call.src0.offset, call.dst.offset) = (1, 4096 + 32, 4096);
        let bytes = (call.src0.offset + call.extent(&call.src0, T::SIZE, T::SIZE) + 64).next_multiple_of(64);
        if bytes > MOST_BYTES || call.lanes(T::SIZE).is_empty() {
            continue;
        }
        let before = numbers::<T>(rng, bytes);
        let mut expected = before.clone();
        let places = call.lanes(T::SIZE).into_iter().map(|lane| call.offset(&call.src0, T::SIZE, T::SIZE, lane));
        let (at, value) = places
            .map(|at| (at, T::read(&before, at)))
            .reduce(|best, next| {
                if if largest { next.1.value() > best.1.value() } else { next.1.value() < best.1.value() } {
                    next
                } else {
                    best
                }
            })
            .expect("some element");
        value.write(&mut expected, 4096);
        if call.mode == 1 {
            let index = ((at - call.src0.offset) / T::SIZE).to_le_bytes();
            expected[4096 + T::SIZE..][..T::SIZE].copy_from_slice(&index[..T::SIZE]);
        }
        expected[..4096].fill(0); // the temporary, at offset 0
        assert!(call.run_silent(&format!("{name} {}", T::NAME), &before, false) == expected, "{name} {call:?}");
    }
}
