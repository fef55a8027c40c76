//! Memory, on the device and pinned, and copies of it.

use std::ffi::c_void;
use std::ptr::null_mut;

use ascend_cache_loc::{DeviceAddr, DeviceSlice, Error, LastLoc, ReqToToken, get_last_loc};

use super::{Pointer, Raw, Sent};
use crate::foreign::{self, ON_DEVICE, TO_DEVICE, TO_HOST, acl};
use crate::rig::{Batch, Rig, shape};

/// As aclrtMalloc is documented: aligned to 64 bytes, 32 more than asked for, and not cleared.
#[test]
fn memory_is_where_and_what_it_is_documented_to_be() {
    let rig = Rig::new();
    let mut addresses: Vec<u64> = (1..50).map(|bytes| foreign::malloc(&rig.machine, bytes)).collect();
    assert!(addresses.iter().all(|address| address.is_multiple_of(64)));
    assert!(addresses.iter().any(|address| !address.is_multiple_of(128)), "no more alignment than documented");
    assert!(addresses.iter().all(|address| address >> 47 > 0), "no address of this process");
    addresses.dedup();
    assert_eq!(addresses.len(), 49);
    // Not cleared.
    assert_ne!(foreign::download::<u8>(&rig.machine, addresses[20], 8), [0; 8]);
    // Past its end, and nowhere.
    let mut byte = 0_u8;
    let mut read = |address: u64, bytes| {
        acl!(rig.machine, aclrtMemcpy((&raw mut byte).cast(), 1 << 20, address as *const c_void, bytes, TO_HOST))
    };
    assert_eq!(read(addresses[20] + 21, 1), 507_013);
    assert!(foreign::message(&rig.machine).unwrap().contains("1 bytes at"));
    assert_eq!(read(0x1000, 1), 507_013);
}

/// `JudgeIsInvolvePageableMemory`, `ApiErrorDecorator::MemcpyAsync`: copies from pinned memory run with the stream; for
/// pageable memory the call waits for it and copies.
#[test]
fn pinned_copies_are_asynchronous_and_pageable_ones_are_not() {
    let rig = Rig::new();
    let raw = rig.stream.as_raw();
    let device = foreign::upload(&rig.machine, &[1_u64]);
    let pinned = foreign::malloc_host(&rig.machine, 8);
    let copy =
        |host: *const c_void| acl!(rig.machine, aclrtMemcpyAsync(device as *mut c_void, 8, host, 8, TO_DEVICE, raw));
    // SAFETY: eight bytes of ours.
    unsafe { pinned.cast::<u64>().write(2) };
    rig.machine.hold(raw, true);
    assert_eq!(copy(pinned), 0);
    assert_eq!(foreign::download::<u64>(&rig.machine, device, 1), [1], "not yet");
    // SAFETY: as above; the device has not read it.
    unsafe { pinned.cast::<u64>().write(3) };
    rig.machine.hold(raw, false);
    rig.stream.synchronize().unwrap();
    assert_eq!(foreign::download::<u64>(&rig.machine, device, 1), [3]);
    let pageable = Box::new(4_u64);
    assert_eq!(copy((&raw const *pageable).cast()), 0);
    assert_eq!(foreign::download::<u64>(&rig.machine, device, 1), [4], "done at the return");
    // A copy whose pinned memory is freed under it.
    rig.machine.hold(raw, true);
    assert_eq!(copy(pinned), 0);
    assert_eq!(acl!(rig.machine, aclrtFreeHost(pinned)), 0);
    rig.machine.hold(raw, false);
    let text = rig.stream.synchronize().unwrap_err().to_string();
    assert!(text.contains("its host memory was freed by aclrtFreeHost"), "{text}");
}

/// A copy on the device runs with the stream, and keeps to its allocations.
#[test]
fn copies_on_the_device_are_asynchronous() {
    let rig = Rig::new();
    let raw = rig.stream.as_raw();
    let (from, to) = (foreign::upload(&rig.machine, &[1_u32, 2, 3]), foreign::upload(&rig.machine, &[0_u32; 18]));
    let copy = |to: u64, from: u64, bytes| {
        acl!(rig.machine, aclrtMemcpyAsync(to as *mut c_void, bytes, from as *const c_void, bytes, ON_DEVICE, raw))
    };
    rig.machine.hold(raw, true);
    assert_eq!(copy(to + 64, from, 8), 0);
    assert_eq!(foreign::download::<u32>(&rig.machine, to, 18), [0; 18], "not yet");
    rig.machine.hold(raw, false);
    rig.stream.synchronize().unwrap();
    assert_eq!(foreign::download::<u32>(&rig.machine, to, 18)[15..], [0, 1, 2]);
    assert_eq!(copy(to, from, 16), 0);
    let text = rig.stream.synchronize().unwrap_err().to_string();
    assert!(text.contains("copy: 16 bytes at ") && text.contains(", past the end of the allocation of 12"), "{text}");
}

