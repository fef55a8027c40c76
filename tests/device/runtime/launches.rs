//! Loading and launching kernels.

use std::ffi::{CStr, c_void};
use std::ptr::null_mut;
use std::sync::mpsc;
use std::time::Duration;

use super::{Pointer, Raw};
use crate::foreign::{self, acl};
use crate::rig::{Batch, MOMENT, Rig};

const IMAGE: &[u8] = b"kernels of the simulation";
const VECTOR: [u32; 5] = [2, 0x4141_5246, 0, 0, 0];

/// Loads a binary with these options: the handle, or the code.
fn load(raw: &Raw, image: &[u8], options: &[[u32; 5]]) -> Result<Pointer, i32> {
    let (options, mut binary) = ((options.as_ptr(), options.len()), null_mut());
    let options = (&raw const options).cast();
    match acl!(raw, aclrtBinaryLoadFromData(image.as_ptr().cast(), image.len(), options, &raw mut binary)) {
        0 => Ok(binary),
        code => Err(code),
    }
}

fn function(raw: &Raw, binary: Pointer, name: &CStr) -> Result<Pointer, i32> {
    let mut function = null_mut();
    match acl!(raw, aclrtBinaryGetFunction(binary, name.as_ptr(), &raw mut function)) {
        0 => Ok(function),
        code => Err(code),
    }
}

/// Launches with a block of so many bytes.
fn launch(raw: &Raw, function: Pointer, blocks: u32, stream: Pointer, block: *const c_void, bytes: usize) -> i32 {
    let (none, block) = (null_mut(), block.cast_mut());
    acl!(raw, aclrtLaunchKernelWithHostArgs(function, blocks, stream, none, block, bytes, none, 0))
}

fn last_loc(raw: &Raw) -> Pointer {
    function(raw, load(raw, IMAGE, &[VECTOR]).unwrap(), c"ascend_cache_loc_get_last_loc").unwrap()
}

/// A block of `get_last_loc` without rows: nothing is touched but the fault logs of two cores.
fn no_rows(raw: &Raw) -> [u64; 18] {
    let log = foreign::upload(raw, &[0_u64; 16]);
    let mut block = [0; 18];
    block[..3].copy_from_slice(&[1, log, 4 << 32 | 1]);
    for (array, access) in [1, 1, 1, 2].into_iter().enumerate() {
        block[5 + 3 * array] = access << 32 | 4;
    }
    block[17] = 8;
    block
}

/// Its size.
const BYTES: usize = 144;

/// aclrtLaunchKernelWithHostArgs is documented as asynchronous: it runs later, on what is then in memory.
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

/// `StarsEngine::AddTaskToStream` turns until there is room, without limit: a full queue is never an error.
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

/// `ArgLoader`: the arguments are copied during the call, so that their memory can go.
#[test]
fn arguments_are_copied_during_the_call() {
    let raw = Raw::new();
    let (stream, function) = (raw.stream(), last_loc(&raw));
    let mut block = Box::new(no_rows(&raw));
    raw.hold(stream, true);
    assert_eq!(launch(&raw, function, 1, stream, block.as_ptr().cast(), BYTES), 0);
    block.fill(u64::MAX);
    drop(block);
    raw.hold(stream, false);
    assert_eq!(raw.synchronize(stream), 0);
}

/// `aclrtLaunchKernelWithHostArgs` (kernel.cpp), `rtsLaunchKernelWithHostArgs`, `ApiErrorDecorator::LaunchKernelV2` and
/// `ApiImpl::LaunchKernelV2`, in this order.
#[test]
fn launches_are_checked() {
    let raw = Raw::with(|config| config.devices = 2);
    let (here, stream, function) = (foreign::context(&raw).unwrap(), raw.stream(), last_loc(&raw));
    let block = no_rows(&raw);
    let with = |function, blocks, stream, bytes| launch(&raw, function, blocks, stream, block.as_ptr().cast(), bytes);
    let strange = 5 as Pointer;
    assert_eq!(with(null_mut(), 0, strange, 0), 100_000);
    assert_eq!(launch(&raw, strange, 0, strange, null_mut(), 0), 100_000);
    assert_eq!((with(strange, 0, stream, 0), with(function, 0, strange, 0)), (107_017, 107_017));
    foreign::new_context(&raw, 1);
    assert_eq!((with(function, 1, stream, 0), with(function, 0, stream, BYTES)), (107_000, 107_000));
    assert_eq!(with(function, 1, stream, 1 << 32), 107_000, "the size is cut to 32 bits");
    assert_eq!(with(function, 1, stream, BYTES), 107_003);
    assert_eq!(with(function, 1, raw.stream(), BYTES), 107_017, "loaded for another device");
    foreign::set_context(&raw, here);
    assert_eq!((with(function, 1, stream, BYTES), raw.synchronize(stream)), (0, 0));
}

