//! Tiling by struct and key, workspace, and the compiler's own names.

use ascend_cache_loc::sim::{Access, Launch, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, reports, run};

/// A `Tiling` of kernels/kernel.cpp.
fn tiling(first: i32, count: u32, step: i64) -> Gm {
    let bytes = [&first.to_ne_bytes()[..], &count.to_ne_bytes(), &step.to_ne_bytes()].concat();
    Gm::new(&bytes, 0)
}

#[test]
fn tiling_by_struct_and_key() {
    for (key, known) in [(0, false), (1, true), (2, false), (10_000_000_000_000_000_000, true)] {
        let (mut out, mut workspace) = (Gm::of_i32(&[-1; 64]), Gm::of_i32(&[-1; 64]));
        let mut tiling = tiling(5, 20, -3);
        let argument = argument(&[out.address(), workspace.address(), tiling.address()]);
        let arrays = [out.array(Access::Write), workspace.array(Access::ReadWrite), tiling.array(Access::Read)];
        let launch = Launch { tiling_key: key, ..Launch::new("tiled", 1, &argument, &arrays) };
        run(&launch).unwrap_or_else(|error| panic!("{key}: {error}"));
        let mut expected: Vec<_> = (0..20).map(|i| if known { 5 - 3 * i } else { 0 }).collect();
        expected.push(-3);
        expected.resize(64, -1);
        assert_eq!(out.to_i32(), expected, "{key}");
    }
}

/// The struct is read from an array as anything else is.
#[test]
fn tiling_beyond_its_array() {
    let (mut out, mut workspace) = (Gm::of_i32(&[0; 64]), Gm::of_i32(&[0; 64]));
    let mut short = Gm::new(&[0; 12], 64);
    let argument = argument(&[out.address(), workspace.address(), short.address()]);
    let arrays = [out.array(Access::Write), workspace.array(Access::ReadWrite), short.array(Access::Read)];
    let reports = reports(&Launch::new("tiled", 1, &argument, &arrays));
    assert!(!reports.is_empty());
    for report in reports {
        assert_eq!((report.kind, report.at.instruction), (ReportKind::GmOutsideArray, "GET_TILING_DATA"));
    }
}
