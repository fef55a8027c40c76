//! Graphs: captured by a closure, replayed on any stream, given back once nothing runs.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, mpsc};
use std::time::Duration;

use allocation_counter::measure;
use ascend_cache_loc::{CaptureFailure, CaptureMode, DeviceBuffer, Error, FaultCheck, Graph, Result, Stream};

use crate::foreign::{self, acl};
use crate::rig::{Batch, MOMENT, Rig, over};

const MODES: [CaptureMode; 3] = [CaptureMode::Global, CaptureMode::ThreadLocal, CaptureMode::Relaxed];

fn capture(stream: &Stream, batch: &mut Batch) -> Graph {
    Graph::capture(stream, CaptureMode::ThreadLocal, || batch.last_loc(stream)).unwrap().0
}

fn replay(graph: &Graph, stream: &Stream) -> Result<()> {
    // SAFETY: each test here keeps what it captured, and uses it in order; or it is about what happens otherwise.
    unsafe { graph.replay(stream) }
}

/// The stream is in no capture, and as usable as before.
fn assert_usable(rig: &Rig) {
    let mut batch = Batch::good(&rig.stream);
    batch.last_loc(&rig.stream).unwrap();
    rig.stream.synchronize().unwrap();
    assert_eq!(batch.out(), batch.expected_last().0);
    assert_eq!((rig.machine.graphs(), rig.machine.misuses()), (0, Vec::new()));
}

#[test]
fn both_operations_in_every_mode() {
    for mode in MODES {
        let rig = Rig::new();
        let (mut last, mut extend) = (Batch::good(&rig.stream), Batch::good(&rig.stream));
        let both = || Ok((last.last_loc(&rig.stream)?, extend.extend(&rig.stream)?));
        let (graph, (first, second)) = Graph::capture(&rig.stream, mode, both).unwrap();
        rig.stream.synchronize().unwrap();
        assert_eq!((last.out(), extend.out()), (vec![-7; 3], vec![-7; 3]), "captured, not run");
        replay(&graph, &rig.stream).unwrap();
        rig.stream.synchronize().unwrap();
        assert_eq!((last.out(), extend.out()), (last.expected_last().0, extend.expected_extend().0));
        // Bad rows by the ids of the captured launches.
        last.reqs.as_slice_mut().copy_from_host(&rig.stream, &[1, 9, 1]).unwrap();
        extend.reqs.as_slice_mut().copy_from_host(&rig.stream, &[9, 1, 1]).unwrap();
        replay(&graph, &rig.stream).unwrap();
        let found = [0; 2].map(|_| rig.stream.take_fault().unwrap().map(|fault| fault.launch));
        assert!(first < second && found[0] == Some(first), "{found:?}");
    }
}

/// Whatever it holds; and from the second time on a stream without an allocation.
#[test]
fn a_replay_is_one_call() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let graph = capture(&rig.stream, &mut batch);
    replay(&graph, &rig.stream).unwrap();
    rig.stream.synchronize().unwrap();
    let tasks = rig.machine.tasks();
    let (calls, allocated) = rig.calls_of(|| measure(|| replay(&graph, &rig.stream).unwrap()));
    assert_eq!(calls, [("aclrtGetCurrentContext", 1), ("aclmdlRIExecuteAsync", 1)]);
    assert_eq!((rig.machine.tasks() - tasks, allocated.count_total), (1, 0));
    rig.stream.synchronize().unwrap();
}

/// A capture ends with its closure: by an error, by a panic, and where it makes no graph. What it made is given back.
#[test]
fn a_capture_ends_whatever_its_closure_does() {
    for mode in MODES {
        let rig = Rig::new();
        let mut batch = Batch::good(&rig.stream);
        let refused = Graph::capture(&rig.stream, mode, || {
            batch.last_loc(&rig.stream)?;
            rig.stream.synchronize()
        });
        assert_eq!(refused.map(drop), Err(Error::Capturing));
        assert_usable(&rig);
        let panicked = catch_unwind(AssertUnwindSafe(|| {
            Graph::capture(&rig.stream, mode, || {
                batch.last_loc(&rig.stream)?;
                resume_unwind(Box::new("in the closure"));
                #[expect(unreachable_code, reason = "the closure's type")]
                Ok(())
            })
        }));
        assert_eq!(panicked.unwrap_err().downcast_ref(), Some(&"in the closure"));
        assert_usable(&rig);
        assert_eq!(batch.out(), [-7; 3], "nothing of it ran");
    }
}

