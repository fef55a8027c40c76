//! The command line.

use std::ffi::{OsStr, OsString};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use harness::backend::BackendName;
use harness::cli::value;
use harness::memory::{Bytes, DEFAULT, sensible};
use lexopt::{Arg, Parser};

use crate::steps::Steps;

pub(crate) const HELP: &str = "\
Serves a request trace as an LLM server does: continuous batching over a paged KV cache, with the operations in its
loop.

Usage: serve_trace [OPTIONS]

What is served:
  --trace FILE          A trace, plain or gzip; - is standard input. What it is, its content tells: Mooncake's JSONL,
                        Qwen/Bailian's JSONL, Azure's LLM inference CSV (2023, 2024), BurstGPT's CSV. Without it, a
                        seeded workload of the shape of Mooncake's conversation trace, 12031 requests an hour.
  --requests N          The first N to arrive [default: 500 of the built-in workload, all of a trace].
  --block-tokens N      Prompt tokens that one of a trace's hash_ids stands for [default: told by the lengths].
  --strict              Stop at the first request that cannot be served, instead of refusing it and serving the others.

How:
  --slots N             KV-cache slots [default: 163840, or what the longest request needs].
  --max-batch N         Requests that run at once: the rows of the request table [default: 64].
  --page-size N         Slots of a page [default: 128]. Blocks smaller than a page are shared a page at a time.
  --draft-tokens N      Tokens of a decode window, up to 1024; 0 for no windows [default: 4].
  --chunk N             Prefill tokens of a step [default: 8192].
  --steps HOW           How new tokens get slots: fused, in one call a batch, decode_step or extend_step (the default);
                        separate, in the calls that those are made of.
  --base-us N           Virtual time of a step [default: 10000].
  --per-token-us N      Virtual time of a token [default: 20].
  --seed N              Of the built-in workload and of the accepted tokens [default: 1].
  --verify=false        Do not check every call against the oracle, nor the pool's invariants.
  --backend NAME        What runs the operations: cpu (the default), sim or npu, where built with that feature.
  --max-memory BYTES    For requests, table and pool together; a line may have a sixteenth of it [default: 4G,
                        or less where the process may not have twice that].
  -h, --help            This text.

A request that cannot be served is named by file and line, and counted. Exits with 0 after the table, 1 where a check
failed, 2 where options or the trace cannot be used.
";

#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) trace: Option<PathBuf>,
    pub(crate) requests: Option<usize>,
    pub(crate) block_tokens: Option<usize>,
    pub(crate) strict: bool,
    pub(crate) slots: Option<usize>,
    pub(crate) max_batch: usize,
    pub(crate) page_size: usize,
    pub(crate) draft_tokens: usize,
    pub(crate) chunk: usize,
    pub(crate) steps: Steps,
    pub(crate) base_us: u64,
    pub(crate) per_token_us: u64,
    pub(crate) seed: u64,
    pub(crate) verify: bool,
    pub(crate) backend: BackendName,
    pub(crate) max_memory: Bytes,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            trace: None,
            requests: None,
            block_tokens: None,
            strict: false,
            slots: None,
            max_batch: 64,
            page_size: 128,
            draft_tokens: 4,
            chunk: 8192,
            steps: Steps::default(),
            base_us: 10_000,
            per_token_us: 20,
            seed: 1,
            verify: true,
            backend: BackendName::Cpu,
            max_memory: DEFAULT,
        }
    }
}

impl Options {
    /// The options of a command line; `None` where it asks for help.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>> {
        let mut options = Self { max_memory: sensible(), ..Self::default() };
        let mut parser = Parser::from_iter(args);
        while let Some(arg) = parser.next()? {
            let name = match arg {
                Arg::Long(name) => name.to_owned(),
                Arg::Short('h') => return Ok(None),
                _ => return Err(arg.unexpected().into()),
            };
            let option = format!("--{name}");
            match &*name {
                "help" => return Ok(None),
                "strict" => options.strict = true,
                "verify" => {
                    let given = parser.optional_value();
                    options.verify = given.map_or(Ok(true), |given| value(&option, &given))?;
                }
                "trace" => options.trace = Some(parser.value()?.into()),
                "requests" => options.requests = Some(number(&option, &parser.value()?, 1..=u32::MAX)?),
                "block-tokens" => options.block_tokens = Some(number(&option, &parser.value()?, 1..=1 << 20)?),
                "slots" => options.slots = Some(number(&option, &parser.value()?, 1..=i32::MAX as u32)?),
                "max-batch" => options.max_batch = number(&option, &parser.value()?, 1..=i32::MAX as u32 - 1)?,
                "page-size" => options.page_size = number(&option, &parser.value()?, 1..=1 << 20)?,
                "draft-tokens" => options.draft_tokens = number(&option, &parser.value()?, 0..=1024)?,
                "chunk" => options.chunk = number(&option, &parser.value()?, 1..=u32::MAX)?,
                "steps" => options.steps = value(&option, &parser.value()?)?,
                "base-us" => options.base_us = number(&option, &parser.value()?, 0..=u32::MAX)? as u64,
                "per-token-us" => options.per_token_us = number(&option, &parser.value()?, 0..=u32::MAX)? as u64,
                "seed" => options.seed = value(&option, &parser.value()?)?,
                "backend" => options.backend = value(&option, &parser.value()?)?,
                "max-memory" => options.max_memory = value(&option, &parser.value()?)?,
                _ => return Err(Arg::Long(&name).unexpected().into()),
            }
        }
        Ok(Some(options))
    }
}

/// A number that must lie in a range.
fn number(option: &str, given: &OsStr, range: RangeInclusive<u32>) -> Result<usize> {
    let number: i128 = value(option, given)?;
    let (least, most) = range.into_inner();
    ensure!((least.into()..=most.into()).contains(&number), "{option} {number}: it must lie in {least} to {most}");
    Ok(number as usize)
}
