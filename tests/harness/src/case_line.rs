//! The case format: one call with its expected result as one JSON object, read and written.
//!
//! | field | meaning |
//! |---|---|
//! | `op` | the operation's name |
//! | `id` | names the case in what is printed |
//! | `dtypes` | `"i32"` or `"i64"` for each array: `req_to_token` (always `"i32"`), those of the operation, its outputs |
//! | `req_to_token` | `rows`, `cols` (the row length), `row_stride`, and `data` as below |
//! | `batch` | the rows of the batch |
//! | `req_pool_indices` and so on | the arrays and numbers of the operation, as its file in `tests/ops` names them; some may be left out |
//! | `out_len` | the capacity of the output, where the operation has one |
//! | `out_init` | fills the outputs before the call, so that untouched elements show; -777 where it is not given |
//! | `out` and so on | the outputs expected after the call, whole; what is not given is not wanted of the call |
//! | `pool_after` | of an operation that writes in place: the table's storage expected after the call |
//! | `pool_after_sha256` | the same as the SHA-256 of its elements, int32 with the low byte first, where that is not given |
//! | `out` of such a one | for rows of the table what they hold after the call from their start to their end |
//! | `fault` | `row` and `kind` (a `FaultKind` variant's name) of the fault expected; without it, none is |
//!
//! `data` is the storage as a list; or `"arange"`: element i is i; or `"seeded:S"`: element i is splitmix64(S + i) mod
//! 2^31; or `{"runs": [[offset, [..]], ..]}`: the runs of elements that the batch reads, the rest 0. Other fields are
//! ignored. Arrays of one type parameter that have two widths run as the wider.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::marker::PhantomData;
use std::sync::Arc;

use anyhow::{Context, Result, bail, ensure};
use ascend_cache_loc::{IntType, TableShape};
use ascend_cache_loc_ref::RefError;
use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::backend::{CallError, CpuRef};
use crate::case::{Case, Dtypes, OUT_INIT, Table, fits};
use crate::data::{Data, Out};
use crate::expectation::{Expectation, FaultFields, TableAfter, sha256};
use crate::lines::json;
use crate::memory::{Bytes, zeroed};
use crate::operation::{OPERATIONS, Operation, Param, by_name};
use crate::splitmix::seeded_slot;

/// All fields of all operations: what is read is kept once, and what is ignored not at all.
#[derive(Default)]
struct Line {
    op: Option<Op>,
    id: Option<String>,
    dtypes: Option<Fields<Dtype>>,
    table: Option<TableFields>,
    batch: Option<usize>,
    arrays: Fields<Vec<i64>>,
    numbers: Fields<i64>,
    out_len: Option<usize>,
    out_init: Option<i64>,
    outs: Fields<Out>,
    pool_after: Option<Vec<i32>>,
    pool_after_sha256: Option<String>,
    fault: Option<FaultFields>,
}

/// Values by the names of arrays.
type ByName<T> = BTreeMap<&'static str, T>;

/// Those that some operation has.
struct Fields<T>(ByName<T>);

impl<T> Default for Fields<T> {
    fn default() -> Self {
        Self(ByName::new())
    }
}

