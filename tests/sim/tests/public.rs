//! Kernels in the common public styles, as they would be given to CANN.

use ascend_cache_loc::sim::{Access, CoreCounters, Launch, LaunchError, Pipe, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, reports, run};

/// `length` words of 4 or 8 bytes, and room for as many results.
fn words(length: usize, seed: u64) -> Vec<i32> {
    let mut rng = fastrand::Rng::with_seed(seed);
    (0..length).map(|_| rng.i32(..)).collect()
}

fn sum(counters: &[CoreCounters], count: impl Fn(&CoreCounters) -> u64) -> u64 {
    counters.iter().map(count).sum()
}

/// Queues with double buffering; the tiling struct is read through its `__gm__` pointer.
#[test]
fn add_queue() {
    for blocks in [1, 2, 8, 16] {
        let length = 16 * 1024;
        let (x, y) = (words(length, 1), words(length, 2));
        let (mut x_gm, mut y_gm, mut z_gm) = (Gm::of_i32(&x), Gm::of_i32(&y), Gm::of_i32(&vec![0; length]));
        let mut tiling = Gm::of_i32(&[i32::try_from(length).expect("small"), 4]);
        let argument = argument(&[x_gm.address(), y_gm.address(), z_gm.address(), 0, tiling.address()]);
        let arrays =
            [x_gm.array(Access::Read), y_gm.array(Access::Read), z_gm.array(Access::Write), tiling.array(Access::Read)];
        let mut launch = Launch::new("add_queue", blocks, &argument, &arrays);
        launch.order_seed = 7;
        let counters = run(&launch).unwrap_or_else(|error| panic!("{error}"));
        let expected: Vec<_> = x.iter().zip(&y).map(|(a, b)| a.wrapping_add(*b)).collect();
        assert_eq!(z_gm.to_i32(), expected);
        // Two copies in and one out for each of eight tiles a core.
        for core in &counters {
            assert_eq!((core.mte2.dmas, core.mte3.dmas, core.v.instructions), (16, 8, 8));
            // A queue flags each buffer when it is filled and when it is free; the last ones are awaited at the end.
            assert_eq!((core.mte2.flags_set, core.v.flags_waited), (16, 16 + 8));
        }
        assert_eq!(sum(&counters, |core| core.pipe(Pipe::Mte2).dma_bytes), 8 * length as u64);
        assert_eq!(sum(&counters, |core| core.pipe(Pipe::Mte3).dma_bytes), 4 * length as u64);
    }
}

/// Raw flags, ragged ends, a struct by value; every number of cores in shuffled orders.
#[test]
fn scale_flags() {
    for blocks in 1..=64 {
        let length = 5000 + usize::try_from(blocks).expect("small") * 37;
        let x = words(length, 3);
        let (mut x_gm, mut y_gm) = (Gm::of_i32(&x), Gm::of_i32(&vec![0; length]));
        let tiling = [length as u64, 0x100_0000_0003]; // factor 3, tile 256
        let argument = argument(&[x_gm.address(), y_gm.address(), tiling[0], tiling[1]]);
        let arrays = [x_gm.array(Access::Read), y_gm.array(Access::Write)];
        let mut launch = Launch::new("scale_flags", blocks, &argument, &arrays);
        launch.order_seed = u64::from(blocks);
        let counters = run(&launch).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(counters.len(), blocks as usize);
        assert_eq!(y_gm.to_i32(), x.iter().map(|v| v.wrapping_mul(3)).collect::<Vec<_>>());
    }
}

/// Static tensors one behind the other, and one at the address behind them.
#[test]
fn static_scale() {
    let x = words(256, 6);
    let (mut x_gm, mut y_gm) = (Gm::of_i32(&x), Gm::of_i32(&[0; 256]));
    let argument = argument(&[x_gm.address(), y_gm.address(), 3]);
    let arrays = [x_gm.array(Access::Read), y_gm.array(Access::Write)];
    run(&Launch::new("static_scale", 1, &argument, &arrays)).unwrap_or_else(|error| panic!("{error}"));
    let expected: Vec<_> = x.iter().map(|v| v.wrapping_mul(3).wrapping_add(3 * 1024)).collect();
    assert_eq!(y_gm.to_i32(), expected);
}

