//! What cores did, step by step, and the same counted.

use ascend_cache_loc::sim::{CoreCounters, Pipe, Step, StepKind, Steps};

/// Each counter that steps can tell, and that no step waits for what the core has not issued.
pub(crate) fn agree(counters: &[CoreCounters], steps: &Steps) {
    for (core, (counters, steps)) in counters.iter().zip(steps).enumerate() {
        let mut issued = [0_u32; 4];
        for step in steps {
            assert!(step.known.iter().zip(issued).all(|(&known, issued)| known <= issued), "core {core}: {step:?}");
            issued[step.pipe as usize] += u32::from(step.kind.is_instruction());
        }
        for pipe in [Pipe::S, Pipe::V, Pipe::Mte2, Pipe::Mte3] {
            let counted = counters.pipe(pipe);
            let of = |which: &dyn Fn(&&Step) -> bool| {
                steps.iter().filter(|step| step.pipe == pipe).filter(which).count() as u64
            };
            let kind = |kind| of(&|step| step.kind == kind);
            let sum = |what: fn(&Step) -> u64| steps.iter().filter(|step| step.pipe == pipe).map(what).sum::<u64>();
            let copied = |step: &Step| if step.kind == StepKind::Copy { step.blocks.into() } else { 0 };
            let bytes = |step: &Step| {
                if step.kind == StepKind::Copy { u64::from(step.blocks) * u64::from(step.block_bytes) } else { 0 }
            };
            // One of all pipes is a step of S.
            let all = steps.iter().filter(|step| step.pipe == Pipe::S && step.kind == StepKind::Barrier).count() as u64;
            let barriers = if pipe == Pipe::S { all } else { kind(StepKind::Barrier) + all };
            let told = [
                of(&|step| step.kind.is_instruction()),
                sum(|step| step.repeats.into()),
                kind(StepKind::Copy),
                sum(copied),
                sum(bytes),
                kind(StepKind::UbGet),
                kind(StepKind::UbSet),
                of(&|step| step.name == "GlobalTensor::GetValue"),
                kind(StepKind::SetFlag),
                kind(StepKind::WaitFlag),
                barriers,
            ];
            let counted = [
                counted.instructions,
                counted.repeats,
                counted.dmas,
                counted.dma_blocks,
                counted.dma_bytes,
                counted.ub_gets,
                counted.ub_sets,
                counted.gm_gets,
                counted.flags_set,
                counted.flags_waited,
                counted.barriers,
            ];
            assert_eq!(told, counted, "core {core}, {pipe:?}");
        }
    }
}
