//! What no kernel for an operation can be faster than, by the same costs.
//!
//! The least, over core counts c, of: launching c cores and their beginning; the trips to GM that depend on each other (the
//! indices, then the table, then the output); the longer of moving the bytes and issuing the copies, a row's each. A row's
//! slots count as no less than the least block. What every core reads, all of them read at one address.

use ascend_cache_loc::sim::cost::Costs;
use harness::case::Case;
use harness::traffic::Traffic;

/// In microseconds, on a device of so many cores.
#[must_use]
pub fn us(case: &Case, device_cores: u32, costs: &Costs) -> f64 {
    let traffic = case.op.traffic(case, costs.block_bytes);
    (1..=device_cores).map(|cores| on(traffic, cores, costs)).fold(f64::INFINITY, f64::min) / 1000.0
}

fn on(Traffic { read, read_by_each, written, copies }: Traffic, cores: u32, costs: &Costs) -> f64 {
    let (cores, others) = (f64::from(cores), f64::from(cores - 1));
    let launch = costs.launch + others * costs.launch_core + costs.kernel_start;
    let growth = 1.0 + (costs.trip_growth - 1.0) * others / 47.0;
    let trips = growth * (2.0 * costs.read_trip + costs.write_trip);
    let same = if cores > 1.0 { cores * read_by_each / costs.same_bandwidth } else { 0.0 };
    let known = same.max(read_by_each / costs.read_bandwidth);
    let alone = (read / costs.read_bandwidth).max(written / costs.write_bandwidth) / cores;
    let moved = alone.max((read + written) / costs.all_bandwidth);
    launch + trips + (known + moved).max(copies * costs.issue / cores)
}
