//! The rungs of the ladder.

pub(crate) mod copies;
pub(crate) mod launch;
pub(crate) mod timed;
pub(crate) mod vector;

use std::fmt::Debug;

use anyhow::{Result, ensure};

/// What memory holds that no kernel may write.
const GUARD: i32 = 0x3c3c_3c3c;

/// Whether two arrays are equal; otherwise where they first differ.
fn same<T: PartialEq + Debug>(what: &str, found: &[T], expected: &[T]) -> Result<()> {
    ensure!(found.len() == expected.len(), "{what}: {} elements, expected {}", found.len(), expected.len());
    let mut different = found.iter().zip(expected).enumerate().filter(|(_, (found, expected))| found != expected);
    if let Some((i, (one, other))) = different.next() {
        let all = 1 + different.count();
        anyhow::bail!("{what}: element {i} is {one:?}, expected {other:?}; {all} of {} differ", found.len());
    }
    Ok(())
}
