//! The rows of the report.

use std::collections::BTreeMap;
use std::fmt;

use ascend_cache_loc::IntType;
use ascend_cache_loc::sim::Steps;
use ascend_cache_loc::sim::cost::{self, Costs, End};
use harness::case::Case;
use harness::operation::OPERATIONS;
use serde::Serialize;

use crate::floor;
use crate::measure::{Bench, pull_request_261};
use crate::workload::{DEVICES, TYPES, Workload};

/// Times are microseconds at the low end of all ranges, in the middle, and at the high end.
#[derive(Debug, Serialize)]
pub struct Row {
    /// The crate's name of the operation.
    pub operation: &'static str,
    /// Requests x tokens.
    pub workload: String,
    /// Elements of the index arrays.
    pub index: String,
    /// Elements of the output.
    pub out: String,
    /// Vector cores of the device.
    pub device_cores: u32,
    /// Those that the crate launches.
    pub cores: usize,
    /// The modelled time.
    pub us: [f64; 3],
    /// What it is made of, in the middle.
    pub path: String,
    /// What no kernel can be faster than.
    pub floor_us: [f64; 3],
    /// Others, by name.
    pub peers_us: BTreeMap<&'static str, [f64; 3]>,
}

/// Microseconds, to a nanosecond.
fn round(us: f64) -> f64 {
    (us * 1000.0).round() / 1000.0
}

fn at_ends(f: impl Fn(&Costs) -> f64) -> [f64; 3] {
    End::ALL.map(|end| round(f(&Costs::at(end))))
}

fn times(steps: &Steps, device_cores: u32) -> [f64; 3] {
    at_ends(|costs| cost::time(steps, device_cores as usize, costs).us())
}

impl Row {
    /// The rows of some operations and workloads, by their names, as each is done.
    ///
    /// # Errors
    /// Where a kernel gives a wrong result, or `each` fails.
    pub fn some(
        which: impl Fn(&str, &str) -> bool,
        each: &mut dyn FnMut(Self) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut benches = DEVICES.iter().map(|&cores| Bench::new(cores)).collect::<Result<Vec<_>, _>>()?;
        let workloads = Workload::all();
        for &op in OPERATIONS {
            for (workload, (index, out)) in workloads.iter().flat_map(|workload| TYPES.map(|types| (workload, types))) {
                for (name, case) in workload.cases(op, index, out).iter().filter(|(name, _)| which(op.name(), name)) {
                    let theirs = pull_request_261(case)?;
                    for (bench, device_cores) in benches.iter_mut().zip(DEVICES) {
                        let ours = bench.run(case, None)?;
                        each(Self::of(name, case, device_cores, &ours, theirs.as_ref()))?;
                    }
                }
            }
        }
        Ok(())
    }

    fn of(workload: &str, case: &Case, device_cores: u32, ours: &Steps, theirs: Option<&Steps>) -> Self {
        let middle = Costs::at(End::Middle);
        Self {
            operation: case.op.name(),
            workload: workload.into(),
            index: name(case.dtypes.lens),
            out: name(case.dtypes.out),
            device_cores,
            cores: ours.len(),
            us: times(ours, device_cores),
            path: cost::time(ours, device_cores as usize, &middle).path().to_string(),
            floor_us: at_ends(|costs| floor::us(case, device_cores, costs)),
            peers_us: theirs.iter().map(|steps| ("pr261", times(steps, device_cores))).collect(),
        }
    }

    /// What the columns are.
    pub const LEGEND: &str = "\
Modelled microseconds of a launch: with every figure at the fast end of its range, in the middle, at the slow end. Beside
them the cores that the crate launches, of those that the device has; the floor in the middle, and how many times it the
time is; how many times as long pull request 261 takes, at each end; what the middle is made of. No device is behind it.
Batches are requests x tokens, or requests at a length; pos: with positions; new: the new column alone.";

    /// Above the columns.
    #[must_use]
    pub fn heading() -> String {
        format!(
            "{:18} {:9} {:>7} {:>21} {:>6} {:>5} {:>14}  path",
            "workload", "types", "cores", "us", "floor", "x", "pr261 x"
        )
    }
}

/// As a JSON has it: i32, i64.
fn name(of: IntType) -> String {
    if of == IntType::I32 { "i32" } else { "i64" }.into()
}

/// One line: cores chosen of those there are; us low, middle, high; the floor in the middle, and how many times it; how
/// many times as long pull request 261 takes, at each end.
impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [low, middle, high] = self.us;
        let peers = self.peers_us.get("pr261").map_or("-".into(), |theirs| {
            let [low, middle, high] = std::array::from_fn(|i| theirs[i] / self.us[i]);
            format!("{low:.1} {middle:.1} {high:.1}")
        });
        write!(
            f,
            "{:18} {}->{}  {:>3}/{:<3} {low:>6.2} {middle:>6.2} {high:>6.2} {:>6.2} {:>5.2} {peers:>14}  {}",
            self.workload,
            self.index,
            self.out,
            self.cores,
            self.device_cores,
            self.floor_us[1],
            middle / self.floor_us[1],
            self.path
        )
    }
}
