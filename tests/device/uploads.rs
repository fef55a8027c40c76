//! Copies: uploads that nobody waits for, on the device, of parts, and at once.

use ascend_cache_loc::{
    CaptureMode, DeviceAddr, DeviceBuffer, DeviceSliceMut, Error, Graph, PinnedBuffer, ShapeError, Stream,
};

use crate::foreign;
use crate::rig::{MOMENT, Rig};

fn pinned(stream: &Stream, data: &[i32]) -> PinnedBuffer<i32> {
    let mut pinned = PinnedBuffer::zeroed(stream, data.len()).unwrap();
    assert!(pinned.iter().all(|&x| x == 0));
    pinned.copy_from_slice(data);
    pinned
}

#[test]
fn an_upload_does_not_wait_and_gives_the_memory_back() {
    let rig = Rig::new();
    let mut to = DeviceBuffer::<i32>::zeroed(&rig.stream, 3).unwrap();
    let mut host = pinned(&rig.stream, &[1, 2, 3]);
    rig.machine.hold(rig.stream.as_raw(), true);
    let (calls, upload) = rig.calls_of(|| to.as_slice_mut().upload(&rig.stream, host).unwrap());
    assert!(calls.iter().all(|(name, _)| !name.contains("Synchronize")), "{calls:?}");
    assert!(!upload.is_done().unwrap());
    rig.machine.hold(rig.stream.as_raw(), false);
    host = upload.into_pinned().unwrap();
    host.fill(9);
    assert_eq!(to.to_vec().unwrap(), [1, 2, 3]);
    let upload = to.as_slice_mut().upload(&rig.stream, host).unwrap();
    rig.stream.synchronize().unwrap();
    assert!(upload.is_done().unwrap());
    let (calls, host) = rig.calls_of(|| upload.into_pinned().unwrap());
    assert!(calls.iter().all(|(name, _)| !name.contains("Synchronize")), "{calls:?}");
    assert_eq!((&*host, to.to_vec().unwrap()), (&[9; 3][..], vec![9; 3]));
}

/// By the stream that copies it, which is not the one that it was made with.
#[test]
fn a_dropped_upload_frees_the_memory_behind_the_copy() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let mut to = DeviceBuffer::<i32>::zeroed(&other, 3).unwrap();
    let live = rig.machine.pinned_allocations();
    rig.machine.hold(other.as_raw(), true);
    let upload = to.as_slice_mut().upload(&other, pinned(&rig.stream, &[1, 2, 3])).unwrap();
    let (calls, ()) = rig.calls_of(|| drop(upload));
    assert_eq!(calls, []);
    rig.stream.synchronize().unwrap();
    assert_eq!(other.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    assert_eq!(rig.machine.pinned_allocations(), live + 1);
    rig.machine.hold(other.as_raw(), false);
    assert_eq!(to.to_vec().unwrap(), [1, 2, 3]);
    assert_eq!(rig.machine.pinned_allocations(), live);
    // Unused, it goes with what is dropped on its own.
    let (calls, ()) = rig.calls_of(|| drop(pinned(&rig.stream, &[1])));
    assert_eq!(calls.last(), Some(&("aclrtMallocHost", 1)), "{calls:?}");
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.pinned_allocations(), live);
}

#[test]
fn a_forgotten_upload_is_sound() {
    let rig = Rig::new();
    let mut to = DeviceBuffer::<i32>::zeroed(&rig.stream, 3).unwrap();
    let live = rig.machine.pinned_allocations();
    rig.machine.hold(rig.stream.as_raw(), true);
    std::mem::forget(to.as_slice_mut().upload(&rig.stream, pinned(&rig.stream, &[1, 2, 3])).unwrap());
    rig.machine.hold(rig.stream.as_raw(), false);
    assert_eq!(to.to_vec().unwrap(), [1, 2, 3]);
    assert_eq!(rig.machine.pinned_allocations(), live + 1, "leaked");
}

