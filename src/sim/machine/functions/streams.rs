//! Streams.

use std::ffi::c_void;
use std::sync::Arc;
use std::time::Duration;

use super::not_null;
use crate::acl::bindings::{self as raw, *};
use crate::sim::machine::fail::{Fail, lock};
use crate::sim::machine::state::State;
use crate::sim::machine::stream::SimStream;

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, reason = "AscendCL's functions")]
impl State {
    pub(crate) unsafe fn aclrtCreateStreamWithConfig(
        &self,
        stream: *mut aclrtStream,
        _priority: u32, // what is out of range is moved into it
        flag: u32,
    ) -> Result<(), Fail> {
        not_null(stream, "stream")?;
        // Bits that AscendCL does not know are left out.
        let simulated = raw::ASCEND_CACHE_LOC_ACL_STREAM_FAST_LAUNCH | raw::ASCEND_CACHE_LOC_ACL_STREAM_FAST_SYNC;
        if flag & 0x3f & !simulated != 0 {
            return Err(Fail::unsupported("streams of their own kind are not simulated"));
        }
        let context = self.context()?;
        let id = self.devices[context.device].stream()?;
        let handle = self.new_handle();
        let created = SimStream::new(handle, context.handle, context.device, self.config.queue_slots, id);
        let _making = lock(&context.streams);
        lock(&self.objects).streams.insert(handle, created);
        // SAFETY: not null, as checked.
        unsafe { stream.write(handle as *mut c_void) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtDestroyStream(&self, stream: aclrtStream) -> Result<(), Fail> {
        not_null(stream, "stream")?;
        let stream = self.stream(stream as usize)?;
        stream.as_ref().map_or(Ok(()), |stream| stream.check_not_captured())?;
        let context = self.context()?;
        let stream = context.own(stream)?;
        drop(lock(&context.streams));
        // `Stream::TearDown`: waits, but not for ever, and looks at no error.
        stream.wait(Some(self.config.destroy_stream_limit));
        let mut objects = lock(&self.objects);
        objects.streams.remove(&stream.handle);
        objects.leaving.retain(|stream| stream.strong_count() > 0);
        objects.leaving.push(Arc::downgrade(&stream));
        drop(objects);
        stream.destroy();
        Ok(())
    }

    pub(crate) unsafe fn aclrtSynchronizeStream(&self, stream: aclrtStream) -> Result<(), Fail> {
        self.stream_to_wait_for(self.stream(stream as usize)?)?.synchronize(None).map(drop)
    }

    pub(crate) unsafe fn aclrtSynchronizeStreamWithTimeout(
        &self,
        stream: aclrtStream,
        timeout: i32,
    ) -> Result<(), Fail> {
        let refused = || Fail::parameter("a timeout is -1, for none, or above 0");
        if timeout < -1 {
            return Err(refused());
        }
        let stream = self.stream(stream as usize)?;
        if timeout == 0 {
            return Err(refused());
        }
        let limit = u64::try_from(timeout).ok().map(Duration::from_millis);
        if self.stream_to_wait_for(stream)?.synchronize(limit)? {
            return Ok(());
        }
        let text = format!("not done after {timeout} ms");
        Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, text))
    }
}

impl State {
    /// `StreamSynchronize`: a stream of another context is as good, but some context must be current.
    pub(super) fn stream_to_wait_for(&self, stream: Option<Arc<SimStream>>) -> Result<Arc<SimStream>, Fail> {
        if let Some(stream) = &stream {
            stream.check_not_captured()?;
        }
        let context = self.context()?;
        Ok(stream.unwrap_or_else(|| context.default_stream.clone()))
    }
}
