//! Runs case files on a backend and compares: one JSON object a line, as `LastLoc::case_line` and `ExtendLocs::case_line`
//! write them from a runtime's host-side copies.
//!
//! ```sh
//! cargo run --release -p replay -- tests/cases/*.jsonl
//! ```
//!
//! Prints a line per mismatch, then `N passed, M failed`. Exits 0 when all passed, 1 when some failed, 2 where an input
//! could not be read. The fields are described in `case_file.rs`.

mod case_file;
#[cfg(test)]
mod tests;

use std::io::{BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use ascend_cache_loc::cpu_ref::RefError;
use case_file::Expectation;
use clap::Parser;
use harness::backend::{Backend, BackendName, CpuRef};
use harness::case::Outcome;
use harness::lines::parse_lines;

/// Run case files on a backend and compare outputs and faults with what they state.
#[derive(Debug, Parser)]
#[command(name = "replay")]
struct Options {
    /// What runs the cases.
    #[arg(long, default_value_t = BackendName::Cpu, value_name = "cpu|sim|npu")]
    backend: BackendName,
    /// Files of cases, one JSON object a line.
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Cases that passed and failed.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    passed: usize,
    failed: usize,
}

fn main() -> ExitCode {
    let options = Options::parse();
    let mut out = BufWriter::new(std::io::stdout().lock());
    let tally = options.backend.open().map_err(anyhow::Error::from).and_then(|device| match device {
        Some(mut device) => replay(&mut device, &options.files, &mut out),
        None => replay(&mut CpuRef, &options.files, &mut out),
    });
    let flushed = out.flush().map_err(Into::into);
    ExitCode::from(exit_code(tally.and_then(|tally| flushed.map(|()| tally))))
}

/// 0 all passed, 1 some failed, 2 an input could not be read.
fn exit_code(result: anyhow::Result<Tally>) -> u8 {
    match result {
        Ok(Tally { failed: 0, .. }) => 0,
        Ok(_) => 1,
        // Whoever read the output has seen enough of it.
        Err(error) if error.downcast_ref::<std::io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => 1,
        Err(error) => {
            eprintln!("replay: {error:#}");
            2
        }
    }
}

/// Runs every case of every file; an error names the file and line that could not be read.
fn replay(backend: &mut impl Backend, files: &[PathBuf], out: &mut impl Write) -> anyhow::Result<Tally> {
    let mut tally = Tally::default();
    for path in files {
        for parsed in parse_lines(path, case_file::parse)? {
            let (id, case, expectation) = parsed?;
            if report(&id, &case.run(backend), &expectation, out)? {
                tally.passed += 1;
            } else {
                tally.failed += 1;
            }
        }
    }
    writeln!(out, "{} passed, {} failed", tally.passed, tally.failed)?;
    Ok(tally)
}

/// Prints each difference between what a case gave and what it states; true where there is none.
fn report(id: &str, got: &Outcome, expected: &Expectation, out: &mut impl Write) -> std::io::Result<bool> {
    let mut same = true;
    for (i, (got, expected)) in got.out.iter().zip(&expected.out).enumerate() {
        if got != expected {
            same = false;
            writeln!(out, "{id}: index {i}: got {got}, expected {expected}")?;
        }
    }
    let got_fault = match got.result {
        Ok(()) => None,
        Err(RefError::Fault(fault)) => Some((fault, format!("{} in row {}", fault.kind.name(), fault.row))),
        // Lengths were checked as the case was read; a backend has refused what the CPU reference takes.
        Err(error) => {
            writeln!(out, "{id}: got the error {error}, expected a result")?;
            return Ok(false);
        }
    };
    let expected_fault = expected.fault.as_ref().map(|fault| format!("{:?} in row {}", fault.kind, fault.row));
    if got_fault.as_ref().map(|(_, name)| name) != expected_fault.as_ref() {
        same = false;
        let got = got_fault.map_or("none".into(), |(fault, name)| format!("{name} ({})", fault.kind));
        writeln!(out, "{id}: fault: got {got}, expected {}", expected_fault.unwrap_or("none".into()))?;
    }
    Ok(same)
}
