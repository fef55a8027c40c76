//! Events.

use std::ffi::c_void;
use std::sync::Arc;

use super::not_null;
use crate::acl::bindings::{self as raw, *};
use crate::sim::machine::event::SimEvent;
use crate::sim::machine::fail::{Fail, lock};
use crate::sim::machine::state::State;

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, reason = "AscendCL's functions")]
impl State {
    pub(crate) unsafe fn aclrtCreateEventExWithFlag(&self, event: *mut aclrtEvent, flag: u32) -> Result<(), Fail> {
        not_null(event, "event")?;
        let created = SimEvent::new(flag, || self.context().map(|context| context.handle))?;
        let handle = self.new_handle();
        lock(&self.objects).events.insert(handle, Arc::new(created));
        // SAFETY: not null, as checked.
        unsafe { event.write(handle as *mut c_void) };
        Ok(())
    }

    /// Neither waits nor fails, whatever still has to come to it, and needs no context.
    pub(crate) unsafe fn aclrtDestroyEvent(&self, event: aclrtEvent) -> Result<(), Fail> {
        not_null(event, "event")?;
        self.event(event as usize)?;
        lock(&self.objects).events.remove(&(event as usize));
        Ok(())
    }

    pub(crate) unsafe fn aclrtRecordEvent(
        self: &Arc<Self>,
        event: aclrtEvent,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        not_null(event, "event")?;
        let (event, stream) = (self.event(event as usize)?, self.stream(stream as usize)?);
        let stream = self.context()?.own(stream)?;
        match stream.is_captured() {
            false => self.record(&event, &stream),
            true if event.can_be_waited_for => self.record_captured(&event, &stream),
            // Success, and nothing is recorded.
            true => Ok(()),
        }
    }

    pub(crate) unsafe fn aclrtStreamWaitEvent(
        self: &Arc<Self>,
        stream: aclrtStream,
        event: aclrtEvent,
    ) -> Result<(), Fail> {
        not_null(event, "event")?;
        let (stream, event) = (self.stream(stream as usize)?, self.event(event as usize)?);
        if !event.can_be_waited_for {
            return Err(Fail::unsupported("an event without ACL_EVENT_SYNC is not waited for"));
        }
        let context = self.context()?;
        let stream = context.own(stream)?;
        if let Some(captured) = self.captured(&event) {
            if Arc::ptr_eq(&stream, &context.default_stream) {
                let text = "a default stream cannot be captured";
                return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CAPTURE_IMPLICIT, text));
            }
            return self.wait_captured(&stream, captured);
        }
        if stream.is_captured() && event.latest().is_some() {
            let text = "the event was recorded outside the capture";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_DEPENDENCY, text));
        }
        self.wait(&stream, &event)
    }

    /// Needs no context.
    pub(crate) unsafe fn aclrtQueryEventStatus(
        &self,
        event: aclrtEvent,
        status: *mut aclrtEventRecordedStatus,
    ) -> Result<(), Fail> {
        not_null(event, "event")?;
        not_null(status, "status")?;
        let event = self.event(event as usize)?;
        if self.captured(&event).is_some() {
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_CAPTURED, "the event is captured"));
        }
        // `EventQueryStatus` asks the event's context how it is, gone or not.
        if !lock(&self.objects).contexts.contains_key(&event.context) {
            lock(&self.misuses).push("an event whose context was destroyed".into());
            return Err(Fail::no_context("the event's context was destroyed"));
        }
        let answer = match self.event_done(&event)? {
            true => raw::ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_COMPLETE,
            false => raw::ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_NOT_READY,
        };
        // SAFETY: not null, as checked.
        unsafe { status.write(answer) };
        Ok(())
    }
}