#[test]
fn captures_that_make_no_graph_say_why() {
    let rig = Rig::new();
    let (relaxed, other) = (CaptureMode::Relaxed, rig.device.new_stream().unwrap());
    let mut there = Batch::good(&other);
    let unjoined = Graph::capture(&rig.stream, relaxed, || {
        other.wait(&rig.stream.record()?)?;
        there.last_loc(&other)
    });
    assert_eq!(unjoined.map(drop), Err(Error::Capture(CaptureFailure::Unjoined)));
    let invalidated = Graph::capture(&rig.stream, relaxed, || {
        let event = rig.stream.record()?;
        let inner = Graph::capture(&other, relaxed, || other.wait(&event)).map(drop);
        assert!(matches!(inner, Err(Error::Acl { code: 107_032, .. })), "{inner:?}");
        Ok(())
    });
    assert_eq!(invalidated.map(drop), Err(Error::Capture(CaptureFailure::Invalidated)));
    let text = "the capture made no graph: a call made the capture invalid";
    assert_eq!(Error::Capture(CaptureFailure::Invalidated).to_string(), text);
    // Within a capture neither a second one, nor a replay: the first goes on.
    let graph = capture(&other, &mut there);
    Graph::capture(&rig.stream, relaxed, || {
        assert_eq!(Graph::capture(&rig.stream, relaxed, || Ok(())).map(drop), Err(Error::Capturing));
        assert_eq!(replay(&graph, &rig.stream), Err(Error::Capturing));
        Ok(())
    })
    .unwrap();
    drop(graph);
    other.synchronize().unwrap();
    rig.stream.synchronize().unwrap();
    assert_usable(&rig);
}

#[test]
fn what_cannot_be_captured_or_replayed_is_refused() {
    let rig = Rig::with(|config| config.devices = 2);
    let graph = capture(&rig.stream, &mut Batch::good(&rig.stream));
    let far = rig.machine.open(1).unwrap().new_stream().unwrap();
    let ours = foreign::context(&rig.machine).unwrap();
    // SAFETY: the default stream of the current context, and a stream of another, which stay.
    let default = unsafe { Stream::borrow_raw(&rig.device, std::ptr::null_mut()) }.unwrap();
    foreign::new_context(&rig.machine, 0);
    // SAFETY: as above.
    let strange = unsafe { Stream::borrow_raw(&rig.device, foreign::new_stream(&rig.machine)) }.unwrap();
    foreign::set_context(&rig.machine, ours);
    let (calls, refused) = rig.calls_of(|| [&far, &strange, &default].map(|stream| replay(&graph, stream)));
    let home = |scope| Err(Error::WrongHome { argument: "stream", scope });
    assert_eq!(refused[..2], [home("device"), home("context")]);
    assert!(matches!(refused[2], Err(Error::Unavailable(_))), "{:?}", refused[2]);
    let captured = Graph::capture(&default, CaptureMode::Relaxed, || Ok(())).map(drop);
    assert!(matches!(captured, Err(Error::Unavailable(_))), "{captured:?}");
    assert_eq!((calls, rig.machine.misuses()), (Vec::new(), Vec::new()));
    for lacking in ["Begin", "GetInfo", "End"].map(|call| format!("aclmdlRICapture{call}")) {
        let name = ascend_cache_loc::sim::Machine::functions().find(|name| *name == lacking).unwrap();
        let rig = Rig::with(|config| config.lacks = vec![name]);
        let text = format!("the library has no {name}, which graphs need");
        let captured = Graph::capture(&rig.stream, CaptureMode::Relaxed, || -> Result<()> { panic!("not captured") });
        assert_eq!(captured.map(drop), Err(Error::Unavailable(text.into())));
    }
}

/// Something that is dropped, counted.
struct Counted(Arc<AtomicUsize>);

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

