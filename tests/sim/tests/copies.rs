//! Copies between GM and UB, both ways, with all their fields, against the documentation's definition.

use ascend_cache_loc::sim::{Access, Launch, Report, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, reports};

/// `Copy` of kernels/copies.cpp, without the addresses.
#[derive(Debug, Clone, Default)]
struct Copy {
    ub: usize,
    form: u64,
    count: usize,
    blocks: usize,
    block_length: usize,
    src_stride: usize,
    dst_stride: usize,
    is_pad: bool,
    left: usize,
    right: usize,
    value: u64,
}

impl Copy {
    /// Runs the copy between `image` and `array` from byte `start` of the array on; `access` is what it does to that.
    fn run(&self, kernel: &str, image: &mut Gm, array: &mut Gm, start: usize, access: Access) -> Vec<Report> {
        let mut parameters = vec![image.address(), image.as_bytes().len() as u64, array.address() + start as u64];
        parameters.extend([self.ub as u64, self.form]);
        let lengths = [self.count, self.blocks, self.block_length, self.src_stride, self.dst_stride];
        parameters.extend(lengths.map(|length| length as u64));
        parameters.extend([u64::from(self.is_pad), self.left as u64, self.right as u64, self.value]);
        let argument = argument(&parameters);
        let arrays = [image.array(Access::ReadWrite), array.array(access)];
        reports(&Launch::new(kernel, 1, &argument, &arrays))
    }

    /// Start of block `n` and bytes of a block: on the GM side, and on the UB side, where padding comes before it.
    fn block(&self, n: usize, size: usize, into_ub: bool) -> (usize, usize, usize) {
        let (gm_gap, ub_gap) =
            if into_ub { (self.src_stride, self.dst_stride) } else { (self.dst_stride, self.src_stride) };
        match self.form {
            0 => (0, 0, self.count * size / 32 * 32),
            1 => {
                let bytes = 32 * self.block_length;
                (n * (bytes + 32 * gm_gap), n * (bytes + 32 * ub_gap), bytes)
            }
            _ => {
                let taken = (self.left * size + self.block_length + self.right * size).next_multiple_of(32);
                (n * (self.block_length + gm_gap), n * (taken + 32 * ub_gap), self.block_length)
            }
        }
    }
}

const IMAGE: usize = 32_768;

/// A random copy of `size`-byte elements, all forms and fields.
fn random(rng: &mut fastrand::Rng, size: usize, into_ub: bool) -> Copy {
    let mut copy = Copy { ub: 32 * rng.usize(..8), form: rng.u64(..4), blocks: rng.usize(..6), ..Copy::default() };
    match copy.form {
        0 => (copy.count, copy.blocks) = (32 / size * rng.usize(..100), 1),
        1 => copy.block_length = rng.usize(..20),
        _ => copy.block_length = size * rng.usize(..200),
    }
    (copy.src_stride, copy.dst_stride) = (rng.usize(..10), rng.usize(..10));
    if copy.form >= 2 {
        if into_ub {
            copy.src_stride = rng.usize(..500);
            (copy.is_pad, copy.left, copy.right) = (rng.bool(), rng.usize(..=32 / size), rng.usize(..=32 / size));
            copy.value = if size == 8 { 0 } else { rng.u64(..) };
        } else {
            copy.dst_stride = rng.usize(..500);
        }
    }
    copy
}

fn bytes(rng: &mut fastrand::Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| rng.u8(..)).collect()
}

fn start_of(rng: &mut fastrand::Rng, copy: &Copy, size: usize) -> usize {
    // DataCopy wants element alignment, DataCopyPad none.
    if copy.form < 2 { size * rng.usize(..10) } else { rng.usize(..40) }
}

fn copies_in(name: &str, size: usize) {
    let rng = &mut fastrand::Rng::with_seed(12);
    for _ in 0..300 {
        let copy = random(rng, size, true);
        let mut image = Gm::new(&bytes(rng, IMAGE), 0);
        let mut array = Gm::new(&bytes(rng, 16_384), 0);
        let start = start_of(rng, &copy, size);
        let mut expected: Vec<_> = image.as_bytes().iter().copied().map(Some).collect();
        let moves = copy.blocks > 0 && copy.block(0, size, true).2 > 0;
        for n in 0..if moves { copy.blocks } else { 0 } {
            let (from, to, length) = copy.block(n, size, true);
            let (to, left) = (copy.ub + to, copy.left * size);
            let value = |byte: usize| copy.is_pad.then(|| copy.value.to_ne_bytes()[byte % size]);
            let end = left + length + copy.right * size;
            for byte in 0..end.next_multiple_of(32) {
                expected[to + byte] = match byte {
                    _ if byte >= left && byte < left + length => Some(array.as_bytes()[start + from + byte - left]),
                    _ if byte < left => value(byte),
                    _ if byte < end => value(byte - left - length),
                    _ => None,
                };
            }
        }
        let reports = copy.run(&format!("copy in {name}"), &mut image, &mut array, start, Access::Read);
        // The store of the image afterwards names the first byte without a value, if there is one.
        let unwritten: Vec<_> = reports.iter().map(|report| (report.kind, report.address)).collect();
        let first = expected.iter().position(Option::is_none);
        let stated: Vec<_> = first.map(|byte| (ReportKind::UbUnwritten, byte as u64)).into_iter().collect();
        assert_eq!(unwritten, stated, "{copy:?}");
        let right = image.as_bytes().iter().zip(&expected).all(|(byte, expected)| expected.is_none_or(|e| e == *byte));
        assert!(right, "{name} {copy:?}");
    }
}

