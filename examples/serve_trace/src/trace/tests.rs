//! What each kind of file becomes, and what is refused.

use std::io::Write;
use std::path::{Path, PathBuf};

use super::{Trace, read};
use crate::options::Options;
use crate::refusals::Refusals;

/// A sample of our own making.
fn sample(name: &str) -> PathBuf {
    [env!("CARGO_MANIFEST_DIR"), "tests/traces", name].iter().collect()
}

/// A trace as arrival, prompt and output of each request, in order; and the tokens of a block.
fn shape(trace: &Trace) -> (Vec<(u64, usize, usize)>, usize) {
    let requests = trace.requests.iter();
    (requests.map(|r| (r.arrival_us, r.input_len, r.output_len)).collect(), trace.block_tokens)
}

fn read_sample(name: &str) -> (Vec<(u64, usize, usize)>, usize) {
    let mut refusals = Refusals { strict: true, ..Refusals::default() };
    shape(&read(&sample(name), &Options::default(), &mut refusals).unwrap())
}

/// What text becomes, as a file called `trace`.
fn read_text(text: impl AsRef<[u8]>, options: &Options) -> Result<(Trace, Refusals), String> {
    let path = std::env::temp_dir().join(format!("{}-{:?}.trace", std::process::id(), std::thread::current().id()));
    std::fs::write(&path, text).unwrap();
    let mut refusals = Refusals { strict: options.strict, ..Refusals::default() };
    let result = read(&path, options, &mut refusals);
    std::fs::remove_file(&path).unwrap();
    let name = |text: &str| text.replace(&path.display().to_string(), "trace");
    refusals.first = refusals.first.as_deref().map(name);
    result.map(|trace| (trace, refusals)).map_err(|error| name(&format!("{error:#}")))
}

const GOOD: &str = r#"{"timestamp": 27482, "input_length": 600, "output_length": 52, "hash_ids": [46, 47]}"#;

#[test]
fn mooncake() {
    let requests = [(0, 1030, 20), (1_500_000, 1200, 7), (3_000_750, 512, 0), (4_000_000, 90, 3), (4_000_000, 90, 3)];
    assert_eq!(read_sample("mooncake.jsonl"), (requests.into(), 512));
}

#[test]
fn bailian() {
    let requests = [(0, 260, 12), (61_250_000, 270, 4), (61_750_000, 150, 1)];
    assert_eq!(read_sample("bailian.jsonl"), (requests.into(), 16));
}

#[test]
fn azure() {
    let requests = [(0, 400, 9), (900_000, 64, 30), (2_250_000, 1200, 1)];
    assert_eq!(read_sample("azure_2023.csv").0, requests);
    // The last one is given in another time zone.
    let requests = [(0, 2000, 10), (2_500_000, 31, 300), (3_750_000, 5, 2)];
    assert_eq!(read_sample("azure_2024.csv").0, requests);
}

#[test]
fn burstgpt() {
    let requests = [(0, 300, 25), (12_500_000, 90, 0), (123_000_000, 44, 8)];
    assert_eq!(read_sample("burstgpt.csv").0, requests);
}

#[test]
fn columns_are_found_by_name() {
    let text = "\u{feff}NumImages,GeneratedTokens,\"ContextTokens\",TIMESTAMP\n2,7,300.0,2024-10-15 00:00:00\n";
    let (trace, _) = read_text(text, &Options::default()).unwrap();
    assert_eq!(shape(&trace).0, [(0, 300, 7)]);
}

#[test]
fn a_comma_in_quotes_is_no_other_column() {
    let header = "Timestamp,Model,Request tokens,Response tokens\n";
    let (trace, refusals) = read_text(
        format!("{header}1,\"GPT,4\",300,25\n2,\"a \"\"b, c\"\"\",300,25\n3,GPT,4,300,25\n4,\"GPT,300,25\n"),
        &Options::default(),
    )
    .unwrap();
    assert_eq!(shape(&trace).0, [(0, 300, 25), (1_000_000, 300, 25)]);
    assert_eq!((refusals.count, refusals.first.as_deref()), (2, Some("trace:4: 5 fields, the header has 4")));
    let quoted = read_text("\"time, s\",TIMESTAMP,ContextTokens,GeneratedTokens\n\"x\",1,2,3\n", &Options::default());
    assert_eq!(shape(&quoted.unwrap().0).0, [(0, 2, 3)]);
}

