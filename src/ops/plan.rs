//! How a launch is laid out: one rule for all operations, from what there is to do and what that costs on the device.
//!
//! A further core costs the launch some time and takes its part of the work off the others. With `c` cores a launch takes
//! `core * (c - 1) + work / c` beside what no core count changes, which is least at `c = sqrt(work / core)`. Where cores
//! have to sum all rows' lengths to find their shares, one core alone is spared that: so it is tried, too.
//!
//! The square root makes little of an error in the figures: were a further core 0.01 us, twice as many would be best, and
//! half as many were it 0.28. `cargo run --release -p report -- --cores` tries core counts by the simulation's cost model.

use std::time::Duration;

use super::LaunchConfig;
use crate::abi::bindings::ASCEND_CACHE_LOC_PREPARED_ROWS;
use crate::{Error, Result, Tuning};

/// How a call would be launched, and what that is expected to take: what an operation's arguments answer to `plan`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct LaunchPlan {
    /// Vector cores; 0 for an empty batch, which launches nothing.
    pub cores: u32,
    /// Elements of the output that a core works on at a time.
    pub tile: u32,
    /// Time on the device by its [`Tuning`], from the launch to the end: a model's, not a measurement.
    pub time: Duration,
}

/// Bytes that an entry of the table counts at least, where each is copied by itself.
pub(crate) const ENTRY_BYTES: u64 = 140;

/// What a launch has to do.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Work {
    /// Rows that are one element of the output each.
    pub(crate) elements: u64,
    /// Rows that are copied each by itself.
    pub(crate) pieces: u64,
    /// Rows that are copied each by itself, as the vector unit has prepared them.
    pub(crate) prepared: u64,
    /// Rows whose lengths every core sums, unless there is but one.
    pub(crate) summed: u64,
    /// Read from the table in runs and written to the output, at most.
    pub(crate) bytes: u64,
    /// The 64-byte lines that the output touches: no two cores write into one.
    pub(crate) lines: u64,
    /// Whether rows are whose lines they write: then the cores are a power of two, and unless there is but one, each looks
    /// at all rows, which begins twice as soon as summing many does.
    pub(crate) owned: bool,
}

impl Work {
    /// Rows, and pages of them that the vector unit fills: it prepares the rows, too, where a core has enough and few have a
    /// page.
    pub(crate) fn rows(rows: u64, pages: u64) -> Self {
        let are_prepared = rows >= ASCEND_CACHE_LOC_PREPARED_ROWS.into() && 4 * pages <= rows;
        let (pieces, prepared) = if are_prepared { (0, rows) } else { (rows, 0) };
        Self { pieces, prepared: prepared + pages, ..Self::default() }
    }

    /// The same where the vector unit lands rows of at most a block of slots each, of `slots` in all at most: eight of them
    /// take it about as long as preparing one. Which rows are there the host does not know: how many slots a row has on
    /// average decides.
    pub(crate) fn block_rows(rows: u64, pages: u64, slots: u64) -> Self {
        const BLOCK: u64 = 8;
        let work = Self::rows(rows, pages);
        let lands = work.pieces == 0 && slots <= BLOCK * rows;
        Self { prepared: if lands { rows / BLOCK + pages } else { work.prepared }, ..work }
    }

    /// The cores for it, of those that the device has.
    pub(crate) fn cores(self, config: &LaunchConfig, available: u32, tuning: &Tuning) -> Result<u32> {
        let available = available.min(65_535);
        let wanted = match config.cores {
            Some(cores) if !(1..=available).contains(&cores) => return Err(Error::BadCores { cores, available }),
            Some(cores) => cores.into(),
            None if self.owned => nearest_power_of_two(self.best(available.into(), tuning)).min(available.into()),
            None => self.best(available.into(), tuning),
        };
        let cores = u32::try_from(wanted.clamp(1, self.lines.max(1))).expect("no more than there are");
        Ok(if self.owned { 1 << cores.ilog2() } else { cores })
    }

