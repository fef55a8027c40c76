//! Faults end to end: found by the kernels, reported once each, by every way there is.

use std::time::Duration;

use ascend_cache_loc::get_last_loc_with;
use ascend_cache_loc::{
    DeviceBuffer, DeviceFault, Error, FaultStatus, LastLoc, LaunchConfig, Operation, ReqToToken, TableShape,
};

use crate::foreign;
use crate::rig::{Batch, MOMENT, Rig, over};

fn fault(result: Result<(), Error>) -> DeviceFault {
    match result {
        Err(Error::Fault(fault)) => fault,
        other => panic!("{other:?}"),
    }
}

/// Each way of reporting, over both operations: row, kind and output are the CPU reference's, the launch is named, and
/// nothing is left afterwards.
#[test]
fn every_way_reports_each_fault_once() {
    let rig = Rig::new();
    let ways: [fn(&Rig) -> Option<DeviceFault>; 4] = [
        |rig| Some(fault(rig.stream.synchronize())),
        |rig| Some(fault(rig.stream.synchronize_timeout(Duration::from_secs(60)))),
        |rig| rig.stream.take_fault().unwrap(),
        |rig| over(&rig.stream.fault_check().unwrap()),
    ];
    for way in ways {
        for operation in [Operation::GET_LAST_LOC, Operation::ASSIGN_EXTEND_CACHE_LOCS] {
            let mut batch = Batch::bad(&rig.stream);
            let (launch, (out, expected)) = match operation == Operation::GET_LAST_LOC {
                true => (batch.last_loc(&rig.stream).unwrap(), batch.expected_last()),
                false => (batch.extend(&rig.stream).unwrap(), batch.expected_extend()),
            };
            let found = way(&rig).unwrap();
            assert_eq!(found, DeviceFault { launch, operation, fault: expected.unwrap() });
            assert_eq!(batch.out(), out);
            assert_eq!(rig.stream.take_fault().unwrap(), None);
            assert_eq!(over(&rig.stream.fault_check().unwrap()), None);
            rig.stream.synchronize().unwrap();
            // The device is as usable as before.
            let mut good = Batch::good(&rig.stream);
            good.last_loc(&rig.stream).unwrap();
            rig.stream.synchronize().unwrap();
            assert_eq!(good.out(), good.expected_last().0);
        }
    }
}

/// Of several launches the first with a fault, of its rows the lowest; copying out reports nothing and loses nothing.
#[test]
fn the_lowest_launch_and_row_is_reported() {
    let rig = Rig::new();
    let mut good = Batch::good(&rig.stream);
    let mut late = Batch::of(&rig.stream, [0, 1, 0], [0; 3], [1, 9, 9]);
    let mut first = Batch::of(&rig.stream, [0, 1, 5], [0; 3], [1, 1, 1]);
    good.last_loc(&rig.stream).unwrap();
    let launch = first.last_loc(&rig.stream).unwrap();
    late.last_loc(&rig.stream).unwrap();
    assert_eq!(late.out(), late.expected_last().0);
    let found = fault(rig.stream.synchronize());
    assert_eq!((found.launch, found.fault.row), (launch, 2));
    let text = format!("get_last_loc, launch {launch}: row 2: request pool index 5 is outside the table's 2 rows");
    // Once, in a chain of causes too.
    let error = Error::from(found);
    assert_eq!((error.to_string(), std::error::Error::source(&error).is_none()), (text, true));
    rig.stream.synchronize().unwrap();
    let launch = late.last_loc(&rig.stream).unwrap();
    let found = fault(rig.stream.synchronize());
    assert_eq!((found.launch, found.fault), (launch, late.expected_last().1.unwrap()));
}

