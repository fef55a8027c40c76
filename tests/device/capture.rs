//! Operations inside a capture, and what a capture forbids.

use ascend_cache_loc::{DeviceBuffer, Error, Operation, Stream};

use crate::foreign::{self, GLOBAL, RELAXED, THREAD_LOCAL, acl, begin, end, replay};
use crate::rig::{Batch, MOMENT, Rig, code};

/// Both operations are captured in every mode, with nothing that invalidates it, and replayed with other inputs.
#[test]
fn both_operations_are_captured_and_replayed() {
    for mode in [GLOBAL, THREAD_LOCAL, RELAXED] {
        let rig = Rig::new();
        let raw = rig.stream.as_raw();
        let (mut last, mut extend) = (Batch::good(&rig.stream), Batch::good(&rig.stream));
        assert_eq!(begin(&rig.machine, raw, mode), 0);
        let (calls, ()) = rig.calls_of(|| {
            last.last_loc(&rig.stream).unwrap();
            extend.extend(&rig.stream).unwrap();
        });
        assert_eq!(calls.iter().map(|(_, count)| count).sum::<u64>(), 4, "{calls:?}");
        let graph = end(&rig.machine, raw).unwrap();
        rig.stream.synchronize().unwrap();
        assert_eq!((last.out(), extend.out()), (vec![-7; 3], vec![-7; 3]));
        for reqs in [[1, 0, 1], [0, 1, 0], [1, 1, 1]] {
            last.reqs.as_slice_mut().copy_from_host(&rig.stream, &reqs).unwrap();
            extend.reqs.as_slice_mut().copy_from_host(&rig.stream, &reqs).unwrap();
            replay(&rig.machine, graph, raw);
            rig.stream.synchronize().unwrap();
            let row = |req: i64, p: i64| 10 * (req + 1) + p;
            assert_eq!(last.out(), [row(reqs[0], 1), row(reqs[1], 3), row(reqs[2], 0)]);
            assert_eq!(extend.out(), [row(reqs[0], 0), row(reqs[0], 1), row(reqs[1], 3)]);
        }
        assert_eq!(acl!(rig.machine, aclmdlRIDestroy(graph)), 0);
    }
}

/// Calls that wait, read the log or clear memory are refused before AscendCL is asked: the capture goes on, and holds
/// what it held.
#[test]
fn what_would_wait_in_a_capture_is_refused_and_the_capture_goes_on() {
    type Call = fn(&Rig, &mut Batch) -> Result<(), Error>;
    let calls: [(&str, Call); 9] = [
        ("synchronize", |rig, _| rig.stream.synchronize()),
        ("synchronize_timeout", |rig, _| rig.stream.synchronize_timeout(MOMENT)),
        ("take_fault", |rig, _| rig.stream.take_fault().map(drop)),
        ("fault_check", |rig, _| rig.stream.fault_check().map(drop)),
        ("zeroed", |rig, _| DeviceBuffer::<i32>::zeroed(&rig.stream, 1).map(drop)),
        ("from_host", |rig, _| DeviceBuffer::from_host(&rig.stream, &[1_i32]).map(drop)),
        ("copy_to_host", |_, batch| batch.out.copy_to_host(&mut [0; 3]).map(drop)),
        ("copy_from_host", |rig, batch| batch.out.as_slice_mut().copy_from_host(&rig.stream, &[0; 3])),
        ("reclaim", |rig, _| rig.device.reclaim()),
    ];
    for (name, call) in calls {
        let rig = Rig::new();
        let mut batch = Batch::bad(&rig.stream);
        let earlier = batch.last_loc(&rig.stream).unwrap();
        assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
        batch.extend(&rig.stream).unwrap();
        let (calls, refused) = rig.calls_of(|| call(&rig, &mut batch));
        assert_eq!(refused, Err(Error::Capturing), "{name}");
        let harmless = ["aclrtGetCurrentContext", "aclmdlRICaptureGetInfo", "aclrtMalloc"];
        assert!(calls.iter().all(|(called, _)| harmless.contains(called)), "{name}: {calls:?}");
        let graph = end(&rig.machine, rig.stream.as_raw()).unwrap();
        // Nothing is lost, and a replay is the launch alone.
        assert_eq!(rig.stream.take_fault().unwrap().unwrap().launch, earlier);
        replay(&rig.machine, graph, rig.stream.as_raw());
        let replayed = rig.stream.take_fault().unwrap().unwrap();
        assert_eq!((replayed.operation, replayed.fault.row), (Operation::ASSIGN_EXTEND_CACHE_LOCS, 1), "{name}");
        assert_eq!(batch.out()[..2], batch.expected_extend().0[..2]);
    }
}

