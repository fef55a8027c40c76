//! Contexts, and facts about devices.

use std::ptr::null_mut;

use super::{Pointer, Raw, Sent};
use crate::foreign::{self, RELAXED, acl};
use crate::rig::{Batch, Rig};

/// `ApiErrorDecorator::ContextSetCurrent`, `ApiImpl::ContextDestroy`, `ContextGetCurrent`.
#[test]
fn contexts_are_checked() {
    let raw = Raw::with(|config| config.devices = 2);
    let primary = foreign::context(&raw).unwrap();
    assert_eq!(acl!(raw, aclrtSetCurrentContext(null_mut())), 100_000);
    assert_eq!(acl!(raw, aclrtSetCurrentContext(5 as Pointer)), 107_000);
    assert_eq!(acl!(raw, aclrtDestroyContext(null_mut())), 107_000);
    assert_eq!(acl!(raw, aclrtDestroyContext(primary)), 107_002, "of aclrtSetDevice");
    assert_eq!(acl!(raw, aclrtGetCurrentContext(null_mut())), 100_000);
    assert_eq!(acl!(raw, aclrtCreateContext(null_mut(), 0)), 100_000);
    let mut context = null_mut();
    assert_eq!(acl!(raw, aclrtCreateContext(&raw mut context, 2)), 107_001);
    assert_eq!(foreign::context(&raw), Some(primary));
    let made = foreign::new_context(&raw, 1);
    assert_eq!(foreign::context(&raw), Some(made), "current at once");
    let mut device = 9;
    assert_eq!((acl!(raw, aclrtGetDevice(&raw mut device)), device), (0, 1));
    assert_eq!(acl!(raw, aclrtGetDevice(null_mut())), 100_000);
    assert_eq!((acl!(raw, aclrtSetDevice(-1)), acl!(raw, aclrtSetDevice(2))), (107_001, 107_001));
    assert_eq!(foreign::context(&raw), Some(made));
    assert_eq!((acl!(raw, aclrtSetDevice(0)), foreign::context(&raw)), (0, Some(primary)));
}

/// A context that is destroyed while it is current leaves its threads without one, on all of which it was.
#[test]
fn a_destroyed_context_is_no_context() {
    let raw = Raw::new();
    let (context, stream) = (foreign::new_context(&raw, 0), raw.stream());
    let event = raw.event();
    assert_eq!((raw.begin(stream, RELAXED), raw.record(event, stream)), (0, 0));
    let graph = raw.end(stream).unwrap();
    let streams = raw.streams();
    let (sent, gone) = (Sent::of(context), Sent::of(stream));
    let elsewhere = || {
        assert_eq!(acl!(raw, aclrtDestroyContext(sent.get())), 0);
        assert_eq!((foreign::context(&raw), raw.try_stream()), (None, 107_002));
    };
    raw.elsewhere(Some(context), elsewhere);
    assert_eq!((foreign::context(&raw), raw.synchronize_device()), (None, 107_002));
    let mut device = 9;
    assert_eq!(acl!(raw, aclrtGetDevice(&raw mut device)), 107_002);
    assert_eq!(acl!(raw, aclrtSetCurrentContext(context)), 107_000);
    assert_eq!(acl!(raw, aclrtDestroyContext(context)), 107_002);
    // Its streams and graphs are gone with it (`Context::TearDown`), its events are not, but `EventQueryStatus` asks it how
    // it is: undefined.
    assert_eq!(raw.streams(), streams - 2);
    assert_eq!((raw.synchronize(gone.get()), raw.destroy_graph(graph)), (107_017, 107_017));
    assert_eq!((raw.query(event), raw.events()), (Err(107_002), 1));
    assert_eq!(raw.misuses().last().map(String::as_str), Some("an event whose context was destroyed"));
    assert_eq!((acl!(raw, aclrtDestroyEvent(event)), raw.events()), (0, 0));
    assert_eq!((acl!(raw, aclrtSetDevice(0)), raw.try_stream()), (0, 0));
}

