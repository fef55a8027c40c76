//! Simulated streams: a bounded queue of tasks, and a thread that runs them in order.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::capture::{Capture, Graph};
use super::state::{Fail, State, lock};

/// What a stream does, one after the other.
#[derive(Debug)]
pub(super) enum Task {
    Launch(KernelLaunch),
    Copy(Copy),
    Set {
        address: u64,
        value: u8,
        bytes: usize,
    },
    /// Fulfils the event's so-manieth record.
    Record(Arc<SimEvent>, u64),
    /// Waits for the event's so-manieth record.
    Wait(Arc<SimEvent>, u64),
    Graph(Arc<Graph>),
}

/// A kernel launch.
#[derive(Debug)]
pub(super) struct KernelLaunch {
    pub(super) kernel: Arc<str>,
    pub(super) blocks: u32,
    pub(super) argument: Argument,
    /// What happens instead of the kernel's run.
    pub(super) effect: Option<Effect>,
}

/// What a test wants a launch to end in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effect {
    Fail(i32),
    Hang,
    Skip,
}

/// A copy of an argument block, so that the caller's can go. Small ones need no allocation.
#[derive(Debug)]
pub(super) enum Argument {
    Small([u8; 128], u8),
    Large(Box<[u8]>),
}

impl Argument {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut small = [0; 128];
        match small.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                Self::Small(small, bytes.len() as u8)
            }
            None => Self::Large(bytes.into()),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes, len) => &bytes[..usize::from(*len)],
            Self::Large(bytes) => bytes,
        }
    }
}

/// A copy of memory, by addresses.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) to: u64,
    pub(super) from: u64,
    pub(super) bytes: usize,
    pub(super) way: Way,
}

/// Between which memories a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToDevice,
    ToHost,
    OnDevice,
}

/// An event: how often it was recorded, and how many of the records the device has come to.
#[derive(Debug, Default)]
pub(super) struct SimEvent {
    pub(super) records: Mutex<Records>,
    done: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Records {
    pub(super) recorded: u64,
    pub(super) done: u64,
    /// The capture that the last record is part of, and the stream that it was made on.
    pub(super) captured: Option<(Arc<Capture>, usize)>,
}

impl SimEvent {
    fn complete(&self, record: u64) {
        let mut records = lock(&self.records);
        records.done = records.done.max(record);
        self.done.notify_all();
    }

    fn wait(&self, record: u64, state: &State) {
        let mut records = lock(&self.records);
        while records.done < record && !state.ended() {
            let wait = self.done.wait_timeout(records, Duration::from_millis(20));
            records = wait.unwrap_or_else(PoisonError::into_inner).0;
        }
    }
}

/// A stream.
#[derive(Debug)]
pub(super) struct SimStream {
    pub(super) handle: usize,
    pub(super) context: usize,
    pub(super) device: usize,
    capacity: usize,
    queue: Mutex<Queue>,
    changed: Condvar,
}

#[derive(Debug, Default)]
pub(super) struct Queue {
    tasks: VecDeque<Task>,
    running: bool,
    /// Has a thread.
    started: bool,
    /// The gate is closed: no task begins.
    held: bool,
    /// The running task hangs.
    pub(super) hung: bool,
    /// Destroyed, or its machine is gone.
    closed: bool,
    /// The first failure of a task since the last wait.
    error: Option<Fail>,
    pub(super) capture: Option<Arc<Capture>>,
}

impl SimStream {
    pub(super) fn new(handle: usize, context: usize, device: usize, capacity: usize) -> Arc<Self> {
        // Deep enough that a launch rarely makes it grow.
        let tasks = VecDeque::with_capacity(capacity.min(64));
        let queue = Mutex::new(Queue { tasks, ..Queue::default() });
        Arc::new(Self { handle, context, device, capacity, queue, changed: Condvar::new() })
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    /// Appends a task; waits for room.
    pub(super) fn push(self: &Arc<Self>, state: &Arc<State>, task: Task) -> Result<(), Fail> {
        let mut queue = self.queue();
        while queue.tasks.len() + usize::from(queue.running) >= self.capacity && !queue.closed {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.closed {
            return Err(Fail::handle("the stream is destroyed"));
        }
        queue.tasks.push_back(task);
        if !std::mem::replace(&mut queue.started, true) {
            let (stream, state) = (self.clone(), state.clone());
            let spawned =
                std::thread::Builder::new().name("simulated stream".into()).spawn(move || stream.work(&state));
            spawned.map_err(|error| Fail::internal(&error.to_string()))?;
        }
        self.changed.notify_all();
        Ok(())
    }

    /// Waits until every task is done. `false`: they were not within `limit`.
    pub(super) fn synchronize(&self, limit: Option<Duration>) -> Result<bool, Fail> {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut queue = self.queue();
        while (queue.running || !queue.tasks.is_empty()) && !queue.closed {
            let Some(deadline) = deadline else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Ok(false);
            }
            queue = self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        // By default a stream goes on after a failure, and whoever waits next is told of it, once.
        queue.error.take().map_or(Ok(true), Err)
    }

    pub(super) fn hold(&self, held: bool) {
        self.queue().held = held;
        self.changed.notify_all();
    }

    pub(super) fn release_hang(&self) {
        self.queue().hung = false;
        self.changed.notify_all();
    }

    /// Ends its thread; tasks that did not begin are dropped.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        queue.tasks.clear();
        self.changed.notify_all();
    }

    fn work(&self, state: &Arc<State>) {
        loop {
            let task = {
                let mut queue = self.queue();
                loop {
                    if queue.closed {
                        return;
                    }
                    if !queue.held
                        && let Some(task) = queue.tasks.pop_front()
                    {
                        queue.running = true;
                        break task;
                    }
                    queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
            };
            let run = catch_unwind(AssertUnwindSafe(|| self.run(state, &task)));
            let result = run.unwrap_or_else(|_| Err(Fail::internal("the simulation panicked")));
            // Whoever has waited may destroy what the task held.
            drop(task);
            let mut queue = self.queue();
            queue.running = false;
            if let Err(fail) = result {
                queue.error.get_or_insert(fail);
            }
            self.changed.notify_all();
        }
    }

    fn run(&self, state: &Arc<State>, task: &Task) -> Result<(), Fail> {
        match task {
            Task::Launch(KernelLaunch { effect: Some(Effect::Fail(code)), kernel, .. }) => {
                Err(Fail::new(code.cast_unsigned(), format!("{kernel} fails here as it was told to")))
            }
            Task::Launch(KernelLaunch { effect: Some(Effect::Hang), .. }) => {
                let mut queue = self.queue();
                queue.hung = true;
                while queue.hung && !queue.closed {
                    queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                }
                Ok(())
            }
            Task::Launch(KernelLaunch { effect: Some(Effect::Skip), .. }) => Ok(()),
            Task::Launch(launch) => state.run_kernel(self.device, launch),
            Task::Copy(copy) => state.run_copy(self.device, copy),
            Task::Set { address, value, bytes } => {
                let set = lock(&state.devices[self.device].memory).set(*address, *value, *bytes);
                set.map_err(|what| Fail::dma(&format!("aclrtMemsetAsync: {what}")))
            }
            Task::Record(event, record) => {
                event.complete(*record);
                Ok(())
            }
            Task::Wait(event, record) => {
                event.wait(*record, state);
                Ok(())
            }
            Task::Graph(graph) => graph.tasks.iter().try_for_each(|task| self.run(state, task)),
        }
    }
}
