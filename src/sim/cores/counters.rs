//! What a simulated core did, counted.

use super::Pipe;
use crate::sim::bindings::AscendCacheLocSimCoreCounters;

/// What one pipe of one core did. What a pipe cannot do stays 0.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct PipeCounters {
    /// Vector instructions, copies and scalar accesses. Flags and barriers are counted apart.
    pub instructions: u64,
    /// V: iterations of 256 bytes.
    pub repeats: u64,
    /// MTE2, MTE3: copies between GM and UB, each one whatever its number of blocks.
    pub dmas: u64,
    /// MTE2, MTE3: the blocks of those copies.
    pub dma_blocks: u64,
    /// MTE2, MTE3: the GM bytes of those copies.
    pub dma_bytes: u64,
    /// S: `LocalTensor::GetValue`.
    pub ub_gets: u64,
    /// S: `LocalTensor::SetValue`.
    pub ub_sets: u64,
    /// S: `GlobalTensor::GetValue`.
    pub gm_gets: u64,
    /// `SetFlag`s executed on this pipe, those of queues included.
    pub flags_set: u64,
    /// `WaitFlag`s executed on this pipe, those of queues included.
    pub flags_waited: u64,
    /// `PipeBarrier`s; one of `PIPE_ALL` counts on every pipe.
    pub barriers: u64,
}

/// What one core did in a launch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreCounters {
    /// The scalar pipe.
    pub s: PipeCounters,
    /// The vector pipe.
    pub v: PipeCounters,
    /// GM to UB.
    pub mte2: PipeCounters,
    /// UB to GM.
    pub mte3: PipeCounters,
    /// The most bytes of UB that `InitBuffer` held at a time.
    pub ub_bytes: u64,
}

impl CoreCounters {
    /// The counters of one pipe.
    #[must_use]
    pub fn pipe(&self, pipe: Pipe) -> &PipeCounters {
        match pipe {
            Pipe::S => &self.s,
            Pipe::V => &self.v,
            Pipe::Mte2 => &self.mte2,
            Pipe::Mte3 => &self.mte3,
        }
    }
}

impl From<AscendCacheLocSimCoreCounters> for CoreCounters {
    fn from(raw: AscendCacheLocSimCoreCounters) -> Self {
        let [s, v, mte2, mte3] = raw.pipes.map(|pipe| PipeCounters {
            instructions: pipe.instructions,
            repeats: pipe.repeats,
            dmas: pipe.dmas,
            dma_blocks: pipe.dma_blocks,
            dma_bytes: pipe.dma_bytes,
            ub_gets: pipe.ub_gets,
            ub_sets: pipe.ub_sets,
            gm_gets: pipe.gm_gets,
            flags_set: pipe.flags_set,
            flags_waited: pipe.flags_waited,
            barriers: pipe.barriers,
        });
        Self { s, v, mte2, mte3, ub_bytes: raw.ub_bytes }
    }
}
