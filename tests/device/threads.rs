//! Several threads and devices, and what may cross threads.

use std::sync::Arc;

use ascend_cache_loc::{
    Device, DeviceBuffer, DeviceSlice, DeviceSliceMut, Error, Event, ExtendLocs, FaultCheck, LastLoc, ReqToToken,
    Stream,
};

use crate::rig::{Batch, Rig, over};

const fn send_and_sync<T: Send + Sync>() {}
const fn send<T: Send>() {}
const _: () = {
    send_and_sync::<Device>();
    send_and_sync::<Stream>();
    send_and_sync::<Event>();
    send_and_sync::<FaultCheck>();
    send_and_sync::<DeviceBuffer<i32>>();
    send_and_sync::<DeviceBuffer<i64>>();
    send_and_sync::<DeviceSlice<'static, i64>>();
    send_and_sync::<DeviceSliceMut<'static, i64>>();
    send_and_sync::<ReqToToken<'static>>();
    send_and_sync::<Error>();
    send::<LastLoc<'static, i32, i64, i64>>();
    send::<ExtendLocs<'static, i32, i64, i64>>();
};

/// Two devices, four threads: each with a stream of its own on both.
#[test]
fn two_devices_and_four_threads() {
    let rig = Rig::with(|config| config.devices = 2);
    let devices = [rig.device.clone(), rig.machine.open(1).unwrap()];
    std::thread::scope(|scope| {
        for thread in 0..4 {
            let devices = devices.clone();
            scope.spawn(move || {
                let streams = devices.each_ref().map(|device| device.new_stream().unwrap());
                for round in 0..50 {
                    let stream = &streams[(thread + round) % 2];
                    let mut batch = if round % 3 == 0 { Batch::bad(stream) } else { Batch::good(stream) };
                    let launch = batch.last_loc(stream).unwrap();
                    let (out, fault) = batch.expected_last();
                    let found = stream.take_fault().unwrap();
                    assert_eq!(found.map(|found| (found.launch, found.fault)), fault.map(|fault| (launch, fault)));
                    assert_eq!(batch.out(), out);
                }
            });
        }
    });
    devices.iter().for_each(|device| device.reclaim().unwrap());
}

/// Four threads launch, check, wait and drop on one stream: every fault is reported once, and nothing is used after it
/// was freed.
#[test]
fn four_threads_on_one_stream() {
    const ROUNDS: u64 = 60;
    let rig = Arc::new(Rig::new());
    let reported = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..4)
            .map(|thread| {
                let rig = rig.clone();
                scope.spawn(move || {
                    let mut reported = Vec::new();
                    for round in 0..ROUNDS {
                        let mut batch = Batch::bad(&rig.stream);
                        batch.last_loc(&rig.stream).unwrap();
                        drop(batch);
                        match (thread + round) % 4 {
                            0 => reported.extend(rig.stream.take_fault().unwrap()),
                            1 => match rig.stream.synchronize() {
                                Err(Error::Fault(fault)) => reported.push(fault),
                                other => other.unwrap(),
                            },
                            2 => {
                                reported.extend(over(&rig.stream.fault_check().unwrap()));
                            }
                            _ => drop(rig.stream.fault_check().unwrap()),
                        }
                    }
                    reported
                })
            })
            .collect();
        workers.into_iter().flat_map(|worker| worker.join().unwrap()).collect::<Vec<_>>()
    });
    let mut launches: Vec<_> = reported.iter().map(|fault| fault.launch.get()).collect();
    while let Some(fault) = rig.stream.take_fault().unwrap() {
        launches.push(fault.launch.get());
    }
    let count = launches.len();
    launches.sort_unstable();
    launches.dedup();
    assert_eq!(launches.len(), count, "a fault was reported twice");
    assert!(count > 0);
}