/// Nothing on the way of `LaunchKernelV2` refuses more than 65,535 blocks (`KernelLaunch`, another call's, does): the task
/// has 16 bits for them.
#[test]
fn blocks_are_cut_to_16_bits() {
    let raw = Raw::new();
    let (stream, function, block) = (raw.stream(), last_loc(&raw), no_rows(&raw));
    let launch = |blocks| launch(&raw, function, blocks, stream, block.as_ptr().cast(), BYTES);
    assert_eq!((launch(0x1_0002), raw.synchronize(stream)), (0, 0));
    assert_eq!(raw.core_counters().len(), 2);
    // What a device does with none, nothing says: here it is an exception of its cores.
    assert_eq!((launch(0x1_0000), raw.synchronize(stream)), (0, 507_035));
    assert!(foreign::message(&raw).unwrap().contains("0 blocks"));
}

/// A kernel of ours whose block cannot be read is told of, and does not run with all memory open to it.
#[test]
fn a_block_that_cannot_be_read_is_an_error() {
    let raw = Raw::new();
    let (stream, function, block) = (raw.stream(), last_loc(&raw), no_rows(&raw));
    let refused = |block: &[u64], bytes, expected| {
        assert_eq!(launch(&raw, function, 1, stream, block.as_ptr().cast(), bytes), 0);
        assert_eq!(raw.synchronize(stream), 507_000);
        let expected = format!("ascend_cache_loc_get_last_loc: {expected}");
        assert_eq!(foreign::message(&raw), Some(expected));
    };
    refused(&block, 16, "its parameter block is cut short");
    refused(&block, 72, "its parameter block is cut short");
    let with = |place: usize, word| {
        let mut block = block;
        block[place] = word;
        block
    };
    refused(&with(2, 4 << 32 | 2), BYTES, "its parameter block has another operation's head");
    refused(&with(2, 5 << 32 | 1), BYTES, "its parameter block has another operation's head");
    let mut array = with(4, 64);
    array[5] = 4;
    refused(&array, BYTES, "an array of its parameter block has no access");
}

/// `aclrtBinaryLoadFromData`, `BinaryLoader::ParseLoadOptions`, `ApiImpl::BinaryGetFunctionByName`.
#[test]
fn binaries_are_checked() {
    let raw = Raw::new();
    let (data, null) = (IMAGE.as_ptr().cast(), null_mut());
    let mut binary = null_mut();
    let out = &raw mut binary;
    assert_eq!(acl!(raw, aclrtBinaryLoadFromData(null, 25, null.cast(), out)), 100_000);
    assert_eq!(acl!(raw, aclrtBinaryLoadFromData(data, 25, null.cast(), null.cast())), 100_000);
    assert_eq!(acl!(raw, aclrtBinaryLoadFromData(data, 0, null.cast(), out)), 107_000);
    let no_options = (std::ptr::null::<u32>(), 0_usize);
    assert_eq!(acl!(raw, aclrtBinaryLoadFromData(data, 25, (&raw const no_options).cast(), out)), 107_000);
    assert_eq!(acl!(raw, aclrtBinaryLoadFromData(data, 25, null.cast(), out)), 0, "without options");
    assert_eq!(load(&raw, b"not kernels", &[VECTOR]), Err(107_000));
    for (option, code) in [([2, 7, 0, 0, 0], 107_000), ([9, 0, 0, 0, 0], 107_000), ([1, 2, 0, 0, 0], 107_000)] {
        assert_eq!(load(&raw, IMAGE, &[VECTOR, option]), Err(code), "{option:?}");
    }
    assert_eq!(load(&raw, IMAGE, &[[2, 0x4355_4245, 0, 0, 0]]), Err(207_000), "not simulated");
    let name = c"ascend_cache_loc_get_last_loc".as_ptr();
    let mut function_out = null_mut();
    assert_eq!(acl!(raw, aclrtBinaryGetFunction(null, name, &raw mut function_out)), 100_000);
    assert_eq!(acl!(raw, aclrtBinaryGetFunction(binary, std::ptr::null(), &raw mut function_out)), 100_000);
    assert_eq!(acl!(raw, aclrtBinaryGetFunction(binary, name, null.cast())), 100_000);
    assert_eq!(function(&raw, 5 as Pointer, c"ascend_cache_loc_get_last_loc"), Err(107_017));
    assert_eq!(function(&raw, binary, c"no_such_kernel"), Err(107_000));
}
