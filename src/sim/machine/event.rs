//! Events, as they are made.

use std::sync::{Arc, Mutex};

use super::fail::{Fail, lock};
use super::record::{Captured, Record};
use crate::acl::bindings as raw;

/// Bits of the flag: `ACL_EVENT_SYNC` (streams can wait for it) and the runtime's second one of the kind; all that there
/// are; and the one that only goes alone.
const SYNC: u32 = raw::ASCEND_CACHE_LOC_ACL_EVENT_SYNC | 4;
const KNOWN: u32 = 0x4f;
const IPC: u32 = 0x40;

/// An event. What it was recorded in a capture for is apart from what it was recorded for outside.
#[derive(Debug)]
pub(super) struct SimEvent {
    /// That it was made in.
    pub(super) context: usize,
    /// Streams can wait for it. Others only tell the time.
    pub(super) can_be_waited_for: bool,
    pub(super) state: Mutex<EventState>,
}

#[derive(Debug, Default)]
pub(super) struct EventState {
    /// The last record outside captures.
    pub(super) latest: Option<Arc<Record>>,
    /// The last record in a capture.
    pub(super) captured: Option<Captured>,
}

impl SimEvent {
    /// By the flag; `EventCreateEx` of `api_error.cc`.
    pub(super) fn new(flag: u32, context: impl FnOnce() -> Result<usize, Fail>) -> Result<Self, Fail> {
        let alone = [0x10, 0x20, IPC].iter().all(|bit| flag & bit == 0 || flag == *bit);
        if !alone || flag & KNOWN == 0 || flag > KNOWN {
            return Err(Fail::parameter(&format!("{flag:#x} is no event's flag")));
        }
        if flag == IPC {
            return Err(Fail::unsupported("events between processes are not simulated"));
        }
        Ok(Self { context: context()?, can_be_waited_for: flag & SYNC != 0, state: Mutex::default() })
    }

    pub(super) fn latest(&self) -> Option<Arc<Record>> {
        lock(&self.state).latest.clone()
    }
}
