//! Random programs of instructions, flags and barriers: the first race of each, against what the definition gives.
//!
//! The simulation keeps vector clocks and the last accesses. Here the same question is answered from the graph: every
//! instruction has a start and an end; what promises an order is an edge; two accesses to one block race if no path leads
//! from the end of the earlier to the start of the later.

use ascend_cache_loc::sim::{Access, Launch, ReportKind};
use ascend_cache_loc_sim_tests::{Gm, argument, reports};

const S: usize = 0;
const V: usize = 1;
const MTE2: usize = 2;
const MTE3: usize = 3;

/// Source and target pipe of each hard event, by its number in kernels/interpreter.cpp.
const EVENTS: [(usize, usize); 13] = [
    (MTE2, V),
    (V, MTE2),
    (MTE3, V),
    (V, MTE3),
    (V, V),
    (MTE3, MTE2),
    (MTE2, MTE3),
    (S, V),
    (V, S),
    (S, MTE2),
    (MTE2, S),
    (S, MTE3),
    (MTE3, S),
];

/// The number of `V_V`.
const V_V: usize = 4;

/// A step of a program: numbers of UB blocks (below 16) and GM blocks (below 8).
#[derive(Debug, Clone, Copy)]
enum Step {
    CopyIn { ub: u64 },
    CopyBack { ub: u64, gm: u64 },
    CopyOut { ub: u64, gm: u64 },
    Add { to: u64, from: u64 },
    Get { ub: u64 },
    Set { ub: u64 },
    SetFlag { event: usize, id: u64 },
    WaitFlag { event: usize, id: u64 },
    GetGm { gm: u64 },
    Barrier { pipe: Option<usize> },
}

/// A block that an instruction touches, GM blocks from 16 on; and whether it writes it.
type Touch = (u64, bool);

impl Step {
    fn words(self) -> [u64; 3] {
        match self {
            Self::CopyIn { ub } => [0, ub, 0],
            Self::CopyBack { ub, gm } => [1, ub, gm],
            Self::CopyOut { ub, gm } => [2, ub, gm],
            Self::Add { to, from } => [3, to, from],
            Self::Get { ub } => [4, ub, 0],
            Self::Set { ub } => [5, ub, 0],
            Self::SetFlag { event, id } => [6, event as u64, id],
            Self::WaitFlag { event, id } => [7, event as u64, id],
            Self::GetGm { gm } => [8, 0, gm],
            Self::Barrier { pipe: Some(pipe) } => [9, pipe as u64 - 1, 0],
            Self::Barrier { pipe: None } => [9, 3, 0],
        }
    }

    /// What it does: setting `V_V` is a barrier of V, and waiting for it holds up nothing, as setting any flag.
    fn meaning(self) -> Self {
        match self {
            Self::SetFlag { event: V_V, .. } => Self::Barrier { pipe: Some(V) },
            Self::WaitFlag { event: V_V, id } => Self::SetFlag { event: V_V, id },
            step => step,
        }
    }

    /// The pipe that it runs on, and what it touches; `None` for what only orders.
    fn instruction(self) -> Option<(usize, Vec<Touch>)> {
        Some(match self {
            Self::CopyIn { ub } => (MTE2, vec![(ub, true)]),
            Self::CopyBack { ub, gm } => (MTE2, vec![(ub, true), (16 + gm, false)]),
            Self::CopyOut { ub, gm } => (MTE3, vec![(ub, false), (16 + gm, true)]),
            Self::Add { to, from } => (V, vec![(from, false), (to, true)]),
            Self::Get { ub } => (S, vec![(ub, false)]),
            Self::Set { ub } => (S, vec![(ub, true)]),
            Self::GetGm { gm } => (S, vec![(16 + gm, false)]),
            Self::SetFlag { .. } | Self::WaitFlag { .. } | Self::Barrier { .. } => return None,
        })
    }
}

/// A random program; every flag is set once before it is awaited, and set again only after that. Many instructions are
/// followed by what may order them, so that races come late or never.
fn program(rng: &mut fastrand::Rng) -> Vec<Step> {
    let (blocks, order) = (rng.u64(2..8), rng.usize(30..100));
    let (mut pending, mut steps) = (Vec::new(), Vec::new());
    for _ in 0..rng.usize(3..30) {
        let (ub, gm) = (rng.u64(..blocks), rng.u64(..3));
        steps.push(match rng.usize(..10) {
            0..2 => Step::CopyIn { ub },
            2 => Step::CopyBack { ub, gm },
            3..5 => Step::CopyOut { ub, gm },
            5..7 => Step::Add { to: ub, from: rng.u64(..blocks) },
            7 => Step::Get { ub },
            8 => Step::Set { ub },
            _ => Step::GetGm { gm },
        });
        while rng.usize(..100) < order {
            match rng.usize(..12) {
                0 => steps.push(Step::Barrier { pipe: None }),
                1..4 => steps.push(Step::Barrier { pipe: Some(rng.usize(V..=MTE3)) }),
                4..8 if !pending.is_empty() => {
                    let (event, id) = pending.swap_remove(rng.usize(..pending.len()));
                    steps.push(Step::WaitFlag { event, id });
                }
                _ => {
                    let (event, id) = (rng.usize(..EVENTS.len()), rng.u64(..2));
                    if !pending.contains(&(event, id)) {
                        pending.push((event, id));
                        steps.push(Step::SetFlag { event, id });
                    }
                }
            }
            if rng.usize(..4) == 0 {
                break;
            }
        }
    }
    steps
}

/// What precedes what. Step i has the nodes 2 i, its start, and 2 i + 1, its end.
struct Graph {
    edges: Vec<Vec<usize>>,
}

