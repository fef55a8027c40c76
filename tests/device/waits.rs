//! Waits keep their limits, calls that do not block do not wait for those that do, and loops that never wait do not grow.

use std::sync::mpsc;
use std::time::Duration;

use ascend_cache_loc::{DeviceBuffer, Error, FaultStatus};

use crate::rig::{Batch, MOMENT, Rig, over};

const LONG: Duration = Duration::from_secs(60);

/// Runs `f` on another thread; `None` where it is not back in time.
fn within<T: Send + 'static>(limit: Duration, f: impl FnOnce() -> T + Send + 'static) -> Option<T> {
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || drop(sender.send(f())));
    receiver.recv_timeout(limit).ok()
}

/// Behind a hang any number of waits with a limit leaves nothing: no task, no memory.
#[test]
fn waits_that_run_out_of_time_leave_nothing_behind() {
    let rig = Rig::with(|config| config.queue_slots = 8);
    let mut batch = Batch::bad(&rig.stream);
    rig.machine.hang_launch(1);
    batch.last_loc(&rig.stream).unwrap();
    let launch = batch.last_loc(&rig.stream).unwrap();
    let before = (rig.machine.tasks(), rig.machine.pinned_allocations(), rig.machine.device_allocations());
    let limit = Duration::from_micros(100);
    let stream = rig.stream.clone();
    let timed_out =
        within(LONG, move || (0..100).all(|_| stream.synchronize_timeout(limit) == Err(Error::Timeout(limit))));
    assert_eq!(timed_out, Some(true));
    let after = (rig.machine.tasks(), rig.machine.pinned_allocations(), rig.machine.device_allocations());
    assert_eq!(after, before);
    rig.machine.release_hangs();
    let Err(Error::Fault(fault)) = rig.stream.synchronize_timeout(LONG) else { panic!("no fault") };
    assert_eq!(fault.launch, launch);
}

/// A full queue has no room for the read of a log: the limit is kept all the same.
#[test]
fn a_wait_with_a_limit_keeps_it_behind_a_full_queue() {
    let rig = Rig::with(|config| config.queue_slots = 4);
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    for _ in 0..4 {
        batch.last_loc(&rig.stream).unwrap();
    }
    let stream = rig.stream.clone();
    assert_eq!(within(LONG, move || stream.synchronize_timeout(MOMENT)), Some(Err(Error::Timeout(MOMENT))));
    rig.machine.hold(rig.stream.as_raw(), false);
    rig.stream.synchronize_timeout(LONG).unwrap();
    assert_eq!(batch.out(), batch.expected_last().0);
}

/// AscendCL refuses a limit of 0: ours is at least a millisecond.
#[test]
fn the_shortest_limit_is_taken() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    rig.stream.synchronize_timeout(Duration::ZERO).unwrap();
    batch.last_loc(&rig.stream).unwrap();
    rig.stream.synchronize().unwrap();
    for limit in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
        rig.stream.synchronize_timeout(limit).unwrap();
    }
    rig.machine.hold(rig.stream.as_raw(), true);
    batch.last_loc(&rig.stream).unwrap();
    for limit in [Duration::ZERO, Duration::from_nanos(1)] {
        assert_eq!(rig.stream.synchronize_timeout(limit), Err(Error::Timeout(limit)));
    }
    rig.machine.hold(rig.stream.as_raw(), false);
}

/// A check that is enqueued into a full queue waits for room. Polling an earlier one, and dropping it, does not wait for
/// that.
#[test]
fn polls_and_drops_do_not_wait_for_a_check_that_waits_for_room() {
    let rig = Rig::with(|config| config.queue_slots = 4);
    let first = rig.stream.fault_check().unwrap();
    // Done, and not polled: what it read is still to be taken.
    let event = rig.stream.record().unwrap();
    while !event.is_done().unwrap() {}
    rig.machine.hold(rig.stream.as_raw(), true);
    let pending = rig.stream.fault_check().unwrap();
    let stream = rig.stream.clone();
    let (sender, blocked) = mpsc::channel();
    std::thread::spawn(move || sender.send(stream.fault_check().map(|check| over(&check))));
    assert!(blocked.recv_timeout(MOMENT).is_err(), "there was no room");
    let polled = within(LONG, move || {
        let polled = (first.poll(), pending.poll());
        drop((first, pending));
        polled
    });
    assert_eq!(polled, Some((Ok(FaultStatus::Clean), Ok(FaultStatus::Pending))));
    rig.machine.hold(rig.stream.as_raw(), false);
    blocked.recv_timeout(LONG).unwrap().unwrap();
}

