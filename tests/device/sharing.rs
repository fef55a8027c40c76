//! Memory that several streams read: they wait for what fills it, and it outlives what they do with it.

use ascend_cache_loc::{CaptureMode, DeviceBuffer, Error, Graph, SharedBuffer, Stream};

use crate::rig::{MOMENT, Rig};

const DATA: [i32; 4] = [1, 2, 3, 4];

fn shared(home: &Stream) -> SharedBuffer<i32> {
    DeviceBuffer::from_host(home, &DATA).unwrap().share().unwrap()
}

/// Enqueues a read of all of it.
fn read(shared: &SharedBuffer<i32>, on: &Stream, to: &mut DeviceBuffer<i32>) {
    to.as_slice_mut().copy_from_device(on, shared.on(on).unwrap()).unwrap();
}

#[test]
fn readers_wait_for_what_fills_it() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let source = DeviceBuffer::from_host(&rig.stream, &DATA).unwrap();
    let mut filled = DeviceBuffer::<i32>::zeroed(&rig.stream, 4).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&other, 4).unwrap();
    rig.machine.hold(rig.stream.as_raw(), true);
    filled.as_slice_mut().copy_from_device(&rig.stream, source.as_slice()).unwrap();
    let filled = filled.share().unwrap();
    read(&filled, &other, &mut out);
    assert_eq!(other.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    rig.machine.hold(rig.stream.as_raw(), false);
    assert_eq!(out.to_vec().unwrap(), DATA);
}

#[test]
fn the_first_call_alone_enqueues() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let buffer = DeviceBuffer::from_host(&rig.stream, &DATA).unwrap();
    // A wait for what is done already is no task.
    rig.machine.hold(rig.stream.as_raw(), true);
    let shared = buffer.share().unwrap();
    let calls = |stream: &Stream| {
        let tasks = rig.machine.tasks();
        let (calls, slice) = rig.calls_of(|| shared.on(stream).unwrap());
        assert_eq!(slice.len(), 4);
        (calls.iter().map(|(name, _)| *name).filter(|name| name.contains("Wait")).count(), rig.machine.tasks() - tasks)
    };
    assert_eq!(calls(&other), (1, 1));
    let again = rig.calls_of(|| (shared.on(&other).unwrap().len(), shared.on(&rig.stream).unwrap().len()));
    assert_eq!(again, (vec![], (4, 4)));
    rig.machine.hold(rig.stream.as_raw(), false);
}

/// Not by the wait for one of them, nor by one that began before the drop.
#[test]
fn it_is_freed_once_every_reader_was_waited_for() {
    let rig = Rig::new();
    let (one, other) = (rig.device.new_stream().unwrap(), rig.device.new_stream().unwrap());
    let (mut first, mut second) =
        (DeviceBuffer::<i32>::zeroed(&one, 4).unwrap(), DeviceBuffer::<i32>::zeroed(&other, 4).unwrap());
    let shared = shared(&rig.stream);
    let second_handle = shared.clone();
    rig.machine.hold(other.as_raw(), true);
    read(&shared, &one, &mut first);
    read(&second_handle, &other, &mut second);
    let live = rig.machine.device_allocations();
    one.synchronize().unwrap();
    drop(shared);
    one.synchronize().unwrap();
    rig.stream.synchronize().unwrap();
    let (calls, ()) = rig.calls_of(|| drop(second_handle));
    assert_eq!(calls, []);
    rig.stream.synchronize().unwrap();
    one.synchronize().unwrap();
    assert_eq!(other.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    assert_eq!(rig.machine.device_allocations(), live);
    rig.machine.hold(other.as_raw(), false);
    assert_eq!(second.to_vec().unwrap(), DATA);
    assert_eq!(rig.machine.device_allocations(), live - 1);
}

/// Of all handles gone, streams among them, a reclaim frees everything.
#[test]
fn a_reclaim_frees_what_orphans_read() {
    let rig = Rig::new();
    rig.device.reclaim().unwrap();
    let live = rig.machine.device_allocations();
    let (home, reader) = (rig.device.new_stream().unwrap(), rig.device.new_stream().unwrap());
    let logs = rig.machine.device_allocations() - live;
    let shared = shared(&home);
    shared.on(&reader).unwrap();
    drop((home, reader));
    rig.device.reclaim().unwrap();
    assert_eq!(rig.machine.device_allocations(), live + logs + 1, "the buffer keeps its streams");
    drop(shared);
    rig.device.reclaim().unwrap();
    assert_eq!(rig.machine.device_allocations(), live + logs, "the logs serve the next streams");
}

#[test]
fn it_is_taken_back_by_the_sole_handle_behind_its_readers() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&other, 4).unwrap();
    let shared = shared(&rig.stream);
    rig.machine.hold(other.as_raw(), true);
    read(&shared, &other, &mut out);
    assert!(shared.clone().into_buffer().unwrap().is_none());
    let mut buffer = shared.into_buffer().unwrap().unwrap();
    assert_eq!(rig.stream.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    rig.machine.hold(other.as_raw(), false);
    buffer.copy_from_host(&[9; 4]).unwrap();
    assert_eq!((out.to_vec().unwrap(), buffer.to_vec().unwrap()), (DATA.to_vec(), vec![9; 4]));
}

