//! What the simulation found wrong with a kernel.

use std::ffi::{CStr, c_char};
use std::fmt;

use crate::sim::bindings::{self as raw, AscendCacheLocSimPlace, AscendCacheLocSimReport};

/// A pipe of a vector core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Pipe {
    /// Scalar.
    S,
    /// Vector, and copies within UB.
    V,
    /// GM to UB.
    Mte2,
    /// UB to GM.
    Mte3,
}

/// What an address is an address of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Space {
    /// The core's Unified Buffer: addresses are byte offsets into it.
    Ub,
    /// Global memory: device addresses.
    Gm,
}

/// One instruction in a kernel's source.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Place {
    /// Name of the API call, such as `DataCopyPad`.
    pub instruction: &'static str,
    /// The source file, as the compiler was given it.
    pub file: &'static str,
    /// Line in `file`, from 1.
    pub line: u32,
    /// Where the helper was called that this place lies in, file and line: of helpers that say so, see
    /// `ascendc/sim/README.md`.
    pub caller: Option<(&'static str, u32)>,
    /// The pipe that it runs on.
    pub pipe: Pipe,
    /// The block index of the core.
    pub core: u32,
    /// Whether it writes the bytes that the report is about.
    pub writes: bool,
}

/// One finding. The same kind at the same two places is one report, with its occurrences counted.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// Name of the kernel.
    pub kernel: Box<str>,
    /// What is wrong.
    pub kind: ReportKind,
    /// The instruction that the report is about; the first of its occurrences.
    pub at: Place,
    /// The earlier instruction that it conflicts with.
    pub other: Option<Place>,
    /// Where in memory, if it is about memory.
    pub space: Option<Space>,
    /// Address of the first byte concerned, see [`Space`].
    pub address: u64,
    /// Bytes concerned, from `address` on; the first run, where there are several. 0: it is not about bytes.
    pub bytes: u64,
    /// How often it happened in the launch, over all cores.
    pub occurrences: u64,
}

/// Declares [`ReportKind`] with the C constant and the text of each variant.
macro_rules! report_kinds {
    ($($(#[$doc:meta])* $name:ident $({ $($(#[$field_doc:meta])* $field:ident: $source:ident),+ })? = $constant:ident, $text:literal;)+) => {
        /// What a report says is wrong. `ascendc/sim/README.md` has a paragraph on each.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ReportKind {
            $($(#[$doc])* $name $({ $($(#[$field_doc])* $field: u64),+ })?,)+
        }

        impl ReportKind {
            fn from_raw(report: &AscendCacheLocSimReport) -> Self {
                match report.kind {
                    $(raw::$constant => Self::$name $({ $($field: report.$source),+ })?,)+
                    unknown => unreachable!("report kind {unknown}: header and library are built together"),
                }
            }

            #[cfg(test)]
            const NAMES: &[&str] = &[$(stringify!($name)),+];

            /// The variant's name.
            #[must_use]
            pub fn name(&self) -> &'static str {
                match self {
                    $(Self::$name { .. } => stringify!($name),)+
                }
            }
        }

        impl fmt::Display for ReportKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                match self {
                    $(Self::$name $({ $($field),+ })? => write!(f, $text),)+
                }
            }
        }
    };
}