/// What fails behind the copy leaves the memory to the stream, too.
#[test]
fn an_upload_that_fails_halfway_keeps_the_memory_until_the_copy_is_done() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let mut to = DeviceBuffer::<i32>::zeroed(&other, 3).unwrap();
    let live = rig.machine.pinned_allocations();
    let host = pinned(&rig.stream, &[1, 2, 3]);
    rig.machine.hold(other.as_raw(), true);
    rig.machine.fail_call("aclrtRecordEvent", 1, 207_007);
    assert_eq!(crate::rig::code(to.as_slice_mut().upload(&other, host)), 207_007);
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.pinned_allocations(), live + 1);
    rig.machine.hold(other.as_raw(), false);
    assert_eq!(to.to_vec().unwrap(), [1, 2, 3]);
    assert_eq!(rig.machine.pinned_allocations(), live);
}

#[test]
fn parts_are_uploaded_and_what_does_not_fit_is_refused() {
    let rig = Rig::with(|config| config.devices = 2);
    let stream = &rig.stream;
    let mut to = DeviceBuffer::from_host(stream, &[7_i32; 5]).unwrap();
    let host = pinned(stream, &[1, 2, 3]);
    let host = to.as_slice_mut().get(1..3).unwrap().upload(stream, host).unwrap().into_pinned().unwrap();
    assert_eq!(to.to_vec().unwrap(), [7, 1, 2, 7, 7]);
    let host = to.as_slice_mut().get(2..2).unwrap().upload(stream, host).unwrap().into_pinned().unwrap();
    let short = to.as_slice_mut().upload(stream, host).map(drop);
    assert_eq!(short, Err(ShapeError::CopyLength { host: 3, device: 5 }.into()));
    let other = rig.machine.open(1).unwrap().new_stream().unwrap();
    let foreign = to.as_slice_mut().upload(stream, pinned(&other, &[0; 5])).map(drop);
    assert_eq!(foreign, Err(Error::WrongHome { argument: "from", scope: "device" }));
    let elsewhere = to.as_slice_mut().upload(&rig.device.new_stream().unwrap(), pinned(stream, &[0; 5])).map(drop);
    assert_eq!(elsewhere, Err(Error::WrongHome { argument: "to", scope: "stream" }));
    let captured = Graph::capture(stream, CaptureMode::Relaxed, || {
        to.as_slice_mut().upload(stream, PinnedBuffer::zeroed(stream, 5)?).map(drop)
    });
    assert_eq!(captured.map(drop), Err(Error::Capturing));
    assert_eq!(to.to_vec().unwrap(), [7, 1, 2, 7, 7]);
    assert!(PinnedBuffer::<i64>::zeroed(stream, 0).unwrap().is_empty());
}

#[test]
fn copies_at_once() {
    let rig = Rig::new();
    let mut buffer = DeviceBuffer::<i64>::zeroed(&rig.stream, 3).unwrap();
    buffer.copy_from_host(&[1, 2, 3]).unwrap();
    assert_eq!(buffer.to_vec().unwrap(), [1, 2, 3]);
    assert_eq!(buffer.copy_from_host(&[1]), Err(ShapeError::CopyLength { host: 1, device: 3 }.into()));
    assert_eq!(DeviceBuffer::<i32>::zeroed(&rig.stream, 0).unwrap().to_vec().unwrap(), [0_i32; 0]);
}

