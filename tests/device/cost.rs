//! What each call costs: tasks, AscendCL calls, host allocations, and whether it waits.

use std::sync::mpsc;
use std::time::Duration;

use allocation_counter::measure;
use ascend_cache_loc::sim::CallKind;
use ascend_cache_loc::{DeviceBuffer, FaultStatus, Stream};

use crate::rig::{Batch, MOMENT, Rig, over};

#[test]
fn an_operation_is_one_task_and_nothing_else() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    batch.last_loc(&rig.stream).unwrap(); // the stream's thread starts
    for extend in [false, true] {
        let tasks = rig.machine.tasks();
        let mut launched = None;
        let (calls, allocated) = rig.calls_of(|| {
            measure(|| {
                let launch = if extend { batch.extend(&rig.stream) } else { batch.last_loc(&rig.stream) };
                launched = Some(launch);
            })
        });
        launched.unwrap().unwrap();
        assert_eq!(calls, Rig::one_launch());
        assert_eq!(allocated.count_total, 0, "host allocations");
        assert_eq!(rig.machine.tasks() - tasks, 1);
    }
    rig.stream.synchronize().unwrap();
}

/// An empty batch takes an id and enqueues nothing.
#[test]
fn an_empty_batch_only_takes_an_id() {
    use ascend_cache_loc::{ExtendLocs, LastLoc, ReqToToken, assign_extend_cache_locs, get_last_loc};

    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let first = batch.last_loc(&rig.stream).unwrap().get();
    let table = ReqToToken::new(crate::rig::shape(), batch.slots.as_slice()).unwrap();
    let none = DeviceBuffer::<i32>::zeroed(&rig.stream, 0).unwrap();
    let mut out = DeviceBuffer::<i64>::zeroed(&rig.stream, 0).unwrap();
    let (calls, (second, third)) = rig.calls_of(|| {
        let rows = none.as_slice();
        let args = LastLoc { table, req_pool_indices: rows, prefix_lens: rows, out: out.as_slice_mut() };
        let second = get_last_loc(&rig.stream, args).unwrap();
        let out = out.as_slice_mut();
        let args = ExtendLocs { table, req_pool_indices: rows, start_offsets: rows, end_offsets: rows, out };
        (second, assign_extend_cache_locs(&rig.stream, args).unwrap())
    });
    assert_eq!((second.get(), third.get()), (first + 1, first + 2));
    assert_eq!(calls, []);
}

/// Everything that does not block returns while the stream's gate is closed.
#[test]
fn what_does_not_block_returns_while_the_device_stands_still() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    let other = rig.device.new_stream().unwrap();
    let mut moved = DeviceBuffer::<i32>::zeroed(&rig.stream, 4).unwrap();
    let dropped = DeviceBuffer::<i32>::zeroed(&rig.stream, 4).unwrap();
    rig.machine.hold(rig.stream.as_raw(), true);
    let (calls, ()) = rig.calls_of(|| {
        batch.last_loc(&rig.stream).unwrap();
        batch.extend(&rig.stream).unwrap();
        let event = rig.stream.record().unwrap();
        assert!(!event.is_done().unwrap());
        other.wait(&event).unwrap();
        let check = rig.stream.fault_check().unwrap();
        assert_eq!(check.poll().unwrap(), FaultStatus::Pending);
        moved.move_to(&other).unwrap();
        drop(dropped);
        let _ = (rig.device.info(), rig.device.ordinal(), rig.stream.as_raw(), batch.out.as_slice().len());
        drop((event, check));
    });
    let waits =
        ["aclrtSynchronizeStream", "aclrtSynchronizeStreamWithTimeout", "aclrtSynchronizeDevice", "aclrtMemcpy"];
    assert!(calls.iter().all(|(name, _)| !waits.contains(name) && *name != "aclrtFree"), "{calls:?}");
    rig.machine.hold(rig.stream.as_raw(), false);
    rig.stream.synchronize().unwrap_err();
}

