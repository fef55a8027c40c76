//! Steps made by hand.

use ascend_cache_loc::sim::{Pipe, Step, StepKind};

/// A copy in of one block.
#[must_use]
pub fn copy_in(address: u64, bytes: u32) -> Step {
    let mut step = Step::new("DataCopy", Pipe::Mte2, StepKind::Copy);
    (step.address, step.blocks, step.block_bytes, step.pitch) = (address, 1, bytes, bytes.into());
    step
}

/// A value from GM.
#[must_use]
pub fn gm_get(address: u64, bytes: u32) -> Step {
    let mut step = Step::new("GlobalTensor::GetValue", Pipe::S, StepKind::GmGet);
    (step.address, step.blocks, step.block_bytes, step.pitch) = (address, 1, bytes, bytes.into());
    step
}

/// A step that waits for so many instructions of each pipe.
#[must_use]
pub fn after(step: Step, known: [u32; 4]) -> Step {
    Step { known, ..step }
}
