//! One call of one instruction on an image of UB: the parameters, the run, and the documented walk over its operands.

use ascend_cache_loc::sim::{Access, Launch, Report};
use ascend_cache_loc_sim_tests::{Gm, argument, reports};
use half::{bf16, f16};

use crate::halves::{round_off, saturated};

/// The counts that every count form is tried with.
pub(crate) const COUNTS: [usize; 12] = [0, 1, 7, 8, 63, 64, 65, 200, 255, 256, 333, 4096];

/// The most bytes of an image: what a kernel may use of UB, in whole blocks.
pub(crate) const MOST_BYTES: usize = 196_608 - 256 - 8192;

/// The form of a call, as `Call::form` in kernels/instructions.cpp numbers them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Form {
    #[default]
    Count,
    Bits,
    Leading,
    Operator,
    /// Counter mode of the mask register: `count` elements, with strides.
    Counter,
}

/// An operand: its byte offset in the image, and its strides in 32-byte blocks.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Operand {
    pub(crate) offset: usize,
    pub(crate) block: usize,
    pub(crate) repeat: usize,
}

/// `Call` of kernels/instructions.cpp.
#[derive(Debug, Clone, Default)]
pub(crate) struct Call {
    pub(crate) form: Form,
    pub(crate) dst: Operand,
    pub(crate) src0: Operand,
    pub(crate) src1: Operand,
    pub(crate) count: usize,
    pub(crate) mask: [u64; 2],
    pub(crate) repeats: usize,
    pub(crate) scalar: u64,
    pub(crate) mode: u64,
}

impl Call {
    /// Runs `kernel` on a copy of `image`: the image afterwards, and what was reported.
    pub(crate) fn run(&self, kernel: &str, image: &[u8], saturate: bool) -> (Vec<u8>, Vec<Report>) {
        let mut gm = Gm::new(image, 0);
        let Self { dst, src0, src1, .. } = self;
        let form = match self.form {
            Form::Count => 0,
            Form::Bits => 1,
            Form::Leading => 2,
            Form::Operator => 3,
            Form::Counter => 4,
        };
        let mut parameters = vec![gm.address(), image.len() as u64, form];
        parameters.extend([dst.offset, src0.offset, src1.offset, self.count].map(|value| value as u64));
        parameters.extend(self.mask);
        parameters.push(self.repeats as u64);
        parameters.extend([dst.block, src0.block, src1.block].map(|value| value as u64));
        parameters.extend([dst.repeat, src0.repeat, src1.repeat].map(|value| value as u64));
        parameters.extend([self.scalar, self.mode]);
        let argument = argument(&parameters);
        let arrays = [gm.array(Access::ReadWrite)];
        let mut launch = Launch::new(kernel, 1, &argument, &arrays);
        launch.saturate = saturate;
        let reports = reports(&launch);
        (gm.as_bytes().to_vec(), reports)
    }

    /// As [`Call::run`], of a call with which nothing is wrong.
    #[track_caller]
    pub(crate) fn run_silent(&self, kernel: &str, image: &[u8], saturate: bool) -> Vec<u8> {
        let (after, reports) = self.run(kernel, image, saturate);
        assert!(reports.is_empty(), "{kernel} {self:?}: {}", reports[0]);
        after
    }

    /// The elements worked on, as (repeat, block of the repeat, element of the block), of operands whose wider type has
    /// `wide` bytes. A repeat is 256 bytes of that type; a count is a run of repeats.
    pub(crate) fn lanes(&self, wide: usize) -> Vec<(usize, usize)> {
        let per_repeat = 256 / wide;
        match self.form {
            Form::Count | Form::Operator | Form::Counter => {
                (0..self.count).map(|n| (n / per_repeat, n % per_repeat)).collect()
            }
            Form::Bits => {
                let bits = u128::from(self.mask[0]) | u128::from(self.mask[1]) << 64;
                let chosen = (0..per_repeat).filter(|element| bits >> element & 1 == 1);
                (0..self.repeats).flat_map(|repeat| chosen.clone().map(move |element| (repeat, element))).collect()
            }
            Form::Leading => {
                let leading = usize::try_from(self.mask[0]).expect("a small mask");
                (0..self.repeats).flat_map(|repeat| (0..leading).map(move |element| (repeat, element))).collect()
            }
        }
    }

