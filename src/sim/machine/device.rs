//! A simulated device: what it has a limited amount of.

use std::sync::{Arc, Mutex};

use super::config::SimConfig;
use super::fail::Fail;
use super::memory::Memory;
use super::pool::{Permit, Pool};
use crate::acl::bindings as raw;

#[derive(Debug)]
pub(super) struct SimDevice {
    pub(super) memory: Mutex<Memory>,
    pub(super) streams: Arc<Pool>,
    /// Records of events on their way.
    pub(super) events: Arc<Pool>,
    /// The context of aclrtSetDevice.
    pub(super) primary: Mutex<Option<usize>>,
}

impl SimDevice {
    pub(super) fn new(device: usize, config: &SimConfig) -> Self {
        Self {
            memory: Mutex::new(Memory::new(device, config.memory_bytes)),
            streams: Pool::new(config.streams),
            events: Pool::new(config.event_slots),
            primary: Mutex::new(None),
        }
    }

    /// One of its streams. `RT_ERROR_DRV_NO_STREAM_RESOURCES`: another shortage, of queues, has another code (207005).
    pub(super) fn stream(&self) -> Result<Permit, Fail> {
        let text = "the device has no stream left";
        self.streams.take().ok_or_else(|| Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_NO_STREAM_RESOURCE, text))
    }
}
