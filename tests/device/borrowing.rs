//! Streams and memory of another runtime.

use std::any::Any;
use std::ptr::null_mut;
use std::sync::Arc;

use allocation_counter::measure;
use ascend_cache_loc::{
    DeviceAddr, DeviceBuffer, DeviceSlice, DeviceSliceMut, Error, LastLoc, ReqToToken, Stream, get_last_loc,
};

use crate::foreign::{self, acl};
use crate::rig::{Batch, Rig, SLOTS, code, over, shape};

fn borrow(rig: &Rig, raw: *mut std::ffi::c_void) -> Stream {
    // SAFETY: a stream of the current context, or its default one, that stays for the test.
    unsafe { Stream::borrow_raw(&rig.device, raw) }.unwrap()
}

/// Raw addresses on a stream of a foreign runtime, and on its default stream.
#[test]
fn operations_on_borrowed_memory_and_streams() {
    let rig = Rig::new();
    for raw in [foreign::new_stream(&rig.machine), null_mut()] {
        let stream = borrow(&rig, raw);
        assert_eq!(stream.as_raw(), raw);
        let (slots, reqs) = (foreign::upload(&rig.machine, &SLOTS), foreign::upload(&rig.machine, &[1_i64, 0]));
        let (lens, out) = (foreign::upload(&rig.machine, &[3_i64, 0]), foreign::upload(&rig.machine, &[0_i32; 2]));
        let at = |address| DeviceAddr::new(address).unwrap();
        // SAFETY: memory of the machine, which stays.
        let args = unsafe {
            let slots = DeviceSlice::from_raw_parts(&rig.device, at(slots), 8).unwrap();
            LastLoc {
                table: ReqToToken::new(shape(), slots).unwrap(),
                req_pool_indices: DeviceSlice::<i64>::from_raw_parts(&rig.device, at(reqs), 2).unwrap(),
                prefix_lens: DeviceSlice::<i64>::from_raw_parts(&rig.device, at(lens), 2).unwrap(),
                out: DeviceSliceMut::<i32>::from_raw_parts(&rig.device, at(out), 2).unwrap(),
            }
        };
        get_last_loc(&stream, args).unwrap();
        // The foreign runtime waits by itself.
        assert_eq!(acl!(rig.machine, aclrtSynchronizeStream(raw)), 0);
        assert_eq!(foreign::download::<i32>(&rig.machine, out, 2), [22, -1]);
        assert_eq!(stream.take_fault().unwrap(), None);
    }
}

/// The same stream again: no allocation, on the host or the device, and the same fault log.
#[test]
fn borrowing_again_costs_nothing_and_keeps_the_faults() {
    let rig = Rig::new();
    let raw = foreign::new_stream(&rig.machine);
    let first = borrow(&rig, raw);
    let mut batch = Batch::bad(&first);
    let launch = batch.last_loc(&first).unwrap();
    drop(first);
    let mut again = None;
    let (calls, allocated) = rig.calls_of(|| measure(|| again = Some(borrow(&rig, raw))));
    assert_eq!(allocated.count_total, 0);
    assert_eq!(calls, [("aclrtGetCurrentContext", 1)]);
    let again = again.unwrap();
    assert_eq!(again.take_fault().unwrap().unwrap().launch, launch);
    // It is the home of what was at home there before.
    batch.last_loc(&again).unwrap();
    assert!(again.take_fault().unwrap().is_some());
}

/// The same raw stream in another context is another stream: null is each context's own.
#[test]
fn streams_are_known_by_context_too() {
    let rig = Rig::new();
    let outer = borrow(&rig, null_mut());
    let first = foreign::context(&rig.machine).unwrap();
    foreign::new_context(&rig.machine, 0);
    let inner = borrow(&rig, null_mut());
    let mut batch = Batch::good(&outer);
    assert!(matches!(batch.last_loc(&inner), Err(Error::WrongHome { scope: "stream", .. })));
    foreign::set_context(&rig.machine, first);
    batch.last_loc(&borrow(&rig, null_mut())).unwrap();
    outer.synchronize().unwrap();
}

#[test]
fn an_owner_lives_as_long_as_a_handle() {
    let rig = Rig::new();
    let raw = foreign::new_stream(&rig.machine);
    let owner: Arc<dyn Any + Send + Sync> = Arc::new("keeps the stream");
    // SAFETY: a stream of the current context that stays for the test.
    let stream = unsafe { Stream::borrow_with_owner(&rig.device, raw, owner.clone()) }.unwrap();
    let batch = Batch::good(&stream);
    drop(stream);
    assert_eq!(Arc::strong_count(&owner), 1 + 5, "one for each buffer");
    drop(batch);
    assert_eq!(Arc::strong_count(&owner), 1);
}

