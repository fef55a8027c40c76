//! How many cores a launch is worth: one rule for all operations.
//!
//! A further core costs the launch some time and takes its part of the work off the others. With `c` cores a launch takes
//! `c * CORE + work / c` beside what no core count changes, which is least at `c = sqrt(work / CORE)`.
//!
//! The constants were fitted with `cargo run --release -p report -- --cores`, which tries core counts by the simulation's cost
//! model. What a further core costs on Atlas A2 and A3 is not published, 0.01 to 0.28 us: taken is the geometric mean, and
//! the square root makes little of the rest. At 0.01 us twice as many cores would be best, at 0.28 us half as many.

use super::LaunchConfig;
use crate::{Error, Result};

/// What a further core costs a launch, in picoseconds.
const CORE_PS: u64 = 53_000;
/// What a row costs the core that does it.
const ROW_PS: u64 = 15_000;
/// What a byte costs that is read or written.
const BYTE_PS: u64 = 10;

/// What a launch has to do.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Plan {
    pub(crate) rows: u64,
    /// Read from the table and written to the output, at most.
    pub(crate) bytes: u64,
    /// The 64-byte lines that the output touches: no two cores write into one.
    pub(crate) lines: u64,
}

impl Plan {
    /// The cores for it, of those that the device has.
    pub(crate) fn cores(self, config: &LaunchConfig, available: u32) -> Result<u32> {
        let available = available.min(65_535);
        let wanted = match config.cores {
            Some(cores) if !(1..=available).contains(&cores) => return Err(Error::BadCores { cores, available }),
            Some(cores) => cores.into(),
            None => self.best().min(available.into()),
        };
        Ok(u32::try_from(wanted.clamp(1, self.lines.max(1))).expect("no more than there are"))
    }

    /// The cores for it on a device that has any number of them.
    fn best(self) -> u64 {
        let work = self.rows.saturating_mul(ROW_PS).saturating_add(self.bytes.saturating_mul(BYTE_PS));
        (work / CORE_PS).isqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cores(rows: u64, bytes: u64, lines: u64, available: u32) -> u32 {
        Plan { rows, bytes, lines }.cores(&LaunchConfig::default(), available).unwrap()
    }

    #[test]
    fn small_batches_have_one_core_and_large_ones_all() {
        assert_eq!((cores(1, 32, 1, 48), cores(8, 256, 2, 48)), (1, 1));
        assert_eq!((cores(256, 8192, 64, 48), cores(4096, 1 << 17, 1024, 48)), (8, 34));
        assert_eq!((cores(1 << 30, u64::MAX, u64::MAX, 48), cores(100_000, 1 << 21, 1 << 15, 40)), (48, 40));
        assert_eq!(cores(1, 1 << 19, 4096, 48), 9, "one long row");
    }

    /// More work is never worth fewer cores.
    #[test]
    fn cores_rise_with_the_work() {
        let mut last = (0, 0);
        for shift in 0..60 {
            let now = (cores(1 << shift, 0, u64::MAX, 65_535), cores(0, 1 << shift, u64::MAX, 65_535));
            assert!(now.0 >= last.0 && now.1 >= last.1, "{shift}: {now:?} after {last:?}");
            last = now;
        }
    }

    #[test]
    fn no_more_than_there_are_lines_or_cores() {
        assert_eq!((cores(4096, 0, 3, 48), cores(4096, 0, 0, 48), cores(4096, 0, 999, 5)), (3, 1, 5));
        let plan = Plan { rows: 4096, bytes: 0, lines: 7 };
        let with = |cores| plan.cores(&LaunchConfig { cores: Some(cores), ..Default::default() }, 48);
        assert_eq!((with(2), with(48)), (Ok(2), Ok(7)));
        assert_eq!(with(0), Err(Error::BadCores { cores: 0, available: 48 }));
        assert_eq!(with(49), Err(Error::BadCores { cores: 49, available: 48 }));
    }
}
