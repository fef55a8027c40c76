//! Cores of two arches in one program: 2201, and one that there is not.

use ascend_cache_loc::sim::{Access, Launch, LaunchError, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, run};

/// Runs the kernel that is compiled for both.
fn both(arch: u32, bytes: u64, event: u64) -> Result<Vec<i32>, LaunchError> {
    let mut out = Gm::of_i32(&[0; 3]);
    let argument = argument(&[out.address(), bytes, event]);
    let arrays = [out.array(Access::ReadWrite)];
    let mut launch = Launch::new("of two arches", 1, &argument, &arrays);
    launch.arch = arch;
    run(&launch)?;
    Ok(out.to_i32())
}

fn kinds(ran: Result<Vec<i32>, LaunchError>) -> Vec<ReportKind> {
    let Err(LaunchError::Reports(findings)) = ran else { panic!("{ran:?}") };
    findings.reports.iter().map(|report| report.kind).collect()
}

fn reserved(ran: Result<Vec<i32>, LaunchError>) -> bool {
    kinds(ran).iter().all(|kind| matches!(kind, ReportKind::EventIdReserved { .. }))
}

#[test]
fn each_arch_has_its_own_kernel_and_cores() {
    assert_eq!(both(2201, 80 << 10, 0).unwrap(), [2201, 192 << 10, 42]);
    assert_eq!(both(9999, 80 << 10, 0).unwrap(), [9999, 96 << 10, 42]);
}

#[test]
fn what_an_arch_lacks_is_reported_of_it_alone() {
    both(2201, 100 << 10, 0).unwrap();
    assert!(matches!(kinds(both(9999, 100 << 10, 0))[..], [ReportKind::PipeUbBudget { .. }, ..]));
    both(2201, 1024, 5).unwrap();
    assert!(reserved(both(9999, 1024, 5)) && reserved(both(2201, 1024, 7)));
    assert!(kinds(both(9999, 1024, 7)).iter().any(|kind| matches!(kind, ReportKind::EventIdRange { .. })));
}

#[test]
fn a_kernel_is_known_for_the_arches_that_it_is_compiled_for() {
    assert!(matches!(both(3510, 1024, 0), Err(LaunchError::UnknownKernel(name)) if &*name == "of two arches"));
    let mut launch = Launch::new("ascend_cache_loc_get_last_loc", 1, &[], &[]);
    launch.arch = 9999;
    assert!(matches!(run(&launch), Err(LaunchError::UnknownKernel(_))));
}
