//! The simulated AscendCL where our calls can meet it: as the documentation says it is.

use std::ffi::c_void;
use std::ptr::null_mut;
use std::sync::mpsc;
use std::time::Duration;

use ascend_cache_loc::{DeviceBuffer, Error};

use crate::foreign::{self, ON_DEVICE, TO_DEVICE, TO_HOST, acl};
use crate::rig::{Batch, MOMENT, Rig};

/// A launch copies its arguments and runs later, on what is then in memory.
#[test]
fn a_launch_returns_before_it_runs() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    batch.last_loc(&rig.stream).unwrap();
    let out = batch.out.as_slice().addr().unwrap().get();
    assert_eq!(foreign::download::<i64>(&rig.machine, out, 3), [-7; 3], "out is unchanged");
    // The stack that held the argument block is written over.
    let scribble = std::hint::black_box([0xff_u8; 4096]);
    assert_eq!(scribble[17], 0xff);
    rig.machine.hold(rig.stream.as_raw(), false);
    rig.stream.synchronize().unwrap();
    assert_eq!(foreign::download::<i64>(&rig.machine, out, 3), batch.expected_last().0);
}

/// A raw launch whose argument memory is overwritten, and freed, as soon as the call is back.
#[test]
fn arguments_are_copied_during_the_call() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    batch.last_loc(&rig.stream).unwrap();
    rig.stream.synchronize().unwrap();
    let (mut binary, mut function) = (null_mut(), null_mut());
    let image = b"kernels of the simulation";
    let mut option = [2_u32, 0x4141_5246, 0, 0, 0];
    let options = (option.as_mut_ptr(), 1_usize);
    let options = (&raw const options).cast();
    assert_eq!(
        acl!(rig.machine, aclrtBinaryLoadFromData(image.as_ptr().cast(), image.len(), options, &raw mut binary)),
        0
    );
    let name = c"ascend_cache_loc_get_last_loc";
    assert_eq!(acl!(rig.machine, aclrtBinaryGetFunction(binary, name.as_ptr(), &raw mut function)), 0);
    // A block with no rows of its own: n is 0, so that nothing is touched, whatever the addresses.
    let log = foreign::upload(&rig.machine, &[0_u64; 8]);
    let mut block = Box::new([0_u64, 0, 0, 0, log, 1, 0, 0, 0x0000_0004_0000_0004, 0x0000_0008_0000_0004]);
    rig.machine.hold(rig.stream.as_raw(), true);
    let raw = rig.stream.as_raw();
    let argument: *mut c_void = block.as_mut_ptr().cast();
    let launch = |cores| {
        acl!(rig.machine, aclrtLaunchKernelWithHostArgs(function, cores, raw, null_mut(), argument, 80, null_mut(), 0))
    };
    assert_eq!(launch(1), 0);
    assert_eq!(launch(0), 107_000);
    block.fill(u64::MAX);
    drop(block);
    rig.machine.hold(raw, false);
    rig.stream.synchronize().unwrap();
}

/// A full queue makes the next call wait for room.
#[test]
fn a_full_task_queue_blocks_the_launch() {
    let rig = Rig::with(|config| config.queue_slots = 4);
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    for _ in 0..4 {
        batch.last_loc(&rig.stream).unwrap();
    }
    let (sender, receiver) = mpsc::channel();
    let stream = rig.stream.clone();
    let thread = std::thread::spawn(move || {
        batch.last_loc(&stream).unwrap();
        sender.send(()).unwrap();
        batch
    });
    assert!(receiver.recv_timeout(MOMENT).is_err(), "there was no room");
    rig.machine.hold(rig.stream.as_raw(), false);
    receiver.recv_timeout(Duration::from_secs(60)).unwrap();
    drop(thread.join().unwrap());
    rig.stream.synchronize().unwrap();
}

#[test]
fn an_event_orders_two_streams() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    rig.machine.hold(rig.stream.as_raw(), true);
    let event = rig.stream.record().unwrap();
    other.wait(&event).unwrap();
    assert!(!event.is_done().unwrap());
    assert_eq!(other.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    rig.machine.hold(rig.stream.as_raw(), false);
    other.synchronize().unwrap();
    assert!(event.is_done().unwrap());
}

/// Copies from pinned memory run with the stream; from pageable memory the call waits for it.
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

/// A copy on the device runs with the stream, overlapping or not, and keeps to its allocations.
#[test]
fn copies_on_the_device_are_asynchronous() {
    let rig = Rig::new();
    let raw = rig.stream.as_raw();
    let (from, to) = (foreign::upload(&rig.machine, &[1_u32, 2, 3]), foreign::upload(&rig.machine, &[0_u32; 3]));
    let copy = |to: u64, from: u64, bytes| {
        acl!(rig.machine, aclrtMemcpyAsync(to as *mut c_void, bytes, from as *const c_void, bytes, ON_DEVICE, raw))
    };
    rig.machine.hold(raw, true);
    assert_eq!(copy(to + 4, from, 8), 0);
    assert_eq!(copy(from + 4, from, 8), 0);
    assert_eq!(foreign::download::<u32>(&rig.machine, to, 3), [0, 0, 0], "not yet");
    rig.machine.hold(raw, false);
    rig.stream.synchronize().unwrap();
    assert_eq!(foreign::download::<u32>(&rig.machine, to, 3), [0, 1, 2]);
    assert_eq!(foreign::download::<u32>(&rig.machine, from, 3), [1, 1, 2]);
    assert_eq!(copy(to, from + 4, 12), 0);
    let text = rig.stream.synchronize().unwrap_err().to_string();
    assert!(text.contains("copy: 12 bytes at ") && text.contains(", past the end of the allocation of 12"), "{text}");
}

