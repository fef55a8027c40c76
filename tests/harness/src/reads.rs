//! What a valid row of a batch reads of the table's storage.

use std::ops::Range;

use ascend_cache_loc::{Int, TableShape};

/// The entry that a row of `get_last_loc` reads; `None` where it reads none.
#[must_use]
pub fn last_loc(shape: TableShape, req: i64, prefix_len: i64) -> Option<Range<usize>> {
    let start = prefix_len.checked_sub(1)?;
    extend_locs(shape, req, start, prefix_len)
}

/// The entries that a row of `assign_extend_cache_locs` reads; `None` where it reads none.
#[must_use]
pub fn extend_locs(shape: TableShape, req: i64, start: i64, end: i64) -> Option<Range<usize>> {
    let req = usize::try_from(req).ok().filter(|&req| req < shape.rows())?;
    let (start, end) = (usize::try_from(start).ok()?, usize::try_from(end).ok()?);
    let row = req * shape.row_stride();
    (start < end && end <= shape.row_len()).then_some(row + start..row + end)
}

/// The same of all rows of a batch that have some.
pub fn ranges<R: Int, L: Int>(
    shape: TableShape,
    reqs: &[R],
    starts: &[L],
    ends: &[L],
) -> impl Iterator<Item = Range<usize>> {
    let rows = reqs.iter().zip(starts).zip(ends);
    rows.filter_map(move |((req, start), end)| extend_locs(shape, req.to_i64(), start.to_i64(), end.to_i64()))
}

/// `ranges` as far as `room` elements of output go. A bad row takes of that room too; here it does not, so that nothing is
/// missed.
pub fn within(room: usize, ranges: impl Iterator<Item = Range<usize>>) -> impl Iterator<Item = Range<usize>> {
    let mut room = room;
    ranges.map_while(move |range| {
        let len = range.len().min(room);
        room -= len;
        (len > 0).then_some(range.start..range.start + len)
    })
}
