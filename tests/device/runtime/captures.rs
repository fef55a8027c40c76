//! Captures.

use std::ptr::null_mut;

use super::{Pointer, Raw, Sent};
use crate::foreign::{self, GLOBAL, RELAXED, THREAD_LOCAL, TO_DEVICE, acl};

/// No refusal makes a capture invalid: `TerminateCapture` is called from records, waits and tasks alone.
#[test]
fn what_is_refused_leaves_the_capture_as_it_is() {
    let raw = Raw::new();
    let (stream, other, joined) = (raw.stream(), raw.stream(), raw.stream());
    let (outside, inside, back) = (raw.event(), raw.event(), raw.event());
    let (byte, host) = (foreign::malloc(&raw, 1) as Pointer, Box::new(1_u8));
    let host = (&raw const *host).cast();
    assert_eq!((raw.record(outside, other), raw.synchronize(other)), (0, 0));
    assert_eq!(raw.begin(stream, GLOBAL), 0);
    assert_eq!((raw.record(inside, stream), raw.wait(joined, inside)), (0, 0));
    let graph = raw.capture(stream).1;
    let refused = [
        ("wait", raw.synchronize(stream), 107_027),
        ("wait with a limit", raw.synchronize_within(stream, 1), 107_027),
        ("wait for the device", raw.synchronize_device(), 107_027),
        ("destroy", raw.destroy(stream), 107_027),
        ("destroy one that joined", raw.destroy(joined), 107_027),
        ("begin", raw.begin(stream, GLOBAL), 107_027),
        ("begin on one that joined", raw.begin(joined, GLOBAL), 107_027),
        ("end on one that joined", raw.end(joined).unwrap_err(), 107_036),
        ("execute it", raw.execute(graph, other), 107_026),
        ("execute it here", raw.execute(graph, stream), 107_027),
        ("destroy it", raw.destroy_graph(graph), 107_026),
        ("wait for what is outside", raw.wait(stream, outside), 107_024),
        ("ask", raw.query(inside).unwrap_err(), 107_028),
        ("copy", acl!(raw, aclrtMemcpy(byte, 1, host, 1, TO_DEVICE)), 107_030),
        ("pageable", acl!(raw, aclrtMemcpyAsync(byte, 1, host, 1, TO_DEVICE, stream)), 107_000),
        ("pageable elsewhere", acl!(raw, aclrtMemcpyAsync(byte, 1, host, 1, TO_DEVICE, other)), 107_041),
        ("end to nowhere", acl!(raw, aclmdlRICaptureEnd(stream, null_mut())), 107_000),
    ];
    for (name, code, expected) in refused {
        assert_eq!(code, expected, "{name}");
    }
    // Allowed, in every mode.
    assert_eq!((raw.synchronize(other), raw.query(outside), raw.query(back)), (0, Ok(true), Ok(true)));
    assert_eq!(acl!(raw, aclrtFree(foreign::malloc(&raw, 8) as Pointer)), 0);
    assert_eq!((raw.record(back, joined), raw.wait(stream, back)), (0, 0));
    assert_eq!(raw.destroy_event(inside), 0);
    assert_eq!(raw.capture(stream), (1, graph));
    assert_eq!(raw.end(stream), Ok(graph));
    assert_eq!((raw.capture(stream), raw.capture(joined)), ((0, null_mut()), (0, null_mut())));
}

/// `CaptureEventWait`: 107032, and both captures are invalid, which their streams do not say of themselves
/// (`Stream::GetCaptureStatus`).
#[test]
fn an_event_between_two_captures_ends_both() {
    let raw = Raw::new();
    let (here, there, event) = (raw.stream(), raw.stream(), raw.event());
    assert_eq!((raw.begin(here, RELAXED), raw.begin(there, RELAXED)), (0, 0));
    assert_eq!((raw.record(event, here), raw.wait(there, event)), (0, 107_032));
    assert_eq!((raw.capture(here).0, raw.capture(there).0), (1, 1));
    assert_eq!((raw.synchronize(here), raw.set(here, foreign::malloc(&raw, 1), 0)), (107_027, 0));
    assert_eq!((raw.end(here), raw.end(there)), (Err(507_903), Err(507_903)));
    // An event that is recorded in another capture is of that one.
    assert_eq!((raw.begin(here, RELAXED), raw.begin(there, RELAXED)), (0, 0));
    assert_eq!((raw.record(event, here), raw.record(event, there), raw.wait(there, event)), (0, 0, 0));
    assert_eq!((raw.end(here).is_ok(), raw.end(there).is_ok()), (true, true));
}

