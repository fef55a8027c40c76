//! The suite on device 0 of this machine, one test at a time: the README's "On Ascend hardware" has the command.

use ascend_cache_loc::{Device, DeviceBuffer};
use harness::device::OnDevice;
use harness::suite;

fn device() -> Device {
    Device::open(0).unwrap_or_else(|error| panic!("{error}"))
}

suite! {
    #[ignore = "needs an Ascend NPU"]
    #[serial_test::serial]
    npu, OnDevice::new(&device()).unwrap()
}

/// Streams, events and moved buffers, which the suite has no use for.
#[test]
#[ignore = "needs an Ascend NPU"]
#[serial_test::serial]
fn streams_events_and_buffers() {
    let device = device();
    let (first, second) = (device.new_stream().unwrap(), device.new_stream().unwrap());
    let data: Vec<i64> = (0..100_000).collect();
    let mut buffer = DeviceBuffer::from_host(&first, &data).unwrap();
    let event = first.record().unwrap();
    second.wait(&event).unwrap();
    buffer.move_to(&second).unwrap();
    let mut back = vec![0; data.len()];
    buffer.copy_to_host(&mut back).unwrap();
    assert_eq!(back, data);
    assert!(event.is_done().unwrap());
    let zeros = DeviceBuffer::<i32>::zeroed(&first, 1000).unwrap();
    let mut back = vec![1; 1000];
    zeros.copy_to_host(&mut back).unwrap();
    assert_eq!(back, [0; 1000]);
    zeros.close().unwrap();
    drop((buffer, first, event));
    device.reclaim().unwrap();
    second.synchronize().unwrap();
}

/// A check finds a fault without a wait.
#[test]
#[ignore = "needs an Ascend NPU"]
#[serial_test::serial]
fn a_fault_by_a_check() {
    use ascend_cache_loc::{FaultStatus, LastLoc, ReqToToken, TableShape, get_last_loc};

    let stream = device().new_stream().unwrap();
    let slots = DeviceBuffer::from_host(&stream, &[10, 11]).unwrap();
    let rows = DeviceBuffer::from_host(&stream, &[0_i64, 7, 1, 1]).unwrap();
    let mut out = DeviceBuffer::<i32>::zeroed(&stream, 2).unwrap();
    let args = LastLoc {
        table: ReqToToken::new(TableShape::new(1, 2).unwrap(), slots.as_slice()).unwrap(),
        req_pool_indices: rows.as_slice().get(..2).unwrap(),
        prefix_lens: rows.as_slice().get(2..).unwrap(),
        out: out.as_slice_mut(),
    };
    let launch = get_last_loc(&stream, args).unwrap();
    let check = stream.fault_check().unwrap();
    let found = loop {
        match check.poll().unwrap() {
            FaultStatus::Pending => std::thread::yield_now(),
            FaultStatus::Clean => panic!("row 1 is bad"),
            FaultStatus::Fault(found) => break found,
        }
    };
    assert_eq!((found.launch, found.fault.row), (launch, 1));
    assert_eq!(stream.synchronize(), Ok(()), "it was reported, and the device is as usable as before");
}
