//! Every defect under `kernels/planted` is reported at its line, and its mended twin is silent.
//!
//! The expected reports stand in the sources: `// REPORT <kind> <instruction>` at the end of the line.

use std::collections::BTreeSet;
use std::{fs, path::Path};

use ascend_cache_loc::sim::{Access, Launch, Report};
use ascend_cache_loc_sim_tests::{Gm, argument, reports};

/// int32 elements of each array; `kElements` in planted.h.
const ELEMENTS: usize = 16384;

/// A report as the sources state it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Expected {
    line: u32,
    kind: String,
    instruction: String,
}

#[derive(Debug)]
struct Planted {
    kernel: String,
    reports: BTreeSet<Expected>,
}

/// Reads the kernels of one source file and what is to be reported of each.
fn read(file: &Path) -> Vec<Planted> {
    let mut kernels: Vec<Planted> = Vec::new();
    for (index, line) in fs::read_to_string(file).expect("a kernel source").lines().enumerate() {
        if let Some(rest) = line.strip_prefix("void ") {
            let kernel = rest.split('(').next().expect("a function name").to_owned();
            kernels.push(Planted { kernel, reports: BTreeSet::new() });
        }
        for marker in line.split("// REPORT ").skip(1) {
            let mut words = marker.split_whitespace().map(str::to_owned);
            let (Some(kind), Some(instruction)) = (words.next(), words.next()) else { panic!("{file:?}: {line}") };
            let line = u32::try_from(index + 1).expect("a short file");
            kernels.last_mut().expect("a kernel").reports.insert(Expected { line, kind, instruction });
        }
    }
    assert!(!kernels.is_empty(), "{file:?} has no kernels");
    kernels
}

fn launch(kernel: &str, blocks: u32, order_seed: u64, auto_sync: bool) -> Vec<Report> {
    let spare = 4096;
    let mut input = Gm::new(&vec![1; 4 * ELEMENTS], spare);
    let mut output = Gm::new(&vec![0; 4 * ELEMENTS], spare);
    let argument = argument(&[input.address(), output.address()]);
    let arrays = [input.array(Access::Read), output.array(Access::ReadWrite)];
    let mut launch = Launch::new(kernel, blocks, &argument, &arrays);
    launch.order_seed = order_seed;
    launch.auto_sync = auto_sync;
    reports(&launch)
}

/// Where the reports point; with `other` places too where order decides which of two instructions is the later one.
fn found(reports: &[Report], with_other: bool) -> BTreeSet<Expected> {
    let places = reports.iter().flat_map(|report| {
        let other = report.other.as_ref().filter(|_| with_other);
        std::iter::once(&report.at).chain(other).map(move |place| (report, place))
    });
    places
        .map(|(report, place)| Expected {
            line: place.line,
            kind: report.kind.name().to_owned(),
            instruction: place.instruction.to_owned(),
        })
        .collect()
}

fn check(source: &str, blocks: u32, auto_sync: bool) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/planted").join(source);
    for planted in read(&file) {
        let kernel = &planted.kernel;
        assert!(!planted.reports.is_empty(), "{kernel} expects nothing");
        for order_seed in 0..if blocks == 1 { 1 } else { 8 } {
            let mended = launch(&format!("{kernel}_mended"), blocks, order_seed, auto_sync);
            assert!(mended.is_empty(), "{kernel}_mended is not silent: {}", mended[0]);
            let reports = launch(kernel, blocks, order_seed, auto_sync);
            assert_eq!(found(&reports, blocks > 1), planted.reports, "{kernel}, order {order_seed}");
            for report in &reports {
                assert_eq!(&*report.kernel, kernel);
                assert!(report.at.core < blocks && report.at.file.ends_with(source), "{report}");
            }
        }
    }
}

#[test]
fn races() {
    check("races.cpp", 1, false);
}

#[test]
fn flags() {
    check("flags.cpp", 1, false);
}

#[test]
fn memory() {
    check("memory.cpp", 1, false);
}

#[test]
fn static_tensors() {
    check("static.cpp", 1, false);
}

#[test]
fn parameters() {
    check("parameters.cpp", 1, false);
}

#[test]
fn cache() {
    check("cache.cpp", 1, false);
}

#[test]
fn floats() {
    check("floats.cpp", 1, false);
}

#[test]
fn halves() {
    check("halves.cpp", 1, false);
}

#[test]
fn registers() {
    check("registers.cpp", 1, false);
}

#[test]
fn pipe() {
    check("pipe.cpp", 1, false);
}

#[test]
fn cores() {
    check("cores.cpp", 2, false);
}

#[test]
fn auto_sync() {
    check("auto_sync.cpp", 1, true);
}

/// The kernels that rely on automatic synchronisation are not right without it.
#[test]
fn auto_sync_is_off_by_default() {
    for kernel in ["auto_mte2_v_mended", "auto_mte3_mte2_mended", "auto_mte2_mte2_mended", "auto_v_mte3_mended"] {
        assert!(!launch(kernel, 1, 0, false).is_empty(), "{kernel}");
    }
}

/// Addresses, pipes and both instructions of a race, in full.
#[test]
fn a_race_in_full() {
    let reports = launch("race_mte2_v", 1, 0, false);
    let [report] = &reports[..] else { panic!("{reports:?}") };
    let other = report.other.as_ref().expect("the copy");
    assert_eq!((report.address, report.bytes, report.occurrences), (0, 32, 1));
    assert_eq!((other.instruction, other.line + 2), ("DataCopy", report.at.line));
    let text = report.to_string();
    let expected = format!(
        "race_mte2_v: Adds on V of core 0 ({file}:{line}) is not ordered after DataCopy on MTE2 of core 0 \
         ({file}:{earlier}), UB byte 0",
        file = report.at.file,
        line = report.at.line,
        earlier = other.line,
    );
    assert_eq!(text, expected);
}
