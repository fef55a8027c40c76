//! Runs case files on a backend and compares: one JSON object a line.
//!
//! ```sh
//! cargo run --release -p replay -- tests/cases/*.jsonl
//! ```
//!
//! Prints a line per mismatch, then `N passed, M failed`. Exits 0 when all passed, 1 when some failed, 2 where an input
//! could not be read. The fields are described in `tests/harness/src/case_line.rs`.

mod options;
#[cfg(test)]
mod tests;

use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Result, ensure};
use ascend_cache_loc::cpu_ref::RefError;
use harness::backend::{Backend, CallError, CpuRef};
use harness::case::Outcome;
use harness::case_line;
use harness::cli::{complain, printable, reader_is_gone};
use harness::expectation::Expectation;
use harness::lines::Lines;
use harness::memory::Bytes;
use options::{HELP, Options};

/// Cases that passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
}

fn main() -> ExitCode {
    let mut out = BufWriter::new(std::io::stdout().lock());
    let result = Options::parse(std::env::args_os()).and_then(|options| match options {
        None => Ok(out.write_all(HELP.as_bytes()).map(|()| Tally::default())?),
        Some(Options { backend, max_memory, files }) => match backend.open()? {
            Some(mut device) => replay(&mut device, &files, max_memory, &mut out),
            None => replay(&mut CpuRef, &files, max_memory, &mut out),
        },
    });
    let flushed = out.flush().map_err(Into::into);
    ExitCode::from(exit_code(&result.and_then(|tally| flushed.map(|()| tally))))
}

/// 0 all passed, 1 some failed, 2 an input could not be read.
fn exit_code(result: &Result<Tally>) -> u8 {
    match result {
        Ok(Tally { failed: 0, .. }) => 0,
        Ok(_) => 1,
        // Whoever read the output has seen enough of it.
        Err(error) if reader_is_gone(error) => 1,
        Err(error) => {
            complain("replay", &format!("{error:#}"));
            2
        }
    }
}

/// Runs every case of every file; an error names the file and line that could not be read.
fn replay(backend: &mut dyn Backend, files: &[PathBuf], memory: Bytes, out: &mut impl Write) -> Result<Tally> {
    let mut tally = Tally::default();
    for path in files {
        let mut lines = Lines::open(path, memory.longest_line())?;
        let before = tally.passed + tally.failed;
        while let Some(line) = lines.next_line()? {
            let parsed = case_line::parse(&line, memory);
            let (id, case, expectation) = parsed.map_err(|error| error.context(lines.place()))?;
            let name = format!("{}: {}", printable(&lines.place()), printable(&format!("{id:?}")));
            if report(&name, &case.run(backend), &expectation, out)? {
                tally.passed += 1;
            } else {
                tally.failed += 1;
            }
        }
        ensure!(tally.passed + tally.failed > before, "{}: no cases", lines.file());
    }
    writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    Ok(tally)
}

/// Prints each difference between what a case gave and what it states; true where there is none.
fn report(name: &str, got: &Outcome, expected: &Expectation, out: &mut impl Write) -> std::io::Result<bool> {
    let got_fault = match &got.result {
        Ok(()) => None,
        Err(CallError::Ref(RefError::Fault(fault))) => {
            Some((fault, format!("{} in row {}", fault.kind.name(), fault.row)))
        }
        // Lengths were checked as the case was read: a backend has refused what the CPU reference takes, or failed.
        Err(error) => {
            writeln!(out, "{name}: got the error {}, expected a result", printable(&error.to_string()))?;
            return Ok(false);
        }
    };
    let mut same = true;
    for (place, (got, expected)) in got.written.outs.iter().zip(&expected.outs).enumerate() {
        let output = if place == 0 { String::new() } else { format!("output {place}, ") };
        for (i, (got, expected)) in got.iter().zip(expected.iter().flatten()).enumerate() {
            if got != expected {
                same = false;
                writeln!(out, "{name}: {output}index {i}: got {got}, expected {expected}")?;
            }
        }
    }
    if let Some(difference) = expected.table.as_ref().and_then(|table| table.difference(&got.written.table)) {
        same = false;
        writeln!(out, "{name}: {difference}")?;
    }
    let expected_fault = expected.fault.as_ref().map(|fault| format!("{:?} in row {}", fault.kind, fault.row));
    if got_fault.as_ref().map(|(_, name)| name) != expected_fault.as_ref() {
        same = false;
        let got = got_fault.map_or("none".into(), |(fault, name)| format!("{name} ({})", fault.kind));
        writeln!(out, "{name}: fault: got {got}, expected {}", expected_fault.unwrap_or("none".into()))?;
    }
    Ok(same)
}
