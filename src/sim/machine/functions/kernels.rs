//! Loading and launching kernels.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;

use super::not_null;
use crate::acl::bindings::{self as raw, *};
use crate::sim::machine::fail::{Fail, lock};
use crate::sim::machine::kernels::{IMAGE, registered};
use crate::sim::machine::state::State;
use crate::sim::machine::task::{Argument, KernelLaunch, Task};

/// SAFETY of every function here: pointers are null or what AscendCL documents; the table's callers keep its rules.
#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::missing_safety_doc, clippy::too_many_arguments, reason = "AscendCL's functions")]
impl State {
    pub(crate) unsafe fn aclrtBinaryLoadFromData(
        &self,
        data: *const c_void,
        length: usize,
        options: *const aclrtBinaryLoadOptions,
        binary: *mut aclrtBinHandle,
    ) -> Result<(), Fail> {
        not_null(data, "data")?;
        not_null(binary, "binHandle")?;
        if length == 0 {
            return Err(Fail::parameter("length is 0"));
        }
        // SAFETY: `length` bytes, and null or options; see the impl.
        let image = unsafe {
            check_options(options.as_ref())?;
            std::slice::from_raw_parts(data.cast::<u8>(), length)
        };
        if image != IMAGE && !image.starts_with(b"\x7fELF") {
            return Err(Fail::parameter("not a kernel binary"));
        }
        // Nothing documents it, and a reader of ELF headers may rely on it.
        if image != IMAGE && image.as_ptr().addr() % 16 != 0 {
            return Err(Fail::parameter("a kernel binary that is not aligned to 16 bytes"));
        }
        let context = self.context()?;
        let handle = self.new_handle();
        lock(&self.objects).binaries.insert(handle, context.device);
        // SAFETY: not null, as checked.
        unsafe { binary.write(handle as *mut c_void) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtBinaryGetFunction(
        &self,
        binary: aclrtBinHandle,
        name: *const c_char,
        function: *mut aclrtFuncHandle,
    ) -> Result<(), Fail> {
        not_null(binary, "binHandle")?;
        not_null(name, "kernelName")?;
        not_null(function, "funcHandle")?;
        let device = self.binary(binary as usize)?;
        // SAFETY: a text that ends with 0; see the impl.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        if !registered(&name) {
            return Err(Fail::parameter(&format!("no kernel {name} in the binary")));
        }
        let handle = self.new_handle();
        lock(&self.objects).functions.insert(handle, (device, name.into()));
        // SAFETY: not null, as checked.
        unsafe { function.write(handle as *mut c_void) };
        Ok(())
    }

    pub(crate) unsafe fn aclrtLaunchKernelWithHostArgs(
        self: &Arc<Self>,
        function: aclrtFuncHandle,
        blocks: u32,
        stream: aclrtStream,
        config: *mut aclrtLaunchKernelCfg,
        arguments: *mut c_void,
        size: usize,
        placeholders: *mut aclrtPlaceHolderInfo,
        count: usize,
    ) -> Result<(), Fail> {
        not_null(function, "funcHandle")?;
        not_null(arguments, "hostArgs")?;
        let ((device, kernel), stream) = (self.function(function as usize)?, self.stream(stream as usize)?);
        // The size is cut to 32 bits on its way.
        let size = size as u32 as usize;
        if size == 0 || blocks == 0 {
            return Err(Fail::parameter("no arguments, or no blocks"));
        }
        if !config.is_null() || !placeholders.is_null() || count != 0 {
            return Err(Fail::unsupported("launch attributes and placeholders are not simulated"));
        }
        let stream = self.context()?.own(stream)?;
        if device != stream.device {
            return Err(Fail::handle("the binary was loaded for another device"));
        }
        // SAFETY: `size` bytes; see the impl.
        let argument = Argument::new(unsafe { std::slice::from_raw_parts(arguments.cast(), size) });
        // Nothing on this way refuses more than 65,535 blocks: the task has 16 bits for them. That 0 are left of 65,536 is
        // an error of the device here; nothing says what it is there.
        let blocks = blocks & 0xffff;
        let mut effects = lock(&self.effects);
        effects.iter_mut().for_each(|(left, _)| *left -= 1);
        let effect = effects.extract_if(.., |(left, _)| *left == 0).map(|(_, effect)| effect).last();
        drop(effects);
        self.submit(&stream, Task::Launch(KernelLaunch { kernel, blocks, argument, effect }))
    }
}

/// `BinaryLoader::ParseLoadOptions`; the kernels of the simulation are vector kernels.
///
/// # Safety
/// `numOpt` options.
unsafe fn check_options(options: Option<&aclrtBinaryLoadOptions>) -> Result<(), Fail> {
    let Some(options) = options else { return Ok(()) };
    if options.options.is_null() {
        return Err(Fail::parameter("options without any"));
    }
    // SAFETY: the caller's promise.
    for option in unsafe { std::slice::from_raw_parts(options.options, options.numOpt) } {
        match (option.type_, option.value[0]) {
            (
                raw::ASCEND_CACHE_LOC_ACL_RT_BINARY_LOAD_OPT_MAGIC,
                raw::ASCEND_CACHE_LOC_ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE,
            ) => {}
            // The magic of other cores; when to load.
            (raw::ASCEND_CACHE_LOC_ACL_RT_BINARY_LOAD_OPT_MAGIC, 0x4355_4245 | 0x4149_4343) | (1, 0 | 1) => {
                return Err(Fail::unsupported("vector kernels, loaded at once, are simulated"));
            }
            _ => return Err(Fail::parameter("no such option, or no such value of it")),
        }
    }
    Ok(())
}
