//! Copies to GM that add to what is there, or keep the larger or smaller.

use ascend_cache_loc::sim::{Access, Launch};
use ascend_cache_loc_sim_tests::{Gm, argument, run};
use half::{bf16, f16};

const CORES: u32 = 5;

/// What 5 cores leave of `count` elements with the value 100, each core twice; and core 0's plain copy behind them.
fn expected(operation: u64, count: usize) -> Vec<i64> {
    let pattern = |i: usize, core: u32| (i as i64 % 7 - 3) * i64::from(core + 1);
    let combine = |i: usize| {
        (0..2 * CORES).fold(100, |value, turn| match (operation, pattern(i, turn / 2)) {
            (0, other) => value + other,
            (1, other) => value.max(other),
            (_, other) => value.min(other),
        })
    };
    (0..count).map(combine).chain((0..count).map(|i| pattern(i, 0))).collect()
}

fn check<const N: usize>(kernel: &str, to_bytes: impl Fn(i64) -> [u8; N]) {
    for operation in 0..3 {
        for (count, order_seed) in [(1, 0), (7, 1), (16, 2), (100, 3)] {
            let before: Vec<u8> = (0..2 * count).flat_map(|_| to_bytes(100)).collect();
            let mut gm = Gm::new(&before, 0);
            let argument = argument(&[gm.address(), operation, count as u64]);
            let arrays = [gm.array(Access::ReadWrite)];
            let mut launch = Launch::new(kernel, CORES, &argument, &arrays);
            (launch.order_seed, launch.shared_lines) = (order_seed, true);
            run(&launch).unwrap_or_else(|error| panic!("{kernel} {operation} {count}: {error}"));
            let bytes: Vec<u8> = expected(operation, count).into_iter().flat_map(&to_bytes).collect();
            assert!(gm.as_bytes() == bytes, "{kernel} {operation} {count}");
        }
    }
}

#[test]
fn combined() {
    check("combined int8", |value| (value as i8).to_ne_bytes());
    check("combined int16", |value| (value as i16).to_ne_bytes());
    check("combined int32", |value| (value as i32).to_ne_bytes());
    check("combined float", |value| (value as f32).to_ne_bytes());
    check("combined half", |value| f16::from_f32(value as f32).to_ne_bytes());
    check("combined bfloat16", |value| bf16::from_f32(value as f32).to_ne_bytes());
}
