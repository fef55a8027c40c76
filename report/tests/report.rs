//! The committed report is what the model says of the kernels as they are.

use std::fmt::Write as _;

use report::row::Row;

/// `cargo run --release -p report > docs/cost.txt` makes it anew.
const COMMITTED: &str = include_str!("../../docs/cost.txt");

/// Of the batches that are quick to run; all of them take a release build some ten seconds.
#[test]
fn committed_report_is_current() {
    let mut operation = "";
    let (mut now, mut checked) = (String::new(), 0);
    let quick =
        |workload: &str| ["300 x 1-2", "1 x 4", "16 x 4", "64 x 1", "1 at 8192", "64 at 8192"].contains(&workload);
    Row::some(|_, workload| quick(workload), &mut |row| {
        if row.operation != operation {
            operation = row.operation;
            now.clear();
            writeln!(now, "\n{operation}\n{}", Row::heading())?;
            assert!(
                COMMITTED.contains(&now),
                "docs/cost.txt has no {operation}; cargo run --release -p report > docs/cost.txt"
            );
        }
        let line = format!("\n{row}\n");
        assert!(
            COMMITTED.contains(&line),
            "docs/cost.txt is old; cargo run --release -p report > docs/cost.txt\n{row}"
        );
        checked += 1;
        Ok(())
    })
    .expect("kernels that work");
    assert!(checked >= 2 * 3 * 3 * 3, "{checked} rows");
}

/// What the JSON of a row has, and that the floor is one.
#[test]
fn rows() {
    Row::some(|_, workload| ["16 x 4", "64 x 1", "16 at 8192"].contains(&workload), &mut |row| {
        let json = serde_json::to_value(&row)?;
        for field in ["operation", "workload", "index", "out", "device_cores", "cores", "us", "floor_us", "peers_us"] {
            assert!(json.get(field).is_some(), "{field}");
        }
        let theirs = ["get_last_loc", "assign_extend_cache_locs"].contains(&row.operation);
        assert_eq!(row.peers_us.contains_key("pr261"), theirs && row.out == "i32", "{row}");
        let times = row.peers_us.values().chain([&row.us]);
        for us in times {
            assert!(us.iter().zip(&row.floor_us).all(|(us, floor)| us > floor), "below the floor: {row}");
            assert!(us.is_sorted(), "{row}");
        }
        Ok(())
    })
    .expect("kernels that work");
}

/// `cargo run --release -p report -- --chart > docs/cost.svg` makes it anew.
#[test]
fn committed_chart_is_current() {
    let drawn = report::chart::draw().expect("kernels that work");
    assert!(drawn == include_str!("../../docs/cost.svg"), "docs/cost.svg is old: report --chart > docs/cost.svg");
}
