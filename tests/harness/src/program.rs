//! A tool as a program, for its tests: how it ends in little memory, and without a reader.

use std::io::Write;
use std::process::{Command, Output, Stdio};

/// Runs a program on `input` with so much address space.
///
/// # Panics
/// Where it cannot be run.
#[must_use]
pub fn limited(program: &str, mib: usize, args: &[&str], input: &[u8]) -> Output {
    let limit = format!("ulimit -c 0 && ulimit -v {} && exec \"$0\" \"$@\"", mib << 10);
    run(Command::new("sh").args(["-c", &limit, program]).args(args), input, true)
}

/// Runs a program whose standard output nobody reads.
///
/// # Panics
/// Where it cannot be run.
#[must_use]
pub fn unread(program: &str, args: &[&str], input: &[u8]) -> Output {
    run(Command::new(program).args(args), input, false)
}

fn run(command: &mut Command, input: &[u8], reads: bool) -> Output {
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().expect("it runs");
    if !reads {
        drop(child.stdout.take());
    }
    // A program that has seen enough closes its end.
    let _ = child.stdin.take().expect("a pipe").write_all(input);
    child.wait_with_output().expect("it ends")
}

/// Expects exit code 2, no output, and standard error that ends with a line that begins so.
///
/// # Panics
/// Where it is otherwise.
pub fn expect_refused(output: &Output, message: &str) {
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]), "{said}");
    assert!(said.lines().last().is_some_and(|last| last.starts_with(message)), "{said}");
}
