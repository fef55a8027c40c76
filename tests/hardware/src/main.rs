//! Tries a device, or measures the operations on it: `tests/run_npu.sh` runs both, and the suite between them.

use std::io::stdout;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use ascend_cache_loc::{Device, Tuning};
use ascend_cache_loc_hardware::ladder::{LADDER, climb};
use ascend_cache_loc_hardware::{Lab, measure, tune};
use clap::{Parser, ValueEnum};

#[derive(Parser)]
#[command(about)]
struct Arguments {
    /// What to do.
    what: What,
    /// Where the file goes that `tune` makes; it is printed, too.
    #[arg(long)]
    to: Option<PathBuf>,
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
    /// What launches cost, as a file for `ASCEND_CACHE_LOC_TUNING`.
    Tune,
}

#[derive(Clone, Copy, ValueEnum)]
enum Backend {
    /// Device 0 of this machine.
    Npu,
    /// A simulated device, whose times mean nothing, but for those of `tune`: they are modelled.
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
        Backend::Npu => on(arguments, &Lab::npu()?, || Device::open(0)),
        Backend::Sim => sim(arguments),
    }
}

/// `device` opens the crate's own device, where that is needed.
fn on(arguments: &Arguments, lab: &Lab, device: impl FnOnce() -> ascend_cache_loc::Result<Device>) -> Result<bool> {
    if lab.is_simulated() {
        println!("on a simulated device: the times mean nothing");
    }
    match arguments.what {
        What::Ladder => Ok(climb(LADDER, lab, &mut stdout())?),
        What::Measure => measure::measure(&device()?, lab, &mut stdout()).map(|()| true),
        What::Tune => {
            let tuning = tune::report(&device()?, &mut tune::Batch::measured, &mut stdout())?;
            write(arguments, tuning)
        }
    }
}

/// Where it was asked for.
fn write(arguments: &Arguments, tuning: Tuning) -> Result<bool> {
    arguments.to.as_ref().map_or(Ok(()), |path| std::fs::write(path, tuning.to_string()))?;
    Ok(true)
}

#[cfg(feature = "sim")]
fn sim(arguments: &Arguments) -> Result<bool> {
    let mut config = ascend_cache_loc::sim::SimConfig::default();
    let modelled = matches!(arguments.what, What::Tune);
    config.cores.steps = modelled;
    let machine = ascend_cache_loc::sim::Machine::new(config)?;
    if modelled {
        println!("by the cost model of the simulation, in the middle of its ranges");
        let time = &mut |batch: &mut tune::Batch, op, cores| batch.modelled(&machine, op, cores);
        return write(arguments, tune::report(&machine.open(0)?, time, &mut stdout())?);
    }
    on(arguments, &Lab::simulated(&machine)?, || machine.open(0))
}

#[cfg(not(feature = "sim"))]
fn sim(_: &Arguments) -> Result<bool> {
    anyhow::bail!("built without the feature `sim`")
}
