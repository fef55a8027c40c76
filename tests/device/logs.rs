//! What is said in the log, with the feature `log`.

use std::sync::{Mutex, Once, PoisonError};

use ascend_cache_loc::sim::SimConfig;
use ascend_cache_loc::{Device, Stream};

use crate::rig::{Batch, Rig};

static LINES: Mutex<Vec<String>> = Mutex::new(Vec::new());

struct Lines;

impl log::Log for Lines {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &log::Record<'_>) {
        LINES.lock().unwrap_or_else(PoisonError::into_inner).push(format!("{} {}", record.level(), record.args()));
    }

    fn flush(&self) {}
}

/// What is logged by `f`, among what other tests log meanwhile: each line with its level.
fn logged(f: impl FnOnce()) -> Vec<String> {
    static SET: Once = Once::new();
    SET.call_once(|| {
        log::set_logger(&Lines).unwrap();
        log::set_max_level(log::LevelFilter::Trace);
    });
    let lines = || LINES.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let before = lines().len();
    f();
    lines().split_off(before)
}

#[test]
fn an_opened_library_is_named() {
    let mut config = SimConfig::default();
    config.runtime_version = 90_199_817;
    let lines = logged(|| drop(Device::open_sim(config).unwrap()));
    let expected = "DEBUG library opened: the simulated library, CANN 9.2.0-beta.17".to_owned();
    assert!(lines.contains(&expected), "{lines:?}");
}

/// Row 1 asks for a request that no other test asks for.
fn bad_batch(stream: &Stream, request: i64) -> Batch {
    Batch::of(stream, [1, request, 1], [0, 3, 1], [2, 4, 1])
}

fn has(lines: &[String], start: &str) {
    assert!(lines.iter().any(|line| line.starts_with(start)), "{start:?} in {lines:#?}");
}

#[test]
fn launches_and_waits_are_named() {
    let rig = Rig::new();
    let mut batch = Batch::good(&rig.stream);
    let lines = logged(|| {
        batch.last_loc(&rig.stream).unwrap();
        rig.stream.synchronize().unwrap();
    });
    has(&lines, "DEBUG get_last_loc, launch 1: 1 cores on stream ");
    has(&lines, "DEBUG waited for stream ");
}

/// A fault that a stream's last handle leaves behind, whether it was read or not.
#[test]
fn a_fault_that_nobody_asked_for_is_logged() {
    for read in [true, false] {
        let rig = Rig::new();
        let stream = rig.device.new_stream().unwrap();
        let mut batch = bad_batch(&stream, 71);
        let launch = batch.last_loc(&stream).unwrap();
        if read {
            drop(stream.fault_check().unwrap());
        }
        drop(batch);
        let lines = logged(|| {
            drop(stream);
            rig.device.reclaim().unwrap();
        });
        has(&lines, &format!("WARN never reported: get_last_loc, launch {launch}: row 1: request pool index 71 "));
    }
}

/// What the host has read already is logged when the last handle goes, by whichever drop that is.
#[test]
fn a_known_fault_is_logged_with_the_last_handle() {
    let rig = Rig::new();
    let stream = rig.device.new_stream().unwrap();
    let mut batch = bad_batch(&stream, 72);
    let launch = batch.last_loc(&stream).unwrap();
    drop(stream.fault_check().unwrap());
    batch.out();
    drop(stream);
    let lines = logged(|| drop(batch));
    has(&lines, &format!("WARN never reported: get_last_loc, launch {launch}: row 1: request pool index 72 "));
}

#[test]
fn what_could_not_be_given_back_is_logged() {
    let rig = Rig::new();
    drop(rig.device.new_stream().unwrap());
    rig.machine.fail_call("aclrtDestroyStream", 1, 507_000);
    let lines = logged(|| rig.device.reclaim().unwrap());
    has(&lines, "WARN a dropped stream is leaked: aclrtDestroyStream failed with 507000");
}

#[test]
fn a_loss_is_logged() {
    let rig = Rig::with(|config| config.devices = 2);
    let stream = rig.machine.open(1).unwrap().new_stream().unwrap();
    rig.machine.fail_launch(1, 507_035);
    let mut batch = Batch::good(&stream);
    batch.last_loc(&stream).unwrap();
    let lines = logged(|| drop(stream.synchronize().unwrap_err()));
    has(&lines, "WARN device 1: aclrtSynchronizeStream: the device is lost, AscendCL code 507035, last launch 1");
}
