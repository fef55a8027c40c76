//! The cost table of arch 2201 as such.

use ascend_cache_loc::sim::cost::{Costs, End, Unit};

/// Each row has a source; its ends are in order, by what they make of a time; its middle lies between them.
#[test]
fn rows() {
    for figure in Costs::FIGURES {
        let name = figure.name;
        assert!(figure.source.len() > 4, "{name} has no source");
        let faster = |a: f64, b: f64| if figure.unit == Unit::GBps { a >= b } else { a <= b };
        assert!(figure.low > 0.0 && faster(figure.low, figure.high), "{name}: its ends");
        let middle = figure.middle();
        assert!(faster(figure.low, middle) && faster(middle, figure.high), "{name}: its middle");
    }
}

/// A time is its row's, in nanoseconds; a middle that no source gives is the geometric mean.
#[test]
fn ends() {
    let [low, middle, high] = End::ALL.map(Costs::at);
    assert_eq!((low.launch_core, high.launch_core), (10.0, 280.0));
    assert!((middle.launch_core - 52.915).abs() < 0.001);
    assert!((low.vector_repeat - 1.0 / 1.85).abs() < 1e-9);
    assert_eq!(middle.all_bandwidth, 1490.0);
}
