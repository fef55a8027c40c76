//! The ladder: its rungs in order, up to the first difference.

use std::fmt;
use std::io::Write;

use anyhow::Result;

use crate::{Lab, rungs};

/// One thing that is tried.
#[derive(Clone, Copy)]
pub struct Rung {
    /// What it is.
    pub name: &'static str,
    /// Tries it. Notes: what is good to know and nothing relies on. An error: what is not as the operations think.
    pub run: fn(&Lab) -> Result<Vec<String>>,
}

impl fmt::Debug for Rung {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// All of it, each rung above those that it relies on.
pub const LADDER: &[Rung] = &[
    Rung { name: "an empty kernel", run: rungs::launch::empty },
    Rung { name: "the argument block, echoed", run: rungs::launch::echo },
    Rung { name: "unaligned copies both ways, between guard bytes", run: rungs::copies::unaligned },
    Rung { name: "two cores in one 32-byte block, one 64-byte line, two lines", run: rungs::copies::neighbours },
    Rung { name: "GatherMask, counter and normal mode", run: rungs::vector::gather_mask },
    Rung { name: "16-bit Or on int32 data", run: rungs::vector::or },
    Rung { name: "int32 overflow", run: rungs::vector::overflow },
    Rung { name: "Cast to and from int64", run: rungs::vector::cast },
    Rung { name: "1,000 small copies, timed", run: rungs::timed::small_copies },
    Rung { name: "1,000 scalar reads, timed", run: rungs::timed::scalar_reads },
    Rung { name: "launches by number of cores, timed", run: rungs::timed::launches },
];

/// Climbs until a rung shows a difference; writes a line for each, and its notes. Tells whether there was none.
///
/// # Errors
/// Where `to` cannot be written.
pub fn climb(rungs: &[Rung], lab: &Lab, to: &mut impl Write) -> std::io::Result<bool> {
    for (i, rung) in rungs.iter().enumerate() {
        write!(to, "{:>2}/{} {}: ", i + 1, rungs.len(), rung.name)?;
        to.flush()?;
        match (rung.run)(lab) {
            Ok(notes) => {
                writeln!(to, "as expected")?;
                for note in notes {
                    writeln!(to, "      {note}")?;
                }
            }
            Err(difference) => {
                writeln!(to, "DIFFERENT\n      {difference:#}")?;
                return Ok(false);
            }
        }
    }
    Ok(true)
}
