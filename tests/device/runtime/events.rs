//! Events outside captures.

use std::time::Duration;

use ascend_cache_loc::Error;

use super::{Raw, Sent};
use crate::foreign::{self, acl};
use crate::rig::{MOMENT, Rig};

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

/// `Event::WaitSendCheck` (event.cc): no task for a record that was never made, that is the stream's own, or that is done;
/// `Event::QueryEventStatus`: one never recorded is complete.
#[test]
fn waits_that_need_no_task_have_none() {
    let raw = Raw::new();
    let (here, there, event) = (raw.stream(), raw.stream(), raw.event());
    assert_eq!(raw.query(event), Ok(true));
    let tasks = raw.tasks();
    assert_eq!(raw.wait(here, event), 0);
    assert_eq!(raw.tasks(), tasks, "never recorded");
    raw.hold(here, true);
    assert_eq!((raw.record(event, here), raw.query(event)), (0, Ok(false)));
    assert_eq!(raw.wait(here, event), 0);
    assert_eq!(raw.tasks(), tasks + 1, "its own stream's");
    assert_eq!(raw.wait(there, event), 0);
    assert_eq!(raw.tasks(), tasks + 2);
    assert_eq!(raw.synchronize_within(there, 20), 507_046);
    raw.hold(here, false);
    assert_eq!((raw.synchronize(there), raw.query(event)), (0, Ok(true)));
    assert_eq!(raw.wait(there, event), 0);
    assert_eq!(raw.tasks(), tasks + 2, "done");
    // The next record is another.
    raw.hold(there, true);
    assert_eq!((raw.record(event, there), raw.query(event)), (0, Ok(false)));
    raw.hold(there, false);
}

/// `ApiImpl::EventDestroy`, `TryFreeEventIdAndCheckCanBeDelete`: at once, whatever has to come to it, and without a context;
/// the waits for it stay. A handle is refused from then on (`ValidateEventHandleForApi`).
#[test]
fn an_event_is_destroyed_before_it_is_done() {
    let raw = Raw::new();
    let (here, there, event) = (raw.stream(), raw.stream(), raw.event());
    let byte = foreign::upload(&raw, &[1_u8]);
    raw.hold(here, true);
    assert_eq!((raw.record(event, here), raw.wait(there, event), raw.set(there, byte, 2)), (0, 0, 0));
    let sent = Sent::of(event);
    assert_eq!(raw.elsewhere(None, || raw.destroy_event(sent.get())), 0);
    assert_eq!((raw.events(), raw.event_slots_in_use()), (0, 1));
    assert_eq!(raw.synchronize_within(there, 20), 507_046);
    raw.hold(here, false);
    assert_eq!((raw.synchronize(there), raw.synchronize(here), raw.event_slots_in_use()), (0, 0, 0));
    assert_eq!(foreign::download::<u8>(&raw, byte, 1), [2]);
    assert!(raw.misuses().is_empty());
    let refused =
        [raw.destroy_event(event), raw.record(event, here), raw.wait(here, event), raw.query(event).unwrap_err()];
    assert_eq!(refused, [107_017; 4]);
    assert_eq!(raw.misuses().len(), 4);
    assert_eq!(raw.destroy_event(std::ptr::null_mut()), 100_000);
}

/// `Event::AllocEventIdResource`: a record takes an event of the device until it and the waits for it are done; where none
/// is left, 1,000 tries, and 207007.
#[test]
fn events_of_the_device_run_out() {
    let raw = Raw::with(|config| config.event_slots = 2);
    let (here, there) = (raw.stream(), raw.stream());
    let (first, second) = (raw.event(), raw.event());
    raw.hold(here, true);
    raw.hold(there, true);
    assert_eq!((raw.record(first, here), raw.wait(there, first), raw.record(first, here)), (0, 0, 0));
    assert_eq!(raw.record(second, here), 207_007, "each record of an event takes one");
    assert_eq!(raw.query(second), Ok(true), "it is not recorded");
    assert_eq!(raw.record(raw.event_of(8).unwrap(), here), 0, "one that tells the time takes none");
    raw.hold(here, false);
    assert_eq!((raw.synchronize(here), raw.event_slots_in_use()), (0, 1), "the wait has one");
    raw.hold(there, false);
    assert_eq!((raw.synchronize(there), raw.event_slots_in_use()), (0, 0));
    assert_eq!((raw.record(second, here), raw.synchronize(here)), (0, 0));
}

/// Within those tries, one that comes free is taken.
#[test]
fn a_record_waits_a_little_for_an_event_of_the_device() {
    let raw = Raw::with(|config| config.event_slots = 1);
    let (stream, event) = (raw.stream(), raw.event());
    for _ in 0..200 {
        assert_eq!(raw.record(event, stream), 0);
    }
    assert_eq!(raw.synchronize(stream), 0);
}

/// `ApiErrorDecorator::EventCreateEx` and `StreamWaitEvent`: the flags of an event.
#[test]
fn flags_of_events() {
    let raw = Raw::new();
    for (flag, code) in
        [(0, 107_000), (0x10, 107_000), (0x20, 107_000), (0x11, 107_000), (0x41, 107_000), (0x80, 107_000)]
    {
        assert_eq!(raw.event_of(flag), Err(code), "{flag:#x}");
    }
    assert_eq!(raw.event_of(0x40), Err(207_000), "not simulated");
    assert_eq!(acl!(raw, aclrtCreateEventExWithFlag(std::ptr::null_mut(), 0)), 100_000);
    let (stream, timing) = (raw.stream(), raw.event_of(8).unwrap());
    assert_eq!((raw.record(timing, stream), raw.wait(raw.stream(), timing)), (0, 207_000));
    assert_eq!((raw.synchronize(stream), raw.query(timing)), (0, Ok(true)));
    assert_eq!(raw.elsewhere(None, || raw.event_of(1).err()), Some(107_002));
}

/// `Event::QueryEventTask` looks the stream up (`GetStreamById`); a record that is done needs none.
#[test]
fn an_event_of_a_destroyed_stream() {
    let raw = Raw::with(|config| config.destroy_stream_limit = Duration::from_millis(5));
    let (stream, done, stuck) = (raw.stream(), raw.event(), raw.event());
    assert_eq!((raw.record(done, stream), raw.synchronize(stream)), (0, 0));
    raw.hold(stream, true);
    assert_eq!((raw.record(stuck, stream), raw.destroy(stream)), (0, 0));
    assert_eq!((raw.query(done), raw.query(stuck)), (Ok(true), Err(507_000)));
}

/// `aclrtQueryEventStatus` needs no context, and looks at its pointers first.
#[test]
fn an_event_is_asked_from_anywhere() {
    let raw = Raw::new();
    let event = Sent::of(raw.event());
    assert_eq!(raw.elsewhere(None, || raw.query(event.get())), Ok(true));
    let mut status = 0;
    assert_eq!(acl!(raw, aclrtQueryEventStatus(std::ptr::null_mut(), &raw mut status)), 100_000);
    assert_eq!(acl!(raw, aclrtQueryEventStatus(event.get(), std::ptr::null_mut())), 100_000);
    assert_eq!(
        (raw.record(std::ptr::null_mut(), raw.stream()), raw.wait(raw.stream(), std::ptr::null_mut())),
        (100_000, 100_000)
    );
}