/// Which calls need a context: those that go through `CHECK_CONTEXT_VALID_WITH_RETURN`.
#[test]
fn a_thread_without_a_context_is_told_so() {
    let raw = Raw::new();
    let stream = Sent::of(raw.stream());
    let (event, device) = (Sent::of(raw.event()), foreign::malloc(&raw, 8));
    let pinned = Sent::of(foreign::malloc_host(&raw, 8));
    let needed = || {
        let (mut pointer, mut status) = (null_mut(), 0);
        let (stream, event) = (stream.get(), event.get());
        [
            ("malloc", acl!(raw, aclrtMalloc(&raw mut pointer, 8, 0))),
            ("malloc host", acl!(raw, aclrtMallocHost(&raw mut pointer, 8))),
            ("copy", acl!(raw, aclrtMemcpy(device as Pointer, 1, pinned.get(), 1, 1))),
            ("copy async", acl!(raw, aclrtMemcpyAsync(device as Pointer, 1, pinned.get(), 1, 1, stream))),
            ("memset", raw.set(stream, device, 0)),
            ("new stream", raw.try_stream()),
            ("new event", raw.event_of(1).unwrap_err()),
            ("record", raw.record(event, stream)),
            ("wait", raw.wait(stream, event)),
            ("synchronize", raw.synchronize(stream)),
            ("with a limit", raw.synchronize_within(stream, 1)),
            ("device", raw.synchronize_device()),
            ("destroy", raw.destroy(stream)),
            ("begin", raw.begin(stream, RELAXED)),
            ("get device", acl!(raw, aclrtGetDevice(&raw mut status))),
            ("get context", acl!(raw, aclrtGetCurrentContext(&raw mut pointer))),
        ]
    };
    for (name, code) in raw.elsewhere(None, needed) {
        assert_eq!(code, 107_002, "{name}");
    }
    let not_needed = || {
        assert_eq!((raw.query(event.get()), raw.capture(stream.get()).0), (Ok(true), 0));
        assert_eq!((raw.destroy_event(event.get()), acl!(raw, aclrtFree(device as Pointer))), (0, 0));
        assert_eq!(acl!(raw, aclrtFreeHost(pinned.get())), 0);
    };
    raw.elsewhere(None, not_needed);
}

/// `aclGetDeviceCapability` (acl.cpp) and `GetDeviceInfoByAttr` (`api_error.cc`) have codes of their own for a device that
/// is not there.
#[test]
fn facts_about_devices_are_checked() {
    let raw = Raw::new();
    let (mut value, mut count, mut version) = (0_i64, 0_u32, 0_i32);
    assert_eq!((acl!(raw, aclGetDeviceCapability(0, 1, &raw mut value)), value), (0, 40));
    assert_eq!(acl!(raw, aclGetDeviceCapability(0, 1, null_mut())), 100_000);
    assert_eq!(acl!(raw, aclGetDeviceCapability(1, 1, &raw mut value)), 100_000);
    assert_eq!(acl!(raw, aclGetDeviceCapability(0, 7, &raw mut value)), 100_000);
    assert_eq!((acl!(raw, aclrtGetDeviceInfo(0, 201, &raw mut value)), value), (0, 40));
    assert_eq!(acl!(raw, aclrtGetDeviceInfo(0, 201, null_mut())), 100_000);
    assert_eq!(acl!(raw, aclrtGetDeviceInfo(1, 201, &raw mut value)), 107_000);
    assert_eq!((acl!(raw, aclrtGetDeviceCount(&raw mut count)), count), (0, 1));
    assert_eq!(acl!(raw, aclrtGetDeviceCount(null_mut())), 100_000);
    let name = |text: &'static std::ffi::CStr| text.as_ptr().cast_mut();
    assert_eq!(acl!(raw, aclsysGetVersionNum(name(c"runtime"), &raw mut version)), 0);
    assert_eq!(acl!(raw, aclsysGetVersionNum(name(c"no such"), &raw mut version)), 100_000);
    assert_eq!(acl!(raw, aclsysGetVersionNum(name(c"runtime"), null_mut())), 100_000);
    assert_eq!(acl!(raw, aclsysGetVersionNum(null_mut(), &raw mut version)), 100_000);
    assert_eq!((acl!(raw, aclInit(null_mut())), acl!(raw, aclInit(c"acl.json".as_ptr()))), (100_002, 207_000));
}

/// Error texts belong to the thread, and reading one clears it.
#[test]
fn error_texts_are_per_thread_and_cleared_by_reading() {
    let raw = Raw::new();
    assert_eq!(acl!(raw, aclrtSetDevice(7)), 107_001);
    assert_eq!(raw.elsewhere(None, || foreign::message(&raw)), None);
    assert_eq!(foreign::message(&raw).as_deref(), Some("there is no device 7"));
    assert_eq!(foreign::message(&raw), None);
    // Ours holds the text that belongs to it.
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    rig.machine.fail_call("aclrtLaunchKernelWithHostArgs", 1, 207_005);
    let text = batch.last_loc(&rig.stream).unwrap_err().to_string();
    let expected =
        "aclrtLaunchKernelWithHostArgs failed with 207005: aclrtLaunchKernelWithHostArgs fails here as it was told to";
    assert_eq!((&*text, foreign::message(&rig.machine)), (expected, None));
}