report_kinds! {
    /// No flag or barrier orders the instruction after [`Report::other`], which touches the same bytes.
    Race = ASCEND_CACHE_LOC_SIM_RACE, "is not ordered after";
    /// `WaitFlag` of a flag that nothing set: the device hangs.
    WaitNeverSet { /** Event id. */ id: value } = ASCEND_CACHE_LOC_SIM_WAIT_NEVER_SET, "waits for flag {id}, which was never set";
    /// `SetFlag` that nothing waited for: it leaks into the next kernel.
    SetNeverWaited { /** Event id. */ id: value } = ASCEND_CACHE_LOC_SIM_SET_NEVER_WAITED, "sets flag {id}, which is never awaited";
    /// `SetFlag` of a flag that is set already.
    EventPending { /** Event id. */ id: value } = ASCEND_CACHE_LOC_SIM_EVENT_PENDING, "sets flag {id}, which is set and not yet awaited";
    /// An event id that the hardware does not have.
    EventIdRange { /** Event id, as the call read it (negative ones wrap around). */ id: value, /** Number of ids. */ ids: limit }
        = ASCEND_CACHE_LOC_SIM_EVENT_ID_RANGE, "uses event id {id}; there are {ids}";
    /// Every event id is held; `AllocEventID` returns one that does not exist.
    EventIdsSpent { /** Number of ids. */ ids: limit } = ASCEND_CACHE_LOC_SIM_EVENT_IDS_SPENT, "finds all {ids} event ids held";
    /// `ReleaseEventID` of an id that is not allocated.
    EventNotHeld { /** Event id. */ id: value } = ASCEND_CACHE_LOC_SIM_EVENT_NOT_HELD, "releases event id {id}, which is not allocated";
    /// Event id 6 or 7, which the library and the compiler use, and which `TPipe` did not give.
    EventIdReserved { /** Event id. */ id: value } = ASCEND_CACHE_LOC_SIM_EVENT_ID_RESERVED, "uses event id {id}, which the library uses too";
    /// A flag or barrier of pipes for which vector cores have none; it orders nothing.
    EventPipes = ASCEND_CACHE_LOC_SIM_EVENT_PIPES, "is of pipes for which vector cores have none";
    /// Past the end of UB.
    UbOverrun { /** End of the access. */ end: value, /** Size of UB, bytes. */ size: limit }
        = ASCEND_CACHE_LOC_SIM_UB_OVERRUN, "reaches byte {end} of a UB of {size}";
    /// Outside the `TQue` or `TBuf` buffer that the tensor is a view of.
    UbOutsideBuffer { /** End of the access. */ end: value, /** End of the buffer. */ buffer_end: limit }
        = ASCEND_CACHE_LOC_SIM_UB_OUTSIDE_BUFFER, "reaches UB byte {end}, its buffer ends at {buffer_end}";
    /// A UB address that is not aligned as the instruction needs it.
    UbMisaligned { /** Bytes past the last aligned address. */ off: value, /** Alignment, bytes. */ alignment: limit }
        = ASCEND_CACHE_LOC_SIM_UB_MISALIGNED, "has an operand {off} bytes off its alignment of {alignment}";
    /// Reads UB bytes that nothing wrote; the tail that `DataCopyPad` fills up to 32 bytes counts as unwritten.
    UbUnwritten = ASCEND_CACHE_LOC_SIM_UB_UNWRITTEN, "reads bytes that nothing wrote";
    /// Source and destination overlap without being the same.
    OperandsOverlap = ASCEND_CACHE_LOC_SIM_OPERANDS_OVERLAP, "has a destination that partly overlaps a source";
    /// A tensor, queue or buffer without memory behind it.
    TensorUnset = ASCEND_CACHE_LOC_SIM_TENSOR_UNSET, "uses a tensor, queue or buffer that has no memory";
    /// A GM access outside every allocation that the launch knows.
    GmOutsideAllocation = ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ALLOCATION, "leaves its allocation";
    /// A GM access outside the array that the tensor was set to.
    GmOutsideArray = ASCEND_CACHE_LOC_SIM_GM_OUTSIDE_ARRAY, "leaves the array that the launch declared";
    /// A write to an array declared read-only, or a read of a write-only one.
    GmForbidden = ASCEND_CACHE_LOC_SIM_GM_FORBIDDEN, "does what the launch declared that nobody does to this array";
    /// A GM address that is not a multiple of the element size where the instruction wants it.
    GmMisaligned { /** Bytes past the last aligned address. */ off: value, /** Alignment, bytes. */ alignment: limit }
        = ASCEND_CACHE_LOC_SIM_GM_MISALIGNED, "has a GM address {off} bytes off its alignment of {alignment}";
    /// Two cores write the same bytes.
    CoresWriteSameBytes = ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_BYTES, "writes bytes that another core writes";
    /// Two cores write different bytes of one 64-byte line.
    CoresWriteSameLine = ASCEND_CACHE_LOC_SIM_CORES_WRITE_SAME_LINE, "writes into a 64-byte line that another core writes into";
    /// One core reads bytes that another one writes.
    CoreReadsWritten = ASCEND_CACHE_LOC_SIM_CORE_READS_WRITTEN, "and another core read and write the same bytes";
    /// `DataCopy` of a length that is no multiple of 32 bytes: the device rounds down.
    CopyTruncated { /** Bytes asked for. */ asked: value, /** Bytes copied. */ copied: limit }
        = ASCEND_CACHE_LOC_SIM_COPY_TRUNCATED, "asks for {asked} bytes, the device copies {copied}";
    /// A field of a copy outside its documented range.
    CopyParameter { /** The field. */ value: value, /** The largest allowed, or what it must be a multiple of. */ limit: limit }
        = ASCEND_CACHE_LOC_SIM_COPY_PARAMETER, "has a field of {value} where {limit} is the limit";
    /// A count, mask, stride or pattern outside its documented range.
    VectorParameter { /** The parameter (negative ones wrap around). */ value: value, /** Its limit. */ limit: limit }
        = ASCEND_CACHE_LOC_SIM_VECTOR_PARAMETER, "has a parameter of {value} where {limit} is the limit";
    /// `Gather` with an offset that is not a multiple of the element size, or leaves UB.
    GatherOffset { /** The offset, bytes. */ offset: value, /** Element size, or size of UB. */ limit: limit }
        = ASCEND_CACHE_LOC_SIM_GATHER_OFFSET, "has a byte offset of {offset} against {limit}";
    /// A round mode that this `Cast` does not have.
    CastMode { /** The `RoundMode`, as a number. */ mode: value } = ASCEND_CACHE_LOC_SIM_CAST_MODE, "has no round mode {mode}";
    /// `And`, `Or` of 32-bit data: the device processes that many 16-bit elements.
    ElementsHalved { /** Elements asked for. */ asked: value } = ASCEND_CACHE_LOC_SIM_ELEMENTS_HALVED, "takes {asked} elements as 16-bit ones: half are done";
    /// The headers accept this type, and the device emits no instruction for it.
    NotExecuted { /** Size of the type, bytes. */ element_bytes: value } = ASCEND_CACHE_LOC_SIM_NOT_EXECUTED, "does nothing for elements of {element_bytes} bytes";
    /// More repeats than the library counts.
    RepeatsWrapped { /** Elements asked for. */ asked: value, /** Elements done. */ done: limit }
        = ASCEND_CACHE_LOC_SIM_REPEATS_WRAPPED, "is asked for {asked} elements and does {done}";
    /// `InitBuffer` beyond what a kernel may use of UB.
    PipeUbBudget { /** Bytes in all. */ bytes: value, /** Bytes a kernel may use. */ limit: limit }
        = ASCEND_CACHE_LOC_SIM_PIPE_UB_BUDGET, "takes {bytes} bytes of UB, {limit} are usable";
    /// More queue buffers on one position than it has event ids.
    PipePositionBuffers { /** Buffers. */ buffers: value, /** The most. */ limit: limit }
        = ASCEND_CACHE_LOC_SIM_PIPE_POSITION_BUFFERS, "makes {buffers} queue buffers on one position, {limit} are the most";
    /// More buffers than a kernel may have.
    PipeBuffers { /** Buffers. */ buffers: value, /** The most. */ limit: limit }
        = ASCEND_CACHE_LOC_SIM_PIPE_BUFFERS, "makes {buffers} buffers, {limit} are the most";
    /// `InitBuffer` on a queue or `TBuf` that has its buffers: they are lost, with their event ids.
    PipeInitAgain = ASCEND_CACHE_LOC_SIM_PIPE_INIT_AGAIN, "initialises a queue or buffer again";
    /// `InitBuffer` with no buffers.
    PipeEmptyBuffer = ASCEND_CACHE_LOC_SIM_PIPE_EMPTY_BUFFER, "makes a queue of no buffers";
    /// No live `TPipe`, or a second one.
    PipeLifetime = ASCEND_CACHE_LOC_SIM_PIPE_LIFETIME, "needs exactly one live TPipe";
    /// `AllocTensor` with every buffer of the queue in use.
    QueueNoBuffer { /** Buffers of the queue. */ buffers: limit } = ASCEND_CACHE_LOC_SIM_QUEUE_NO_BUFFER, "finds all {buffers} buffers of its queue in use";
    /// `EnQue` beyond the depth of the queue.
    QueueFull { /** Depth of the queue. */ depth: limit } = ASCEND_CACHE_LOC_SIM_QUEUE_FULL, "exceeds its queue's depth of {depth}";
    /// `DeQue` with nothing in the queue.
    QueueEmpty = ASCEND_CACHE_LOC_SIM_QUEUE_EMPTY, "finds its queue empty";
    /// `EnQue` or `FreeTensor` of a tensor that the queue did not give, or got back already.
    QueueForeignTensor = ASCEND_CACHE_LOC_SIM_QUEUE_FOREIGN_TENSOR, "gives its queue a tensor that is not the queue's";
    /// `GetValue` of a line of the data cache that was overwritten in memory since.
    CacheStale = ASCEND_CACHE_LOC_SIM_CACHE_STALE, "finds in the data cache what memory no longer holds";
    /// A copy that meets a line which `SetValue` wrote and nothing wrote back.
    CacheDirty = ASCEND_CACHE_LOC_SIM_CACHE_DIRTY, "meets a line of the data cache that is not written back";
    /// An assertion of the kernel's own.
    AssertFailed = ASCEND_CACHE_LOC_SIM_ASSERT_FAILED, "fails";
    /// The core issued more instructions than the launch allows, and was stopped.
    InstructionLimit { /** The most instructions of a core. */ limit: limit } = ASCEND_CACHE_LOC_SIM_INSTRUCTION_LIMIT, "is stopped after {limit} instructions";
}

