//! Add to Mul, Max, Min, the bitwise ones, those with a scalar, Duplicate, CreateVecIndex, Cast and copies within UB.

use half::{bf16, f16};

use crate::call::{COUNTS, Call, Element, Form, MOST_BYTES, Number, Operand, image, lay_out, masked};

/// Calls in every form: the counts, in place too, and random masked ones.
pub(crate) fn calls(rng: &mut fastrand::Rng, wide: usize, sizes: [usize; 3], random: usize) -> Vec<(Call, usize)> {
    let mut calls = Vec::new();
    for count in COUNTS {
        for in_place in 0..3 {
            let mut call = Call { count, ..Call::default() };
            let bytes = lay_out(&mut call, wide, sizes);
            match in_place {
                1 if sizes[0] == sizes[1] => call.dst.offset = call.src0.offset,
                2 if sizes[0] == sizes[2] => call.dst.offset = call.src1.offset,
                _ => {}
            }
            calls.push((call, bytes));
        }
    }
    while calls.len() < 3 * COUNTS.len() + random {
        let mut call = masked(rng, wide, sizes);
        let bytes = lay_out(&mut call, wide, sizes);
        if bytes <= MOST_BYTES {
            calls.push((call, bytes));
        }
    }
    calls
}

pub(crate) const RANDOM: usize = 40;

/// dst = f(src0, src1) for one type, with the operator form where the instruction has one.
pub(crate) fn binary<T: Element>(name: &str, operator: bool, saturate: bool, f: impl Fn(T, T) -> T) {
    let mut rng = fastrand::Rng::with_seed(1);
    let kernel = format!("{name} {}", T::NAME);
    for (mut call, bytes) in calls(&mut rng, T::SIZE, [T::SIZE; 3], RANDOM) {
        if call.form == Form::Count && operator && rng.bool() {
            call.form = Form::Operator;
        }
        let before = image::<T>(&mut rng, bytes);
        let mut expected = before.clone();
        for lane in call.lanes(T::SIZE) {
            let value = |operand: &Operand| T::read(&before, call.offset(operand, T::SIZE, T::SIZE, lane));
            f(value(&call.src0), value(&call.src1))
                .write(&mut expected, call.offset(&call.dst, T::SIZE, T::SIZE, lane));
        }
        assert!(call.run_silent(&kernel, &before, saturate) == expected, "{kernel} {call:?}");
    }
}

/// dst = f(src0), with elements of two types; `set` prepares each call and gives the function.
pub(crate) fn unary<D: Element, S: Element, F: Fn(S) -> D>(
    kernel: &str,
    saturate: bool,
    set: impl Fn(&mut fastrand::Rng, &mut Call) -> F,
) {
    let mut rng = fastrand::Rng::with_seed(2);
    let wide = D::SIZE.max(S::SIZE);
    for (mut call, bytes) in calls(&mut rng, wide, [D::SIZE, S::SIZE, 0], RANDOM) {
        let f = set(&mut rng, &mut call);
        let before = image::<S>(&mut rng, bytes.next_multiple_of(64));
        let mut expected = before.clone();
        for lane in call.lanes(wide) {
            let value = S::read(&before, call.offset(&call.src0, S::SIZE, wide, lane));
            f(value).write(&mut expected, call.offset(&call.dst, D::SIZE, wide, lane));
        }
        assert!(call.run_silent(kernel, &before, saturate) == expected, "{kernel} {call:?}");
    }
}

/// dst = f(src0, scalar).
pub(crate) fn scalar<T: Element>(name: &str, saturate: bool, f: impl Fn(T, T) -> T + Copy) {
    unary(&format!("{name} {}", T::NAME), saturate, |rng, call| {
        let scalar = T::random(rng);
        call.scalar = scalar.bits();
        move |value: T| f(value, scalar)
    });
}

#[test]
fn add() {
    binary::<i16>("Add", true, false, i16::wrapping_add);
    binary::<i32>("Add", true, false, i32::wrapping_add);
    binary::<i16>("Add", true, true, i16::saturating_add);
    binary::<i32>("Add", true, true, i32::saturating_add);
    binary::<f32>("Add", true, false, |a, b| a + b);
    binary::<f16>("Add", true, false, |a, b| f16::nearest(a.value() + b.value()));
}

#[test]
fn sub() {
    binary::<i16>("Sub", true, false, i16::wrapping_sub);
    binary::<i32>("Sub", true, false, i32::wrapping_sub);
    binary::<i16>("Sub", true, true, i16::saturating_sub);
    binary::<i32>("Sub", true, true, i32::saturating_sub);
    binary::<f32>("Sub", true, false, |a, b| a - b);
    binary::<f16>("Sub", true, false, |a, b| f16::nearest(a.value() - b.value()));
}

