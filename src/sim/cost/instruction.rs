//! What a vector instruction takes, by its kind.

use super::Costs;
use crate::sim::Step;

/// How long it takes its pipe, and when it is complete, from its begin.
pub(super) fn vector(step: &Step, costs: &Costs) -> (f64, f64) {
    let (head, repeat) = match step.name {
        "GatherMask" => (costs.gather_mask_head, costs.gather_mask_repeat),
        "Gather" | "Gatherb" => (costs.vector_head, costs.gather_repeat),
        name if name.contains("Reduce") => (costs.vector_head, costs.reduce_repeat),
        _ => (costs.vector_head, costs.vector_repeat),
    };
    let busy = f64::from(step.repeats.max(1)) * repeat;
    (busy, head + busy)
}