/// Destroyed, and what it keeps dropped, once each stream that it was replayed on has come to the end of that: by
/// whichever call finds out.
#[test]
fn a_graph_goes_once_no_replay_is_under_way() {
    type Way = fn(&Rig, &Stream);
    let ways: [(&str, Way); 5] = [
        ("synchronize", |_, stream| stream.synchronize().unwrap()),
        ("a check", |_, stream| assert_eq!(over(&stream.fault_check().unwrap()), None)),
        ("a check that was dropped", |_, stream| {
            drop(stream.fault_check().unwrap());
            assert_eq!(acl!(stream.device(), aclrtSynchronizeStream(stream.as_raw())), 0);
            drop(stream.fault_check().unwrap());
        }),
        ("copy", |_, stream| drop(DeviceBuffer::from_host(stream, &[1_i32]).unwrap())),
        ("reclaim", |rig, _| rig.device.reclaim().unwrap()),
    ];
    for (round, (name, way)) in ways.into_iter().chain(ways).enumerate() {
        let (rig, dropped) = (Rig::new(), Arc::new(AtomicUsize::new(0)));
        let streams = [0; 2].map(|_| rig.device.new_stream().unwrap());
        // On which of them a replay is under way.
        let (first, second) = (&streams[round % 2], &streams[1 - round % 2]);
        let mut batch = Batch::good(&rig.stream);
        let mut graph = capture(&rig.stream, &mut batch);
        graph.keep(Arc::new(Counted(dropped.clone())));
        for stream in &streams {
            replay(&graph, stream).unwrap();
            stream.synchronize().unwrap();
        }
        rig.machine.hold(second.as_raw(), true);
        replay(&graph, second).unwrap();
        let (calls, ()) = rig.calls_of(|| drop(graph));
        assert_eq!(calls, []);
        let left = || (rig.machine.graphs(), dropped.load(Ordering::Relaxed));
        rig.stream.synchronize().unwrap();
        first.synchronize().unwrap();
        assert_eq!(second.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
        assert_eq!(left(), (1, 0), "before {name}");
        rig.machine.hold(second.as_raw(), false);
        way(&rig, second);
        assert_eq!(left(), (0, 1), "after {name}");
        assert_eq!(batch.out(), batch.expected_last().0);
    }
}

/// One that never ran goes with the next wait for the stream that it was captured on.
#[test]
fn a_graph_that_never_ran_goes_too() {
    let rig = Rig::new();
    drop(capture(&rig.stream, &mut Batch::good(&rig.stream)));
    assert_eq!(rig.machine.graphs(), 1);
    rig.stream.synchronize().unwrap();
    assert_eq!(rig.machine.graphs(), 0);
}

/// The streams of a capture stay with the graph, even one that the closure made: a new stream gets no log that replays
/// write to.
#[test]
fn the_fault_logs_of_a_graph_serve_no_other_stream() {
    let rig = Rig::new();
    let stream = rig.device.new_stream().unwrap();
    let (mut here, mut there) = (Batch::good(&rig.stream), Batch::bad(&rig.stream));
    let (graph, launch) = Graph::capture(&stream, CaptureMode::Relaxed, || {
        let drawn_in = rig.device.new_stream()?;
        drawn_in.wait(&stream.record()?)?;
        let launch = there_on(&mut there, &drawn_in)?;
        there_on(&mut here, &stream)?;
        stream.wait(&drawn_in.record()?)?;
        Ok(launch)
    })
    .unwrap();
    drop(stream);
    rig.device.reclaim().unwrap();
    let others = [0; 3].map(|_| rig.device.new_stream().unwrap());
    replay(&graph, graph.stream()).unwrap();
    graph.stream().synchronize().unwrap();
    let mut used = Batch::good(&others[0]);
    for other in &others {
        used.slots.move_to(other).unwrap();
        there_on(&mut used, other).unwrap();
        assert_eq!(other.take_fault(), Ok(None), "a fault of launch {launch}");
    }
    // They go with the graph, and not before.
    let streams = rig.machine.streams();
    drop(graph);
    rig.device.reclaim().unwrap();
    assert_eq!((rig.machine.graphs(), rig.machine.streams()), (0, streams - 2));
}

/// `get_last_loc` on any stream: on memory that the caller keeps in order.
fn there_on(batch: &mut Batch, stream: &Stream) -> Result<ascend_cache_loc::LaunchId> {
    use ascend_cache_loc::{DeviceSlice, DeviceSliceMut, LastLoc, ReqToToken};

    let device = stream.device();
    // SAFETY: the buffers stay, and the tests order what uses them.
    let args = unsafe {
        let slots = DeviceSlice::from_raw_parts(device, batch.slots.as_slice().addr().unwrap(), 8)?;
        LastLoc {
            table: ReqToToken::new(crate::rig::shape(), slots)?,
            req_pool_indices: DeviceSlice::<i64>::from_raw_parts(device, batch.reqs.as_slice().addr().unwrap(), 3)?,
            prefix_lens: DeviceSlice::<i32>::from_raw_parts(device, batch.ends.as_slice().addr().unwrap(), 3)?,
            out: DeviceSliceMut::<i64>::from_raw_parts(device, batch.out.as_slice().addr().unwrap(), 3)?,
        }
    };
    ascend_cache_loc::get_last_loc(stream, args)
}

/// A borrowed stream is not retired as long as a graph has it.
#[test]
fn a_stream_of_a_graph_is_not_retired() {
    let rig = Rig::new();
    let raw = foreign::new_stream(&rig.machine);
    // SAFETY: a stream of the current context that stays for the test.
    let borrow = || unsafe { Stream::borrow_raw(&rig.device, raw) }.unwrap();
    let graph = capture(&borrow(), &mut Batch::good(&borrow()));
    // SAFETY: nothing runs on it.
    let refused = unsafe { borrow().retire() };
    drop((refused.unwrap_err(), graph));
    borrow().synchronize().unwrap();
    // SAFETY: as above.
    unsafe { borrow().retire() }.unwrap();
    assert_eq!((acl!(rig.machine, aclrtDestroyStream(raw)), rig.machine.graphs()), (0, 0));
}

/// Memory that was dropped is freed by the next wait, whether a graph names it or not: the machine reports the replay,
/// which is why it is unsafe. What the graph keeps is there.
#[test]
fn a_graph_keeps_what_it_is_given_and_nothing_else() {
    for kept in [true, false] {
        let rig = Rig::new();
        let mut batch = Batch::good(&rig.stream);
        let mut graph = capture(&rig.stream, &mut batch);
        if kept {
            graph.keep(Arc::new(batch));
        } else {
            drop(batch);
        }
        rig.stream.synchronize().unwrap();
        replay(&graph, &rig.stream).unwrap();
        match kept {
            true => rig.stream.synchronize().unwrap(),
            false => assert!(matches!(rig.stream.synchronize(), Err(Error::DeviceLost { code: 507_011, .. }))),
        }
    }
}

/// A graph may keep buffers, whose home is the stream that it waits on, or the device: one `reclaim` gives all back.
#[test]
fn one_reclaim_gives_back_what_a_graph_kept() {
    let rig = Rig::new();
    rig.device.reclaim().unwrap();
    let left = || (rig.machine.graphs(), rig.machine.streams(), rig.machine.events());
    let (before, memory) = (left(), rig.machine.device_allocations());
    let stream = rig.device.new_stream().unwrap();
    let mut batch = Batch::good(&stream);
    let mut graph = capture(&stream, &mut batch);
    replay(&graph, &stream).unwrap();
    graph.keep(Arc::new((batch, stream.clone(), stream.record().unwrap())));
    drop((graph, stream));
    rig.device.reclaim().unwrap();
    assert_eq!((left(), rig.machine.device_allocations()), (before, memory + 1), "its log stays");
}

/// What a graph kept is dropped where no lock of ours is held: its drop is anybody's code, which may call anything.
#[test]
fn what_a_graph_kept_may_call_the_device_when_it_is_dropped() {
    struct Calls(Stream, Arc<OnceLock<FaultCheck>>);
    impl Drop for Calls {
        fn drop(&mut self) {
            let Self(stream, check) = self;
            assert_eq!(check.get().map(over), check.get().map(|_| None), "the check that finds it at its end");
            stream.device().reclaim().unwrap();
            stream.synchronize().unwrap();
            assert_eq!(over(&stream.fault_check().unwrap()), None);
            drop(stream.device().new_stream().unwrap());
        }
    }
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        let rig = Rig::new();
        type Way = fn(&Rig, &OnceLock<FaultCheck>);
        let ways: [Way; 3] = [
            |rig, _| rig.device.reclaim().unwrap(),
            |rig, _| rig.stream.synchronize().unwrap(),
            |rig, check| {
                check.set(rig.stream.fault_check().unwrap()).unwrap();
                assert_eq!(over(check.get().unwrap()), None);
            },
        ];
        for way in ways {
            let (mut graph, check) = (capture(&rig.stream, &mut Batch::good(&rig.stream)), Arc::default());
            graph.keep(Arc::new(Calls(rig.stream.clone(), Arc::clone(&check))));
            drop(graph);
            way(&rig, &check);
            assert_eq!(rig.machine.graphs(), 0);
        }
        sender.send(()).unwrap();
    });
    receiver.recv_timeout(Duration::from_secs(60)).expect("it hangs, or has failed");
}