#[test]
fn mul() {
    binary::<i16>("Mul", true, false, i16::wrapping_mul);
    binary::<i32>("Mul", true, false, i32::wrapping_mul);
    binary::<i16>("Mul", true, true, i16::saturating_mul);
    binary::<i32>("Mul", true, true, i32::saturating_mul);
    binary::<f32>("Mul", true, false, |a, b| a * b);
    binary::<f16>("Mul", true, false, |a, b| f16::nearest(a.value() * b.value()));
}

#[test]
fn max_and_min() {
    binary::<i16>("Max", false, false, Ord::max);
    binary::<i32>("Max", false, false, Ord::max);
    binary::<f32>("Max", false, false, f32::max);
    binary::<f16>("Max", false, false, f16::max);
    binary::<i16>("Min", false, false, Ord::min);
    binary::<i32>("Min", false, false, Ord::min);
    binary::<f32>("Min", false, false, f32::min);
    binary::<f16>("Min", false, false, f16::min);
}

#[test]
fn and_or_not() {
    binary::<i16>("And", true, false, |a, b| a & b);
    binary::<u16>("And", true, false, |a, b| a & b);
    binary::<i16>("Or", true, false, |a, b| a | b);
    binary::<u16>("Or", true, false, |a, b| a | b);
    unary("Not int16_t", false, |_, _| |value: i16| !value);
    unary("Not uint16_t", false, |_, _| |value: u16| !value);
}

#[test]
fn adds_and_muls() {
    scalar::<i16>("Adds", false, i16::wrapping_add);
    scalar::<i32>("Adds", false, i32::wrapping_add);
    scalar::<i32>("Adds", true, i32::saturating_add);
    scalar::<f32>("Adds", false, |a, b| a + b);
    scalar::<f16>("Adds", false, |a, b| f16::nearest(a.value() + b.value()));
    scalar::<i16>("Muls", false, i16::wrapping_mul);
    scalar::<i16>("Muls", true, i16::saturating_mul);
    scalar::<i32>("Muls", false, i32::wrapping_mul);
    scalar::<f32>("Muls", false, |a, b| a * b);
    scalar::<f16>("Muls", false, |a, b| f16::nearest(a.value() * b.value()));
}

#[test]
fn maxs_and_mins() {
    scalar::<i16>("Maxs", false, Ord::max);
    scalar::<i32>("Maxs", false, Ord::max);
    scalar::<f32>("Maxs", false, f32::max);
    scalar::<f16>("Maxs", false, f16::max);
    scalar::<i16>("Mins", false, Ord::min);
    scalar::<i32>("Mins", false, Ord::min);
    scalar::<f32>("Mins", false, f32::min);
    scalar::<f16>("Mins", false, f16::min);
}

/// Shifts by 0 to the full width of the type; a full shift leaves the sign alone.
fn shifts<T: Element>(left: impl Fn(T, u32) -> T + Copy, right: impl Fn(T, u32) -> T + Copy) {
    for (name, f) in [("ShiftLeft", &left as &dyn Fn(T, u32) -> T), ("ShiftRight", &right)] {
        unary(&format!("{name} {}", T::NAME), false, |rng, call| {
            let by = rng.u32(..=8 * u32::try_from(T::SIZE).expect("a small type"));
            call.scalar = u64::from(by);
            move |value: T| f(value, by)
        });
    }
}

#[test]
fn shift_left_and_right() {
    shifts::<i16>(|v, n| (i64::from(v) << n) as i16, |v, n| (i64::from(v) >> n) as i16);
    shifts::<u16>(|v, n| (u64::from(v) << n) as u16, |v, n| (u64::from(v) >> n) as u16);
    shifts::<i32>(|v, n| (i64::from(v) << n) as i32, |v, n| (i64::from(v) >> n) as i32);
    shifts::<u32>(|v, n| (u64::from(v) << n) as u32, |v, n| (u64::from(v) >> n) as u32);
}

/// The last bit that goes is added, of signed types.
fn rounded_shifts<T: Element>(f: impl Fn(T, u32, u64) -> T) {
    let rng = &mut fastrand::Rng::with_seed(2);
    let kernel = format!("RoundedShiftRight {}", T::NAME);
    for (mut call, bytes) in calls(rng, T::SIZE, [T::SIZE, T::SIZE, 0], RANDOM) {
        if call.form == Form::Count {
            continue;
        }
        let by = rng.u32(..=8 * u32::try_from(T::SIZE).expect("a small type"));
        (call.scalar, call.mode) = (u64::from(by), rng.u64(..2));
        let before = image::<T>(rng, bytes);
        let mut expected = before.clone();
        for lane in call.lanes(T::SIZE) {
            let value = T::read(&before, call.offset(&call.src0, T::SIZE, T::SIZE, lane));
            f(value, by, call.mode).write(&mut expected, call.offset(&call.dst, T::SIZE, T::SIZE, lane));
        }
        assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
    }
}

