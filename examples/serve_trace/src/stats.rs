//! What a run measured, and the table it ends with.

use std::fmt::{Display, Formatter, Result};
use std::time::Duration;

/// Calls of one operation.
#[derive(Debug, Default)]
pub(crate) struct OpStats {
    nanos: Vec<u64>,
    rows: usize,
    elements: usize,
    bytes: usize,
}

impl OpStats {
    /// Adds a call; `bytes` are the useful ones: inputs and table entries read, outputs written.
    pub(crate) fn record(&mut self, elapsed: Duration, rows: usize, elements: usize, bytes: usize) {
        self.nanos.push(elapsed.as_nanos() as u64);
        self.rows += rows;
        self.elements += elements;
        self.bytes += bytes;
    }
}

/// What a run counted.
#[derive(Debug, Default)]
pub(crate) struct Stats {
    pub(crate) finished: usize,
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
    pub(crate) get_last_loc: OpStats,
    pub(crate) assign_extend_cache_locs: OpStats,
}

impl Display for Stats {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let hit_rate = 100.0 * self.cached_tokens as f64 / self.prompt_tokens.max(1) as f64;
        writeln!(f, "requests           {:>12}", self.finished)?;
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
            "{:<24} {:>8} {:>9} {:>9} {:>8} {:>8} {:>9} {:>7}",
            "operation", "calls", "rows", "elements", "p50 ns", "p99 ns", "max ns", "GB/s"
        )?;
        for (name, op) in
            [("get_last_loc", &self.get_last_loc), ("assign_extend_cache_locs", &self.assign_extend_cache_locs)]
        {
            let mut nanos = op.nanos.clone();
            nanos.sort_unstable();
            let at = |quantile: f64| {
                let last = nanos.len().saturating_sub(1);
                nanos.get((last as f64 * quantile).round() as usize).copied().unwrap_or(0)
            };
            let total: u64 = nanos.iter().sum();
            writeln!(
                f,
                "{name:<24} {:>8} {:>9} {:>9} {:>8} {:>8} {:>9} {:>7.2}",
                nanos.len(),
                op.rows,
                op.elements,
                at(0.5),
                at(0.99),
                at(1.0),
                op.bytes as f64 / total.max(1) as f64
            )?;
        }
        Ok(())
    }
}
