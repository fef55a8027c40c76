//! What no kernel for an operation can be faster than, by the same costs.
//!
//! The least, over core counts c, of: launching c cores and their beginning; the trips to GM that depend on each other (the
//! indices, then the table, then the output); the longer of moving the bytes and issuing a copy a row. A row's slots count
//! as no less than the least block. Where a row's place depends on the rows before it, every core reads all lengths, and
//! all of them at one address.

use ascend_cache_loc::sim::cost::Costs;
use ascend_cache_loc::{IntType, Operation};
use harness::case::{Case, Dtypes};

/// In microseconds, on a device of so many cores.
#[must_use]
pub fn us(case: &Case, device_cores: u32, costs: &Costs) -> f64 {
    (1..=device_cores).map(|cores| on(case, cores, costs)).fold(f64::INFINITY, f64::min) / 1000.0
}

fn on(case: &Case, cores: u32, costs: &Costs) -> f64 {
    let (cores, others) = (f64::from(cores), f64::from(cores - 1));
    let n = case.batch() as f64;
    let bytes = |of: IntType, count: f64| if of == IntType::I32 { 4.0 * count } else { 8.0 * count };
    let launch = costs.launch + others * costs.launch_core + costs.kernel_start;
    let growth = 1.0 + (costs.trip_growth - 1.0) * others / 47.0;
    let trips = growth * (2.0 * costs.read_trip + costs.write_trip);

    let us = |reads: f64, writes: f64, known: f64| {
        let alone = (reads / costs.read_bandwidth).max(writes / costs.write_bandwidth) / cores;
        let moved = alone.max((reads + writes) / costs.all_bandwidth);
        launch + trips + (known + moved).max(n * costs.issue / cores)
    };
    let Dtypes { req_pool_indices, lens, out } = case.dtypes;
    let (requests, writes) = (bytes(req_pool_indices, n), bytes(out, case.out_len as f64));
    match case.op.operation() {
        Operation::GET_LAST_LOC => us(requests + bytes(lens, n) + n * costs.block_bytes, writes, 0.0),
        Operation::ASSIGN_EXTEND_CACHE_LOCS => {
            let rows = case.arrays[1].iter().zip(&case.arrays[2]);
            let table: f64 = rows.map(|(start, end)| (4.0 * (end - start) as f64).max(costs.block_bytes)).sum();
            let lengths = bytes(lens, 2.0 * n);
            let same = if cores > 1.0 { cores * lengths / costs.same_bandwidth } else { 0.0 };
            us(requests + table, writes, same.max(lengths / costs.read_bandwidth))
        }
        other => unreachable!("{}: no workload has a case of it", other.name()),
    }
}
