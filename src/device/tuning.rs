//! What launches cost on a device: the figures that they are planned with.

use std::fmt;
use std::path::Path;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Error, Result};

/// The names of the figures, in the order of [`Tuning`]'s fields.
const NAMES: [&str; FIGURES] = [
    "launch_ps",
    "core_ps",
    "element_ps",
    "piece_ps",
    "prepared_ps",
    "byte_ps",
    "sums_ps",
    "sum_row_ps",
    "share_row_ps",
];
const FIGURES: usize = 9;
/// The first line of a file of figures.
const HEAD: &str = "ascend-cache-loc tuning 1";

/// What launches cost on a device, in picoseconds: what the crate chooses core counts by, and nothing else. A figure that
/// is wrong costs time, never a result.
///
/// The default is what the simulation's cost model gives in the middle of its ranges, rounded; no hardware has measured it. A
/// device's own figures are a text of ten lines, which `tests/run_npu.sh` measures and prints:
///
/// ```
/// let text = "ascend-cache-loc tuning 1
/// launch_ps 1760000
/// core_ps 63000
/// element_ps 13000
/// piece_ps 32500
/// prepared_ps 18500
/// byte_ps 10
/// sums_ps 510000
/// sum_row_ps 270
/// share_row_ps 23
/// ";
/// let tuning: ascend_cache_loc::Tuning = text.parse()?;
/// assert_eq!(tuning, ascend_cache_loc::Tuning::default());
/// assert_eq!(tuning.to_string(), text);
/// # Ok::<(), ascend_cache_loc::Error>(())
/// ```
///
/// A device takes them from the file that the environment variable `ASCEND_CACHE_LOC_TUNING` names when it is opened first,
/// and from [`Device::tune`](crate::Device::tune) at any time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuning {
    /// A launch on one core that does next to nothing, copies in and out included.
    pub launch_ps: u64,
    /// A further core.
    pub core_ps: u64,
    /// A row that is one element of the output.
    pub element_ps: u64,
    /// A row that is copied by itself, its bytes apart.
    pub piece_ps: u64,
    /// The same where the vector unit prepares the rows for the scalar pipe, as it does where a core has a dozen.
    pub prepared_ps: u64,
    /// A byte that is read from the table or written to the output.
    pub byte_ps: u64,
    /// Where several cores have to sum the lengths of all rows to find their shares: that, the rows apart.
    pub sums_ps: u64,
    /// The same for a row.
    pub sum_row_ps: u64,
    /// The same for a row and each further core, since all read the same arrays.
    pub share_row_ps: u64,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            launch_ps: 1_760_000,
            // Of it the launch is 53,000, the geometric mean of what it may be on Atlas A2 and A3, 0.01 to 0.28 us: not
            // published. The rest is that trips to memory are longer where more cores make them.
            core_ps: 63_000,
            element_ps: 13_000,
            piece_ps: 32_500,
            prepared_ps: 18_500,
            byte_ps: 10,
            sums_ps: 510_000,
            sum_row_ps: 270,
            share_row_ps: 23,
        }
    }
}

impl Tuning {
    /// Reads a file of figures.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it cannot be read, or is none of this version: the text says why and where.
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let at = |why: &dyn fmt::Display| Error::Unavailable(format!("{}: {why}", path.display()).into());
        let text = std::fs::read_to_string(path).map_err(|error| at(&error))?;
        text.parse().map_err(|error| at(&error))
    }

    /// Those of the file that `ASCEND_CACHE_LOC_TUNING` names, or the default.
    pub(super) fn of_process() -> Result<Self> {
        std::env::var_os("ASCEND_CACHE_LOC_TUNING").map_or_else(|| Ok(Self::default()), Self::read)
    }

    fn figures(self) -> [u64; FIGURES] {
        let Self { launch_ps, core_ps, element_ps, piece_ps, prepared_ps, byte_ps, sums_ps, sum_row_ps, share_row_ps } =
            self;
        [launch_ps, core_ps, element_ps, piece_ps, prepared_ps, byte_ps, sums_ps, sum_row_ps, share_row_ps]
    }
}

