//! The case format: one call with its expected result as one JSON object.
//!
//! | field | meaning |
//! |---|---|
//! | `op` | `"get_last_loc"` or `"assign_extend_cache_locs"` |
//! | `id` | names the case in what is printed |
//! | `dtypes` | `"i32"` or `"i64"` for each array: `req_to_token` (always `"i32"`), `req_pool_indices`, `prefix_lens` or `start_offset` and `end_offset`, `out` |
//! | `req_to_token` | `rows`, `cols` (the row length), `row_stride`, and `data` as below |
//! | `batch`, `req_pool_indices` | the rows of the batch and their requests |
//! | `prefix_lens` | `get_last_loc` only |
//! | `start_offset`, `end_offset`, `out_len` | `assign_extend_cache_locs` only; `out_len` is the capacity of the output |
//! | `out_init` | fills the output before the call, so that untouched elements show |
//! | `out` | the whole output expected after the call |
//! | `fault` | `row` and `kind` (a `FaultKind` variant's name) of the fault expected; without it, none is |
//!
//! `data` is the storage as a list; or `"arange"`: element i is i; or `"seeded:S"`: element i is splitmix64(S + i) mod
//! 2^31; or `{"runs": [[offset, [..]], ..]}`: the runs of elements that the batch reads, the rest 0. Other fields are
//! ignored. Offsets of two widths run as the wider.

use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use ascend_cache_loc::{IntType, TableShape};
use serde::Deserialize;

use harness::case::{Case, Dtypes, Op, Table, fits};
use harness::splitmix::seeded_slot;

/// What a case states.
#[derive(Debug)]
pub(crate) struct Expectation {
    pub(crate) out: Vec<i64>,
    pub(crate) fault: Option<FaultFields>,
}

#[derive(Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Line {
    GetLastLoc {
        #[serde(flatten)]
        common: Common,
        dtypes: LastLocDtypes,
        prefix_lens: Vec<i64>,
    },
    AssignExtendCacheLocs {
        #[serde(flatten)]
        common: Common,
        dtypes: ExtendDtypes,
        start_offset: Vec<i64>,
        end_offset: Vec<i64>,
        out_len: usize,
    },
}

#[derive(Deserialize)]
struct Common {
    id: String,
    req_to_token: TableFields,
    batch: usize,
    req_pool_indices: Vec<i64>,
    out_init: i64,
    out: Vec<i64>,
    fault: Option<FaultFields>,
}

#[derive(Deserialize)]
struct LastLocDtypes {
    #[serde(rename = "req_to_token")]
    _table: TableDtype,
    req_pool_indices: Dtype,
    prefix_lens: Dtype,
    out: Dtype,
}

#[derive(Deserialize)]
struct ExtendDtypes {
    #[serde(rename = "req_to_token")]
    _table: TableDtype,
    req_pool_indices: Dtype,
    start_offset: Dtype,
    end_offset: Dtype,
    out: Dtype,
}

/// The table is int32, always.
#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum TableDtype {
    I32,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "snake_case")]
enum Dtype {
    I32,
    I64,
}

impl From<Dtype> for IntType {
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::I32 => Self::I32,
            Dtype::I64 => Self::I64,
        }
    }
}

#[derive(Deserialize)]
struct TableFields {
    rows: usize,
    cols: usize,
    row_stride: usize,
    data: Data,
}

#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "data is a list of int32, \"arange\", \"seeded:<u64>\" or {\"runs\": [[offset, [..]], ..]}"
)]
enum Data {
    Whole(Vec<i32>),
    Named(String),
    Runs { runs: Vec<(usize, Vec<i32>)> },
}

#[derive(Debug, Deserialize)]
pub(crate) struct FaultFields {
    pub(crate) row: usize,
    pub(crate) kind: FaultName,
}

/// The variants of `FaultKind`; printed by `Debug`.
#[derive(Debug, Deserialize)]
pub(crate) enum FaultName {
    RequestOutOfRange,
    PrefixOutOfRange,
    RangeReversed,
    RangeOutOfRow,
    OutputTooShort,
}