/// What AscendCL itself refuses: to ask about an event of the capture, and a copy at once in a context that a global
/// capture is in. Neither ends the capture.
#[test]
fn what_ascendcl_refuses_in_a_capture_does_not_end_it() {
    let rig = Rig::new();
    let (mut batch, other) = (Batch::good(&rig.stream), rig.device.new_stream().unwrap());
    assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
    batch.last_loc(&rig.stream).unwrap();
    assert_eq!(code(rig.stream.record().unwrap().is_done()), 107_028);
    assert_eq!(code(DeviceBuffer::from_host(&other, &[1_i32])), 107_030);
    let graph = end(&rig.machine, rig.stream.as_raw()).unwrap();
    replay(&rig.machine, graph, rig.stream.as_raw());
    rig.stream.synchronize().unwrap();
    assert_eq!(batch.out(), batch.expected_last().0);
}

/// Memory that runs out during a capture is an error at once: nobody waits, and the capture goes on.
#[test]
fn short_memory_in_a_capture_waits_for_nothing() {
    let rig = Rig::with(|config| config.memory_bytes = 1 << 20);
    let other = rig.device.new_stream().unwrap();
    drop(DeviceBuffer::<i32>::zeroed(&other, 200_000).unwrap());
    assert_eq!(begin(&rig.machine, rig.stream.as_raw(), THREAD_LOCAL), 0);
    let (calls, refused) = rig.calls_of(|| DeviceBuffer::<i32>::zeroed(&other, 200_000).map(drop));
    assert_eq!(code(refused), 207_001);
    assert!(calls.iter().all(|(name, _)| !name.starts_with("aclrtSynchronize")), "{calls:?}");
    end(&rig.machine, rig.stream.as_raw()).unwrap();
    DeviceBuffer::<i32>::zeroed(&other, 200_000).unwrap();
}

/// A copy at once on another thread is refused beside a global capture of the context, and ends none.
#[test]
fn another_threads_copies_are_refused_beside_a_global_capture_only() {
    for mode in [GLOBAL, THREAD_LOCAL, RELAXED] {
        let rig = Rig::new();
        let other = rig.device.new_stream().unwrap();
        assert_eq!(begin(&rig.machine, rig.stream.as_raw(), mode), 0);
        std::thread::scope(|scope| {
            let copied = scope.spawn(|| DeviceBuffer::from_host(&other, &[1_i32]).map(drop)).join().unwrap();
            match mode {
                GLOBAL => assert!(matches!(copied, Err(Error::Acl { code: 107_030, .. })), "{copied:?}"),
                _ => copied.unwrap(),
            }
        });
        end(&rig.machine, rig.stream.as_raw()).unwrap();
    }
}

/// A second stream is drawn into a capture by an event, and joined by another; buffers move along.
#[test]
fn a_capture_forks_and_joins() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let (mut here, mut there) = (Batch::good(&rig.stream), Batch::good(&other));
    for joined in [true, false] {
        assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
        here.last_loc(&rig.stream).unwrap();
        other.wait(&rig.stream.record().unwrap()).unwrap();
        there.extend(&other).unwrap();
        if joined {
            rig.stream.wait(&other.record().unwrap()).unwrap();
        }
        let ended = end(&rig.machine, rig.stream.as_raw());
        if !joined {
            assert_eq!(ended, Err(107_025));
            continue;
        }
        replay(&rig.machine, ended.unwrap(), rig.stream.as_raw());
        rig.stream.synchronize().unwrap();
        assert_eq!((here.out(), there.out()), (here.expected_last().0, there.expected_extend().0));
    }
}

