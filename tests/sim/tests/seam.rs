//! The entry itself: refusals, orders, limits, counters, several threads at a time.

use ascend_cache_loc::sim::{Access, Array, Kernels, Launch, LaunchError, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, run};

#[test]
fn refusals() {
    let mut gm = Gm::of_i32(&[0; 16]);
    let array = gm.array(Access::ReadWrite);
    let arrays = [array];
    let block = argument(&[gm.address(), gm.address()]);
    let good = Launch::new("race_v_v_mended", 1, &block, &arrays);

    let unknown = run(&Launch { kernel: "no such kernel", ..good });
    assert_eq!(unknown, Err(LaunchError::UnknownKernel("no such kernel".into())));
    assert_eq!(unknown.expect_err("refused").to_string(), "no kernel named \"no such kernel\" is known for the arch");
    assert_eq!(run(&Launch { kernel: "nul\0inside", ..good }), Err(LaunchError::UnknownKernel("nul\0inside".into())));
    for blocks in [0, 65_536, u32::MAX] {
        assert_eq!(run(&Launch { blocks, ..good }), Err(LaunchError::Blocks(blocks)));
    }
    for argument in [&block[..8], &[block.clone(), block.clone()].concat(), &[]] {
        let refused = LaunchError::Argument { kernel: "race_v_v_mended".into(), bytes: argument.len() };
        assert_eq!(run(&Launch { argument, ..good }), Err(refused));
    }
    let (address, bytes) = array.allocation;
    for allocation in [(address + 4, bytes), (address, bytes - 1), (address, 0), (1 << 63, u64::MAX)] {
        let arrays = [Array { allocation, ..array }];
        assert_eq!(run(&Launch { arrays: &arrays, ..good }), Err(LaunchError::Array), "{allocation:?}");
    }
    let wrapping = [Array { address: u64::MAX - 3, bytes: 8, allocation: (u64::MAX - 3, 8), ..array }];
    assert_eq!(run(&Launch { arrays: &wrapping, ..good }), Err(LaunchError::Array));
}

/// Cores that meet in GM are reported in every order, and the order follows from the seed.
#[test]
fn every_order_reports() {
    for blocks in [2, 3, 7, 40, 64] {
        for order_seed in 0..20 {
            let mut gm = Gm::of_i32(&vec![0; 16_384]);
            let argument = argument(&[gm.address(), gm.address()]);
            let arrays = [gm.array(Access::ReadWrite)];
            let launch = Launch::new("cores_write_same_bytes", blocks, &argument, &arrays);
            let once = run(&Launch { order_seed, ..launch });
            assert_eq!(once, run(&Launch { order_seed, ..launch }), "the same seed, the same launch");
            let Err(LaunchError::Reports(findings)) = once else { panic!("{blocks} cores, seed {order_seed}: silent") };
            let same_bytes = findings.reports.iter().find(|report| report.kind == ReportKind::CoresWriteSameBytes);
            let report = same_bytes.unwrap_or_else(|| panic!("{findings}"));
            assert_eq!(report.at.core.abs_diff(report.other.as_ref().expect("the other core").core), 1);
        }
    }
}

/// Seeds shuffle: the first two cores to meet are not always the same.
#[test]
fn orders_differ() {
    let pairs = (0..30).map(|order_seed| {
        let mut gm = Gm::of_i32(&vec![0; 16_384]);
        let argument = argument(&[gm.address(), gm.address()]);
        let arrays = [gm.array(Access::ReadWrite)];
        let launch = Launch::new("cores_write_same_bytes", 40, &argument, &arrays);
        let Err(LaunchError::Reports(findings)) = run(&Launch { order_seed, ..launch }) else { panic!("silent") };
        findings.reports[0].at.core
    });
    assert!(pairs.collect::<std::collections::BTreeSet<_>>().len() > 5);
}

/// The list of reports is cut where the caller says, and the number of findings still told.
#[test]
fn reports_are_limited_and_counted() {
    let mut gm = Gm::of_i32(&vec![0; 16_384]);
    let argument = argument(&[gm.address(), gm.address()]);
    let arrays = [gm.array(Access::ReadWrite)];
    let launch = Launch::new("event_id_range", 3, &argument, &arrays);
    let Err(LaunchError::Reports(all)) = run(&launch) else { panic!("silent") };
    assert_eq!((all.reports.len(), all.total, all.reports[0].occurrences, all.counters.len()), (2, 2, 3, 3));
    for max_reports in [0, 1] {
        let Err(LaunchError::Reports(cut)) = run(&Launch { max_reports, ..launch }) else { panic!("silent") };
        assert_eq!((cut.reports.as_slice(), cut.total), (&all.reports[..max_reports], 2));
    }
}

/// The limit stops a core, and the cores after it run.
#[test]
fn instruction_limit() {
    let mut gm = Gm::of_i32(&vec![0; 16_384]);
    let argument = argument(&[gm.address(), gm.address()]);
    let arrays = [gm.array(Access::ReadWrite)];
    let launch = Launch { instruction_limit: 1000, ..Launch::new("instruction_limit", 3, &argument, &arrays) };
    let Err(LaunchError::Reports(findings)) = run(&launch) else { panic!("silent") };
    assert_eq!(findings.reports[0].kind, ReportKind::InstructionLimit { limit: 1000 });
    assert_eq!(findings.reports[0].occurrences, 3);
    assert!(findings.counters.iter().all(|core| core.s.ub_sets == 1000 || core.s.ub_sets == 1001), "{findings:?}");
}