    /// Byte offset of a lane of an operand with elements of `size` bytes, where a repeat has `wide`-byte elements.
    pub(crate) fn offset(
        &self,
        operand: &Operand,
        size: usize,
        wide: usize,
        (repeat, element): (usize, usize),
    ) -> usize {
        if matches!(self.form, Form::Count | Form::Operator) {
            return operand.offset + (repeat * (256 / wide) + element) * size;
        }
        let byte = element * size;
        operand.offset + repeat * operand.repeat * 32 + byte / 32 * operand.block * 32 + byte % 32
    }

    /// Bytes that an operand of `size`-byte elements reaches over.
    pub(crate) fn extent(&self, operand: &Operand, size: usize, wide: usize) -> usize {
        let lanes = self.lanes(wide);
        let end = lanes.iter().map(|&lane| self.offset(operand, size, wide, lane) + size - operand.offset).max();
        end.unwrap_or(0).next_multiple_of(32)
    }
}

/// An element type of the instructions.
pub(crate) trait Element: Copy + std::fmt::Debug + PartialEq {
    /// Its name in the kernels' names.
    const NAME: &'static str;
    const SIZE: usize = size_of::<Self>();
    fn read(image: &[u8], offset: usize) -> Self;
    fn write(self, image: &mut [u8], offset: usize);
    fn bits(self) -> u64;
    /// A random value, often one of the extremes.
    fn random(rng: &mut fastrand::Rng) -> Self;
}

macro_rules! element {
    ($($type:ty, $name:literal, $extremes:expr, $random:expr;)+) => {$(
        impl Element for $type {
            const NAME: &'static str = $name;
            fn read(image: &[u8], offset: usize) -> Self {
                Self::from_ne_bytes(image[offset..offset + Self::SIZE].try_into().expect("its bytes"))
            }
            fn write(self, image: &mut [u8], offset: usize) {
                image[offset..offset + Self::SIZE].copy_from_slice(&self.to_ne_bytes());
            }
            fn bits(self) -> u64 {
                let mut bytes = [0; 8];
                bytes[..Self::SIZE].copy_from_slice(&self.to_ne_bytes());
                u64::from_ne_bytes(bytes)
            }
            fn random(rng: &mut fastrand::Rng) -> Self {
                let extremes = $extremes;
                if rng.u8(..) < 64 { extremes[rng.usize(..extremes.len())] } else { ($random)(rng) }
            }
        }
    )+};
}

element! {
    i8, "int8_t", [i8::MIN, i8::MAX, 0, -1], |rng: &mut fastrand::Rng| rng.i8(..);
    u8, "uint8_t", [u8::MIN, u8::MAX, 1], |rng: &mut fastrand::Rng| rng.u8(..);
    i16, "int16_t", [i16::MIN, i16::MAX, 0, 1, -1, i16::MIN + 1], |rng: &mut fastrand::Rng| rng.i16(..);
    u16, "uint16_t", [u16::MIN, u16::MAX, 1, 0x8000, 0x7fff], |rng: &mut fastrand::Rng| rng.u16(..);
    i32, "int32_t", [i32::MIN, i32::MAX, 0, 1, -1, i32::MIN + 1, 1 << 24, (1 << 24) + 1, -(1 << 24) - 1, 0x7fff_ff80], |rng: &mut fastrand::Rng| rng.i32(..) >> rng.u32(..31);
    u32, "uint32_t", [u32::MIN, u32::MAX, 1, 1 << 31, i32::MAX as u32], |rng: &mut fastrand::Rng| rng.u32(..);
    u64, "uint64_t", [u64::MIN, u64::MAX], |rng: &mut fastrand::Rng| rng.u64(..);
    i64, "int64_t", [i64::MIN, i64::MAX, 0, 1, -1, i64::from(i32::MAX), i64::from(i32::MIN), 1 << 31, -(1 << 31) - 1, (1 << 24) + 1, (1 << 40) + 3, i64::MAX - 1], |rng: &mut fastrand::Rng| rng.i64(..) >> rng.u32(..63);
    // No number that leads to a NaN, no -0: of these the documentation says nothing.
    f32, "float", [0.0, 1.0, -1.0, 0.5, 1.5, 2.5, -0.5, -2.5, 3.4e38, -3.4e38, 1e-45, 2_147_483_648.0, -2_147_483_648.0, 9.3e18, -9.3e18, 8_388_609.0], |rng: &mut fastrand::Rng| (rng.f32() - 0.5) * 2_f32.powi(rng.i32(-20..70));
}

