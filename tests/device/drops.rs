//! Drops make no device call, in any order; what was dropped is freed by the next call that waits, and only then.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ascend_cache_loc::{CaptureMode, DeviceBuffer, Error, Graph, Stream};

use crate::foreign::{self, acl};
use crate::rig::{Batch, Rig};

/// All orders of `0..n`.
fn orders(n: usize) -> Vec<Vec<usize>> {
    if n == 0 {
        return vec![Vec::new()];
    }
    let shorter = orders(n - 1);
    let insert = |order: &Vec<usize>, at: usize| {
        let mut order = order.clone();
        order.insert(at, n - 1);
        order
    };
    shorter.iter().flat_map(|order| (0..n).map(move |at| insert(order, at))).collect()
}

/// One of each thing that has a drop, with work that uses it under way.
fn everything(rig: &Rig, stream: Stream) -> Vec<Box<dyn Any>> {
    let mut batch = Batch::good(&stream);
    batch.last_loc(&stream).unwrap();
    let event = stream.record().unwrap();
    let check = stream.fault_check().unwrap();
    let (mut graph, ()) = Graph::capture(&stream, CaptureMode::Relaxed, || Ok(())).unwrap();
    graph.keep(Arc::new(DeviceBuffer::<i32>::zeroed(&stream, 1).unwrap()));
    // SAFETY: it holds nothing.
    unsafe { graph.replay(&stream) }.unwrap();
    let device = rig.device.clone();
    vec![Box::new(device), Box::new(stream), Box::new(event), Box::new(check), Box::new(batch), Box::new(graph)]
}

#[test]
fn no_drop_calls_the_device_in_any_order() {
    let rig = Rig::new();
    rig.device.reclaim().unwrap();
    let left = || (rig.machine.events(), rig.machine.streams(), rig.machine.graphs());
    let (memory, before) = (rig.machine.device_allocations(), left());
    for (round, order) in orders(6).into_iter().enumerate() {
        let stream = rig.device.new_stream().unwrap();
        let held = stream.as_raw();
        rig.machine.hold(held, false);
        let mut things: Vec<_> = everything(&rig, stream).into_iter().map(Some).collect();
        let (calls, ()) = rig.calls_of(|| order.iter().for_each(|&i| drop(things[i].take())));
        assert_eq!(calls, [], "dropping in order {order:?}");
        rig.device.reclaim().unwrap();
        // The stream is gone, but for its fault log, which the next stream takes.
        assert_eq!((rig.machine.device_allocations(), left()), (memory + 1, before), "after round {round}");
    }
}

#[test]
fn no_drop_calls_the_device_while_unwinding() {
    let rig = Rig::new();
    let stream = rig.device.new_stream().unwrap();
    let mut calls = None;
    let unwound = catch_unwind(AssertUnwindSafe(|| {
        let things = everything(&rig, stream);
        calls = Some(rig.machine.calls());
        std::panic::resume_unwind(Box::new(things.len()));
    }));
    assert_eq!(*unwound.unwrap_err().downcast::<usize>().unwrap(), 6);
    assert_eq!(rig.machine.calls().since(&calls.unwrap()), []);
    rig.device.reclaim().unwrap();
}

#[test]
fn a_drop_inside_a_capture_does_not_disturb_it() {
    let rig = Rig::new();
    let things = everything(&rig, rig.device.new_stream().unwrap());
    let of_the_stream = Batch::good(&rig.stream);
    assert_eq!(foreign::begin(&rig.machine, rig.stream.as_raw(), foreign::GLOBAL), 0);
    let (calls, ()) = rig.calls_of(|| drop((things, of_the_stream)));
    assert_eq!(calls, []);
    foreign::end(&rig.machine, rig.stream.as_raw()).unwrap();
    rig.device.reclaim().unwrap();
}

/// Freed by the next call that waits for the home stream, not before, and not by a wait for another.
#[test]
fn a_dropped_buffer_is_freed_by_the_next_wait_for_its_stream() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let kept = std::cell::RefCell::new(Vec::new());
    type Wait<'a> = Box<dyn Fn() + 'a>;
    let mut frees: Vec<(&str, Wait<'_>)> = Vec::new();
    let stream = &rig.stream;
    frees.push(("synchronize", Box::new(|| stream.synchronize().unwrap())));
    frees.push(("take_fault", Box::new(|| assert_eq!(stream.take_fault().unwrap(), None))));
    frees.push(("from_host", Box::new(|| kept.borrow_mut().push(DeviceBuffer::from_host(stream, &[1_i32]).unwrap()))));
    frees.push(("reclaim", Box::new(|| rig.device.reclaim().unwrap())));
    for (name, free) in frees {
        let buffer = DeviceBuffer::<i32>::zeroed(stream, 100).unwrap();
        let before = rig.machine.calls();
        drop(buffer);
        let _event = stream.record().unwrap();
        other.synchronize().unwrap();
        assert_eq!(rig.machine.calls().of("aclrtFree"), before.of("aclrtFree"), "freed before {name}");
        free();
        assert_eq!(rig.machine.calls().of("aclrtFree"), before.of("aclrtFree") + 1, "not freed by {name}");
    }
}

