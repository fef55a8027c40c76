//! What is given back when nobody waits for its stream: by `reclaim`, and where memory or streams run out.

use std::sync::mpsc;
use std::time::Duration;

use ascend_cache_loc::{Device, DeviceBuffer, Error, Stream};

use crate::foreign::{self, acl};
use crate::rig::{Batch, MOMENT, Rig, code};

/// A borrowed stream of an explicit context, with the context as a number; the caller's is as before.
fn of_another_context(rig: &Rig) -> (Stream, usize) {
    let ours = foreign::context(&rig.machine).unwrap();
    let context = foreign::new_context(&rig.machine, 0);
    // SAFETY: a stream of the current context that stays for the test.
    let stream = unsafe { Stream::borrow_raw(&rig.device, foreign::new_stream(&rig.machine)) }.unwrap();
    stream.synchronize().unwrap();
    foreign::set_context(&rig.machine, ours);
    (stream, context as usize)
}

/// AscendCL waits for the streams of one context: those of others may be at work on what was dropped.
#[test]
fn reclaim_waits_in_each_context() {
    let rig = Rig::new();
    let (other, _) = of_another_context(&rig);
    let mut batch = Batch::good(&other);
    rig.machine.hold(other.as_raw(), true);
    batch.last_loc(&other).unwrap();
    drop(batch);
    let (sender, receiver) = mpsc::channel();
    let device = rig.device.clone();
    let before = rig.machine.calls();
    std::thread::spawn(move || sender.send(device.reclaim()));
    assert!(receiver.recv_timeout(MOMENT).is_err(), "it did not wait");
    assert_eq!(rig.machine.calls().of("aclrtFree"), before.of("aclrtFree"));
    rig.machine.hold(other.as_raw(), false);
    receiver.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
    assert_eq!(rig.machine.calls().of("aclrtFree"), before.of("aclrtFree") + 5);
    assert_eq!(rig.machine.calls().of("aclrtSynchronizeDevice"), before.of("aclrtSynchronizeDevice") + 2);
    other.synchronize().unwrap();
}

/// Short memory waits in each context too.
#[test]
fn short_memory_waits_in_each_context() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let (other, _) = of_another_context(&rig);
    rig.machine.hold(other.as_raw(), true);
    let large = {
        rig.machine.hold(other.as_raw(), false);
        DeviceBuffer::<i32>::zeroed(&other, 200_000).unwrap()
    };
    rig.machine.hold(other.as_raw(), true);
    drop(other.record().unwrap());
    drop(large);
    let (sender, receiver) = mpsc::channel();
    let stream = rig.stream.clone();
    std::thread::spawn(move || sender.send(DeviceBuffer::<i32>::zeroed(&stream, 200_000).map(drop)));
    assert!(receiver.recv_timeout(MOMENT).is_err(), "it did not wait");
    rig.machine.hold(other.as_raw(), false);
    receiver.recv_timeout(Duration::from_secs(60)).unwrap().unwrap();
}

/// What could not be waited for stays, other contexts are reclaimed all the same, and the first error is told.
#[test]
fn what_could_not_be_waited_for_stays() {
    let rig = Rig::new();
    let (other, _) = of_another_context(&rig);
    for failing in [1, 2] {
        let mut dropped = vec![Batch::good(&rig.stream), Batch::good(&other)];
        dropped.iter_mut().zip([&rig.stream, &other]).for_each(|(batch, stream)| {
            batch.last_loc(stream).unwrap();
        });
        drop(rig.device.new_stream().unwrap());
        dropped.clear();
        let (frees, streams) = (rig.machine.calls().of("aclrtFree"), rig.machine.streams());
        rig.machine.fail_call("aclrtSynchronizeDevice", failing, 507_000);
        assert_eq!(code(rig.device.reclaim()), 507_000);
        assert_eq!(rig.machine.calls().of("aclrtFree"), frees + 5);
        // The owned stream is of the default context, which comes first.
        assert_eq!(rig.machine.streams(), if failing == 1 { streams } else { streams - 1 });
        rig.device.reclaim().unwrap();
        assert_eq!(rig.machine.calls().of("aclrtFree"), frees + 10);
        assert_eq!(rig.machine.streams(), streams - 1);
    }
}