    /// What it takes on so many cores, in picoseconds.
    pub(crate) fn time(self, cores: u64, tuning: &Tuning) -> u64 {
        let further = cores.max(1) - 1;
        let shared =
            self.core(tuning).saturating_mul(further).saturating_add(if further == 0 { 0 } else { self.sums(tuning) });
        tuning.launch_ps.saturating_add(shared).saturating_add(self.alone(tuning) / (further + 1))
    }

    /// The core count for it on a device that has so many.
    fn best(self, available: u64, tuning: &Tuning) -> u64 {
        let many = (self.alone(tuning) / self.core(tuning).max(1)).isqrt().clamp(1, available);
        if self.time(1, tuning) <= self.time(many, tuning) {
            return 1;
        }
        // No more than it takes for the largest share to have as few lines, or one less where that is worth the cores.
        let lines = self.lines.max(1);
        let most = lines.div_ceil(many);
        let cores = |share: u64| lines.div_ceil(share);
        let time = |share: u64| {
            let alone = u128::from(self.alone(tuning)) * u128::from(share) / u128::from(lines);
            u128::from(self.core(tuning)) * u128::from(cores(share) - 1) + alone
        };
        let shares = [most, (most - 1).max(1)].into_iter().filter(|&share| cores(share) <= available);
        shares.min_by_key(|&share| time(share)).map_or(many, cores)
    }

    /// On one core, the launch apart.
    fn alone(self, tuning: &Tuning) -> u64 {
        let rows = [(self.elements, tuning.element_ps), (self.pieces, tuning.piece_ps)];
        let costs = [(self.prepared, tuning.prepared_ps), (self.bytes, tuning.byte_ps)];
        rows.iter().chain(&costs).fold(0, |sum: u64, &(count, each)| sum.saturating_add(count.saturating_mul(each)))
    }

    /// A further core. Where rows are owned, it reads all of each row, at the same time as the others and at the same
    /// addresses, which takes several times as long as reading what lengths are summed of.
    fn core(self, tuning: &Tuning) -> u64 {
        const OWNED: u64 = 3;
        let rows = self.summed.saturating_mul(if self.owned { OWNED } else { 1 });
        tuning.core_ps.saturating_add(rows.saturating_mul(tuning.share_row_ps))
    }

    /// Summing the lengths; of few rows the scalar pipe does that, a row at a time.
    fn sums(self, tuning: &Tuning) -> u64 {
        const FEW: u64 = 32;
        if self.owned {
            return (tuning.sums_ps / 2).saturating_add(self.summed.saturating_mul(tuning.sum_row_ps));
        }
        let start = (tuning.sums_ps / FEW).saturating_mul(self.summed.min(FEW));
        start.saturating_add(self.summed.saturating_mul(tuning.sum_row_ps))
    }
}

