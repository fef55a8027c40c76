//! What a case says that its call should give.

use std::collections::BTreeMap;

use anyhow::{Context, Result, ensure};
use sha2::{Digest, Sha256};

use crate::case::Case;

/// What a case states.
#[derive(Debug)]
pub struct Expectation {
    /// The outputs, whole; those that it does not state are not wanted of the call.
    pub outs: Vec<Option<Vec<i64>>>,
    /// The table, of an operation that writes in place.
    pub table: Option<TableAfter>,
    /// Row and kind of the fault.
    pub fault: Option<FaultFields>,
}

/// A table as it is after the call.
#[derive(Debug)]
pub struct TableAfter {
    whole: Option<Vec<i32>>,
    sha256: Option<String>,
    /// Runs of elements, each with its place.
    runs: Vec<(usize, Vec<i64>)>,
}

impl TableAfter {
    /// What a case states of it, `rows` by row of the table; that is at least the one or the other.
    pub(crate) fn new(
        whole: Option<Vec<i32>>,
        sha256: Option<String>,
        rows: Option<BTreeMap<usize, Vec<i64>>>,
        case: &Case,
    ) -> Result<Self> {
        ensure!(whole.is_some() || sha256.is_some(), "missing field `pool_after` or `pool_after_sha256`");
        let len = case.table.slots.len();
        if let Some(whole) = &whole {
            ensure!(whole.len() == len, "pool_after: {} elements, the table has {len}", whole.len());
        }
        let mut runs = Vec::new();
        // Of an empty row there is nothing.
        for (row, values) in rows.into_iter().flatten().filter(|(_, values)| !values.is_empty()) {
            let written = case.op.written(case, row);
            let place = written.with_context(|| format!("out: row {row} of the table is none of the batch"))?;
            ensure!(place.len() == values.len(), "out: row {row}: {} elements, not {}", values.len(), place.len());
            runs.push((place.start, values));
        }
        Ok(Self { whole, sha256, runs })
    }

    /// The first difference, as text.
    #[must_use]
    pub fn difference(&self, got: &[i32]) -> Option<String> {
        let whole = self.whole.iter().flatten().map(|&slot| i64::from(slot)).enumerate();
        let runs = self.runs.iter().flat_map(|(start, run)| (*start..).zip(run.iter().copied()));
        let slot = |i: usize| i64::from(got[i]);
        if let Some((i, expected)) = whole.chain(runs).find(|&(i, expected)| slot(i) != expected) {
            return Some(format!("table, element {i}: got {}, expected {expected}", slot(i)));
        }
        let differs = self.sha256.as_ref().is_some_and(|expected| *expected != sha256(got));
        differs.then(|| "the table's SHA-256 is another".into())
    }
}

/// Of the elements as int32 with the low byte first.
#[must_use]
pub fn sha256(slots: &[i32]) -> String {
    let mut sha = Sha256::new();
    slots.chunks(1 << 12).for_each(|slots| sha.update(slots.iter().flat_map(|s| s.to_le_bytes()).collect::<Vec<_>>()));
    sha.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A fault as a case states it.
#[derive(Debug, serde::Deserialize)]
pub struct FaultFields {
    /// The row.
    pub row: usize,
    /// The kind.
    pub kind: FaultName,
}

macro_rules! names {
    ($($(#[$_doc:meta])* $kind:ident = $_code:ident { $($(#[$_value_doc:meta])* $_value:ident,)+ } $_text:literal;)+) => {
        /// The variants of `FaultKind`; printed by `Debug`.
        #[allow(missing_docs, reason = "FaultKind's")]
        #[derive(Debug, serde::Deserialize)]
        pub enum FaultName {
            $($kind,)+
        }
    };
}
ascend_cache_loc_ref::fault_kinds!(names);
