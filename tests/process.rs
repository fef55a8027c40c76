//! What is the process's: the number of machines, an environment variable, the library that is looked for.

#![allow(unsafe_code, reason = "an environment variable is set")]

use ascend_cache_loc::sim::{Machine, SimConfig};
use ascend_cache_loc::{
    CaptureMode, Device, DeviceBuffer, Error, Graph, LastLoc, ReqToToken, Result, Stream, TableShape, Tuning,
    get_last_loc,
};
use serial_test::serial;

/// One row; a bad one asks for request 5.
fn launch(stream: &Stream, bad: bool) -> Result<()> {
    let slots = DeviceBuffer::from_host(stream, &[10, 11]).unwrap();
    let rows = DeviceBuffer::from_host(stream, &[if bad { 5 } else { 0 }, 2]).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(stream, 1).unwrap();
    let args = LastLoc {
        table: ReqToToken::new(TableShape::new(1, 2).unwrap(), slots.as_slice()).unwrap(),
        req_pool_indices: rows.as_slice().get(..1).unwrap(),
        prefix_lens: rows.as_slice().get(1..).unwrap(),
        out: out.as_slice_mut(),
    };
    get_last_loc(stream, args).map(drop)
}

/// A machine that is gone takes its threads along, and 32 can be there at a time.
#[test]
#[serial]
fn machines_come_and_go() {
    for _ in 0..100 {
        let machine = Machine::new(SimConfig::default()).unwrap();
        let stream = machine.open(0).unwrap().new_stream().unwrap();
        launch(&stream, false).unwrap();
        machine.hold(stream.as_raw(), true);
        drop(stream.record().unwrap());
    }
    let mut machines = Vec::new();
    let refused = loop {
        match Machine::new(SimConfig::default()) {
            Ok(machine) => machines.push(machine),
            Err(refused) => break refused,
        }
    };
    assert_eq!(machines.len(), 32);
    assert_eq!(refused, Error::Unavailable("32 simulated machines are in use".into()));
}

/// With `ASCEND_CACHE_LOC_LAUNCH_BLOCKING=1` each launch waits, and names itself where it fails.
#[test]
#[serial]
fn blocking_launches_name_themselves() {
    let name = "ASCEND_CACHE_LOC_LAUNCH_BLOCKING";
    let open = |value| {
        // SAFETY: the tests of this program run one after the other, and its threads read no environment.
        unsafe { std::env::set_var(name, value) };
        let machine = Machine::new(SimConfig::default()).unwrap();
        let stream = machine.open(0).unwrap().new_stream().unwrap();
        (machine, stream)
    };
    let (machine, stream) = open("1");
    launch(&stream, false).unwrap();
    let Err(Error::Fault(fault)) = launch(&stream, true) else { panic!("it did not wait") };
    assert_eq!((fault.launch.get(), fault.fault.row), (2, 0));
    launch(&stream, false).unwrap();
    machine.fail_launch(1, 507_035);
    let lost = launch(&stream, false).unwrap_err().to_string();
    let expected = "the device is lost, AscendCL code 507035, last launch 4: ascend_cache_loc_get_last_loc fails here as it was told to";
    assert_eq!(lost, expected);
    let (_machine, stream) = open("0");
    launch(&stream, true).unwrap();
    stream.synchronize().unwrap_err();
}

/// A device is planned for with the figures of the file that `ASCEND_CACHE_LOC_TUNING` names when it is opened.
#[test]
#[serial]
fn a_file_of_figures_is_read() {
    let name = "ASCEND_CACHE_LOC_TUNING";
    let path = std::path::Path::new(env!("CARGO_TARGET_TMPDIR")).join("tuning.txt");
    // SAFETY: as above.
    let set = |value: &std::path::Path| unsafe { std::env::set_var(name, value) };
    let tuning = Tuning { core_ps: 123, ..Tuning::default() };
    std::fs::write(&path, tuning.to_string()).unwrap();
    set(&path);
    let opened = Device::open_sim(SimConfig::default());
    std::fs::write(&path, "core_ps 123").unwrap();
    let refused = Device::open_sim(SimConfig::default());
    set(std::path::Path::new("/nowhere/tuning.txt"));
    let missing = Device::open_sim(SimConfig::default());
    // SAFETY: as above.
    unsafe { std::env::remove_var(name) };
    assert_eq!(opened.unwrap().tuning(), tuning);
    let expected = format!("{}: line 1: not \"ascend-cache-loc tuning 1\"", path.display());
    assert_eq!(refused.unwrap_err(), Error::Unavailable(expected.into()));
    let missing = missing.unwrap_err().to_string();
    assert!(missing.starts_with("/nowhere/tuning.txt: "), "{missing}");
    assert_eq!(Device::open_sim(SimConfig::default()).unwrap().tuning(), Tuning::default());
}