/// What a name is to some operation.
#[derive(Clone, Copy)]
enum Known {
    Array(&'static str),
    Number(&'static str),
    Output(&'static str),
}

fn known(name: &str) -> Option<Known> {
    let all = OPERATIONS.iter().flat_map(|op| {
        let arrays = op.arrays().iter().map(|(name, _)| (*name, Known::Array(name)));
        let numbers = op.numbers().iter().map(|name| (*name, Known::Number(name)));
        arrays.chain(numbers).chain(op.outputs().iter().map(|(name, _)| (*name, Known::Output(name))))
    });
    all.into_iter().find(|(known, _)| *known == name).map(|(_, what)| what)
}

struct Op(&'static dyn Operation);

impl<'de> Deserialize<'de> for Op {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        by_name(&name).map(Self).ok_or_else(|| {
            let names: Vec<_> = OPERATIONS.iter().map(|op| format!("`{}`", op.name())).collect();
            D::Error::custom(format_args!("unknown operation `{name}`, expected one of {}", names.join(", ")))
        })
    }
}

/// Calls a method for each entry of a map.
trait Entries: Default {
    fn entry<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error>;
}

struct EntriesVisitor<T>(PhantomData<T>);

impl<'de, T: Entries> Visitor<'de> for EntriesVisitor<T> {
    type Value = T;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<T, A::Error> {
        let mut entries = T::default();
        while let Some(key) = map.next_key::<String>()? {
            entries.entry(&key, &mut map)?;
        }
        Ok(entries)
    }
}

impl Entries for Line {
    fn entry<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match key {
            "op" => self.op = Some(map.next_value()?),
            "id" => self.id = Some(map.next_value()?),
            "dtypes" => self.dtypes = Some(map.next_value()?),
            "req_to_token" => self.table = Some(map.next_value()?),
            "batch" => self.batch = Some(map.next_value()?),
            "out_len" => self.out_len = Some(map.next_value()?),
            "out_init" => self.out_init = Some(map.next_value()?),
            "pool_after" => self.pool_after = Some(map.next_value()?),
            "pool_after_sha256" => self.pool_after_sha256 = Some(map.next_value()?),
            "fault" => self.fault = map.next_value()?,
            _ => match known(key) {
                Some(Known::Array(name)) => {
                    self.arrays.0.insert(name, map.next_value()?);
                }
                Some(Known::Number(name)) => {
                    self.numbers.0.insert(name, map.next_value()?);
                }
                Some(Known::Output(name)) => {
                    self.outs.0.insert(name, map.next_value()?);
                }
                None => {
                    map.next_value::<IgnoredAny>()?;
                }
            },
        }
        Ok(())
    }
}

impl Entries for Fields<Dtype> {
    fn entry<'de, A: MapAccess<'de>>(&mut self, key: &str, map: &mut A) -> Result<(), A::Error> {
        match (key, known(key)) {
            ("req_to_token", _) => {
                map.next_value::<TableDtype>()?;
            }
            (_, Some(Known::Array(name) | Known::Output(name))) => {
                self.0.insert(name, map.next_value()?);
            }
            _ => {
                map.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }
}

macro_rules! from_entries {
    ($($type:ty),+) => {$(
        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_map(EntriesVisitor(PhantomData))
            }
        }
    )+};
}
from_entries!(Line, Fields<Dtype>);

/// The table is int32, always.
#[derive(serde::Deserialize)]
#[serde(rename_all = "snake_case")]
enum TableDtype {
    I32,
}

#[derive(Clone, Copy, serde::Deserialize, PartialEq, Eq)]
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

#[derive(serde::Deserialize)]
struct TableFields {
    rows: usize,
    cols: usize,
    row_stride: usize,
    data: Data,
}

/// A line's id, its call, and what the call should give. No table takes more than `memory`.
///
/// # Errors
/// What is wrong with it, as text.
pub fn parse(line: &str, memory: Bytes) -> Result<(String, Case, Expectation)> {
    let mut line: Line = json(line)?;
    let Op(op) = field("op", line.op)?;
    let (id, batch) = (field("id", line.id)?, field("batch", line.batch)?);
    let mut dtypes = field("dtypes", line.dtypes)?.0;
    let mut dtype = |name| dtypes.remove(name).with_context(|| format!("dtypes: missing field `{name}`"));
    let mut of_param = [IntType::I32; Param::COUNT];
    let mut widen = |param: Param, dtype: IntType| {
        if dtype == IntType::I64 {
            of_param[param as usize] = dtype;
        }
    };
    let mut arrays = Vec::new();
    for (i, &(name, param)) in op.arrays().iter().enumerate() {
        let values = match line.arrays.0.remove(name) {
            None if op.optional_arrays().contains(&name) => {
                arrays.push(Vec::new());
                continue;
            }
            values => field(name, values)?,
        };
        let dtype = dtype(name)?.into();
        check(name, dtype, &values, if i < op.batch_arrays() { batch } else { values.len() })?;
        widen(param, dtype);
        arrays.push(values);
    }
    let number = |name: &&'static str| {
        let default = op.optional_numbers().iter().find(|(optional, _)| optional == name).map(|(_, default)| *default);
        field(name, line.numbers.0.remove(name).or(default))
    };
    let numbers = op.numbers().iter().map(number).collect::<Result<_>>()?;
    let mut outs = Vec::new();
    for (i, &(name, param)) in op.outputs().iter().enumerate() {
        let values = match line.outs.0.remove(name) {
            None if i > 0 => None,
            values => Some(field(name, values)?.list(name)?),
        };
        if values.is_some() {
            let dtype = dtype(name)?.into();
            ensure!(param != Param::I || dtype == IntType::I32, "dtypes: {name} is {dtype}, it is i32 always");
            widen(param, dtype);
        }
        outs.push(values);
    }
    let [req_pool_indices, lens, slots, out, _] = of_param;
    let dtypes = Dtypes { req_pool_indices, lens, slots, out };
    let out_init = line.out_init.unwrap_or(OUT_INIT);
    let table = Arc::new(Table { shape: TableShape::new(0, 0)?, slots: Vec::new() });
    let mut case = Case { op, dtypes, table, arrays, numbers, out_lens: Vec::new(), out_init };
    for (place, (&(name, param), values)) in op.outputs().iter().zip(&outs).enumerate() {
        let Some(values) = values else {
            case.out_lens.push(0);
            continue;
        };
        let out_len = if op.has_capacity() { field("out_len", line.out_len)? } else { op.out_len(&case, place) };
        check("out_init", dtypes.of(param), &[out_init], 1)?;
        check(name, dtypes.of(param), values, out_len)?;
        case.out_lens.push(out_len);
    }
    if op.has_table() {
        let fields = field("req_to_token", line.table)?;
        case.table = Arc::new(table_of(fields, &mut case, memory).context("req_to_token")?);
    }
    let mut table = None;
    if op.in_place() {
        let rows = line.outs.0.remove("out").map(Out::rows).transpose()?;
        table = Some(TableAfter::new(line.pool_after, line.pool_after_sha256, rows, &case)?);
    }
    Ok((id, case, Expectation { outs, table, fault: line.fault }))
}

fn field<T>(name: &str, value: Option<T>) -> Result<T> {
    value.with_context(|| format!("missing field `{name}`"))
}

/// Refuses an array of the wrong length or with a value outside its element type.
fn check(field: &str, dtype: IntType, values: &[i64], len: usize) -> Result<()> {
    ensure!(values.len() == len, "{field}: {} elements, the case needs {len}", values.len());
    let odd = values.iter().position(|&value| !fits(dtype, &[value]));
    ensure!(odd.is_none(), "{field}[{}]: {} does not fit {dtype}", odd.unwrap_or(0), values[odd.unwrap_or(0)]);
    Ok(())
}

/// The table. Where its elements are named, those that the call reads are there, and the rest is memory that nobody
/// touches: a large table costs what is read of it.
fn table_of(fields: TableFields, case: &mut Case, memory: Bytes) -> Result<Table> {
    let shape = TableShape::new(fields.rows, fields.row_stride)?.with_row_len(fields.cols)?;
    let needed = shape.storage_len() as u64;
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
            case.table = Arc::new(Table { shape, slots: Vec::new() });
            for i in case.op.reads(case).into_iter().flatten() {
                slots[i] = element(i as u64);
            }
        }
    }
    Ok(Table { shape, slots })
}

