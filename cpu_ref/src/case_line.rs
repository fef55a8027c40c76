//! A call as one line of a case file, for `examples/replay`.

use core::fmt::{Display, Formatter, Result, Write};

use crate::{ExtendLocs, Int, IntType, LastLoc, ReqToToken, RowFault};

/// Tables of up to this many elements are written whole, larger ones as the runs that the batch reads.
const WHOLE_TABLE_MAX: usize = 4096;

/// One call with its result as a line of JSON: the case format of the `replay` example, which runs it again on any
/// backend and compares. Made by [`LastLoc::case_line`] and [`ExtendLocs::case_line`] from host-side copies; printed by
/// its `Display`, without a newline, without allocating.
///
/// `out` is what the runtime got: a line with a device's wrong result, replayed on the CPU reference, prints each element
/// that is wrong. Since a call takes its arguments, make them once more for the line, from the same slices.
///
/// A table of at most 4,096 elements is written whole. Of a larger one only the runs that valid rows read are written,
/// `"data":{"runs":[[offset,[slots]],..]}`, at their true places: the line stays small, the shape and every address
/// exact.
///
/// ```
/// use ascend_cache_loc_ref::{LastLoc, ReqToToken, TableShape};
///
/// let table = ReqToToken::new(TableShape::new(2, 3)?, &[10, 11, 12, 20, 21, 22])?;
/// let args = LastLoc { table, req_pool_indices: &[1_i64], prefix_lens: &[2_i32], out: &mut [21_i32] };
/// assert_eq!(
///     args.case_line("step 7").to_string(),
///     concat!(
///         r#"{"op":"get_last_loc","id":"step 7","dtypes":{"req_to_token":"i32","req_pool_indices":"i64","#,
///         r#""prefix_lens":"i32","out":"i32"},"req_to_token":{"rows":2,"cols":3,"row_stride":3,"#,
///         r#""data":[10,11,12,20,21,22]},"batch":1,"req_pool_indices":[1],"prefix_lens":[2],"out_init":-1,"out":[21]}"#
///     )
/// );
/// # Ok::<(), ascend_cache_loc_ref::ShapeError>(())
/// ```
#[derive(Debug)]
#[must_use = "a case line does nothing until it is printed"]
pub struct CaseLine<'c, A> {
    args: &'c A,
    id: &'c str,
    out_init: i64,
    fault: Option<RowFault>,
}

impl<A> CaseLine<'_, A> {
    /// The value that filled `out` before the call (-1 where this is not called), so that a replay can tell untouched
    /// elements.
    pub const fn out_init(mut self, value: i64) -> Self {
        self.out_init = value;
        self
    }

    /// The fault that the call reported.
    pub const fn fault(mut self, fault: RowFault) -> Self {
        self.fault = Some(fault);
        self
    }
}

impl<R: Int, L: Int, O: Int> LastLoc<'_, R, L, O> {
    /// This call as a case line named `id`.
    pub const fn case_line<'c>(&'c self, id: &'c str) -> CaseLine<'c, Self> {
        CaseLine { args: self, id, out_init: -1, fault: None }
    }
}

impl<R: Int, L: Int, O: Int> ExtendLocs<'_, R, L, O> {
    /// This call as a case line named `id`.
    pub const fn case_line<'c>(&'c self, id: &'c str) -> CaseLine<'c, Self> {
        CaseLine { args: self, id, out_init: -1, fault: None }
    }
}

impl<R: Int, L: Int, O: Int> Display for CaseLine<'_, LastLoc<'_, R, L, O>> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let LastLoc { table, req_pool_indices, prefix_lens, out } = self.args;
        let dtypes = [("req_pool_indices", R::TYPE), ("prefix_lens", L::TYPE), ("out", O::TYPE)];
        write_head(f, "get_last_loc", self.id, &dtypes)?;
        let runs = req_pool_indices.iter().zip(*prefix_lens).filter_map(|(req, prefix_len)| {
            let index = table.last_index(req.to_i64(), prefix_len.to_i64())?;
            Some(index..index + 1)
        });
        write_table(f, table, runs)?;
        write_batch(f, req_pool_indices)?;
        write_array(f, "prefix_lens", prefix_lens)?;
        write_tail(f, self.out_init, out, self.fault)
    }
}