/// Of two bad launches before one wait each core's line holds the first that it met. What the log holds of the second is
/// reported by the next call, whichever it is; where one core met both, the first is all there is.
#[test]
fn of_several_bad_launches_what_the_log_holds_is_reported() {
    let rig = Rig::new();
    let shape = TableShape::new(1, 1).unwrap();
    let slots = DeviceBuffer::from_host(&rig.stream, &[7]).unwrap();
    let lens = DeviceBuffer::from_host(&rig.stream, &[1_i32; 64]).unwrap();
    // Four cores, 16 rows each: the bad row is of the first core or of the last.
    let launch = |bad: usize| {
        let mut reqs = [0_i32; 64];
        reqs[bad] = 3;
        let reqs = DeviceBuffer::from_host(&rig.stream, &reqs).unwrap();
        let mut out = DeviceBuffer::<i32>::zeroed(&rig.stream, 64).unwrap();
        let args = LastLoc {
            table: ReqToToken::new(shape, slots.as_slice()).unwrap(),
            req_pool_indices: reqs.as_slice(),
            prefix_lens: lens.as_slice(),
            out: out.as_slice_mut(),
        };
        let config = LaunchConfig { cores: Some(4), ..Default::default() };
        get_last_loc_with(&rig.stream, args, &config).unwrap()
    };
    for next in [
        |rig: &Rig| rig.stream.take_fault().unwrap(),
        |rig: &Rig| over(&rig.stream.fault_check().unwrap()),
        |rig: &Rig| match rig.stream.synchronize_timeout(Duration::from_secs(60)) {
            Err(Error::Fault(fault)) => Some(fault),
            other => other.map(|()| None).unwrap(),
        },
    ] {
        let (first, second) = (launch(63), launch(0));
        let found = fault(rig.stream.synchronize());
        assert_eq!((found.launch, found.fault.row), (first, 63));
        let found = next(&rig).unwrap();
        assert_eq!((found.launch, found.fault.row), (second, 0));
        assert_eq!(next(&rig), None);
        let (first, _) = (launch(5), launch(0));
        assert_eq!(fault(rig.stream.synchronize()).launch, first);
        assert_eq!(next(&rig), None);
    }
}

/// Each stream has a log of its own.
#[test]
fn streams_report_their_own_faults() {
    let rig = Rig::new();
    let other = rig.device.new_stream().unwrap();
    let (mut here, mut there) = (Batch::bad(&rig.stream), Batch::bad(&other));
    let first = here.last_loc(&rig.stream).unwrap();
    let second = there.extend(&other).unwrap();
    assert_eq!(fault(other.synchronize()).launch, second);
    assert_eq!(fault(rig.stream.synchronize()).launch, first);
    other.synchronize().unwrap();
    rig.stream.synchronize().unwrap();
}

/// A check looks at what was enqueued before it and does not wait for it.
#[test]
fn a_check_does_not_block() {
    let rig = Rig::new();
    let (mut before, mut after) = (Batch::bad(&rig.stream), Batch::bad(&rig.stream));
    rig.machine.hold(rig.stream.as_raw(), true);
    let first = before.last_loc(&rig.stream).unwrap();
    let check = rig.stream.fault_check().unwrap();
    let second = after.last_loc(&rig.stream).unwrap();
    for _ in 0..100 {
        assert_eq!(check.poll().unwrap(), FaultStatus::Pending);
    }
    rig.machine.hold(rig.stream.as_raw(), false);
    assert_eq!(over(&check).unwrap().launch, first);
    assert_eq!(check.poll().unwrap(), FaultStatus::Clean, "told once");
    assert_eq!(fault(rig.stream.synchronize()).launch, second);
}

/// What a dropped check finds is not lost.
#[test]
fn a_dropped_check_leaves_its_fault_to_the_next_wait() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    let launch = batch.last_loc(&rig.stream).unwrap();
    drop(rig.stream.fault_check().unwrap());
    let second = batch.extend(&rig.stream).unwrap();
    assert_eq!(batch.out()[..2], batch.expected_extend().0[..2], "copying out takes no fault");
    assert_eq!(fault(rig.stream.synchronize()).launch, launch);
    assert_eq!(fault(rig.stream.synchronize()).launch, second);
    rig.stream.synchronize().unwrap();
}

/// Nor is a fault behind reads that were enqueued by waits which ran out of time: the next wait reads again.
#[test]
fn a_wait_after_a_timeout_sees_later_launches() {
    let rig = Rig::new();
    let (mut good, mut late) = (Batch::good(&rig.stream), Batch::bad(&rig.stream));
    rig.machine.hold(rig.stream.as_raw(), true);
    good.last_loc(&rig.stream).unwrap();
    rig.stream.synchronize_timeout(MOMENT).unwrap_err();
    let launch = late.last_loc(&rig.stream).unwrap();
    rig.machine.hold(rig.stream.as_raw(), false);
    assert_eq!(fault(rig.stream.synchronize()).launch, launch);
}

/// A wait that ran out of time leaves the fault to later ones.
#[test]
fn a_timeout_loses_no_fault() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    rig.machine.hold(rig.stream.as_raw(), true);
    let launch = batch.last_loc(&rig.stream).unwrap();
    for _ in 0..3 {
        assert_eq!(rig.stream.synchronize_timeout(MOMENT), Err(Error::Timeout(MOMENT)));
    }
    rig.machine.hold(rig.stream.as_raw(), false);
    assert_eq!(fault(rig.stream.synchronize_timeout(Duration::from_secs(60))).launch, launch);
    rig.stream.synchronize().unwrap();
    assert_eq!(Error::Timeout(MOMENT).to_string(), "the stream did not finish within 60ms");
}

