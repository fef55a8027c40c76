//! The CPU reference beside straight loops and memcpy, interleaved: `cargo bench -p ascend-cache-loc-benches --bench ratios -- FILTER`.
//!
//! Medians wander from run to run on shared machines, so the contenders take turns call by call, and the table shows
//! medians over five such runs. The two bars: at most 1.05 of the checked loop; for long rows with int32 output at least
//! 90 % of memcpy's bandwidth.

use std::time::Instant;

use ascend_cache_loc::{Int, IntType};
use ascend_cache_loc_benches::Sweep;
use ascend_cache_loc_benches::contender::{Bench, Contender, Op};
use harness::workload::Workload;

const RUNS: usize = 5;
/// Turns of each contender in a run, hot and cold.
const HOT_TURNS: usize = 201;
const COLD_TURNS: usize = 15;
/// The least time of a hot turn, which repeats the call as often as that takes.
const TURN_NANOS: f64 = 20_000.0;

const ORDERS: [[usize; 4]; 4] = [[0, 1, 3, 2], [1, 2, 0, 3], [2, 3, 1, 0], [3, 0, 2, 1]];

fn main() {
    // `cargo test` runs benchmarks to see that they work: a turn each, and no table, since it would not be a measurement.
    let (flags, words): (Vec<_>, Vec<_>) = std::env::args().skip(1).partition(|arg| arg.starts_with("--"));
    let smoke = !flags.iter().any(|flag| flag == "--bench");
    let (runs, hot, cold) = if smoke { (1, 1, 1) } else { (RUNS, HOT_TURNS, COLD_TURNS) };
    if !smoke {
        let [cpu_ref, checked, unchecked, memcpy] = Contender::ALL.map(Contender::name);
        println!(
            "{:<58} {cpu_ref:>9} {checked:>14} {unchecked:>14} {memcpy:>9} {:>8} {:>7}",
            "median ns a call", "/checked", "memcpy/"
        );
    }
    let mut sweep = Sweep::new();
    for workload in Workload::all() {
        for op in Op::ALL {
            for dtype in [IntType::I32, IntType::I64] {
                for (caches, turns) in [("hot", hot), ("cold", cold)] {
                    let name = format!("{}, {}, {dtype}, {caches}", op.name(), workload.name);
                    if !words.iter().all(|word| name.contains(word)) {
                        continue;
                    }
                    let sweep = (caches == "cold").then_some(&mut sweep);
                    let medians = match dtype {
                        IntType::I32 => measure(Bench::<i32>::new(&workload, op), (runs, turns), sweep),
                        IntType::I64 => measure(Bench::<i64>::new(&workload, op), (runs, turns), sweep),
                    };
                    if !smoke {
                        print(&name, medians);
                    }
                }
            }
        }
    }
}

fn print(name: &str, [cpu_ref, checked, unchecked, memcpy]: [f64; 4]) {
    println!(
        "{name:<58} {cpu_ref:>9.0} {checked:>14.0} {unchecked:>14.0} {memcpy:>9.0} {:>8.2} {:>7.2}",
        cpu_ref / checked,
        memcpy / cpu_ref
    );
}

/// The median nanoseconds that a call of each contender takes, after a sweep where one is given.
fn measure<O: Int>(mut bench: Bench<'_, O>, (runs, turns): (usize, usize), mut sweep: Option<&mut Sweep>) -> [f64; 4] {
    let calls = Contender::ALL.map(|contender| {
        let nanos = time(&mut bench, contender, 100) / 100.0;
        if sweep.is_none() { (TURN_NANOS / nanos).ceil().max(1.0) as u64 } else { 1 }
    });
    let mut medians = Contender::ALL.map(|_| Vec::new());
    for _ in 0..runs {
        let mut nanos = Contender::ALL.map(|_| Vec::new());
        for turn in 0..turns {
            // Each contender follows each other one equally often: what ran before shows in the caches.
            for i in ORDERS[turn % ORDERS.len()] {
                let contender = Contender::ALL[i];
                if let Some(sweep) = &mut sweep {
                    sweep.run();
                }
                nanos[i].push(time(&mut bench, contender, calls[i]) / calls[i] as f64);
            }
        }
        for (medians, nanos) in medians.iter_mut().zip(nanos) {
            medians.push(median(nanos));
        }
    }
    medians.map(median)
}

/// Nanoseconds that `calls` calls take.
fn time<O: Int>(bench: &mut Bench<'_, O>, contender: Contender, calls: u64) -> f64 {
    let start = Instant::now();
    bench.run(contender, calls);
    start.elapsed().as_nanos() as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}
