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
use harness::case::{Case, Dtypes, Op, Table, fits};
use harness::lines::json;
use harness::memory::{Bytes, zeroed};
use harness::reads;
use harness::splitmix::seeded_slot;
use serde::Deserialize;

use crate::data::Data;

/// What a case states.
#[derive(Debug)]
pub(crate) struct Expectation {
    pub(crate) out: Vec<i64>,
    pub(crate) fault: Option<FaultFields>,
}

/// All fields of both operations: what is read is kept once, and what is ignored not at all.
#[derive(Deserialize)]
struct Line {
    op: OpName,
    id: String,
    dtypes: DtypeFields,
    req_to_token: TableFields,
    batch: usize,
    req_pool_indices: Vec<i64>,
    prefix_lens: Option<Vec<i64>>,
    start_offset: Option<Vec<i64>>,
    end_offset: Option<Vec<i64>>,
    out_len: Option<usize>,
    out_init: i64,
    out: Vec<i64>,
    fault: Option<FaultFields>,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
enum OpName {
    GetLastLoc,
    AssignExtendCacheLocs,
}

#[derive(Deserialize)]
struct DtypeFields {
    #[serde(rename = "req_to_token")]
    _table: TableDtype,
    req_pool_indices: Dtype,
    prefix_lens: Option<Dtype>,
    start_offset: Option<Dtype>,
    end_offset: Option<Dtype>,
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

/// A line's id, its call, and what the call should give. No table takes more than `memory`.
pub(crate) fn parse(line: &str, memory: Bytes) -> Result<(String, Case, Expectation)> {
    let line: Line = json(line)?;
    let Line { dtypes, batch, req_pool_indices, out_init, out, .. } = line;
    check("req_pool_indices", dtypes.req_pool_indices, &req_pool_indices, batch)?;
    check("out_init", dtypes.out, &[out_init], 1)?;
    let (op, lens) = match line.op {
        OpName::GetLastLoc => {
            let (prefix_lens, dtype) = array("prefix_lens", line.prefix_lens, dtypes.prefix_lens, batch)?;
            (Op::GetLastLoc { prefix_lens }, dtype)
        }
        OpName::AssignExtendCacheLocs => {
            let (start_offsets, start) = array("start_offset", line.start_offset, dtypes.start_offset, batch)?;
            let (end_offsets, end) = array("end_offset", line.end_offset, dtypes.end_offset, batch)?;
            let out_len = line.out_len.context("missing field `out_len`")?;
            let wider = if start == Dtype::I64 { start } else { end };
            (Op::AssignExtendCacheLocs { start_offsets, end_offsets, out_len }, wider)
        }
    };
    let out_len = if let Op::AssignExtendCacheLocs { out_len, .. } = op { out_len } else { batch };
    check("out", dtypes.out, &out, out_len)?;
    let table = table(line.req_to_token, &req_pool_indices, &op, memory).context("req_to_token")?;
    let dtypes = Dtypes { req_pool_indices: dtypes.req_pool_indices.into(), lens: lens.into(), out: dtypes.out.into() };
    let case = Case { op, dtypes, table: Arc::new(table), req_pool_indices, out_init };
    Ok((line.id, case, Expectation { out, fault: line.fault }))
}

/// An array that one of the operations has, and its element type.
fn array(field: &'static str, values: Option<Vec<i64>>, dtype: Option<Dtype>, len: usize) -> Result<(Vec<i64>, Dtype)> {
    let values = values.with_context(|| format!("missing field `{field}`"))?;
    let dtype = dtype.with_context(|| format!("dtypes: missing field `{field}`"))?;
    check(field, dtype, &values, len)?;
    Ok((values, dtype))
}

/// Refuses an array of the wrong length or with a value outside its element type.
fn check(field: &str, dtype: Dtype, values: &[i64], len: usize) -> Result<()> {
    ensure!(values.len() == len, "{field}: {} elements, the case needs {len}", values.len());
    let dtype = dtype.into();
    let odd = values.iter().position(|&value| !fits(dtype, &[value]));
    ensure!(odd.is_none(), "{field}[{}]: {} does not fit {dtype}", odd.unwrap_or(0), values[odd.unwrap_or(0)]);
    Ok(())
}

/// The table. Where its elements are named, those that the call reads are there, and the rest is memory that nobody
/// touches: a large table costs what is read of it.
fn table(fields: TableFields, req_pool_indices: &[i64], op: &Op, memory: Bytes) -> Result<Table> {
    let shape = TableShape::new(fields.rows, fields.row_stride)?.with_row_len(fields.cols)?;
    let needed = shape.storage_len();
    if let Data::Whole(slots) = fields.data {
        ensure!(slots.len() as u64 >= needed, "data: {} elements, the shape needs {needed}", slots.len());
        return Ok(Table { shape, slots });
    }
    let bytes = Bytes(needed.saturating_mul(4));
    ensure!(bytes <= memory, "a table of {needed} elements takes {bytes}, --max-memory is {memory}");
    let mut slots = zeroed(needed as usize).with_context(|| format!("no memory for a table of {needed} elements"))?;
    match fields.data {
        Data::Whole(_) => {}
        Data::Runs(runs) => {
            for (offset, run) in runs {
                let place = offset.checked_add(run.len()).and_then(|end| slots.get_mut(offset..end));
                place.with_context(|| format!("data: a run at {offset} leaves the table"))?.copy_from_slice(&run);
            }
        }
        Data::Named(name) => {
            let element = named(&name, needed)?;
            let mut fill = |range: std::ops::Range<usize>| {
                for i in range {
                    slots[i] = element(i as u64);
                }
            };
            let reqs = req_pool_indices.iter();
            match op {
                Op::GetLastLoc { prefix_lens } => {
                    reqs.zip(prefix_lens).filter_map(|(&req, &len)| reads::last_loc(shape, req, len)).for_each(fill);
                }
                Op::AssignExtendCacheLocs { start_offsets, end_offsets, out_len } => {
                    let rows = reqs.zip(start_offsets).zip(end_offsets);
                    let read = rows.filter_map(|((&req, &start), &end)| reads::extend_locs(shape, req, start, end));
                    reads::within(*out_len, read).for_each(&mut fill);
                }
            }
        }
    }
    Ok(Table { shape, slots })
}

/// What the element at a place is, of a table whose elements are named.
pub(crate) fn named(name: &str, len: u64) -> Result<impl Fn(u64) -> i32> {
    let seed = name.strip_prefix("seeded:").and_then(|seed| seed.parse::<u64>().ok());
    match (name, seed) {
        ("arange", _) => ensure!(len <= 1 << 31, "data: an arange of {len} elements does not fit i32"),
        (_, Some(_)) => {}
        _ => bail!("data: {name:?} is not \"arange\" or \"seeded:<u64>\""),
    }
    Ok(move |i| seed.map_or(i as i32, |seed| seeded_slot(seed, i)))
}
