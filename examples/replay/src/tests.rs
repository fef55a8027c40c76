//! What `replay` passes, reports and refuses.

use std::sync::Arc;

use ascend_cache_loc::{IntType, TableShape};

use harness::backend::BackendName;
use harness::case::{Case, Dtypes, Table};
use harness::memory::DEFAULT;
use harness::operation::by_name;

use super::*;

const CASES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/cases");

/// A case that passes: row 0 ends in slot 12, row 1 is bad.
const GOOD: &str = r#"{"op":"get_last_loc","id":"good","dtypes":{"req_to_token":"i32","req_pool_indices":"i32","prefix_lens":"i64","out":"i32"},"req_to_token":{"rows":2,"cols":3,"row_stride":3,"data":[10,11,12,20,21,22]},"batch":2,"req_pool_indices":[0,2],"prefix_lens":[3,1],"out_init":-777,"out":[12,-1],"fault":{"row":1,"kind":"RequestOutOfRange"},"note":"ignored"}"#;

/// Replays lines as a file called `name`; what was printed, and the tally or the error's text.
fn replay_lines(name: &str, lines: &str) -> (String, Result<Tally, String>) {
    let path = std::env::temp_dir().join(format!("{}-{name}.jsonl", std::process::id()));
    std::fs::write(&path, lines).unwrap();
    let mut out = Vec::new();
    let result = replay(&mut CpuRef, std::slice::from_ref(&path), DEFAULT, &mut out);
    let shown = path.display().to_string();
    std::fs::remove_file(&path).unwrap();
    let text = result.map_err(|error| format!("{error:#}").replace(&shown, name));
    (String::from_utf8(out).unwrap().replace(&shown, name), text)
}

#[test]
fn golden_and_fault_cases_pass() {
    all_cases_pass(&mut CpuRef);
}

#[cfg(feature = "sim")]
#[test]
fn golden_and_fault_cases_pass_on_the_kernels() {
    let mut sim = BackendName::Sim.open().unwrap().unwrap();
    for _ in 0..4 {
        all_cases_pass(&mut sim); // another layout each time
    }
}

fn all_cases_pass(backend: &mut dyn Backend) {
    let mut files: Vec<_> = std::fs::read_dir(CASES).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort_unstable();
    let cases: usize = files.iter().map(|file| std::fs::read_to_string(file).unwrap().lines().count()).sum();
    assert!(cases > files.len() && !files.is_empty());
    let mut out = Vec::new();
    let tally = replay(backend, &files, DEFAULT, &mut out).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), format!("{cases} passed, 0 failed\n"));
    assert_eq!(exit_code(&Ok(tally)), 0);
}

