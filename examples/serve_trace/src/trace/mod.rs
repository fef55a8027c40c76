//! Reads request traces. What a file is, its first line tells; a line that is no request is refused, and the others are
//! read.
//!
//! | trace | lines | time | tokens | prompt blocks |
//! |---|---|---|---|---|
//! | Mooncake (github.com/kvcache-ai/Mooncake, FAST25-release) | JSON objects | `timestamp`, milliseconds | `input_length`, `output_length` | `hash_ids`, 512 tokens each; may be missing or null |
//! | Qwen/Bailian (github.com/alibaba-edu/qwen-bailian-usagetraces-anon) | JSON objects, told by `chat_id` | `timestamp`, seconds | `input_length`, `output_length` | `hash_ids`, 16 tokens each |
//! | Azure LLM inference 2023, 2024 (github.com/Azure/AzurePublicDataset) | CSV | `TIMESTAMP`, a date | `ContextTokens`, `GeneratedTokens` | none |
//! | `BurstGPT` (github.com/HPMLL/BurstGPT) | CSV | `Timestamp`, seconds | `Request tokens`, `Response tokens` (0: the request failed) | none |
//!
//! The columns are as the repositories' own pages describe them. Mooncake's and Bailian's traces are published under
//! Apache-2.0, Azure's under CC-BY; none is copied here, the samples under `tests/traces` are made up.
//!
//! Other fields and columns are ignored; a row has as many as its header, and either all lines have a `chat_id` or none.
//! Times are shifted so that the first arrival is at 0.
//!
//! Mooncake's ids stand for a block and all before it, Bailian's hash each block alone. Both are chained here ([`blocks`]),
//! after which they mean the same: a block can be shared behind equal blocks only.

mod blocks;
mod csv;
mod jsonl;
#[cfg(test)]
mod tests;

use std::path::Path;

use anyhow::{Context, Result, bail, ensure};
use blocks::Votes;
use csv::Columns;
use harness::lines::Lines;

use crate::options::Options;
use crate::refusals::Refusals;
use crate::request::Request;

const KNOWN: &str = "Mooncake's JSONL (timestamp, input_length, output_length, hash_ids), Qwen/Bailian's JSONL (chat_id \
                     beside these), Azure's CSV (TIMESTAMP, ContextTokens, GeneratedTokens) and BurstGPT's CSV \
                     (Timestamp, Request tokens, Response tokens)";

/// Lines that may be refused before one is a request: then the file is something else.
const HOPELESS: usize = 1000;

/// Times are this far from 0 at most, in microseconds: 285 years, exact in a float.
const MOST_US: f64 = (1_u64 << 53) as f64;

/// What a trace holds.
#[derive(Debug)]
pub(crate) struct Trace {
    /// The file's name.
    pub(crate) file: String,
    /// In order of arrival, the first at 0.
    pub(crate) requests: Vec<Request>,
    /// Tokens of a block.
    pub(crate) block_tokens: usize,
}

/// What a line says. Its time has [`MOST_US`] added, so that it is not negative.
#[derive(Debug, PartialEq)]
struct Record {
    arrival_us: u64,
    input_len: usize,
    output_len: usize,
    hash_ids: Vec<u64>,
    /// Tokens that an id stands for, by what the trace's authors say.
    block_tokens: usize,
}

#[derive(Debug)]
enum Format {
    Jsonl,
    Csv(Columns),
}

impl Format {
    /// What a file is that begins with this line.
    fn of(line: &str) -> Option<Self> {
        if line.starts_with('{') { Some(Self::Jsonl) } else { Columns::of(line).map(Self::Csv) }
    }

    fn parse(&self, line: &str) -> Result<Record> {
        match self {
            Self::Jsonl => jsonl::parse(line),
            Self::Csv(columns) => columns.parse(line),
        }
    }
}

