//! What is wrong with a row, and the one list of all that can be.

use core::error::Error;
use core::fmt::{Display, Formatter, Result};

/// Calls a macro with the list of fault kinds: the variant, the constant of `ascendc/abi/fault.h` by which a kernel reports
/// it, the values that it carries in the order of a fault line's, and its text. Of several reasons in one row the first of
/// this order is reported.
#[doc(hidden)]
#[macro_export]
macro_rules! fault_kinds {
    ($with:ident) => {
        $with! {
            /// Not `0 <= req < rows`.
            RequestOutOfRange = ASCEND_CACHE_LOC_REQUEST_OUT_OF_RANGE {
                /// The request pool index.
                req,
                /// The table's rows.
                rows,
            } "request pool index {req} is outside the table's {rows} rows";

            /// `prefix_len > row_len`.
            PrefixOutOfRange = ASCEND_CACHE_LOC_PREFIX_OUT_OF_RANGE {
                /// The prefix length, in tokens.
                prefix_len,
                /// The table's meaningful entries per row.
                row_len,
            } "prefix length {prefix_len} exceeds the row length {row_len}";

            /// `start > end`.
            RangeReversed = ASCEND_CACHE_LOC_RANGE_REVERSED {
                /// The start offset, in tokens.
                start,
                /// The end offset, in tokens.
                end,
            } "start offset {start} lies after end offset {end}";

            /// `start < 0` or `end > row_len`.
            RangeOutOfRow = ASCEND_CACHE_LOC_RANGE_OUT_OF_ROW {
                /// The start offset, in tokens.
                start,
                /// The end offset, in tokens.
                end,
                /// The table's meaningful entries per row.
                row_len,
            } "offsets {start}..{end} leave the row of length {row_len}";

            /// The row's place does not lie whole in `out`, or in `locs`.
            OutputTooShort = ASCEND_CACHE_LOC_OUTPUT_TOO_SHORT {
                /// Where the row's place ends: the sum of the lengths up to and with this row.
                end,
                /// The length of `out`, or `locs`, in elements.
                capacity,
            } "the row's place ends at element {end}, out or locs holds {capacity}";

            /// A slot that is negative or from `limit` on.
            SlotOutOfRange = ASCEND_CACHE_LOC_SLOT_OUT_OF_RANGE {
                /// The slot.
                slot,
                /// One past the greatest slot that there can be.
                limit,
            } "slot {slot} is not one of 0 to {limit}, excluded";

            /// `seq_len < prefix_len`, or a length that is none: below 0, or 2^31 - 1 or more.
            LengthBelowPrefix = ASCEND_CACHE_LOC_LENGTH_BELOW_PREFIX {
                /// The length with the new tokens, in tokens.
                seq_len,
                /// The length without them; in decoding the least that a length can be, 1.
                prefix_len,
            } "length {seq_len} is not one from prefix length {prefix_len} on";

            /// The rows up to and with this one need more pages than are free: nothing was allocated.
            PagesExhausted = ASCEND_CACHE_LOC_PAGES_EXHAUSTED {
                /// Pages that the rows up to and with this one need.
                needed,
                /// Pages that are free: the length of `free_pages`.
                free,
            } "the rows up to this one need {needed} pages, {free} are free";

            /// Not `0 <= position < limit`: a token whose page the block table has no column for.
            PositionOutOfRange = ASCEND_CACHE_LOC_POSITION_OUT_OF_RANGE {
                /// The position, in tokens.
                position,
                /// One past the greatest position that there is a column for.
                limit,
            } "position {position} is not one of 0 to {limit}, excluded";

            /// A page that is negative, or whose slots are none.
            BlockOutOfRange = ASCEND_CACHE_LOC_BLOCK_OUT_OF_RANGE {
                /// The page.
                block,
                /// One past the greatest page that there can be.
                limit,
            } "page {block} is not one of 0 to {limit}, excluded";
        }
    };
}

macro_rules! declare {
    ($($(#[$doc:meta])* $kind:ident = $code:ident { $($(#[$value_doc:meta])* $value:ident,)+ } $text:literal;)+) => {
        /// Why a row of the batch is bad, with the offending values. Of several reasons in one row the first of this order is
        /// reported.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum FaultKind {
            $($(#[$doc])* $kind { $($(#[$value_doc])* $value: i64,)+ },)+
        }

        impl FaultKind {
            /// The variant's name, as case files have it: `"RequestOutOfRange"` and so on.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self {
                    $(Self::$kind { .. } => stringify!($kind),)+
                }
            }
        }

        impl Display for FaultKind {
            fn fmt(&self, f: &mut Formatter<'_>) -> Result {
                match *self {
                    $(Self::$kind { $($value),+ } => write!(f, $text),)+
                }
            }
        }
    };
}
fault_kinds!(declare);

/// What is wrong in a batch: of all faults the least by row, kind and place in the row. Every valid row was computed all
/// the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RowFault {
    /// The row's place in the batch, from 0.
    pub row: usize,
    /// What is wrong with it.
    pub kind: FaultKind,
    /// Where in the row: the token, or the column, for kinds that are about one of them; otherwise 0.
    pub at: usize,
}

impl RowFault {
    /// What is wrong with a row as a whole.
    #[must_use]
    pub const fn new(row: usize, kind: FaultKind) -> Self {
        Self { row, kind, at: 0 }
    }
}

impl Display for RowFault {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let Self { row, kind, at } = self;
        match kind {
            FaultKind::SlotOutOfRange { .. } | FaultKind::BlockOutOfRange { .. } => {
                write!(f, "row {row}, at {at}: {kind}")
            }
            _ => write!(f, "row {row}: {kind}"),
        }
    }
}

impl Error for RowFault {}
