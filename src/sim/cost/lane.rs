//! One block on its core: the four pipes, each with a clock.
//!
//! The scalar pipe issues every step in order; a step of another pipe waits there for its turn. A step begins when its
//! pipe is free and what it waits for is complete. A copy takes its pipe for the time of an issue, is under way for a
//! trip, and then transfers its bytes behind the ones before it.

use std::collections::{HashSet, VecDeque};

use super::memory::{Kind, Memory};
use super::traffic::{self, Common};
use super::{Costs, instruction};
use crate::sim::{Pipe, Step, StepKind};

pub(super) const S: usize = Pipe::S as usize;
const MTE2: usize = Pipe::Mte2 as usize;

/// What decided when something began.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Cause {
    /// The block's beginning.
    Start,
    /// The scalar pipe issued this step, index of the list.
    Issued(u32),
    /// The pipe had begun this step, and was free for the next.
    Begun(u32),
    /// This step was complete.
    Complete(u32),
}

/// When a step was issued by the scalar pipe, and when its own pipe carried it out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Timing {
    pub(super) issue: (f64, f64),
    pub(super) issue_cause: Cause,
    /// From the begin until it is complete; of a step of the scalar pipe, the issue.
    pub(super) run: (f64, f64),
    pub(super) cause: Cause,
    /// Of a copy: until when its trip lasts.
    pub(super) trip_end: f64,
}

const NOT_YET: Timing = Timing {
    issue: (f64::NAN, f64::NAN),
    issue_cause: Cause::Start,
    run: (f64::NAN, f64::NAN),
    cause: Cause::Start,
    trip_end: f64::NAN,
};

/// What a core can do next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    /// The scalar pipe takes its next step.
    Issue,
    /// A pipe begins the step that has waited longest.
    Begin(usize),
    /// A pipe's next transfer begins.
    Transfer(usize),
}

#[derive(Debug)]
struct Queue {
    free: f64,
    free_cause: Cause,
    /// Steps issued for it, of which the first `begun` have begun.
    issued: Vec<u32>,
    begun: usize,
    /// When its first n instructions were complete, and by which one.
    complete: Vec<(f64, u32)>,
    /// Copies whose bytes are to come, with the time that they are there from; whether the first is under way.
    transfers: VecDeque<(u32, f64)>,
    transferring: bool,
    transferred: f64,
}

#[derive(Debug)]
pub(super) struct Lane<'a> {
    costs: &'a Costs,
    common: &'a Common,
    index: usize,
    steps: &'a [Step],
    pub(super) timings: Vec<Timing>,
    next: usize,
    queues: [Queue; 4],
    /// Lines of GM in the data cache.
    cached: HashSet<u64>,
    /// The last step was a value that came from GM, with room for another one under way.
    room: bool,
    /// How much longer trips are than with one core at work.
    growth: f64,
}

impl<'a> Lane<'a> {
    /// A block's steps, begun at a time on one of so many cores.
    pub(super) fn new(
        index: usize,
        start: f64,
        cores: usize,
        steps: &'a [Step],
        common: &'a Common,
        costs: &'a Costs,
    ) -> Self {
        let queue = || Queue {
            free: start,
            free_cause: Cause::Start,
            issued: Vec::new(),
            begun: 0,
            complete: Vec::new(),
            transfers: VecDeque::new(),
            transferring: false,
            transferred: 0.0,
        };
        let others = cores.clamp(1, 48) as f64 - 1.0;
        Self {
            costs,
            common,
            index,
            steps,
            timings: vec![NOT_YET; steps.len()],
            next: 0,
            queues: std::array::from_fn(|_| queue()),
            cached: HashSet::new(),
            room: false,
            growth: 1.0 + (costs.trip_growth - 1.0) * others / 47.0,
        }
    }

    /// When the core goes on next, and with what; nothing where it waits for a transfer, or is done.
    pub(super) fn next(&self) -> Option<(f64, Action)> {
        let issue = self.issue_time().map(|(time, _)| (time, Action::Issue));
        let begin = (S + 1..4).filter_map(|p| Some((self.begin_time(p)?.0, Action::Begin(p))));
        let transfer = (MTE2..4).filter_map(|p| {
            let queue = &self.queues[p];
            let (_, ready) = *queue.transfers.front().filter(|_| !queue.transferring)?;
            Some((ready.max(queue.transferred), Action::Transfer(p)))
        });
        issue.into_iter().chain(begin).chain(transfer).min_by(|a, b| a.0.total_cmp(&b.0))
    }

    pub(super) fn act(&mut self, action: Action, now: f64, memory: &mut Memory<'_>) {
        match action {
            Action::Issue => self.issue(now),
            Action::Begin(p) => self.begin(p, now),
            Action::Transfer(p) => {
                self.queues[p].transferring = true;
                let step = &self.steps[self.queues[p].transfers[0].0 as usize];
                let lines = traffic::lines(step);
                let common = p == MTE2 && self.common.meets(&lines);
                let kind = if p != MTE2 {
                    Kind::Out
                } else if common {
                    Kind::Common
                } else {
                    Kind::Own
                };
                memory.begin(now, (self.index, p), kind, traffic::bytes(step, self.costs), common.then_some(lines));
            }
        }
    }

