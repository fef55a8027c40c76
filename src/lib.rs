//! KV-cache index operations for LLM serving on Huawei Ascend NPUs.
//!
//! A serving runtime keeps, for every request, a row of a table `req_to_token` (int32, `rows` x `row_stride`, the first
//! `row_len` entries of a row meaningful) whose entry p is the KV-cache slot of token p. Two operations read it in every
//! scheduling step:
//!
//! - `get_last_loc`: the slot of each request's last prefix token, -1 for an empty prefix;
//! - `assign_extend_cache_locs`: the slots of a range of tokens of each request, end to end.
//!
//! Others write it ([`assign_req_to_token_pool`]), read windows of it ([`assign_extend_cache_locs_uniform`]) and its pages
//! ([`gather_block_tables`]), and take slots from free pages ([`alloc_decode`], [`alloc_extend`]); [`decode_step`] and
//! [`extend_step`] do all of a step's index work in one launch.
//!
//! Index arrays and outputs are int32 or int64, each independently. Bad data never reads or writes out of bounds, and a bad
//! row harms itself alone: it gets -1, every valid row is computed and lies where it would have lain, and the lowest bad
//! row is reported as a [`RowFault`].
//!
//! They run as AscendC kernels on a device, see below, and in host memory, in the module [`cpu_ref`] (feature `cpu-ref`, on
//! by default); results and faults are the same, bit for bit. The kernels run on any machine too, on a simulated device
//! ([`sim`], feature `sim`). No hardware has run them yet: the README says what rests on what.
//!
//! # On a device
//!
//! ```
//! # #[cfg(feature = "sim")]
//! # fn main() -> ascend_cache_loc::Result<()> {
//! use ascend_cache_loc::{Device, DeviceBuffer, LastLoc, ReqToToken, TableShape, get_last_loc};
//!
//! # let open = || Device::open_sim(Default::default());
//! # const _: &str = stringify!(
//! let device = Device::open(0)?;
//! # );
//! # let device = open()?;
//! let stream = device.new_stream()?;
//! let slots = DeviceBuffer::from_host(&stream, &[10, 11, 12, 13, 20, 21, 22, 23])?; // two requests of up to four tokens
//! let reqs = DeviceBuffer::from_host(&stream, &[1_i64, 0])?;
//! let lens = DeviceBuffer::from_host(&stream, &[3_i32, 0])?;
//! let mut out = DeviceBuffer::<i32>::zeroed(&stream, 2)?;
//! let table = ReqToToken::new(TableShape::new(2, 4)?, slots.as_slice())?;
//! let (req_pool_indices, prefix_lens) = (reqs.as_slice(), lens.as_slice());
//! get_last_loc(&stream, LastLoc { table, req_pool_indices, prefix_lens, out: out.as_slice_mut() })?;
//! stream.synchronize()?; // a bad row would be an error here
//! let mut locs = [0; 2];
//! out.copy_to_host(&mut locs)?;
//! assert_eq!(locs, [22, -1]);
//! # Ok(())
//! # }
//! # #[cfg(not(feature = "sim"))]
//! # fn main() {}
//! ```
//!
//! # In a runtime that has its own streams and memory
//!
//! The stream is borrowed, and the addresses become slices; `examples/borrowed.rs` is the whole of it:
//!
//! ```
//! # use ascend_cache_loc::{Device, DeviceAddr, DeviceSlice, DeviceSliceMut, LastLoc, ReqToToken, Result, Stream, TableShape, get_last_loc};
//! # unsafe fn of(device: &Device, raw_stream: *mut std::ffi::c_void, shape: TableShape, at: [DeviceAddr; 4], n: usize) -> Result<()> {
//! // SAFETY: see `Stream::borrow_raw` and `DeviceSlice::from_raw_parts`.
//! unsafe {
//!     let stream = Stream::borrow_raw(device, raw_stream)?;
//!     let slots = DeviceSlice::from_raw_parts(device, at[0], shape.storage_len())?;
//!     let args = LastLoc {
//!         table: ReqToToken::new(shape, slots)?,
//!         req_pool_indices: DeviceSlice::<i64>::from_raw_parts(device, at[1], n)?,
//!         prefix_lens: DeviceSlice::<i64>::from_raw_parts(device, at[2], n)?,
//!         out: DeviceSliceMut::<i32>::from_raw_parts(device, at[3], n)?,
//!     };
//!     get_last_loc(&stream, args)?;
//! }
//! # Ok(())
//! # }
//! ```
//!
//! - The Safety contract in short: memory and stream live until the work is *done*, or as long as any graph that captured
//!   it; no one else touches the 64-byte blocks of an output meanwhile, or writes to those of an input, unless ordered on
//!   the device.
//! - A launch goes to the device at once: it overtakes kernels that `torch_npu` still holds in its own task queue. Drain
//!   that, or set `TASK_QUEUE_ENABLE=0`.
//! - An operation is one task on the stream, without allocation, copy, query or wait, and can be captured into a [`Graph`]. A
//!   task queue is finite (about 2,000 tasks): a launch waits while it is full. [`Stream`] has the cost of each call.
//! - A process that has opened a device does not fork and go on in the child: the runtime's threads stay behind, and the
//!   device there refuses every call ([`Error::Unavailable`]). Starting another program (fork and exec) is no matter.
//!
//! # Errors
//!
//! Bad data is found by the kernel, reported by the [`Stream`] and harms its own row alone; arguments that do not fit are
//! refused before anything is enqueued; a device that fails is lost to the process. As they print:
//!
//! ```text
//! get_last_loc, launch 3: row 1: request pool index 7 is outside the table's 2 rows
//! slice: address 0xac0000000002c2: not aligned to its elements
//! the device is lost, AscendCL code 507035, last launch 6: ascend_cache_loc_get_last_loc fails here as it was told to
//! ```
//!
//! `ASCEND_CACHE_LOC_LAUNCH_BLOCKING=1` makes each launch wait and return its own fault or failure, for debugging.
//!
//! # From SGLang
//!
//! | SGLang | here |
//! |---|---|
//! | `ReqToTokenPool.req_to_token` | [`ReqToToken`] of a [`TableShape`]; on the host [`cpu_ref::ReqToToken`] |
//! | `get_last_loc`, `get_last_loc_triton`, `get_last_loc_torch` | [`get_last_loc`]; on the host [`cpu_ref::get_last_loc`] |
//! | `assign_extend_cache_locs`, sgl-kernel-npu's `cache_loc_update` | [`assign_extend_cache_locs`]; on the host [`cpu_ref::assign_extend_cache_locs`] |
//! | `assign_extend_cache_locs_uniform`, `assign_draft_cache_locs_contiguous` | [`assign_extend_cache_locs_uniform`]; on the host [`cpu_ref::assign_extend_cache_locs_uniform`] |
//! | `assign_req_to_token_pool`, sgl-kernel-npu's `cache_loc_assign` | [`assign_req_to_token_pool`] |
//! | block tables of the Ascend backend | [`gather_block_tables`] |
//! | `alloc_decode_kernel`, the NPU allocator's `alloc_decode` | [`alloc_decode`]; on the host [`cpu_ref::alloc_decode`] |
//! | `alloc_extend_kernel`, the NPU allocator's `alloc_extend` | [`alloc_extend`]; on the host [`cpu_ref::alloc_extend`] |
//! | `get_num_new_pages` | [`new_pages`], [`new_pages_decode`] |
//! | a decode step, 13 torch operators and more in the Ascend backend | [`decode_step`] |
//! | a prefill's last slots, `alloc_extend` and `assign_req_to_token_pool` | [`extend_step`] |

