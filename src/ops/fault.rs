//! The fault lines that kernels leave behind.

use crate::api::bindings as raw;
use crate::{FaultKind, RowFault};

/// Bytes of one core's line of a fault log. Zeroed, it is empty.
pub const FAULT_LINE_BYTES: usize = raw::ASCEND_CACHE_LOC_LINE_BYTES as usize;

/// One of the operations.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// `get_last_loc`.
    GetLastLoc,
    /// `assign_extend_cache_locs`.
    AssignExtendCacheLocs,
}

/// A bad row that a kernel found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DeviceFault {
    /// The launch that found it.
    pub launch: u64,
    /// The launch's operation.
    pub operation: Operation,
    /// The row, and what is wrong with it.
    pub fault: RowFault,
}

impl DeviceFault {
    /// The lowest fault of a log, by launch and row; `None` of an empty one.
    ///
    /// # Panics
    /// If a line holds what no kernel writes.
    #[must_use]
    pub fn lowest(log: &[u8]) -> Option<Self> {
        let faults = log.chunks_exact(FAULT_LINE_BYTES).filter_map(Self::of_line);
        faults.min_by_key(|found| (found.launch, found.fault.row))
    }

    fn of_line(line: &[u8]) -> Option<Self> {
        let [launch, row, a, b, c, kind_and_operation, ..] = line.as_chunks().0 else { unreachable!("a whole line") };
        let [launch, row, a, b, c, kind_and_operation] =
            [launch, row, a, b, c, kind_and_operation].map(|word| i64::from_ne_bytes(*word));
        if launch == 0 {
            return None;
        }
        let (kind, operation) = (kind_and_operation as u32, (kind_and_operation >> 32) as u32);
        let kind = match kind {
            raw::ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE => FaultKind::RequestOutOfRange { req: a, rows: b },
            raw::ASCEND_CACHE_LOC_PREFIX_OUT_OF_RANGE => FaultKind::PrefixOutOfRange { prefix_len: a, row_len: b },
            raw::ASCEND_CACHE_LOC_RANGE_REVERSED => FaultKind::RangeReversed { start: a, end: b },
            raw::ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW => FaultKind::RangeOutOfRow { start: a, end: b, row_len: c },
            raw::ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT => FaultKind::OutputTooShort { end: a, capacity: b },
            unknown => panic!("fault kind {unknown}: the fault log was written by something else"),
        };
        let operation = match operation {
            raw::ASCEND_CACHE_LOC_GET_LAST_LOC => Operation::GetLastLoc,
            raw::ASCEND_CACHE_LOC_ASSIGN_EXTEND_CACHE_LOCS => Operation::AssignExtendCacheLocs,
            unknown => panic!("operation {unknown}: the fault log was written by something else"),
        };
        let row = usize::try_from(row).expect("a row of a batch");
        Some(Self { launch: launch.cast_unsigned(), operation, fault: RowFault { row, kind } })
    }
}
