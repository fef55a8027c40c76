//! The caller's context and device are as they were, whatever is called.

use std::time::Duration;

use ascend_cache_loc::DeviceBuffer;

use crate::foreign::{self, acl};
use crate::rig::{Batch, Rig, over};

/// Runs every call of the API.
fn everything(rig: &Rig) {
    let stream = rig.device.new_stream().unwrap();
    let mut batch = Batch::bad(&stream);
    batch.last_loc(&stream).unwrap();
    stream.synchronize().unwrap_err();
    batch.extend(&stream).unwrap();
    stream.take_fault().unwrap().unwrap();
    stream.synchronize_timeout(Duration::from_secs(9)).unwrap();
    over(&stream.fault_check().unwrap());
    let event = stream.record().unwrap();
    rig.stream.wait(&event).unwrap();
    event.is_done().unwrap();
    let mut buffer = DeviceBuffer::<i32>::zeroed(&stream, 3).unwrap();
    buffer.as_slice_mut().copy_from_host(&stream, &[1, 2, 3]).unwrap();
    buffer.move_to(&rig.stream).unwrap();
    buffer.copy_to_host(&mut [0; 3]).unwrap();
    buffer.close().unwrap();
    drop((batch, stream, event));
    rig.device.reclaim().unwrap();
    rig.machine.open(0).unwrap();
}

#[test]
fn an_explicit_context_stays_current() {
    let rig = Rig::with(|config| config.devices = 2);
    let explicit = foreign::new_context(&rig.machine, 1);
    everything(&rig);
    assert_eq!(foreign::context(&rig.machine), Some(explicit));
    let mut device = -1;
    assert_eq!(acl!(rig.machine, aclrtGetDevice(&raw mut device)), 0);
    assert_eq!(device, 1);
    // A device that is opened for the first time sets the device, and restores what was.
    rig.machine.open(1).unwrap();
    assert_eq!(foreign::context(&rig.machine), Some(explicit));
    assert_eq!(rig.machine.calls().of("aclrtSetDevice"), 2, "once for each device");
}

/// Each call whose AscendCL part fails restores the context too.
#[test]
fn a_failed_call_restores_the_context() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let explicit = foreign::new_context(&rig.machine, 0);
    for name in ["aclrtLaunchKernelWithHostArgs", "aclrtSynchronizeStream", "aclrtMalloc", "aclrtRecordEvent"] {
        rig.machine.fail_call(name, 1, 107_000);
        let failed = match name {
            "aclrtLaunchKernelWithHostArgs" => batch.last_loc(&rig.stream).map(drop),
            "aclrtSynchronizeStream" => rig.stream.synchronize(),
            "aclrtMalloc" => DeviceBuffer::<i32>::zeroed(&rig.stream, 1).map(drop),
            _ => rig.stream.record().map(drop),
        };
        assert_eq!(crate::rig::code(failed), 107_000, "{name}");
        assert_eq!(foreign::context(&rig.machine), Some(explicit), "{name}");
    }
}

/// On a thread that had no context every call works.
#[test]
fn a_thread_without_a_context_can_call_everything() {
    let rig = Rig::new();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            assert_eq!(foreign::context(&rig.machine), None);
            everything(&rig);
        });
    });
}

/// From a foreign context an operation is: read it, set ours, launch, set theirs.
#[test]
fn a_launch_from_another_context_sets_and_restores() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    foreign::new_context(&rig.machine, 0);
    let (calls, launched) = rig.calls_of(|| batch.last_loc(&rig.stream));
    launched.unwrap();
    let expected = [("aclrtGetCurrentContext", 1), ("aclrtSetCurrentContext", 2), ("aclrtLaunchKernelWithHostArgs", 1)];
    assert_eq!(calls, expected);
}

/// A context of a thread that is gone is an error of the one call that must restore it.
#[test]
fn a_stream_knows_its_own_context() {
    let rig = Rig::new();
    let context = foreign::new_context(&rig.machine, 0) as usize;
    let raw = foreign::new_stream(&rig.machine);
    // SAFETY: a stream of the current context that stays for the test.
    let borrowed = unsafe { ascend_cache_loc::Stream::borrow_raw(&rig.device, raw) }.unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut batch = Batch::good(&borrowed);
            batch.last_loc(&borrowed).unwrap();
            borrowed.synchronize().unwrap();
            assert_eq!(foreign::context(&rig.machine), Some(context as *mut _));
        });
    });
    // On another stream of another context AscendCL itself would refuse it.
    rig.machine.open(0).unwrap();
    assert_eq!(acl!(rig.machine, aclrtSetDevice(0)), 0);
    assert_eq!(foreign::begin(&rig.machine, raw, foreign::GLOBAL), 107_003);
    borrowed.synchronize().unwrap();
}