#[test]
fn one_of_many_threads_takes_it_back() {
    let rig = Rig::new();
    for _ in 0..50 {
        let shared = shared(&rig.stream);
        let taken: usize = std::thread::scope(|scope| {
            let threads: Vec<_> = (0..4)
                .map(|_| {
                    let (shared, device) = (shared.clone(), &rig.device);
                    scope.spawn(move || {
                        let stream = device.new_stream().unwrap();
                        assert_eq!(shared.on(&stream).unwrap().len(), 4);
                        usize::from(shared.into_buffer().unwrap().is_some())
                    })
                })
                .collect();
            let own = usize::from(shared.into_buffer().unwrap().is_some());
            own + threads.into_iter().map(|thread| thread.join().unwrap()).sum::<usize>()
        });
        assert_eq!(taken, 1);
    }
}

/// The first call for a stream comes before a capture; later ones are part of it.
#[test]
fn a_capture_reads_it_where_the_stream_is_a_reader_already() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&other, 4).unwrap();
    let shared = shared(&rig.stream);
    let refused = Graph::capture(&other, CaptureMode::Global, || shared.on(&other).map(drop));
    assert_eq!(refused.map(drop), Err(Error::Capturing));
    shared.on(&other).unwrap();
    let (graph, ()) =
        Graph::capture(&other, CaptureMode::Global, || out.as_slice_mut().copy_from_device(&other, shared.on(&other)?))
            .unwrap();
    // SAFETY: both are there, and used on this stream alone.
    unsafe { graph.replay(&other) }.unwrap();
    assert_eq!(out.to_vec().unwrap(), DATA);
    let (buffer, work) = (DeviceBuffer::from_host(&rig.stream, &DATA).unwrap(), &rig.stream);
    let refused = Graph::capture(work, CaptureMode::Global, || buffer.share().map(drop));
    assert_eq!(refused.map(drop), Err(Error::Capturing));
}

#[test]
fn an_empty_one_and_a_stream_of_another_device() {
    let rig = Rig::with(|config| config.devices = 2);
    let other = rig.machine.open(1).unwrap().new_stream().unwrap();
    let empty = DeviceBuffer::<i64>::zeroed(&rig.stream, 0).unwrap().share().unwrap();
    assert!(empty.is_empty() && empty.on(&rig.stream).unwrap().addr().is_none());
    let refused = empty.on(&other).map(drop);
    assert_eq!(refused, Err(Error::WrongHome { argument: "stream", scope: "device" }));
}

/// A failure to wait leaves the stream no reader: it is asked again.
#[test]
fn a_wait_that_fails_is_asked_for_again() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let shared = shared(&rig.stream);
    rig.machine.fail_call("aclrtStreamWaitEvent", 1, 207_007);
    assert_eq!(crate::rig::code(shared.on(&other)), 207_007);
    let (calls, slice) = rig.calls_of(|| shared.on(&other).unwrap().len());
    assert!(slice == 4 && calls.contains(&("aclrtStreamWaitEvent", 1)), "{calls:?}");
    // Nor is a buffer given back whose readers are not waited for.
    rig.machine.fail_call("aclrtStreamWaitEvent", 1, 207_007);
    assert!(shared.into_buffer().is_err());
    let live = rig.machine.device_allocations();
    other.synchronize().unwrap();
    assert_eq!(rig.machine.device_allocations(), live);
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.device_allocations(), live - 1);
}
