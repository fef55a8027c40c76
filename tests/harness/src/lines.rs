//! Files of one object a line: case files and traces.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::Path;

use anyhow::{Context, Result};

/// What `parse` makes of each line of a file that is not blank.
///
/// # Errors
/// Where the file cannot be opened; each item's names the file and the line.
pub fn parse_lines<'a, T>(
    path: &'a Path,
    mut parse: impl FnMut(&str) -> Result<T> + 'a,
) -> Result<impl Iterator<Item = Result<T>> + 'a> {
    let file = File::open(path).with_context(|| path.display().to_string())?;
    Ok(BufReader::new(file).lines().enumerate().filter_map(move |(number, line)| {
        let parsed = match line {
            Ok(line) if line.trim().is_empty() => return None,
            Ok(line) => parse(&line),
            Err(error) => Err(error.into()),
        };
        Some(parsed.with_context(|| format!("{}:{}", path.display(), number + 1)))
    }))
}