impl Report {
    pub(super) fn from_raw(kernel: &str, report: &AscendCacheLocSimReport) -> Self {
        Self {
            kernel: kernel.into(),
            kind: ReportKind::from_raw(report),
            at: Place::from_raw(&report.place).expect("every report has a place"),
            other: Place::from_raw(&report.other),
            space: match report.space {
                raw::ASCEND_CACHE_LOC_SIM_SPACE_UB => Some(Space::Ub),
                raw::ASCEND_CACHE_LOC_SIM_SPACE_GM => Some(Space::Gm),
                _ => None,
            },
            address: report.address,
            bytes: report.bytes,
            occurrences: report.occurrences,
        }
    }
}

impl Place {
    fn from_raw(place: &AscendCacheLocSimPlace) -> Option<Self> {
        Some(Self {
            instruction: static_str(place.instruction)?,
            file: static_str(place.file)?,
            line: place.line,
            caller: static_str(place.caller_file).map(|file| (file, place.caller_line)),
            pipe: match place.pipe {
                raw::ASCEND_CACHE_LOC_SIM_PIPE_S => Pipe::S,
                raw::ASCEND_CACHE_LOC_SIM_PIPE_V => Pipe::V,
                raw::ASCEND_CACHE_LOC_SIM_PIPE_MTE2 => Pipe::Mte2,
                _ => Pipe::Mte3,
            },
            core: place.core,
            writes: place.writes != 0,
        })
    }
}

