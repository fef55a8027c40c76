//! Serves a request trace as an LLM server does, with both operations in its loop: continuous batching, a paged KV cache
//! with prefix reuse, chunked prefill, speculative decoding. `engine.rs` tells the steps.
//!
//! ```sh
//! cargo run --release -p serve_trace
//! cargo run --release -p serve_trace -- --trace conversation_trace.jsonl
//! ```
//!
//! Exits 0 after the table, 1 where a check failed, 2 where options or the trace cannot be used.

mod batches;
mod engine;
mod memory;
mod pages;
mod prefix_cache;
mod progress;
mod request;
mod sequence;
mod stats;
#[cfg(test)]
mod tests;
mod verify;
mod workload;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Result;
use clap::Parser;
use engine::{Config, Engine};
use harness::backend::{Backend, BackendName, CpuRef};
use progress::Progress;
use request::Request;
use stats::Stats;

/// Few enough that the default run evicts, queues and retracts.
const DEFAULT_SLOTS: usize = 163_840;

/// Serve a request trace: continuous batching over a paged KV cache, with both operations in its loop.
#[derive(Debug, Parser)]
#[command(name = "serve_trace")]
struct Options {
    /// A trace in Mooncake's JSONL format: `timestamp` (ms), `input_length`, `output_length`, `hash_ids` (512-token blocks).
    /// Without it, a seeded workload of the shape of Mooncake's conversation trace.
    #[arg(long, value_name = "FILE")]
    trace: Option<PathBuf>,
    /// Serve the first N requests [default: 500 of the built-in workload, all of a trace].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    requests: Option<u32>,
    /// KV-cache slots [default: 163840, or what the longest request needs].
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(i32::MAX)))]
    slots: Option<u32>,
    /// Requests that run at once: the rows of the request table.
    #[arg(long, default_value_t = 64, value_parser = clap::value_parser!(u32).range(1..))]
    max_batch: u32,
    /// Slots of a page; divides 512.
    #[arg(long, default_value_t = 128)]
    page_size: u32,
    /// Tokens of a decode window.
    #[arg(long, default_value_t = 4, value_parser = clap::value_parser!(u32).range(1..=1024))]
    draft_tokens: u32,
    /// Prefill tokens of a step.
    #[arg(long, default_value_t = 8192, value_parser = clap::value_parser!(u32).range(1..))]
    chunk: u32,
    /// Virtual time of a step.
    #[arg(long, default_value_t = 10_000)]
    base_us: u32,
    /// Virtual time of a token.
    #[arg(long, default_value_t = 20)]
    per_token_us: u32,
    /// Of the built-in workload and of the accepted tokens.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Check every call against the oracle, and the pool's invariants.
    #[arg(long, default_value_t = true, action = clap::ArgAction::Set, num_args = 0..=1, default_missing_value = "true")]
    verify: bool,
    /// What runs the operations.
    #[arg(long, default_value_t = BackendName::Cpu, value_name = "cpu|sim|npu")]
    backend: BackendName,
}

impl Options {
    fn requests(&self) -> Result<Vec<Request>> {
        let limit = self.requests.map(|n| n as usize);
        match &self.trace {
            Some(path) => request::read_trace(path, limit.unwrap_or(usize::MAX)),
            None => Ok(workload::generate(self.seed, limit.unwrap_or(500))),
        }
    }

    fn config(&self, requests: &[Request]) -> Config {
        let longest = requests.iter().filter_map(|request| request.reach(self.draft_tokens as usize)).max();
        let needed = longest.and_then(|slots| slots.checked_next_multiple_of(self.page_size as usize)).unwrap_or(0);
        let default = needed.clamp(DEFAULT_SLOTS, i32::MAX as usize) as u32;
        Config {
            slots: self.slots.unwrap_or(default),
            page_size: self.page_size as usize,
            max_batch: self.max_batch as usize,
            draft_tokens: self.draft_tokens as usize,
            chunk: self.chunk as usize,
            base_us: self.base_us.into(),
            per_token_us: self.per_token_us.into(),
            seed: self.seed,
            verify: self.verify,
        }
    }
}

fn main() -> ExitCode {
    let options = Options::parse();
    let requests = match options.requests() {
        Ok(requests) => requests,
        Err(error) => return fail(2, &error),
    };
    match options.backend.open() {
        Ok(Some(mut device)) => serve(&mut device, &options, &requests),
        Ok(None) => serve(&mut CpuRef, &options, &requests),
        Err(error) => fail(2, &error.into()),
    }
}

fn serve(backend: &mut impl Backend, options: &Options, requests: &[Request]) -> ExitCode {
    let config = options.config(requests);
    let engine = match Engine::new(backend, requests, config.clone()) {
        Ok(engine) => engine,
        Err(error) => return fail(2, &error),
    };
    let mut progress = Progress::new(requests.len());
    let result = engine.run(|finished| progress.finished(finished));
    progress.end();
    match result {
        Ok(stats) => match print(options, &config, &stats) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(2, &error.into()),
        },
        Err(error) => fail(1, &error),
    }
}

fn fail(code: u8, error: &anyhow::Error) -> ExitCode {
    eprintln!("serve_trace: {error:#}");
    ExitCode::from(code)
}

fn print(options: &Options, config: &Config, stats: &Stats) -> std::io::Result<()> {
    let source = options.trace.as_ref().map_or("built-in workload".into(), |path| path.display().to_string());
    let checked = if config.verify { "every call verified" } else { "not verified" };
    write!(
        std::io::stdout(),
        "{source}, seed {}, {} slots in pages of {}, {checked}\n\n{stats}",
        config.seed,
        config.slots,
        config.page_size
    )
}