/// Reads the first requests to arrive of a trace file, as many as the options say.
pub(crate) fn read(path: &Path, options: &Options, refusals: &mut Refusals) -> Result<Trace> {
    let mut lines = Lines::open(path, options.max_memory.longest_line())?;
    let mut line = lines.next_line()?;
    let file = lines.file().to_owned();
    let Some(first) = &line else { bail!("{file}: no requests: there is nothing in it") };
    let format = Format::of(first);
    let format = format.with_context(|| format!("{}: not a trace that is known; known are {KNOWN}", lines.place()))?;
    if let Format::Csv(_) = format {
        line = lines.next_line()?;
    }
    let (mut kept, mut votes, mut documented) = (Kept::new(options), Votes::default(), None);
    while let Some(text) = line {
        let record = format.parse(&text).and_then(|record| {
            let same = *documented.get_or_insert(record.block_tokens) == record.block_tokens;
            ensure!(same, "chat_id: some lines have one, others none; their times are seconds or milliseconds");
            Ok(record)
        });
        match record.with_context(|| lines.place()) {
            Ok(Record { arrival_us, input_len, output_len, hash_ids, .. }) => {
                votes.count(input_len, hash_ids.len());
                let block_ids = blocks::chained(hash_ids);
                let request = Request { line: lines.number(), arrival_us, input_len, output_len, block_ids };
                kept.add(request).with_context(|| lines.place())?;
            }
            Err(error) => refusals.add(format!("{error:#}"))?,
        }
        ensure!(
            !kept.requests.is_empty() || refusals.count < HOPELESS,
            "{:#}; known are {KNOWN}",
            refusals.nothing_left(&file)
        );
        line = lines.next_line()?;
    }
    if kept.requests.is_empty() {
        bail!("{:#}; known are {KNOWN}", refusals.nothing_left(&file));
    }
    let block_tokens = options.block_tokens.unwrap_or_else(|| votes.winner(documented.unwrap_or(1)));
    let requests = kept.into_requests(block_tokens, &file, refusals)?;
    Ok(Trace { file, requests, block_tokens })
}

/// The first requests to arrive, in bounded memory.
#[derive(Debug)]
struct Kept<'a> {
    options: &'a Options,
    requests: Vec<Request>,
    bytes: u64,
}

impl<'a> Kept<'a> {
    fn new(options: &'a Options) -> Self {
        Self { options, requests: Vec::new(), bytes: 0 }
    }

    fn add(&mut self, request: Request) -> Result<()> {
        self.bytes += request.bytes();
        self.requests.push(request);
        let wanted = self.options.requests.unwrap_or(usize::MAX);
        if self.requests.len() > wanted.saturating_mul(2).saturating_add(1024) {
            self.drop_last(wanted);
        }
        let memory = self.options.max_memory;
        ensure!(
            self.bytes <= memory.0 / 2,
            "{} requests take more than half of --max-memory {memory}; --requests takes fewer",
            self.requests.len()
        );
        Ok(())
    }

    /// Keeps the `wanted` that arrive first; of those that arrive together, those of the first lines.
    fn drop_last(&mut self, wanted: usize) {
        if self.requests.len() > wanted {
            self.requests.select_nth_unstable_by_key(wanted, |request| (request.arrival_us, request.line));
            self.requests.truncate(wanted);
            self.bytes = self.requests.iter().map(Request::bytes).sum();
        }
    }

    /// In order of arrival, the first at 0; without those that have more ids than blocks.
    fn into_requests(mut self, block_tokens: usize, file: &str, refusals: &mut Refusals) -> Result<Vec<Request>> {
        // Before any is refused: those that would come in its place may be gone.
        self.drop_last(self.options.requests.unwrap_or(usize::MAX));
        let mut refused = Ok(());
        self.requests.retain(|Request { line, input_len, block_ids, .. }| {
            let (ids, blocks) = (block_ids.len(), input_len.div_ceil(block_tokens));
            if ids > blocks && refused.is_ok() {
                let why = format!("{file}:{line}: hash_ids: {ids} ids for {blocks} blocks of {block_tokens} tokens, see --block-tokens");
                refused = refusals.add(why);
            }
            ids <= blocks
        });
        refused?;
        self.requests.sort_unstable_by_key(|request| (request.arrival_us, request.line));
        let Some(first) = self.requests.first().map(|request| request.arrival_us) else {
            return Err(refusals.nothing_left(file));
        };
        for request in &mut self.requests {
            request.arrival_us -= first;
        }
        Ok(self.requests)
    }
}

/// A time in units of so many microseconds, as a [`Record`] has it.
fn micros(time: f64, unit_us: f64) -> Result<u64> {
    let us = (time * unit_us).round();
    // Not a number is not less either.
    ensure!(us.abs() < MOST_US, "timestamp: {time} is more than 285 years from 0");
    Ok((us + MOST_US) as u64)
}

/// A number of prompt tokens.
fn prompt(tokens: usize) -> Result<usize> {
    ensure!(tokens > 0, "a request needs a prompt, this one has 0 tokens");
    Ok(tokens)
}

/// A number of tokens that is written as a float.
fn whole(tokens: f64) -> Option<usize> {
    ((0.0..MOST_US).contains(&tokens) && tokens.fract() == 0.0).then_some(tokens as usize)
}