fn nearest_power_of_two(cores: u64) -> u64 {
    1 << (cores + cores / 3).max(1).ilog2()
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEFAULT: fn() -> Tuning = Tuning::default;

    fn cores(work: Work, available: u32) -> u32 {
        work.cores(&LaunchConfig::default(), available, &DEFAULT()).unwrap()
    }

    /// `n` rows of so many tokens each, int64 to int32.
    fn ragged(n: u64, tokens: u64) -> Work {
        Work { summed: n, bytes: n * tokens * 8, lines: (n * tokens).div_ceil(16), ..Work::rows(n, 0) }
    }

    fn single(n: u64) -> Work {
        Work { elements: n, bytes: n * 8, lines: n.div_ceil(16), ..Work::default() }
    }

    #[test]
    fn small_batches_have_one_core_and_large_ones_many() {
        assert_eq!([1, 8, 256, 4096].map(|n| cores(single(n), 48)), [1, 1, 8, 32]);
        assert_eq!([1, 16, 64, 256, 4096].map(|n| cores(ragged(n, 4), 48)), [1, 1, 4, 8, 22]);
        assert_eq!(cores(Work { elements: 1 << 30, lines: u64::MAX, ..Work::default() }, 48), 48);
        assert_eq!(cores(ragged(1, 1 << 16), 48), 9, "one long row");
    }

    /// Rows of a block at most keep few cores busy; longer ones, or with many pages, are copied each by itself.
    #[test]
    fn rows_of_a_block_are_many_at_a_time() {
        let of = |n: u64, tokens: u64, page_size: u64| {
            let slots = n * tokens;
            let work = Work::block_rows(n, slots.div_ceil(page_size), slots);
            cores(Work { summed: n, bytes: slots * 4, lines: slots.div_ceil(16), ..work }, 48)
        };
        assert_eq!([64, 256, 1024, 4096].map(|n| of(n, 5, 128)), [1, 1, 6, 9]);
        assert_eq!([64, 256, 1024, 4096].map(|n| of(n, 9, 128)), [4, 8, 15, 22]);
        assert_eq!([64, 256, 1024, 4096].map(|n| of(n, 5, 2)), [10, 16, 32, 46]);
    }

    /// More work is never worth fewer cores, and nothing overflows.
    #[test]
    fn cores_rise_with_the_work() {
        let (mut last, lines) = (0, u64::MAX);
        for shift in 0..64 {
            let now = cores(Work { elements: 1 << shift, bytes: 1 << shift, lines, ..Work::default() }, 65_535);
            assert!(now >= last, "{shift}: {now} after {last}");
            last = now;
        }
        let all = u64::MAX;
        let most = Work { elements: all, pieces: all, prepared: all, summed: all, bytes: all, lines, owned: false };
        assert_eq!(most.time(48, &Tuning::from([u64::MAX; 9])), u64::MAX);
        assert!(cores(most, 48) <= 48);
    }

    /// Of a device with other figures the plan is another.
    #[test]
    fn the_figures_decide() {
        let on = |tuning: Tuning| ragged(300, 2).cores(&LaunchConfig::default(), 48, &tuning).unwrap();
        assert_eq!(on(Tuning { core_ps: 10_000, ..DEFAULT() }), 19);
        assert_eq!(on(Tuning { core_ps: 280_000, ..DEFAULT() }), 4);
        assert_eq!(on(Tuning { sums_ps: 20_000_000, ..DEFAULT() }), 1);
        assert_eq!(on(Tuning { core_ps: 0, share_row_ps: 0, ..DEFAULT() }), 38, "no more than there are lines");
    }

    #[test]
    fn cores_are_a_power_of_two_where_they_have_to_be() {
        let of = |cores| {
            let config = LaunchConfig { cores, ..Default::default() };
            Work { owned: true, ..single(4096) }.cores(&config, 48, &DEFAULT())
        };
        assert_eq!((of(Some(48)), of(Some(3)), of(Some(1))), (Ok(32), Ok(2), Ok(1)));
        let pool = |n| Work { pieces: n, summed: n, bytes: 48 * n, lines: 4096, owned: true, ..Work::default() };
        assert_eq!([1, 16, 32, 64, 300, 512, 4096].map(|n| cores(pool(n), 48)), [1, 1, 4, 4, 8, 16, 16]);
        assert_eq!(cores(pool(1 << 20), 48), 16);
        assert_eq!([1, 2, 3, 5, 6, 11, 12, 31, 48].map(nearest_power_of_two), [1, 2, 4, 4, 8, 8, 16, 32, 64]);
    }

    #[test]
    fn no_more_than_there_are_lines_or_cores() {
        let of = |lines, available| cores(Work { lines, ..single(4096) }, available);
        assert_eq!((of(3, 48), of(0, 48), of(999, 5)), (3, 1, 5));
        let work = Work { lines: 7, ..single(4096) };
        let with = |cores| work.cores(&LaunchConfig { cores: Some(cores), ..Default::default() }, 48, &DEFAULT());
        assert_eq!((with(2), with(48)), (Ok(2), Ok(7)));
        assert_eq!(with(0), Err(Error::BadCores { cores: 0, available: 48 }));
        assert_eq!(with(49), Err(Error::BadCores { cores: 49, available: 48 }));
    }
}
