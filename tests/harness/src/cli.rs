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

/// Characters of a text that are shown: errors quote what they found, whatever its length.
const SHOWN: usize = 2000;

/// A text in one line, cut where it is very long, with what is not printable escaped.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut shown = String::new();
    for (i, c) in text.chars().enumerate() {
        if i == SHOWN {
            shown.push_str("...");
            break;
        }
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

#[cfg(test)]
mod tests {
    use super::{SHOWN, printable};

    #[test]
    fn what_is_shown_is_one_line_of_limited_length() {
        assert_eq!(printable("a \"b\" 'c' \\ \u{e9}\u{884c}"), "a \"b\" 'c' \\ \u{e9}\u{884c}");
        assert_eq!(printable("a\r\nb\u{1b}[2J\u{202e}\t\0"), "a\\r\\nb\\u{1b}[2J\\u{202e}\\t\\0");
        assert_eq!(printable(&"x".repeat(5_000_000)).len(), SHOWN + 3);
    }
}
