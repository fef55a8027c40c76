//! Tries a device, or measures the operations on it: `tests/run_npu.sh` runs both, and the suite between them.

use std::io::stdout;
use std::process::ExitCode;

use anyhow::Result;
use ascend_cache_loc::Device;
use ascend_cache_loc_hardware::ladder::{LADDER, climb};
use ascend_cache_loc_hardware::{Lab, measure};
use clap::{Parser, ValueEnum};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// What to do.
    what: What,
    /// Where.
    #[arg(long, default_value = "npu")]
    backend: Backend,
}

#[derive(Clone, Copy, ValueEnum)]
enum What {
    /// Small kernels, one after the other, up to the first difference.
    Ladder,
    /// Latency, host overhead and bandwidth of the operations.
    Measure,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// Device 0 of this machine.
    Npu,
    /// A simulated device, whose times mean nothing.
    Sim,
}

fn main() -> ExitCode {
    match run(&Arguments::parse()) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &Arguments) -> Result<bool> {
    match arguments.backend {
        Backend::Npu => on(arguments.what, &Lab::npu()?, || Device::open(0)),
        Backend::Sim => sim(arguments.what),
    }
}

/// `device` opens the crate's own device, where that is needed.
fn on(what: What, lab: &Lab, device: impl FnOnce() -> ascend_cache_loc::Result<Device>) -> Result<bool> {
    if lab.is_simulated() {
        println!("on a simulated device: the times mean nothing");
    }
    match what {
        What::Ladder => Ok(climb(LADDER, lab, &mut stdout())?),
        What::Measure => measure::measure(&device()?, lab, &mut stdout()).map(|()| true),
    }
}

#[cfg(feature = "sim")]
fn sim(what: What) -> Result<bool> {
    let machine = ascend_cache_loc::sim::Machine::new(ascend_cache_loc::sim::SimConfig::default())?;
    on(what, &Lab::simulated(&machine)?, || machine.open(0))
}

#[cfg(not(feature = "sim"))]
fn sim(_: What) -> Result<bool> {
    anyhow::bail!("built without the feature `sim`")
}