/// The clearing behind a read is refused once: the fault is reported once all the same.
#[test]
fn a_refused_clearing_repeats_no_fault() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    let first = batch.last_loc(&rig.stream).unwrap();
    rig.machine.fail_call("aclrtMemsetAsync", 1, 207_005);
    assert_eq!(crate::rig::code(rig.stream.synchronize()), 207_005);
    assert_eq!(fault(rig.stream.synchronize()).launch, first);
    rig.stream.synchronize().unwrap();
    let second = batch.last_loc(&rig.stream).unwrap();
    assert_eq!(fault(rig.stream.synchronize()).launch, second);
}

/// Replays of a captured launch are seen by every way of reporting, with the captured launch's id.
#[test]
fn graph_replays_report_their_faults() {
    let rig = Rig::new();
    let raw = rig.stream.as_raw();
    let mut batch = Batch::good(&rig.stream);
    assert_eq!(foreign::begin(&rig.machine, raw, foreign::GLOBAL), 0);
    let launch = batch.last_loc(&rig.stream).unwrap();
    let graph = foreign::end(&rig.machine, raw).unwrap();
    rig.stream.synchronize().unwrap();
    assert_eq!(batch.out(), [-7; 3], "captured, not run");
    foreign::replay(&rig.machine, graph, raw);
    rig.stream.synchronize().unwrap();
    assert_eq!(batch.out(), batch.expected_last().0);
    batch.reqs.as_slice_mut().copy_from_host(&rig.stream, &[1, 0, -4]).unwrap();
    for round in 0..6 {
        foreign::replay(&rig.machine, graph, raw);
        let found = match round % 3 {
            0 => fault(rig.stream.synchronize()),
            1 => rig.stream.take_fault().unwrap().unwrap(),
            _ => over(&rig.stream.fault_check().unwrap()).unwrap(),
        };
        assert_eq!((found.launch, found.operation, found.fault.row), (launch, Operation::GET_LAST_LOC, 2));
        rig.stream.synchronize().unwrap();
    }
}

/// Reads are in the order of the stream: a check that is over tells of what earlier ones read and nobody took, whether
/// they were dropped, failed behind their read, or were of a wait that ran out of time.
#[test]
fn a_check_tells_of_what_came_before_it() {
    let rig = Rig::new();
    let mut batch = Batch::bad(&rig.stream);
    type Earlier = fn(&Rig);
    let earlier: [(&str, Earlier); 3] = [
        ("dropped while it was pending", |rig| drop(rig.stream.fault_check().unwrap())),
        ("failed behind its read", |rig| {
            rig.machine.fail_call("aclrtRecordEvent", 1, 207_007);
            assert_eq!(crate::rig::code(rig.stream.fault_check()), 207_007);
        }),
        ("a wait that failed behind its read", |rig| {
            rig.machine.fail_call("aclrtSynchronizeStream", 1, 507_000);
            assert_eq!(crate::rig::code(rig.stream.synchronize()), 507_000);
        }),
    ];
    for (what, earlier) in earlier {
        rig.machine.hold(rig.stream.as_raw(), true);
        let launch = batch.last_loc(&rig.stream).unwrap();
        earlier(&rig);
        let check = rig.stream.fault_check().unwrap();
        assert_eq!(check.poll(), Ok(FaultStatus::Pending));
        rig.machine.hold(rig.stream.as_raw(), false);
        assert_eq!(over(&check).map(|found| found.launch), Some(launch), "{what}");
        rig.stream.synchronize().unwrap();
    }
    assert!(rig.machine.pinned_allocations() <= 3, "{}", rig.machine.pinned_allocations());
}

/// Faults that were read and that nobody asks for are kept, the lowest ones, as many as the log has lines.
#[test]
fn no_more_faults_are_kept_than_the_log_holds() {
    let rig = Rig::with(|config| config.vector_cores = 2);
    let mut batch = Batch::bad(&rig.stream);
    let launches = [0; 5].map(|_| {
        let launch = batch.last_loc(&rig.stream).unwrap();
        drop(rig.stream.fault_check().unwrap());
        launch
    });
    let found = || rig.stream.take_fault().unwrap().map(|fault| fault.launch);
    assert_eq!([found(), found(), found()], [Some(launches[0]), Some(launches[1]), None]);
}
