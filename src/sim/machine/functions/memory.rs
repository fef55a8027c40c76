//! Memory, on the device and pinned, and copies of it.

use std::ffi::c_void;
use std::sync::Arc;

use super::not_null;
use crate::acl::bindings::{self as raw, *};
use crate::sim::machine::fail::{Fail, lock};
use crate::sim::machine::memory::device_of;
use crate::sim::machine::state::State;
use crate::sim::machine::task::{Copy, Task, Way};

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, reason = "AscendCL's functions")]
impl State {
    pub(crate) unsafe fn aclrtMalloc(
        &self,
        pointer: *mut *mut c_void,
        size: usize,
        _: aclrtMemMallocPolicy,
    ) -> Result<(), Fail> {
        not_null(pointer, "devPtr")?;
        // What is added for alignment has to fit (GetAlignedAndPaddingSize).
        if size == 0 || size.checked_add(64).is_none() {
            return Err(Fail::argument("size is 0, or too large to be rounded up"));
        }
        let context = self.context()?;
        let address = lock(&self.devices[context.device].memory).allocate(size)?;
        // SAFETY: not null, as checked.
        unsafe { pointer.write(address as *mut c_void) };
        Ok(())
    }

    /// Needs no context: the address says which device's memory it is.
    pub(crate) unsafe fn aclrtFree(&self, pointer: *mut c_void) -> Result<(), Fail> {
        not_null(pointer, "devPtr")?;
        self.check_initialised()?;
        match self.devices.get(device_of(pointer as u64)) {
            Some(device) => lock(&device.memory).free(pointer as u64),
            None => Err(Fail::parameter("aclrtFree of memory that is no device's")),
        }
    }

    pub(crate) unsafe fn aclrtMallocHost(&self, pointer: *mut *mut c_void, size: usize) -> Result<(), Fail> {
        not_null(pointer, "hostPtr")?;
        if size == 0 {
            return Err(Fail::argument("size is 0"));
        }
        self.context()?;
        let none = || {
            let text = format!("the host has no {size} bytes");
            Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MEMORY_ALLOCATION, text)
        };
        let memory = lock(&self.pinned).allocate(size).ok_or_else(none)?;
        // SAFETY: not null, as checked.
        unsafe { pointer.write(memory.cast()) };
        Ok(())
    }

    /// Needs no context.
    pub(crate) unsafe fn aclrtFreeHost(&self, pointer: *mut c_void) -> Result<(), Fail> {
        not_null(pointer, "hostPtr")?;
        self.check_initialised()?;
        match lock(&self.pinned).free(pointer as usize) {
            true => Ok(()),
            false => Err(Fail::parameter("aclrtFreeHost of memory that aclrtMallocHost did not give")),
        }
    }

    pub(crate) unsafe fn aclrtMemcpy(
        &self,
        to: *mut c_void,
        room: usize,
        from: *const c_void,
        count: usize,
        kind: aclrtMemcpyKind,
    ) -> Result<(), Fail> {
        let copy = Copy::of(to, room, from, count, kind)?;
        if copy.to == copy.from {
            return Ok(());
        }
        let context = self.context()?;
        self.check_unsafe_call(&context, raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_NOT_SUPPORT)?;
        self.check_pinned(&copy)?;
        // SAFETY: see the impl.
        unsafe { self.copy_now(context.device, &copy) }
    }

    pub(crate) unsafe fn aclrtMemcpyAsync(
        self: &Arc<Self>,
        to: *mut c_void,
        room: usize,
        from: *const c_void,
        count: usize,
        kind: aclrtMemcpyKind,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        let (copy, stream) = (Copy::of(to, room, from, count, kind)?, self.stream(stream as usize)?);
        let context = self.context()?;
        if copy.to == copy.from {
            return Ok(());
        }
        if copy.host().is_none_or(|host| lock(&self.pinned).room(host).is_some()) {
            return self.submit(&context.own(stream)?, Task::Copy(copy));
        }
        // Pageable memory: waits for the stream, of whatever context, takes its error, and copies.
        if stream.as_ref().is_some_and(|stream| stream.is_captured()) {
            // 9.0.0 and before: 107027.
            return Err(Fail::parameter("a copy of pageable memory is not captured"));
        }
        self.stream_to_wait_for(stream)?.synchronize(None)?;
        // 9.0.0 and before: 107030.
        self.check_unsafe_call(&context, raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CAPTURE_MODE_BLOCK_ASYNC)?;
        // SAFETY: see the impl.
        unsafe { self.copy_now(context.device, &copy) }
    }

    pub(crate) unsafe fn aclrtMemsetAsync(
        self: &Arc<Self>,
        pointer: *mut c_void,
        room: usize,
        value: i32,
        count: usize,
        stream: aclrtStream,
    ) -> Result<(), Fail> {
        not_null(pointer, "devPtr")?;
        let stream = self.stream(stream as usize)?;
        check_room(room, count)?;
        let stream = self.context()?.own(stream)?;
        // The low byte counts.
        let (address, value, bytes) = (pointer as u64, value as u8, count);
        self.submit(&stream, Task::Set { address, value, bytes })
    }
}

/// 9.1.0 and before refuse a count of 0; later ones do nothing then, whatever the pointers.
fn check_room(room: usize, count: usize) -> Result<(), Fail> {
    if count == 0 || count > room {
        return Err(Fail::parameter("no bytes, or more than there is room for"));
    }
    Ok(())
}

impl Copy {
    /// A copy by AscendCL's arguments.
    fn of(to: *mut c_void, room: usize, from: *const c_void, bytes: usize, kind: u32) -> Result<Self, Fail> {
        not_null(to, "dst")?;
        not_null(from, "src")?;
        let way = match kind {
            raw::ASCEND_CACHE_LOC_ACL_MEMCPY_HOST_TO_DEVICE => Way::ToDevice,
            raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_HOST => Way::ToHost,
            raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_DEVICE => Way::OnDevice,
            // On the host, by the pointers, by way of a buffer.
            0 | 4 | 5 => return Err(Fail::unsupported("copies of this kind are not simulated")),
            _ => return Err(Fail::argument("no such kind of copy")),
        };
        check_room(room, bytes)?;
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
                Way::OnDevice => memory.move_within(copy.to, copy.from, bytes),
            }
        };
        copied.map_err(|lack| lack.of_copy("copy"))
    }

    /// Pinned memory that a copy begins in has all of it; nothing else on the host is known.
    fn check_pinned(&self, copy: &Copy) -> Result<(), Fail> {
        let room = copy.host().and_then(|host| lock(&self.pinned).room(host));
        if room.is_some_and(|room| room < copy.bytes) {
            return Err(Fail::dma("copy: past the end of its pinned memory"));
        }
        Ok(())
    }

    /// A copy that a stream has come to.
    pub(crate) fn run_copy(&self, device: usize, copy: &Copy) -> Result<(), Fail> {
        // The header's restriction, which the runtime leaves to its callers: what the device makes of it is not said.
        if copy.way == Way::OnDevice && !(copy.to | copy.from).is_multiple_of(64) {
            return Err(Fail::dma("copy: on the device, from or to an address that is not on 64 bytes"));
        }
        self.check_pinned(copy)?;
        let pinned = lock(&self.pinned);
        if copy.host().is_some_and(|host| pinned.room(host).is_none()) {
            return Err(Fail::dma("copy: its host memory was freed by aclrtFreeHost"));
        }
        // SAFETY: pinned memory that is live as long as the lock is held; its users wait for the stream.
        unsafe { self.copy_now(device, copy) }
    }
}
