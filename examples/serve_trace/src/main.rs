//! Serves a request trace as an LLM server does, with the operations in its loop: continuous batching, a paged KV cache
//! with prefix reuse, chunked prefill, speculative decoding. `engine.rs` tells the steps, `trace/mod.rs` the traces.
//!
//! ```sh
//! cargo run --release -p serve_trace
//! cargo run --release -p serve_trace -- --trace conversation_trace.jsonl
//! ```
//!
//! Exits 0 after the table, 1 where a check failed, 2 where options or the trace cannot be used.

mod batches;
mod calls;
mod engine;
mod fit;
mod memory;
mod options;
mod pages;
mod prefix_cache;
mod progress;
mod refusals;
mod request;
mod sequence;
mod stats;
mod steps;
#[cfg(test)]
mod tests;
mod trace;
mod verify;
mod workload;

use std::io::Write;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use engine::{Config, Engine};
use fit::fit;
use harness::backend::{Backend, CpuRef};
use harness::cli::{complain, printable, reader_is_gone};
use harness::memory::Bytes;
use options::{HELP, Options};
use progress::Progress;
use refusals::Refusals;
use stats::Stats;
use trace::Trace;

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read the output has seen enough of it.
        Err((_, error)) if reader_is_gone(&error) => ExitCode::SUCCESS,
        Err((code, error)) => {
            complain("serve_trace", &format!("{error:#}"));
            ExitCode::from(code)
        }
    }
}

/// An error comes with the exit code.
fn run() -> Result<(), (u8, anyhow::Error)> {
    let unusable = |error: anyhow::Error| (2, error);
    let Some(options) = Options::parse(std::env::args_os()).map_err(unusable)? else {
        return std::io::stdout().write_all(HELP.as_bytes()).map_err(|error| unusable(error.into()));
    };
    let mut refusals = Refusals { strict: options.strict, ..Refusals::default() };
    let mut trace = requests(&options, &mut refusals).map_err(unusable)?;
    let config = fit(&options, &mut trace, &mut refusals).map_err(unusable)?;
    let device = options.backend.open().map_err(|error| unusable(error.into()))?;
    let mut stats = match device {
        Some(mut device) => serve(&mut device, &trace, &config)?,
        None => serve(&mut CpuRef, &trace, &config)?,
    };
    stats.refused = refusals.count;
    print(&trace, &config, &stats).map_err(|error| unusable(error.into()))
}

/// What is to be served.
fn requests(options: &Options, refusals: &mut Refusals) -> Result<Trace> {
    if let Some(path) = &options.trace {
        return trace::read(path, options, refusals);
    }
    ensure!(options.block_tokens.is_none(), "--block-tokens: the built-in workload has blocks of its own");
    let count = options.requests.unwrap_or(500);
    let (memory, bytes) = (options.max_memory, Bytes((count as u64).saturating_mul(workload::REQUEST_BYTES as u64)));
    ensure!(bytes.0 <= memory.0 / 2, "--requests {count} take about {bytes}, more than half of --max-memory {memory}");
    let hours = count.div_ceil(workload::HOUR_REQUESTS);
    if hours > 1 {
        let hour = workload::HOUR_REQUESTS;
        complain("serve_trace", &format!("--requests {count}: {hours} hours of {hour} requests, one after another"));
    }
    let requests = workload::generate(options.seed, count);
    Ok(Trace { file: "built-in workload".into(), requests, block_tokens: workload::BLOCK_TOKENS })
}

fn serve(backend: &mut impl Backend, trace: &Trace, config: &Config) -> Result<Stats, (u8, anyhow::Error)> {
    let mut engine = Engine::new(backend, &trace.requests, config.clone()).map_err(|error| (2, error))?;
    let mut progress = Progress::new(trace.requests.len());
    let result = engine.run(|finished| progress.finished(finished));
    progress.end();
    result.map_err(|error| (1, error))?;
    Ok(engine.stats)
}

fn print(trace: &Trace, config: &Config, stats: &Stats) -> std::io::Result<()> {
    let checked = if config.verify { "every call verified" } else { "not verified" };
    write!(
        std::io::stdout(),
        "{}, seed {}, {} slots in pages of {}, {} steps, {checked}\n\n{stats}",
        printable(&trace.file),
        config.seed,
        config.slots,
        config.page_size,
        config.steps
    )
}
