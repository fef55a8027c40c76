//! The functions of the table, but for those about kernels.

use std::ffi::{c_char, c_void};
use std::sync::Arc;
use std::time::Duration;

use super::state::{Fail, State, lock};
use super::stream::{Copy, SimEvent, SimStream, Task, Way};
use crate::api::bindings::{self as raw, *};

/// The first runtime that tells a chip's arch: 9.1.0-beta.3.
const NPU_ARCH_SINCE: i32 = 90_099_803;

/// Writes through an out pointer.
///
/// # Safety
/// `to` is null or valid.
unsafe fn give<T>(to: *mut T, value: T) -> Result<(), Fail> {
    if to.is_null() {
        return Err(Fail::parameter("an out pointer is null"));
    }
    // SAFETY: the caller's promise.
    unsafe { to.write(value) };
    Ok(())
}

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, clippy::too_many_arguments, reason = "AscendCL's functions")]
impl State {
    pub(super) unsafe fn aclInit(&self, _: *const c_char) -> Result<(), Fail> {
        if self.initialise() {
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_REPEAT_INITIALIZE, "aclInit was called".into()));
        }
        Ok(())
    }

    pub(super) unsafe fn aclGetRecentErrMsg(&self) -> Result<*const c_char, Fail> {
        Ok(self.take_message())
    }

    pub(super) unsafe fn aclrtGetDeviceCount(&self, count: *mut u32) -> Result<(), Fail> {
        self.check_initialised()?;
        // SAFETY: see the impl.
        unsafe { give(count, self.config.devices) }
    }

    pub(super) unsafe fn aclrtSetDevice(&self, device: i32) -> Result<(), Fail> {
        self.check_initialised()?;
        let device = self.device(device.into())?;
        self.set_context(Some(self.default_context(device)));
        Ok(())
    }

    pub(super) unsafe fn aclrtGetDevice(&self, device: *mut i32) -> Result<(), Fail> {
        let (_, context) = self.context()?;
        // SAFETY: see the impl.
        unsafe { give(device, context.device as i32) }
    }

    pub(super) unsafe fn aclrtGetCurrentContext(&self, context: *mut aclrtContext) -> Result<(), Fail> {
        let (handle, _) = self.context()?;
        // SAFETY: see the impl.
        unsafe { give(context, handle as *mut c_void) }
    }

    pub(super) unsafe fn aclrtSetCurrentContext(&self, context: aclrtContext) -> Result<(), Fail> {
        self.check_initialised()?;
        if !lock(&self.objects).contexts.contains_key(&(context as usize)) {
            return Err(Fail::handle("no such context, or it was destroyed"));
        }
        self.set_context(Some(context as usize));
        Ok(())
    }

    pub(super) unsafe fn aclrtCreateContext(&self, context: *mut aclrtContext, device: i32) -> Result<(), Fail> {
        self.check_initialised()?;
        let handle = self.new_context(self.device(device.into())?);
        self.set_context(Some(handle));
        // SAFETY: see the impl.
        unsafe { give(context, handle as *mut c_void) }
    }

    pub(super) unsafe fn aclrtDestroyContext(&self, context: aclrtContext) -> Result<(), Fail> {
        let destroyed = lock(&self.objects).contexts.remove(&(context as usize));
        let destroyed = destroyed.ok_or_else(|| Fail::handle("no such context, or it was destroyed"))?;
        destroyed.default_stream.close();
        Ok(())
    }

    pub(super) unsafe fn aclrtGetSocName(&self) -> Result<*const c_char, Fail> {
        self.check_initialised()?;
        Ok(self.config.soc.as_ptr())
    }

    pub(super) unsafe fn aclGetDeviceCapability(
        &self,
        device: u32,
        info: aclDeviceInfo,
        value: *mut i64,
    ) -> Result<(), Fail> {
        self.check_initialised()?;
        if self.device(device.into()).is_err() {
            let text = format!("there is no device {device}");
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_INVALID_PARAM, text));
        }
        if info != raw::ASCEND_CACHE_LOC_ACL_DEVICE_INFO_VECTOR_CORE_NUM.cast_signed() {
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "not simulated".into()));
        }
        // SAFETY: see the impl.
        unsafe { give(value, self.config.vector_cores.into()) }
    }

    pub(super) unsafe fn aclrtGetDeviceInfo(
        &self,
        device: u32,
        attribute: aclrtDevAttr,
        value: *mut i64,
    ) -> Result<(), Fail> {
        self.check_initialised()?;
        if self.device(device.into()).is_err() {
            return Err(Fail::parameter(&format!("there is no device {device}")));
        }
        let told = match attribute {
            raw::ASCEND_CACHE_LOC_ACL_DEV_ATTR_VECTOR_CORE_NUM => self.config.vector_cores.into(),
            // Older runtimes do not know the attribute, newer ones not the arch of every chip: the same error.
            raw::ASCEND_CACHE_LOC_ACL_DEV_ATTR_NPU_ARCH
                if self.config.runtime_version >= NPU_ARCH_SINCE && self.config.npu_arch > 0 =>
            {
                self.config.npu_arch
            }
            _ => return Err(Fail::parameter("an attribute that the runtime does not know")),
        };
        // SAFETY: see the impl.
        unsafe { give(value, told) }
    }

    pub(super) unsafe fn aclsysGetVersionNum(&self, _: *mut c_char, version: *mut i32) -> Result<(), Fail> {
        // SAFETY: see the impl.
        unsafe { give(version, self.config.runtime_version) }
    }

    pub(super) unsafe fn aclrtSynchronizeDevice(&self) -> Result<(), Fail> {
        let (_, context) = self.context()?;
        self.check_no_capture(context.device)?;
        let waited = self.streams_of(context.device).into_iter().map(|stream| stream.synchronize(None).map(drop));
        waited.fold(Ok(()), Result::and)
    }

    pub(super) unsafe fn aclrtCreateStreamWithConfig(
        &self,
        stream: *mut aclrtStream,
        _: u32,
        _: u32,
    ) -> Result<(), Fail> {
        let (current, context) = self.context()?;
        let handle = self.new_handle();
        let created = SimStream::new(handle, current, context.device, self.config.queue_slots);
        lock(&self.objects).streams.insert(handle, created);
        // SAFETY: see the impl.
        unsafe { give(stream, handle as *mut c_void) }
    }

    pub(super) unsafe fn aclrtDestroyStream(&self, stream: aclrtStream) -> Result<(), Fail> {
        if stream.is_null() {
            return Err(Fail::parameter("a default stream is not destroyed"));
        }
        let stream = self.stream(stream as usize)?;
        self.check_not_captured(&stream)?;
        let waited = stream.synchronize(None);
        stream.close();
        lock(&self.objects).streams.remove(&stream.handle);
        waited.map(drop)
    }

    pub(super) unsafe fn aclrtSynchronizeStream(&self, stream: aclrtStream) -> Result<(), Fail> {
        let stream = self.stream(stream as usize)?;
        self.check_not_captured(&stream)?;
        stream.synchronize(None).map(drop)
    }

    pub(super) unsafe fn aclrtSynchronizeStreamWithTimeout(
        &self,
        stream: aclrtStream,
        timeout: i32,
    ) -> Result<(), Fail> {
        let stream = self.stream(stream as usize)?;
        self.check_not_captured(&stream)?;
        let limit = match timeout {
            -1 => None,
            _ => {
                Some(Duration::from_millis(u64::try_from(timeout).map_err(|_| Fail::parameter("a timeout below -1"))?))
            }
        };
        if stream.synchronize(limit)? {
            return Ok(());
        }
        let text = format!("not done after {timeout} ms");
        Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_SYNC_TIMEOUT, text))
    }

    pub(super) unsafe fn aclrtCreateEventExWithFlag(&self, event: *mut aclrtEvent, _: u32) -> Result<(), Fail> {
        self.context()?;
        let handle = self.new_handle();
        lock(&self.objects).events.insert(handle, Arc::new(SimEvent::default()));
        // SAFETY: see the impl.
        unsafe { give(event, handle as *mut c_void) }
    }

    pub(super) unsafe fn aclrtDestroyEvent(&self, event: aclrtEvent) -> Result<(), Fail> {
        let destroyed = self.event(event as usize)?;
        lock(&self.objects).events.remove(&(event as usize));
        let records = lock(&destroyed.records);
        // The task that uses it holds one reference beside ours.
        if Arc::strong_count(&destroyed) > 1 && records.captured.is_none() {
            return Err(Fail::handle("aclrtDestroyEvent of an event that the device still has to come to"));
        }
        Ok(())
    }

    pub(super) unsafe fn aclrtRecordEvent(
        self: &Arc<Self>,
        event: aclrtEvent,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        self.record(&self.event(event as usize)?, &self.stream(stream as usize)?)
    }

    pub(super) unsafe fn aclrtStreamWaitEvent(
        self: &Arc<Self>,
        stream: aclrtStream,
        event: aclrtEvent,
    ) -> Result<(), Fail> {
        self.wait(&self.stream(stream as usize)?, &self.event(event as usize)?)
    }

    pub(super) unsafe fn aclrtQueryEventStatus(
        &self,
        event: aclrtEvent,
        status: *mut aclrtEventRecordedStatus,
    ) -> Result<(), Fail> {
        let event = self.event(event as usize)?;
        let records = lock(&event.records);
        if let Some((capture, _)) = &records.captured {
            capture.invalidate();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_EVENT_CAPTURED, "the event is captured".into()));
        }
        let done = records.done >= records.recorded;
        let answers = [
            raw::ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_NOT_READY,
            raw::ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_COMPLETE,
        ];
        // SAFETY: see the impl.
        unsafe { give(status, answers[usize::from(done)]) }
    }

    pub(super) unsafe fn aclrtMalloc(
        &self,
        pointer: *mut *mut c_void,
        size: usize,
        _: aclrtMemMallocPolicy,
    ) -> Result<(), Fail> {
        let (_, context) = self.context()?;
        let address = lock(&self.devices[context.device].memory).allocate(size)?;
        // SAFETY: see the impl.
        unsafe { give(pointer, address as *mut c_void) }
    }

    pub(super) unsafe fn aclrtFree(&self, pointer: *mut c_void) -> Result<(), Fail> {
        let (_, context) = self.context()?;
        lock(&self.devices[context.device].memory).free(pointer as u64)
    }

    pub(super) unsafe fn aclrtMallocHost(&self, pointer: *mut *mut c_void, size: usize) -> Result<(), Fail> {
        self.context()?;
        if size == 0 {
            return Err(Fail::parameter("size is 0"));
        }
        let memory = lock(&self.pinned).allocate(size);
        // SAFETY: see the impl.
        unsafe { give(pointer, memory.cast()) }
    }

    pub(super) unsafe fn aclrtFreeHost(&self, pointer: *mut c_void) -> Result<(), Fail> {
        self.context()?;
        match lock(&self.pinned).free(pointer as usize) {
            true => Ok(()),
            false => Err(Fail::parameter("aclrtFreeHost of memory that aclrtMallocHost did not give")),
        }
    }

    pub(super) unsafe fn aclrtMemcpy(
        &self,
        to: *mut c_void,
        room: usize,
        from: *const c_void,
        count: usize,
        kind: aclrtMemcpyKind,
    ) -> Result<(), Fail> {
        let (_, context) = self.context()?;
        let copy = Copy::of(to, room, from, count, kind)?;
        self.check_unsafe_call(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT)?;
        // SAFETY: see the impl.
        unsafe { self.copy_now(context.device, &copy) }
    }

    pub(super) unsafe fn aclrtMemcpyAsync(
        self: &Arc<Self>,
        to: *mut c_void,
        room: usize,
        from: *const c_void,
        count: usize,
        kind: aclrtMemcpyKind,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        let stream = self.stream(stream as usize)?;
        let copy = Copy::of(to, room, from, count, kind)?;
        if copy.host().is_none_or(|host| lock(&self.pinned).holds(host, copy.bytes)) {
            return self.submit(&stream, Task::Copy(copy));
        }
        // Pageable memory: returns after the copy.
        self.check_unsafe_call(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_BLOCK_ASYNC)?;
        stream.synchronize(None)?;
        // SAFETY: see the impl.
        unsafe { self.copy_now(stream.device, &copy) }
    }

    pub(super) unsafe fn aclrtMemsetAsync(
        self: &Arc<Self>,
        pointer: *mut c_void,
        room: usize,
        value: i32,
        count: usize,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        let stream = self.stream(stream as usize)?;
        if count > room {
            return Err(Fail::parameter("more bytes than there is room for"));
        }
        let (address, value, bytes) = (pointer as u64, value as u8, count);
        self.submit(&stream, Task::Set { address, value, bytes })
    }

    pub(super) unsafe fn aclmdlRICaptureBegin(
        &self,
        stream: aclrtStream,
        mode: aclmdlRICaptureMode,
    ) -> Result<(), Fail> {
        self.begin_capture(&self.stream(stream as usize)?, stream.is_null(), mode)
    }

    pub(super) unsafe fn aclmdlRICaptureGetInfo(
        &self,
        stream: aclrtStream,
        status: *mut aclmdlRICaptureStatus,
        graph: *mut aclmdlRI,
    ) -> Result<(), Fail> {
        let captured = self.capture_status(&*self.stream(stream as usize)?);
        // SAFETY: see the impl.
        unsafe { give(status, captured).and_then(|()| give(graph, std::ptr::null_mut())) }
    }

    pub(super) unsafe fn aclmdlRICaptureEnd(&self, stream: aclrtStream, graph: *mut aclmdlRI) -> Result<(), Fail> {
        let captured = self.end_capture(&self.stream(stream as usize)?)?;
        let handle = self.new_handle();
        lock(&self.objects).graphs.insert(handle, Arc::new(captured));
        // SAFETY: see the impl.
        unsafe { give(graph, handle as *mut c_void) }
    }

    pub(super) unsafe fn aclmdlRIExecuteAsync(
        self: &Arc<Self>,
        graph: aclmdlRI,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        let stream = self.stream(stream as usize)?;
        let graph = lock(&self.objects).graphs.get(&(graph as usize)).cloned();
        let graph = graph.ok_or_else(|| Fail::handle("no such graph, or it was destroyed"))?;
        self.submit(&stream, Task::Graph(graph))
    }

    pub(super) unsafe fn aclmdlRIDestroy(&self, graph: aclmdlRI) -> Result<(), Fail> {
        match lock(&self.objects).graphs.remove(&(graph as usize)) {
            Some(_) => Ok(()),
            None => Err(Fail::handle("no such graph, or it was destroyed")),
        }
    }
}

