//! What each pipe of each core does in a launch, by the cost model: a Perfetto trace and a picture.

use anyhow::{Context as _, bail};
use ascend_cache_loc::IntType;
use ascend_cache_loc::sim::cost::{self, Costs, End, Schedule};
use ascend_cache_loc::sim::{Pipe, StepKind};
use harness::operation::by_name;
use report::measure::Bench;
use report::svg::{Anchor, Svg, colour};
use report::workload::Workload;
use serde_json::json;

/// Vector cores of the device.
const DEVICE: u32 = 40;

const PIPES: [(Pipe, &str, &str); 4] = [
    (Pipe::S, "scalar", colour::ORANGE),
    (Pipe::V, "vector", colour::BLUE),
    (Pipe::Mte2, "copies in", colour::GREEN),
    (Pipe::Mte3, "copies out", colour::VERMILION),
];

/// A launch of an operation on one of the report's workloads, int64 to int32, on 40 vector cores, with every figure in
/// the middle: `(trace, picture)`, a Chrome JSON trace as Perfetto reads it, and an SVG.
///
/// # Errors
/// Where there is no such operation or workload, or the kernel gives a wrong result.
pub fn of(operation: &str, workload: &str) -> anyhow::Result<(String, String)> {
    let op = by_name(operation).with_context(|| format!("{operation}: no such operation"))?;
    let workloads = Workload::all();
    let cases: Vec<_> = workloads.iter().flat_map(|of| of.cases(op, IntType::I64, IntType::I32)).collect();
    let Some((_, case)) = cases.iter().find(|(name, _)| name == workload) else {
        let names: Vec<_> = cases.iter().map(|(name, _)| format!("{name:?}")).collect();
        bail!("{workload}: no such workload of {operation}; there are {}", names.join(", "));
    };
    let steps = Bench::new(DEVICE)?.run(case, None)?;
    let schedule = cost::time(&steps, DEVICE as usize, &Costs::at(End::Middle));
    let title = format!("{operation}, {workload}, on {} of {DEVICE} cores", steps.len());
    Ok((trace(&schedule, steps.len()).to_string(), picture(&schedule, steps.len(), &title)))
}

/// A process is a core, a thread a pipe. Nanoseconds are what Perfetto calls microseconds, and says so.
fn trace(schedule: &Schedule<'_>, cores: usize) -> serde_json::Value {
    let mut events = Vec::new();
    for core in 0..cores {
        events.push(json!({"ph": "M", "name": "process_name", "pid": core, "args": {"name": format!("core {core}")}}));
        for (thread, (pipe, name, _)) in PIPES.into_iter().enumerate() {
            let names = json!({"ph": "M", "name": "thread_name", "pid": core, "tid": thread, "args": {"name": name}});
            events.push(names);
            for span in schedule.spans(core, pipe) {
                let (step, (begin, end)) = (span.step, span.ns);
                let place = step.place.map_or(String::new(), |(file, line)| format!("{file}:{line}"));
                let bytes = u64::from(step.blocks) * u64::from(step.block_bytes);
                events.push(json!({
                    "ph": "X", "name": step.name, "pid": core, "tid": thread,
                    "ts": begin / 1000.0, "dur": (end - begin) / 1000.0,
                    "args": {"at": place, "bytes": bytes, "repeats": step.repeats},
                }));
            }
        }
    }
    json!({"displayTimeUnit": "ns", "traceEvents": events})
}

const WIDTH: f64 = 880.0;
const LEFT: f64 = 64.0;
const RIGHT: f64 = 20.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 40.0;

/// A row of four strips a core, one a pipe. Strips of one pipe that touch are one.
fn picture(schedule: &Schedule<'_>, cores: usize, title: &str) -> String {
    let strip = (360.0 / (4.0 * cores as f64 + cores as f64)).clamp(2.0, 14.0);
    let row = 5.0 * strip;
    let height = TOP + row * cores as f64 + BOTTOM;
    let end = schedule.ends_us().into_iter().fold(0.0, f64::max);
    let start = schedule.start_us();
    let x = |us: f64| LEFT + (WIDTH - LEFT - RIGHT) * (us - start) / (end - start);
    let mut svg = Svg::new(WIDTH, height, &format!("What the pipes of each core are busy with: {title}."));
    svg.text((16.0, 24.0), Anchor::Start, colour::INK, &format!("{title}: modelled, us since the kernel began"));
    for (i, (_, name, colour)) in PIPES.into_iter().enumerate() {
        let at = 16.0 + 110.0 * i as f64;
        svg.rect((at, 36.0), (12.0, 12.0), colour);
        svg.text((at + 18.0, 47.0), Anchor::Start, colour::INK, name);
    }
    let bottom = height - BOTTOM;
    let step = [0.1, 0.2, 0.5, 1.0, 2.0, 5.0].into_iter().find(|step| (end - start) / step <= 10.0).unwrap_or(10.0);
    for i in 0..=((end - start) / step) as u32 {
        let us = f64::from(i) * step;
        svg.line(&[(x(start + us), TOP), (x(start + us), bottom)], colour::GRID, 1.0, None);
        svg.text((x(start + us), bottom + 18.0), Anchor::Middle, colour::INK, &format!("{us:.1}"));
    }
    // As many labels as there is room for.
    let every = (16.0 / row).ceil().max(1.0) as usize;
    for core in 0..cores {
        let y = TOP + row * core as f64;
        if core % every == 0 {
            svg.text((LEFT - 8.0, y + 2.0 * strip + 4.0), Anchor::End, colour::INK, &format!("core {core}"));
        }
        for (i, (pipe, _, colour)) in PIPES.into_iter().enumerate() {
            let busy = schedule.spans(core, pipe).filter(|span| span.step.kind != StepKind::WaitFlag);
            for (from, to) in merged(busy.map(|span| (span.ns.0 / 1000.0, span.ns.1 / 1000.0))) {
                svg.rect((x(from), y + strip * i as f64), ((x(to) - x(from)).max(0.4), strip * 0.9), colour);
            }
        }
    }
    svg.finish()
}

/// Spans in order of their begins, with those that touch as one.
fn merged(spans: impl Iterator<Item = (f64, f64)>) -> Vec<(f64, f64)> {
    let mut all: Vec<(f64, f64)> = Vec::new();
    for (from, to) in spans {
        match all.last_mut() {
            Some(last) if from <= last.1 + 0.002 => last.1 = last.1.max(to),
            _ => all.push((from, to)),
        }
    }
    all
}
