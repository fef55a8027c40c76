//! Casts to and from the types of 16 bits, of every value that they have, and of every value next to a limit of rounding.

use half::{bf16, f16};

use crate::call::{Call, Element};

/// A format of 16 bits. Magnitudes grow with their bits, so that the next number is the next in bits.
pub(crate) trait Format: Element {
    /// The bits of the largest number; what follows is infinity.
    const LARGEST: u16;
    /// The value of a number, or of what would be the first beyond the largest.
    fn magnitude(bits: u16) -> f64;
}

impl Format for f16 {
    const LARGEST: u16 = 0x7bff;
    fn magnitude(bits: u16) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 10), f64::from(bits & 0x3ff));
        if exponent == 0 { fraction * 2_f64.powi(-24) } else { (1024.0 + fraction) * 2_f64.powi(exponent - 25) }
    }
}

impl Format for bf16 {
    const LARGEST: u16 = 0x7f7f;
    fn magnitude(bits: u16) -> f64 {
        let (exponent, fraction) = (i32::from(bits >> 7), f64::from(bits & 0x7f));
        if exponent == 0 { fraction * 2_f64.powi(-133) } else { (128.0 + fraction) * 2_f64.powi(exponent - 134) }
    }
}

/// The bits of one of the two numbers around a value: searched for, and chosen by the round mode's definition.
pub(crate) fn round_off<T: Format>(value: f64, mode: u64) -> u16 {
    let (sign, negative) = (if value.is_sign_negative() { 0x8000 } else { 0 }, value < 0.0);
    let magnitude = value.abs();
    if value.is_nan() {
        return T::LARGEST + 2; // some NaN
    }
    if magnitude.is_infinite() {
        return sign | (T::LARGEST + 1);
    }
    let (mut below, mut beyond) = (0, T::LARGEST + 1);
    while beyond - below > 1 {
        let middle = below + (beyond - below) / 2;
        if T::magnitude(middle) <= magnitude { below = middle } else { beyond = middle }
    }
    let (low, high) = (T::magnitude(below), T::magnitude(below + 1));
    let up = low != magnitude
        && match mode {
            2 => negative,
            3 => !negative,
            4 => magnitude - low >= high - magnitude,
            5 => false,
            6 => below % 2 == 0,
            _ => magnitude - low > high - magnitude || magnitude - low == high - magnitude && below % 2 == 1,
        };
    sign | (below + u16::from(up))
}

/// What saturation makes of it: the largest number for infinity, 0 for NaN.
pub(crate) fn saturated<T: Format>(bits: u16) -> u16 {
    match (bits & 0x7fff).cmp(&(T::LARGEST + 1)) {
        std::cmp::Ordering::Less => bits,
        std::cmp::Ordering::Equal => bits & 0x8000 | T::LARGEST,
        std::cmp::Ordering::Greater => 0,
    }
}

/// Casts all the values, as many at a time as UB has room for.
fn cast<D: Element, S: Element>(values: &[S], mode: u64) -> Vec<D> {
    let kernel = format!("Cast_{} {}", S::NAME, D::NAME);
    let mut results = Vec::new();
    for some in values.chunks(16_384) {
        let to = (some.len() * S::SIZE).next_multiple_of(32);
        let mut image = vec![0; (to + some.len() * D::SIZE).next_multiple_of(32)];
        for (n, value) in some.iter().enumerate() {
            value.write(&mut image, n * S::SIZE);
        }
        let mut call = Call { count: some.len(), mode, ..Call::default() };
        call.dst.offset = to;
        let after = call.run_silent(&kernel, &image, false);
        results.extend((0..some.len()).map(|n| D::read(&after, to + n * D::SIZE)));
    }
    results
}

/// Every float that is a number of the format, in the middle of two, or next to such a one; and what is no number.
fn around<T: Format>() -> Vec<f32> {
    let mut floats = vec![f32::NAN, f32::INFINITY, f32::MAX, f32::MIN_POSITIVE, f32::from_bits(1)];
    for bits in 0..=T::LARGEST {
        let (low, high) = (T::magnitude(bits), T::magnitude(bits + 1));
        let middle = ((low + high) / 2.0) as f32;
        floats.extend([low as f32, (low as f32).next_up(), middle.next_down(), middle, middle.next_up()]);
    }
    let negative: Vec<_> = floats.iter().map(|value| -value).collect();
    floats.extend(negative);
    floats
}