    /// A pipe's transfer has ended.
    pub(super) fn transferred(&mut self, p: usize, now: f64) {
        let queue = &mut self.queues[p];
        let (step, _) = queue.transfers.pop_front().expect("it was begun");
        (queue.transferring, queue.transferred) = (false, now);
        self.timings[step as usize].run.1 = now;
        self.completed(p, step, now);
    }

    /// Whether everything is complete.
    pub(super) fn done(&self) -> bool {
        self.next == self.steps.len()
            && self.queues.iter().all(|queue| queue.begun == queue.issued.len() && queue.transfers.is_empty())
    }

    /// The latest of a time and of when the instructions that a step waits for are complete; nothing where they are not.
    fn after(&self, step: &Step, time: f64, cause: Cause) -> Option<(f64, Cause)> {
        let mut latest = (time, cause);
        for (queue, &known) in self.queues.iter().zip(&step.known) {
            if known > 0 {
                let (end, by) = *queue.complete.get(known as usize - 1)?;
                if end > latest.0 {
                    latest = (end, Cause::Complete(by));
                }
            }
        }
        Some(latest)
    }

    fn issue_time(&self) -> Option<(f64, Cause)> {
        let step = self.steps.get(self.next)?;
        let free = (self.queues[S].free, self.queues[S].free_cause);
        if step.pipe == Pipe::S {
            return self.after(step, free.0, free.1);
        }
        // There is room once the step so many before it has begun.
        let queue = &self.queues[step.pipe as usize];
        let Some(before) = queue.issued.len().checked_sub(self.costs.queue as usize) else { return Some(free) };
        if before >= queue.begun {
            return None;
        }
        let begun = self.timings[queue.issued[before] as usize].run.0;
        Some(if begun > free.0 { (begun, Cause::Begun(queue.issued[before])) } else { free })
    }

    fn issue(&mut self, now: f64) {
        let (step, this) = (&self.steps[self.next], u32::try_from(self.next).expect("fewer steps"));
        let cause = self.issue_time().expect("it was next").1;
        let end = now + self.costs.call + if step.pipe == Pipe::S { self.scalar(this as usize) } else { 0.0 };
        let timing = &mut self.timings[self.next];
        (timing.issue, timing.issue_cause) = ((now, end), cause);
        if step.pipe == Pipe::S {
            (timing.run, timing.cause) = ((now, end), cause);
        }
        self.next += 1;
        (self.queues[S].free, self.queues[S].free_cause) = (end, Cause::Issued(this));
        if step.pipe != Pipe::S {
            self.queues[step.pipe as usize].issued.push(this);
        } else if step.kind.is_instruction() {
            self.completed(S, this, end);
        }
    }

    /// What a step of the scalar pipe takes beside the call.
    fn scalar(&mut self, index: usize) -> f64 {
        let (step, costs) = (&self.steps[index], self.costs);
        let room = std::mem::take(&mut self.room);
        match step.kind {
            StepKind::UbGet => costs.scalar_work + costs.ub_get,
            StepKind::UbSet => costs.scalar_work + costs.ub_set,
            StepKind::GmGet => {
                let mut time = costs.scalar_work + costs.gm_hit;
                let mut room = room;
                for line in step.address / 64..(step.address + u64::from(step.block_bytes)).div_ceil(64) {
                    if self.cached.insert(line) {
                        time += if room { costs.gm_miss_next } else { costs.gm_miss };
                        room = !room;
                    }
                }
                self.room = room;
                time
            }
            StepKind::GmSet => costs.scalar_work + costs.gm_set,
            StepKind::CacheClean => {
                self.cached.clear();
                costs.cache_clean
            }
            StepKind::WaitFlag | StepKind::Barrier => costs.flag,
            _ => 0.0,
        }
    }

    fn begin_time(&self, p: usize) -> Option<(f64, Cause)> {
        let queue = &self.queues[p];
        let index = *queue.issued.get(queue.begun)?;
        let issued = self.timings[index as usize].issue.1;
        let free = (queue.free, queue.free_cause);
        let (time, cause) = if issued >= free.0 { (issued, Cause::Issued(index)) } else { free };
        self.after(&self.steps[index as usize], time, cause)
    }

    fn begin(&mut self, p: usize, now: f64) {
        let cause = self.begin_time(p).expect("it was next").1;
        let index = self.queues[p].issued[self.queues[p].begun];
        let step = &self.steps[index as usize];
        self.queues[p].begun += 1;
        let (busy, complete) = match step.kind {
            StepKind::Vector => instruction::vector(step, self.costs),
            StepKind::Copy => (self.costs.issue, f64::NAN),
            _ => (self.costs.flag, self.costs.flag),
        };
        let timing = &mut self.timings[index as usize];
        timing.cause = cause;
        timing.run = (now, now + complete);
        self.queues[p].free = now + busy;
        self.queues[p].free_cause = Cause::Begun(index);
        if step.kind == StepKind::Copy {
            let trip = if p == MTE2 { self.costs.read_trip } else { self.costs.write_trip };
            let ready = now + trip * self.growth;
            timing.trip_end = ready;
            self.queues[p].transfers.push_back((index, ready));
        } else if step.kind.is_instruction() {
            self.completed(p, index, now + complete);
        }
    }

    /// A pipe's instruction is complete. So are the ones before it, which may have taken longer.
    fn completed(&mut self, p: usize, index: u32, end: f64) {
        let complete = &mut self.queues[p].complete;
        let last = complete.last().copied().filter(|last| last.0 > end);
        complete.push(last.unwrap_or((end, index)));
    }
}
