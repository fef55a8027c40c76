//! The model against what was measured: `cargo test -p ascend-cache-loc-cost-tests --test calibration -- --nocapture`
//! prints the errors.

use ascend_cache_loc::sim::cost::{Costs, End};
use cost_tests::calibration;

/// With every figure in the middle of its range.
#[test]
fn public_measurements() {
    let mut outside = Vec::new();
    for measured in calibration::all() {
        let [low, middle, high] = End::ALL.map(|end| measured.modelled(&Costs::at(end)));
        let error = measured.error(&Costs::at(End::Middle));
        println!(
            "{:48} {:8.1} {}: {middle:8.1} ({:+5.1} %), {low:.1} to {high:.1}",
            measured.name,
            measured.published,
            measured.unit,
            100.0 * error
        );
        if error.abs() > measured.bound {
            outside.push(measured.name);
        }
    }
    assert_eq!(outside, Vec::<&str>::new(), "further from the measurement than they may be");
}