/// No NaN, no infinity, no -0, as of `f32`; every place of the exponent is met.
fn random_f16(rng: &mut fastrand::Rng) -> f16 {
    let bits = rng.u16(..);
    let finite = if bits & 0x7c00 == 0x7c00 { bits & !0x0400 } else { bits };
    f16::from_bits(if finite == 0x8000 { 0 } else { finite })
}

element! {
    f16, "half", [f16::ZERO, f16::ONE, f16::NEG_ONE, f16::MAX, f16::MIN, f16::MIN_POSITIVE_SUBNORMAL, f16::from_bits(0x3c01), f16::from_bits(0x6800)], random_f16;
    // Only ever moved.
    bf16, "bfloat16_t", [bf16::ZERO, bf16::MAX, bf16::MIN], |rng: &mut fastrand::Rng| bf16::from_bits(rng.u16(..0x7f80));
}

/// A floating-point number as an element: its value, and the number that is nearest to a value.
pub(crate) trait Number: Element {
    fn value(self) -> f64;
    fn nearest(value: f64) -> Self;
}

impl Number for f32 {
    fn value(self) -> f64 {
        self.into()
    }
    fn nearest(value: f64) -> Self {
        value as Self
    }
}

/// In saturation mode, as a kernel begins.
impl Number for f16 {
    fn value(self) -> f64 {
        self.to_f64()
    }
    fn nearest(value: f64) -> Self {
        Self::from_bits(saturated::<Self>(round_off::<Self>(value, 0)))
    }
}

/// An image of `bytes`, every aligned place of which holds a value of `T`.
pub(crate) fn image<T: Element>(rng: &mut fastrand::Rng, bytes: usize) -> Vec<u8> {
    let mut image = vec![0; bytes];
    for offset in (0..bytes).step_by(T::SIZE) {
        T::random(rng).write(&mut image, offset);
    }
    image
}

/// Random strides, repeats and mask in one of the two masked forms, for operands of the given element sizes.
pub(crate) fn masked(rng: &mut fastrand::Rng, wide: usize, sizes: [usize; 3]) -> Call {
    let lanes = 256 / wide;
    let mut call = Call { form: if rng.bool() { Form::Bits } else { Form::Leading }, ..Call::default() };
    call.repeats = [0, 1, 2, 3, 9, 31, 255][rng.usize(..7)];
    if call.form == Form::Leading {
        call.mask[0] = [1, 7, 8, 9, lanes as u64 - 1, lanes as u64, rng.u64(1..=lanes as u64)][rng.usize(..7)];
    } else {
        // 4- and 8-byte elements ignore the second word.
        call.mask = [rng.u64(..) & rng.u64(..) | 1, rng.u64(..)];
        if lanes < 64 {
            call.mask[0] &= (1 << lanes) - 1;
        }
    }
    let blocks = |size: usize| lanes * size / 32;
    call.dst.block = rng.usize(1..=3);
    call.dst.repeat = (blocks(sizes[0]) * call.dst.block + rng.usize(..3)).min(255);
    for (src, size) in [(&mut call.src0, sizes[1]), (&mut call.src1, sizes[2])] {
        src.block = rng.usize(..3);
        src.repeat = [0, 1, blocks(size), blocks(size) + 1, 40][rng.usize(..5)];
    }
    call
}

/// Lays the operands out one after the other, 32-byte aligned, and returns the bytes they take.
pub(crate) fn lay_out(call: &mut Call, wide: usize, sizes: [usize; 3]) -> usize {
    let walk = call.clone();
    let mut end = 0;
    for (operand, size) in [&mut call.dst, &mut call.src0, &mut call.src1].into_iter().zip(sizes) {
        operand.offset = end;
        end += walk.extent(operand, size, wide);
    }
    end + 64
}
