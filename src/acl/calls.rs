//! The calls of the table, checked: handles instead of pointers, results instead of codes.

use std::ffi::{CStr, CString, c_void};
use std::num::NonZeroU64;

use super::bindings as raw;
use super::{Api, Binary, Context, DeviceMemory, Function, PinnedMemory, RawEvent, RawStream};
use super::{Error, Result};

/// Calls a function of the table that is known to be there, and checks what it returns. That the required ones are,
/// [`missing`](super::functions::missing) has made sure of.
macro_rules! call {
    ($api:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        let function = $api.table.$name.expect("known to be there");
        let code = function($($argument),*);
        $api.check(stringify!($name), code)
    }};
}
pub(super) use call;

/// Whether an error is this code.
fn is(error: &Error, expected: u32) -> bool {
    matches!(error, Error::Call { code, .. } if code.cast_unsigned() == expected)
}

/// Process, devices and contexts.
impl Api {
    /// Once per process: that someone was first is success. Nothing is ever finalised.
    #[cfg(any(feature = "npu", feature = "sim"))]
    pub(super) fn init(&self) -> Result<()> {
        // SAFETY: null is documented: no configuration.
        match unsafe { call!(self, aclInit(std::ptr::null())) } {
            Err(error) if is(&error, raw::ASCEND_CACHE_LOC_ACL_ERROR_REPEAT_INITIALIZE) => Ok(()),
            result => result,
        }
    }

    pub(crate) fn device_count(&self) -> Result<u32> {
        self.check_fork()?;
        let mut count = 0;
        // SAFETY: the out pointer is valid.
        unsafe { call!(self, aclrtGetDeviceCount(&raw mut count)) }?;
        Ok(count)
    }

    pub(crate) fn set_device(&self, ordinal: i32) -> Result<()> {
        // SAFETY: takes a number.
        unsafe { call!(self, aclrtSetDevice(ordinal)) }
    }

    /// The ordinal of the device that the current context is on.
    pub(crate) fn current_device(&self) -> Result<i32> {
        let mut ordinal = 0;
        // SAFETY: the out pointer is valid.
        unsafe { call!(self, aclrtGetDevice(&raw mut ordinal)) }?;
        Ok(ordinal)
    }