impl Copy {
    /// A copy by AscendCL's arguments.
    fn of(to: *mut c_void, room: usize, from: *const c_void, bytes: usize, kind: u32) -> Result<Self, Fail> {
        if bytes == 0 || bytes > room {
            return Err(Fail::parameter("no bytes, or more than there is room for"));
        }
        let way = match kind {
            raw::ASCEND_CACHE_LOC_ACL_MEMCPY_HOST_TO_DEVICE => Way::ToDevice,
            raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_HOST => Way::ToHost,
            raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_DEVICE => Way::OnDevice,
            _ => return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FEATURE_NOT_SUPPORT, "not simulated".into())),
        };
        Ok(Self { to: to as u64, from: from as u64, bytes, way })
    }

    /// The host memory of it.
    fn host(&self) -> Option<usize> {
        match self.way {
            Way::ToDevice => Some(self.from as usize),
            Way::ToHost => Some(self.to as usize),
            Way::OnDevice => None,
        }
    }
}

impl State {
    /// # Safety
    /// The host memory of the copy is there, and nothing else uses it meanwhile.
    unsafe fn copy_now(&self, device: usize, copy: &Copy) -> Result<(), Fail> {
        let mut memory = lock(&self.devices[device].memory);
        let bytes = copy.bytes;
        // SAFETY: the caller's promise.
        let copied = unsafe {
            match copy.way {
                Way::ToDevice => memory.write(copy.to, copy.from as *const u8, bytes),
                Way::ToHost => memory.read(copy.from, copy.to as *mut u8, bytes),
                Way::OnDevice => {
                    let mut between = vec![0; bytes];
                    let read = memory.read(copy.from, between.as_mut_ptr(), bytes);
                    read.and_then(|()| memory.write(copy.to, between.as_ptr(), bytes))
                }
            }
        };
        copied.map_err(|what| Fail::dma(&format!("copy: {what}")))
    }

    /// A copy that a stream has come to.
    pub(super) fn run_copy(&self, device: usize, copy: &Copy) -> Result<(), Fail> {
        let pinned = lock(&self.pinned);
        if copy.host().is_some_and(|host| !pinned.holds(host, copy.bytes)) {
            return Err(Fail::dma("copy: its host memory was freed by aclrtFreeHost"));
        }
        // SAFETY: pinned memory that is live as long as the lock is held; its users wait for the stream.
        unsafe { self.copy_now(device, copy) }
    }
}