/// Seconds among milliseconds would be served at other times without a word.
#[test]
fn lines_of_the_other_unit_are_refused() {
    let seconds = GOOD.replace('{', "{\"chat_id\": 7, ");
    for (first, second) in [(GOOD, &*seconds), (&seconds, GOOD)] {
        let (trace, refusals) = read_text(format!("{first}\n{second}\n{first}"), &Options::default()).unwrap();
        assert_eq!((trace.requests.len(), refusals.count), (2, 1));
        assert!(refusals.first.unwrap().starts_with("trace:2: chat_id: some lines have one, others none"));
    }
}

#[test]
fn gzip_in_any_number_of_members() {
    let mut file = Vec::new();
    for line in [GOOD, &GOOD.replace("27482", "27483")] {
        let mut encoder = flate2::write::GzEncoder::new(&mut file, flate2::Compression::fast());
        writeln!(encoder, "{line}").unwrap();
        encoder.finish().unwrap();
    }
    assert_eq!(shape(&read_text(&file, &Options::default()).unwrap().0).0, [(0, 600, 52), (1000, 600, 52)]);
    let cut = read_text(&file[..file.len() - 9], &Options::default()).unwrap_err();
    assert!(cut.starts_with("trace:2: ") || cut.starts_with("trace:3: "), "{cut}");
}

