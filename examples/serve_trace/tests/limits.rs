//! `serve_trace` as a program: what it is fed does not abort it, nor take more memory than it says.
#![cfg(target_os = "linux")]

use std::process::Output;

use harness::program::{expect_refused, limited, unread};

const SERVE_TRACE: &str = env!("CARGO_BIN_EXE_serve_trace");

/// Runs it on `input` with so much address space; whatever that is, it is to take up to 4 GiB.
fn serve(mib: usize, args: &[&str], input: &[u8]) -> Output {
    limited(SERVE_TRACE, mib, &[&["--max-memory", "4G"], args].concat(), input)
}

/// Expects exit code 2 and standard error that ends with a line that begins so.
fn refused(output: &Output, message: &str) {
    expect_refused(output, &format!("serve_trace: {message}"));
}

/// Expects the table, with so many requests served and refused.
fn served(output: &Output, requests: u64, refused: u64) {
    let (table, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let count = |name: &str| table.lines().find_map(|line| line.strip_prefix(name)?.trim().parse::<u64>().ok());
    assert_eq!(
        (output.status.code(), count("requests"), count("  refused")),
        (Some(0), Some(requests), Some(refused)),
        "{said}"
    );
}

fn line(input: u64, output: u64, note: &str) -> String {
    format!(
        r#"{{"timestamp": 1, "input_length": {input}, "output_length": {output}, "hash_ids": [1], "note": {note}}}"#
    ) + "\n"
}

#[test]
fn files_without_lines_are_refused_by_name() {
    let small = ["--max-memory", "64M", "--trace"];
    let limit = "the line is longer than 4194304 bytes, a sixteenth of --max-memory";
    refused(&serve(200, &[&small[..], &["/dev/zero"]].concat(), b""), &format!("/dev/zero:1: {limit}"));
    refused(&serve(200, &[&small[..], &["-"]].concat(), &[b'{'; 5 << 20]), &format!("standard input:1: {limit}"));
    refused(&serve(4096, &["--trace", "/dev/zero"], b""), "/dev/zero:1: the line is longer than 268435456 bytes");
    refused(&serve(200, &["--trace", "/dev/null"], b""), "/dev/null: no requests: there is nothing in it");
    refused(&serve(200, &["--trace", "/dev"], b""), "/dev: Is a directory");
}

#[test]
fn an_ignored_field_of_128_mib_takes_the_memory_of_its_line() {
    let note = format!("[{}0]", "0,".repeat(64 << 20));
    served(&serve(768, &["--trace", "-"], line(700, 2, &note).as_bytes()), 1, 0);
}

#[test]
fn columns_take_no_memory() {
    let columns = ",".repeat(2 << 20);
    let unknown = "standard input:1: not a trace that is known; known are Mooncake's";
    refused(&serve(40, &["--trace", "-"], columns.as_bytes()), unknown);
    let text = "TIMESTAMP,ContextTokens,GeneratedTokens\n".to_owned() + &columns;
    let why = "standard input: no request can be served; the first: standard input:2: 2097153 fields, the header has 3";
    refused(&serve(40, &["--trace", "-"], text.as_bytes()), why);
}

#[test]
fn a_request_of_a_billion_tokens_is_refused_by_line() {
    let billion = line(1_000_000_000, 3, "0");
    let why =
        "standard input:1: needs 1000000007 slots (1000000000 input, 3 output, 4 draft tokens), --max-memory 4G leaves";
    refused(
        &serve(400, &["--trace", "-"], billion.as_bytes()),
        &format!("standard input: no request can be served; the first: {why}"),
    );
    let others = billion + &line(700, 2, "0").repeat(3);
    let output = serve(400, &["--trace", "-"], others.as_bytes());
    served(&output, 3, 1);
    assert!(String::from_utf8_lossy(&output.stderr).starts_with(&format!("serve_trace: {why}")));
    refused(&serve(400, &["--trace", "-", "--strict"], others.as_bytes()), why);
}

#[test]
fn options_beyond_any_memory_are_refused_by_name() {
    refused(&serve(400, &["--slots", "2147483647"], b""), "--slots 2147483647 and --max-batch 64 take ");
    refused(&serve(400, &["--max-batch", "2147483646"], b""), "--slots 163840 and --max-batch 2147483646 take ");
    // Within the limit, not within this process.
    refused(&serve(400, &["--slots", "500000000"], b""), "--slots 500000000: no memory for as many");
    refused(&serve(400, &["--max-batch", "40000"], b""), "--max-batch 40000: no memory for a table of ");
    refused(
        &serve(400, &["--requests", "4294967295"], b""),
        "--requests 4294967295 take about 1024.0G, more than half of",
    );
}

#[test]
fn times_far_apart_are_no_trouble() {
    let at = |ms: &str| line(30, 40, "0").replace("\"timestamp\": 1,", &format!("\"timestamp\": {ms},"));
    let text = at("0") + &at("18446744073709551") + &at("9007199254740") + &at("-9007199254740");
    served(&serve(400, &["--trace", "-"], text.as_bytes()), 3, 1);
}

#[test]
fn a_reader_that_leaves_ends_it_quietly() {
    for args in [&["--requests", "3"][..], &["--help"]] {
        let output = unread(SERVE_TRACE, args, b"");
        assert_eq!((output.status.code(), &*output.stderr), (Some(0), &b""[..]), "{args:?}");
    }
}

#[test]
fn hours_beyond_the_first_are_announced() {
    let output = serve(400, &["--requests", "12032", "--slots", "100", "--page-size", "4"], b"");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(
        said.starts_with("serve_trace: --requests 12032: 2 hours of 12031 requests, one after another\n"),
        "{said}"
    );
    assert!(said.contains("further refusals are only counted"), "{said}");
}

#[test]
fn by_default_a_process_that_may_have_little_takes_less() {
    let serve = |args: &[&str], input: &[u8]| limited(SERVE_TRACE, 100, args, input);
    let limit = "/dev/zero:1: the line is longer than 2097152 bytes, a sixteenth of --max-memory";
    refused(&serve(&["--trace", "/dev/zero"], b""), limit);
    let requests = "--requests 200000 take about 48.8M, more than half of --max-memory 32M";
    refused(&serve(&["--requests", "200000"], b""), requests);
    let lines = line(5, 1, "0").repeat(300_000);
    refused(&serve(&["--trace", "-"], lines.as_bytes()), "standard input:299594: 299594 requests take more than half");
    served(&serve(&["--requests", "3"], b""), 3, 0);
}
