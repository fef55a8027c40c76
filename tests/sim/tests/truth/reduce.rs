//! Reductions: of repeats, of blocks, of pairs, of everything.

use crate::call::{COUNTS, Call, Element, Form, MOST_BYTES, masked};

/// Neighbours are added first.
fn tree(values: &[f32]) -> f32 {
    match values {
        [] => 0.0,
        [one] => *one,
        _ => tree(&values[..values.len() / 2]) + tree(&values[values.len() / 2..]),
    }
}

/// Values with equal ones among them, and no infinity to be had from them.
fn numbers(rng: &mut fastrand::Rng, bytes: usize) -> Vec<u8> {
    let mut image = vec![0; bytes];
    for offset in (0..bytes).step_by(4) {
        (rng.i32(-500..500) as f32 * 0.37).write(&mut image, offset);
    }
    image
}

/// Each repeat's elements, `None` where the mask has none.
fn repeats(call: &Call, image: &[u8]) -> Vec<Vec<Option<f32>>> {
    let mut repeats = vec![vec![None; 64]; call.repeats];
    for (repeat, element) in call.lanes(4) {
        repeats[repeat][element] = Some(f32::read(image, call.offset(&call.src0, 4, 4, (repeat, element))));
    }
    repeats
}

fn sum(of: &[Option<f32>]) -> f32 {
    tree(&of.iter().map(|value| value.unwrap_or(0.0)).collect::<Vec<_>>())
}

/// The index and value of the first of the largest, or of the smallest.
fn extreme(of: &[Option<f32>], largest: bool) -> (u32, f32) {
    let there = of.iter().enumerate().filter_map(|(n, value)| value.map(|value| (n as u32, value)));
    let key = |value: f32| if largest { value } else { -value };
    there.reduce(|best, next| if key(next.1) > key(best.1) { next } else { best }).expect("a mask")
}

/// Random masked calls, whose results are `unit` bytes a repeat and become `of(repeat's elements)`, as (offset, bits).
fn check(name: &str, unit: usize, modes: u64, of: impl Fn(&[Option<f32>], u64) -> Vec<(usize, u32)>) {
    let rng = &mut fastrand::Rng::with_seed(50);
    for _ in 0..80 {
        let mut call = masked(rng, 4, [4; 3]);
        (call.mode, call.dst.repeat) = (rng.u64(..modes), rng.usize(1..4));
        call.dst.offset = call.extent(&call.src0, 4, 4);
        let bytes = (call.dst.offset + call.repeats * call.dst.repeat * unit + 256).next_multiple_of(64);
        if bytes > MOST_BYTES {
            continue;
        }
        let before = numbers(rng, bytes);
        let mut expected = before.clone();
        for (n, elements) in repeats(&call, &before).iter().enumerate() {
            let unit = if unit == 8 && call.mode >= 2 { 4 } else { unit };
            for (offset, bits) in of(elements, call.mode) {
                bits.write(&mut expected, call.dst.offset + n * call.dst.repeat * unit + offset);
            }
        }
        assert!(call.run_silent(&format!("{name} float"), &before, false) == expected, "{name} {call:?}");
    }
}

#[test]
fn of_a_repeat() {
    check("WholeReduceSum", 4, 1, |of, _| vec![(0, sum(of).to_bits())]);
    for (name, largest) in [("WholeReduceMax", true), ("WholeReduceMin", false)] {
        check(name, 8, 4, |of, order| {
            let (index, value) = extreme(of, largest);
            match order {
                0 => vec![(0, value.to_bits()), (4, index)],
                1 => vec![(0, index), (4, value.to_bits())],
                2 => vec![(0, value.to_bits())],
                _ => vec![(0, index)],
            }
        });
    }
}

#[test]
fn of_a_block() {
    let blocks = |of: &[Option<f32>], f: &dyn Fn(&[Option<f32>]) -> f32| {
        let some = of.chunks(8).enumerate().filter(|(_, block)| block.iter().any(Option::is_some));
        some.map(|(n, block)| (4 * n, f(block).to_bits())).collect::<Vec<_>>()
    };
    check("BlockReduceSum", 32, 1, |of, _| blocks(of, &sum));
    check("BlockReduceMax", 32, 1, |of, _| blocks(of, &|block| extreme(block, true).1));
    check("BlockReduceMin", 32, 1, |of, _| blocks(of, &|block| extreme(block, false).1));
}

#[test]
fn of_a_pair() {
    check("PairReduceSum", 128, 1, |of, _| {
        of.chunks(2).enumerate().map(|(n, pair)| (4 * n, sum(pair).to_bits())).collect()
    });
}