#[test]
fn a_stream_is_borrowed_where_its_device_is_current() {
    let rig = Rig::with(|config| config.devices = 2);
    rig.machine.open(1).unwrap();
    assert_eq!(acl!(rig.machine, aclrtSetDevice(1)), 0);
    // SAFETY: refused.
    let refused = unsafe { Stream::borrow_raw(&rig.device, null_mut()) }.map(drop);
    assert_eq!(refused, Err(Error::WrongHome { argument: "stream", scope: "device" }));
}

/// A thread without a context of its own means the device's default one, whether calls of ours have left one there or
/// not: the thread that opened the devices, one that used a stream, and one that did nothing.
#[test]
fn a_thread_without_a_context_borrows_of_the_default_one() {
    let rig = Rig::with(|config| config.devices = 2);
    let devices = [rig.device.clone(), rig.machine.open(1).unwrap()];
    let borrow_of_each = || {
        for device in &devices {
            // SAFETY: the default stream of the default context, which stays.
            let stream = unsafe { Stream::borrow_raw(device, null_mut()) }.unwrap();
            let mut batch = Batch::good(&stream);
            batch.last_loc(&stream).unwrap();
            assert_eq!(batch.out(), batch.expected_last().0);
        }
    };
    borrow_of_each();
    std::thread::scope(|scope| {
        scope.spawn(borrow_of_each);
        scope.spawn(|| {
            devices[1].new_stream().unwrap().synchronize().unwrap();
            borrow_of_each();
        });
    });
    // The thread's own context is meant, where it has one.
    foreign::new_context(&rig.machine, 1);
    // SAFETY: refused.
    let refused = unsafe { Stream::borrow_raw(&devices[0], null_mut()) }.map(drop);
    assert_eq!(refused, Err(Error::WrongHome { argument: "stream", scope: "device" }));
}

/// A stream that is gone leaves its fault log to the next one: 7,000 that come and go need the memory of one.
#[test]
fn retired_streams_leave_nothing_behind() {
    let rig = Rig::new();
    let context = foreign::context(&rig.machine).unwrap();
    let mut before = None;
    for round in 0..7_000 {
        let raw = foreign::new_stream(&rig.machine);
        let stream = borrow(&rig, raw);
        if round % 1_000 == 0 {
            let mut batch = Batch::bad(&stream);
            batch.last_loc(&stream).unwrap();
            drop(batch);
            drop(stream.fault_check().unwrap());
            drop(stream.record().unwrap());
        }
        assert_eq!(acl!(rig.machine, aclrtSynchronizeStream(raw)), 0);
        // SAFETY: its work is done, as just waited for.
        unsafe { stream.retire() }.unwrap();
        assert_eq!(acl!(rig.machine, aclrtDestroyStream(raw)), 0);
        let now = (rig.machine.device_allocations(), rig.machine.pinned_allocations(), rig.machine.streams());
        // The check of the first round keeps its pinned copy.
        assert_eq!(*before.get_or_insert(now), now, "after round {round}");
    }
    foreign::set_context(&rig.machine, context);
    // A new stream, or one at the same address, reports nothing of theirs.
    let raw = foreign::new_stream(&rig.machine);
    let stream = borrow(&rig, raw);
    assert_eq!(stream.take_fault().unwrap(), None);
    // In use elsewhere: it comes back.
    let buffer = DeviceBuffer::<i32>::zeroed(&stream, 1).unwrap();
    // SAFETY: all its work is done.
    let stream = unsafe { stream.retire() }.unwrap_err();
    drop(buffer);
    // SAFETY: as above.
    unsafe { stream.retire() }.unwrap();
    assert_eq!(acl!(rig.machine, aclrtDestroyStream(raw)), 0);
    rig.device.reclaim().unwrap();
}

/// What a foreign runtime destroyed is an error, not a crash: the simulation knows its handles.
#[test]
fn a_destroyed_stream_is_named() {
    let rig = Rig::new();
    let raw = foreign::new_stream(&rig.machine);
    let stream = borrow(&rig, raw);
    let mut batch = Batch::good(&stream);
    assert_eq!(acl!(rig.machine, aclrtDestroyStream(raw)), 0);
    assert_eq!(code(batch.last_loc(&stream)), 107_017);
}

