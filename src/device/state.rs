//! What a stream is to its device: kept apart from its handles, so that device and stream need not know each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::fault_log::FaultLog;
use super::garbage::Garbage;
use crate::LaunchId;
use crate::acl::{Context, RawStream, next_id};

/// A stream that can be asked whether it is captured, and its context.
pub(crate) type Asked<'a> = (Context, &'a RawStream);

/// A stream, without its device.
#[derive(Debug)]
pub(crate) struct StreamState {
    /// Of this stream alone, in the process.
    pub(crate) id: u64,
    /// That every call on the stream makes current.
    pub(crate) context: Context,
    pub(crate) raw: RawStream,
    pub(crate) log: FaultLog,
    pub(crate) garbage: Garbage,
    last_launch: AtomicU64,
    /// Of a borrowed stream: its own, and one for each handle.
    pub(crate) handles: Arc<()>,
}

impl StreamState {
    pub(crate) fn new(context: Context, raw: RawStream, log: FaultLog) -> Self {
        let (garbage, last_launch, handles) = (Garbage::default(), AtomicU64::new(0), Arc::default());
        Self { id: next_id(), context, raw, log, garbage, last_launch, handles }
    }

    pub(crate) fn asked(&self) -> Asked<'_> {
        (self.context, &self.raw)
    }

    /// The last launch, to be named where the device is lost.
    pub(crate) fn last_launch(&self) -> Option<LaunchId> {
        LaunchId::new(self.last_launch.load(Ordering::Relaxed))
    }

    /// A launch is about to be enqueued. Said before it is, so that no failure can hide that it came to the device.
    pub(crate) fn launching(&self, id: LaunchId) {
        self.last_launch.store(id.get(), Ordering::Relaxed);
        self.log.mark_used();
    }
}

/// A handle of a borrowed stream, counted apart from the device and those who reclaim, which keep the state too.
#[derive(Debug, Clone)]
pub(crate) struct Borrowed {
    pub(crate) state: Arc<StreamState>,
    #[expect(dead_code, reason = "counted")]
    count: Arc<()>,
}

impl Borrowed {
    pub(crate) fn of(state: &Arc<StreamState>) -> Self {
        Self { state: state.clone(), count: state.handles.clone() }
    }
}
