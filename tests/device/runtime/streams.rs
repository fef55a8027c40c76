//! Streams, and waiting for them.

use std::process::Command;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use ascend_cache_loc::sim::{Machine, SimConfig};

use super::{Raw, Sent};
use crate::foreign::{self, GLOBAL, RELAXED, acl};
use crate::rig::MOMENT;

/// Long enough for whatever does not hang.
const LONG: Duration = Duration::from_secs(20);

/// `Context::Synchronize` (context.cc): the streams of the current context, and no other's.
#[test]
fn a_wait_for_the_device_is_one_for_the_current_contexts_streams() {
    let raw = Raw::new();
    let (first, here) = (foreign::context(&raw).unwrap(), raw.stream());
    let other = foreign::new_context(&raw, 0);
    let there = raw.stream();
    let byte = foreign::upload(&raw, &[0_u8]);
    raw.hold(there, true);
    assert_eq!(raw.set(there, byte, 7), 0);
    foreign::set_context(&raw, first);
    raw.hold(here, true);
    assert_eq!(raw.set(here, byte, 5), 0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let (raw, context) = (&raw, Sent::of(first));
        scope.spawn(move || {
            foreign::set_context(raw, context.get());
            sender.send(raw.synchronize_device()).unwrap();
        });
        let early = receiver.recv_timeout(MOMENT);
        raw.hold(here, false);
        let waited = receiver.recv_timeout(LONG);
        let written = foreign::download::<u8>(raw, byte, 1);
        raw.hold(there, false);
        assert!(early.is_err(), "waits for its own");
        assert_eq!((waited, written), (Ok(0), vec![5]), "and not for the other's");
    });
    // A capture in another context is nothing to it.
    foreign::set_context(&raw, other);
    let captured = raw.stream();
    assert_eq!(raw.begin(captured, GLOBAL), 0);
    foreign::set_context(&raw, first);
    assert_eq!(raw.synchronize_device(), 0);
}

/// `SyncStreamsWithTimeout` (context.cc) in the mode that goes on after a failure: every stream is waited for, in the order
/// of their making and the default stream last; the first failure is returned, and all are taken.
#[test]
fn a_wait_for_the_device_takes_every_failure_and_tells_the_first() {
    let raw = Raw::new();
    let (first, second) = (raw.stream(), raw.stream());
    let byte = foreign::upload(&raw, &[0_u8]);
    raw.fault(std::ptr::null_mut());
    raw.fault(second);
    raw.hold(first, true);
    let pinned = foreign::malloc_host(&raw, 8);
    let copied = acl!(raw, aclrtMemcpyAsync(byte as *mut _, 1, pinned, 1, 1, first));
    assert_eq!(copied, 0);
    assert_eq!(acl!(raw, aclrtFreeHost(pinned)), 0);
    raw.hold(first, false);
    assert_eq!(raw.synchronize_device(), 507_013);
    assert!(foreign::message(&raw).unwrap().contains("freed by aclrtFreeHost"), "the first stream's");
    assert_eq!((raw.synchronize(first), raw.synchronize(second), raw.synchronize(std::ptr::null_mut())), (0, 0, 0));
}

/// `Context::Synchronize`: 107027 before anything is waited for, and the capture goes on.
#[test]
fn a_wait_for_the_device_is_refused_while_one_of_its_streams_is_captured() {
    let raw = Raw::new();
    let (busy, captured) = (raw.stream(), raw.stream());
    raw.hold(busy, true);
    raw.fault(busy);
    assert_eq!(raw.begin(captured, RELAXED), 0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let (raw, context) = (&raw, Sent::of(foreign::context(&raw).unwrap()));
        scope.spawn(move || {
            foreign::set_context(raw, context.get());
            sender.send(raw.synchronize_device()).unwrap();
        });
        let refused = receiver.recv_timeout(LONG);
        raw.hold(busy, false);
        assert_eq!(refused, Ok(107_027), "whatever thread, and at once");
    });
    assert_eq!(raw.synchronize_device(), 107_027);
    raw.end(captured).unwrap();
    assert_eq!(raw.synchronize_device(), 507_013, "nothing was taken");
}