/// Memory that is dropped while a wait is under way may belong to work behind the wait.
#[test]
fn a_wait_frees_only_what_was_dropped_before_it_began() {
    let rig = Rig::new();
    let late = DeviceBuffer::<i32>::zeroed(&rig.stream, 100).unwrap();
    rig.machine.hold(rig.stream.as_raw(), true);
    drop(rig.stream.record().unwrap());
    let stream = rig.stream.clone();
    let waiting = std::thread::spawn(move || stream.synchronize().unwrap());
    while rig.machine.calls().of("aclrtSynchronizeStream") < 3 {
        std::thread::yield_now();
    }
    std::thread::sleep(crate::rig::MOMENT);
    let frees = rig.machine.calls().of("aclrtFree");
    drop(late);
    rig.machine.hold(rig.stream.as_raw(), false);
    waiting.join().unwrap();
    assert_eq!(rig.machine.calls().of("aclrtFree"), frees);
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.calls().of("aclrtFree"), frees + 1);
}

#[test]
fn a_timeout_frees_nothing() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hang_launch(1);
    batch.last_loc(&rig.stream).unwrap();
    drop(batch);
    let frees = rig.machine.calls().of("aclrtFree");
    rig.stream.synchronize_timeout(crate::rig::MOMENT).unwrap_err();
    assert_eq!(rig.machine.calls().of("aclrtFree"), frees);
    rig.machine.release_hangs();
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.calls().of("aclrtFree"), frees + 5);
}

/// An event that was dropped is destroyed by the next record of its stream, by a wait for it, and by a check; streams that
/// wait for it are not disturbed.
#[test]
fn a_dropped_event_is_destroyed_by_the_next_record_wait_or_check() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    rig.machine.hold(rig.stream.as_raw(), true);
    let event = rig.stream.record().unwrap();
    other.wait(&event).unwrap();
    drop(event);
    assert_eq!(rig.machine.events(), 1);
    let last = rig.stream.record().unwrap();
    assert_eq!(rig.machine.events(), 1, "the new one");
    assert_eq!(other.synchronize_timeout(crate::rig::MOMENT), Err(Error::Timeout(crate::rig::MOMENT)));
    drop(last);
    rig.machine.hold(rig.stream.as_raw(), false);
    other.synchronize().unwrap();
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.events(), 0);
    drop(rig.stream.record().unwrap());
    let _check = rig.stream.fault_check().unwrap();
    assert_eq!(rig.machine.events(), 1, "the check's own");
}

#[test]
fn short_memory_frees_what_was_dropped_first() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let large = DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap();
    let refused = DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap_err();
    let text = refused.to_string();
    assert!(text.starts_with("aclrtMalloc failed with 207001: 800000 bytes asked for"), "{text}");
    drop(large);
    DeviceBuffer::<i32>::zeroed(&rig.stream, 200_000).unwrap();
}

#[test]
fn what_is_borrowed_is_never_freed() {
    use ascend_cache_loc::{DeviceAddr, DeviceSlice, DeviceSliceMut};

    let rig = Rig::new();
    let raw = foreign::new_stream(&rig.machine);
    let memory = foreign::upload(&rig.machine, &[1_i32, 2, 3]);
    let address = DeviceAddr::new(memory).unwrap();
    {
        // SAFETY: a stream of the current context, and memory that holds three int32.
        let (stream, slice, mutable) = unsafe {
            (
                Stream::borrow_raw(&rig.device, raw).unwrap(),
                DeviceSlice::<i32>::from_raw_parts(&rig.device, address, 3).unwrap(),
                DeviceSliceMut::<i32>::from_raw_parts(&rig.device, address, 3).unwrap(),
            )
        };
        stream.synchronize().unwrap();
        drop((stream, slice.len(), mutable.len()));
    }
    rig.device.reclaim().unwrap();
    assert_eq!(foreign::download::<i32>(&rig.machine, memory, 3), [1, 2, 3]);
    assert_eq!(acl!(rig.machine, aclrtSynchronizeStream(raw)), 0);
}

/// After the device's last handle all that is left belongs to the process.
#[test]
fn a_device_opens_again_as_it_was() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let first = batch.last_loc(&rig.stream).unwrap();
    let Rig { machine, device, stream } = rig;
    drop((batch, stream, device));
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    let second = Batch::good(&stream).last_loc(&stream).unwrap();
    assert!(second > first, "launch ids go on");
    stream.synchronize().unwrap();
}