#[test]
fn block_sizes_are_told_by_the_lengths_or_said() {
    let line = |input: usize, ids: usize| {
        let ids = (0..ids as u64).collect::<Vec<_>>();
        format!(r#"{{"timestamp": 0, "input_length": {input}, "output_length": 1, "hash_ids": {ids:?}}}"#)
    };
    let tokens = |lines: &[String], options: &Options| {
        read_text(lines.join("\n"), options).map(|read| (read.0.block_tokens, read.1.count))
    };
    let options = Options::default();
    assert_eq!(tokens(&[line(2000, 4), line(512, 1), line(513, 2)], &options), Ok((512, 0)));
    assert_eq!(tokens(&[line(2000, 125), line(100, 7)], &options), Ok((16, 0)));
    assert_eq!(tokens(&[line(2000, 31), line(100, 2), line(64, 1)], &options), Ok((64, 0)), "whole blocks and all");
    assert_eq!(tokens(&[line(100, 1)], &options), Ok((512, 0)), "it could be any: what is documented");
    // One that contradicts the others is refused.
    assert_eq!(tokens(&[line(100, 7), line(2000, 4), line(5000, 10), line(9000, 18)], &options), Ok((512, 1)));
    let hundred = [line(2000, 20), line(1000, 10)];
    assert_eq!(
        tokens(&hundred, &options).unwrap_err(),
        "trace: no request can be served; the first: trace:1: hash_ids: 20 ids for 4 blocks of 512 tokens, see --block-tokens"
    );
    assert_eq!(tokens(&hundred, &Options { block_tokens: Some(100), ..options }), Ok((100, 0)));
}

/// Bailian hashes each block alone: the same block behind another one is another prefix.
#[test]
fn ids_are_chained() {
    let mut refusals = Refusals::default();
    let trace = read(&sample("bailian.jsonl"), &Options::default(), &mut refusals).unwrap();
    let [first, second, third] = &trace.requests[..] else { panic!("three requests") };
    assert_eq!(first.block_ids[..16], second.block_ids[..16]);
    assert_ne!(first.block_ids[16], second.block_ids[16]);
    assert!(first.block_ids.iter().all(|id| !third.block_ids.contains(id)), "ids 2 to 10 follow another block");
}

#[test]
fn the_first_to_arrive_are_taken() {
    let lines: Vec<String> =
        (0..5000).map(|i| GOOD.replace("27482", &(1_700_000_000_000_u64 + 9999 - i).to_string())).collect();
    let options = Options { requests: Some(3), ..Options::default() };
    let (trace, _) = read_text(lines.join("\n"), &options).unwrap();
    assert_eq!(
        trace.requests.iter().map(|r| (r.arrival_us, r.line)).collect::<Vec<_>>(),
        [(0, 5000), (1000, 4999), (2000, 4998)]
    );
}

/// Whether or not the file is so long that the others were dropped when it is refused.
#[test]
fn of_the_first_to_arrive_a_refused_one_has_no_substitute() {
    for lines in [10, 5000] {
        let at = |ms: u64, line: &str| line.replace("27482", &ms.to_string());
        let bad = at(0, &GOOD.replace("[46, 47]", "[46, 47, 48]"));
        let good: Vec<String> = (0..lines).map(|i| at(1 + i, GOOD)).collect();
        let options = Options { requests: Some(3), ..Options::default() };
        let (trace, refusals) = read_text([vec![bad], good].concat().join("\n"), &options).unwrap();
        assert_eq!((trace.requests.iter().map(|r| r.line).collect(), refusals.count), (vec![2, 3], 1), "{lines}");
    }
}

#[test]
fn a_bad_line_is_refused_by_number_and_the_others_are_read() {
    for (line, message) in [
        ("{", "EOF while parsing an object at column 1"),
        ("[1, 2, 3, [4], 5]", "not a JSON object"),
        (&*GOOD.replace("600", "-1"), "invalid value: integer `-1`, expected a number of tokens"),
        (&GOOD.replace("600", "600.5"), "invalid value: floating point `600.5`, expected a number of tokens"),
        (&GOOD.replace("600", "0"), "a request needs a prompt, this one has 0 tokens"),
        (&GOOD.replace("600", "512"), "hash_ids: 2 ids for 1 blocks of 512 tokens"),
        (&GOOD.replace("timestamp", "time"), "missing field `timestamp`"),
        (&GOOD.replace("46", "\"46\""), "invalid type: string \"46\", expected u64"),
        (&GOOD.replace("27482", "18446744073709551"), "timestamp: 18446744073709550 is more than 285 years from 0"),
        (&GOOD.replace("27482", "1e999"), "number out of range"),
    ] {
        let text = format!("{GOOD}\n{line}\n\n{GOOD}\n{GOOD}");
        let (trace, refusals) = read_text(&text, &Options::default()).unwrap();
        let first = refusals.first.unwrap();
        assert!(first.starts_with("trace:2: ") && first.contains(message), "{first}");
        assert_eq!(
            (refusals.count, trace.requests.iter().map(|r| r.line).collect::<Vec<_>>()),
            (1, vec![1, 4, 5]),
            "{line}"
        );
        let strict = read_text(&text, &Options { strict: true, ..Options::default() }).unwrap_err();
        assert!(strict.starts_with("trace:2: "), "{strict}");
    }
    for (line, message) in [
        ("x,1,2", "timestamp: \"x\" is neither seconds nor a date"),
        ("nan,1,2", "timestamp: NaN is more than 285 years from 0"),
        ("2024-05-12,1,2", "timestamp: \"2024-05-12\" is neither seconds nor a date"),
        ("5,1", "2 fields, the header has 3"),
        ("5,1,2,", "4 fields, the header has 3"),
        ("5,-1,2", "contexttokens: \"-1\" is no number of tokens"),
        ("5,0,2", "a request needs a prompt"),
    ] {
        let text = format!("TIMESTAMP,ContextTokens,GeneratedTokens\n{line}\n7,8,9\n");
        let (trace, refusals) = read_text(&text, &Options::default()).unwrap();
        assert_eq!(shape(&trace).0, [(0, 8, 9)]);
        let first = refusals.first.unwrap();
        assert!(first.starts_with("trace:2: ") && first.contains(message), "{first}");
    }
}

#[test]
fn what_is_no_trace_is_refused_in_words_that_name_those_that_are() {
    let refused = |text: &str| read_text(text, &Options::default()).unwrap_err();
    for text in ["[{}]", "time,prompt,output\n1,2,3\n", "PK\u{3}\u{4}", "{}\n{}\n", &"{\"a\":1}\n".repeat(5000)] {
        let error = refused(text);
        assert!(error.starts_with("trace") && error.contains("1: "), "{error}");
        assert!(
            ["Mooncake's", "Qwen/Bailian's", "Azure's", "BurstGPT's"].iter().all(|name| error.contains(name)),
            "{error}"
        );
    }
    assert_eq!(refused("\n"), "trace: no requests: there is nothing in it");
    assert!(refused("TIMESTAMP,ContextTokens,GeneratedTokens\n").contains("trace: no requests"));
    let missing = read(Path::new("no/such/file"), &Options::default(), &mut Refusals::default()).unwrap_err();
    assert!(format!("{missing:#}").starts_with("no/such/file: "));
}

#[test]
fn more_requests_than_the_memory_holds_are_refused_by_line() {
    let options = Options { max_memory: harness::memory::Bytes(1 << 16), ..Options::default() };
    let text = format!("{GOOD}\n").repeat(5000);
    let error = read_text(&text, &options).unwrap_err();
    assert_eq!(error, "trace:513: 513 requests take more than half of --max-memory 64K; --requests takes fewer");
    assert!(
        read_text(&text, &Options { requests: Some(5), max_memory: harness::memory::Bytes(1 << 18), ..options })
            .is_ok()
    );
}
