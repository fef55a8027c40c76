//! Compare, Compares, Select.

use half::f16;

use crate::call::{Call, Element, Form, Number, image, lay_out, masked};

/// The comparisons by number.
fn holds<T: PartialOrd>(a: &T, b: &T, mode: u64) -> bool {
    match mode {
        0 => a < b,
        1 => a > b,
        2 => a == b,
        3 => a <= b,
        4 => a >= b,
        _ => a != b,
    }
}

/// Whole repeats in every form, with strides in the masked ones; no mask says anything.
fn compare<T: Element + PartialOrd>(name: &str, scalar: bool, modes: std::ops::RangeInclusive<u64>) {
    let size = T::SIZE;
    let rng = &mut fastrand::Rng::with_seed(40);
    let kernel = format!("{name} {}", T::NAME);
    for mode in modes {
        for _ in 0..30 {
            let repeats = [0, 1, 2, 7, 40, 255][rng.usize(..6)];
            let mut call = Call { mode, repeats, mask: [1, 0], ..Call::default() };
            call.form = [Form::Count, Form::Bits, Form::Leading][rng.usize(..3)];
            call.count = 256 / size * repeats;
            (call.src0.block, call.src0.repeat) = (rng.usize(..3), rng.usize(..20));
            (call.src1.block, call.src1.repeat) = (rng.usize(..3), rng.usize(..20));
            // A count is that of 256-byte repeats, and so are all the elements of masked ones.
            let all = Call { mask: [u64::MAX; 2], ..call.clone() };
            let all = if call.form == Form::Count { all } else { Call { form: Form::Bits, ..all } };
            call.src0.offset = 8192;
            call.src1.offset = 8192 + all.extent(&all.src0, size, size);
            let bytes = call.src1.offset + all.extent(&all.src1, size, size) + 64;
            if bytes > crate::call::MOST_BYTES {
                continue;
            }
            let mut before = image::<T>(rng, bytes.next_multiple_of(64));
            // Some equal pairs.
            for offset in (8192..before.len()).step_by(size * 3) {
                before.copy_within(8192..8192 + size, offset.min(bytes - 8));
            }
            let value = T::read(&before, 8192);
            call.scalar = value.bits();
            let mut expected = before.clone();
            for (n, lane) in all.lanes(size).into_iter().enumerate() {
                let a = T::read(&before, call.src0.offset + all.offset(&all.src0, size, size, lane));
                let b = T::read(&before, call.src1.offset + all.offset(&all.src1, size, size, lane));
                let bit = u8::from(holds(&a, if scalar { &value } else { &b }, mode));
                expected[n / 8] = expected[n / 8] & !(1 << (n % 8)) | bit << (n % 8);
            }
            assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
        }
    }
}

#[test]
fn comparisons() {
    compare::<f32>("Compare", false, 0..=5);
    compare::<f16>("Compare", false, 0..=5);
    compare::<i32>("Compare", false, 2..=2);
    compare::<f32>("Compares", true, 0..=5);
    compare::<f16>("Compares", true, 0..=5);
    compare::<f32>("CompareScalar", true, 0..=5);
    compare::<f16>("CompareScalar", true, 0..=5);
    compare::<i32>("Compares", true, 2..=2);
}

/// Into the register and out of it: 16 bytes.
fn compare_to_register<T: Number + PartialOrd>() {
    let size = T::SIZE;
    let rng = &mut fastrand::Rng::with_seed(41);
    for _ in 0..60 {
        let mut call = masked(rng, size, [size; 3]);
        (call.repeats, call.mode) = (1, rng.u64(..6));
        let bytes = lay_out(&mut call, size, [size; 3]);
        call.dst.offset = 0;
        let before = image::<T>(rng, bytes.max(64));
        let mut bits = 0_u128;
        for lane in call.lanes(size) {
            let value = |operand| T::read(&before, call.offset(operand, size, size, lane));
            bits |= u128::from(holds(&value(&call.src0), &value(&call.src1), call.mode)) << lane.1;
        }
        let mut expected = before.clone();
        expected[..16].copy_from_slice(&bits.to_le_bytes());
        assert!(call.run_silent(&format!("CompareRegister {}", T::NAME), &before, false) == expected, "{call:?}");
    }
}

#[test]
fn comparison_register() {
    compare_to_register::<f32>();
    compare_to_register::<f16>();
}

/// Mode 0: the first bits in every repeat; 1: a scalar; 2: the bits go on.
fn select<T: Number + PartialOrd>() {
    let size = T::SIZE;
    let rng = &mut fastrand::Rng::with_seed(42);
    for round in 0..180 {
        let mode = round % 3;
        let mut call = masked(rng, size, [size; 3]);
        if rng.bool() {
            (call.form, call.count) = (Form::Count, rng.usize(..700 * 4 / size));
        }
        let start = lay_out(&mut call, size, [size; 3]).next_multiple_of(32);
        let bits = start + 8 * 1024;
        if bits > crate::call::MOST_BYTES {
            continue;
        }
        call.mode = mode;
        let value = T::nearest(0.125);
        let mut of_call = call.clone();
        if mode == 1 {
            of_call.scalar = value.bits();
            of_call.src1.offset = start;
        } else {
            of_call.scalar = start as u64;
        }
        let before = image::<T>(rng, bits);
        let mut expected = before.clone();
        for lane in call.lanes(size) {
            let n = if mode == 0 { lane.1 } else { 256 / size * lane.0 + lane.1 };
            let first = before[start + n / 8] >> (n % 8) & 1 == 1;
            let at = |operand| T::read(&before, call.offset(operand, size, size, lane));
            let second = if mode == 1 { value } else { at(&call.src1) };
            (if first { at(&call.src0) } else { second })
                .write(&mut expected, call.offset(&call.dst, size, size, lane));
        }
        assert!(of_call.run_silent(&format!("Select {}", T::NAME), &before, false) == expected, "{of_call:?}");
    }
}

#[test]
fn selections() {
    select::<f32>();
    select::<f16>();
}