/// A line's id, its call, and what the call should give.
pub(crate) fn parse(line: &str) -> Result<(String, Case, Expectation)> {
    let (common, op, (req_pool_indices, lens, out)) = match serde_json::from_str(line)? {
        Line::GetLastLoc { common, dtypes, prefix_lens } => {
            check("prefix_lens", dtypes.prefix_lens, &prefix_lens, common.batch)?;
            let types = (dtypes.req_pool_indices, dtypes.prefix_lens, dtypes.out);
            (common, Op::GetLastLoc { prefix_lens }, types)
        }
        Line::AssignExtendCacheLocs { common, dtypes, start_offset, end_offset, out_len } => {
            check("start_offset", dtypes.start_offset, &start_offset, common.batch)?;
            check("end_offset", dtypes.end_offset, &end_offset, common.batch)?;
            let wider = if dtypes.start_offset == Dtype::I64 { Dtype::I64 } else { dtypes.end_offset };
            let op = Op::AssignExtendCacheLocs { start_offsets: start_offset, end_offsets: end_offset, out_len };
            (common, op, (dtypes.req_pool_indices, wider, dtypes.out))
        }
    };
    check("req_pool_indices", req_pool_indices, &common.req_pool_indices, common.batch)?;
    check("out_init", out, &[common.out_init], 1)?;
    let table = table(common.req_to_token).context("req_to_token")?;
    let case = Case {
        op,
        dtypes: Dtypes { req_pool_indices: req_pool_indices.into(), lens: lens.into(), out: out.into() },
        table: Arc::new(table),
        req_pool_indices: common.req_pool_indices,
        out_init: common.out_init,
    };
    check("out", out, &common.out, case.out_len())?;
    Ok((common.id, case, Expectation { out: common.out, fault: common.fault }))
}

/// Refuses an array of the wrong length or with a value outside its element type.
fn check(field: &str, dtype: Dtype, values: &[i64], len: usize) -> Result<()> {
    ensure!(values.len() == len, "{field}: {} elements, the case needs {len}", values.len());
    let dtype = dtype.into();
    ensure!(fits(dtype, values), "{field}: a value does not fit {dtype}");
    Ok(())
}

fn table(fields: TableFields) -> Result<Table> {
    let shape = TableShape::new(fields.rows, fields.row_stride)?.with_row_len(fields.cols)?;
    let needed = shape.storage_len();
    let slots = match fields.data {
        Data::Whole(slots) => slots,
        Data::Runs { runs } => {
            let mut slots = storage(needed)?;
            slots.resize(needed as usize, 0);
            for (offset, run) in runs {
                let place = offset.checked_add(run.len()).and_then(|end| slots.get_mut(offset..end));
                place.with_context(|| format!("data: a run at {offset} leaves the table"))?.copy_from_slice(&run);
            }
            slots
        }
        Data::Named(name) => {
            let mut slots = storage(needed)?;
            if name == "arange" {
                slots.extend(arange(needed)?);
            } else if let Some(seed) = name.strip_prefix("seeded:").and_then(|seed| seed.parse().ok()) {
                slots.extend((0..needed).map(|i| seeded_slot(seed, i)));
            } else {
                bail!("data: {name:?} is not \"arange\" or \"seeded:<u64>\"");
            }
            slots
        }
    };
    ensure!(slots.len() as u64 >= needed, "data: {} elements, the shape needs {needed}", slots.len());
    Ok(Table { shape, slots })
}

/// The elements 0, 1, .. of an arange.
pub(crate) fn arange(len: u64) -> Result<impl DoubleEndedIterator<Item = i32>> {
    ensure!(len <= 1 << 31, "data: an arange of {len} elements does not fit i32");
    Ok((0..len).map(|i| i as i32))
}

/// Room for a table of any size the shape can have, refused where memory has none.
fn storage(len: u64) -> Result<Vec<i32>> {
    let mut slots = Vec::new();
    let reserved = usize::try_from(len).ok().and_then(|len| slots.try_reserve_exact(len).ok());
    reserved.with_context(|| format!("data: no memory for a table of {len} elements"))?;
    Ok(slots)
}