/// AscendCL's header: both addresses of a copy on the device are on 64 bytes.
#[test]
fn copies_on_the_device() {
    let rig = Rig::new();
    let stream = &rig.stream;
    let all: Vec<i32> = (0..100).collect();
    let from = DeviceBuffer::from_host(stream, &all).unwrap();
    let mut to = DeviceBuffer::<i32>::zeroed(stream, 100).unwrap();
    to.as_slice_mut().get(16..33).unwrap().copy_from_device(stream, from.as_slice().get(32..49).unwrap()).unwrap();
    let copied = to.to_vec().unwrap();
    assert_eq!((&copied[..16], &copied[16..33], &copied[33..]), (&[0; 16][..], &all[32..49], &[0; 67][..]));
    let refused = |to: std::ops::Range<usize>, from: std::ops::Range<usize>| {
        let mut both = DeviceBuffer::from_host(stream, &all).unwrap();
        // SAFETY: of the buffer, and on its stream.
        let source = unsafe {
            let address = DeviceAddr::new(both.as_slice().addr().unwrap().get() + 4 * from.start as u64).unwrap();
            ascend_cache_loc::DeviceSlice::<i32>::from_raw_parts(&rig.device, address, from.len()).unwrap()
        };
        match both.as_slice_mut().get(to).unwrap().copy_from_device(stream, source) {
            Err(Error::BadAddress { argument, .. }) => Err(argument),
            result => result.map_err(|_| "another error"),
        }
    };
    assert_eq!(refused(1..5, 32..36), Err("to"));
    assert_eq!(refused(16..20, 33..37), Err("from"));
    assert_eq!(refused(16..33, 32..49), Err("to"), "they overlap");
    assert_eq!(refused(16..32, 32..48), Ok(()));
    assert_eq!(refused(16..32, 32..47), Err("another error"), "of another length");
}

/// The rule is the machine's too.
#[test]
fn the_machine_holds_copies_on_the_device_to_64_bytes() {
    let rig = Rig::new();
    let memory = foreign::upload(&rig.machine, &[1_i32; 64]);
    let raw = rig.stream.as_raw();
    let copy = |to: u64, from: u64| {
        let (to, from) = ((memory + to) as *mut _, (memory + from) as *const _);
        foreign::acl!(rig.machine, aclrtMemcpyAsync(to, 4, from, 4, foreign::ON_DEVICE, raw))
    };
    assert_eq!(copy(64, 128), 0);
    rig.stream.synchronize().unwrap();
    assert_eq!(copy(64, 132), 0);
    assert!(rig.stream.synchronize().is_err());
}

/// Parts may go to two streams: of memory that has no home, at 64 bytes only.
#[test]
fn slices_are_split() {
    let rig = Rig::new();
    let mut owned = DeviceBuffer::from_host(&rig.stream, &[0_i32; 20]).unwrap();
    let (mut low, mut high) = owned.as_slice_mut().split_at_mut(3).unwrap();
    low.copy_from_host(&rig.stream, &[1; 3]).unwrap();
    high.copy_from_host(&rig.stream, &[2; 17]).unwrap();
    assert_eq!(owned.to_vec().unwrap(), [vec![1; 3], vec![2; 17]].concat());
    let past = owned.as_slice_mut().split_at_mut(21).map(drop);
    assert_eq!(past, Err(ShapeError::TooLarge { argument: "mid", value: 21, max: 20 }.into()));

    let address = foreign::upload(&rig.machine, &[0_i32; 64]);
    let split = |offset: u64, mid: usize| {
        let address = DeviceAddr::new(address + 4 * offset).unwrap();
        // SAFETY: of the allocation, which nothing else uses.
        let slice = unsafe { DeviceSliceMut::<i32>::from_raw_parts(&rig.device, address, 20).unwrap() };
        match slice.split_at_mut(mid) {
            Ok((low, high)) => Ok((low.len(), high.len())),
            Err(Error::BadAddress { argument: "mid", .. }) => Err("within a block"),
            Err(_) => Err("another error"),
        }
    };
    assert_eq!((split(0, 16), split(2, 14)), (Ok((16, 4)), Ok((14, 6))));
    assert_eq!((split(0, 3), split(2, 16)), (Err("within a block"), Err("within a block")));
    assert_eq!((split(1, 0), split(1, 20)), (Ok((0, 20)), Ok((20, 0))), "nothing on one side");
}