/// A log that a stream has left serves streams of other contexts, and outlives its own: an event of a context that is gone
/// must not be asked, since AscendCL looks at the context.
#[test]
fn a_log_outlives_the_context_of_its_stream() {
    let rig = Rig::new();
    let ours = foreign::context(&rig.machine).unwrap();
    let context = foreign::new_context(&rig.machine, 0);
    let stream = borrow(&rig, foreign::new_stream(&rig.machine));
    // A check, and one that was dropped: both leave an event.
    let check = stream.fault_check().unwrap();
    drop(stream.fault_check().unwrap());
    stream.synchronize().unwrap();
    drop(check);
    stream.synchronize().unwrap();
    let dropped = DeviceBuffer::<i32>::zeroed(&stream, 1).unwrap();
    drop((stream.record().unwrap(), dropped));
    // SAFETY: all its work is done.
    unsafe { stream.retire() }.unwrap();
    foreign::set_context(&rig.machine, ours);
    assert_eq!(acl!(rig.machine, aclrtDestroyContext(context)), 0);
    assert_eq!(rig.machine.events(), 0);
    let next = rig.device.new_stream().unwrap();
    let mut batch = Batch::bad(&next);
    let launch = batch.last_loc(&next).unwrap();
    assert_eq!(over(&next.fault_check().unwrap()).unwrap().launch, launch);
    assert_eq!(rig.machine.misuses(), Vec::<String>::new());
}

/// Where the context went before the stream was retired, what was dropped on it is given back all the same.
#[test]
fn retiring_behind_its_context_gives_back_what_was_dropped() {
    let rig = Rig::new();
    let ours = foreign::context(&rig.machine).unwrap();
    rig.device.reclaim().unwrap();
    let (memory, events) = (rig.machine.device_allocations(), rig.machine.events());
    let context = foreign::new_context(&rig.machine, 0);
    let stream = borrow(&rig, foreign::new_stream(&rig.machine));
    stream.synchronize().unwrap();
    drop((DeviceBuffer::<i32>::zeroed(&stream, 1).unwrap(), stream.record().unwrap()));
    stream.fault_check().map(drop).unwrap();
    stream.synchronize().unwrap();
    drop((DeviceBuffer::<i32>::zeroed(&stream, 1).unwrap(), stream.record().unwrap()));
    foreign::set_context(&rig.machine, ours);
    assert_eq!(acl!(rig.machine, aclrtDestroyContext(context)), 0);
    // SAFETY: all its work was done before its context went.
    unsafe { stream.retire() }.unwrap();
    assert_eq!((rig.machine.device_allocations(), rig.machine.events()), (memory + 1, events), "its log stays");
}

/// A stream without a handle may be destroyed by its owner: nobody asks it anything any more.
#[test]
fn a_stream_without_a_handle_is_not_asked() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let raw = foreign::new_stream(&rig.machine);
    let stream = borrow(&rig, raw);
    let large = DeviceBuffer::<i32>::zeroed(&stream, 200_000).unwrap();
    drop((stream.record().unwrap(), large, stream));
    assert_eq!((acl!(rig.machine, aclrtSynchronizeStream(raw)), acl!(rig.machine, aclrtDestroyStream(raw))), (0, 0));
    // By short memory, and by hand.
    DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap();
    rig.device.reclaim().unwrap();
    assert_eq!((rig.machine.misuses(), rig.machine.events()), (Vec::<String>::new(), 0));
}

/// A log comes to its next stream with a fault that nobody read: it is cleared first.
#[test]
fn a_stream_does_not_report_what_an_earlier_one_left() {
    let rig = Rig::new();
    rig.device.reclaim().unwrap();
    for owned in [false, true] {
        let raw = foreign::new_stream(&rig.machine);
        let left = if owned { rig.device.new_stream().unwrap() } else { borrow(&rig, raw) };
        let mut batch = Batch::bad(&left);
        batch.last_loc(&left).unwrap();
        drop(batch);
        assert_eq!(acl!(rig.machine, aclrtSynchronizeStream(left.as_raw())), 0);
        // SAFETY: all its work is done.
        unsafe { left.retire() }.unwrap();
        rig.device.reclaim().unwrap();
        let logs = rig.machine.device_allocations();
        let next = if owned { borrow(&rig, raw) } else { rig.device.new_stream().unwrap() };
        assert_eq!(rig.machine.device_allocations(), logs, "it has the same log");
        Batch::good(&next).last_loc(&next).unwrap();
        assert_eq!(next.take_fault(), Ok(None));
    }
}
