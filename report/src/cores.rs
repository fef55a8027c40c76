//! How many cores a launch is worth: what a further one costs is not published, so that each answer is for both ends of
//! that range, with everything else in the middle of its own.

use std::fmt;

use ascend_cache_loc::IntType;
use ascend_cache_loc::sim::Steps;
use ascend_cache_loc::sim::cost::{self, Costs, End};
use harness::operation::OPERATIONS;

use crate::measure::Bench;
use crate::workload::Workload;

/// Vector cores of the device.
const DEVICE: u32 = 48;
/// Core counts that are tried.
const TRIED: [u32; 14] = [1, 2, 3, 4, 6, 8, 10, 12, 16, 20, 24, 32, 40, 48];

/// An operation on a batch.
#[derive(Debug)]
pub struct Choice {
    /// The crate's name of the operation.
    pub operation: &'static str,
    /// Requests x tokens.
    pub workload: String,
    /// The cores that the crate launches.
    pub cores: usize,
    /// For each end of what a further core costs, and in the middle: microseconds with the crate's cores, the best core
    /// count of those tried, and microseconds with it.
    pub ends: [(f64, usize, f64); 3],
}

impl Choice {
    /// Some operations, by their names, on every batch, int64 to int32, as each is done.
    ///
    /// # Errors
    /// Where a kernel gives a wrong result, or `each` fails.
    ///
    /// # Panics
    /// Never: some core counts are tried.
    pub fn some(which: impl Fn(&str) -> bool, each: &mut dyn FnMut(Self) -> anyhow::Result<()>) -> anyhow::Result<()> {
        let (mut bench, workloads) = (Bench::new(DEVICE)?, Workload::all());
        for &op in OPERATIONS.iter().filter(|op| which(op.name())) {
            for (workload, case) in workloads.iter().flat_map(|of| of.cases(op, IntType::I64, IntType::I32)) {
                let ours = bench.run(&case, None)?;
                let others = TRIED.map(|cores| bench.run(&case, Some(cores)));
                let others = others.into_iter().collect::<Result<Vec<_>, _>>()?;
                let ends = End::ALL.map(|end| {
                    let mut costs = Costs::at(End::Middle);
                    costs.launch_core = Costs::at(end).launch_core;
                    let us = |steps: &Steps| cost::time(steps, DEVICE as usize, &costs).us();
                    let times = others.iter().map(|steps| (us(steps), steps.len()));
                    let (best, cores) = times.min_by(|a, b| a.0.total_cmp(&b.0)).expect("some are tried");
                    (us(&ours), cores, best)
                });
                each(Self { operation: op.name(), workload, cores: ours.len(), ends })?;
            }
        }
        Ok(())
    }

    /// Above the columns.
    #[must_use]
    pub fn heading() -> String {
        let [low, middle, high] =
            End::ALL.map(|end| format!("{:.3} us a further core", Costs::at(end).launch_core / 1000.0));
        format!("{:18} {:>5} {low:>24}{middle:>24}{high:>24}", "workload", "cores")
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:18} {:>5}", self.workload, self.cores)?;
        for (us, cores, best) in self.ends {
            write!(f, "    {us:>6.2}, {best:>5.2} on {cores:>2}")?;
        }
        Ok(())
    }
}
