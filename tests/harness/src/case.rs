//! One call in 64-bit host vectors.

use std::sync::Arc;

use ascend_cache_loc::{Int, IntType, TableShape};
use ascend_cache_loc_ref::{RefError, ReqToToken};

use crate::backend::{Backend, CallError};
use crate::operation::{Element, Operation, Param};

/// What fills the outputs of cases.
pub const OUT_INIT: i64 = -777;

/// A request table that owns its storage.
#[derive(Debug)]
pub struct Table {
    /// Its rows, row stride and row length.
    pub shape: TableShape,
    /// At least as many elements as the shape needs.
    pub slots: Vec<i32>,
}

impl Table {
    /// The table as the CPU reference takes it.
    ///
    /// # Panics
    /// Where the storage is too short.
    #[must_use]
    pub fn view(&self) -> ReqToToken<'_> {
        ReqToToken::new(self.shape, &self.slots).expect("the table's storage fits its shape")
    }
}

/// Entry (r, p) of a table, for oracles.
///
/// # Panics
/// Outside the rows and their meaningful entries.
#[must_use]
pub fn entry(table: ReqToToken<'_>, r: i64, p: i64) -> i64 {
    let (shape, r, p) = (table.shape(), usize::try_from(r).expect("a row"), usize::try_from(p).expect("an entry"));
    assert!(r < shape.rows() && p < shape.row_len());
    table.slots()[r * shape.row_stride() + p].into()
}

/// The element types of a call.
#[derive(Clone, Copy, Debug)]
pub struct Dtypes {
    /// Of request pool indices.
    pub req_pool_indices: IntType,
    /// Of lengths, offsets and positions.
    pub lens: IntType,
    /// Of slots and pages that come in.
    pub slots: IntType,
    /// Of the output.
    pub out: IntType,
}

impl Dtypes {
    /// Of requests, of lengths, and of slots whichever way they go.
    #[must_use]
    pub const fn of_each(req_pool_indices: IntType, lens: IntType, slots: IntType) -> Self {
        Self { req_pool_indices, lens, slots, out: slots }
    }

    /// All 8 combinations of [`of_each`](Self::of_each).
    pub fn all() -> impl Iterator<Item = Self> {
        let both = [IntType::I32, IntType::I64];
        let of_requests = move |r| both.into_iter().flat_map(move |l| both.map(|s| Self::of_each(r, l, s)));
        both.into_iter().flat_map(of_requests)
    }

    /// Two of the 8 combinations, others each turn, with their numbers: what a seed is run with where there are many of them.
    pub fn in_turn(turn: usize) -> impl Iterator<Item = (usize, Self)> {
        Self::all().enumerate().filter(move |(i, _)| i % 4 == turn % 4)
    }

    /// All 8 combinations of lengths, of slots that come in, and of what goes out, for operations that take no requests.
    pub fn without_requests() -> impl Iterator<Item = Self> {
        Self::all().map(Self::requests_as_out)
    }

    /// With what goes out of the type that requests have, for operations that take none.
    #[must_use]
    pub fn requests_as_out(self) -> Self {
        Self { out: self.req_pool_indices, ..self }
    }

    /// That of an array.
    #[must_use]
    pub fn of(self, param: Param) -> IntType {
        match param {
            Param::R => self.req_pool_indices,
            Param::L => self.lens,
            Param::S => self.slots,
            Param::O => self.out,
            Param::I => IntType::I32,
        }
    }
}

/// One call.
#[derive(Clone, Debug)]
pub struct Case {
    /// The operation.
    pub op: &'static dyn Operation,
    /// The element types to run it with.
    pub dtypes: Dtypes,
    /// The request table; one without rows for an operation that has none.
    pub table: Arc<Table>,
    /// The arrays that the operation reads, in the order that it names them; the first has the length of the batch.
    pub arrays: Vec<Vec<i64>>,
    /// The numbers that it takes, in the order that it names them.
    pub numbers: Vec<i64>,
    /// Elements of each output, in the order that it names them; an optional one that is not wanted has none.
    pub out_lens: Vec<usize>,
    /// Fills the outputs before the call, so that untouched elements show.
    pub out_init: i64,
}

/// What a call may write, widened.
#[derive(Debug, PartialEq, Eq)]
pub struct Written {
    /// The outputs, in the order that the operation names them.
    pub outs: Vec<Vec<i64>>,
    /// The table's storage, where the operation writes in place; otherwise nothing.
    pub table: Vec<i32>,
}

