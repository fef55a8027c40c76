//! What a time is made of: the chain of steps, each of which waited for the one before, that ends last.

use std::fmt;

use super::lane::Cause;
use super::schedule::Block;
use crate::sim::{Pipe, StepKind};

/// The parts of a launch's time, in microseconds. They add up to it.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
#[non_exhaustive]
pub struct Path {
    /// The launch, and the core's own beginning.
    pub launch: f64,
    /// Waiting for GM to answer: copies until their first bytes are there, scalar reads of GM.
    pub trips: f64,
    /// Calls, loops and arithmetic, values from UB and into it.
    pub scalar: f64,
    /// Vector instructions.
    pub vector: f64,
    /// Bytes that copies move, and issuing copies.
    pub copies: f64,
}

impl Path {
    /// The parts with their names.
    #[must_use]
    pub fn parts(&self) -> [(&'static str, f64); 5] {
        [
            ("launch", self.launch),
            ("trips", self.trips),
            ("scalar", self.scalar),
            ("vector", self.vector),
            ("copies", self.copies),
        ]
    }
}

/// Each part's share, the largest first.
impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.parts();
        parts.sort_by(|a, b| b.1.total_cmp(&a.1));
        let all: f64 = parts.iter().map(|part| part.1).sum();
        let shares = parts.iter().map(|(name, us)| (name, 100.0 * us / all)).filter(|part| part.1 >= 0.5);
        let text: Vec<_> = shares.map(|(name, share)| format!("{name} {share:.0}%")).collect();
        f.write_str(&text.join(", "))
    }
}

/// Walks back from what ended last in a block to its start.
pub(super) fn walk(block: &Block<'_>, path: &mut Path) {
    let end = |i: usize| block.timings[i].run.1.max(block.timings[i].issue.1);
    let Some(last) = (0..block.steps.len()).max_by(|&a, &b| end(a).total_cmp(&end(b))) else { return };
    // Either the step's run on its pipe, or its issue by the scalar pipe, up to a time.
    let of = |i: usize| u32::try_from(i).expect("fewer steps");
    let mut cause = if block.timings[last].run.1 >= block.timings[last].issue.1 {
        Cause::Complete(of(last))
    } else {
        Cause::Issued(of(last))
    };
    let mut until = end(last);
    loop {
        let (index, run) = match cause {
            Cause::Start => return,
            Cause::Issued(index) => (index as usize, false),
            Cause::Begun(index) | Cause::Complete(index) => (index as usize, true),
        };
        let (step, timing) = (&block.steps[index], &block.timings[index]);
        if !run || step.pipe == Pipe::S {
            let ns = (until - timing.issue.0).max(0.0) / 1000.0;
            *(if step.kind == StepKind::GmGet { &mut path.trips } else { &mut path.scalar }) += ns;
            (until, cause) = (timing.issue.0, timing.issue_cause);
            continue;
        }
        let begin = timing.run.0;
        match step.pipe {
            Pipe::V => path.vector += (until - begin).max(0.0) / 1000.0,
            _ if matches!(cause, Cause::Begun(_)) || step.kind != StepKind::Copy => {
                path.copies += (until - begin).max(0.0) / 1000.0;
            }
            _ => {
                let trip = timing.trip_end.min(until);
                path.trips += (trip - begin).max(0.0) / 1000.0;
                path.copies += (until - trip).max(0.0) / 1000.0;
            }
        }
        (until, cause) = (begin, timing.cause);
    }
}
