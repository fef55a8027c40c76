//! Gather and GatherMask.

use half::{bf16, f16};

use crate::call::{COUNTS, Call, Element, Form, MOST_BYTES, image, masked};

/// Elements at random byte offsets of a pool, in every form.
fn gather<T: Element>() {
    const POOL: usize = 8192;
    let mut rng = fastrand::Rng::with_seed(6);
    let kernel = format!("Gather {}", T::NAME);
    let counts = COUNTS.map(|count| Call { count, ..Call::default() });
    let random = (0..60).map(|_| {
        let mut call = masked(&mut fastrand::Rng::with_seed(rng.u64(..)), T::SIZE, [T::SIZE; 3]);
        (call.dst.block, call.dst.repeat) = (1, call.dst.repeat.max(8));
        call
    });
    let random: Vec<_> = random.collect();
    for mut call in counts.into_iter().chain(random) {
        // The offsets of a repeat follow those of the one before, whatever the mask.
        let lanes = call.lanes(T::SIZE);
        let offset_of = |(repeat, element): (usize, usize)| (repeat * (256 / T::SIZE) + element) * 4;
        let offsets = lanes.iter().map(|&lane| offset_of(lane) + 4).max().unwrap_or(0).next_multiple_of(32);
        (call.src0.offset, call.src1.offset) = (0, POOL);
        call.dst.offset = POOL + offsets;
        let bytes = call.dst.offset + call.extent(&call.dst, T::SIZE, T::SIZE) + 64;
        if bytes > MOST_BYTES {
            continue;
        }
        call.mode = (T::SIZE * rng.usize(..32)) as u64;
        let base = usize::try_from(call.mode).expect("small");
        let mut before = image::<T>(&mut rng, bytes);
        for &lane in &lanes {
            let offset = T::SIZE * rng.usize(..(POOL - base) / T::SIZE);
            u32::try_from(offset).expect("small").write(&mut before, POOL + offset_of(lane));
        }
        let mut expected = before.clone();
        for &lane in &lanes {
            let offset = u32::read(&before, POOL + offset_of(lane)) as usize;
            T::read(&before, base + offset).write(&mut expected, call.offset(&call.dst, T::SIZE, T::SIZE, lane));
        }
        assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
    }
}

#[test]
fn gathers() {
    gather::<i16>();
    gather::<u16>();
    gather::<i32>();
    gather::<u32>();
    gather::<f32>();
    gather::<f16>();
    gather::<bf16>();
}

/// Whether a built-in pattern keeps the element of a number.
fn kept(pattern: u64, element: usize) -> bool {
    match pattern {
        1 => element.is_multiple_of(2),
        2 => !element.is_multiple_of(2),
        3..=6 => element % 4 == usize::try_from(pattern).expect("small") - 3,
        _ => true,
    }
}

/// Packs what the pattern keeps: each iteration takes 256 bytes, or in counter mode `count` elements.
fn gather_mask<T: Element>(mut call: Call, pool_blocks: usize, rng: &mut fastrand::Rng) {
    let counter = call.form == Form::Bits;
    let per_iteration = if counter { call.count } else { 256 / T::SIZE };
    let (pool, pattern) = (32 * pool_blocks, 32 * (per_iteration.div_ceil(256) + call.repeats * call.src1.repeat + 1));
    (call.src0.offset, call.src1.offset, call.dst.offset) = (0, pool, pool + pattern);
    let bytes = call.dst.offset + (call.repeats * per_iteration * T::SIZE).next_multiple_of(32) + 32;
    assert!(bytes <= MOST_BYTES, "{call:?}");
    // In place, where what is read goes upwards.
    let iteration = (per_iteration * T::SIZE).div_ceil(32) * call.src0.block;
    if call.src0.block > 0 && (call.repeats <= 1 || call.src0.repeat >= iteration) && rng.bool() {
        call.dst.offset = 0;
    }
    let before = image::<T>(rng, bytes);
    let mut expected = before.clone();
    let mut total = 0;
    for repeat in 0..call.repeats {
        for element in 0..per_iteration {
            let byte = element * T::SIZE;
            let from = repeat * call.src0.repeat * 32 + byte / 32 * call.src0.block * 32 + byte % 32;
            let bit = before[pool + repeat * call.src1.repeat * 32 + element / 8] >> (element % 8) & 1;
            if if call.mode == 0 { bit == 1 } else { kept(call.mode, element) } {
                T::read(&before, from).write(&mut expected, call.dst.offset + total * T::SIZE);
                total += 1;
            }
        }
    }
    (total as u64).write(&mut expected, bytes - 8);
    let kernel = format!("GatherMask {}", T::NAME);
    assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
}

fn gather_masks<T: Element>() {
    let rng = &mut fastrand::Rng::with_seed(7);
    for mode in 0..=7 {
        // Counter mode, one iteration: the counts.
        for count in COUNTS.into_iter().filter(|&count| count > 0) {
            let mut call = Call { form: Form::Bits, count, repeats: 1, mode, ..Call::default() };
            call.src0.block = 1;
            gather_mask::<T>(call, (count * T::SIZE).div_ceil(32), rng);
        }
        // Both modes, with strides.
        for _ in 0..20 {
            let mut call = Call { mode, repeats: rng.usize(..6), ..Call::default() };
            call.src0.block = rng.usize(1..3);
            call.src0.repeat = rng.usize(..20);
            call.src1.repeat = if mode == 0 { rng.usize(..3) } else { 0 };
            if rng.bool() {
                (call.form, call.count) = (Form::Bits, rng.usize(1..300));
            }
            gather_mask::<T>(call, 5 * 20 + 300 * 2, rng);
        }
        // The most repeats that fit.
        let mut call = Call { mode, repeats: 255, ..Call::default() };
        (call.src0.block, call.src0.repeat) = (1, 8);
        gather_mask::<T>(call, 255 * 8, rng);
    }
}

#[test]
fn gather_mask_of_each_type() {
    gather_masks::<i16>();
    gather_masks::<u16>();
    gather_masks::<i32>();
    gather_masks::<u32>();
    gather_masks::<f32>();
    gather_masks::<f16>();
    gather_masks::<bf16>();
}
