//! How far a run is, on standard error.

use std::io::{IsTerminal, Write};
use std::time::{Duration, Instant};

/// Says how many requests have finished: over and over in one line of a terminal, elsewhere a line now and then.
#[derive(Debug)]
pub(crate) struct Progress {
    total: usize,
    terminal: bool,
    start: Instant,
    said: Instant,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        let now = Instant::now();
        Self { total, terminal: std::io::stderr().is_terminal(), start: now, said: now }
    }

    /// Hears how many have finished.
    pub(crate) fn finished(&mut self, count: usize) {
        let pause = if self.terminal { Duration::from_millis(200) } else { Duration::from_secs(10) };
        if self.said.elapsed() < pause {
            return;
        }
        self.said = Instant::now();
        let left = self.start.elapsed().as_secs_f64() * (self.total - count) as f64 / count.max(1) as f64;
        let (before, after) = if self.terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        say(&format!("{before}{count} of {} requests, about {left:.0} s left{after}", self.total));
    }

    /// Clears the line.
    pub(crate) fn end(&self) {
        if self.terminal {
            say("\r\x1b[K");
        }
    }
}

/// A closed standard error is nothing to stop for.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}