/// A context that its owner has destroyed cannot be waited for any more: its streams' share stays, and nothing else does.
#[test]
fn a_destroyed_context_harms_itself_alone() {
    let rig = Rig::new();
    let (other, context) = of_another_context(&rig);
    drop(DeviceBuffer::<i32>::zeroed(&other, 1).unwrap());
    drop(DeviceBuffer::<i32>::zeroed(&rig.stream, 1).unwrap());
    assert_eq!(acl!(rig.machine, aclrtDestroyContext(context as *mut _)), 0);
    let frees = rig.machine.calls().of("aclrtFree");
    assert!(matches!(rig.device.reclaim(), Err(Error::Acl { call: "aclrtSetCurrentContext", .. })));
    assert_eq!(rig.machine.calls().of("aclrtFree"), frees + 1);
    // Until it is said that the stream is gone.
    // SAFETY: its work was done before its context went.
    unsafe { other.retire() }.unwrap();
    rig.device.reclaim().unwrap();
}

/// Streams that are dropped while others reclaim are all given back.
#[test]
fn concurrent_reclaims_lose_nothing() {
    let rig = Rig::new();
    rig.device.reclaim().unwrap();
    let before = rig.machine.streams();
    let churn = |device: &Device| {
        for round in 0..200 {
            let stream = device.new_stream().unwrap();
            if round % 10 == 0 {
                Batch::good(&stream).last_loc(&stream).unwrap();
            }
            drop(stream);
            device.reclaim().unwrap();
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| churn(&rig.device));
        }
    });
    rig.device.reclaim().unwrap();
    assert_eq!(rig.machine.streams(), before);
    // The logs of at most so many streams as there were at a time.
    assert!(rig.machine.pinned_allocations() < 12, "{}", rig.machine.pinned_allocations());
    assert!(rig.machine.device_allocations() < 12, "{}", rig.machine.device_allocations());
}

/// A device has a number of streams: where they have run out, those that were dropped are destroyed first.
#[test]
fn short_streams_destroy_what_was_dropped_first() {
    let rig = Rig::with(|config| config.streams = 12);
    let mut streams = Vec::new();
    let refused = loop {
        match rig.device.new_stream() {
            Ok(stream) => streams.push(stream),
            Err(refused) => break refused,
        }
        assert!(streams.len() < 12);
    };
    assert_eq!(code::<()>(Err(refused)), 207_008);
    streams.pop();
    streams.push(rig.device.new_stream().unwrap());
    drop(streams);
    rig.device.reclaim().unwrap();
}

/// A stream whose making fails behind its first task is destroyed after a wait, by `reclaim`; its log serves the next.
#[test]
fn a_stream_that_fails_halfway_is_destroyed_after_a_wait() {
    let rig = Rig::new();
    rig.device.reclaim().unwrap();
    let mut others = Vec::new();
    for (call, task) in [("aclrtMallocHost", false), ("aclrtMalloc", false), ("aclrtMemsetAsync", true)] {
        // No log is left over, so that each of the calls is made.
        others.push(rig.device.new_stream().unwrap());
        let (streams, destroyed) = (rig.machine.streams(), rig.machine.calls().of("aclrtDestroyStream"));
        rig.machine.fail_call(call, 1, 107_000);
        assert_eq!(code(rig.device.new_stream()), 107_000, "{call}");
        assert_eq!(rig.machine.calls().of("aclrtDestroyStream"), destroyed + u64::from(!task), "{call}");
        rig.device.reclaim().unwrap();
        assert_eq!(rig.machine.streams(), streams, "{call}");
    }
}

