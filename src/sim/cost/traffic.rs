//! What a copy moves: bytes as they count, and the lines of GM that it touches.

use std::ops::Range;

use super::Costs;
use crate::sim::{Pipe, Step, StepKind};

/// GM is read in lines of so many bytes; requests of one are served in turn.
const LINE: u64 = 512;
/// A block that begins at a multiple of this is as fast as any.
const ALIGNED: u64 = 32;

/// The bytes that a copy counts as.
pub(super) fn bytes(step: &Step, costs: &Costs) -> f64 {
    let block = |n: u32| {
        let (begin, bytes) = (step.address + u64::from(n) * step.pitch, u64::from(step.block_bytes));
        let touched = |line: f64| {
            let line = line as u64;
            (((begin + bytes).div_ceil(line) - begin / line) * line) as f64
        };
        if begin % ALIGNED == 0 {
            (bytes as f64).max(costs.block_bytes)
        } else if bytes > LINE {
            touched(costs.line_bytes)
        } else {
            touched(costs.short_line_bytes).max(costs.block_bytes)
        }
    };
    (0..step.blocks).map(block).sum()
}

/// The lines between a copy's first byte and its last.
pub(super) fn lines(step: &Step) -> Range<u64> {
    let last = u64::from(step.blocks.saturating_sub(1)) * step.pitch + u64::from(step.block_bytes);
    step.address / LINE..(step.address + last).div_ceil(LINE)
}

/// Lines that several cores copy in.
#[derive(Debug)]
pub(super) struct Common(Vec<Range<u64>>);

impl Common {
    pub(super) fn of(cores: &[Vec<Step>]) -> Self {
        // Where a core's lines begin and end; each of them once, so that a core that reads a line twice is one.
        let mut bounds: Vec<(u64, i32)> = Vec::new();
        for steps in cores {
            let read = |step: &&Step| step.kind == StepKind::Copy && step.pipe == Pipe::Mte2 && step.blocks > 0;
            let mut all: Vec<_> = steps.iter().filter(read).map(lines).collect();
            all.sort_unstable_by_key(|lines| lines.start);
            let mut merged: Vec<Range<u64>> = Vec::new();
            for lines in all {
                match merged.last_mut() {
                    Some(last) if lines.start <= last.end => last.end = last.end.max(lines.end),
                    _ => merged.push(lines),
                }
            }
            bounds.extend(merged.iter().flat_map(|lines| [(lines.start, 1), (lines.end, -1)]));
        }
        bounds.sort_unstable();
        let (mut common, mut depth): (Vec<Range<u64>>, i32) = (Vec::new(), 0);
        for (line, change) in bounds {
            depth += change;
            if depth == 2 && change == 1 {
                common.push(line..line);
            } else if depth == 1 && change == -1 {
                common.last_mut().expect("it was begun").end = line;
            }
        }
        Self(common)
    }

    pub(super) fn meets(&self, lines: &Range<u64>) -> bool {
        let first = self.0.partition_point(|common| common.end <= lines.start);
        self.0.get(first).is_some_and(|common| common.start < lines.end)
    }
}