/// A default stream has a part in no capture: refused by its null, and by what waits for an event of one.
#[test]
fn default_streams_are_not_captured() {
    let raw = Raw::new();
    let (stream, event) = (raw.stream(), raw.event());
    assert_eq!(raw.begin(null_mut(), GLOBAL), 100_000);
    assert_eq!(raw.end(null_mut()), Err(100_000));
    assert_eq!((raw.begin(stream, GLOBAL), raw.record(event, stream)), (0, 0));
    assert_eq!(raw.wait(null_mut(), event), 107_031);
    assert_eq!(raw.record(event, null_mut()), 0);
    assert_eq!(raw.query(event), Err(107_028), "its record in the capture is another");
    assert_eq!(raw.wait(stream, event), 0);
    raw.end(stream).unwrap();
    assert_eq!((raw.synchronize(null_mut()), raw.query(event)), (0, Ok(true)));
}

/// `Context::IsCaptureModeSupport`: what copies at once asks the current context, then the thread.
#[test]
fn a_mode_forbids_in_its_context_and_its_thread() {
    for (mode, here, elsewhere) in [(GLOBAL, 107_030, 107_030), (THREAD_LOCAL, 107_030, 0), (RELAXED, 0, 0)] {
        let raw = Raw::new();
        let (context, stream, byte) = (foreign::context(&raw).unwrap(), raw.stream(), foreign::malloc(&raw, 1));
        let copy = || acl!(raw, aclrtMemcpy(byte as Pointer, 1, (&raw const *Box::new(1_u8)).cast(), 1, TO_DEVICE));
        assert_eq!(raw.begin(stream, mode), 0);
        assert_eq!((copy(), raw.elsewhere(Some(context), copy)), (here, elsewhere), "{mode}");
        foreign::new_context(&raw, 0);
        assert_eq!(copy(), 0, "in another context");
        foreign::set_context(&raw, context);
        // The same pointer on both sides is no copy; too many bytes are refused before.
        assert_eq!(acl!(raw, aclrtMemcpy(byte as Pointer, 1, byte as Pointer, 1, 3)), 0);
        assert_eq!(acl!(raw, aclrtMemcpy(byte as Pointer, 1, 0x1000 as Pointer, 2, 3)), 107_000);
        raw.end(stream).unwrap();
        assert_eq!(copy(), 0);
    }
}

/// `Context::StreamEndCapture`: not captured, not the origin, the wrong thread, invalid, unjoined. From the third on the
/// capture is over all the same, for every stream in it.
#[test]
fn an_end_is_checked_in_this_order() {
    let raw = Raw::new();
    let (context, stream, joined) = (foreign::context(&raw).unwrap(), raw.stream(), raw.stream());
    let (conflict, event) = (raw.stream(), raw.event());
    let begin = || {
        assert_eq!((raw.begin(stream, THREAD_LOCAL), raw.record(event, stream), raw.wait(joined, event)), (0, 0, 0));
    };
    let mut graph = 5 as Pointer;
    assert_eq!(acl!(raw, aclmdlRICaptureEnd(stream, &raw mut graph)), 107_029);
    assert_eq!(graph, 5 as Pointer, "as it was");
    begin();
    let sent = Sent::of(stream);
    assert_eq!(raw.elsewhere(Some(context), || raw.end(sent.get()).unwrap_err()), 107_038);
    assert_eq!((raw.end(stream), raw.capture(joined).0), (Err(107_029), 0));
    begin();
    assert_eq!((raw.begin(conflict, RELAXED), raw.wait(conflict, event)), (0, 107_032));
    assert_eq!(raw.elsewhere(Some(context), || raw.end(sent.get()).unwrap_err()), 107_038, "before invalid");
    assert_eq!(raw.end(conflict), Err(507_903));
    begin();
    assert_eq!((raw.begin(conflict, RELAXED), raw.wait(conflict, event)), (0, 107_032));
    assert_eq!(acl!(raw, aclmdlRICaptureEnd(stream, &raw mut graph)), 507_903, "before unjoined");
    assert_eq!(graph, null_mut());
    assert_eq!(raw.end(conflict), Err(507_903));
    begin();
    assert_eq!((raw.end(stream), raw.capture(joined).0), (Err(107_025), 0));
    // A relaxed capture ends on any thread.
    assert_eq!(raw.begin(stream, RELAXED), 0);
    assert!(raw.elsewhere(Some(context), || raw.end(sent.get()).is_ok()));
}

