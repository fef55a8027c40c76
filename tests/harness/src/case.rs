//! One call in 64-bit host vectors.

use std::sync::Arc;

use ascend_cache_loc::{Int, IntType, TableShape};
use ascend_cache_loc_ref::{RefError, ReqToToken};

use crate::backend::{Backend, CallError};
use crate::operation::{Element, Operation, Param};

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
    /// Of lengths and offsets.
    pub lens: IntType,
    /// Of the output.
    pub out: IntType,
}

impl Dtypes {
    /// All 8 combinations.
    pub fn all() -> impl Iterator<Item = Self> {
        let both = [IntType::I32, IntType::I64];
        both.into_iter().flat_map(move |req_pool_indices| {
            both.into_iter().flat_map(move |lens| both.into_iter().map(move |out| Self { req_pool_indices, lens, out }))
        })
    }

    /// That of an array.
    #[must_use]
    pub fn of(self, param: Param) -> IntType {
        match param {
            Param::R => self.req_pool_indices,
            Param::L => self.lens,
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
    /// Elements of the output.
    pub out_len: usize,
    /// Fills the output before the call, so that untouched elements show.
    pub out_init: i64,
}

/// What a call left behind: the output, widened, and what it returned.
#[derive(Debug, PartialEq, Eq)]
pub struct Outcome {
    /// The whole output after the call.
    pub out: Vec<i64>,
    /// What the call returned.
    pub result: Result<(), CallError>,
}

impl Outcome {
    /// Of an output and a result.
    #[must_use]
    pub fn of<O: Int>(out: Vec<O>, result: Result<(), CallError>) -> Self {
        Self { out: out.into_iter().map(Int::to_i64).collect(), result }
    }
}

impl Case {
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
        let mut out = vec![self.out_init; self.out_len];
        let fault = self.op.oracle(self, &mut out);
        Outcome { out, result: fault.map_or(Ok(()), |fault| Err(RefError::from(fault).into())) }
    }

    /// An array in its element type.
    ///
    /// # Panics
    /// Where a value does not fit it.
    #[must_use]
    pub fn array<T: Element>(&self, place: usize) -> Vec<T> {
        narrow(&self.arrays[place])
    }

    /// The output as it is before the call.
    ///
    /// # Panics
    /// Where what fills it does not fit the element type.
    #[must_use]
    pub fn out<T: Element>(&self) -> Vec<T> {
        narrow(&vec![self.out_init; self.out_len])
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
    if let Some(i) = (0..expected.out.len()).find(|&i| got.out[i] != expected.out[i]) {
        return Err(format!("out[{i}] is {}, expected {}", got.out[i], expected.out[i]));
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