/// The caller's context is gone when a launch would restore it: the launch stands, and its fault is reported.
#[test]
fn a_context_that_cannot_be_restored_does_not_undo_a_launch() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    foreign::new_context(&rig.machine, 0);
    rig.machine.fail_call("aclrtSetCurrentContext", 2, 107_002);
    let launch = batch.last_loc(&rig.stream).unwrap();
    assert_eq!(rig.machine.clear_failures(), 0);
    assert_eq!(rig.stream.take_fault().unwrap().unwrap().launch, launch);
    assert_eq!(batch.out(), batch.expected_last().0);
}

/// A wait takes the failure of whatever ran. Where short memory has waited for others' work, that is told: nobody else
/// will be.
#[test]
fn a_failure_that_short_memory_met_is_told() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let other = rig.device.new_stream().unwrap();
    let mut batch = Batch::good(&other);
    drop(DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap());
    rig.machine.fail_launch(1, 507_899);
    batch.last_loc(&other).unwrap();
    let short = || DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).map(drop);
    assert!(matches!(short(), Err(Error::Acl { call: "aclrtSynchronizeDevice", code: 507_899, .. })));
    short().unwrap();
    other.synchronize().unwrap();
}

/// While any stream that we know captures, short memory waits in no context, whichever the stream is of.
#[test]
fn short_memory_waits_nowhere_beside_a_capture() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let (other, context) = of_another_context(&rig);
    let ours = foreign::context(&rig.machine).unwrap();
    drop(DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap());
    for (captured, context) in [(&rig.stream, ours), (&other, context as *mut _)] {
        foreign::set_context(&rig.machine, context);
        assert_eq!(foreign::begin(&rig.machine, captured.as_raw(), foreign::RELAXED), 0);
        foreign::set_context(&rig.machine, ours);
        let spare = rig.device.new_stream().unwrap();
        let (calls, refused) = rig.calls_of(|| DeviceBuffer::<i32>::zeroed(&spare, 200_000).map(drop));
        assert_eq!(code(refused), 207_001);
        assert!(calls.iter().all(|(name, _)| !name.starts_with("aclrtSynchronize")), "{calls:?}");
        foreign::set_context(&rig.machine, context);
        foreign::end(&rig.machine, captured.as_raw()).unwrap();
    }
}

/// Nor does it wait for another thread that reclaims.
#[test]
fn short_memory_beside_a_capture_waits_for_no_other_reclaim() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let (other, _) = of_another_context(&rig);
    drop(DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap());
    let spare = rig.device.new_stream().unwrap();
    for owned in [true, false] {
        let raw = if owned { rig.stream.as_raw() } else { foreign::new_stream(&rig.machine) };
        // SAFETY: a stream of the current context that stays for the test.
        let captured = unsafe { Stream::borrow_raw(&rig.device, raw) }.unwrap();
        drop(DeviceBuffer::<i32>::zeroed(&spare, 200_000));
        rig.machine.hold(other.as_raw(), true);
        drop(other.record().unwrap());
        let waits = rig.machine.calls().of("aclrtSynchronizeDevice");
        let device = rig.device.clone();
        let reclaiming = std::thread::spawn(move || device.reclaim());
        while rig.machine.calls().of("aclrtSynchronizeDevice") < waits + 2 {
            std::thread::yield_now();
        }
        let _large = DeviceBuffer::<i32>::zeroed(&spare, 200_000).unwrap();
        assert_eq!(foreign::begin(&rig.machine, captured.as_raw(), foreign::RELAXED), 0);
        let (sender, receiver) = mpsc::channel();
        let spare = spare.clone();
        std::thread::spawn(move || sender.send(DeviceBuffer::<i32>::zeroed(&spare, 200_000).map(drop)));
        assert_eq!(code(receiver.recv_timeout(Duration::from_secs(60)).expect("it waited")), 207_001);
        foreign::end(&rig.machine, captured.as_raw()).unwrap();
        rig.machine.hold(other.as_raw(), false);
        reclaiming.join().unwrap().unwrap();
    }
}
