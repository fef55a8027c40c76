//! What the tools take and say: text from a file cannot pass for text of the tool, and a reader that has gone is no error.

use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{ErrorKind, Write, stderr};
use std::str::FromStr;

/// The value of an option.
///
/// # Errors
/// Where it is none; the text begins with the option and what was given.
pub fn value<T: FromStr<Err: Display>>(option: &str, given: &OsStr) -> anyhow::Result<T> {
    let text = given.to_string_lossy();
    text.parse().map_err(|error| anyhow::anyhow!("{option} {text}: {error}"))
}

/// A text in one line, with what is not printable escaped.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        match c {
            '"' | '\'' | '\\' => shown.push(c),
            _ => shown.extend(c.escape_debug()),
        }
    }
    shown
}

/// A line on standard error, which may be closed.
pub fn complain(tool: &str, text: &str) {
    let _ = stderr().write_all(format!("{tool}: {}\n", printable(text)).as_bytes());
}

/// Whether an error says that whoever read the output has seen enough of it.
#[must_use]
pub fn reader_is_gone(error: &anyhow::Error) -> bool {
    error.downcast_ref::<std::io::Error>().is_some_and(|error| error.kind() == ErrorKind::BrokenPipe)
}
