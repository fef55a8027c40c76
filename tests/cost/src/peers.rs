//! Other people's kernels, transcribed: the two of sgl-kernel-npu's pull request 261, of int32 output.
//!
//! `kernels/pull_request_261.cpp` says what a transcription keeps.

use ascend_cache_loc::sim::{Access, Array, Kernels, Launch, ReportKind, Steps};
use ascend_cache_loc::{IntType, Operation};
use harness::case::Case;

use crate::{add, argument, run};

unsafe extern "C" {
    static pull_request_261_kernels: Kernels;
}

/// Rows of a program of its `get_last_loc`.
const ROWS: usize = 4;
/// The largest batch of its `assign_extend_cache_locs`: beyond, the vendor's compiler finds no room in UB.
pub const MOST_ROWS: usize = 8192;

/// Runs the pull request's kernel on a case: its output, and what its programs did. The index arrays are of the case's
/// lengths' type. Nothing where it has no such kernel: another operation, a larger batch.
///
/// # Panics
/// Where the kernel does what the simulation reports, other than that two programs write into one 64-byte line.
#[must_use]
pub fn pull_request_261(case: &Case) -> Option<(Vec<i64>, Steps)> {
    // SAFETY: a constant.
    add(unsafe { &pull_request_261_kernels });
    let (n, operation) = (case.batch(), case.op.operation());
    let programs = if operation == Operation::GET_LAST_LOC {
        n.div_ceil(ROWS)
    } else if operation == Operation::ASSIGN_EXTEND_CACHE_LOCS && n <= MOST_ROWS {
        n
    } else {
        return None;
    };
    let index = case.dtypes.lens;
    let bytes = |values: &[i64]| -> Vec<u8> {
        match index {
            IntType::I32 => values.iter().flat_map(|&v| i32::try_from(v).expect("it fits").to_ne_bytes()).collect(),
            _ => values.iter().flat_map(|v| v.to_ne_bytes()).collect(),
        }
    };
    let mut inputs: Vec<_> = case.arrays.iter().map(|array| bytes(array)).collect();
    let mut out = vec![i32::try_from(case.out_init).expect("it fits"); case.out_lens[0]];
    // As a pool has them, on 512 bytes.
    let place = |number: u64, array: Array| {
        let address = (number + 1) << 36;
        Array { address, allocation: (address, array.bytes), ..array }
    };
    // It is read only.
    let table = std::ptr::from_ref(&case.table.slots[..]).cast_mut();
    let mut arrays = vec![place(0, Array::of(table, Access::Read))];
    for (number, input) in inputs.iter_mut().enumerate() {
        arrays.push(place(1 + number as u64, Array::of(&raw mut input[..], Access::Read)));
    }
    arrays.push(place(arrays.len() as u64, Array::of(&raw mut out[..], Access::Write)));
    let mut parameters: Vec<u64> = arrays.iter().map(|array| array.address).collect();
    parameters.extend([n as u64, case.table.shape.row_stride() as u64]);
    let kernel =
        format!("pull_request_261_{} {}", operation.name(), if index == IntType::I32 { "int32_t" } else { "int64_t" });
    let argument = argument(&parameters);
    let launch = Launch {
        shared_lines: true,
        ..Launch::new(&kernel, u32::try_from(programs).expect("few programs"), &argument, &arrays)
    };
    // SAFETY: the arrays live above; the kernel follows no pointer.
    let steps = unsafe { run(&launch, None::<ReportKind>) };
    Some((out.into_iter().map(i64::from).collect(), steps))
}