#[test]
fn shift_right_with_rounding() {
    // Half of the last place is added before the shift, in as many bits as that takes.
    let shift = |v: i64, n: u32, round: u64| (v + if round == 1 && n > 0 { 1 << (n - 1) } else { 0 }) >> n;
    rounded_shifts::<i16>(move |v, n, round| shift(i64::from(v), n, round) as i16);
    rounded_shifts::<i32>(move |v, n, round| shift(i64::from(v), n, round) as i32);
    rounded_shifts::<u16>(move |v, n, _| shift(i64::from(v), n, 0) as u16);
    rounded_shifts::<u32>(move |v, n, _| shift(i64::from(v), n, 0) as u32);
}

#[test]
fn duplicate() {
    fn of<T: Element>() {
        unary(&format!("Duplicate {}", T::NAME), false, |rng, call| {
            let value = T::random(rng);
            call.scalar = value.bits();
            move |_: T| value
        });
    }
    of::<i16>();
    of::<u16>();
    of::<i32>();
    of::<u32>();
    of::<f32>();
    of::<f16>();
    of::<bf16>();
}

/// first + n for the n-th element, counting those that are masked out.
#[test]
fn create_vec_index() {
    // `nth` is told how many elements of a repeat are set one by one: a block, or all.
    fn of<T: Element>(first: T, nth: impl Fn(usize, usize) -> T) {
        let mut rng = fastrand::Rng::with_seed(3);
        let kernel = format!("CreateVecIndex {}", T::NAME);
        for (mut call, bytes) in calls(&mut rng, T::SIZE, [T::SIZE, 0, 0], RANDOM) {
            if call.form != Form::Count {
                call.repeats = call.repeats.max(1);
            }
            // The library cannot do less than a block of these.
            if call.form == Form::Leading {
                call.mask[0] = call.mask[0].max(32 / T::SIZE as u64);
            }
            let one_by_one = if call.form == Form::Bits { 256 } else { 32 } / T::SIZE;
            call.scalar = first.bits();
            let bytes = bytes.max(call.extent(&call.dst, T::SIZE, T::SIZE) + 64);
            if bytes > MOST_BYTES {
                continue;
            }
            let before = image::<T>(&mut rng, bytes);
            let mut expected = before.clone();
            for (repeat, element) in call.lanes(T::SIZE) {
                let offset = call.offset(&call.dst, T::SIZE, T::SIZE, (repeat, element));
                nth(repeat * (256 / T::SIZE) + element, one_by_one).write(&mut expected, offset);
            }
            assert!(call.run_silent(&kernel, &before, false) == expected, "{kernel} {call:?}");
        }
    }
    of::<i16>(-5, |n, _| (n as i64 - 5) as i16);
    of::<i32>(i32::MAX - 100, |n, _| (i64::from(i32::MAX) - 100 + n as i64) as i32);
    of::<f32>(0.5, |n, _| 0.5 + n as f32);
    // Where a half has no place for the next, the library's additions of 16, then of 128, decide.
    of::<f16>(f16::from_f32(0.5), |n, one_by_one| {
        let set = f16::nearest(0.5 + (n % one_by_one) as f64);
        let repeat = (0..n % 128 / one_by_one).fold(set, |of, _| f16::nearest(of.value() + 16.0));
        (0..n / 128).fold(repeat, |of, _| f16::nearest(of.value() + 128.0))
    });
}

/// The floats next to an integer, below and above; equal where it is one.
fn around(value: i64) -> (f32, f32) {
    let near = value as f32;
    match (near as i128).cmp(&i128::from(value)) {
        std::cmp::Ordering::Less => (near, near.next_up()),
        std::cmp::Ordering::Equal => (near, near),
        std::cmp::Ordering::Greater => (near.next_down(), near),
    }
}

/// The round modes by number: none, to nearest even, down, up, to nearest away from zero, towards zero.
fn to_float(value: i64, mode: u64) -> f32 {
    let (below, above) = around(value);
    match mode {
        2 => below,
        3 => above,
        4 => {
            let (down, up) = (i128::from(value) - below as i128, above as i128 - i128::from(value));
            if down < up || (down == up && value < 0) { below } else { above }
        }
        5 => {
            if value < 0 {
                above
            } else {
                below
            }
        }
        _ => value as f32,
    }
}