/// `Context::streamLock_`: as long as one thread waits for a context's streams, others make and destroy none.
#[test]
fn a_wait_for_the_device_keeps_others_from_making_streams() {
    let raw = Raw::new();
    let (context, stream) = (Sent::of(foreign::context(&raw).unwrap()), raw.stream());
    raw.hold(stream, true);
    assert_eq!(raw.set(stream, foreign::malloc(&raw, 1), 0), 0);
    let (sender, receiver) = mpsc::channel();
    std::thread::scope(|scope| {
        let raw = &raw;
        scope.spawn(move || {
            foreign::set_context(raw, context.get());
            assert_eq!(raw.synchronize_device(), 0);
        });
        std::thread::sleep(MOMENT);
        scope.spawn(move || {
            foreign::set_context(raw, context.get());
            sender.send(raw.try_stream()).unwrap();
        });
        let early = receiver.recv_timeout(MOMENT);
        raw.hold(stream, false);
        assert!(early.is_err());
        assert_eq!(receiver.recv_timeout(LONG), Ok(0));
    });
}

/// `aclrtSynchronizeStreamWithTimeout` (acl/stream.cpp), `ApiErrorDecorator::StreamSynchronize`: 0 and below -1 come before
/// the capture; a wait that runs out of time takes no failure.
#[test]
fn a_limit_is_checked_first() {
    let raw = Raw::new();
    let stream = raw.stream();
    assert_eq!((raw.synchronize_within(stream, 0), raw.synchronize_within(stream, -2)), (107_000, 107_000));
    assert_eq!(raw.begin(stream, RELAXED), 0);
    for (limit, code) in [(0, 107_000), (-2, 107_000), (-1, 107_027), (1, 107_027)] {
        assert_eq!(raw.synchronize_within(stream, limit), code, "{limit}");
    }
    raw.end(stream).unwrap();
    let event = raw.event();
    raw.fault(stream);
    raw.hold(stream, true);
    raw.record(event, stream);
    assert_eq!(raw.synchronize_within(stream, 20), 507_046);
    raw.hold(stream, false);
    assert_eq!(raw.synchronize_within(stream, -1), 507_013);
    assert_eq!(raw.synchronize_within(stream, -1), 0, "told once");
    let destroyed = raw.stream();
    assert_eq!(raw.destroy(destroyed), 0);
    assert_eq!((raw.synchronize_within(destroyed, -2), raw.synchronize_within(destroyed, 0)), (107_000, 107_017));
}

/// `ApiImpl::StreamSynchronize` goes to the stream's context and back; everything that is enqueued is 107003.
#[test]
fn a_stream_of_another_context_is_waited_for_and_not_used() {
    let raw = Raw::new();
    let stream = raw.stream();
    let (event, byte, pinned) = (raw.event(), foreign::malloc(&raw, 1), foreign::malloc_host(&raw, 1));
    foreign::new_context(&raw, 0);
    assert_eq!((raw.synchronize(stream), raw.synchronize_within(stream, 5)), (0, 0));
    let copy = |from| acl!(raw, aclrtMemcpyAsync(byte as *mut _, 1, from, 1, 1, stream));
    let refused = [
        ("memset", raw.set(stream, byte, 0)),
        ("copy", copy(pinned)),
        ("record", raw.record(event, stream)),
        ("wait", raw.wait(stream, event)),
        ("begin", raw.begin(stream, GLOBAL)),
        ("end", raw.end(stream).unwrap_err()),
        ("destroy", raw.destroy(stream)),
    ];
    for (name, code) in refused {
        assert_eq!(code, 107_003, "{name}");
    }
    // A copy of pageable memory is a wait and a copy of the current context.
    assert_eq!(copy((&raw const *Box::new(1_u8)).cast()), 0);
    assert_eq!(raw.capture(stream).0, 0);
    let sent = Sent::of(stream);
    assert_eq!(raw.elsewhere(None, || raw.synchronize(sent.get())), 107_002);
}

/// `aclrtDestroyStream`, `ApiErrorDecorator::StreamDestroy`, `Stream::TearDown`.
#[test]
fn destroying_a_stream() {
    let raw = Raw::new();
    assert_eq!(raw.destroy(std::ptr::null_mut()), 100_000);
    let stream = raw.stream();
    assert_eq!(raw.begin(stream, GLOBAL), 0);
    assert_eq!(raw.destroy(stream), 107_027);
    raw.end(stream).unwrap();
    // It waits for the work, and a failure that nobody read is gone.
    let event = raw.event();
    raw.fault(stream);
    assert_eq!((raw.record(event, stream), raw.destroy(stream)), (0, 0));
    assert_eq!(raw.query(event), Ok(true));
    assert_eq!(raw.synchronize_device(), 0);
    assert!(raw.misuses().is_empty());
    assert_eq!((raw.destroy(stream), raw.synchronize(stream)), (107_017, 107_017));
    assert_eq!(raw.misuses(), ["no such stream, or it was destroyed"; 2]);
}