impl From<[u64; FIGURES]> for Tuning {
    fn from(figures: [u64; FIGURES]) -> Self {
        let [launch_ps, core_ps, element_ps, piece_ps, prepared_ps, byte_ps, sums_ps, sum_row_ps, share_row_ps] =
            figures;
        Self { launch_ps, core_ps, element_ps, piece_ps, prepared_ps, byte_ps, sums_ps, sum_row_ps, share_row_ps }
    }
}

/// As a file of figures.
impl fmt::Display for Tuning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{HEAD}")?;
        NAMES.iter().zip(self.figures()).try_for_each(|(name, figure)| writeln!(f, "{name} {figure}"))
    }
}

impl FromStr for Tuning {
    type Err = Error;

    /// Every figure once, in any order, behind the line that says the version.
    fn from_str(text: &str) -> Result<Self> {
        let wrong = |line: usize, why: &str| Error::Unavailable(format!("line {}: {why}", line + 1).into());
        let mut lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        if lines.next().is_none_or(|(_, line)| line.trim_end() != HEAD) {
            return Err(wrong(0, &format!("not \"{HEAD}\"")));
        }
        let mut figures = [None; FIGURES];
        for (number, line) in lines {
            let (name, value) = line.trim().split_once(' ').unwrap_or((line, ""));
            let Some(place) = NAMES.iter().position(|known| *known == name) else {
                return Err(wrong(number, &format!("no figure named {name:?}")));
            };
            let value = value.trim().parse().map_err(|_| wrong(number, "not a whole number of picoseconds"))?;
            if figures[place].replace(value).is_some() {
                return Err(wrong(number, &format!("{name} again")));
            }
        }
        for (name, figure) in NAMES.iter().zip(figures) {
            figure.ok_or_else(|| Error::Unavailable(format!("no {name}").into()))?;
        }
        Ok(figures.map(|figure| figure.expect("looked at")).into())
    }
}

/// Figures that launches read while others set them: each by itself, since any mixture plans a launch that is right.
#[derive(Debug)]
pub(super) struct Tuned([AtomicU64; FIGURES]);

impl Tuned {
    pub(super) fn new(tuning: Tuning) -> Self {
        Self(tuning.figures().map(AtomicU64::new))
    }

    pub(super) fn get(&self) -> Tuning {
        self.0.each_ref().map(|figure| figure.load(Ordering::Relaxed)).into()
    }

    pub(super) fn set(&self, tuning: Tuning) {
        for (figure, value) in self.0.iter().zip(tuning.figures()) {
            figure.store(value, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wrong with a text, by its line.
    #[test]
    fn a_text_that_is_none_is_refused() {
        let of = |text: &str| text.parse::<Tuning>().unwrap_err().to_string();
        let good = Tuning::default().to_string();
        assert_eq!(of(""), format!("line 1: not \"{HEAD}\""));
        assert_eq!(of(&good.replace("tuning 1", "tuning 2")), format!("line 1: not \"{HEAD}\""));
        assert_eq!(of(&good.replace("core_ps", "cores_ps")), "line 3: no figure named \"cores_ps\"");
        assert_eq!(of(&good.replace("63000", "53.5")), "line 3: not a whole number of picoseconds");
        assert_eq!(of(&good.replace("63000", "-1")), "line 3: not a whole number of picoseconds");
        assert_eq!(of(&format!("{good}byte_ps 10\n")), "line 11: byte_ps again");
        assert_eq!(of(&good.replace("byte_ps 10\n", "")), "no byte_ps");
        let (first, rest) = good.split_once('\n').unwrap();
        let backwards: Vec<_> = rest.lines().rev().collect();
        assert_eq!(format!("{first}\n\n{}", backwards.join("\r\n")).parse(), Ok(Tuning::default()));
    }

    #[test]
    fn a_file_that_cannot_be_read_is_named() {
        let error = Tuning::read("no/such/file").unwrap_err().to_string();
        assert!(error.starts_with("no/such/file: "), "{error}");
    }
}