impl Graph {
    fn edge(&mut self, from: usize, to: usize) {
        self.edges[from].push(to);
    }

    fn reaches(&self, from: usize, to: usize) -> bool {
        let mut seen = vec![false; self.edges.len()];
        let mut open = vec![from];
        while let Some(node) = open.pop() {
            if node == to {
                return true;
            }
            if !std::mem::replace(&mut seen[node], true) {
                open.extend(&self.edges[node]);
            }
        }
        false
    }
}

/// The first step that races with an earlier one.
fn first_race(program: &[Step], auto_sync: bool) -> Option<usize> {
    let program: &Vec<_> = &program.iter().map(|step| step.meaning()).collect();
    let mut graph = Graph { edges: vec![Vec::new(); 2 * program.len()] };
    // The pipes that a step is in the order of.
    let pipes = |step: Step| match step {
        Step::SetFlag { event, .. } => vec![EVENTS[event].0],
        Step::WaitFlag { event, .. } => vec![EVENTS[event].1],
        Step::Barrier { pipe: Some(pipe) } => vec![pipe],
        Step::Barrier { pipe: None } => vec![S, V, MTE2, MTE3],
        step => step.instruction().map(|(pipe, _)| vec![pipe]).expect("an instruction"),
    };
    for (j, &step) in program.iter().enumerate() {
        graph.edge(2 * j, 2 * j + 1);
        for (i, &earlier) in program[..j].iter().enumerate() {
            let (of_step, of_earlier) = (pipes(step), pipes(earlier));
            if !of_step.iter().any(|pipe| of_earlier.contains(pipe)) {
                continue;
            }
            // A pipe starts its instructions in order. What comes after a wait or a barrier starts after its end, a
            // barrier after the end of what came before; S does one thing at a time. A flag goes up, which is the end
            // of its step, once what came before is done, and holds up nothing.
            graph.edge(2 * i, 2 * j);
            let waits = matches!(step, Step::Barrier { .. })
                || matches!(earlier, Step::WaitFlag { .. } | Step::Barrier { .. })
                || (of_step == [S] && of_earlier == [S]);
            match step {
                Step::SetFlag { .. } => graph.edge(2 * i + 1, 2 * j + 1),
                _ if waits => graph.edge(2 * i + 1, 2 * j),
                _ => {}
            }
        }
        if let Step::WaitFlag { event, id } = step {
            let set = program[..j]
                .iter()
                .rposition(|s| matches!(s, Step::SetFlag { event: e, id: i } if (*e, *i) == (event, id)));
            graph.edge(2 * set.expect("a flag that is set") + 1, 2 * j);
        }
        let Some((pipe, touches)) = step.instruction() else { continue };
        for (i, earlier) in program[..j].iter().enumerate().rev() {
            let Some((earlier_pipe, earlier_touches)) = earlier.instruction() else { continue };
            let conflict =
                touches.iter().any(|(block, write)| earlier_touches.iter().any(|(b, w)| b == block && (*write || *w)));
            if !conflict || graph.reaches(2 * i + 1, 2 * j) {
                continue;
            }
            if !auto_sync || !(pipe == S || earlier_pipe == S || (pipe == V && earlier_pipe == V)) {
                return Some(j);
            }
            // The compiler's flag, behind the earlier instruction: all of its pipe up to there is done.
            for (k, other) in program[..=i].iter().enumerate() {
                if other.instruction().is_some_and(|(p, _)| p == earlier_pipe) {
                    graph.edge(2 * k + 1, 2 * j);
                }
            }
        }
    }
    None
}

/// Whether the simulation reports a race in the first `count` steps.
fn races(program: &[Step], count: usize, auto_sync: bool) -> bool {
    let words: Vec<u8> = program.iter().flat_map(|step| step.words()).flat_map(u64::to_ne_bytes).collect();
    let (mut steps, mut input, mut output) = (Gm::new(&words, 0), Gm::of_i32(&[1; 64]), Gm::of_i32(&[1; 64]));
    let argument = argument(&[steps.address(), count as u64, input.address(), output.address()]);
    let arrays = [steps.array(Access::Read), input.array(Access::Read), output.array(Access::ReadWrite)];
    let mut launch = Launch::new("interpreter", 1, &argument, &arrays);
    launch.auto_sync = auto_sync;
    let reports = reports(&launch);
    // A program cut short leaves flags up, and the data cache does not see what copies write, whatever orders them;
    // nothing else may be wrong with it.
    let other = |kind| !matches!(kind, ReportKind::Race | ReportKind::SetNeverWaited { .. } | ReportKind::CacheStale);
    assert!(!reports.iter().any(|report| other(report.kind)), "{program:?}: {reports:?}");
    reports.iter().any(|report| report.kind == ReportKind::Race)
}

fn compare(auto_sync: bool) {
    let mut rng = fastrand::Rng::with_seed(15);
    let (mut with, mut without, mut late) = (0, 0, 0);
    for _ in 0..3000 {
        let program = program(&mut rng);
        match first_race(&program, auto_sync) {
            None => {
                without += 1;
                assert!(!races(&program, program.len(), auto_sync), "a race that is none: {program:?}");
            }
            Some(step) => {
                with += 1;
                late += usize::from(step > 10);
                assert!(!races(&program, step, auto_sync), "a race before step {step}: {program:?}");
                assert!(races(&program, step + 1, auto_sync), "no race at step {step}: {program:?}");
            }
        }
    }
    assert!(with > 500 && without > 100 && late > 100, "{with} programs with a race, {without} without, {late} late");
}

#[test]
fn strict() {
    compare(false);
}

#[test]
fn auto_sync() {
    compare(true);
}