fn static_str(text: *const c_char) -> Option<&'static str> {
    if text.is_null() {
        return None;
    }
    // SAFETY: launch.h promises that every string it hands out is NUL-terminated and has static storage.
    let text = unsafe { CStr::from_ptr(text) };
    Some(text.to_str().unwrap_or("(not UTF-8)"))
}

impl fmt::Display for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::S => "S",
            Self::V => "V",
            Self::Mte2 => "MTE2",
            Self::Mte3 => "MTE3",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { instruction, file, line, pipe, core, .. } = self;
        write!(f, "{instruction} on {pipe} of core {core} (")?;
        if let Some((file, line)) = self.caller {
            write!(f, "{file}:{line}, through ")?;
        }
        write!(f, "{file}:{line})")
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} {}", self.kernel, self.at, self.kind)?;
        match (&self.other, self.kind) {
            (Some(other), ReportKind::Race) => write!(f, " {other}")?,
            (Some(other), _) => write!(f, ": {other}")?,
            (None, _) => {}
        }
        match self.space {
            Some(Space::Ub) => write!(f, ", UB byte {}", self.address)?,
            Some(Space::Gm) => write!(f, ", GM {:#x}", self.address)?,
            None => {}
        }
        if self.occurrences > 1 {
            write!(f, ", {} times", self.occurrences)?;
        }
        Ok(())
    }
}

/// Everything that was found wrong in one launch; never empty. Prints as one line a report.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Findings {
    /// The reports, in the order they were first made.
    pub reports: Vec<Report>,
    /// Distinct findings in all; more than `reports.len()` where the launch's limit cut the list.
    pub total: u64,
    /// A core did what a device answers with an exception: the launch ended there, and later cores did not run.
    pub exception: bool,
    /// What each core did, by block index.
    pub counters: Vec<crate::sim::CoreCounters>,
}

impl fmt::Display for Findings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} reports", self.total)?;
        for report in &self.reports {
            write!(f, "\n{report}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::ReportKind;

    /// The README has a line on each kind, and on no other.
    #[test]
    fn every_kind_is_described() {
        let readme = include_str!("../../../ascendc/sim/README.md");
        let entries = readme.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**: "));
        let described: Vec<_> = entries.map(|(name, _)| name).filter(|name| !name.contains(' ')).collect();
        assert_eq!(described, ReportKind::NAMES);
    }
}
