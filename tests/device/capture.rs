//! Operations inside a capture, and what a capture forbids.

use ascend_cache_loc::{DeviceBuffer, Error};

use crate::foreign::{self, GLOBAL, RELAXED, THREAD_LOCAL, acl, begin, end, replay};
use crate::rig::{Batch, Rig, code};

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

/// Calls that wait fail with the documented codes, and invalidate the capture.
#[test]
fn waiting_in_a_capture_fails_and_invalidates_it() {
    type Call = fn(&Rig, &mut Batch) -> i32;
    let calls: [(&str, i32, Call); 8] = [
        ("synchronize", 107_027, |rig, _| code(rig.stream.synchronize())),
        ("take_fault", 107_027, |rig, _| code(rig.stream.take_fault())),
        ("zeroed", 107_027, |rig, _| code(DeviceBuffer::<i32>::zeroed(&rig.stream, 1))),
        ("copy_to_host", 107_027, |_, batch| code(batch.out.copy_to_host(&mut [0; 3]))),
        ("copy_from_host", 107_027, |rig, batch| code(batch.out.as_slice_mut().copy_from_host(&rig.stream, &[0; 3]))),
        ("reclaim", 107_027, |rig, _| code(rig.device.reclaim())),
        ("is_done", 107_028, |rig, _| code(rig.stream.record().unwrap().is_done())),
        // Of another stream, but at once: a copy from pageable memory.
        ("from_host elsewhere", 107_030, |rig, _| {
            code(DeviceBuffer::from_host(&rig.device.new_stream().unwrap(), &[1_i32]))
        }),
    ];
    for (name, expected, call) in calls {
        let rig = Rig::new();
        let mut batch = Batch::good(&rig.stream);
        batch.last_loc(&rig.stream).unwrap();
        rig.stream.synchronize().unwrap();
        assert_eq!(begin(&rig.machine, rig.stream.as_raw(), GLOBAL), 0);
        assert_eq!(call(&rig, &mut batch), expected, "{name}");
        assert_eq!(end(&rig.machine, rig.stream.as_raw()), Err(507_903), "{name}");
        // Nothing is lost.
        batch.last_loc(&rig.stream).unwrap();
        rig.stream.synchronize().unwrap();
    }
}

/// A copy at once on another thread ends a global capture, and no other.
#[test]
fn another_threads_copies_end_a_global_capture_only() {
    for (mode, ended) in [(GLOBAL, Err(507_903)), (THREAD_LOCAL, Ok(())), (RELAXED, Ok(()))] {
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
        assert_eq!(end(&rig.machine, rig.stream.as_raw()).map(drop), ended);
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
    assert_eq!(begin(&rig.machine, std::ptr::null_mut(), GLOBAL), 107_031);
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
    rig.stream.wait(&other.record().unwrap()).unwrap();
    end(&rig.machine, rig.stream.as_raw()).unwrap();
}