fn rounded(value: f32, mode: u64) -> f64 {
    let value = f64::from(value);
    match mode {
        2 => value.floor(),
        3 => value.ceil(),
        4 => value.round(),
        5 => value.trunc(),
        _ => value.round_ties_even(),
    }
}

/// Casts between two types in each of the given round modes.
fn cast<D: Element, S: Element>(name: &str, modes: std::ops::RangeInclusive<u64>, f: impl Fn(S, u64) -> D + Copy) {
    unary(&format!("{name} {}", D::NAME), false, |rng, call| {
        let mode = rng.u64(modes.clone());
        call.mode = mode;
        move |value| f(value, mode)
    });
}

#[test]
fn casts() {
    cast::<i64, i32>("Cast_int32_t", 0..=0, |value, _| i64::from(value));
    cast::<i32, i64>("Cast_int64_t", 0..=0, |value, _| value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32);
    cast::<f32, i32>("Cast_int32_t", 0..=5, |value, mode| to_float(i64::from(value), mode));
    cast::<f32, i64>("Cast_int64_t", 1..=5, to_float);
    cast::<i32, f32>("Cast_float", 1..=5, |value, mode| rounded(value, mode) as i32);
    cast::<i64, f32>("Cast_float", 1..=5, |value, mode| rounded(value, mode) as i64);
    cast::<i16, f32>("Cast_float", 1..=5, |value, mode| rounded(value, mode) as i16);
    cast::<f32, f32>("Cast_float", 1..=5, |value, mode| rounded(value, mode) as f32);
    cast::<f32, i16>("Cast_int16_t", 0..=0, |value, _| f32::from(value));
    cast::<i16, i32>("Cast_int32_t", 0..=0, |value, _| value.clamp(i16::MIN.into(), i16::MAX.into()) as i16);
}

/// The low bits of what is out of range; past 64 bits it saturates all the same.
#[test]
fn casts_without_saturation() {
    cast::<i32, i64>("Cast_int64_t", 16..=16, |value, _| value as i32);
    cast::<i16, i32>("Cast_int32_t", 16..=16, |value, _| value as i16);
    let whole = |value: f32, mode: u64| match rounded(value, mode - 16) {
        past if past >= 2_f64.powi(63) => None,
        past if past < -2_f64.powi(63) => None,
        inside => Some(inside as i64),
    };
    cast::<i32, f32>("Cast_float", 17..=21, move |value, mode| {
        whole(value, mode).map_or(if value > 0.0 { i32::MAX } else { i32::MIN }, |whole| whole as i32)
    });
    cast::<i16, f32>("Cast_float", 17..=21, move |value, mode| {
        whole(value, mode).map_or(if value > 0.0 { i16::MAX } else { i16::MIN }, |whole| whole as i16)
    });
}

/// 64 bits to 32 in place: each element is written behind where it is read.
#[test]
fn narrowing_in_place() {
    let mut rng = fastrand::Rng::with_seed(4);
    for count in COUNTS {
        let call = Call { count, ..Call::default() };
        let before = image::<i64>(&mut rng, (count * 8).next_multiple_of(32) + 32);
        let mut expected = before.clone();
        for n in 0..count {
            let value = i64::read(&before, 8 * n);
            (value.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32).write(&mut expected, 4 * n);
        }
        assert!(call.run_silent("Cast_int64_t int32_t", &before, false) == expected, "{count}");
    }
}

/// DataCopy within UB: counts in whole blocks, and blocks with gaps.
#[test]
fn copies_within_ub() {
    let mut rng = fastrand::Rng::with_seed(5);
    for _ in 0..200 {
        let before = image::<u32>(&mut rng, 65_536);
        let mut expected = before.clone();
        let mut call = Call::default();
        call.dst.offset = 32 * rng.usize(..4);
        call.src0.offset = 32_768;
        if rng.bool() {
            call.count = 8 * rng.usize(..500);
            expected.copy_within(32_768..32_768 + 4 * call.count, call.dst.offset);
        } else {
            // Block length, and both gaps, in blocks.
            call.form = Form::Bits;
            (call.repeats, call.src1.block) = (rng.usize(..8), rng.usize(..9));
            (call.src0.repeat, call.dst.repeat) = (rng.usize(..8), rng.usize(..8));
            let length = 32 * call.src1.block;
            for n in 0..call.repeats {
                let from = 32_768 + n * (length + 32 * call.src0.repeat);
                expected.copy_within(from..from + length, call.dst.offset + n * (length + 32 * call.dst.repeat));
            }
        }
        assert!(call.run_silent("CopyUb int32_t", &before, false) == expected, "{call:?}");
        if call.form == Form::Bits {
            assert!(call.run_silent("CopyUb bfloat16_t", &before, false) == expected, "{call:?}");
        }
    }
}