#[test]
fn each_mismatch_is_one_line_and_the_exit_code_1() {
    let lines = [
        GOOD.into(),
        GOOD.replace("[12,-1]", "[13,-777]"),
        GOOD.replace(r#""row":1"#, r#""row":0"#),
        GOOD.replace(r#""fault":{"row":1,"kind":"RequestOutOfRange"},"#, ""),
        GOOD.replace("[3,1]", "[3,0]"),
    ]
    .join("\n\n");
    let (printed, tally) = replay_lines("mismatch", &lines);
    let values = "(request pool index 2 is outside the table's 2 rows)";
    assert_eq!(
        printed,
        format!(
            "mismatch:3: \"good\": index 0: got 12, expected 13\n\
             mismatch:3: \"good\": index 1: got -1, expected -777\n\
             mismatch:5: \"good\": fault: got RequestOutOfRange in row 1 {values}, expected RequestOutOfRange in row 0\n\
             mismatch:7: \"good\": fault: got RequestOutOfRange in row 1 {values}, expected none\n\
             mismatch:9: \"good\": fault: got none, expected RequestOutOfRange in row 1\n\
             1 passed, 4 failed\n"
        )
    );
    assert_eq!(exit_code(&Ok(tally.unwrap())), 1);
}

#[test]
fn what_cannot_be_read_names_file_and_line_and_exits_2() {
    for (from, to, message) in [
        ("get_last_loc", "get_last", "unknown operation `get_last`, expected one of `"),
        (r#""out":"i32""#, r#""out":"f32""#, "unknown variant `f32`, expected `i32` or `i64`"),
        (r#""req_to_token":"i32""#, r#""req_to_token":"i64""#, "unknown variant `i64`, expected `i32`"),
        (r#""prefix_lens":[3,1]"#, r#""prefix":[3,1]"#, "missing field `prefix_lens`"),
        (r#""prefix_lens":[3,1]"#, r#""prefix_lens":[3]"#, "prefix_lens: 1 elements, the case needs 2"),
        (r#""batch":2"#, r#""batch":3"#, "req_pool_indices: 2 elements, the case needs 3"),
        ("[0,2]", "[0,2147483648]", "req_pool_indices[1]: 2147483648 does not fit i32"),
        ("[3,1]", "[3,9223372036854775808]", "invalid value: integer `9223372036854775808`, expected i64"),
        ("[12,-1]", "[12]", "out: 1 elements, the case needs 2"),
        (r#""rows":2"#, r#""rows":3"#, "req_to_token: data: 6 elements, the shape needs 9"),
        (r#""rows":2"#, r#""rows":2147483648"#, "req_to_token: rows: 2147483648 elements, the limit is 2147483646"),
        (r#""cols":3"#, r#""cols":4"#, "req_to_token: row_len: 4 entries do not fit in a row stride of 3"),
        (
            "[10,11,12,20,21,22]",
            r#""seeded:-1""#,
            r#"req_to_token: data: "seeded:-1" is not "arange" or "seeded:<u64>""#,
        ),
        ("[10,11,12,20,21,22]", r#"{"runs":[[5,[1,2]]]}"#, "req_to_token: data: a run at 5 leaves the table"),
        ("[10,11,12,20,21,22]", "[10.5]", "invalid type: floating point `10.5`, expected i64 at column 183"),
        (
            "[10,11,12,20,21,22]",
            "7",
            "invalid type: integer `7`, expected data as a list of int32, \"arange\", \"seeded:<u64>\" or {\"runs\": [[offset, [..]], ..]}",
        ),
        ("[10,11,12,20,21,22]", r#"{"rows":[]}"#, "unknown field `rows`, expected `runs`"),
        ("[10,11,12,20,21,22]", "{}", "missing field `runs`"),
        // A slot that no table has, in the table and in the output.
        ("[10,11,12,20,21,22]", "[10,11,12,20,2147483648,22]", "data[4]: 2147483648 does not fit i32"),
        ("[10,11,12,20,21,22]", r#"{"runs":[[0,[1,-2147483649]]]}"#, "data[1]: -2147483649 does not fit i32"),
        ("[12,-1]", "[2147483648,-1]", "out[0]: 2147483648 does not fit i32"),
        (r#""kind":"RequestOutOfRange""#, r#""kind":"Bad""#, "unknown variant `Bad`, expected one of"),
        (r#"{"op""#, r#""op""#, "invalid type: string \"op\""),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let (printed, result) = replay_lines("bad", &format!("{GOOD}\n{}\n{GOOD}", GOOD.replacen(from, to, 1)));
        let error = result.unwrap_err();
        assert!(error.starts_with(&format!("bad:2: {message}")), "{error}");
        assert_eq!(printed, "", "a file that cannot be read has no result");
        assert_eq!(exit_code(&Err(anyhow::Error::msg(error))), 2);
    }
    let missing = replay(&mut CpuRef, &["no/such/file".into()], DEFAULT, &mut Vec::new()).unwrap_err();
    assert!(format!("{missing:#}").starts_with("no/such/file: "));
}

#[test]
fn a_table_beyond_memory_is_refused() {
    let huge = GOOD
        .replace(r#""rows":2,"cols":3,"row_stride":3"#, r#""rows":2147483646,"cols":3,"row_stride":2147483646"#)
        .replace("[10,11,12,20,21,22]", "\"seeded:7\"");
    let (_, result) = replay_lines("huge", &huge);
    assert_eq!(
        result.unwrap_err(),
        "huge:1: req_to_token: a table of 4611686007689969673 elements takes 16777216.0T, --max-memory is 4G"
    );
}

#[test]
fn an_arange_of_2_31_elements_ends_with_the_largest_slot() {
    let element = case_line::named("arange", 1 << 31).unwrap();
    assert_eq!((element(0), element(1 << 20), element((1 << 31) - 1)), (0, 1 << 20, i32::MAX));
    assert!(case_line::named("arange", (1 << 31) + 1).is_err());
}

#[test]
fn a_file_without_cases_is_an_error() {
    for lines in ["", "\n \n\n"] {
        let (printed, result) = replay_lines("empty", lines);
        assert_eq!((&*printed, &*result.unwrap_err()), ("", "empty: no cases"));
    }
}

#[test]
fn what_a_file_says_cannot_pass_for_what_replay_says() {
    let forged =
        GOOD.replace("[12,-1]", "[13,-1]").replace(r#""id":"good""#, r#""id":"x\n54 passed, 0 failed\u001b[2J\u202e""#);
    let (printed, _) = replay_lines("forged", &forged);
    assert_eq!(
        printed,
        "forged:1: \"x\\n54 passed, 0 failed\\u{1b}[2J\\u{202e}\": index 0: got 12, expected 13\n0 passed, 1 failed\n"
    );
    let error = replay_lines("forged", &GOOD.replace("get_last_loc", "x\\n54 passed, 0 failed")).1.unwrap_err();
    assert!(!printable(&error).contains('\n') && error.contains("54 passed"), "{error}");
}

/// 512 rows of 1M entries, of which one or a few are read: memory that is not touched, on the host and on a device.
#[test]
fn a_large_table_costs_what_is_read_of_it() {
    let large = |data: &str, out: &str| {
        GOOD.replace(r#""rows":2,"cols":3,"row_stride":3"#, r#""rows":512,"cols":1048576,"row_stride":1048576"#)
            .replace("[10,11,12,20,21,22]", data)
            .replace("[0,2]", "[511,512]")
            .replace("[3,1]", "[1048576,1]")
            .replace("[12,-1]", out)
    };
    let extend = r#"{"op":"assign_extend_cache_locs","id":"few","dtypes":{"req_to_token":"i32","req_pool_indices":"i64","start_offset":"i64","end_offset":"i64","out":"i64"},"req_to_token":{"rows":512,"cols":1048576,"row_stride":1048576,"data":"arange"},"batch":3,"req_pool_indices":[510,600,1],"start_offset":[7,0,0],"end_offset":[9,1,1048576],"out_len":5,"out_init":-777,"out":[534773767,534773768,-1,1048576,1048577],"fault":{"row":1,"kind":"RequestOutOfRange"}}"#;
    let last = [large("\"arange\"", "[536870911,-1]"), large("{\"runs\":[[536870911,[77]]]}", "[77,-1]")];
    let lines = [&last[0], &last[1], extend].join("\n");
    let before = resident_bytes();
    let (printed, tally) = replay_lines("large", &lines);
    assert_eq!((&*printed, tally), ("3 passed, 0 failed\n", Ok(Tally { passed: 3, failed: 0 })));
    #[cfg(feature = "sim")]
    {
        let path = std::env::temp_dir().join(format!("{}-large-sim.jsonl", std::process::id()));
        std::fs::write(&path, &lines).unwrap();
        let mut sim = BackendName::Sim.open().unwrap().unwrap();
        assert_eq!(replay(&mut sim, &[path], DEFAULT, &mut Vec::new()).unwrap(), Tally { passed: 3, failed: 0 });
    }
    let peak = resident_bytes();
    assert!(peak - before < 512 << 20, "the table alone has 2 GiB: {before}, {peak}");
}

/// The most that this process has had in memory.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib =
        status.lines().find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.unwrap_or(0) << 10
}

#[test]
fn options_are_named_in_what_is_wrong_with_them() {
    let parse = |args: &[&str]| Options::parse(["replay"].iter().chain(args).map(|arg| (*arg).into()));
    let options = parse(&["-", "--backend", "cpu", "--max-memory=512M", "x"]).unwrap().unwrap();
    assert_eq!((options.files.len(), options.max_memory, options.backend), (2, Bytes(512 << 20), BackendName::Cpu));
    assert!(parse(&["--help"]).unwrap().is_none());
    for (args, message) in [
        (&[][..], "no FILE given, see --help"),
        (&["--backend", "gpu", "x"], "--backend gpu: not cpu, sim or npu"),
        (&["--max-memory", "4 GB", "x"], "--max-memory 4 GB: not a number of bytes such as 4G, 512M or 65536"),
        (&["--max-memory"], "missing argument for option '--max-memory'"),
        (&["--files", "x"], "invalid option '--files'"),
    ] {
        assert_eq!(format!("{:#}", parse(args).unwrap_err()), message);
    }
}

#[test]
fn cases_as_lines_replay_as_they_ran() {
    let slots: Vec<i32> = (0..40_000).map(|i| i * 3 - 50_000).collect();
    // 4 rows of 900 are written whole, 40 rows of 900 as runs; the storage ends with the last entry.
    for rows in [4, 40] {
        let shape = TableShape::new(rows, 1000).unwrap().with_row_len(900).unwrap();
        let slots = slots[..shape.storage_len()].to_vec();
        let table = Arc::new(Table { shape, slots });
        let dtypes = Dtypes::of_each(IntType::I64, IntType::I32, IntType::I64);
        let reqs = vec![3, 0, 99, 1, 3];
        let arrays = vec![reqs.clone(), vec![900, -1, 1, 1, 900]];
        let last = Case::new(by_name("get_last_loc").unwrap(), dtypes, table.clone(), arrays, 5);
        let id = "\"quoted\"\\ \n \u{1F980}";
        let last = last.line(id);
        let dtypes = Dtypes::of_each(IntType::I64, IntType::I64, IntType::I32);
        let arrays = vec![reqs, vec![890, 7, 0, 0, i64::MIN], vec![900, 7, 900, 3, 0]];
        let extend = Case::new(by_name("assign_extend_cache_locs").unwrap(), dtypes, table, arrays, 20);
        let extend = extend.line("extend");
        assert!(last.contains("\"fault\":{\"row\":2,") && extend.contains("\"fault\":{\"row\":2,"), "{last}\n{extend}");
        assert!(!last.contains('\n') && extend.contains("runs") == (rows == 40), "{extend}");
        let (printed, tally) = replay_lines(&format!("lines{rows}"), &format!("{last}\n{extend}\n"));
        assert_eq!(printed, "2 passed, 0 failed\n");
        assert_eq!(tally.unwrap(), Tally { passed: 2, failed: 0 });
        assert_eq!(case_line::parse(&last, DEFAULT).unwrap().0, id);
    }
}
