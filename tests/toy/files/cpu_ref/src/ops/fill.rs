//! `fill`, the toy.

use crate::{FaultKind, Int, RefError, RowFault, batch_of};

/// The arguments of [`fill`].
#[derive(Debug)]
pub struct Fill<'a, L, O> {
    /// Row i's value.
    pub values: &'a [L],
    /// Row i's result.
    pub out: &'a mut [O],
}

/// `out[i] = values[i]`, or -1 where that is negative or fits no int32.
///
/// # Errors
/// Where the lengths differ; the lowest bad row.
pub fn fill<L: Int, O: Int>(args: Fill<'_, L, O>) -> Result<(), RefError> {
    batch_of(args.values.len(), &[("out", args.out.len())])?;
    let mut fault = None;
    for (row, (value, out)) in args.values.iter().zip(args.out).enumerate() {
        let slot = i32::try_from(value.to_i64()).ok().filter(|&slot| slot >= 0);
        *out = O::from_slot(slot.unwrap_or(-1));
        if slot.is_none() && fault.is_none() {
            fault = Some(RowFault::new(row, FaultKind::RequestOutOfRange { req: value.to_i64(), rows: 1 << 31 }));
        }
    }
    fault.map_or(Ok(()), |fault| Err(fault.into()))
}
