//! How a simulated machine is made.

use std::ffi::CString;
use std::time::Duration;

/// How the simulated cores of a machine run kernels.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct CoreOptions {
    /// Each launch runs its cores in another order, and every other one saturates where the documentation leaves open
    /// whether int32 arithmetic wraps. Otherwise: in ascending order, wrapping.
    pub vary: bool,
    /// The most instructions that a core may issue in a launch.
    pub instruction_limit: u64,
    /// The compiler's automatic synchronisation is on. Our kernels are compiled without.
    pub auto_sync: bool,
    /// Two cores may write different bytes of one 64-byte line. Our kernels do not.
    pub shared_lines: bool,
    /// What each core of a launch does is kept until the next one, for [`Machine::take_core_steps`](super::Machine::take_core_steps).
    pub steps: bool,
}

/// A simulated machine to be made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SimConfig {
    /// Devices.
    pub devices: u32,
    /// AscendCL's name of the chip. The kernels of the simulation are those of arch 2201.
    pub soc: CString,
    /// Vector cores of each device.
    pub vector_cores: u32,
    /// Memory of each device, in bytes. It costs the host what is written; on systems other than Linux, all of each
    /// allocation that something but zeros is written to.
    pub memory_bytes: u64,
    /// Streams of each device, default streams and those that captures and graphs keep included.
    pub streams: usize,
    /// Records of events that may be on their way on each device at a time; a further one fails after some tries.
    pub event_slots: usize,
    /// Tasks that a stream holds; a further one waits for room. In a capture, it takes a further stream.
    pub queue_slots: usize,
    /// How long aclrtDestroyStream waits for the stream's work. Afterwards it succeeds, and the work runs on.
    pub destroy_stream_limit: Duration,
    /// How long aclmdlRIDestroy waits for a graph that runs, before it fails.
    pub destroy_graph_limit: Duration,
    /// Version of the runtime in its own count: major * 10^7 + minor * 10^5 + patch * 10^3, and of a pre-release less: 300
    /// (alpha), 200 (beta) or 100 (rc) less, plus which one. 9.1.0-beta.3 is 90,099,803.
    pub runtime_version: i32,
    /// The number of the chip's arch, which runtimes from 9.1.0-beta.3 on tell; 0 where the runtime does not know it.
    pub npu_arch: i64,
    /// Someone in the process has called `aclInit` already.
    pub initialised: bool,
    /// Functions that the library lacks, by name.
    pub lacks: Vec<&'static str>,
    /// How kernels run.
    pub cores: CoreOptions,
}

impl Default for SimConfig {
    /// One Atlas A2 device of 40 vector cores with 64 GiB and CANN 9.0.0, as it is after boot; the limits are those that
    /// the runtime documents, or has in its source, for that.
    fn default() -> Self {
        Self {
            devices: 1,
            soc: c"Ascend910B3".into(),
            vector_cores: 40,
            memory_bytes: 64 << 30,
            streams: 1_984,
            event_slots: 65_536,
            queue_slots: 1_800,
            destroy_stream_limit: Duration::from_secs(3),
            destroy_graph_limit: Duration::from_secs(10),
            runtime_version: 90_000_000,
            npu_arch: 2201,
            initialised: false,
            lacks: Vec::new(),
            cores: CoreOptions {
                vary: false,
                instruction_limit: 1 << 26,
                auto_sync: false,
                shared_lines: false,
                steps: false,
            },
        }
    }
}

impl SimConfig {
    /// What is wrong with it.
    pub(super) fn check(&self) -> Result<(), String> {
        // 0 is what a library might say.
        if self.vector_cores > 65_535 {
            return Err(format!("{} vector cores: a launch has at most 65535", self.vector_cores));
        }
        if self.queue_slots == 0 {
            return Err("streams that hold no task".into());
        }
        if self.devices > 64 || self.memory_bytes > 1 << 44 {
            return Err(format!("{} devices of {} bytes: at most 64 of 2^44", self.devices, self.memory_bytes));
        }
        Ok(())
    }
}
