//! Public measurements of public kernels on arch 2201, and the same kernels under the model. asc-devkit's samples, from
//! their READMEs; the kernels are ours and do what is described there.
//!
//! A loop of thousands of equal turns runs for some, and its time is multiplied.

use ascend_cache_loc::sim::cost::{self, Costs};
use ascend_cache_loc::sim::{Access, Array, Kernels, Launch, Pipe, ReportKind, Steps};

use crate::{add, argument, hollow, run};

unsafe extern "C" {
    static cost_copies_kernels: Kernels;
    static cost_add_kernels: Kernels;
}

/// A measurement.
#[derive(Debug)]
pub struct Measured {
    /// What was measured.
    pub name: &'static str,
    /// What it gave, in its unit.
    pub published: f64,
    /// Of `published`.
    pub unit: &'static str,
    /// By how much the model may differ, as a part of the measurement.
    pub bound: f64,
    /// What the cores did.
    steps: Steps,
    reading: Reading,
}

/// What of a schedule was measured.
#[derive(Debug, Clone, Copy)]
enum Reading {
    /// Microseconds that MTE2 had something under way, the mean over the cores, times so many.
    Mte2(f64),
    /// Nanoseconds of each of so many equal turns.
    Turn(u32),
}

impl Measured {
    /// What the model says.
    #[must_use]
    pub fn modelled(&self, costs: &Costs) -> f64 {
        let cores = self.steps.len();
        let schedule = cost::time(&self.steps, cores, costs);
        match self.reading {
            Reading::Mte2(times) => {
                times * (0..cores).map(|core| schedule.busy_us(core, Pipe::Mte2)).sum::<f64>() / cores as f64
            }
            Reading::Turn(turns) => {
                let longest = schedule.ends_us().into_iter().fold(0.0, f64::max);
                (1000.0 * longest - costs.kernel_start) / f64::from(turns)
            }
        }
    }

    /// What the cores did.
    #[must_use]
    pub fn steps(&self) -> &Steps {
        &self.steps
    }

    /// By how much it differs, as a part of the measurement.
    #[must_use]
    pub fn error(&self, costs: &Costs) -> f64 {
        self.modelled(costs) / self.published - 1.0
    }
}

/// All of them. Each call runs the kernels anew.
#[must_use]
pub fn all() -> Vec<Measured> {
    let copies = |name, published, steps, times| Measured {
        name,
        published,
        unit: "us",
        bound: 0.15,
        steps,
        reading: Reading::Mte2(times),
    };
    let add = |name, published, steps, turns| Measured {
        name,
        published,
        unit: "ns",
        bound: 0.20,
        steps,
        reading: Reading::Turn(turns),
    };
    vec![
        copies("data_copy, 1 x 64, 48 cores", 548.161, rows(12_288, 16, (1, 64)), 16.0),
        copies("data_copy, 64 x 64, 48 cores", 220.772, rows(12_288, 64, (64, 64)), 4.0),
        copies("data_copy, 64 x 1024, 48 cores", 202.657, rows(12_288, 64, (64, 1024)), 4.0),
        copies("data_copy, 64 x 1024, rows of 12287, 48 cores", 259.047, rows(12_287, 64, (64, 1024)), 4.0),
        copies("data_copy, all cores read the same at once", 474.717, common(true), 4.0),
        copies("data_copy, all cores read the same, rotated", 307.38, common(false), 4.0),
        add("add_high_performance, case 0, an element", 1_233_742_494.0 / 67_108_864.0, addition(1, 2, true), 2 * 4096),
        add("add_high_performance, case 1, a tile", 6_909_140.0 / 16_384.0, addition(1, 64, false), 64),
        add("add_high_performance, case 2, a tile", 297_140.0 * 48.0 / 16_384.0, addition(48, 64, false), 64),
    ]
}

/// A matrix of so many columns, of which each of 48 cores copies so many rows in, tile by tile.
fn rows(columns: u64, core_rows: u64, tile: (u64, u64)) -> Steps {
    copies(48, columns, core_rows, tile, 1, false)
}

/// A matrix of 6144 x 512, which every core copies in whole, in 48 parts; a quarter of each part.
fn common(same: bool) -> Steps {
    copies(48, 512, 128, (128, 64), 12, same)
}

fn copies(cores: u32, columns: u64, core_rows: u64, tile: (u64, u64), parts: u64, same: bool) -> Steps {
    // SAFETY: a constant.
    add(unsafe { &cost_copies_kernels });
    let matrix = 1 << 30;
    let pack = |low: u64, high: u64| low | high << 32;
    let argument = argument(&[matrix, pack(columns, core_rows), pack(tile.0, tile.1), pack(parts, same.into())]);
    let arrays = [hollow(matrix, 2 * columns * core_rows * u64::from(cores), Access::Read)];
    let launch = Launch::new("cost_copies", cores, &argument, &arrays);
    // SAFETY: the array has no storage, and the kernel follows no pointer.
    unsafe { run(&launch, Some(ReportKind::Race)) }
}

fn addition(cores: u32, tiles: u64, scalar: bool) -> Steps {
    // SAFETY: a constant.
    add(unsafe { &cost_add_kernels });
    let len = u64::from(cores) * tiles * 4096;
    let mut arrays: Vec<Vec<i16>> = (1..=3).map(|i| vec![i; usize::try_from(len).expect("it fits")]).collect();
    let access = [Access::Read, Access::Read, Access::Write];
    let lies = |(i, array): (usize, &mut Vec<i16>)| {
        let array = Array::of(&raw mut array[..], access[i]);
        let address = (i as u64 + 1) << 32;
        Array { address, allocation: (address, array.bytes), ..array }
    };
    let arrays: Vec<_> = arrays.iter_mut().enumerate().map(lies).collect();
    let argument =
        argument(&[arrays[0].address, arrays[1].address, arrays[2].address, tiles | u64::from(scalar) << 32]);
    let mut launch = Launch::new("cost_add", cores, &argument, &arrays);
    launch.auto_sync = scalar;
    // SAFETY: the arrays live above, and the kernel follows no pointer.
    unsafe { run(&launch, None) }
}