/// `Stream::TearDown` gives up on a stream that is stuck: success, and the work is done later all the same.
#[test]
fn destroying_a_stream_that_is_stuck() {
    let raw = Raw::with(|config| config.destroy_stream_limit = MOMENT);
    let (stream, event, byte) = (raw.stream(), raw.event(), foreign::upload(&raw, &[1_u8]));
    let other = raw.stream();
    raw.hold(other, true);
    assert_eq!((raw.record(event, other), raw.wait(stream, event), raw.set(stream, byte, 2)), (0, 0, 0));
    let begun = Instant::now();
    assert_eq!(raw.destroy(stream), 0);
    assert!(begun.elapsed() >= MOMENT);
    assert_eq!(foreign::download::<u8>(&raw, byte, 1), [1]);
    raw.hold(other, false);
    let begun = Instant::now();
    while foreign::download::<u8>(&raw, byte, 1) != [2] && begun.elapsed() < LONG {
        std::thread::sleep(Duration::from_millis(1));
    }
    assert_eq!(foreign::download::<u8>(&raw, byte, 1), [2]);
}

/// 207008 (`RT_ERROR_DRV_NO_STREAM_RESOURCES`); default streams count, as the constraints of aclrtCreateStream say.
#[test]
fn streams_run_out() {
    let raw = Raw::with(|config| config.streams = 3);
    let (first, _second) = (raw.stream(), raw.stream());
    assert_eq!(raw.try_stream(), 207_008);
    let mut context = std::ptr::null_mut();
    assert_eq!(acl!(raw, aclrtCreateContext(&raw mut context, 0)), 207_008);
    assert_eq!(raw.destroy(first), 0);
    assert_eq!(raw.try_stream(), 0);
    assert_eq!(raw.try_stream(), 207_008);
}

/// `PrimaryContextRetain`: the first stream of a device is that of aclrtSetDevice.
#[test]
fn a_device_without_streams_is_not_set() {
    let mut config = SimConfig::default();
    config.streams = 0;
    let machine = Machine::new(config).unwrap();
    assert_eq!(acl!(machine, aclrtSetDevice(0)), 507_033);
    assert_eq!(foreign::context(&machine), None);
}

/// `Stream::SetErrCode` writes over the failure before.
#[test]
fn the_last_failure_is_told() {
    let raw = Raw::new();
    let (stream, byte) = (raw.stream(), foreign::malloc(&raw, 1));
    raw.fault(stream);
    let copied = acl!(raw, aclrtMemcpyAsync(byte as *mut _, 2, foreign::malloc_host(&raw, 2), 2, 1, stream));
    assert_eq!((copied, raw.synchronize(stream)), (0, 507_013));
    let text = foreign::message(&raw).unwrap();
    assert!(text.contains("past the end of the allocation of 1 at"), "{text}");
}

/// `aclrtCreateStreamWithConfig`: a null pointer, and kinds of streams that are not simulated.
#[test]
fn making_a_stream() {
    let raw = Raw::new();
    assert_eq!(acl!(raw, aclrtCreateStreamWithConfig(std::ptr::null_mut(), 0, 0)), 100_000);
    let mut stream = std::ptr::null_mut();
    for (flag, code) in [(3, 0), (4, 207_000), (0x20, 207_000), (0x40, 0)] {
        assert_eq!(acl!(raw, aclrtCreateStreamWithConfig(&raw mut stream, u32::MAX, flag)), code, "{flag}");
    }
}

/// Where the host starts no thread, a stream is an error of the call that needs one, and no hang. In a process of its own,
/// whose threads would have stacks that no host has room for.
#[test]
fn a_stream_that_gets_no_thread_is_an_error() {
    const CHILD: &str = "ASCEND_CACHE_LOC_TEST_NO_THREADS";
    if std::env::var_os(CHILD).is_some() {
        let device = Machine::new(SimConfig::default()).unwrap().open(0).unwrap();
        let refused = device.new_stream().unwrap_err().to_string();
        assert!(refused.contains("the host starts no thread for a simulated stream"), "{refused}");
        return;
    }
    let name = "runtime::streams::a_stream_that_gets_no_thread_is_an_error";
    let mut child = Command::new(std::env::current_exe().unwrap());
    child.args(["--exact", name]).env(CHILD, "1").env("RUST_MIN_STACK", (1_u64 << 60).to_string());
    let mut child = child.spawn().unwrap();
    let begun = Instant::now();
    let status = loop {
        match child.try_wait().unwrap() {
            Some(status) => break status,
            None if begun.elapsed() > 3 * LONG => {
                child.kill().unwrap();
                panic!("it hangs");
            }
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    assert!(status.success());
}
