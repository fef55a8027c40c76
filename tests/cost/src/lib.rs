//! The cost model held against public measurements ([`calibration`]), and other people's kernels to compare with
//! ([`peers`]).
//! The kernels are under `kernels/`; this package's build script compiles them into the library.

#![allow(unsafe_code, reason = "launches C++ kernels")]

pub mod calibration;
pub mod peers;
pub mod steps;

use ascend_cache_loc::sim::{Array, Kernels, Launch, LaunchError, ReportKind, Steps};

/// Makes a list of kernels known. Again is no matter.
fn add(kernels: &'static Kernels) {
    assert!(kernels.add(), "a name is another kernel's");
}

/// A kernel's parameters, each in eight bytes.
fn argument(parameters: &[u64]) -> Vec<u8> {
    parameters.iter().flat_map(|parameter| parameter.to_ne_bytes()).collect()
}

/// Runs a launch, whose reports, if there are any, all are of one kind that is expected.
///
/// # Safety
/// As [`Launch::run`].
unsafe fn run(launch: &Launch<'_>, expected: Option<ReportKind>) -> Steps {
    // SAFETY: the caller's promise.
    let (ran, steps) = unsafe { launch.run_in_steps() };
    match ran {
        Ok(_) => {}
        Err(LaunchError::Reports(found)) if found.reports.iter().all(|report| Some(report.kind) == expected) => {}
        Err(error) => panic!("{error}"),
    }
    steps
}

/// Memory that is only there: nothing holds its bytes.
fn hollow(address: u64, bytes: u64, access: ascend_cache_loc::sim::Access) -> Array {
    Array { address, bytes, allocation: (address, bytes), storage: std::ptr::null_mut(), access }
}
