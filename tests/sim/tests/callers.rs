//! A report in a helper names the helper's line and, where the helper says who calls it, the kernel's.

use std::{fs, path::Path};

use ascend_cache_loc::sim::{Access, Launch};
use ascend_cache_loc_sim_tests::{Gm, argument, reports};

/// A report: the line of the kernel, the line of the helper, the kind.
type Expected = (u32, u32, String);

fn expected(source: &str) -> Vec<Expected> {
    let stated = source.lines().zip(1..).filter_map(|(line, number)| {
        let (kind, helper) = line.split_once("// CALLS ")?.1.split_once(' ')?;
        Some((number, helper.parse().expect("a line"), kind.to_owned()))
    });
    stated.collect()
}

#[test]
fn the_kernel_line_is_named() {
    let kernels = Path::new(env!("CARGO_MANIFEST_DIR")).join("kernels/callers");
    let mut stated = expected(&fs::read_to_string(kernels.join("callers.cpp")).expect("the kernel"));
    let mut gm = Gm::of_i32(&[1; 16]);
    let argument = argument(&[gm.address()]);
    let arrays = [gm.array(Access::Read)];
    let reports = reports(&Launch::new("helpers", 1, &argument, &arrays));
    let mut found = Vec::new();
    for report in &reports {
        let (file, line) = report.at.caller.expect("a helper's caller");
        assert!(report.at.file.ends_with("helper.h") && file.ends_with("callers.cpp"), "{report}");
        found.push((line, report.at.line, report.kind.name().to_owned()));
        let text = format!("({file}:{line}, through {}:{})", report.at.file, report.at.line);
        assert!(report.to_string().contains(&text), "{report}");
    }
    stated.sort();
    found.sort();
    found.dedup();
    assert_eq!(found, stated);
}

/// Two calls of one helper are two places, so that each is reported.
#[test]
fn callers_are_told_apart() {
    let mut gm = Gm::of_i32(&[1; 16]);
    let argument = argument(&[gm.address()]);
    let arrays = [gm.array(Access::Read)];
    let reports = reports(&Launch::new("helpers", 1, &argument, &arrays));
    let leaks: Vec<_> = reports.iter().filter(|report| report.kind.name() == "SetNeverWaited").collect();
    assert_eq!(leaks.len(), 2, "{leaks:?}");
    assert!(leaks.iter().all(|report| report.occurrences == 1));
}