#[test]
fn counters() {
    let mut input = Gm::of_i32(&vec![1; 16_384]);
    let mut output = Gm::of_i32(&vec![0; 16_384]);
    let argument = argument(&[input.address(), output.address()]);
    let arrays = [input.array(Access::Read), output.array(Access::ReadWrite)];
    let launch = |kernel| run(&Launch::new(kernel, 1, &argument, &arrays)).unwrap_or_else(|error| panic!("{error}"))[0];

    let chain = launch("race_chain_mended");
    assert_eq!((chain.mte2.dmas, chain.mte2.dma_blocks, chain.mte2.dma_bytes, chain.mte2.instructions), (2, 2, 64, 2));
    assert_eq!((chain.mte3.dmas, chain.mte3.dma_bytes, chain.mte3.flags_set, chain.mte3.flags_waited), (1, 32, 1, 1));
    assert_eq!((chain.v.instructions, chain.v.repeats, chain.v.flags_set, chain.v.flags_waited), (1, 1, 1, 1));
    assert_eq!((chain.ub_bytes, chain.s.instructions), (8192, 0));

    let blocks = launch("gm_write_block_past_array_mended");
    assert_eq!((blocks.mte3.dmas, blocks.mte3.dma_blocks, blocks.mte3.dma_bytes), (1, 2, 8));
    assert_eq!((blocks.v.instructions, blocks.v.repeats), (1, 16));
    // `fill` and the end of TPipe: one barrier of all pipes each.
    assert_eq!((blocks.s.barriers, blocks.v.barriers, blocks.mte2.barriers, blocks.mte3.barriers), (2, 2, 2, 2));

    let scalar = launch("race_gm_mte3_s_mended");
    assert_eq!((scalar.s.gm_gets, scalar.s.instructions, scalar.s.ub_gets), (1, 1, 0));
    let sets = launch("race_s_v_mended");
    assert_eq!((sets.s.ub_gets, sets.s.ub_sets, sets.s.instructions), (0, 1, 1));
    let gets = launch("race_s_mte2_mended");
    assert_eq!((gets.s.ub_gets, gets.s.ub_sets, gets.s.flags_set), (1, 0, 1));
}

/// A core knows where it stands, by all the names of it.
#[test]
fn a_core_knows_its_place() {
    let mut gm = Gm::of_i32(&[0; 16 * 5]);
    let argument = argument(&[gm.address()]);
    let arrays = [gm.array(Access::Write)];
    run(&Launch::new("numbers", 5, &argument, &arrays)).unwrap_or_else(|error| panic!("{error}"));
    for (core, line) in (0..).zip(gm.to_i32().chunks(16)) {
        assert_eq!(line[..5], [core, core, 10, 4, 0]);
    }
}

/// Launches on several threads do not meet.
#[test]
fn threads() {
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for round in 0..50 {
                    let length = 3000 + 16 * thread + round;
                    let x: Vec<i32> = (0..length).collect();
                    let (mut x_gm, mut y_gm) = (Gm::of_i32(&x), Gm::of_i32(&vec![0; x.len()]));
                    let tiling = [x.len() as u64, 0x100_0000_0000 + 5];
                    let argument = argument(&[x_gm.address(), y_gm.address(), tiling[0], tiling[1]]);
                    let arrays = [x_gm.array(Access::Read), y_gm.array(Access::Write)];
                    let mut launch = Launch::new("scale_flags", 9, &argument, &arrays);
                    launch.order_seed = 1;
                    run(&launch).unwrap_or_else(|error| panic!("{error}"));
                    assert_eq!(y_gm.to_i32(), x.iter().map(|v| v * 5).collect::<Vec<_>>());
                    // A kernel with a finding beside them.
                    let arrays = [x_gm.array(Access::ReadWrite), y_gm.array(Access::ReadWrite)];
                    let argument = ascend_cache_loc_sim_tests::argument(&[x_gm.address(), y_gm.address()]);
                    let raced = run(&Launch::new("race_v_v", 2, &argument, &arrays));
                    let Err(LaunchError::Reports(findings)) = raced else { panic!("silent") };
                    assert_eq!(findings.total, 1);
                }
            });
        }
    });
}

/// What a list brings is known once it is added; a name that is another kernel's is refused, and its whole list.
#[test]
#[allow(unsafe_code, reason = "lists of C")]
fn kernels_of_lists() {
    unsafe extern "C" {
        static list_of_one: Kernels;
        static list_with_a_taken_name: Kernels;
        static list_with_a_name_twice: Kernels;
    }
    let mut out = Gm::of_i32(&[0; 16]);
    let argument = argument(&[out.address()]);
    let arrays = [out.array(Access::Write)];
    let launch = |name| run(&Launch::new(name, 1, &argument, &arrays));
    assert!(matches!(launch("listed"), Err(LaunchError::UnknownKernel(_))));
    // SAFETY: constants.
    unsafe {
        assert!(list_of_one.add() && list_of_one.add(), "again is no matter");
        assert!(!list_with_a_taken_name.add() && !list_with_a_name_twice.add());
    }
    launch("listed").unwrap();
    assert!(matches!(launch("never known"), Err(LaunchError::UnknownKernel(_))));
    assert_eq!(out.to_i32()[0], 77);
}
