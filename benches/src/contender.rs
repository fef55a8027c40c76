//! The implementations that stand side by side.

use std::hint::black_box;

use ascend_cache_loc::Int;
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, ReqToToken, assign_extend_cache_locs, get_last_loc};

use harness::workload::Workload;

use super::straight;

/// Which operation.
#[derive(Clone, Copy, Debug)]
pub enum Op {
    /// `get_last_loc`.
    LastLoc,
    /// `assign_extend_cache_locs`.
    ExtendLocs,
}

impl Op {
    /// Both.
    pub const ALL: [Self; 2] = [Self::LastLoc, Self::ExtendLocs];

    /// As the tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::LastLoc => "get_last_loc",
            Self::ExtendLocs => "assign_extend_cache_locs",
        }
    }
}

/// Who computes it.
#[derive(Clone, Copy, Debug)]
pub enum Contender {
    /// The CPU reference.
    CpuRef,
    /// The straight loop with the same checks.
    Checked,
    /// The straight loop without checks.
    Unchecked,
    /// A copy of as many bytes as the output has, out of the table in one piece: of one row, the same bytes.
    Memcpy,
}

impl Contender {
    /// In the order of the tables.
    pub const ALL: [Self; 4] = [Self::CpuRef, Self::Checked, Self::Unchecked, Self::Memcpy];

    /// As the tables have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::CpuRef => "cpu_ref",
            Self::Checked => "checked loop",
            Self::Unchecked => "unchecked loop",
            Self::Memcpy => "memcpy",
        }
    }
}

/// One operation on one workload with one output type; every contender writes into the same output.
#[derive(Debug)]
pub struct Bench<'a, O> {
    workload: &'a Workload,
    table: ReqToToken<'a>,
    op: Op,
    out: Vec<O>,
    /// Where `Memcpy` copies from: a place in the table's storage.
    copied: usize,
}

impl<'a, O: Int> Bench<'a, O> {
    /// An output of its own.
    #[must_use]
    pub fn new(workload: &'a Workload, op: Op) -> Self {
        let len = match op {
            Op::LastLoc => workload.ends.len(),
            Op::ExtendLocs => workload.total(),
        };
        // From the longest row on, as far as the table has as many bytes there.
        let table = workload.table();
        let long = (0..workload.ends.len()).max_by_key(|&i| workload.ends[i] - workload.starts[i]).unwrap_or(0);
        let place =
            workload.req_pool_indices[long] as usize * table.shape().row_stride() + workload.starts[long] as usize;
        let copied = place.min(table.slots().len() - len * size_of::<O>() / 4);
        Self { workload, table, op, out: vec![O::from_slot(0); len], copied }
    }

    /// `calls` calls of one contender.
    ///
    /// # Panics
    /// If one of them finds a fault: the workloads have none.
    pub fn run(&mut self, contender: Contender, calls: u64) {
        match (contender, self.op) {
            (Contender::CpuRef, Op::LastLoc) => self.repeat(calls, |bench| get_last_loc(bench.last_loc()).is_ok()),
            (Contender::Checked, Op::LastLoc) => {
                self.repeat(calls, |bench| straight::last_loc::<true, O>(bench.last_loc()).is_ok());
            }
            (Contender::Unchecked, Op::LastLoc) => {
                self.repeat(calls, |bench| straight::last_loc::<false, O>(bench.last_loc()).is_ok());
            }
            (Contender::CpuRef, Op::ExtendLocs) => {
                self.repeat(calls, |bench| assign_extend_cache_locs(bench.extend_locs()).is_ok());
            }
            (Contender::Checked, Op::ExtendLocs) => {
                self.repeat(calls, |bench| straight::extend_locs::<true, O>(bench.extend_locs()).is_ok());
            }
            (Contender::Unchecked, Op::ExtendLocs) => {
                self.repeat(calls, |bench| straight::extend_locs::<false, O>(bench.extend_locs()).is_ok());
            }
            (Contender::Memcpy, _) => self.repeat(calls, |bench| {
                straight::memcpy(&mut bench.out, &bench.table.slots()[bench.copied..]);
                true
            }),
        }
    }

    #[inline(always)]
    fn repeat(&mut self, calls: u64, call: impl Fn(&mut Self) -> bool) {
        for _ in 0..calls {
            assert!(black_box(call(black_box(self))), "a fault in a valid batch");
        }
    }

    fn last_loc(&mut self) -> LastLoc<'_, i64, i64, O> {
        let Workload { req_pool_indices, ends, .. } = self.workload;
        LastLoc { table: self.table, req_pool_indices, prefix_lens: ends, out: &mut self.out }
    }

    fn extend_locs(&mut self) -> ExtendLocs<'_, i64, i64, O> {
        let Workload { req_pool_indices, starts, ends, .. } = self.workload;
        ExtendLocs { table: self.table, req_pool_indices, start_offsets: starts, end_offsets: ends, out: &mut self.out }
    }
}