    /// The thread's context; `None` on a thread that never had one. First of every call's calls: a forked child comes no
    /// further.
    pub(crate) fn current_context(&self) -> Result<Option<Context>> {
        self.check_fork()?;
        let mut context = std::ptr::null_mut();
        // SAFETY: the out pointer is valid.
        match unsafe { call!(self, aclrtGetCurrentContext(&raw mut context)) } {
            Ok(()) => Ok((!context.is_null()).then(|| Context::of(context))),
            Err(error) if is(&error, raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CONTEXT_NULL) => Ok(None),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn set_current_context(&self, context: Context) -> Result<()> {
        // SAFETY: a context that was current once. A destroyed one is an error that AscendCL reports.
        unsafe { call!(self, aclrtSetCurrentContext(context.raw())) }
    }

    pub(crate) fn synchronize_device(&self) -> Result<()> {
        // SAFETY: takes nothing.
        unsafe { call!(self, aclrtSynchronizeDevice()) }
    }

    /// The chip's name. AscendCL keeps one for the process, of the first device that has one (hicann/runtime,
    /// `InitSocVersion` in `acl_rt_impl_base.cpp`): no call gives that of another device.
    pub(crate) fn soc_name(&self) -> Result<String> {
        let function = self.table.aclrtGetSocName.expect("checked when the library was opened");
        // SAFETY: takes nothing, and gives null or a text that lives as long as the library.
        let name = unsafe { function().as_ref().map(|name| CStr::from_ptr(name).to_string_lossy().into_owned()) };
        name.ok_or_else(|| Error::Call { call: "aclrtGetSocName", code: 0, message: self.recent_message() })
    }

    /// The number of the chip's arch, where the library tells it: from 9.1.0-beta.3 on, which has an error (107000) for a
    /// chip whose arch it does not know. An older one has the same, and writes it to CANN's log: it is not asked. Of the
    /// first device too, as [`soc_name`](Self::soc_name): `GetDeviceNpuArch` in `api_impl_standard_soc.cc` uses none.
    pub(crate) fn npu_arch(&self, ordinal: u32) -> Option<i64> {
        const SINCE: u32 = 90_099_803;
        if self.runtime_version().is_some_and(|version| version < SINCE) {
            return None;
        }
        self.device_attribute(ordinal, raw::ASCEND_CACHE_LOC_ACL_DEV_ATTR_NPU_ARCH)?.ok()
    }

    /// The device's vector cores: of the device itself where the library has the call for it, else by the capability that
    /// every version has, which is looked up by the chip's name.
    pub(crate) fn vector_cores(&self, ordinal: u32) -> Result<u32> {
        let attribute = self.device_attribute(ordinal, raw::ASCEND_CACHE_LOC_ACL_DEV_ATTR_VECTOR_CORE_NUM);
        let mut count = attribute.and_then(Result::ok).unwrap_or(0);
        if count <= 0 {
            let capability = raw::ASCEND_CACHE_LOC_ACL_DEVICE_INFO_VECTOR_CORE_NUM.cast_signed();
            // SAFETY: the out pointer is valid.
            unsafe { call!(self, aclGetDeviceCapability(ordinal, capability, &raw mut count)) }?;
        }
        u32::try_from(count).ok().filter(|&count| count > 0).ok_or_else(|| {
            Error::Unavailable(format!("AscendCL says that device {ordinal} has {count} vector cores").into())
        })
    }

    /// An attribute of a device; `None` where the library has no such call.
    fn device_attribute(&self, ordinal: u32, attribute: u32) -> Option<Result<i64>> {
        let (function, mut value) = (self.table.aclrtGetDeviceInfo?, 0);
        // SAFETY: the out pointer is valid.
        let code = unsafe { function(ordinal, attribute, &raw mut value) };
        Some(self.check("aclrtGetDeviceInfo", code).map(|()| value))
    }

    /// The runtime's version as a number, see [`version`](super::version); `None` of a library that does not tell.
    pub(crate) fn runtime_version(&self) -> Option<u32> {
        let (mut package, mut version) = (*b"runtime\0", 0);
        let function = self.table.aclsysGetVersionNum?;
        // SAFETY: a text that ends with 0, and a valid out pointer.
        let code = unsafe { function(package.as_mut_ptr().cast(), &raw mut version) };
        self.check("aclsysGetVersionNum", code).ok()?;
        u32::try_from(version).ok()
    }
}

/// Streams and events.
impl Api {
    pub(crate) fn create_stream(&self) -> Result<RawStream> {
        let flags = raw::ASCEND_CACHE_LOC_ACL_STREAM_FAST_LAUNCH | raw::ASCEND_CACHE_LOC_ACL_STREAM_FAST_SYNC;
        let mut stream = std::ptr::null_mut();
        // SAFETY: the out pointer is valid.
        unsafe { call!(self, aclrtCreateStreamWithConfig(&raw mut stream, 0, flags)) }?;
        Ok(RawStream::of(stream))
    }

    /// # Safety
    /// The stream is ours and its context is current; no work is left on it, and no copy of its handle is used again.
    #[expect(clippy::needless_pass_by_value, reason = "given back once")]
    pub(crate) unsafe fn destroy_stream(&self, stream: RawStream) -> Result<()> {
        // SAFETY: the caller's promise; it is taken by value.
        unsafe { call!(self, aclrtDestroyStream(stream.raw())) }
    }

    pub(crate) fn synchronize_stream(&self, stream: &RawStream) -> Result<()> {
        // SAFETY: a live stream.
        unsafe { call!(self, aclrtSynchronizeStream(stream.raw())) }
    }

    /// Whether the stream finished within `milliseconds`.
    pub(crate) fn synchronize_stream_timeout(&self, stream: &RawStream, milliseconds: i32) -> Result<bool> {
        // SAFETY: a live stream.
        match unsafe { call!(self, aclrtSynchronizeStreamWithTimeout(stream.raw(), milliseconds)) } {
            Ok(()) => Ok(true),
            Err(error) if is(&error, raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_SYNC_TIMEOUT) => Ok(false),
            Err(error) => Err(error),
        }
    }

    pub(crate) fn create_event(&self) -> Result<RawEvent> {
        let mut event = std::ptr::null_mut();
        // SAFETY: the out pointer is valid.
        unsafe { call!(self, aclrtCreateEventExWithFlag(&raw mut event, raw::ASCEND_CACHE_LOC_ACL_EVENT_SYNC)) }?;
        Ok(RawEvent::of(event))
    }

    /// Never waits: the runtime keeps what records and waits under way need until they are done.
    ///
    /// # Safety
    /// The event is ours, and no call that uses it is under way on another thread.
    #[expect(clippy::needless_pass_by_value, reason = "given back once")]
    pub(crate) unsafe fn destroy_event(&self, event: RawEvent) -> Result<()> {
        // SAFETY: the caller's promise; it is taken by value.
        unsafe { call!(self, aclrtDestroyEvent(event.raw())) }
    }

    pub(crate) fn record_event(&self, event: &RawEvent, stream: &RawStream) -> Result<()> {
        // SAFETY: a live event and a live stream.
        unsafe { call!(self, aclrtRecordEvent(event.raw(), stream.raw())) }
    }

    pub(crate) fn wait_event(&self, stream: &RawStream, event: &RawEvent) -> Result<()> {
        // SAFETY: a live event and a live stream.
        unsafe { call!(self, aclrtStreamWaitEvent(stream.raw(), event.raw())) }
    }

    /// Whether what the event was recorded behind is done.
    pub(crate) fn event_done(&self, event: &RawEvent) -> Result<bool> {
        let mut status = raw::ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_NOT_READY;
        // SAFETY: a live event; the out pointer is valid.
        unsafe { call!(self, aclrtQueryEventStatus(event.raw(), &raw mut status)) }?;
        Ok(status == raw::ASCEND_CACHE_LOC_ACL_EVENT_RECORDED_STATUS_COMPLETE)
    }
}

/// Memory. Sizes are bytes and not 0.
impl Api {
    pub(crate) fn malloc(&self, bytes: usize) -> Result<DeviceMemory> {
        let mut pointer = std::ptr::null_mut();
        // SAFETY: the out pointer is valid.
        unsafe { call!(self, aclrtMalloc(&raw mut pointer, bytes, raw::ASCEND_CACHE_LOC_ACL_MEM_MALLOC_HUGE_FIRST)) }?;
        let address = NonZeroU64::new(pointer as u64).ok_or(Error::Call {
            call: "aclrtMalloc",
            code: 0,
            message: "gave a null pointer".into(),
        })?;
        Ok(DeviceMemory { address, bytes })
    }

    /// Frees at once, whatever the device is doing.
    ///
    /// # Safety
    /// No work that is enqueued, or that a graph may yet enqueue, uses the memory.
    #[expect(clippy::needless_pass_by_value, reason = "given back once")]
    pub(crate) unsafe fn free(&self, memory: DeviceMemory) -> Result<()> {
        // SAFETY: ours, freed once: it is taken by value. The rest is the caller's promise.
        unsafe { call!(self, aclrtFree(device_pointer(memory.address.get()))) }
    }

    /// Pinned host memory, cleared.
    pub(crate) fn malloc_host(&self, bytes: usize) -> Result<PinnedMemory> {
        let mut pointer = std::ptr::null_mut();
        // SAFETY: the out pointer is valid.
        unsafe { call!(self, aclrtMallocHost(&raw mut pointer, bytes)) }?;
        if pointer.is_null() {
            return Err(Error::Call { call: "aclrtMallocHost", code: 0, message: "gave a null pointer".into() });
        }
        // SAFETY: the allocation has `bytes` bytes, and nothing else knows of it yet.
        unsafe { std::ptr::write_bytes(pointer.cast::<u8>(), 0, bytes) };
        Ok(PinnedMemory { address: pointer as usize, bytes })
    }

    /// Frees at once, whatever the device is doing.
    ///
    /// # Safety
    /// No copy that is enqueued uses the memory.
    #[expect(clippy::needless_pass_by_value, reason = "given back once")]
    pub(crate) unsafe fn free_host(&self, memory: PinnedMemory) -> Result<()> {
        // SAFETY: ours, freed once: it is taken by value. The rest is the caller's promise.
        unsafe { call!(self, aclrtFreeHost(memory.address as *mut c_void)) }
    }

    /// Enqueues a copy of the whole of `from`.
    ///
    /// # Safety
    /// Both allocations live until the copy is done, and nothing else uses `to` until then, nor writes `from` in a way
    /// that is not ordered with it on the device. The stream is not captured.
    pub(crate) unsafe fn copy_to_pinned_async(
        &self,
        to: &PinnedMemory,
        from: &DeviceMemory,
        stream: &RawStream,
    ) -> Result<()> {
        let kind = raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_HOST;
        assert!(from.bytes <= to.bytes);
        let (to_pointer, from_pointer) = (to.address as *mut c_void, device_pointer(from.address.get()));
        // SAFETY: both allocations hold the bytes. The rest is the caller's promise.
        unsafe { call!(self, aclrtMemcpyAsync(to_pointer, to.bytes, from_pointer, from.bytes, kind, stream.raw())) }
    }

    /// Enqueues a copy of the first `bytes` bytes of pinned memory.
    ///
    /// # Safety
    /// `to` has room for them. Both live until the copy is done, and nothing writes `from` until then, nor uses `to` in a
    /// way that is not ordered with it on the device. The stream is not captured.
    pub(crate) unsafe fn copy_from_pinned_async(
        &self,
        to: NonZeroU64,
        from: &PinnedMemory,
        bytes: usize,
        stream: &RawStream,
    ) -> Result<()> {
        let kind = raw::ASCEND_CACHE_LOC_ACL_MEMCPY_HOST_TO_DEVICE;
        assert!(bytes <= from.bytes);
        let (to, from) = (device_pointer(to.get()), from.address as *const c_void);
        // SAFETY: the pinned memory has the bytes. The rest is the caller's promise.
        unsafe { call!(self, aclrtMemcpyAsync(to, bytes, from, bytes, kind, stream.raw())) }
    }

    /// Enqueues a copy from device memory to device memory of the same device.
    ///
    /// # Safety
    /// Both hold the bytes, begin on 64 bytes and do not overlap; until the copy is done, or as long as a graph lives that
    /// captured it, they are there, and nothing uses them in a way that is not ordered with it on the device.
    pub(crate) unsafe fn copy_on_device_async(
        &self,
        to: NonZeroU64,
        from: NonZeroU64,
        bytes: usize,
        stream: &RawStream,
    ) -> Result<()> {
        let kind = raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_DEVICE;
        let (to, from) = (device_pointer(to.get()), device_pointer(from.get()));
        // SAFETY: the caller's promise.
        unsafe { call!(self, aclrtMemcpyAsync(to, bytes, from, bytes, kind, stream.raw())) }
    }

    /// Enqueues the clearing of the whole of `memory`.
    ///
    /// # Safety
    /// The memory lives until the clearing is done, and nothing else uses it in a way that is not ordered with it on the
    /// device. The stream is not captured.
    pub(crate) unsafe fn clear_async(&self, memory: &DeviceMemory, stream: &RawStream) -> Result<()> {
        let pointer = device_pointer(memory.address.get());
        // SAFETY: the bytes are the allocation's. The rest is the caller's promise.
        unsafe { call!(self, aclrtMemsetAsync(pointer, memory.bytes, 0, memory.bytes, stream.raw())) }
    }

    /// Copies host memory to the device and waits for it.
    ///
    /// # Safety
    /// `to` has room for `from`, and no work on the device that is not done uses it.
    pub(crate) unsafe fn copy_to_device(&self, to: NonZeroU64, from: &[u8]) -> Result<()> {
        let kind = raw::ASCEND_CACHE_LOC_ACL_MEMCPY_HOST_TO_DEVICE;
        // SAFETY: the caller's promise; `from` is a slice.
        unsafe {
            call!(self, aclrtMemcpy(device_pointer(to.get()), from.len(), from.as_ptr().cast(), from.len(), kind))
        }
    }

    /// Copies device memory to the host and waits for it.
    ///
    /// # Safety
    /// `from` has as many bytes as `to`, and no work on the device that is not done writes them.
    pub(crate) unsafe fn copy_to_host(&self, to: &mut [u8], from: NonZeroU64) -> Result<()> {
        let kind = raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_HOST;
        // SAFETY: the caller's promise; `to` is a slice.
        unsafe {
            call!(self, aclrtMemcpy(to.as_mut_ptr().cast(), to.len(), device_pointer(from.get()), to.len(), kind))
        }
    }
}

/// Kernels.
impl Api {
    /// Loads a binary for the device that is current, as one of vector kernels.
    pub(crate) fn load_binary(&self, image: &'static [u8]) -> Result<Binary> {
        let mut option = super::vector_kernels();
        let options = raw::aclrtBinaryLoadOptions { options: &raw mut option, numOpt: 1 };
        let mut binary = std::ptr::null_mut();
        // SAFETY: the image lives for ever, the option during the call.
        unsafe {
            let image = (image.as_ptr().cast(), image.len());
            call!(self, aclrtBinaryLoadFromData(image.0, image.1, &raw const options, &raw mut binary))
        }?;
        Ok(Binary::of(binary))
    }

    pub(crate) fn function(&self, binary: &Binary, name: &str) -> Result<Function> {
        let name = CString::new(name).expect("a symbol");
        let mut function = std::ptr::null_mut();
        // SAFETY: a loaded binary, a text that ends with 0, a valid out pointer.
        unsafe { call!(self, aclrtBinaryGetFunction(binary.raw(), name.as_ptr(), &raw mut function)) }?;
        Ok(Function::of(function))
    }

    /// Enqueues a kernel on `cores` vector cores. AscendCL copies the block during the call.
    ///
    /// # Safety
    /// The kernel takes this block. Until it is done, or as long as a graph lives that captured it, the arrays
    /// that the block describes are there, and nothing uses them in a way that is not ordered with it on the device.
    pub(crate) unsafe fn launch(
        &self,
        function: &Function,
        cores: u32,
        stream: &RawStream,
        block: &[u8],
    ) -> Result<()> {
        // AscendCL refuses 0 and cuts what is larger to 16 bits.
        assert!((1..=65_535).contains(&cores), "{cores} cores");
        let (function, stream) = (function.raw(), stream.raw());
        let (null, bytes) = (std::ptr::null_mut(), block.len());
        let block = block.as_ptr().cast_mut().cast();
        // SAFETY: a function of a binary that stays loaded, a live stream, a block that is only read. The rest is the
        // caller's promise.
        unsafe { call!(self, aclrtLaunchKernelWithHostArgs(function, cores, stream, null, block, bytes, null, 0)) }
    }
}

fn device_pointer(address: u64) -> *mut c_void {
    address as *mut c_void
}
