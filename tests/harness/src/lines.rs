//! Files of one object a line, case files and traces: plain or gzip, named or `-` for standard input, and read in bounded
//! memory whatever they hold.

use std::fs::File;
use std::io::{BufRead, BufReader, Cursor, Read, Result as IoResult, stdin};
use std::path::Path;

use anyhow::{Context, Result, bail};
use flate2::bufread::MultiGzDecoder;

/// The lines of a file that are not blank.
pub struct Lines {
    input: Box<dyn BufRead>,
    file: String,
    limit: usize,
    number: u64,
    line: Vec<u8>,
}

impl Lines {
    /// Opens a file; no line may have more than `limit` bytes.
    ///
    /// # Errors
    /// Where it cannot be opened or read; the text begins with its name.
    pub fn open(path: &Path, limit: usize) -> Result<Self> {
        let (file, mut input): (_, Box<dyn Read>) = if path == Path::new("-") {
            ("standard input".to_owned(), Box::new(stdin()))
        } else {
            let name = path.display().to_string();
            let file = File::open(path).with_context(|| name.clone())?;
            (name, Box::new(file))
        };
        let mut head = Vec::new();
        input.by_ref().take(2).read_to_end(&mut head).with_context(|| file.clone())?;
        let gzip = head == [0x1f, 0x8b];
        let input = BufReader::new(Cursor::new(head).chain(input));
        let input: Box<dyn BufRead> =
            if gzip { Box::new(BufReader::new(MultiGzDecoder::new(input))) } else { Box::new(input) };
        Ok(Self { input, file, limit, number: 0, line: Vec::new() })
    }

    /// The file's name.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// The number of the line that was read last, from 1.
    #[must_use]
    pub fn number(&self) -> u64 {
        self.number
    }

    /// File and line, as errors name them.
    #[must_use]
    pub fn place(&self) -> String {
        format!("{}:{}", self.file, self.number)
    }

    /// The next line that is not blank, without the white space around it; `None` at the end. What is not UTF-8 is
    /// replaced.
    ///
    /// # Errors
    /// Where the file cannot be read on, or a line is too long; the text begins with file and line.
    pub fn next_line(&mut self) -> Result<Option<String>> {
        loop {
            self.number += 1;
            if self.read().with_context(|| self.place())? == 0 {
                return Ok(None);
            }
            if self.line.len() > self.limit {
                bail!("{}: the line is longer than {} bytes, a sixteenth of --max-memory", self.place(), self.limit);
            }
            let line = String::from_utf8_lossy(&self.line);
            // Spreadsheets mark their text.
            let line = line.trim_start_matches('\u{feff}').trim();
            if !line.is_empty() {
                return Ok(Some(line.to_owned()));
            }
        }
    }

    /// Reads a line with its end, or one byte more than the limit.
    fn read(&mut self) -> IoResult<usize> {
        self.line.clear();
        let most = self.limit as u64 + 1;
        self.input.by_ref().take(most).read_until(b'\n', &mut self.line)
    }
}

/// What a line of JSON says.
///
/// # Errors
/// Where it says something else; the text ends with the column. The line is the file's, which the caller knows.
pub fn json<'l, T: serde::Deserialize<'l>>(line: &'l str) -> Result<T> {
    serde_json::from_str(line).map_err(|error| {
        let (text, column) = (error.to_string(), error.column());
        match text.strip_suffix(&format!(" at line 1 column {column}")) {
            Some(text) => anyhow::anyhow!("{text} at column {column}"),
            None => error.into(),
        }
    })
}

impl std::fmt::Debug for Lines {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Lines").field("place", &self.place()).finish_non_exhaustive()
    }
}
