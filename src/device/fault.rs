//! What a kernel reports about bad data: launches, and the fault lines that kernels leave behind.

use std::fmt;
use std::num::NonZeroU64;

use crate::abi::Operation;
use crate::abi::bindings as raw;
use crate::{FaultKind, RowFault};

/// Bytes of one core's line of a fault log. Zeroed, it is empty.
pub(crate) const FAULT_LINE_BYTES: usize = raw::ASCEND_CACHE_LOC_LINE_BYTES as usize;

/// One launch of an operation on a device: ids count up from 1, over all streams of the device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LaunchId(NonZeroU64);

impl LaunchId {
    pub(crate) fn new(id: u64) -> Option<Self> {
        NonZeroU64::new(id).map(Self)
    }

    /// The id as a number, from 1.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for LaunchId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A bad row that a kernel found. Every valid row was computed all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[error("{operation}, launch {launch}: {fault}")]
pub struct DeviceFault {
    /// The launch that found it. All replays of a captured graph have the id of the launch that was captured.
    pub launch: LaunchId,
    /// The launch's operation.
    pub operation: Operation,
    /// The row, and what is wrong with it.
    pub fault: RowFault,
}

impl DeviceFault {
    /// The faults of a log: of each launch that is in it the lowest row, in the order of launches. A line that no kernel
    /// of ours can have written, from memory that something else overwrote, counts as empty.
    pub(crate) fn of_log(log: &[u8]) -> Vec<Self> {
        let mut faults: Vec<_> = log.chunks_exact(FAULT_LINE_BYTES).filter_map(Self::of_line).collect();
        faults.sort_unstable_by_key(Self::order);
        faults.dedup_by_key(|fault| fault.launch);
        faults
    }

    /// Faults are reported in this order.
    pub(crate) fn order(&self) -> (LaunchId, usize, u32, usize) {
        let RowFault { row, kind, at } = self.fault;
        (self.launch, row, code_of(kind), at)
    }

    fn of_line(line: &[u8]) -> Option<Self> {
        let [launch, row, a, b, c, kind_and_operation, at, ..] = line.as_chunks().0 else { return None };
        let [launch, row, a, b, c, kind_and_operation, at] =
            [launch, row, a, b, c, kind_and_operation, at].map(|word| i64::from_ne_bytes(*word));
        let launch = LaunchId::new(launch.cast_unsigned())?;
        let (kind, operation) = (kind_and_operation as u32, (kind_and_operation >> 32) as u32);
        let kind = kind_of(kind, [a, b, c])?;
        let operation = Operation::of_id(operation)?;
        let fault = RowFault { row: usize::try_from(row).ok()?, kind, at: usize::try_from(at).ok()? };
        Some(Self { launch, operation, fault })
    }
}

macro_rules! decode {
    ($($(#[$_doc:meta])* $kind:ident = $code:ident { $($(#[$_value_doc:meta])* $value:ident,)+ } $_text:literal;)+) => {
        /// The kind that a line has by the constants of `ascendc/abi/fault.h`, with its values in the line's order.
        fn kind_of(code: u32, values: [i64; 3]) -> Option<FaultKind> {
            let mut values = values.into_iter();
            match code {
                $(raw::$code => Some(FaultKind::$kind { $($value: values.next()?),+ }),)+
                _ => None,
            }
        }

        /// The other way round.
        fn code_of(kind: FaultKind) -> u32 {
            match kind {
                $(FaultKind::$kind { .. } => raw::$code,)+
                _ => unreachable!("the list has all"),
            }
        }

        // Each constant of the C header is one of the list, whose order is that of the constants.
        const _: () = {
            let codes = [$(raw::$code),+];
            assert!(codes.len() == raw::ASCEND_CACHE_LOC_FAULT_KINDS as usize, "the lists differ in length");
            let mut i = 0;
            while i < codes.len() {
                assert!(codes[i] as usize == i + 1, "the lists differ in order");
                i += 1;
            }
        };
    };
}
ascend_cache_loc_ref::fault_kinds!(decode);
