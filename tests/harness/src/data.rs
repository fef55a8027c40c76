//! The elements of a table and of outputs, as a case gives them.

use std::collections::BTreeMap;
use std::fmt::{Formatter, Result as FmtResult};

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};

/// The field `out`, or another output.
#[derive(Debug)]
pub(crate) enum Out {
    /// All its elements.
    List(Vec<i64>),
    /// Of an operation that writes in place: values by rows of the table.
    Rows(BTreeMap<usize, Vec<i64>>),
}

impl Out {
    /// The elements of an output.
    pub(crate) fn list(self, name: &str) -> anyhow::Result<Vec<i64>> {
        match self {
            Self::List(values) => Ok(values),
            Self::Rows(_) => anyhow::bail!("{name}: rows of a table, expected a list"),
        }
    }

    /// The values of rows of the table.
    pub(crate) fn rows(self) -> anyhow::Result<BTreeMap<usize, Vec<i64>>> {
        match self {
            Self::Rows(rows) => Ok(rows),
            Self::List(_) => anyhow::bail!("out: a list, expected rows of the table"),
        }
    }
}

// By hand, as below.
impl<'de> Deserialize<'de> for Out {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OutVisitor)
    }
}

struct OutVisitor;

impl<'de> Visitor<'de> for OutVisitor {
    type Value = Out;

    fn expecting(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.write_str("a list of integers, or lists by rows of the table")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Out, A::Error> {
        let mut values = Vec::new();
        while let Some(value) = seq.next_element()? {
            values.push(value);
        }
        Ok(Out::List(values))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Out, A::Error> {
        let mut rows = BTreeMap::new();
        while let Some(row) = map.next_key::<String>()? {
            let row = row.parse().map_err(|_| A::Error::custom(format_args!("{row:?} is no row of a table")))?;
            rows.insert(row, map.next_value()?);
        }
        Ok(Out::Rows(rows))
    }
}

/// The field `data`.
#[derive(Debug)]
pub(crate) enum Data {
    /// The whole storage.
    Whole(Vec<i32>),
    /// `"arange"` or `"seeded:S"`.
    Named(String),
    /// Runs of elements at their places.
    Runs(Vec<(usize, Vec<i32>)>),
}

// By hand: a derived enum would keep the elements in a form many times as large before it knows which of these they are.
impl<'de> Deserialize<'de> for Data {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DataVisitor)
    }
}

struct DataVisitor;

impl<'de> Visitor<'de> for DataVisitor {
    type Value = Data;

    fn expecting(&self, f: &mut Formatter<'_>) -> FmtResult {
        f.write_str("data as a list of int32, \"arange\", \"seeded:<u64>\" or {\"runs\": [[offset, [..]], ..]}")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Data, E> {
        Ok(Data::Named(name.into()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Data, A::Error> {
        slots(seq).map(Data::Whole)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Data, A::Error> {
        let mut runs: Option<Vec<(usize, Run)>> = None;
        while let Some(key) = map.next_key::<String>()? {
            if key != "runs" {
                return Err(A::Error::unknown_field(&key, &["runs"]));
            }
            runs = Some(map.next_value()?);
        }
        let runs = runs.ok_or_else(|| A::Error::missing_field("runs"))?;
        Ok(Data::Runs(runs.into_iter().map(|(offset, Run(slots))| (offset, slots)).collect()))
    }
}

struct Run(Vec<i32>);

impl<'de> Deserialize<'de> for Run {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RunVisitor;
        impl<'de> Visitor<'de> for RunVisitor {
            type Value = Run;

            fn expecting(&self, f: &mut Formatter<'_>) -> FmtResult {
                f.write_str("a list of int32")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Run, A::Error> {
                slots(seq).map(Run)
            }
        }
        deserializer.deserialize_seq(RunVisitor)
    }
}

/// A list of slots; what does not fit one is named with its place and value.
fn slots<'de, A: SeqAccess<'de>>(mut seq: A) -> Result<Vec<i32>, A::Error> {
    let mut slots = Vec::new();
    while let Some(value) = seq.next_element::<i64>()? {
        let slot = i32::try_from(value)
            .map_err(|_| A::Error::custom(format_args!("data[{}]: {value} does not fit i32", slots.len())))?;
        slots.push(slot);
    }
    Ok(slots)
}