/// `ApiImpl::DevFree` does not wait: work that comes later finds the memory gone, and the report names it.
#[test]
fn use_after_free_is_caught_and_named() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    batch.last_loc(&rig.stream).unwrap();
    let lens = batch.ends.as_slice().addr().unwrap().get();
    assert_eq!(acl!(rig.machine, aclrtFree(lens as *mut c_void)), 0);
    rig.machine.hold(rig.stream.as_raw(), false);
    let Err(Error::DeviceLost { code: 507_035, message, .. }) = rig.stream.synchronize() else { panic!("it ran") };
    let expected = format!(
        "ascend_cache_loc_get_last_loc: prefix_lens: 12 bytes at {lens:#x}, in an allocation of 12 bytes at {lens:#x} that was freed"
    );
    assert_eq!(&*message, expected);
    assert_eq!(acl!(rig.machine, aclrtFree(lens as *mut c_void)), 107_000, "freed twice");
    assert!(foreign::message(&rig.machine).unwrap().contains("that was freed"));
}

/// Memory that was never written has no value: the core simulation says so when a kernel uses it.
#[test]
fn memory_that_nobody_wrote_is_reported() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let unwritten = foreign::malloc(&rig.machine, 24);
    let address = DeviceAddr::new(unwritten).unwrap();
    // SAFETY: memory of the machine, which stays.
    let reqs = unsafe { DeviceSlice::<i64>::from_raw_parts(&rig.device, address, 3) }.unwrap();
    let args = LastLoc {
        table: ReqToToken::new(shape(), batch.slots.as_slice()).unwrap(),
        req_pool_indices: reqs,
        prefix_lens: batch.ends.as_slice(),
        out: batch.out.as_slice_mut(),
    };
    get_last_loc(&rig.stream, args).unwrap();
    let Err(Error::DeviceLost { message, .. }) = rig.stream.synchronize() else { panic!("it ran") };
    assert!(message.contains("reads bytes that nothing wrote, UB byte 0, 3 times"), "{message}");
}

/// `aclrtMalloc`, `aclrtMallocHost`, `aclrtFree`, `aclrtFreeHost` (memory.cpp), and what of the machine they need
/// (`ApiImpl::DevFreeStatic`: any context or none).
#[test]
fn allocations_are_checked() {
    let raw = Raw::with(|config| (config.devices, config.memory_bytes) = (2, 4096));
    let mut pointer = null_mut();
    let mut malloc = |size| acl!(raw, aclrtMalloc(&raw mut pointer, size, 0));
    assert_eq!((malloc(0), malloc(usize::MAX - 5), malloc(4065), malloc(4064)), (100_000, 100_000, 207_001, 0));
    let first = foreign::context(&raw).unwrap();
    assert_eq!(acl!(raw, aclrtMalloc(null_mut(), 8, 0)), 100_000);
    assert_eq!((acl!(raw, aclrtFree(null_mut())), acl!(raw, aclrtFree(5 as Pointer))), (100_000, 107_000));
    // Of another device, and without a context.
    foreign::new_context(&raw, 1);
    assert_eq!(acl!(raw, aclrtFree(pointer)), 0);
    let second = Sent::of(foreign::malloc(&raw, 8) as Pointer);
    assert_eq!(raw.elsewhere(None, || acl!(raw, aclrtFree(second.get()))), 0);
    assert_eq!((acl!(raw, aclrtFree(second.get())), raw.device_allocations()), (107_000, 0));
    foreign::set_context(&raw, first);
    assert_eq!(acl!(raw, aclrtMallocHost(null_mut(), 8)), 100_000);
    assert_eq!(acl!(raw, aclrtMallocHost(&raw mut pointer, 0)), 100_000);
    assert_eq!(acl!(raw, aclrtMallocHost(&raw mut pointer, usize::MAX)), 207_001);
    assert_eq!((acl!(raw, aclrtFreeHost(null_mut())), acl!(raw, aclrtFreeHost(5 as Pointer))), (100_000, 107_000));
}