/// What the element at a place is, of a table whose elements are named.
///
/// # Errors
/// Where it has no such name.
pub fn named(name: &str, len: u64) -> Result<impl Fn(u64) -> i32> {
    let seed = name.strip_prefix("seeded:").and_then(|seed| seed.parse::<u64>().ok());
    match (name, seed) {
        ("arange", _) => ensure!(len <= 1 << 31, "data: an arange of {len} elements does not fit i32"),
        (_, Some(_)) => {}
        _ => bail!("data: {name:?} is not \"arange\" or \"seeded:<u64>\""),
    }
    Ok(move |i| seed.map_or(i as i32, |seed| seeded_slot(seed, i)))
}

/// Tables of up to this many elements are written whole, larger ones as the runs that the batch reads.
const WHOLE_TABLE_MAX: u64 = 4096;

impl Case {
    /// The arrays that a line gives.
    fn given(&self) -> impl Iterator<Item = (&'static (&'static str, Param), &Vec<i64>)> {
        let arrays = self.op.arrays().iter().zip(&self.arrays);
        arrays.filter(|((name, _), values)| !values.is_empty() || !self.op.optional_arrays().contains(name))
    }

    /// The outputs that the call is to give, with their places.
    fn wanted(&self) -> impl Iterator<Item = (&'static (&'static str, Param), usize)> {
        let outputs = self.op.outputs().iter().zip(0..);
        outputs.filter(|&(_, place)| place == 0 || self.out_lens[place] > 0)
    }

    /// The case as a line named `id`, with what the CPU reference gives as its expectation.
    ///
    /// # Panics
    /// Never: a text takes what is written.
    #[must_use]
    pub fn line(&self, id: &str) -> String {
        let (op, dtypes) = (self.op, self.dtypes);
        let outcome = self.run(&mut CpuRef);
        let mut line = format!(r#"{{"op":"{}","id":{},"dtypes":{{"#, op.name(), text(id));
        if op.has_table() {
            line += r#""req_to_token":"i32","#;
        }
        for (&(name, param), _) in self.given() {
            write!(line, r#""{name}":"{}","#, dtypes.of(param)).expect("a text");
        }
        for (&(name, param), _) in self.wanted() {
            write!(line, r#""{name}":"{}","#, dtypes.of(param)).expect("a text");
        }
        line.pop();
        line.push('}');
        if op.has_table() {
            let shape = self.table.shape;
            let (rows, cols, row_stride) = (shape.rows(), shape.row_len(), shape.row_stride());
            write!(line, r#","req_to_token":{{"rows":{rows},"cols":{cols},"row_stride":{row_stride},"data":"#)
                .expect("a text");
            let elements = rows as u64 * row_stride as u64;
            if elements <= WHOLE_TABLE_MAX {
                // Storage may end with the last meaningful entry; a case file has whole rows.
                let slots: Vec<_> = (0..elements as usize).map(|i| self.table.slots.get(i).unwrap_or(&0)).collect();
                line += &text(&slots);
            } else {
                let runs = op.reads(self).into_iter().map(|run| (run.start, &self.table.slots[run]));
                write!(line, r#"{{"runs":{}}}"#, text(&runs.collect::<Vec<_>>())).expect("a text");
            }
            line.push('}');
        }
        write!(line, r#","batch":{}"#, self.batch()).expect("a text");
        for ((name, _), values) in self.given() {
            write!(line, r#","{name}":{}"#, text(values)).expect("a text");
        }
        let left_out = |name, number| op.optional_numbers().contains(&(name, number));
        for (name, number) in op.numbers().iter().zip(&self.numbers).filter(|&(name, number)| !left_out(name, *number))
        {
            write!(line, r#","{name}":{number}"#).expect("a text");
        }
        if op.has_capacity() {
            write!(line, r#","out_len":{}"#, self.out_lens[0]).expect("a text");
        }
        if !op.outputs().is_empty() {
            write!(line, r#","out_init":{}"#, self.out_init).expect("a text");
        }
        for ((name, _), place) in self.wanted() {
            write!(line, r#","{name}":{}"#, text(&outcome.written.outs[place])).expect("a text");
        }
        let table = &outcome.written.table;
        if op.in_place() && table.len() as u64 <= WHOLE_TABLE_MAX {
            write!(line, r#","pool_after":{}"#, text(table)).expect("a text");
        } else if op.in_place() {
            write!(line, r#","pool_after_sha256":"{}""#, sha256(table)).expect("a text");
        }
        if let Err(CallError::Ref(RefError::Fault(fault))) = outcome.result {
            write!(line, r#","fault":{{"row":{},"kind":"{}"}}"#, fault.row, fault.kind.name()).expect("a text");
        }
        line.push('}');
        line
    }
}

/// A value as JSON.
fn text<T: serde::Serialize + ?Sized>(value: &T) -> String {
    serde_json::to_string(value).expect("no map with odd keys")
}