/// Queues of depth 0 keep two flags a buffer; each begins free.
#[test]
fn in_place() {
    let x = words(2048, 7);
    let (mut x_gm, mut y_gm) = (Gm::of_i32(&x), Gm::of_i32(&[0; 2048]));
    let argument = argument(&[x_gm.address(), y_gm.address()]);
    let arrays = [x_gm.array(Access::Read), y_gm.array(Access::Write)];
    let counters = run(&Launch::new("in_place", 1, &argument, &arrays)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(y_gm.to_i32(), x.iter().map(|v| v.wrapping_add(1)).collect::<Vec<_>>());
    // V: eight tiles filled and, of ten times free, two at the beginning.
    assert_eq!((counters[0].mte2.flags_set, counters[0].v.flags_set), (8, 8 + 2 + 8));
}

/// A queue bound to both ends: copies only, of 64-bit data.
#[test]
fn copy_bind() {
    let length: usize = 64 * 50 + 11;
    let x = words(2 * length, 4);
    let (mut x_gm, mut y_gm) = (Gm::of_i32(&x), Gm::of_i32(&vec![0; 2 * length]));
    let argument = argument(&[x_gm.address(), y_gm.address(), length as u64]);
    let arrays = [x_gm.array(Access::Read), y_gm.array(Access::Write)];
    let counters = run(&Launch::new("copy_bind", 6, &argument, &arrays)).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(y_gm.to_i32(), x);
    assert_eq!(sum(&counters, |core| core.v.instructions + core.s.instructions), 0);
}

/// What relies on automatic synchronisation runs with it, and is a list of races without.
#[test]
fn sum_auto_sync() {
    let x = words(2048, 5);
    let (mut x_gm, mut y_gm) = (Gm::of_i32(&x), Gm::of_i32(&[0; 8]));
    let argument = argument(&[x_gm.address(), y_gm.address(), 2048]);
    let arrays = [x_gm.array(Access::Read), y_gm.array(Access::Write)];
    let mut launch = Launch::new("sum_auto_sync", 2, &argument, &arrays);
    launch.auto_sync = true;
    run(&launch).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(y_gm.to_i32()[0], x.iter().fold(0, |sum: i32, v| sum.wrapping_add(*v)));
    let strict = Launch { auto_sync: false, ..launch };
    let kinds: Vec<_> = reports(&strict).iter().map(|report| report.kind).collect();
    assert!(kinds.len() >= 4 && kinds.iter().all(|kind| *kind == ReportKind::Race), "{kinds:?}");
}

/// A length that does not divide into whole lines: the public sample's split is reported, at its store.
#[test]
fn add_queue_on_unaligned_shares() {
    let length = 8 * 24;
    let (mut x_gm, mut y_gm, mut z_gm) = (Gm::of_i32(&[1; 192]), Gm::of_i32(&[2; 192]), Gm::of_i32(&[0; 192]));
    let mut tiling = Gm::of_i32(&[length, 1]);
    let argument = argument(&[x_gm.address(), y_gm.address(), z_gm.address(), 0, tiling.address()]);
    let arrays =
        [x_gm.array(Access::Read), y_gm.array(Access::Read), z_gm.array(Access::Write), tiling.array(Access::Read)];
    // 24 elements a core in two tiles of 12: copies of 48 bytes, of which the device does 32.
    let Err(LaunchError::Reports(findings)) = run(&Launch::new("add_queue", 8, &argument, &arrays)) else {
        panic!("nothing was reported")
    };
    let kinds: Vec<_> = findings.reports.iter().map(|report| report.kind.name()).collect();
    assert!(kinds.contains(&"CopyTruncated") && kinds.contains(&"CoresWriteSameLine"), "{findings}");
    assert!(findings.to_string().contains("add_queue.cpp"), "{findings}");
}
