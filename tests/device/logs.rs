//! What is said in the log, with the feature `log`.

use std::sync::{Mutex, Once, PoisonError};

use ascend_cache_loc::Device;
use ascend_cache_loc::api::sim::SimConfig;

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
