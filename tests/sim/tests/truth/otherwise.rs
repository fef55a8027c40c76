//! What the headers accept and the device carries out otherwise: the effect that goes with the report.

use ascend_cache_loc::sim::ReportKind;

use crate::call::{Call, Element, image};

/// The image after a call with which exactly one thing is wrong.
fn run(call: &Call, kernel: &str, before: &[u8], kind: ReportKind) -> Vec<u8> {
    let (after, reports) = call.run(kernel, before, false);
    assert_eq!(reports.iter().map(|report| report.kind).collect::<Vec<_>>(), [kind], "{kernel}");
    after
}

/// And, Or of 32-bit tensors process the first half of the bytes asked for.
#[test]
fn and_or_of_32_bits_do_half() {
    let rng = &mut fastrand::Rng::with_seed(8);
    let mut call = Call { count: 100, ..Call::default() };
    (call.src0.offset, call.src1.offset) = (1024, 2048);
    let before = image::<i32>(rng, 4096);
    for (kernel, f) in [("And int32_t", (|a, b| a & b) as fn(u8, u8) -> u8), ("Or uint32_t", |a, b| a | b)] {
        let mut expected = before.clone();
        for byte in 0..200 {
            expected[byte] = f(before[1024 + byte], before[2048 + byte]);
        }
        assert!(run(&call, kernel, &before, ReportKind::ElementsHalved { asked: 100 }) == expected, "{kernel}");
    }
}

/// Gather counts whole repeats in eight bits: 16,384 elements are none, 20,000 are 3,616.
#[test]
fn gather_wraps() {
    let rng = &mut fastrand::Rng::with_seed(9);
    for (asked, done) in [(16_384, 0), (20_000, 3616)] {
        let mut call = Call { count: asked, ..Call::default() };
        (call.src0.offset, call.src1.offset, call.dst.offset) = (0, 1024, 1024 + 4 * asked);
        let mut before = image::<u32>(rng, 1024 + 8 * asked + 64);
        for n in 0..asked {
            (4 * rng.u32(..256)).write(&mut before, 1024 + 4 * n);
        }
        let mut expected = before.clone();
        for n in 0..done {
            let offset = u32::read(&before, 1024 + 4 * n) as usize;
            u32::read(&before, offset).write(&mut expected, call.dst.offset + 4 * n);
        }
        let kind = ReportKind::RepeatsWrapped { asked: asked as u64, done: done as u64 };
        assert!(run(&call, "Gather uint32_t", &before, kind) == expected, "{asked}");
    }
}

#[test]
fn gather_of_64_bits_does_nothing() {
    let before = image::<u32>(&mut fastrand::Rng::with_seed(10), 4096);
    let mut call = Call { count: 8, ..Call::default() };
    (call.src1.offset, call.dst.offset) = (1024, 2048);
    assert!(run(&call, "Gather int64_t", &before, ReportKind::NotExecuted { element_bytes: 8 }) == before);
}

/// A copy rounds down to whole blocks.
#[test]
fn copies_are_truncated() {
    let before = image::<u32>(&mut fastrand::Rng::with_seed(11), 4096);
    let mut call = Call { count: 15, ..Call::default() };
    call.src0.offset = 1024;
    let mut expected = before.clone();
    expected.copy_within(1024..1024 + 32, 0);
    assert!(run(&call, "CopyUb int32_t", &before, ReportKind::CopyTruncated { asked: 60, copied: 32 }) == expected);
}
