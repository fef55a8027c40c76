//! The process, devices and contexts.

use std::ffi::{CStr, c_char, c_void};

use super::not_null;
use crate::acl::bindings::{self as raw, *};
use crate::sim::machine::fail::{Fail, lock};
use crate::sim::machine::state::State;

/// The first runtime that tells a chip's arch: 9.1.0-beta.3.
const NPU_ARCH_SINCE: i32 = 90_099_803;

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, reason = "AscendCL's functions")]
impl State {
    pub(crate) unsafe fn aclInit(&self, config: *const c_char) -> Result<(), Fail> {
        // SAFETY: see the impl.
        if !config.is_null() && unsafe { *config } != 0 {
            return Err(Fail::unsupported("a configuration file is not simulated"));
        }
        if self.initialise() {
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_REPEAT_INITIALIZE, "aclInit was called"));
        }
        Ok(())
    }

    pub(crate) unsafe fn aclGetRecentErrMsg(&self) -> Result<*const c_char, Fail> {
        Ok(self.take_message())
    }

    pub(crate) unsafe fn aclsysGetVersionNum(&self, package: *mut c_char, version: *mut i32) -> Result<(), Fail> {
        not_null(version, "versionNum")?;
        not_null(package, "pkgName")?;
        // SAFETY: not null, and see the impl.
        match unsafe { CStr::from_ptr(package) }.to_bytes() {
            // SAFETY: not null, as checked.
            b"runtime" => unsafe { version.write(self.config.runtime_version) },
            _ => return Err(Fail::argument("no such package is installed")),
        }
        Ok(())
    }

    pub(crate) unsafe fn aclrtGetDeviceCount(&self, count: *mut u32) -> Result<(), Fail> {
        not_null(count, "count")?;
        self.check_initialised()?;
        // SAFETY: not null, as checked.
        unsafe { count.write(self.config.devices) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtSetDevice(&self, device: i32) -> Result<(), Fail> {
        self.check_initialised()?;
        let device = self.device(device.into())?;
        let setup = |fail: Fail| Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_DEV_SETUP_ERROR, fail.text);
        self.set_context(self.primary_context(device).map_err(setup)?);
        Ok(())
    }

    pub(crate) unsafe fn aclrtGetDevice(&self, device: *mut i32) -> Result<(), Fail> {
        not_null(device, "deviceId")?;
        let context = self.context()?;
        // SAFETY: not null, as checked.
        unsafe { device.write(context.device as i32) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtGetSocName(&self) -> Result<*const c_char, Fail> {
        self.check_initialised()?;
        Ok(self.config.soc.as_ptr())
    }

    pub(crate) unsafe fn aclGetDeviceCapability(
        &self,
        device: u32,
        info: aclDeviceInfo,
        value: *mut i64,
    ) -> Result<(), Fail> {
        not_null(value, "value")?;
        self.check_initialised()?;
        self.device(device.into()).map_err(|fail| Fail::argument(&fail.text))?;
        if info != raw::ASCEND_CACHE_LOC_ACL_DEVICE_INFO_VECTOR_CORE_NUM.cast_signed() {
            // 0 and 2, of the matrix cores and the L2 cache, it would know.
            return Err(match info {
                0 | 2 => Fail::unsupported("vector cores alone are simulated"),
                _ => Fail::argument("no such fact about a device"),
            });
        }
        // SAFETY: not null, as checked.
        unsafe { value.write(self.config.vector_cores.into()) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtGetDeviceInfo(
        &self,
        device: u32,
        attribute: aclrtDevAttr,
        value: *mut i64,
    ) -> Result<(), Fail> {
        not_null(value, "value")?;
        self.check_initialised()?;
        self.device(device.into()).map_err(|fail| Fail::parameter(&fail.text))?;
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
        // SAFETY: not null, as checked.
        unsafe { value.write(told) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtSynchronizeDevice(&self) -> Result<(), Fail> {
        // `Context::Synchronize`: the current context's streams alone.
        let context = self.context()?;
        let _making = lock(&context.streams);
        let streams = self.streams_of(&context);
        streams.iter().try_for_each(|stream| stream.check_not_captured())?;
        let mut first = Ok(());
        // The default stream is the last (9.0.0 and later pass it over, with its error, where it has no work left).
        for stream in streams.iter().chain([&context.default_stream]) {
            first = first.and(stream.synchronize(None).map(drop));
        }
        first
    }

    pub(crate) unsafe fn aclrtCreateContext(&self, context: *mut aclrtContext, device: i32) -> Result<(), Fail> {
        not_null(context, "context")?;
        self.check_initialised()?;
        let handle = self.new_context(self.device(device.into())?, false)?;
        self.set_context(handle);
        // SAFETY: not null, as checked.
        unsafe { context.write(handle as *mut c_void) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtDestroyContext(&self, context: aclrtContext) -> Result<(), Fail> {
        if context.is_null() {
            return Err(Fail::parameter("context is null"));
        }
        let mut objects = lock(&self.objects);
        match objects.contexts.get(&(context as usize)) {
            None => return Err(Fail::no_context("no such context, or it was destroyed")),
            Some(context) if context.primary => {
                return Err(Fail::no_context("the context of aclrtSetDevice is not destroyed"));
            }
            Some(_) => {}
        }
        // Its graphs and streams go with it, at work or not (`Context::TearDown`).
        objects.contexts.remove(&(context as usize));
        objects.graphs.retain(|_, graph| graph.context != context as usize);
        let streams: Vec<_> = objects
            .streams
            .extract_if(|_, stream| stream.context == context as usize)
            .map(|(_, stream)| stream)
            .collect();
        drop(objects);
        streams.iter().for_each(|stream| stream.close());
        Ok(())
    }

    pub(crate) unsafe fn aclrtGetCurrentContext(&self, context: *mut aclrtContext) -> Result<(), Fail> {
        not_null(context, "context")?;
        // 8.5.0: success, and null, where there is none.
        let current = self.context()?;
        // SAFETY: not null, as checked.
        unsafe { context.write(current.handle as *mut c_void) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtSetCurrentContext(&self, context: aclrtContext) -> Result<(), Fail> {
        not_null(context, "context")?;
        self.check_initialised()?;
        // 8.5.0 takes any pointer, and the next call fails.
        if !lock(&self.objects).contexts.contains_key(&(context as usize)) {
            return Err(Fail::parameter("no such context, or it was destroyed"));
        }
        self.set_context(context as usize);
        Ok(())
    }
}