/// `CheckCaptureModelValidity`: the last task of a stream that was drawn in is a record, somebody waits for it, and the
/// origin for one of them.
#[test]
fn streams_are_joined_by_their_last_record() {
    let raw = Raw::new();
    let (origin, second, third) = (raw.stream(), raw.stream(), raw.stream());
    let (event, byte) = (raw.event(), foreign::malloc(&raw, 1));
    let order = |from, to| assert_eq!((raw.record(event, from), raw.wait(to, event)), (0, 0));
    let captured = |work: &dyn Fn()| {
        assert_eq!(raw.begin(origin, RELAXED), 0);
        order(origin, second);
        work();
        raw.end(origin).map(drop)
    };
    assert_eq!(captured(&|| order(second, origin)), Ok(()));
    let behind = || {
        order(second, origin);
        assert_eq!(raw.set(second, byte, 1), 0);
    };
    assert_eq!(captured(&behind), Err(107_025), "work behind the record");
    assert_eq!(captured(&|| assert_eq!(raw.record(event, second), 0)), Err(107_025), "nobody waits");
    let chain = || {
        order(second, third);
        order(third, origin);
    };
    assert_eq!(captured(&chain), Ok(()), "by way of another");
    let ring = || {
        order(second, third);
        order(third, second);
        order(second, third);
        assert_eq!(raw.record(event, third), 0);
        assert_eq!(raw.wait(third, event), 0);
        assert_eq!(raw.record(event, third), 0);
    };
    assert_eq!(captured(&ring), Err(107_025), "not by the origin");
}

/// `aclmdlRICaptureGetInfo`: of a stream of any context; either pointer may be null.
#[test]
fn a_capture_is_asked_about() {
    let raw = Raw::new();
    let stream = raw.stream();
    assert_eq!(raw.begin(stream, GLOBAL), 0);
    foreign::new_context(&raw, 0);
    let (mut status, mut graph) = (9, null_mut());
    assert_eq!(acl!(raw, aclmdlRICaptureGetInfo(null_mut(), &raw mut status, &raw mut graph)), 100_000);
    assert_eq!(acl!(raw, aclmdlRICaptureGetInfo(stream, null_mut(), null_mut())), 100_000);
    assert_eq!(acl!(raw, aclmdlRICaptureGetInfo(stream, &raw mut status, null_mut())), 0);
    assert_eq!(acl!(raw, aclmdlRICaptureGetInfo(stream, null_mut(), &raw mut graph)), 0);
    assert_eq!((status, graph.is_null()), (1, false));
    assert_eq!(raw.begin(stream, 3), 107_000, "the mode, before the context");
}

/// `ApiImpl::EventRecord` and `StreamWaitEvent`: once the capture is over, its events are as they were before.
#[test]
fn an_event_of_a_capture_that_is_over() {
    let raw = Raw::new();
    let (stream, other, event, timing) = (raw.stream(), raw.stream(), raw.event(), raw.event_of(8).unwrap());
    assert_eq!((raw.begin(stream, GLOBAL), raw.record(event, stream)), (0, 0));
    // One that nothing waits for: success, and nothing is recorded.
    assert_eq!((raw.record(timing, stream), raw.query(timing)), (0, Ok(true)));
    raw.end(stream).unwrap();
    let tasks = raw.tasks();
    assert_eq!((raw.query(event), raw.wait(other, event), raw.tasks()), (Ok(true), 0, tasks));
    // Never recorded outside: nothing to wait for, in a capture too.
    assert_eq!((raw.begin(stream, GLOBAL), raw.wait(stream, event)), (0, 0));
    raw.end(stream).unwrap();
}

/// `AllocCaptureTaskWithoutLock`: a captured stream's tasks go to hidden streams of the device, a further one for each
/// queue full of them. Where there is none the capture is invalid, and its stream says so.
#[test]
fn a_capture_takes_streams_of_the_device() {
    let raw = Raw::with(|config| (config.streams, config.queue_slots) = (5, 4));
    let (stream, spare) = (raw.stream(), raw.stream());
    let byte = foreign::malloc(&raw, 1);
    let fill = |tasks| (0..tasks).map(|_| raw.set(stream, byte, 1)).collect::<Vec<_>>();
    assert_eq!(raw.begin(stream, GLOBAL), 0);
    assert_eq!(fill(8), [0; 8]);
    assert_eq!(raw.try_stream(), 207_008, "two are taken");
    assert_eq!(fill(1), [207_008]);
    assert_eq!(raw.capture(stream).0, 2);
    assert_eq!((raw.synchronize(stream), raw.end(stream)), (107_027, Err(507_903)));
    // A graph keeps them.
    assert_eq!((raw.begin(stream, GLOBAL), fill(5)), (0, vec![0; 5]));
    let graph = raw.end(stream).unwrap();
    assert_eq!((raw.try_stream(), raw.begin(spare, GLOBAL)), (207_008, 207_008));
    assert_eq!((raw.destroy_graph(graph), raw.try_stream(), raw.begin(spare, GLOBAL)), (0, 0, 0));
}
