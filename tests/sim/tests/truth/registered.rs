//! Calls that take the mask from the register: mask bits, leading elements, and counter mode.

use crate::call::{Call, Element, Form, MOST_BYTES, image, lay_out, masked};

/// Random masked calls of operands of the given sizes; some in counter mode, whose repeats say nothing.
fn calls(rng: &mut fastrand::Rng, wide: usize, sizes: [usize; 3]) -> Vec<(Call, usize)> {
    let mut calls = Vec::new();
    while calls.len() < 60 {
        let mut call = masked(rng, wide, sizes);
        if rng.bool() {
            (call.form, call.count) = (Form::Counter, rng.usize(..2000));
        }
        let bytes = lay_out(&mut call, wide, sizes);
        if bytes <= MOST_BYTES {
            calls.push((call, bytes));
        }
    }
    calls
}

/// dst = f(src0, src1), of which a call may have no sources.
fn check<D: Element, S: Element>(name: &str, sources: usize, scalar: Option<D>, f: impl Fn(S, S) -> D) {
    let rng = &mut fastrand::Rng::with_seed(20);
    let kernel = format!("{name} {} registered", D::NAME);
    let wide = D::SIZE.max(S::SIZE);
    let sizes = [D::SIZE, if sources > 0 { S::SIZE } else { 0 }, if sources > 1 { S::SIZE } else { 0 }];
    for (mut call, bytes) in calls(rng, wide, sizes) {
        call.scalar = scalar.map_or(0, Element::bits);
        let bytes = bytes.next_multiple_of(64);
        let before = image::<S>(rng, bytes);
        let mut expected = before.clone();
        for lane in call.lanes(wide) {
            let value = |operand, used| {
                if used { S::read(&before, call.offset(operand, S::SIZE, wide, lane)) } else { S::read(&[0; 8], 0) }
            };
            let result = f(value(&call.src0, sources > 0), value(&call.src1, sources > 1));
            result.write(&mut expected, call.offset(&call.dst, D::SIZE, wide, lane));
        }
        assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
    }
}

#[test]
fn masks() {
    check::<i16, i16>("Add", 2, None, i16::wrapping_add);
    check::<i32, i32>("Add", 2, None, i32::wrapping_add);
    check::<f32, f32>("Adds", 1, Some(1.5), |a, _| a + 1.5);
    check::<i16, i16>("Not", 1, None, |a, _| !a);
    check::<u32, u32>("Duplicate", 0, Some(77), |_, _| 77);
    check::<i64, i32>("Cast", 1, None, |a, _| i64::from(a));
}

/// The count form works on one repeat of the register's mask, or on counter mode's count.
#[test]
fn count_form() {
    let rng = &mut fastrand::Rng::with_seed(21);
    for _ in 0..40 {
        let mut call = masked(rng, 4, [4, 4, 0]);
        (call.repeats, call.scalar) = (1, 3);
        if rng.bool() {
            (call.form, call.count) = (Form::Counter, rng.usize(..500));
        }
        for operand in [&mut call.dst, &mut call.src0] {
            (operand.block, operand.repeat) = (1, 8);
        }
        let bytes = lay_out(&mut call, 4, [4, 4, 0]);
        let before = image::<i32>(rng, bytes);
        let mut expected = before.clone();
        for lane in call.lanes(4) {
            let value = i32::read(&before, call.offset(&call.src0, 4, 4, lane));
            value.wrapping_mul(3).write(&mut expected, call.offset(&call.dst, 4, 4, lane));
        }
        assert!(call.run_silent("Muls int32_t registered", &before, false) == expected, "{call:?}");
    }
}

/// Copy takes counter mode's count for each of its repeats.
fn copy<T: Element>() {
    let rng = &mut fastrand::Rng::with_seed(22);
    for _ in 0..60 {
        let count = [0, 1, 8, 9, 144, rng.usize(..700)][rng.usize(..6)];
        let blocks = (T::SIZE * count).div_ceil(32);
        let mut call = Call { form: Form::Counter, count, repeats: rng.usize(..5), ..Call::default() };
        call.dst.block = rng.usize(1..3);
        call.dst.repeat = blocks * call.dst.block + rng.usize(..3);
        (call.src0.block, call.src0.repeat) = (rng.usize(..9), rng.usize(..9));
        call.src0.offset = 32 * (call.repeats * call.dst.repeat + blocks * call.dst.block);
        let bytes = call.src0.offset + 32 * (call.repeats * call.src0.repeat + blocks * call.src0.block + 1);
        if bytes > MOST_BYTES {
            continue;
        }
        let before = image::<T>(rng, bytes.next_multiple_of(64));
        let mut expected = before.clone();
        for lane in (0..call.repeats).flat_map(|repeat| (0..count).map(move |element| (repeat, element))) {
            T::read(&before, call.offset(&call.src0, T::SIZE, T::SIZE, lane))
                .write(&mut expected, call.offset(&call.dst, T::SIZE, T::SIZE, lane));
        }
        let kernel = format!("Copy {} registered", T::NAME);
        assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
    }
}

#[test]
fn copies_count_each_repeat() {
    copy::<i16>();
    copy::<f32>();
}
