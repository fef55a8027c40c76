//! Runs an operation, or somebody else's kernel for it, and keeps what the cores did.

use anyhow::{Context as _, ensure};
use ascend_cache_loc::LaunchConfig;
use ascend_cache_loc::sim::{Machine, SimConfig, Steps};
use cost_tests::peers;
use harness::case::Case;
use harness::device::OnDevice;

/// A simulated device whose launches are kept, step by step.
#[derive(Debug)]
pub struct Bench {
    machine: Machine,
    device: OnDevice,
}

impl Bench {
    /// One of so many vector cores.
    ///
    /// # Errors
    /// Where there is no such machine.
    pub fn new(vector_cores: u32) -> anyhow::Result<Self> {
        let mut config = SimConfig::default();
        config.vector_cores = vector_cores;
        config.cores.steps = true;
        let machine = Machine::new(config)?;
        let mut device = OnDevice::new(&machine.open(0)?)?;
        device.aligned = true;
        Ok(Self { machine, device })
    }

    /// What each core does in a case, laid out as the crate does it, or on so many cores.
    ///
    /// # Errors
    /// Where the result is not the oracle's.
    pub fn run(&mut self, case: &Case, cores: Option<u32>) -> anyhow::Result<Steps> {
        self.device.fixed = Some(LaunchConfig { cores, ..Default::default() });
        ensure!(case.run(&mut self.device) == case.expected(), "{}: not what the oracle says", case.op.name());
        let steps = self.machine.take_core_steps();
        ensure!(!steps.is_empty(), "{}: nothing was launched", case.op.name());
        Ok(steps)
    }
}

/// The same of the kernels of pull request 261, where they have the case.
///
/// # Errors
/// Where the result is not the oracle's.
pub fn pull_request_261(case: &Case) -> anyhow::Result<Option<Steps>> {
    if case.dtypes.out != ascend_cache_loc::IntType::I32 {
        return Ok(None);
    }
    let Some((out, steps)) = peers::pull_request_261(case) else { return Ok(None) };
    ensure!(case.expected().written.outs[0] == out, "pull request 261: not what the oracle says");
    Some(steps).context("it ran").map(Some)
}
