//! What a core did, step by step.

use std::ffi::{CStr, c_char, c_void};

use super::Pipe;
use crate::sim::bindings as raw;

/// What a step is. Everything but flags and barriers is an instruction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum StepKind {
    /// An instruction of the scalar pipe that is none of the next five.
    Scalar,
    /// `LocalTensor::GetValue`.
    UbGet,
    /// `LocalTensor::SetValue`.
    UbSet,
    /// `GlobalTensor::GetValue`, or a tiling struct that is read.
    GmGet,
    /// `GlobalTensor::SetValue`.
    GmSet,
    /// A line of the data cache, or all of it, is written back and forgotten.
    CacheClean,
    /// An instruction of the vector pipe.
    Vector,
    /// A copy between GM and UB.
    Copy,
    /// A flag is set.
    SetFlag,
    /// A flag is awaited.
    WaitFlag,
    /// What follows on the pipe waits for what came before on it; on the scalar pipe, for all pipes.
    Barrier,
}

impl StepKind {
    /// Whether it is an instruction, of which the pipe's count goes up.
    #[must_use]
    pub fn is_instruction(self) -> bool {
        !matches!(self, Self::SetFlag | Self::WaitFlag | Self::Barrier)
    }
}

/// A step of a core. The scalar pipe issues every step, in the order of the list; what is for another pipe waits there.
#[derive(Debug, Clone, Copy)]
pub struct Step {
    /// The API's name of it, such as `DataCopyPad`.
    pub name: &'static str,
    /// Where in its source, as the compiler was given it. Barriers have no place.
    pub place: Option<(&'static str, u32)>,
    /// The pipe that carries it out.
    pub pipe: Pipe,
    /// What it is.
    pub kind: StepKind,
    /// It begins once so many instructions of each pipe of the core are complete, by the order of [`Pipe`].
    pub known: [u32; 4],
    /// Of a vector instruction: iterations of 256 bytes.
    pub repeats: u32,
    /// Of what touches GM: device address of the first byte.
    pub address: u64,
    /// Of a copy: bytes from the begin of a block in GM to the next one's.
    pub pitch: u64,
    /// Of a copy: blocks.
    pub blocks: u32,
    /// Of a copy: bytes of a block; of a scalar access to GM: its bytes.
    pub block_bytes: u32,
}

/// What each core of a launch did, by block index.
pub type Steps = Vec<Vec<Step>>;

/// Collects them.
pub(super) fn observer(into: &mut Steps) -> raw::AscendCacheLocSimObserver {
    raw::AscendCacheLocSimObserver { take: Some(take), context: std::ptr::from_mut(into).cast() }
}

/// # Safety
/// As the library calls it: `context` is the collection, `steps` are `count` steps of a core that there is.
unsafe extern "C" fn take(context: *mut c_void, core: u32, steps: *const raw::AscendCacheLocSimStep, count: u64) {
    if count == 0 {
        return;
    }
    // SAFETY: of `observer`, whose caller holds it during the launch; the launch is on its thread.
    let into = unsafe { &mut *context.cast::<Steps>() };
    // SAFETY: the caller's promise.
    let steps = unsafe { std::slice::from_raw_parts(steps, usize::try_from(count).expect("they are in memory")) };
    into[core as usize] = steps.iter().map(Step::from_raw).collect();
}

impl Step {
    /// A step that waits for nothing and touches nothing: the rest is set by who makes it.
    #[must_use]
    pub fn new(name: &'static str, pipe: Pipe, kind: StepKind) -> Self {
        Self {
            name,
            place: None,
            pipe,
            kind,
            known: [0; 4],
            repeats: 0,
            address: 0,
            pitch: 0,
            blocks: 0,
            block_bytes: 0,
        }
    }

    fn from_raw(step: &raw::AscendCacheLocSimStep) -> Self {
        let pipe = match step.pipe {
            raw::ASCEND_CACHE_LOC_SIM_PIPE_S => Pipe::S,
            raw::ASCEND_CACHE_LOC_SIM_PIPE_V => Pipe::V,
            raw::ASCEND_CACHE_LOC_SIM_PIPE_MTE2 => Pipe::Mte2,
            _ => Pipe::Mte3,
        };
        let kind = match step.kind {
            raw::ASCEND_CACHE_LOC_SIM_STEP_UB_GET => StepKind::UbGet,
            raw::ASCEND_CACHE_LOC_SIM_STEP_UB_SET => StepKind::UbSet,
            raw::ASCEND_CACHE_LOC_SIM_STEP_GM_GET => StepKind::GmGet,
            raw::ASCEND_CACHE_LOC_SIM_STEP_GM_SET => StepKind::GmSet,
            raw::ASCEND_CACHE_LOC_SIM_STEP_CACHE_CLEAN => StepKind::CacheClean,
            raw::ASCEND_CACHE_LOC_SIM_STEP_SET_FLAG => StepKind::SetFlag,
            raw::ASCEND_CACHE_LOC_SIM_STEP_WAIT_FLAG => StepKind::WaitFlag,
            raw::ASCEND_CACHE_LOC_SIM_STEP_BARRIER => StepKind::Barrier,
            _ => match pipe {
                Pipe::S => StepKind::Scalar,
                Pipe::V => StepKind::Vector,
                Pipe::Mte2 | Pipe::Mte3 => StepKind::Copy,
            },
        };
        Self {
            place: text(step.file).map(|file| (file, step.line)),
            known: step.known,
            repeats: step.repeats,
            address: step.address,
            pitch: step.pitch,
            blocks: step.blocks,
            block_bytes: step.block_bytes,
            ..Self::new(text(step.name).unwrap_or_default(), pipe, kind)
        }
    }
}

/// A string of the library; none for null.
fn text(pointer: *const c_char) -> Option<&'static str> {
    if pointer.is_null() {
        return None;
    }
    // SAFETY: every string that the library hands out is static, and ends with a null.
    unsafe { CStr::from_ptr(pointer) }.to_str().ok()
}
