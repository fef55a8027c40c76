//! Compare, Compares, Select.

use crate::call::{Call, Element, Form, image, lay_out, masked};

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
    let rng = &mut fastrand::Rng::with_seed(40);
    let kernel = format!("{name} {}", T::NAME);
    for mode in modes {
        for _ in 0..30 {
            let repeats = [0, 1, 2, 7, 40, 255][rng.usize(..6)];
            let mut call = Call { mode, repeats, mask: [1, 0], ..Call::default() };
            call.form = [Form::Count, Form::Bits, Form::Leading][rng.usize(..3)];
            call.count = 64 * repeats;
            (call.src0.block, call.src0.repeat) = (rng.usize(..3), rng.usize(..20));
            (call.src1.block, call.src1.repeat) = (rng.usize(..3), rng.usize(..20));
            // A count is that of 64-element repeats, and so are all the elements of masked ones.
            let all = Call { mask: [u64::MAX, 0], ..call.clone() };
            let all = if call.form == Form::Count { all } else { Call { form: Form::Bits, ..all } };
            call.src0.offset = 8192;
            call.src1.offset = 8192 + all.extent(&all.src0, 4, 4);
            let bytes = call.src1.offset + all.extent(&all.src1, 4, 4) + 64;
            if bytes > crate::call::MOST_BYTES {
                continue;
            }
            let mut before = image::<T>(rng, bytes.next_multiple_of(64));
            // Some equal pairs.
            for offset in (8192..before.len()).step_by(4 * 3) {
                before.copy_within(8192..8196, offset.min(bytes - 8));
            }
            let value = T::read(&before, 8192);
            call.scalar = value.bits();
            let mut expected = before.clone();
            for (n, lane) in all.lanes(4).into_iter().enumerate() {
                let a = T::read(&before, call.src0.offset + all.offset(&all.src0, 4, 4, lane));
                let b = T::read(&before, call.src1.offset + all.offset(&all.src1, 4, 4, lane));
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
    compare::<i32>("Compare", false, 2..=2);
    compare::<f32>("Compares", true, 0..=5);
    compare::<f32>("CompareScalar", true, 0..=5);
    compare::<i32>("Compares", true, 2..=2);
}

/// Into the register and out of it: 16 bytes.
#[test]
fn comparison_register() {
    let rng = &mut fastrand::Rng::with_seed(41);
    for _ in 0..60 {
        let mut call = masked(rng, 4, [4; 3]);
        (call.repeats, call.mode) = (1, rng.u64(..6));
        let bytes = lay_out(&mut call, 4, [4; 3]);
        call.dst.offset = 0;
        let before = image::<f32>(rng, bytes.max(64));
        let mut bits = 0_u128;
        for lane in call.lanes(4) {
            let value = |operand| f32::read(&before, call.offset(operand, 4, 4, lane));
            bits |= u128::from(holds(&value(&call.src0), &value(&call.src1), call.mode)) << lane.1;
        }
        let mut expected = before.clone();
        expected[..16].copy_from_slice(&bits.to_le_bytes());
        assert!(call.run_silent("CompareRegister float", &before, false) == expected, "{call:?}");
    }
}

/// Mode 0: the first bits in every repeat; 1: a scalar; 2: the bits go on.
#[test]
fn selections() {
    let rng = &mut fastrand::Rng::with_seed(42);
    for round in 0..180 {
        let mode = round % 3;
        let mut call = masked(rng, 4, [4; 3]);
        if rng.bool() {
            (call.form, call.count) = (Form::Count, rng.usize(..700));
        }
        let start = lay_out(&mut call, 4, [4; 3]).next_multiple_of(32);
        let bits = start + 8 * 256;
        if bits > crate::call::MOST_BYTES {
            continue;
        }
        call.mode = mode;
        let value = 0.125_f32;
        let mut of_call = call.clone();
        if mode == 1 {
            of_call.scalar = value.bits();
            of_call.src1.offset = start;
        } else {
            of_call.scalar = start as u64;
        }
        let before = image::<f32>(rng, bits);
        let mut expected = before.clone();
        for lane in call.lanes(4) {
            let n = if mode == 0 { lane.1 } else { 64 * lane.0 + lane.1 };
            let first = before[start + n / 8] >> (n % 8) & 1 == 1;
            let at = |operand| f32::read(&before, call.offset(operand, 4, 4, lane));
            let second = if mode == 1 { value } else { at(&call.src1) };
            (if first { at(&call.src0) } else { second }).write(&mut expected, call.offset(&call.dst, 4, 4, lane));
        }
        assert!(of_call.run_silent("Select float", &before, false) == expected, "{of_call:?}");
    }
}
