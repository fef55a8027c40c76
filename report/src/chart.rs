//! The report as a picture: time against batch, for each operation a panel.

use harness::operation::OPERATIONS;

use crate::row::Row;
use crate::svg::{Anchor, Svg, colour};

/// Batches of the chart, each request with a window of four tokens.
const BATCHES: [usize; 4] = [1, 16, 64, 256];
const DEVICE: u32 = 40;

const WIDTH: f64 = 880.0;
const HEIGHT: f64 = 400.0;
/// Around the plot of a panel: left, top, right, bottom.
const AROUND: (f64, f64, f64, f64) = (52.0, 62.0, 86.0, 52.0);

/// Draws it; runs what it shows.
///
/// # Errors
/// Where a kernel gives a wrong result.
pub fn draw() -> anyhow::Result<String> {
    let mut rows = Vec::new();
    let shown = |name: &str| BATCHES.iter().any(|n| name == format!("{n} x 4"));
    Row::some(|_, workload| shown(workload), &mut |row| {
        if row.device_cores == DEVICE && (&*row.index, &*row.out) == ("i64", "i32") {
            rows.push(row);
        }
        Ok(())
    })?;
    let mut svg = Svg::new(
        WIDTH,
        HEIGHT,
        "Modelled time of a launch against batch size: this crate, pull request 261 and the floor, with the range of each.",
    );
    svg.text((16.0, 24.0), Anchor::Start, colour::INK, "Modelled time of a launch, us; no device is behind it");
    let operations: Vec<_> = OPERATIONS
        .iter()
        .map(|op| op.name())
        .filter(|op| rows.iter().any(|row| row.operation == *op && !row.peers_us.is_empty()))
        .collect();
    let width = WIDTH / operations.len() as f64;
    for (i, operation) in operations.iter().enumerate() {
        let of: Vec<_> = rows.iter().filter(|row| row.operation == *operation).collect();
        panel(&mut svg, (i as f64 * width, width), operation, &of);
    }
    let note = format!(
        "requests of a batch; windows of 4 tokens, int64 to int32, {DEVICE} vector cores; bands: every figure at its fast and slow end"
    );
    svg.text((16.0, HEIGHT - 12.0), Anchor::Start, colour::INK, &note);
    Ok(svg.finish())
}

/// A line with its band: microseconds at the low end, in the middle, at the high end, for each batch.
struct Series {
    name: &'static str,
    colour: &'static str,
    dash: Option<&'static str>,
    us: Vec<[f64; 3]>,
}

fn panel(svg: &mut Svg, (left, width): (f64, f64), operation: &str, rows: &[&Row]) {
    let of = |us: fn(&Row) -> [f64; 3]| rows.iter().map(|row| us(row)).collect();
    let (from, to) = ((left + AROUND.0, AROUND.1), (left + width - AROUND.2, HEIGHT - AROUND.3));
    let series: [Series; 3] = [
        Series { name: "PR 261", colour: colour::VERMILION, dash: None, us: of(|row| row.peers_us["pr261"]) },
        Series { name: "ours", colour: colour::BLUE, dash: None, us: of(|row| row.us) },
        Series { name: "floor", colour: colour::INK, dash: Some("5 4"), us: of(|row| row.floor_us) },
    ];
    let most = series.iter().flat_map(|series| &series.us).map(|us| us[2]).fold(0.0, f64::max);
    // Both axes are logarithmic; the left one begins at one microsecond.
    let x = |i: usize| from.0 + (to.0 - from.0) * i as f64 / (rows.len() - 1) as f64;
    let y = |us: f64| to.1 - (to.1 - from.1) * us.ln() / (most * 1.1).ln();
    svg.text((left + AROUND.0, AROUND.1 - 14.0), Anchor::Start, colour::INK, operation);
    for tick in [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0].into_iter().filter(|&tick| tick <= most) {
        svg.line(&[(from.0, y(tick)), (to.0, y(tick))], colour::GRID, 1.0, None);
        svg.text((from.0 - 8.0, y(tick) + 4.0), Anchor::End, colour::INK, &format!("{tick}"));
    }
    for (i, row) in rows.iter().enumerate() {
        let batch = row.workload.split(' ').next().unwrap_or_default();
        svg.text((x(i), to.1 + 18.0), Anchor::Middle, colour::INK, batch);
    }
    let mut labels: Vec<(f64, &str, &str)> = Vec::new();
    for Series { name, colour, dash, us } in &series {
        let line = |end: usize| us.iter().enumerate().map(move |(i, us)| (x(i), y(us[end])));
        svg.band(&line(0).chain(line(2).collect::<Vec<_>>().into_iter().rev()).collect::<Vec<_>>(), colour);
        svg.line(&line(1).collect::<Vec<_>>(), colour, 2.0, *dash);
        if dash.is_none() {
            line(1).for_each(|point| svg.dot(point, colour));
        }
        labels.push((y(us[us.len() - 1][1]), *name, *colour));
    }
    // At the lines' ends, no two closer than a line of text.
    labels.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut above = 0.0_f64;
    for (at, name, colour) in labels {
        above = at.max(above + 16.0);
        svg.text((to.0 + 10.0, above + 4.0), Anchor::Start, colour, name);
    }
}
