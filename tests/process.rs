//! What is the process's: the number of machines, an environment variable, the library that is looked for.

#![allow(unsafe_code, reason = "an environment variable is set")]

use ascend_cache_loc::api::sim::{Machine, SimConfig};
use ascend_cache_loc::{Device, DeviceBuffer, Error, LastLoc, ReqToToken, Result, Stream, TableShape, get_last_loc};
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

/// Without CANN a device of this machine is unavailable, and the text says what was looked for.
#[test]
#[serial]
fn without_cann_there_is_no_device() {
    for result in [Device::open(0).map(drop), Device::count().map(drop)] {
        let Err(Error::Unavailable(text)) = result else { panic!("{result:?}") };
        assert!(text.contains("libascendcl.so"), "{text}");
    }
}