/// The closed list of calls that wait: each does not return before the gate opens.
#[test]
fn what_blocks_waits_for_the_device() {
    type Call = fn(&Stream, Batch);
    let blocking: [(&str, Call); 9] = [
        ("synchronize", |stream, _| stream.synchronize().unwrap()),
        ("synchronize_timeout", |stream, _| stream.synchronize_timeout(Duration::from_secs(60)).unwrap()),
        ("take_fault", |stream, _| assert_eq!(stream.take_fault().unwrap(), None)),
        ("from_host", |stream, _| drop(DeviceBuffer::from_host(stream, &[1_i32]).unwrap())),
        ("zeroed", |stream, _| drop(DeviceBuffer::<i64>::zeroed(stream, 1).unwrap())),
        ("copy_to_host", |_, batch| drop(batch.out())),
        ("copy_from_host", |stream, mut batch| {
            batch.out.as_slice_mut().copy_from_host(stream, &[1, 2, 3]).unwrap();
        }),
        ("close", |_, batch| batch.out.close().unwrap()),
        ("reclaim", |stream, _| stream.device().reclaim().unwrap()),
    ];
    for (name, call) in blocking {
        let rig = Rig::new();
        let mut batch = Batch::good(&rig.stream);
        rig.machine.hold(rig.stream.as_raw(), true);
        batch.last_loc(&rig.stream).unwrap();
        let (sender, receiver) = mpsc::channel();
        let stream = rig.stream.clone();
        let thread = std::thread::spawn(move || {
            call(&stream, batch);
            sender.send(()).unwrap();
        });
        assert!(receiver.recv_timeout(MOMENT).is_err(), "{name} did not wait");
        rig.machine.hold(rig.stream.as_raw(), false);
        receiver.recv_timeout(Duration::from_secs(60)).unwrap_or_else(|_| panic!("{name} never came back"));
        thread.join().unwrap();
    }
}

/// A stream that never launched has no log to read; one that did has it read by each wait, since a replay of a captured
/// launch is not seen here.
#[test]
fn a_wait_reads_the_fault_log_by_two_tasks() {
    let rig = Rig::new();
    let waited = vec![("aclrtGetCurrentContext", 1), ("aclrtSynchronizeStream", 1), ("aclmdlRICaptureGetInfo", 1)];
    assert_eq!(rig.calls_of(|| rig.stream.synchronize().unwrap()).0, waited);
    let mut batch = Batch::good(&rig.stream);
    batch.last_loc(&rig.stream).unwrap();
    let (calls, ()) = rig.calls_of(|| rig.stream.synchronize().unwrap());
    let read = vec![
        ("aclrtGetCurrentContext", 1),
        ("aclrtSynchronizeStream", 1),
        ("aclrtMemcpyAsync", 1),
        ("aclrtMemsetAsync", 1),
        ("aclmdlRICaptureGetInfo", 1),
    ];
    assert_eq!(calls, read);
}

/// A check takes its memory and event from those of earlier ones.
#[test]
fn checks_reuse_what_they_need() {
    let rig = Rig::new();
    over(&rig.stream.fault_check().unwrap());
    let before = rig.machine.calls();
    for _ in 0..100 {
        over(&rig.stream.fault_check().unwrap());
    }
    let now = rig.machine.calls();
    assert_eq!(now.of_kind(CallKind::Allocation), before.of_kind(CallKind::Allocation));
    assert_eq!(now.of("aclrtCreateEventExWithFlag"), before.of("aclrtCreateEventExWithFlag"));
}

/// Opening, and only it, chooses a device or asks about it.
#[test]
fn only_opening_chooses_a_device() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    let before = rig.machine.calls();
    batch.last_loc(&rig.stream).unwrap();
    batch.extend(&rig.stream).unwrap();
    rig.stream.take_fault().unwrap();
    drop(rig.device.new_stream().unwrap());
    rig.device.reclaim().unwrap();
    rig.machine.open(0).unwrap(); // known already
    let now = rig.machine.calls();
    for kind in [CallKind::Device, CallKind::DeviceQuery, CallKind::Load, CallKind::Process] {
        assert_eq!(now.of_kind(kind), before.of_kind(kind), "{kind:?}");
    }
    assert_eq!((now.of("aclrtSetDevice"), now.of("aclrtBinaryLoadFromData"), now.of("aclInit")), (1, 1, 1));
}