/// `aclrtMemcpy`, `aclrtMemcpyAsync` and `aclrtMemsetAsync`, `ApiErrorDecorator::MemCopySync` and its like, in this order. A
/// count of 0 is an error up to 9.1.0.
#[test]
fn copies_are_checked() {
    let raw = Raw::new();
    let (stream, device, pinned) = (raw.stream(), foreign::malloc(&raw, 8) as Pointer, foreign::malloc_host(&raw, 8));
    type Copied<'a> = &'a dyn Fn(Pointer, usize, Pointer, usize, u32) -> i32;
    let sync = |to, room, from: Pointer, count, kind| acl!(raw, aclrtMemcpy(to, room, from, count, kind));
    let with_stream =
        |to, room, from: Pointer, count, kind| acl!(raw, aclrtMemcpyAsync(to, room, from, count, kind, stream));
    for copy in [&sync as Copied, &with_stream] {
        assert_eq!(copy(null_mut(), 0, pinned, 9, 99), 100_000);
        assert_eq!(copy(device, 0, null_mut(), 9, 99), 100_000);
        assert_eq!(copy(device, 0, pinned, 9, 99), 100_000);
        assert_eq!((copy(device, 8, pinned, 9, TO_DEVICE), copy(device, 0, pinned, 8, TO_DEVICE)), (107_000, 107_000));
        assert_eq!(copy(device, 8, pinned, 0, TO_DEVICE), 107_000);
        assert_eq!(copy(device, 8, device, 8, ON_DEVICE), 0, "the same on both sides: nothing");
        assert_eq!(copy(device, 8, pinned, 8, TO_DEVICE), 0);
    }
    assert_eq!((raw.synchronize(stream), raw.tasks()), (0, 1));
    let set = |to, room, count| acl!(raw, aclrtMemsetAsync(to, room, 0x1ff, count, stream));
    assert_eq!(
        (set(null_mut(), 0, 1), set(device, 7, 8), set(device, 8, 0), set(device, 8, 8)),
        (100_000, 107_000, 107_000, 0)
    );
    assert_eq!(raw.synchronize(stream), 0);
    assert_eq!(foreign::download::<u8>(&raw, device as u64, 8), [0xff; 8], "the low byte");
}

/// A copy stays within its pinned memory; the runtime looks at the first address alone.
#[test]
fn copies_past_the_end_of_pinned_memory_are_caught() {
    let raw = Raw::new();
    let (stream, device) = (raw.stream(), foreign::malloc(&raw, 16));
    let pinned = foreign::malloc_host(&raw, 8).wrapping_byte_add(4);
    let copied = acl!(raw, aclrtMemcpyAsync(device as Pointer, 8, pinned, 8, TO_DEVICE, stream));
    assert_eq!((copied, raw.synchronize(stream)), (0, 507_013));
    assert_eq!(foreign::message(&raw).as_deref(), Some("copy: past the end of its pinned memory"));
    assert_eq!(acl!(raw, aclrtMemcpy(device as Pointer, 8, pinned, 8, TO_DEVICE)), 507_013);
}

/// `ApiErrorDecorator::MemcpyAsync` hands on what its wait finds: a copy of pageable memory takes the stream's failure.
#[test]
fn a_pageable_copy_takes_the_streams_failure() {
    let raw = Raw::new();
    let (stream, device, host) = (raw.stream(), foreign::malloc(&raw, 1) as Pointer, Box::new(1_u8));
    let copy = || acl!(raw, aclrtMemcpyAsync(device, 1, (&raw const *host).cast(), 1, TO_DEVICE, stream));
    raw.fault(stream);
    assert_eq!((copy(), raw.synchronize(stream), copy()), (507_013, 0, 0));
}

/// Memory larger than the host's costs what is written; what nobody wrote is neither zero nor what was there before.
#[test]
#[cfg_attr(not(target_os = "linux"), ignore = "pages that cost nothing are those of Linux")]
fn memory_costs_the_host_what_is_written() {
    const GIB: u64 = 1 << 30;
    let raw = Raw::new();
    let stream = raw.stream();
    let large = foreign::malloc(&raw, 56 << 30);
    assert_eq!((raw.set(stream, large + 30 * GIB, 7), raw.synchronize(stream)), (0, 0));
    assert_eq!(foreign::download::<u8>(&raw, large + 30 * GIB - 1, 3), [0xa5, 7, 0xa5]);
    assert_eq!(foreign::download::<u8>(&raw, large + 56 * GIB - 2, 2), [0xa5; 2]);
    let cleared = acl!(raw, aclrtMemsetAsync(large as Pointer, 56 << 30, 0, 56 << 30, stream));
    assert_eq!((cleared, raw.synchronize(stream)), (0, 0));
    assert_eq!(foreign::download::<u8>(&raw, large + 30 * GIB - 1, 3), [0; 3]);
    let copied = acl!(raw, aclrtMemcpy((large + GIB) as Pointer, 9, (large + 2 * GIB) as Pointer, 9, ON_DEVICE));
    assert_eq!((copied, acl!(raw, aclrtFree(large as Pointer))), (0, 0));
    assert_eq!(acl!(raw, aclrtFreeHost(foreign::malloc_host(&raw, 32 << 30))), 0);
}
