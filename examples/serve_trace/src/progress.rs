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
        let (before, after) = if self.terminal { ("\r\x1b[K", "") } else { ("", "\n") };
        say(&format!("{before}{}{after}", text(count, self.total, self.start.elapsed())));
    }

    /// Clears the line.
    pub(crate) fn end(&self) {
        if self.terminal {
            say("\r\x1b[K");
        }
    }
}

/// How far, and how long it may still take, which the first to finish tells.
fn text(count: usize, total: usize, elapsed: Duration) -> String {
    let so_far = format!("{count} of {total} requests");
    if count == 0 {
        return so_far;
    }
    let left = elapsed.as_secs_f64() * (total - count) as f64 / count as f64;
    format!("{so_far}, about {left:.0} s left")
}

/// A closed standard error is nothing to stop for.
fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::{Duration, text};

    #[test]
    fn before_any_has_finished_nobody_knows_how_long_it_takes() {
        let after_ten_seconds = |count| text(count, 4, Duration::from_secs(10));
        assert_eq!(after_ten_seconds(0), "0 of 4 requests");
        assert_eq!(after_ten_seconds(1), "1 of 4 requests, about 30 s left");
    }
}
