//! One call in 64-bit host vectors, and how to run it with the element types it names.

use std::sync::Arc;

use ascend_cache_loc::{Int, IntType, TableShape};
use ascend_cache_loc_ref::{ExtendLocs, LastLoc, RefError, ReqToToken};

use crate::backend::{Backend, CallError};
use crate::oracle;

/// A request table that owns its storage.
#[derive(Debug)]
pub struct Table {
    /// Its rows, row stride and row length.
    pub shape: TableShape,
    /// At least as many elements as the shape needs.
    pub slots: Vec<i32>,
}

impl Table {
    fn view(&self) -> ReqToToken<'_> {
        ReqToToken::new(self.shape, &self.slots).expect("the table's storage fits its shape")
    }
}

/// The element types of a call.
#[derive(Clone, Copy, Debug)]
pub struct Dtypes {
    /// Of `req_pool_indices`.
    pub req_pool_indices: IntType,
    /// Of `prefix_lens`, or of both offset arrays.
    pub lens: IntType,
    /// Of `out`.
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
}

/// The arrays that differ between the operations.
#[derive(Clone, Debug)]
pub enum Op {
    /// `get_last_loc`.
    GetLastLoc {
        /// One for each row of the batch.
        prefix_lens: Vec<i64>,
    },
    /// `assign_extend_cache_locs`.
    AssignExtendCacheLocs {
        /// One for each row of the batch.
        start_offsets: Vec<i64>,
        /// One for each row of the batch.
        end_offsets: Vec<i64>,
        /// Elements of the output.
        out_len: usize,
    },
}

/// One call.
#[derive(Clone, Debug)]
pub struct Case {
    /// The operation, and what it alone has.
    pub op: Op,
    /// The element types to run it with.
    pub dtypes: Dtypes,
    /// The request table.
    pub table: Arc<Table>,
    /// One for each row of the batch.
    pub req_pool_indices: Vec<i64>,
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

impl Case {
    /// The elements of the output.
    #[must_use]
    pub fn out_len(&self) -> usize {
        match self.op {
            Op::GetLastLoc { .. } => self.req_pool_indices.len(),
            Op::AssignExtendCacheLocs { out_len, .. } => out_len,
        }
    }

    /// Runs the case on a backend, with the element types it names.
    ///
    /// # Panics
    /// Where a value does not fit its element type.
    pub fn run<B: Backend>(&self, backend: &mut B) -> Outcome {
        use IntType::{I32, I64};
        let Dtypes { req_pool_indices, lens, out } = self.dtypes;
        match (req_pool_indices, lens, out) {
            (I32, I32, I32) => self.run_as::<i32, i32, i32>(backend),
            (I32, I32, I64) => self.run_as::<i32, i32, i64>(backend),
            (I32, I64, I32) => self.run_as::<i32, i64, i32>(backend),
            (I32, I64, I64) => self.run_as::<i32, i64, i64>(backend),
            (I64, I32, I32) => self.run_as::<i64, i32, i32>(backend),
            (I64, I32, I64) => self.run_as::<i64, i32, i64>(backend),
            (I64, I64, I32) => self.run_as::<i64, i64, i32>(backend),
            (I64, I64, I64) => self.run_as::<i64, i64, i64>(backend),
        }
    }

    fn run_as<R, L, O>(&self, backend: &mut impl Backend) -> Outcome
    where
        R: Int + TryFrom<i64>,
        L: Int + TryFrom<i64>,
        O: Int + TryFrom<i64>,
    {
        let table = self.table.view();
        let req_pool_indices = &narrow::<R>(&self.req_pool_indices);
        let mut out = narrow::<O>(&vec![self.out_init; self.out_len()]);
        let result = match &self.op {
            Op::GetLastLoc { prefix_lens } => backend.get_last_loc(LastLoc {
                table,
                req_pool_indices,
                prefix_lens: &narrow::<L>(prefix_lens),
                out: &mut out,
            }),
            Op::AssignExtendCacheLocs { start_offsets, end_offsets, .. } => {
                backend.assign_extend_cache_locs(ExtendLocs {
                    table,
                    req_pool_indices,
                    start_offsets: &narrow::<L>(start_offsets),
                    end_offsets: &narrow::<L>(end_offsets),
                    out: &mut out,
                })
            }
        };
        Outcome { out: out.into_iter().map(Int::to_i64).collect(), result }
    }

    /// What the oracle says about the case.
    #[must_use]
    pub fn expected(&self) -> Outcome {
        let table = (self.table.shape, &self.table.slots[..]);
        let mut out = vec![self.out_init; self.out_len()];
        let fault = match &self.op {
            Op::GetLastLoc { prefix_lens } => {
                oracle::get_last_loc(table, &self.req_pool_indices, prefix_lens, &mut out)
            }
            Op::AssignExtendCacheLocs { start_offsets, end_offsets, .. } => {
                oracle::assign_extend_cache_locs(table, &self.req_pool_indices, start_offsets, end_offsets, &mut out)
            }
        };
        Outcome { out, result: fault.map_or(Ok(()), |fault| Err(RefError::from(fault).into())) }
    }
}

/// Whether every value fits an element type.
#[must_use]
pub fn fits(dtype: IntType, values: &[i64]) -> bool {
    dtype == IntType::I64 || values.iter().all(|&value| i32::try_from(value).is_ok())
}

fn narrow<T: Int + TryFrom<i64>>(values: &[i64]) -> Vec<T> {
    values
        .iter()
        .map(|&value| T::try_from(value).unwrap_or_else(|_| panic!("{value} does not fit {}", T::TYPE)))
        .collect()
}