#![cfg_attr(
    not(all(feature = "cpu-ref", feature = "sim")),
    allow(rustdoc::broken_intra_doc_links, reason = "a module is absent")
)]

#[allow(unsafe_code, reason = "blocks as bytes")]
mod abi;
#[allow(unsafe_code, reason = "the floor that calls C")]
pub mod acl;
mod device;
mod logging;
mod ops;
#[cfg(feature = "sim")]
#[allow(unsafe_code, reason = "C calls it, and it calls C")]
pub mod sim;

pub use abi::Operation;
pub use ascend_cache_loc_ref::{
    Columns, FaultKind, Int, IntType, Lengths, RefError, RowFault, ShapeError, TableShape, new_pages, new_pages_decode,
};
use ascend_cache_loc_ref::{batch_of, block_tables_of, decode_batch_of, paged_batch_of, uniform_batch_of};
pub use device::*;
pub use ops::*;

#[doc = include_str!("graphs.md")]
pub mod graphs {}

/// The operations on host slices, in safe Rust: single-threaded, without allocation.
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
    pub use ascend_cache_loc_ref::*;
}

#[cfg(all(doctest, feature = "cpu-ref"))]
#[doc = include_str!("../README.md")]
struct Readme;

/// What the borrow checker refuses.
///
/// A slice does not outlive its buffer:
/// ```compile_fail,E0505
/// # use ascend_cache_loc::*;
/// fn f(buffer: DeviceBuffer<i32>) {
///     let slice = buffer.as_slice();
///     drop(buffer);
///     slice.len();
/// }
/// ```
/// Nor is a buffer closed under it:
/// ```compile_fail,E0505
/// # use ascend_cache_loc::*;
/// fn f(buffer: DeviceBuffer<i32>) {
///     let slice = buffer.as_slice();
///     buffer.close().unwrap();
///     slice.len();
/// }
/// ```
/// An output is not an input at the same time:
/// ```compile_fail,E0502
/// # use ascend_cache_loc::*;
/// fn f(buffer: &mut DeviceBuffer<i32>) {
///     let input = buffer.as_slice();
///     let output = buffer.as_slice_mut();
///     input.len();
/// }
/// ```
/// Nor two outputs:
/// ```compile_fail,E0499
/// # use ascend_cache_loc::*;
/// fn f(buffer: &mut DeviceBuffer<i32>) {
///     let first = buffer.as_slice_mut();
///     let second = buffer.as_slice_mut();
///     first.len();
/// }
/// ```
/// A mutable slice is not copied, but lent:
/// ```compile_fail,E0382
/// # use ascend_cache_loc::*;
/// fn f(slice: DeviceSliceMut<'_, i32>) {
///     let first = slice;
///     slice.len();
/// }
/// ```
/// ```compile_fail,E0499
/// # use ascend_cache_loc::*;
/// fn f(slice: &mut DeviceSliceMut<'_, i32>) {
///     let lent = slice.reborrow();
///     slice.reborrow();
///     lent.len();
/// }
/// ```
/// A buffer does not move to another stream while it is lent:
/// ```compile_fail,E0502
/// # use ascend_cache_loc::*;
/// fn f(buffer: &mut DeviceBuffer<i32>, stream: &Stream) {
///     let slice = buffer.as_slice();
///     buffer.move_to(stream).unwrap();
///     slice.len();
/// }
/// ```
/// Both offsets have one type, and elements are int32 or int64:
/// ```compile_fail,E0308
/// # use ascend_cache_loc::*;
/// fn f<'a>(table: ReqToToken<'a>, a: DeviceSlice<'a, i32>, b: DeviceSlice<'a, i64>, out: DeviceSliceMut<'a, i32>) {
///     ExtendLocs { table, req_pool_indices: a, start_offsets: a, end_offsets: b, out };
/// }
/// ```
/// ```compile_fail,E0277
/// # use ascend_cache_loc::*;
/// fn f(stream: &Stream) {
///     DeviceBuffer::from_host(stream, &[1_u32]);
/// }
/// ```
/// A graph is replayed on the caller's word: its memory is there, and nothing else uses it meanwhile.
/// ```compile_fail,E0133
/// # use ascend_cache_loc::*;
/// fn f(graph: &Graph, stream: &Stream) {
///     graph.replay(stream).unwrap();
/// }
/// ```
/// Memory from elsewhere is taken on the caller's word:
/// ```compile_fail,E0133
/// # use ascend_cache_loc::*;
/// fn f(device: &Device, address: DeviceAddr) {
///     DeviceSlice::<i32>::from_raw_parts(device, address, 1);
/// }
/// ```
#[cfg(doctest)]
struct Refused;
