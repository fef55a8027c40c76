//! The elementwise instructions of floating-point numbers.

use half::f16;

use crate::call::{Call, Element, Number, Operand, image};
use crate::elementwise::{RANDOM, binary, calls, scalar, unary};

/// dst = f(src0), by the formula in f64.
fn function(name: &str, f: impl Fn(f64) -> f64 + Copy) {
    unary(&format!("{name} float"), false, |_, _| move |value: f32| f32::nearest(f(value.value())));
    unary(&format!("{name} half"), false, |_, _| move |value: f16| f16::nearest(f(value.value())));
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
    scalar::<f16>("LeakyRelu", false, |a, b| if a < f16::ZERO { f16::nearest(a.value() * b.value()) } else { a });
}

#[test]
fn operations() {
    binary::<f32>("Div", false, false, |a, b| a / b);
    binary::<f32>("AddRelu", false, false, |a, b| (a + b).max(0.0));
    binary::<f32>("SubRelu", false, false, |a, b| (a - b).max(0.0));
    binary::<f16>("Div", false, false, |a, b| f16::nearest(a.value() / b.value()));
    binary::<f16>("AddRelu", false, false, |a, b| f16::nearest((a.value() + b.value()).max(0.0)));
    binary::<f16>("SubRelu", false, false, |a, b| f16::nearest((a.value() - b.value()).max(0.0)));
    binary::<i16>("AddRelu", false, false, |a, b| a.wrapping_add(b).max(0));
    binary::<i16>("SubRelu", false, false, |a, b| a.wrapping_sub(b).max(0));
}

/// dst = f(dst, src0, src1), where the sources may be narrower than the destination.
fn onto<D: Number, S: Number>(name: &str, sources: usize, f: impl Fn(f64, f64, f64) -> f64) {
    let rng = &mut fastrand::Rng::with_seed(30);
    let kernel = format!("{name} {}", D::NAME);
    for (call, bytes) in calls(rng, D::SIZE, [D::SIZE, S::SIZE, if sources > 1 { S::SIZE } else { 0 }], RANDOM) {
        let call = Call { scalar: S::nearest(0.75).bits(), ..call };
        // A source that is the destination too has its new value nowhere.
        if call.dst.offset == call.src0.offset && call.count > 0 || call.dst.offset == call.src1.offset && sources > 1 {
            continue;
        }
        let mut before = image::<S>(rng, bytes.next_multiple_of(64));
        for lane in call.lanes(D::SIZE) {
            D::random(rng).write(&mut before, call.offset(&call.dst, D::SIZE, D::SIZE, lane));
        }
        let mut expected = before.clone();
        for lane in call.lanes(D::SIZE) {
            let source = |of: &Operand| S::read(&before, call.offset(of, S::SIZE, D::SIZE, lane)).value();
            let second = if sources > 1 { source(&call.src1) } else { 0.75 };
            let at = call.offset(&call.dst, D::SIZE, D::SIZE, lane);
            D::nearest(f(D::read(&before, at).value(), source(&call.src0), second)).write(&mut expected, at);
        }
        assert!(call.run_silent(&kernel, &before, false) == expected, "{name} {call:?}");
    }
}

/// With one rounding to float, of which an f64 alone would make two.
fn fused(a: f64, b: f64, c: f64) -> f64 {
    (a as f32).mul_add(b as f32, c as f32).into()
}

#[test]
fn accumulations() {
    onto::<f32, f32>("Axpy", 1, |dst, a, b| fused(a, b, dst));
    onto::<f32, f32>("MulAddDst", 2, |dst, a, b| fused(a, b, dst));
    onto::<f32, f32>("FusedMulAdd", 2, |dst, a, b| fused(a, dst, b));
    onto::<f32, f16>("AxpyOfHalf", 1, |dst, a, b| fused(a, b, dst));
    onto::<f32, f16>("MulAddDstOfHalf", 2, |dst, a, b| fused(a, b, dst));
    onto::<f16, f16>("Axpy", 1, |dst, a, b| a.mul_add(b, dst));
    onto::<f16, f16>("MulAddDst", 2, |dst, a, b| a.mul_add(b, dst));
    onto::<f16, f16>("FusedMulAdd", 2, |dst, a, b| a.mul_add(dst, b));
}

/// Without saturation a sum may be infinite, and a difference of infinities no number.
#[test]
fn half_without_saturation() {
    let mut call = Call { count: 3, mode: 16, ..Call::default() };
    (call.src0.offset, call.src1.offset) = (32, 64);
    let mut before = vec![0; 128];
    for (n, (a, b)) in
        [(f16::MAX, f16::MAX), (f16::MIN, f16::ONE), (f16::INFINITY, f16::NEG_INFINITY)].iter().enumerate()
    {
        a.write(&mut before, 32 + 2 * n);
        b.write(&mut before, 64 + 2 * n);
    }
    let results = |mode| {
        let after = Call { mode, ..call.clone() }.run_silent("Add half", &before, false);
        [0, 2, 4].map(|at| f16::read(&after, at))
    };
    let [infinite, finite, nan] = results(16);
    assert!(infinite == f16::INFINITY && finite == f16::MIN && nan.is_nan());
    assert_eq!(results(0), [f16::MAX, f16::MIN, f16::ZERO]);
}
