//! The committed picture, and the trace.

/// `cargo run --release -p timeline -- assign_extend_cache_locs "64 x 4" --out docs/timeline` makes it anew.
#[test]
fn committed_picture_is_current() {
    let (_, picture) = timeline::of("assign_extend_cache_locs", "64 x 4").expect("a kernel that works");
    assert!(picture == include_str!("../../docs/timeline.svg"), "docs/timeline.svg is old");
}

/// Every core is a process with four threads, whose spans begin after the start and do not run backwards.
#[test]
fn trace() {
    let (trace, _) = timeline::of("get_last_loc", "64 x 1").expect("a kernel that works");
    let trace: serde_json::Value = serde_json::from_str(&trace).expect("JSON");
    let events = trace["traceEvents"].as_array().expect("a list");
    let named = |name: &str| events.iter().filter(|event| event["name"] == name).count();
    assert_eq!((named("process_name"), named("thread_name")), (4, 16));
    let spans: Vec<_> = events.iter().filter(|event| event["ph"] == "X").collect();
    assert!(spans.len() > 4 * 16 && spans.iter().all(|span| span["dur"].as_f64() >= Some(0.0)));
    // A copy of a slot a row.
    assert!(spans.iter().filter(|span| span["name"] == "DataCopyPad" && span["args"]["bytes"] == 4).count() >= 64);
}

#[test]
fn refused() {
    let error = |operation, workload| timeline::of(operation, workload).expect_err("there is no such one").to_string();
    assert_eq!(error("get_lost_lac", "64 x 1"), "get_lost_lac: no such operation");
    assert!(
        error("get_last_loc", "65 x 1")
            .starts_with("65 x 1: no such workload of get_last_loc; there are \"300 x 1-2\", ")
    );
}