/// A loop that only records, waits for events and checks: its events and what it drops are given back as it goes on,
/// whether it polls its checks to the end or drops them.
#[test]
fn a_loop_that_never_waits_does_not_grow() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    for polls in [true, false] {
        let mut most = (0, 0, 0);
        for turn in 0..2_000 {
            let event = rig.stream.record().unwrap();
            other.wait(&event).unwrap();
            rig.stream.wait(&other.record().unwrap()).unwrap();
            drop(DeviceBuffer::<i32>::zeroed(&other, 0).unwrap());
            let check = rig.stream.fault_check().unwrap();
            let check_of_other = other.fault_check().unwrap();
            if polls {
                over(&check);
                over(&check_of_other);
            } else if turn % 8 == 7 {
                // As fast as the device: the checks that are dropped are done now and then.
                while !event.is_done().unwrap() {}
            }
            let now = (rig.machine.events(), rig.machine.device_allocations(), rig.machine.pinned_allocations());
            most = (most.0.max(now.0), most.1.max(now.1), most.2.max(now.2));
        }
        assert!(most.0 < 100 && most.1 < 100 && most.2 < 100, "polls {polls}: {most:?}");
    }
}

/// A finished check frees what was dropped before it was made, and nothing that was dropped later.
#[test]
fn a_finished_check_frees_what_was_dropped_before_it() {
    let rig = Rig::new();
    let frees = || rig.machine.calls().of("aclrtFree");
    let buffer = || DeviceBuffer::<i32>::zeroed(&rig.stream, 100).unwrap();
    let (early, late) = (buffer(), buffer());
    let before = frees();
    rig.machine.hold(rig.stream.as_raw(), true);
    drop(early);
    let check = rig.stream.fault_check().unwrap();
    drop(late);
    assert_eq!((check.poll(), frees()), (Ok(FaultStatus::Pending), before));
    rig.machine.hold(rig.stream.as_raw(), false);
    over(&check);
    assert_eq!(frees(), before + 1);
    // A dropped one leaves it to the next check, or to the next wait.
    let dropped = buffer();
    let before = frees();
    drop(dropped);
    drop(rig.stream.fault_check().unwrap());
    let event = rig.stream.record().unwrap();
    while !event.is_done().unwrap() {}
    over(&rig.stream.fault_check().unwrap());
    assert!(frees() > before);
    let dropped = buffer();
    let before = frees();
    drop(dropped);
    drop(rig.stream.fault_check().unwrap());
    rig.stream.synchronize().unwrap();
    assert_eq!(frees(), before + 1);
}

/// A check that nobody polls keeps no memory: whoever waits frees what was dropped before, and short memory finds it.
#[test]
fn a_pending_check_keeps_no_memory() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let large = || DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000);
    let frees = || rig.machine.calls().of("aclrtFree");
    for wait in [|rig: &Rig| rig.stream.synchronize().unwrap(), |rig: &Rig| rig.device.reclaim().unwrap()] {
        drop(large().unwrap());
        let check = rig.stream.fault_check().unwrap();
        let before = frees();
        wait(&rig);
        assert_eq!(frees(), before + 1);
        over(&check);
        assert_eq!(frees(), before + 1);
    }
    drop(large().unwrap());
    let check = rig.stream.fault_check().unwrap();
    drop(large().unwrap());
    over(&check);
}

/// What is told is the limit that was given, where the time for the read of the log is what is left of it.
#[test]
fn a_timeout_tells_the_limit_that_was_given() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    let launch = batch.last_loc(&rig.stream).unwrap();
    rig.machine.fail_call("aclrtSynchronizeStreamWithTimeout", 2, 507_046);
    assert_eq!(rig.stream.synchronize_timeout(LONG), Err(Error::Timeout(LONG)));
    assert_eq!(rig.stream.take_fault().unwrap().map(|fault| fault.launch), Some(launch));
}
