//! Requests that cannot be served: each is said and counted, and the others are served.

use anyhow::{Result, bail};
use harness::cli::complain;

/// How many are said one by one.
const SAID: usize = 10;

#[derive(Debug, Default)]
pub(crate) struct Refusals {
    /// The first one is an error.
    pub(crate) strict: bool,
    pub(crate) count: usize,
    pub(crate) first: Option<String>,
}

impl Refusals {
    /// Refuses a request; `why` names its file and line.
    pub(crate) fn add(&mut self, why: String) -> Result<()> {
        if self.strict {
            bail!("{why}");
        }
        self.count += 1;
        if self.count <= SAID {
            complain("serve_trace", &format!("{why}: refused"));
        }
        if self.count == SAID + 1 {
            complain("serve_trace", "further refusals are only counted");
        }
        self.first.get_or_insert(why);
        Ok(())
    }

    /// The error of a trace of which nothing is left.
    pub(crate) fn nothing_left(&self, file: &str) -> anyhow::Error {
        match &self.first {
            Some(first) => anyhow::anyhow!("{file}: no request can be served; the first: {first}"),
            None => anyhow::anyhow!("{file}: no requests"),
        }
    }
}