impl<R: Int, L: Int, O: Int> Display for CaseLine<'_, ExtendLocs<'_, R, L, O>> {
    fn fmt(&self, f: &mut Formatter<'_>) -> Result {
        let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = self.args;
        let dtypes =
            [("req_pool_indices", R::TYPE), ("start_offset", L::TYPE), ("end_offset", L::TYPE), ("out", O::TYPE)];
        write_head(f, "assign_extend_cache_locs", self.id, &dtypes)?;
        let runs = req_pool_indices
            .iter()
            .zip(*start_offsets)
            .zip(*end_offsets)
            .filter_map(|((req, start), end)| table.extend_range(req.to_i64(), start.to_i64(), end.to_i64()));
        write_table(f, table, runs)?;
        write_batch(f, req_pool_indices)?;
        write_array(f, "start_offset", start_offsets)?;
        write_array(f, "end_offset", end_offsets)?;
        write!(f, r#","out_len":{}"#, out.len())?;
        write_tail(f, self.out_init, out, self.fault)
    }
}

fn write_head(f: &mut Formatter<'_>, op: &str, id: &str, dtypes: &[(&str, IntType)]) -> Result {
    write!(f, r#"{{"op":"{op}","id":""#)?;
    for c in id.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            '\0'..='\x1f' => write!(f, "\\u{:04x}", u32::from(c))?,
            _ => f.write_char(c)?,
        }
    }
    f.write_str(r#"","dtypes":{"req_to_token":"i32""#)?;
    for (name, dtype) in dtypes {
        write!(f, r#","{name}":"{dtype}""#)?;
    }
    f.write_char('}')
}

fn write_table(
    f: &mut Formatter<'_>,
    table: &ReqToToken<'_>,
    runs: impl Iterator<Item = core::ops::Range<usize>>,
) -> Result {
    let (shape, slots) = (table.shape(), table.slots());
    let (rows, cols, row_stride) = (shape.rows(), shape.row_len(), shape.row_stride());
    write!(f, r#","req_to_token":{{"rows":{rows},"cols":{cols},"row_stride":{row_stride},"data":"#)?;
    let elements = rows as u64 * row_stride as u64;
    if elements <= WHOLE_TABLE_MAX as u64 {
        // Storage may end with the last meaningful entry; a case file has whole rows.
        write_list(f, (0..elements as usize).map(|i| slots.get(i).copied().unwrap_or(0)))?;
    } else {
        f.write_str(r#"{"runs":["#)?;
        for (i, run) in runs.enumerate() {
            write!(f, "{}[{},", if i == 0 { "" } else { "," }, run.start)?;
            write_list(f, &slots[run])?;
            f.write_char(']')?;
        }
        f.write_str("]}")?;
    }
    f.write_char('}')
}

fn write_batch<R: Int>(f: &mut Formatter<'_>, req_pool_indices: &[R]) -> Result {
    write!(f, r#","batch":{}"#, req_pool_indices.len())?;
    write_array(f, "req_pool_indices", req_pool_indices)
}

fn write_tail<O: Int>(f: &mut Formatter<'_>, out_init: i64, out: &[O], fault: Option<RowFault>) -> Result {
    write!(f, r#","out_init":{out_init}"#)?;
    write_array(f, "out", out)?;
    if let Some(RowFault { row, kind }) = fault {
        write!(f, r#","fault":{{"row":{row},"kind":"{}"}}"#, kind.name())?;
    }
    f.write_char('}')
}

fn write_array<T: Int>(f: &mut Formatter<'_>, name: &str, values: &[T]) -> Result {
    write!(f, r#","{name}":"#)?;
    write_list(f, values)
}

fn write_list<T: Display>(f: &mut Formatter<'_>, values: impl IntoIterator<Item = T>) -> Result {
    f.write_char('[')?;
    for (i, value) in values.into_iter().enumerate() {
        write!(f, "{}{value}", if i == 0 { "" } else { "," })?;
    }
    f.write_char(']')
}