fn copies_out(name: &str, size: usize) {
    let rng = &mut fastrand::Rng::with_seed(13);
    for _ in 0..300 {
        let copy = random(rng, size, false);
        let mut image = Gm::new(&bytes(rng, IMAGE), 0);
        let mut array = Gm::new(&bytes(rng, 16_384), 0);
        let start = start_of(rng, &copy, size);
        let mut expected = array.as_bytes().to_vec();
        for n in 0..copy.blocks {
            let (to, from, length) = copy.block(n, size, false);
            expected[start + to..start + to + length].copy_from_slice(&image.as_bytes()[copy.ub + from..][..length]);
        }
        let reports = copy.run(&format!("copy out {name}"), &mut image, &mut array, start, Access::Write);
        assert!(reports.is_empty(), "{copy:?}: {}", reports[0]);
        assert!(array.as_bytes() == expected, "{name} {copy:?}");
    }
}

#[test]
fn into_ub() {
    copies_in("int8_t", 1);
    copies_in("int16_t", 2);
    copies_in("int32_t", 4);
    copies_in("int64_t", 8);
    copies_in("float", 4);
    copies_in("half", 2);
    copies_in("bfloat16_t", 2);
}

#[test]
fn out_of_ub() {
    copies_out("int8_t", 1);
    copies_out("int16_t", 2);
    copies_out("int32_t", 4);
    copies_out("int64_t", 8);
    copies_out("float", 4);
    copies_out("half", 2);
    copies_out("bfloat16_t", 2);
}

/// The counts of the other instructions' tests, exact to the byte with `DataCopyPad` and rounded down with `DataCopy`.
#[test]
fn counts() {
    let rng = &mut fastrand::Rng::with_seed(14);
    for count in [0, 1, 7, 8, 63, 64, 65, 200, 255, 256, 333, 4096] {
        let content = bytes(rng, 4 * 4096);
        for form in [0, 2] {
            let copy = Copy { form, count, blocks: 1, block_length: 4 * count, ..Copy::default() };
            let (mut image, mut array) = (Gm::new(&content, 0), Gm::new(&vec![0; 4 * 4096], 0));
            let reports = copy.run("copy out int32_t", &mut image, &mut array, 0, Access::Write);
            let copied = if form == 0 { 4 * count / 32 * 32 } else { 4 * count };
            assert_eq!(array.as_bytes()[..copied], content[..copied]);
            assert!(array.as_bytes()[copied..].iter().all(|&byte| byte == 0));
            let kinds: Vec<_> = reports.iter().map(|report| report.kind).collect();
            let truncated = ReportKind::CopyTruncated { asked: 4 * count as u64, copied: copied as u64 };
            assert_eq!(kinds, if copied == 4 * count { vec![] } else { vec![truncated] }, "{count}");
        }
    }
}

/// An array without storage: what is copied to it is dropped, what is copied from it has no value.
#[test]
fn arrays_without_storage() {
    let copy = Copy { form: 2, blocks: 1, block_length: 32, ..Copy::default() };
    let mut image = Gm::new(&[7; 64], 0);
    let declared = |access, image: &mut Gm| {
        let far = ascend_cache_loc::sim::Array {
            address: 1 << 40,
            bytes: 1 << 39,
            allocation: (1 << 40, 1 << 39),
            storage: std::ptr::null_mut(),
            access,
        };
        [image.array(Access::ReadWrite), far]
    };
    let mut parameters = vec![image.address(), 64, (1 << 40) + (1 << 39) - 32, 0, copy.form];
    parameters.extend([0, 1, 32, 0, 0, 0, 0, 0, 0]);
    let argument = argument(&parameters);
    let arrays = declared(Access::Write, &mut image);
    assert_eq!(reports(&Launch::new("copy out int32_t", 1, &argument, &arrays)), []);
    let arrays = declared(Access::Read, &mut image);
    let reports = reports(&Launch::new("copy in int32_t", 1, &argument, &arrays));
    assert_eq!(reports.iter().map(|report| report.kind).collect::<Vec<_>>(), [ReportKind::UbUnwritten]);
}
