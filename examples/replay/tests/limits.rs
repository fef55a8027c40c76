//! `replay` as a program: what it is fed does not abort it, nor take more memory than it says.
#![cfg(target_os = "linux")]

use std::process::Output;

use harness::program::{expect_refused, limited, unread};

const REPLAY: &str = env!("CARGO_BIN_EXE_replay");

/// The largest table is 64 MiB, the longest line 4 MiB.
const SMALL: [&str; 2] = ["--max-memory", "64M"];
const LARGE: [&str; 2] = ["--max-memory", "4G"];

/// Runs it on `input` with so much address space.
fn replay(mib: usize, args: &[&[&str]], input: &[u8]) -> Output {
    limited(REPLAY, mib, &args.concat(), input)
}

/// Expects exit code 2 and one line on standard error that begins so.
fn refused(output: &Output, message: &str) {
    expect_refused(output, &format!("replay: {message}"));
    assert_eq!(output.stderr.iter().filter(|&&byte| byte == b'\n').count(), 1);
}

fn case(rows: &str, data: &str, note: &str) -> String {
    format!(
        r#"{{"op":"get_last_loc","id":"a","dtypes":{{"req_to_token":"i32","req_pool_indices":"i32","prefix_lens":"i64","out":"i32"}},"req_to_token":{{"rows":{rows},"cols":4,"row_stride":4,"data":{data}}},"batch":1,"req_pool_indices":[0],"prefix_lens":[3],"out_init":-1,"out":[2],"note":{note}}}"#
    )
}

#[test]
fn lines_without_end_are_refused() {
    let limit = "the line is longer than 4194304 bytes, a sixteenth of --max-memory";
    refused(&replay(200, &[&SMALL, &["/dev/zero"]], b""), &format!("/dev/zero:1: {limit}"));
    refused(&replay(200, &[&SMALL, &["-"]], &[b'['; 5 << 20]), &format!("standard input:1: {limit}"));
    refused(&replay(4096, &[&LARGE, &["/dev/zero"]], b""), "/dev/zero:1: the line is longer than 268435456 bytes");
    refused(&replay(200, &[&["/dev"]], b""), "/dev: Is a directory");
}

#[test]
fn an_ignored_field_of_128_mib_takes_the_memory_of_its_line() {
    let note = format!("[{}0]", "0,".repeat(64 << 20));
    let output = replay(768, &[&LARGE, &["-"]], case("2", "[0,1,2,3,4,5,6,7]", &note).as_bytes());
    assert_eq!(output.stdout, b"1 passed, 0 failed\n", "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn tables_beyond_the_limit_are_refused_and_those_beyond_the_machine() {
    let table = |rows| case(rows, "\"arange\"", "0");
    refused(
        &replay(200, &[&LARGE, &["-"]], table("1073741824").as_bytes()),
        "standard input:1: req_to_token: a table of 4294967296 elements takes 16G, --max-memory is 4G",
    );
    refused(
        &replay(200, &[&LARGE, &["-"]], table("268435456").as_bytes()),
        "standard input:1: req_to_token: no memory for a table of 1073741824 elements",
    );
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    let wrong = case("2", "[0,1,9,3,4,5,6,7]", "0") + "\n";
    let output = unread(REPLAY, &["-"], wrong.repeat(10_000).as_bytes());
    assert_eq!((output.status.code(), &*output.stderr), (Some(1), &b""[..]));
}

#[test]
fn by_default_a_process_that_may_have_little_takes_less() {
    let limit = "/dev/zero:1: the line is longer than 4194304 bytes, a sixteenth of --max-memory";
    refused(&replay(200, &[&["/dev/zero"]], b""), limit);
}