/// AscendCL's own rules about begin and end.
#[test]
fn begin_and_end_are_checked() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    assert_eq!(begin(&rig.machine, std::ptr::null_mut(), GLOBAL), 100_000);
    assert_eq!(end(&rig.machine, rig.stream.as_raw()), Err(107_029));
    assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
    let mut status = 9;
    let mut graph = std::ptr::null_mut();
    assert_eq!(acl!(rig.machine, aclmdlRICaptureGetInfo(rig.stream.as_raw(), &raw mut status, &raw mut graph)), 0);
    assert_eq!(status, 1);
    other.wait(&rig.stream.record().unwrap()).unwrap();
    assert_eq!(end(&rig.machine, other.as_raw()), Err(107_036));
    let (machine, raw, context) =
        (&rig.machine, rig.stream.as_raw() as usize, foreign::context(&rig.machine).unwrap() as usize);
    std::thread::scope(|scope| {
        scope.spawn(move || {
            foreign::set_context(machine, context as *mut _);
            assert_eq!(end(machine, raw as *mut _), Err(107_038));
        });
    });
    assert_eq!(end(&rig.machine, rig.stream.as_raw()), Err(107_029), "the wrong thread has ended it");
    assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
    other.wait(&rig.stream.record().unwrap()).unwrap();
    rig.stream.wait(&other.record().unwrap()).unwrap();
    end(&rig.machine, rig.stream.as_raw()).unwrap();
}

/// A captured event orders nothing but the graph: a buffer that moved along it could be freed while its old home is at
/// work on it.
#[test]
fn a_buffer_does_not_move_within_a_capture() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    batch.last_loc(&rig.stream).unwrap();
    assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
    assert_eq!(batch.slots.move_to(&other), Err(Error::Capturing));
    assert_eq!(batch.slots.move_to(&rig.stream), Ok(()), "it is there");
    end(&rig.machine, rig.stream.as_raw()).unwrap();
    // From outside into a capture.
    let mut outside = Batch::good(&other);
    assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
    assert_eq!(outside.slots.move_to(&rig.stream), Err(Error::Capturing));
    end(&rig.machine, rig.stream.as_raw()).unwrap();
    assert_eq!(outside.slots.home().as_raw(), other.as_raw());
    batch.slots.move_to(&other).unwrap();
    drop(batch.slots);
    rig.machine.hold(rig.stream.as_raw(), false);
    other.synchronize().unwrap();
    rig.stream.synchronize().unwrap();
}

/// A stream whose first borrow failed before its log was cleared is as if borrowed for the first time.
#[test]
fn a_borrow_that_failed_clears_nothing_in_a_capture() {
    let rig = Rig::new();
    let raw = foreign::new_stream(&rig.machine);
    // SAFETY: a stream of the current context that stays for the test.
    let borrow = || unsafe { Stream::borrow_raw(&rig.device, raw) };
    rig.machine.fail_call("aclrtMemsetAsync", 1, 507_000);
    assert_eq!(code(borrow()), 507_000);
    assert_eq!(begin(&rig.machine, raw, GLOBAL), 0);
    assert_eq!(borrow().map(drop), Err(Error::Capturing));
    end(&rig.machine, raw).unwrap();
    let stream = borrow().unwrap();
    assert_eq!(begin(&rig.machine, raw, GLOBAL), 0);
    borrow().unwrap();
    end(&rig.machine, raw).unwrap();
    assert_eq!(stream.take_fault(), Ok(None));
}
