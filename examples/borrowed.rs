//! Both operations for a runtime that has its own stream and device memory: an `aclrtStream`, and addresses. That is what a
//! Rust inference runtime gets from its tensor library, or from `torch_npu` (`torch.npu.current_stream().npu_stream`,
//! `tensor.data_ptr()`).
//!
//! ```sh
//! cargo run --features sim --example borrowed
//! ```
//!
//! Runs on the simulated device: [`Runtime`] stands for the other runtime. [`locations`] is what one writes.

#![allow(unsafe_code, reason = "addresses of another runtime")]

use std::error::Error;
use std::ffi::c_void;
use std::ptr::null_mut;

use ascend_cache_loc::sim::{Machine, SimConfig};
use ascend_cache_loc::{
    Device, DeviceSlice, DeviceSliceMut, ExtendLocs, LastLoc, ReqToToken, Result, Stream, TableShape,
    assign_extend_cache_locs, get_last_loc,
};

/// Enqueues both operations on a runtime's stream: one task each, no allocation, no copy, no wait.
///
/// # Safety
/// The stream is one of the current context, and lives on. Each address has the elements that `batch` says, until the
/// work is done (or any graph that captured it is gone); nothing else writes to their 64-byte blocks, or accesses the
/// outputs, unless it is ordered by the stream or by events. Kernels that `torch_npu` still holds in its own task queue
/// are not: it was drained, or `TASK_QUEUE_ENABLE=0` is set.
unsafe fn locations(device: &Device, raw_stream: *mut c_void, batch: &Batch) -> Result<()> {
    let shape = TableShape::new(2, 4)?;
    // SAFETY: the caller's promise.
    let (stream, slots, reqs, starts, ends, last, out) = unsafe {
        (
            Stream::borrow_raw(device, raw_stream)?, // known from the second time on: costs nothing
            DeviceSlice::<i32>::from_raw_parts(device, batch.slots.try_into()?, shape.storage_len())?,
            DeviceSlice::<i64>::from_raw_parts(device, batch.req_pool_indices.try_into()?, 2)?,
            DeviceSlice::<i32>::from_raw_parts(device, batch.start_offsets.try_into()?, 2)?,
            DeviceSlice::<i32>::from_raw_parts(device, batch.end_offsets.try_into()?, 2)?,
            DeviceSliceMut::<i64>::from_raw_parts(device, batch.last_locs.try_into()?, 2)?,
            DeviceSliceMut::<i32>::from_raw_parts(device, batch.out_cache_locs.try_into()?, 4)?,
        )
    };
    let table = ReqToToken::new(shape, slots)?;
    get_last_loc(&stream, LastLoc { table, req_pool_indices: reqs, prefix_lens: starts, out: last })?;
    let args = ExtendLocs { table, req_pool_indices: reqs, start_offsets: starts, end_offsets: ends, out };
    assign_extend_cache_locs(&stream, args)?;
    Ok(())
}

/// Device addresses of a batch of two requests.
struct Batch {
    slots: u64,
    req_pool_indices: u64,
    start_offsets: u64,
    end_offsets: u64,
    last_locs: u64,
    out_cache_locs: u64,
}

fn main() -> Result<(), Box<dyn Error>> {
    let runtime = Runtime { machine: Machine::new(SimConfig::default())? };
    let device = runtime.machine.open(0)?; // on hardware: Device::open(0)
    runtime.set_device();
    let stream = runtime.new_stream();
    let mut batch = Batch {
        slots: runtime.upload(&[10, 11, 12, 13, 20, 21, 22, 23]), // two requests of up to four tokens
        req_pool_indices: runtime.upload(&[1_i64, 0]),
        start_offsets: runtime.upload(&[1, 3]),
        end_offsets: runtime.upload(&[3, 4]),
        last_locs: runtime.upload(&[0_i64; 2]),
        out_cache_locs: runtime.upload(&[0; 4]),
    };
    // SAFETY: the runtime's own stream and memory, which stay to the end of this function.
    unsafe { locations(&device, stream, &batch) }?;
    runtime.synchronize(stream); // the runtime waits as it always does
    assert_eq!(runtime.download::<i64>(batch.last_locs, 2), [20, 12]);
    assert_eq!(runtime.download::<i32>(batch.out_cache_locs, 3), [21, 22, 13]);
    println!("last locations {:?}", runtime.download::<i64>(batch.last_locs, 2));
    println!("cache locations {:?}", runtime.download::<i32>(batch.out_cache_locs, 3));

    // A bad row is found by the kernel and told to whoever asks; the stream goes on.
    batch.req_pool_indices = runtime.upload(&[1_i64, 7]);
    // SAFETY: as above.
    unsafe { locations(&device, stream, &batch) }?;
    // SAFETY: as above.
    let borrowed = unsafe { Stream::borrow_raw(&device, stream) }?;
    if let Some(fault) = borrowed.take_fault()? {
        println!("{fault}");
    }
    // An address that cannot be right is refused before anything is enqueued.
    batch.out_cache_locs += 2;
    // SAFETY: refused.
    let refused = unsafe { locations(&device, stream, &batch) }.unwrap_err();
    println!("{refused}");
    // A device that fails is lost to the process, and every later call says so.
    batch.out_cache_locs -= 2;
    runtime.machine.fail_launch(1, 507_035);
    // SAFETY: as above.
    unsafe { locations(&device, stream, &batch) }?;
    println!("{}", borrowed.synchronize().unwrap_err());
    Ok(())
}

/// The other runtime, in AscendCL's own calls.
struct Runtime {
    machine: Machine,
}

impl Runtime {
    fn set_device(&self) {
        // SAFETY: as AscendCL documents it; so are the calls below.
        assert_eq!(unsafe { self.machine.acl().aclrtSetDevice.unwrap()(0) }, 0);
    }

    fn new_stream(&self) -> *mut c_void {
        let mut stream = null_mut();
        // SAFETY: the out pointer is valid.
        let created = unsafe { self.machine.acl().aclrtCreateStreamWithConfig.unwrap()(&raw mut stream, 0, 0) };
        assert_eq!(created, 0);
        stream
    }

    fn synchronize(&self, stream: *mut c_void) {
        // SAFETY: a live stream.
        assert_eq!(unsafe { self.machine.acl().aclrtSynchronizeStream.unwrap()(stream) }, 0);
    }

    fn upload<T>(&self, data: &[T]) -> u64 {
        let (mut memory, bytes) = (null_mut(), size_of_val(data));
        let (acl, to_device) = (self.machine.acl(), 1);
        // SAFETY: the memory has as many bytes as the slice.
        let copied = unsafe {
            assert_eq!(acl.aclrtMalloc.unwrap()(&raw mut memory, bytes, 0), 0);
            acl.aclrtMemcpy.unwrap()(memory, bytes, data.as_ptr().cast(), bytes, to_device)
        };
        assert_eq!(copied, 0);
        memory as u64
    }

    fn download<T: Default + Clone>(&self, address: u64, len: usize) -> Vec<T> {
        let (mut data, to_host) = (vec![T::default(); len], 2);
        let bytes = size_of_val(&data[..]);
        let copy = self.machine.acl().aclrtMemcpy.unwrap();
        // SAFETY: the slice has as many bytes as are copied.
        let copied = unsafe { copy(data.as_mut_ptr().cast(), bytes, address as *const c_void, bytes, to_host) };
        assert_eq!(copied, 0);
        data
    }
}

#[cfg(test)]
#[test]
fn runs() {
    main().unwrap();
}
