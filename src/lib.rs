//! KV-cache index operations for LLM serving on Huawei Ascend NPUs.
//!
//! A serving runtime keeps, for every request, a row of a table `req_to_token` (int32, `rows` x `row_stride`, the first
//! `row_len` entries of a row meaningful) whose entry p is the KV-cache slot of token p. Two operations read it in every
//! scheduling step:
//!
//! - `get_last_loc`: the slot of each request's last prefix token, -1 for an empty prefix;
//! - `assign_extend_cache_locs`: the slots of a range of tokens of each request, end to end.
//!
//! Index arrays and outputs are int32 or int64, each independently. Bad data never reads or writes out of bounds: every
//! valid row is computed, and the lowest bad one is reported as a [`RowFault`].
//!
//! This version runs them in host memory, in the module [`cpu_ref`] (feature `cpu-ref`, on by default), and has them as
//! AscendC kernels with the same results and faults, bit for bit, which the simulation in [`api::sim`] runs on any machine
//! (feature `sim`). The device API is to come.
//!
//! # From SGLang
//!
//! | SGLang | here |
//! |---|---|
//! | `ReqToTokenPool.req_to_token` | [`cpu_ref::ReqToToken`] of a [`TableShape`] |
//! | `get_last_loc`, `get_last_loc_triton`, `get_last_loc_torch` | [`cpu_ref::get_last_loc`] |
//! | `assign_extend_cache_locs`, sgl-kernel-npu's `cache_loc_update` | [`cpu_ref::assign_extend_cache_locs`] |

#![cfg_attr(
    not(all(feature = "cpu-ref", feature = "sim")),
    allow(rustdoc::broken_intra_doc_links, reason = "a module is absent")
)]

#[allow(unsafe_code, reason = "the floor that calls C")]
pub mod api;
mod arch;
mod buffer;
mod device;
mod error;
mod event;
mod fault;
mod fault_log;
mod garbage;
pub mod ops;
mod slice;
mod stream;
mod table;

pub use ascend_cache_loc_ref::{FaultKind, Int, IntType, RowFault, ShapeError, TableShape};
pub use buffer::DeviceBuffer;
pub use device::{Device, DeviceInfo};
pub use error::{Error, Result};
pub use event::{Event, FaultCheck};
pub use fault::{DeviceFault, LaunchId, Operation};
pub use ops::{ExtendLocs, LastLoc, LaunchConfig, assign_extend_cache_locs, get_last_loc};
pub use slice::{DeviceAddr, DeviceSlice, DeviceSliceMut};
pub use stream::Stream;
pub use table::ReqToToken;

use ascend_cache_loc_ref::batch_of;

/// Both operations on host slices, in safe Rust: single-threaded, without allocation.
///
/// The oracle of every device backend, and what a runtime calls on a machine with no NPU.
///
/// # Example
///
/// ```
/// use ascend_cache_loc::TableShape;
/// use ascend_cache_loc::cpu_ref::{LastLoc, RefError, ReqToToken, get_last_loc};
///
/// // Two requests of up to four tokens; request 1 holds three.
/// let slots = [0, 0, 0, 0, 640, 641, 642, 0];
/// let table = ReqToToken::new(TableShape::new(2, 4)?, &slots)?;
/// let mut out = [0_i32; 2];
/// get_last_loc(LastLoc { table, req_pool_indices: &[1_i64, 0], prefix_lens: &[3_i64, 0], out: &mut out })?;
/// assert_eq!(out, [642, -1]);
///
/// // A bad row gets -1 and is reported; the other rows are computed.
/// let error = get_last_loc(LastLoc { table, req_pool_indices: &[7_i64, 1], prefix_lens: &[1_i64, 2], out: &mut out });
/// assert_eq!(out, [-1, 641]);
/// assert_eq!(error.unwrap_err().to_string(), "row 0: request pool index 7 is outside the table's 2 rows");
/// # Ok::<(), RefError>(())
/// ```
#[cfg(feature = "cpu-ref")]
pub mod cpu_ref {
    pub use ascend_cache_loc_ref::{
        CaseLine, ExtendLocs, LastLoc, RefError, ReqToToken, assign_extend_cache_locs, get_last_loc,
    };
}

#[cfg(all(doctest, feature = "cpu-ref"))]
#[doc = include_str!("../README.md")]
struct Readme;
