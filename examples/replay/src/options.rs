//! The command line.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::{Result, ensure};
use harness::backend::BackendName;
use harness::cli::value;
use harness::memory::{Bytes, sensible};
use lexopt::{Arg, Parser};

pub(crate) const HELP: &str = "\
Runs case files on a backend and compares outputs and faults with what they state.

Usage: replay [OPTIONS] FILE...

  FILE                  Cases, one JSON object a line, plain or gzip; - is standard input.
  --backend NAME        What runs them: cpu (the default), sim or npu, where built with that feature.
  --max-memory BYTES    The most that a table may take, sixteen times the longest line [default: 4G, or less
                        where the process may not have twice that].
  -h, --help            This text.

Prints a line for each difference, by file and line, then how many cases passed and failed. Exits with 0 when all
passed, 1 when some failed, 2 where an input could not be read.
";

#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) backend: BackendName,
    pub(crate) max_memory: Bytes,
    pub(crate) files: Vec<PathBuf>,
}

impl Options {
    /// The options of a command line; `None` where it asks for help.
    pub(crate) fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Option<Self>> {
        let mut options = Self { backend: BackendName::Cpu, max_memory: sensible(), files: Vec::new() };
        let mut parser = Parser::from_iter(args);
        while let Some(arg) = parser.next()? {
            match arg {
                Arg::Long("backend") => options.backend = value("--backend", &parser.value()?)?,
                Arg::Long("max-memory") => options.max_memory = value("--max-memory", &parser.value()?)?,
                Arg::Value(file) => options.files.push(file.into()),
                Arg::Short('h') | Arg::Long("help") => return Ok(None),
                _ => return Err(arg.unexpected().into()),
            }
        }
        ensure!(!options.files.is_empty(), "no FILE given, see --help");
        Ok(Some(options))
    }
}
