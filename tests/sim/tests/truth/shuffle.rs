//! Copy, Brcb and Gatherb.

use ascend_cache_loc::sim::ReportKind;
use half::{bf16, f16};

use crate::call::{Call, Element, Form, MOST_BYTES, image};
use crate::elementwise::{RANDOM, calls};

/// dst = src0, of what the mask has.
fn copy<T: Element>() {
    let rng = &mut fastrand::Rng::with_seed(60);
    for (call, bytes) in calls(rng, T::SIZE, [T::SIZE, T::SIZE, 0], RANDOM) {
        if call.form == Form::Count {
            continue;
        }
        let before = image::<T>(rng, bytes);
        let mut expected = before.clone();
        for lane in call.lanes(T::SIZE) {
            T::read(&before, call.offset(&call.src0, T::SIZE, T::SIZE, lane))
                .write(&mut expected, call.offset(&call.dst, T::SIZE, T::SIZE, lane));
        }
        assert!(call.run_silent(&format!("Copy {}", T::NAME), &before, false) == expected, "{call:?}");
    }
}

#[test]
fn copies() {
    copy::<i16>();
    copy::<i32>();
    copy::<f32>();
    copy::<f16>();
}

/// Strides of the destination, the most blocks that fit behind `begin`, and the bytes of the image.
fn blocks(rng: &mut fastrand::Rng, begin: usize) -> (Call, usize) {
    loop {
        let mut call = Call { repeats: [0, 1, 2, 5, 31, 255][rng.usize(..6)], ..Call::default() };
        (call.dst.offset, call.dst.block) = (begin, rng.usize(1..4));
        call.dst.repeat = 8 * call.dst.block + rng.usize(..3);
        let bytes = begin + 32 * (call.repeats * call.dst.repeat + 8 * call.dst.block + 2);
        if bytes <= MOST_BYTES {
            return (call, bytes.next_multiple_of(64));
        }
    }
}

fn place(call: &Call, n: usize) -> usize {
    call.dst.offset + 32 * (n / 8 * call.dst.repeat + n % 8 * call.dst.block)
}

/// Each element fills a block.
fn broadcast<T: Element>() {
    let rng = &mut fastrand::Rng::with_seed(61);
    for _ in 0..40 {
        let (call, bytes) = blocks(rng, 255 * 8 * 4 + 32);
        let before = image::<T>(rng, bytes);
        let mut expected = before.clone();
        for n in 0..8 * call.repeats {
            for byte in (0..32).step_by(T::SIZE) {
                T::read(&before, T::SIZE * n).write(&mut expected, place(&call, n) + byte);
            }
        }
        assert!(call.run_silent(&format!("Brcb {}", T::NAME), &before, false) == expected, "{call:?}");
    }
}

#[test]
fn broadcasts() {
    broadcast::<i16>();
    broadcast::<u32>();
    broadcast::<f32>();
    broadcast::<bf16>();
}

/// Blocks at random offsets, of which two destinations may have one.
fn gather_blocks<T: Element>() {
    const POOL: usize = 4096;
    let rng = &mut fastrand::Rng::with_seed(62);
    for _ in 0..40 {
        let (mut call, bytes) = blocks(rng, POOL + 255 * 32);
        call.src1.offset = POOL;
        let mut before = image::<T>(rng, bytes);
        for n in 0..8 * call.repeats {
            (32 * rng.u32(..POOL as u32 / 32)).write(&mut before, POOL + 4 * n);
        }
        let mut expected = before.clone();
        for n in 0..8 * call.repeats {
            let from = u32::read(&before, POOL + 4 * n) as usize;
            expected[place(&call, n)..][..32].copy_from_slice(&before[from..][..32]);
        }
        assert!(call.run_silent(&format!("Gatherb {}", T::NAME), &before, false) == expected, "{call:?}");
    }
}

#[test]
fn gathered_blocks() {
    gather_blocks::<u16>();
    gather_blocks::<u32>();
    gather_blocks::<f16>();
}

/// Elements of 64 bits: no instruction.
#[test]
fn nothing_for_64_bits() {
    let before = image::<i64>(&mut fastrand::Rng::with_seed(63), 4096);
    for kernel in ["Copy int64_t", "Brcb int64_t"] {
        let mut call = Call { form: Form::Leading, mask: [8, 0], repeats: 1, ..Call::default() };
        (call.dst.offset, call.dst.block, call.src0.block) = (1024, 1, 1);
        let (after, reports) = call.run(kernel, &before, false);
        let kinds: Vec<_> = reports.iter().map(|report| report.kind).collect();
        assert_eq!(kinds, [ReportKind::NotExecuted { element_bytes: 8 }], "{kernel}");
        assert!(after == before, "{kernel}");
    }
}