/// aclrtFree does not wait: work that comes later finds the memory gone, and the report names it.
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

#[test]
fn memory_is_where_and_what_it_is_documented_to_be() {
    let rig = Rig::new();
    let mut addresses: Vec<u64> = (1..50).map(|bytes| foreign::malloc(&rig.machine, bytes)).collect();
    assert!(addresses.iter().all(|address| address.is_multiple_of(64)));
    assert!(addresses.iter().any(|address| !address.is_multiple_of(128)), "no more alignment than documented");
    assert!(addresses.iter().all(|address| address >> 47 > 0), "no address of this process");
    addresses.dedup();
    assert_eq!(addresses.len(), 49);
    let mut pointer = null_mut();
    assert_eq!(acl!(rig.machine, aclrtMalloc(&raw mut pointer, 0, 0)), 100_000);
    assert_eq!(acl!(rig.machine, aclrtFree(null_mut())), 100_000);
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
    assert_eq!(
        acl!(rig.machine, aclrtMemcpy((&raw mut byte).cast(), 3, 0x1000 as *const c_void, 4, TO_HOST)),
        107_000,
        "more than there is room"
    );
}

/// Error texts belong to the thread, and reading one clears it.
#[test]
fn error_texts_are_per_thread_and_cleared_by_reading() {
    let rig = Rig::new();
    assert_eq!(acl!(rig.machine, aclrtSetDevice(7)), 107_001);
    std::thread::scope(|scope| {
        scope.spawn(|| assert_eq!(foreign::message(&rig.machine), None)).join().unwrap();
    });
    assert_eq!(foreign::message(&rig.machine).as_deref(), Some("there is no device 7"));
    assert_eq!(foreign::message(&rig.machine), None);
    // Ours holds the text that belongs to it.
    let mut batch = Batch::good(&rig.stream);
    rig.machine.fail_call("aclrtLaunchKernelWithHostArgs", 1, 207_005);
    let text = batch.last_loc(&rig.stream).unwrap_err().to_string();
    assert_eq!(
        text,
        "aclrtLaunchKernelWithHostArgs failed with 207005: aclrtLaunchKernelWithHostArgs fails here as it was told to"
    );
    assert_eq!(foreign::message(&rig.machine), None);
}

#[test]
fn a_thread_without_a_context_is_told_so() {
    let rig = Rig::new();
    let machine = &rig.machine;
    std::thread::scope(|scope| {
        scope.spawn(move || {
            let mut pointer = null_mut();
            assert_eq!(acl!(machine, aclrtMalloc(&raw mut pointer, 8, 0)), 107_002);
            assert_eq!(acl!(machine, aclrtSynchronizeDevice()), 107_002);
        });
    });
}

/// A kernel of a binary that was loaded for another device, and names that no binary has.
#[test]
fn binaries_belong_to_a_device() {
    let rig = Rig::new();
    let mut function = null_mut();
    let mut binary = null_mut();
    let (image, option, name) = (b"not kernels", [2_u32, 0x4141_5246, 0, 0, 0], c"no_such_kernel");
    let options = (option.as_ptr(), 1_usize);
    let options = (&raw const options).cast();
    let load = |image: &[u8], options, binary| {
        acl!(rig.machine, aclrtBinaryLoadFromData(image.as_ptr().cast(), image.len(), options, binary))
    };
    assert_eq!(load(image, options, &raw mut binary), 107_000);
    let wrong_magic = ([2_u32, 0x4355_4245, 0, 0, 0].as_ptr(), 1_usize);
    assert_eq!(load(b"kernels of the simulation", (&raw const wrong_magic).cast(), &raw mut binary), 207_000);
    assert_eq!(load(b"kernels of the simulation", options, &raw mut binary), 0);
    assert_eq!(acl!(rig.machine, aclrtBinaryGetFunction(binary, name.as_ptr(), &raw mut function)), 107_000);
}

/// Memory that was never written has no value: the core simulation says so when a kernel uses it.
#[test]
fn memory_that_nobody_wrote_is_reported() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let unwritten = foreign::malloc(&rig.machine, 24);
    let address = ascend_cache_loc::DeviceAddr::new(unwritten).unwrap();
    // SAFETY: memory of the machine, which stays.
    let reqs = unsafe { ascend_cache_loc::DeviceSlice::<i64>::from_raw_parts(&rig.device, address, 3) }.unwrap();
    let args = ascend_cache_loc::LastLoc {
        table: ascend_cache_loc::ReqToToken::new(crate::rig::shape(), batch.slots.as_slice()).unwrap(),
        req_pool_indices: reqs,
        prefix_lens: batch.ends.as_slice(),
        out: batch.out.as_slice_mut(),
    };
    ascend_cache_loc::get_last_loc(&rig.stream, args).unwrap();
    let Err(Error::DeviceLost { message, .. }) = rig.stream.synchronize() else { panic!("it ran") };
    assert!(
        message.contains("nothing wrote") || message.contains("unwritten") || message.contains("wrote"),
        "{message}"
    );
    let _ = DeviceBuffer::<i32>::zeroed(&rig.stream, 1).unwrap_err();
}