/// A count: the sums of 64 at a time, one after the other.
#[test]
fn of_all() {
    let rng = &mut fastrand::Rng::with_seed(51);
    for count in COUNTS {
        let mut call = Call { count, ..Call::default() };
        (call.src0.offset, call.src1.offset) = (32, 32 + 4 * count.next_multiple_of(8));
        let before = numbers(rng, call.src1.offset + 64);
        let mut sum = 0.0;
        for n in (0..count).step_by(64) {
            let mut repeat = vec![0.0; 64];
            for (element, value) in repeat.iter_mut().enumerate().take(count - n) {
                *value = f32::read(&before, 32 + 4 * (n + element));
            }
            sum += tree(&repeat);
        }
        let mut expected = before.clone();
        sum.write(&mut expected, 0);
        assert!(call.run_silent("ReduceSum float", &before, false) == expected, "{count}");
    }
}

/// Masked repeats: a sum each, then the sums of 64 of these, then of those; what the steps leave is in the temporary.
#[test]
fn of_all_repeats() {
    let rng = &mut fastrand::Rng::with_seed(52);
    for _ in 0..60 {
        let mut call = masked(rng, 4, [4; 3]);
        (call.src0.block, call.dst.offset) = (1, 0);
        call.src0.offset = 32;
        call.src1.offset = 32 + call.extent(&call.src0, 4, 4);
        let bytes = call.src1.offset + 1024 + 64;
        if bytes > MOST_BYTES || call.repeats == 0 {
            continue;
        }
        let before = numbers(rng, bytes);
        let mut expected = before.clone();
        let mut sums: Vec<f32> = repeats(&call, &before).iter().map(|of| sum(of)).collect();
        for step in 0..3 {
            for (n, value) in sums.iter().enumerate().take(if step < 2 { 255 } else { 0 }) {
                value.write(&mut expected, call.src1.offset + 4 * n);
            }
            if sums.len() == 1 {
                break;
            }
            sums = sums.chunks(64).map(|of| sum(&(0..64).map(|n| of.get(n).copied()).collect::<Vec<_>>())).collect();
        }
        sums[0].write(&mut expected, 0);
        assert!(call.run_silent("ReduceSum float", &before, false) == expected, "{call:?}");
    }
}

/// The destination may be the source.
#[test]
fn in_place() {
    let rng = &mut fastrand::Rng::with_seed(53);
    let mut call = Call { form: Form::Leading, mask: [64, 0], repeats: 9, ..Call::default() };
    (call.dst.repeat, call.src0.block, call.src0.repeat) = (1, 1, 8);
    let before = numbers(rng, 9 * 256 + 64);
    let mut expected = before.clone();
    for (n, of) in repeats(&call, &before).iter().enumerate() {
        for (block, values) in of.chunks(8).enumerate() {
            sum(values).write(&mut expected, 32 * n + 4 * block);
        }
    }
    assert!(call.run_silent("BlockReduceSum float", &before, false) == expected);
}

/// The largest or smallest of all, the first of equal ones, and its place in the source.
#[test]
fn extremes_of_all() {
    let rng = &mut fastrand::Rng::with_seed(54);
    for round in 0..160 {
        let (name, largest) = [("ReduceMax float", true), ("ReduceMin float", false)][round % 2];
        let mut call = masked(rng, 4, [4; 3]);
        call.mode = rng.u64(..2);
        if rng.bool() {
            (call.form, call.count) = (Form::Count, COUNTS[rng.usize(..COUNTS.len())]);
        }
        (call.src0.block, call.src0.offset, call.dst.offset) = (1, 4096 + 32, 4096);
        let bytes = (call.src0.offset + call.extent(&call.src0, 4, 4) + 64).next_multiple_of(64);
        if bytes > MOST_BYTES || call.lanes(4).is_empty() {
            continue;
        }
        let before = numbers(rng, bytes);
        let mut expected = before.clone();
        let places = call.lanes(4).into_iter().map(|lane| call.offset(&call.src0, 4, 4, lane));
        let (at, value) = places
            .map(|at| (at, f32::read(&before, at)))
            .reduce(|best, next| if largest && next.1 > best.1 || !largest && next.1 < best.1 { next } else { best })
            .expect("some element");
        value.write(&mut expected, 4096);
        if call.mode == 1 {
            u32::try_from((at - call.src0.offset) / 4).expect("small").write(&mut expected, 4100);
        }
        expected[..4096].fill(0); // the temporary, at offset 0
        assert!(call.run_silent(name, &before, false) == expected, "{name} {call:?}");
    }
}
