//! Times by the host's clock.

use std::time::{Duration, Instant};

use anyhow::Result;

/// How often to do what takes `one`, for all of it to take about `within`: from 3 to `most` times.
pub(crate) fn repetitions(one: Duration, within: Duration, most: u32) -> u32 {
    (within.as_nanos() / one.as_nanos().max(1)).clamp(3, most.into()) as u32
}

/// The median time of what is done so many times.
pub(crate) fn median(times: u32, mut once: impl FnMut() -> Result<()>) -> Result<Duration> {
    let mut took = Vec::new();
    for _ in 0..times {
        let begin = Instant::now();
        once()?;
        took.push(begin.elapsed());
    }
    took.sort();
    Ok(took[took.len() / 2])
}

/// Calls so many times, and waits once: the time up to the last call's return, and up to the wait's.
pub(crate) fn back_to_back(
    times: u32,
    mut call: impl FnMut() -> Result<()>,
    wait: impl FnOnce() -> Result<()>,
) -> Result<[Duration; 2]> {
    let begin = Instant::now();
    for _ in 0..times {
        call()?;
    }
    let called = begin.elapsed();
    wait()?;
    Ok([called, begin.elapsed()])
}
