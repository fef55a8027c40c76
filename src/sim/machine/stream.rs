//! Simulated streams: a bounded queue of tasks, and a thread that runs them in order.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::capture::{Capture, Graph};
use super::event::Pending;
use super::pool::Permit;
use super::state::{Fail, State, lock};
use crate::acl::bindings as raw;

/// What a stream does, one after the other.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "launches are most tasks, and allocate nothing")]
pub(super) enum Task {
    Launch(KernelLaunch),
    Copy(Copy),
    Set {
        address: u64,
        value: u8,
        bytes: usize,
    },
    /// Fulfils a record.
    Record(Pending),
    /// Waits for a record.
    Wait(Pending),
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

/// The largest argument block that is kept without an allocation: those of all operations are smaller.
const SMALL: usize = 512;

/// A copy of an argument block, so that the caller's can go. Small ones need no allocation.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are small")]
pub(super) enum Argument {
    Small([u8; SMALL], u16),
    Large(Box<[u8]>),
}

impl Argument {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut small = [0; SMALL];
        match small.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                Self::Small(small, bytes.len() as u16)
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
    /// Destroyed: what is enqueued still runs.
    destroyed: bool,
    /// Its context was destroyed, or its machine is gone: nothing runs any more.
    closed: bool,
    /// The last failure of a task since the last wait (`Stream::SetErrCode` writes over the one before).
    error: Option<Fail>,
    pub(super) capture: Option<Arc<Capture>>,
    /// The device's stream that it is.
    id: Option<Permit>,
}

impl Queue {
    fn is_idle(&self) -> bool {
        !self.running && self.tasks.is_empty()
    }
}

impl SimStream {
    pub(super) fn new(handle: usize, context: usize, device: usize, capacity: usize, id: Permit) -> Arc<Self> {
        // Deep enough that a launch rarely makes it grow.
        let tasks = VecDeque::with_capacity(capacity.min(64));
        let queue = Mutex::new(Queue { tasks, id: Some(id), ..Queue::default() });
        Arc::new(Self { handle, context, device, capacity, queue, changed: Condvar::new() })
    }

    pub(super) fn queue(&self) -> MutexGuard<'_, Queue> {
        lock(&self.queue)
    }

    pub(super) fn is_captured(&self) -> bool {
        self.queue().capture.is_some()
    }

    /// Appends a task; waits for room, without limit.
    pub(super) fn push(self: &Arc<Self>, state: &Arc<State>, task: Task) -> Result<(), Fail> {
        let mut queue = self.queue();
        while queue.tasks.len() + usize::from(queue.running) >= self.capacity && !queue.closed {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.closed {
            return Err(Fail::handle("the stream is destroyed"));
        }
        if !queue.started {
            let (stream, state) = (self.clone(), state.clone());
            let thread = std::thread::Builder::new().name("simulated stream".into());
            thread.spawn(move || stream.work(&state)).map_err(|error| {
                Fail::internal(&format!("the host starts no thread for a simulated stream: {error}"))
            })?;
            queue.started = true;
        }
        queue.tasks.push_back(task);
        self.changed.notify_all();
        Ok(())
    }

    /// Waits until every task is done. `false`: they were not within `limit`.
    pub(super) fn wait(&self, limit: Option<Duration>) -> bool {
        let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
        let mut queue = self.queue();
        while !queue.is_idle() && !queue.closed {
            let Some(deadline) = deadline else {
                queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
                continue;
            };
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return false;
            }
            queue = self.changed.wait_timeout(queue, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        true
    }

    /// `Stream::Synchronize`: waits, and takes the failure of what ran. `false`: it was not done within `limit`, and
    /// nothing is taken.
    pub(super) fn synchronize(&self, limit: Option<Duration>) -> Result<bool, Fail> {
        if !self.wait(limit) {
            return Ok(false);
        }
        // By default a stream goes on after a failure, and whoever waits next is told of it, once.
        self.queue().error.take().map_or(Ok(true), Err)
    }

    pub(super) fn hold(&self, held: bool) {
        self.queue().held = held;
        self.changed.notify_all();
    }

    pub(super) fn release_hang(&self) {
        self.queue().hung = false;
        self.changed.notify_all();
    }

    /// It is gone for callers; tasks that it has still run.
    pub(super) fn destroy(&self) {
        let mut queue = self.queue();
        queue.destroyed = true;
        queue.id = None;
        self.changed.notify_all();
    }

    /// Ends its thread; tasks that did not begin are dropped.
    pub(super) fn close(&self) {
        let mut queue = self.queue();
        queue.closed = true;
        (queue.id, queue.capture) = (None, None);
        queue.tasks.clear();
        self.changed.notify_all();
    }

    fn work(&self, state: &Arc<State>) {
        loop {
            let task = {
                let mut queue = self.queue();
                loop {
                    if queue.closed || queue.destroyed && queue.tasks.is_empty() {
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
                queue.error = Some(fail);
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
                set.map_err(|lack| lack.of_copy("aclrtMemsetAsync"))
            }
            Task::Record(pending) => {
                pending.record.complete();
                Ok(())
            }
            Task::Wait(pending) => {
                pending.record.wait(state);
                Ok(())
            }
            // What comes after a failure does not run: the source does not show that it does.
            Task::Graph(graph) => graph.tasks.iter().try_for_each(|task| self.run(state, task)).map_err(graph_failure),
        }
    }
}

/// What a stream that replays a graph is told (`model_execute_task.cc`): that the graph failed, whatever the kernel's code
/// was, but for errors of memory and links.
fn graph_failure(fail: Fail) -> Fail {
    match fail.code.cast_unsigned() {
        raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_MEM_ERROR
            ..=raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SUSPECT_REMOTE_ERROR => fail,
        _ => Fail { code: raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MODEL_EXECUTE.cast_signed(), ..fail }.of("a graph"),
    }
}