/// In a capture a blocking launch does not wait: the capture goes on. A replay does, whichever stream it is on.
#[test]
#[serial]
fn blocking_launches_do_not_end_a_capture() {
    // SAFETY: as above.
    unsafe { std::env::set_var("ASCEND_CACHE_LOC_LAUNCH_BLOCKING", "1") };
    let machine = Machine::new(SimConfig::default()).unwrap();
    let stream = machine.open(0).unwrap().new_stream().unwrap();
    // SAFETY: as above.
    unsafe { std::env::remove_var("ASCEND_CACHE_LOC_LAUNCH_BLOCKING") };
    let slots = DeviceBuffer::from_host(&stream, &[10, 11]).unwrap();
    let rows = DeviceBuffer::from_host(&stream, &[5, 2]).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&stream, 1).unwrap();
    let args = LastLoc {
        table: ReqToToken::new(TableShape::new(1, 2).unwrap(), slots.as_slice()).unwrap(),
        req_pool_indices: rows.as_slice().get(..1).unwrap(),
        prefix_lens: rows.as_slice().get(1..).unwrap(),
        out: out.as_slice_mut(),
    };
    let (graph, launch) = Graph::capture(&stream, CaptureMode::Global, || get_last_loc(&stream, args)).unwrap();
    let other = stream.device().new_stream().unwrap();
    for stream in [&stream, &other] {
        // SAFETY: its memory is there, and each replay is waited for.
        let Err(Error::Fault(fault)) = (unsafe { graph.replay(stream) }) else { panic!("it did not wait") };
        assert_eq!(fault.launch, launch);
    }
}

/// A child of this process has none of the library's threads: what is open is refused there, and would hang. A machine of
/// its own works.
#[test]
#[serial]
fn a_forked_child_is_refused() {
    let machine = Machine::new(SimConfig::default()).unwrap();
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    launch(&stream, false).unwrap();
    stream.synchronize().unwrap();
    let event = stream.record().unwrap();
    let checks: [&dyn Fn() -> Result<()>; 7] = [
        &|| stream.synchronize(),
        &|| event.is_done().map(drop),
        &|| stream.record().map(drop),
        &|| DeviceBuffer::from_host(&stream, &[1_i32]).map(drop),
        &|| device.new_stream().map(drop),
        &|| device.reclaim(),
        &|| machine.open(0).map(drop),
    ];
    // SAFETY: the child calls what is tested, and ends at once.
    let child = unsafe { libc::fork() };
    assert!(child >= 0);
    if child == 0 {
        let refused = |result: Result<()>| matches!(result, Err(Error::Unavailable(text)) if text.contains("forked"));
        let first_wrong = checks.iter().position(|check| !refused(check()));
        let own = Machine::new(SimConfig::default()).and_then(|machine| {
            let stream = machine.open(0)?.new_stream()?;
            launch(&stream, false)?;
            stream.synchronize()
        });
        let code = first_wrong.map_or(if own.is_ok() { 0 } else { 100 }, |wrong| wrong as i32 + 1);
        // SAFETY: nothing of the parent's is run down.
        unsafe { libc::_exit(code) };
    }
    let mut status = 0;
    // SAFETY: a child of ours, and a valid out pointer.
    assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
    assert!(libc::WIFEXITED(status), "{status}");
    assert_eq!(libc::WEXITSTATUS(status), 0, "the number of the call that was not refused; 100: its own machine");
    stream.synchronize().unwrap();
}

/// A lock that a thread of the parent held at the fork is held in the child for ever: `reclaim` is refused before it.
#[test]
#[serial]
fn a_forked_child_waits_for_no_thread_of_its_parent() {
    let machine = Machine::new(SimConfig::default()).unwrap();
    let device = machine.open(0).unwrap();
    let stream = device.new_stream().unwrap();
    machine.hold(stream.as_raw(), true);
    stream.record().unwrap();
    let waited = || machine.calls().of("aclrtSynchronizeDevice");
    let before = waited();
    std::thread::scope(|scope| {
        let reclaiming = scope.spawn(|| device.reclaim());
        while waited() == before {
            std::thread::yield_now();
        }
        // SAFETY: the child calls what is tested, and ends at once, by an alarm at the latest.
        let child = unsafe { libc::fork() };
        assert!(child >= 0);
        if child == 0 {
            // SAFETY: as above.
            unsafe { libc::alarm(20) };
            let refused = matches!(device.reclaim(), Err(Error::Unavailable(text)) if text.contains("forked"));
            // SAFETY: nothing of the parent's is run down.
            unsafe { libc::_exit(i32::from(!refused)) };
        }
        let mut status = 0;
        // SAFETY: a child of ours, and a valid out pointer.
        assert_eq!(unsafe { libc::waitpid(child, &raw mut status, 0) }, child);
        assert_eq!(status, 0, "it waited, or was not refused");
        machine.hold(stream.as_raw(), false);
        reclaiming.join().unwrap().unwrap();
    });
}

/// Without CANN a device of this machine is unavailable, and the text says what was looked for. In a process of its own,
/// which does not see a CANN that this environment is set up for.
#[test]
#[serial]
fn without_cann_there_is_no_device() {
    let inner = "ASCEND_CACHE_LOC_TEST_WITHOUT_CANN";
    if std::env::var_os(inner).is_none() {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap());
        child.args(["--exact", "without_cann_there_is_no_device"]).env(inner, "1");
        let ran = child.env_remove("LD_LIBRARY_PATH").env_remove("ASCEND_HOME_PATH").output().unwrap();
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
        return;
    }
    for result in [Device::open(0).map(drop), Device::count().map(drop)] {
        let Err(Error::Unavailable(text)) = result else { panic!("{result:?}") };
        assert!(text.contains("libascendcl.so"), "{text}");
    }
}
