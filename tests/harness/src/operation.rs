//! An operation as tests and tools know it: each is a file of `tests/ops`.

use std::fmt::Debug;
use std::ops::Range;

use ascend_cache_loc::{Int, IntType, RowFault};
use ascend_cache_loc_ref::RefError;

use crate::backend::{Backend, CallError};
use crate::case::{Case, Outcome, Written};
use crate::device::Carrier;
use crate::traffic::{Batch, Measured, Traffic};

/// All operations, in the order of their files in `tests/ops`: the list that the build script writes.
pub static OPERATIONS: &[&dyn Operation] = include!(concat!(env!("OUT_DIR"), "/operations.rs"));

/// The operation that has this name.
#[must_use]
pub fn by_name(name: &str) -> Option<&'static dyn Operation> {
    OPERATIONS.iter().copied().find(|op| op.name() == name)
}

/// The type parameter that an array's elements are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Param {
    /// Request pool indices.
    R,
    /// Lengths, offsets and positions.
    L,
    /// Slots and pages that come in.
    S,
    /// What goes out.
    O,
    /// Int32, as the table's entries.
    I,
}

impl Param {
    /// How many there are.
    pub const COUNT: usize = 5;
}

/// An operation: what a case of it has, what it should give, and how it is run.
pub trait Operation: Debug + Sync {
    /// The crate's name of it.
    fn name(&self) -> &'static str {
        self.operation().name()
    }

    /// The crate's operation.
    fn operation(&self) -> ascend_cache_loc::Operation;

    /// The arrays that it reads, as case files name them.
    fn arrays(&self) -> &'static [(&'static str, Param)];

    /// How many of them, from the first, are as long as the batch; the others have a length of their own.
    fn batch_arrays(&self) -> usize {
        self.arrays().len()
    }

    /// The numbers that it takes, as case files name them.
    fn numbers(&self) -> &'static [&'static str] {
        &[]
    }

    /// Arrays that a case may leave out, which are empty then.
    fn optional_arrays(&self) -> &'static [&'static str] {
        &[]
    }

    /// Numbers that a case may leave out, and what they are then.
    fn optional_numbers(&self) -> &'static [(&'static str, i64)] {
        &[]
    }

    /// What it writes beside a table, as case files name it. All but the first are optional.
    fn outputs(&self) -> &'static [(&'static str, Param)] {
        &[("out", Param::O)]
    }

    /// Whether it reads a table.
    fn has_table(&self) -> bool {
        true
    }

    /// Whether it writes into the table.
    fn in_place(&self) -> bool {
        false
    }

    /// Whether the output is a capacity, which a case gives; otherwise [`out_len`](Self::out_len) says how long it is.
    fn has_capacity(&self) -> bool {
        false
    }

    /// Elements of an output, by its place among them.
    fn out_len(&self, case: &Case, _: usize) -> usize {
        case.batch()
    }

    /// What it reads of the table's storage. May be more than that: it is for tables of which the rest is not there.
    fn reads(&self, case: &Case) -> Vec<Range<usize>>;

    /// Of one that writes in place: what it writes of a row of the table, where that is one of the batch, as places in the
    /// storage.
    fn written(&self, _: &Case, _row: usize) -> Option<Range<usize>> {
        None
    }

    /// The operation as plainly as its definition, in 64 bits, written apart from the CPU reference: fills what it is to
    /// write, tells the lowest fault.
    fn oracle(&self, case: &Case, written: &mut Written) -> Option<RowFault>;

    /// Runs a case on a backend, with the element types it names.
    fn run(&self, case: &Case, backend: &mut dyn Backend) -> Outcome;

    /// A small table of seeds, each expanded over tables, batch sizes, element types and capacities. `part` of `parts`
    /// such that all parts together are all cases.
    fn seeds(&self, part: (usize, usize), each: &mut dyn FnMut(&Case));

    /// Few cases that are large: batches far beyond a tile, rows far longer than others.
    fn large(&self, each: &mut dyn FnMut(&Case));

    /// Arguments that do not fit together: the typed error, and nothing written.
    fn refused(&self, backend: &mut dyn Backend);

    /// Whether its batches in the cost report are those whose requests all have one length, in place of those of ranges of
    /// tokens.
    fn by_context(&self) -> bool {
        false
    }

    /// Arrays, numbers and lengths of outputs for a batch of the cost report; nothing where it is none for the operation.
    fn measured(&self, _: &Batch) -> Option<Measured> {
        None
    }

    /// The same for another form of the call that is measured beside it, and what is added to the batch's name for it.
    fn measured_also(&self, _: &Batch) -> Option<(&'static str, Measured)> {
        None
    }

    /// What any kernel for a case that is measured moves at the least, where a copy moves no less than so many bytes.
    fn traffic(&self, _: &Case, _block_bytes: f64) -> Traffic {
        unreachable!("{}: no case of it is measured", self.name())
    }

    /// Random cases.
    #[cfg(feature = "proptest")]
    fn random(&self) -> proptest::strategy::BoxedStrategy<Case>;
}

/// Arguments of an operation in host memory, which a backend runs.
pub trait Call {
    /// The operation.
    fn operation(&self) -> ascend_cache_loc::Operation;

    /// Rows of the batch.
    fn rows(&self) -> usize;

    /// On the CPU reference.
    ///
    /// # Errors
    /// As the operation.
    fn on_host(&mut self) -> Result<(), RefError>;

    /// On a device: moves the arrays over, launches, and moves the output back.
    ///
    /// # Errors
    /// As the operation, or where the device fails.
    fn on_device(&mut self, carrier: &mut Carrier<'_>) -> Result<(), CallError>;

    /// Sets an element of the output, or of what is written in place: for a backend that is wrong on purpose.
    fn spoil(&mut self, place: usize, slot: i32);
}

/// An element type that a case's values are brought into.
pub trait Element: Int + TryFrom<i64> {}
impl<T: Int + TryFrom<i64>> Element for T {}

/// The element types of three type parameters, for [`typed!`](crate::typed!).
#[must_use]
pub fn types(case: &Case, params: [Param; 3]) -> (IntType, IntType, IntType) {
    let [a, b, c] = params.map(|param| case.dtypes.of(param));
    (a, b, c)
}

/// Calls a function with the element types that a case gives to three type parameters:
/// `typed!(case, [R, L, O], run(case, backend))` calls `run::<R, L, O>`.
#[macro_export]
macro_rules! typed {
    ($case:expr, [$($param:ident),+], $run:ident($($argument:expr),*)) => {{
        use ascend_cache_loc::IntType::{I32, I64};
        match $crate::operation::types($case, [$($crate::operation::Param::$param),+]) {
            (I32, I32, I32) => $run::<i32, i32, i32>($($argument),*),
            (I32, I32, I64) => $run::<i32, i32, i64>($($argument),*),
            (I32, I64, I32) => $run::<i32, i64, i32>($($argument),*),
            (I32, I64, I64) => $run::<i32, i64, i64>($($argument),*),
            (I64, I32, I32) => $run::<i64, i32, i32>($($argument),*),
            (I64, I32, I64) => $run::<i64, i32, i64>($($argument),*),
            (I64, I64, I32) => $run::<i64, i64, i32>($($argument),*),
            (I64, I64, I64) => $run::<i64, i64, i64>($($argument),*),
        }
    }};
}
