//! Simulated streams: a bounded queue of tasks, and a thread that runs them in order.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::fail::{Fail, lock};
use super::pool::Permit;
use super::task::Task;
use crate::acl::bindings as raw;

/// Runs tasks that a stream has come to: the machine.
pub(super) trait Runner: Send + Sync {
    fn run(&self, stream: &SimStream, task: &Task) -> Result<(), Fail>;
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
    hung: bool,
    /// Destroyed: what is enqueued still runs.
    destroyed: bool,
    /// Its context was destroyed, or its machine is gone: nothing runs any more.
    closed: bool,
    /// The last failure of a task since the last wait (`Stream::SetErrCode` writes over the one before).
    error: Option<Fail>,
    /// The handle of the graph that the stream is captured into.
    pub(super) capture: Option<usize>,
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

    /// Most calls refuse a captured stream, valid or not, and leave the capture as it is.
    pub(super) fn check_not_captured(&self) -> Result<(), Fail> {
        if self.is_captured() {
            let text = "the stream is being captured";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURED, text));
        }
        Ok(())
    }

    /// The running task hangs until it is told not to.
    pub(super) fn hang(&self) {
        let mut queue = self.queue();
        queue.hung = true;
        while queue.hung && !queue.closed {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Appends a task; waits for room, without limit.
    pub(super) fn push(self: &Arc<Self>, runner: &Arc<dyn Runner>, task: Task) -> Result<(), Fail> {
        let mut queue = self.queue();
        while queue.tasks.len() + usize::from(queue.running) >= self.capacity && !queue.closed {
            queue = self.changed.wait(queue).unwrap_or_else(PoisonError::into_inner);
        }
        if queue.closed {
            return Err(Fail::handle("the stream is destroyed"));
        }
        if !queue.started {
            let (stream, runner) = (self.clone(), runner.clone());
            let thread = std::thread::Builder::new().name("simulated stream".into());
            thread.spawn(move || stream.work(&*runner)).map_err(|error| {
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

    fn work(&self, runner: &dyn Runner) {
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
            let run = catch_unwind(AssertUnwindSafe(|| runner.run(self, &task)));
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
}
