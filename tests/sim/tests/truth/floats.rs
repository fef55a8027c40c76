//! The elementwise instructions of floating-point numbers.

use crate::call::{Call, Element, Operand, image};
use crate::elementwise::{RANDOM, binary, calls, scalar, unary};

/// dst = f(src0), by the formula in f64.
fn function(name: &str, f: impl Fn(f64) -> f64 + Copy) {
    unary(&format!("{name} float"), false, |_, _| move |value: f32| f(f64::from(value)) as f32);
}

#[test]
fn functions() {
    function("Abs", f64::abs);
    function("Exp", f64::exp);
    function("Ln", f64::ln);
    function("Sqrt", f64::sqrt);
    function("Rsqrt", |x| x.sqrt().recip());
    function("Reciprocal", f64::recip);
    function("Relu", |x| x.max(0.0));
    unary("Relu int32_t", false, |_, _| |value: i32| value.max(0));
    scalar::<f32>("LeakyRelu", false, |a, b| if a < 0.0 { a * b } else { a });
}

#[test]
fn operations() {
    binary::<f32>("Div", false, false, |a, b| a / b);
    binary::<f32>("AddRelu", false, false, |a, b| (a + b).max(0.0));
    binary::<f32>("SubRelu", false, false, |a, b| (a - b).max(0.0));
    binary::<i16>("AddRelu", false, false, |a, b| a.wrapping_add(b).max(0));
    binary::<i16>("SubRelu", false, false, |a, b| a.wrapping_sub(b).max(0));
}

/// dst = f(dst, src0, src1).
fn onto(name: &str, sources: usize, f: impl Fn(f32, f32, f32) -> f32) {
    let rng = &mut fastrand::Rng::with_seed(30);
    for (call, bytes) in calls(rng, 4, [4, 4, if sources > 1 { 4 } else { 0 }], RANDOM) {
        let call = Call { scalar: 0.75_f32.bits(), ..call };
        // A source that is the destination too has its new value nowhere.
        if call.dst.offset == call.src0.offset && call.count > 0 || call.dst.offset == call.src1.offset && sources > 1 {
            continue;
        }
        let before = image::<f32>(rng, bytes.next_multiple_of(64));
        let mut expected = before.clone();
        for lane in call.lanes(4) {
            let value = |operand: &Operand| f32::read(&before, call.offset(operand, 4, 4, lane));
            let second = if sources > 1 { value(&call.src1) } else { 0.75 };
            f(value(&call.dst), value(&call.src0), second).write(&mut expected, call.offset(&call.dst, 4, 4, lane));
        }
        assert!(call.run_silent(&format!("{name} float"), &before, false) == expected, "{name} {call:?}");
    }
}

#[test]
fn accumulations() {
    onto("Axpy", 1, |dst, a, b| a.mul_add(b, dst));
    onto("MulAddDst", 2, |dst, a, b| a.mul_add(b, dst));
    onto("FusedMulAdd", 2, |dst, a, b| a.mul_add(dst, b));
}
