//! Captures, and what is in them.
//!
//! Mirrors feature/aclgraph of the runtime: `context_aclgraph.cc` (begin, end, what a mode forbids), `stream_capture.cc`
//! (tasks) and `v100/api_impl_capture_event.cc` (events). A capture becomes invalid by an event that ties it to another
//! capture, or where a task finds no room; by nothing else.

use std::sync::{Arc, Mutex};
use std::thread::ThreadId;

use super::device::SimDevice;
use super::fail::{Fail, lock};
use super::pool::Permit;
use super::record::CapturedRecord;
use super::stream::SimStream;
use super::task::Task;

/// A capture under way.
#[derive(Debug)]
pub(super) struct Capture {
    /// The handle of the graph that it makes.
    pub(super) graph: usize,
    pub(super) context: usize,
    /// The stream that it began on.
    pub(super) origin: usize,
    pub(super) mode: u32,
    pub(super) thread: ThreadId,
    pub(super) progress: Mutex<Progress>,
}

#[derive(Debug, Default)]
pub(super) struct Progress {
    /// In the order of submission, which every stream and event of the capture agrees with.
    pub(super) tasks: Vec<Task>,
    pub(super) invalid: bool,
    pub(super) ended: bool,
    /// The streams in it; the first is the origin.
    pub(super) streams: Vec<Member>,
}

/// A stream in a capture. Its tasks go to hidden streams of the device.
#[derive(Debug)]
pub(super) struct Member {
    pub(super) stream: Arc<SimStream>,
    pub(super) hidden: Vec<Permit>,
    /// Tasks on the last hidden stream.
    tasks: usize,
    /// The record that is its last task.
    pub(super) last: Option<Arc<CapturedRecord>>,
    /// A task found no room.
    pub(super) invalid: bool,
}

impl Capture {
    /// Puts a task where the stream's last one was, at most `depth` on one of the device's streams; gives it back once the
    /// capture has ended.
    /// `AllocCaptureTaskWithoutLock`.
    pub(super) fn add(
        &self,
        (device, depth): (&SimDevice, usize),
        stream: &SimStream,
        task: Option<Task>,
    ) -> Result<Option<Task>, Fail> {
        let mut progress = lock(&self.progress);
        if progress.ended {
            return Ok(task);
        }
        let Progress { tasks, invalid, streams, .. } = &mut *progress;
        let member = streams.iter_mut().find(|member| member.stream.handle == stream.handle);
        let member = member.expect("in the capture");
        if member.tasks >= depth {
            match device.stream() {
                Ok(further) => member.hidden.push(further),
                Err(fail) => {
                    (member.invalid, *invalid) = (true, true);
                    return Err(fail);
                }
            }
            member.tasks = 0;
        }
        member.tasks += 1;
        member.last = None;
        tasks.extend(task);
        Ok(None)
    }

    pub(super) fn invalidate(&self) {
        lock(&self.progress).invalid = true;
    }

    pub(super) fn join(&self, device: &SimDevice, stream: &Arc<SimStream>) -> Result<(), Fail> {
        let hidden = vec![device.stream()?];
        let member = Member { stream: stream.clone(), hidden, tasks: 0, last: None, invalid: false };
        lock(&self.progress).streams.push(member);
        Ok(())
    }
}

/// `CheckCaptureModelValidity`: the last task of each stream that was drawn in is a record that is waited for, and one of
/// them is waited for by the origin, which is the first.
pub(super) fn are_joined(streams: &[Member]) -> bool {
    let (origin, drawn_in) = streams.split_first().expect("a capture has an origin");
    let waits = |member: &Member| member.last.as_ref().map_or_else(Vec::new, |record| record.waiters());
    drawn_in.iter().all(|member| !waits(member).is_empty())
        && (drawn_in.is_empty() || drawn_in.iter().any(|member| waits(member).contains(&origin.stream.handle)))
}