impl Written {
    /// An output that is the only one.
    #[must_use]
    pub fn out<O: Int>(out: Vec<O>) -> Self {
        Self { outs: vec![out.into_iter().map(Int::to_i64).collect()], table: Vec::new() }
    }

    /// The first place where it is not as expected, as text.
    fn difference(&self, expected: &Self, op: &dyn Operation) -> Option<String> {
        let names = op.outputs().iter().map(|(name, _)| *name);
        let outs = names.zip(self.outs.iter().zip(&expected.outs));
        let mut differences = outs.filter_map(|(name, (got, expected))| difference(name, got, expected));
        differences.next().or_else(|| difference("table", &self.table, &expected.table))
    }
}

fn difference<T: PartialEq + std::fmt::Display>(name: &str, got: &[T], expected: &[T]) -> Option<String> {
    let i = (0..expected.len()).find(|&i| got[i] != expected[i])?;
    Some(format!("{name}[{i}] is {}, expected {}", got[i], expected[i]))
}

/// What a call left behind, and what it returned.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// All that it may write, after the call.
    pub written: Written,
    /// What the call returned.
    pub result: Result<(), CallError>,
}

impl Case {
    /// A case with one output, of an operation without a table.
    ///
    /// # Panics
    /// Never: a table may have no rows.
    #[must_use]
    pub fn without_table(
        op: &'static dyn Operation,
        dtypes: Dtypes,
        arrays: Vec<Vec<i64>>,
        numbers: Vec<i64>,
        out_len: usize,
    ) -> Self {
        let table = Table { shape: TableShape::new(0, 0).expect("no rows"), slots: Vec::new() };
        Self { numbers, ..Self::new(op, dtypes, Arc::new(table), arrays, out_len) }
    }

    /// A case with one output, and without numbers.
    #[must_use]
    pub fn new(
        op: &'static dyn Operation,
        dtypes: Dtypes,
        table: Arc<Table>,
        arrays: Vec<Vec<i64>>,
        out_len: usize,
    ) -> Self {
        Self { op, dtypes, table, arrays, numbers: Vec::new(), out_lens: vec![out_len], out_init: OUT_INIT }
    }

    /// Rows of the batch.
    #[must_use]
    pub fn batch(&self) -> usize {
        self.arrays[0].len()
    }

    /// Runs the case on a backend, with the element types it names.
    ///
    /// # Panics
    /// Where a value does not fit its element type.
    pub fn run(&self, backend: &mut dyn Backend) -> Outcome {
        self.op.run(self, backend)
    }

    /// What the oracle says about the case.
    #[must_use]
    pub fn expected(&self) -> Outcome {
        let outs = self.out_lens.iter().map(|&len| vec![self.out_init; len]).collect();
        let table = if self.op.in_place() { self.table.slots.clone() } else { Vec::new() };
        let mut written = Written { outs, table };
        let fault = self.op.oracle(self, &mut written);
        Outcome { written, result: fault.map_or(Ok(()), |fault| Err(RefError::from(fault).into())) }
    }

    /// An array in its element type.
    ///
    /// # Panics
    /// Where a value does not fit it.
    #[must_use]
    pub fn array<T: Element>(&self, place: usize) -> Vec<T> {
        narrow(&self.arrays[place])
    }

    /// An output as it is before the call.
    ///
    /// # Panics
    /// Where what fills it does not fit the element type.
    #[must_use]
    pub fn out<T: Element>(&self, place: usize) -> Vec<T> {
        narrow(&vec![self.out_init; self.out_lens[place]])
    }
}

/// Runs a case on the backend and compares every element and the fault with the oracle; tells the first difference, or
/// why the backend gave nothing to compare.
///
/// # Errors
/// The difference, as text.
pub fn compare(backend: &mut dyn Backend, case: &Case) -> Result<(), String> {
    let (got, expected) = (case.run(backend), case.expected());
    if let Err(CallError::Failed(why)) = got.result {
        return Err(why);
    }
    if let Some(difference) = got.written.difference(&expected.written, case.op) {
        return Err(difference);
    }
    if got.result != expected.result {
        return Err(format!("returned {:?}, expected {:?}", got.result, expected.result));
    }
    Ok(())
}

/// Whether every value fits an element type.
#[must_use]
pub fn fits(dtype: IntType, values: &[i64]) -> bool {
    dtype == IntType::I64 || values.iter().all(|&value| i32::try_from(value).is_ok())
}

fn narrow<T: Element>(values: &[i64]) -> Vec<T> {
    let fit = |&value: &i64| T::try_from(value).unwrap_or_else(|_| panic!("{value} does not fit {}", T::TYPE));
    values.iter().map(fit).collect()
}
