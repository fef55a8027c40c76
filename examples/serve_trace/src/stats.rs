//! What a run measured, and the table it ends with.

use std::collections::BTreeMap;
use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

/// Calls of one operation.
#[derive(Debug, Default)]
pub(crate) struct OpStats {
    /// How many calls took so many nanoseconds, to 10 bits.
    nanos: BTreeMap<u64, u64>,
    calls: u64,
    total_nanos: u64,
    rows: usize,
    elements: usize,
    bytes: usize,
}

impl OpStats {
    /// Adds a call; `bytes` are the useful ones: inputs and table entries read, outputs written.
    pub(crate) fn record(&mut self, elapsed: Duration, rows: usize, elements: usize, bytes: usize) {
        let nanos = elapsed.as_nanos() as u64;
        let dropped = (u64::BITS - nanos.leading_zeros()).saturating_sub(10);
        *self.nanos.entry(nanos >> dropped << dropped).or_default() += 1;
        self.calls += 1;
        self.total_nanos += nanos;
        self.rows += rows;
        self.elements += elements;
        self.bytes += bytes;
    }

    /// The time that a share of the calls stayed within.
    fn quantile(&self, share: f64) -> u64 {
        let place = (self.calls.saturating_sub(1) as f64 * share).round() as u64;
        let mut before = 0;
        let found = self.nanos.iter().find(|&(_, calls)| {
            before += calls;
            before > place
        });
        found.map_or(0, |(&nanos, _)| nanos)
    }
}

/// What a run counted.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) finished: usize,
    /// Requests that could not be served.
    pub(crate) refused: usize,
    pub(crate) steps: usize,
    /// Virtual time at the end.
    pub(crate) clock_us: u64,
    /// Tokens of admitted prompts; a retracted request counts again.
    pub(crate) prompt_tokens: usize,
    /// Of those, found in the prefix cache.
    pub(crate) cached_tokens: usize,
    /// Of those, computed.
    pub(crate) prefill_tokens: usize,
    pub(crate) generated_tokens: usize,
    /// Blocks evicted from the prefix cache.
    pub(crate) evictions: usize,
    pub(crate) retractions: usize,
    /// Most slots in use at once, the prefix cache's included.
    pub(crate) peak_slots: usize,
    /// Most slots that running requests held at once.
    pub(crate) peak_held_slots: usize,
    /// By name.
    pub(crate) operations: BTreeMap<&'static str, OpStats>,
}

impl Stats {
    /// Calls of all operations: on a device each is one launch.
    pub(crate) fn launches(&self) -> u64 {
        self.operations.values().map(|op| op.calls).sum()
    }
}

impl Display for Stats {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let hit_rate = 100.0 * self.cached_tokens as f64 / self.prompt_tokens.max(1) as f64;
        writeln!(f, "requests           {:>12}", self.finished)?;
        writeln!(f, "  refused          {:>12}", self.refused)?;
        writeln!(f, "steps              {:>12}", self.steps)?;
        writeln!(f, "virtual time       {:>10.1} s", self.clock_us as f64 / 1e6)?;
        writeln!(f, "prompt tokens      {:>12}", self.prompt_tokens)?;
        writeln!(f, "  from the cache   {:>12}", self.cached_tokens)?;
        writeln!(f, "  computed         {:>12}", self.prefill_tokens)?;
        writeln!(f, "cache hit rate     {hit_rate:>10.1} %")?;
        writeln!(f, "generated tokens   {:>12}", self.generated_tokens)?;
        writeln!(f, "evictions (blocks) {:>12}", self.evictions)?;
        writeln!(f, "retractions        {:>12}", self.retractions)?;
        writeln!(f, "peak slots         {:>12}", self.peak_slots)?;
        writeln!(f, "  of requests      {:>12}", self.peak_held_slots)?;
        writeln!(f)?;
        writeln!(
            f,
            "{:<32} {:>8} {:>9} {:>9} {:>8} {:>8} {:>9} {:>7}",
            "operation", "calls", "rows", "elements", "p50 ns", "p99 ns", "max ns", "GB/s"
        )?;
        for (name, op) in &self.operations {
            writeln!(
                f,
                "{name:<32} {:>8} {:>9} {:>9} {:>8} {:>8} {:>9} {:>7.2}",
                op.calls,
                op.rows,
                op.elements,
                op.quantile(0.5),
                op.quantile(0.99),
                op.quantile(1.0),
                op.bytes as f64 / op.total_nanos.max(1) as f64
            )?;
        }
        let a_step = |total: u64| total as f64 / self.steps.max(1) as f64;
        let nanos = self.operations.values().map(|op| op.total_nanos).sum();
        writeln!(f)?;
        writeln!(f, "launches a step    {:>12.2}", a_step(self.launches()))?;
        writeln!(f, "  their time       {:>9.1} us", a_step(nanos) / 1e3)
    }
}