/// Floats to a format, in the given modes, with saturation and without.
fn from_float<T: Format>(modes: std::ops::RangeInclusive<u64>) {
    let floats = around::<T>();
    for mode in modes {
        for keeps in [false, true] {
            let results = cast::<T, f32>(&floats, mode + if keeps { 16 } else { 0 });
            for (&value, result) in floats.iter().zip(results) {
                let bits = round_off::<T>(value.into(), mode);
                let found = u16::try_from(result.bits()).expect("16 bits");
                if keeps && value.is_nan() {
                    assert!(found & 0x7fff > T::LARGEST + 1, "{value} is {found:#x}");
                } else {
                    let bits = if keeps { bits } else { saturated::<T>(bits) };
                    assert_eq!(found, bits, "{} of {value:e}, mode {mode}, without saturation: {keeps}", T::NAME);
                }
            }
        }
    }
}

#[test]
fn half_from_float() {
    from_float::<f16>(0..=6);
}

#[test]
fn bfloat16_from_float() {
    from_float::<bf16>(1..=5);
}

/// To nearest is what others make of it, too.
#[test]
fn nearest_is_the_library_s() {
    for value in around::<f16>() {
        assert!(value.is_nan() || round_off::<f16>(value.into(), 1) == f16::from_f32(value).to_bits(), "{value:e}");
    }
    for value in around::<bf16>() {
        assert!(value.is_nan() || round_off::<bf16>(value.into(), 1) == bf16::from_f32(value).to_bits(), "{value:e}");
    }
}

/// Exactly, NaN to some NaN.
#[test]
fn to_float() {
    fn check<T: Element>(of: impl Fn(u16) -> T, value: impl Fn(T) -> f32) {
        let all: Vec<T> = (0..=u16::MAX).map(of).collect();
        for (from, to) in all.iter().zip(cast::<f32, T>(&all, 0)) {
            let value = value(*from);
            assert!(to.to_bits() == value.to_bits() || to.is_nan() && value.is_nan(), "{from:?} is {to}");
        }
    }
    check(f16::from_bits, f16::to_f32);
    check(bf16::from_bits, bf16::to_f32);
}

/// A whole number in the direction of the mode; `None`: not a number.
fn whole(value: f64, mode: u64) -> Option<f64> {
    let whole = match mode {
        2 => value.floor(),
        3 => value.ceil(),
        4 => value.round(),
        5 => value.trunc(),
        _ => value.round_ties_even(),
    };
    (!whole.is_nan()).then_some(whole)
}

/// All values of a 16-bit type to an integer. `cut`: the low bits of a number of 64.
fn to_integer<D: Element, S: Element>(
    of: impl Fn(u16) -> S,
    value: impl Fn(S) -> f64,
    modes: std::ops::RangeInclusive<u64>,
    saturate: impl Fn(f64) -> D,
    cut: impl Fn(i64) -> D,
) {
    let all: Vec<S> = (0..=u16::MAX).map(of).collect();
    for mode in modes {
        for keeps in [false, true] {
            for (&from, to) in all.iter().zip(cast::<D, S>(&all, mode + if keeps { 16 } else { 0 })) {
                let expected = match whole(value(from), mode) {
                    None => cut(0),
                    Some(whole) if keeps && (-2_f64.powi(63)..2_f64.powi(63)).contains(&whole) => cut(whole as i64),
                    Some(whole) => saturate(whole),
                };
                assert_eq!(to, expected, "{} of {from:?}, mode {mode}, without saturation: {keeps}", D::NAME);
            }
        }
    }
}

#[test]
fn half_to_integers() {
    to_integer(f16::from_bits, f16::to_f64, 0..=5, |whole| whole as i8, |low| low as i8);
    to_integer(f16::from_bits, f16::to_f64, 0..=5, |whole| whole as u8, |low| low as u8);
    to_integer(f16::from_bits, f16::to_f64, 1..=5, |whole| whole as i16, |low| low as i16);
    to_integer(f16::from_bits, f16::to_f64, 1..=5, |whole| whole as i32, |low| low as i32);
}

#[test]
fn bfloat16_to_integers() {
    to_integer(bf16::from_bits, bf16::to_f64, 1..=5, |whole| whole as i32, |low| low as i32);
}

#[test]
fn half_from_integers() {
    for mode in 0..=5 {
        let all: Vec<i16> = (i16::MIN..=i16::MAX).collect();
        for (&from, to) in all.iter().zip(cast::<f16, i16>(&all, mode)) {
            assert_eq!(to.to_bits(), round_off::<f16>(from.into(), mode), "{from}, mode {mode}");
        }
    }
    let bytes: Vec<u8> = (0..=u8::MAX).collect();
    let signed: Vec<i8> = (i8::MIN..=i8::MAX).collect();
    assert!(cast::<f16, u8>(&bytes, 0).iter().zip(&bytes).all(|(to, &from)| to.to_f32() == f32::from(from)));
    assert!(cast::<f16, i8>(&signed, 0).iter().zip(&signed).all(|(to, &from)| to.to_f32() == f32::from(from)));
}
