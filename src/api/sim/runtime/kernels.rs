//! Loading and launching kernels: the functions of the table, and what a stream does with a launch.

use std::ffi::{CStr, c_char, c_void};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::state::{Fail, State, lock};
use super::stream::{Argument, KernelLaunch, Task};
use crate::api::bindings as raw;
use crate::api::bindings::{
    aclrtBinHandle, aclrtBinaryLoadOption, aclrtBinaryLoadOptions, aclrtFuncHandle, aclrtLaunchKernelCfg,
    aclrtPlaceHolderInfo, aclrtStream,
};
use crate::api::block;
use crate::api::sim::{Access, Array, Launch, LaunchError};

/// Stands for a kernel binary: the kernels are linked into the program.
pub(super) const IMAGE: &[u8] = b"kernels of the simulation";

/// Whether the core simulation knows a kernel.
fn registered(name: &str) -> bool {
    // SAFETY: a launch without arrays on no cores runs nothing.
    let refused = unsafe { Launch::new(name, 0, &[], &[]).run() };
    matches!(refused, Err(LaunchError::Blocks(0)))
}

#[allow(non_snake_case, reason = "AscendCL's names")]
#[allow(clippy::too_many_arguments, reason = "AscendCL's functions")]
impl State {
    /// # Safety
    /// As AscendCL documents.
    pub(super) unsafe fn aclrtBinaryLoadFromData(
        &self,
        data: *const c_void,
        length: usize,
        options: *const aclrtBinaryLoadOptions,
        binary: *mut aclrtBinHandle,
    ) -> Result<(), Fail> {
        let (_, context) = self.context()?;
        if data.is_null() || binary.is_null() || options.is_null() {
            return Err(Fail::parameter("a pointer is null"));
        }
        // SAFETY: `length` bytes, and `numOpt` options.
        let (image, options) = unsafe {
            let options = &*options;
            (
                std::slice::from_raw_parts(data.cast::<u8>(), length),
                std::slice::from_raw_parts(options.options, options.numOpt),
            )
        };
        let vector = |option: &aclrtBinaryLoadOption| {
            option.type_ == raw::ASCEND_CACHE_LOC_ACL_RT_BINARY_LOAD_OPT_MAGIC
                && option.value[0] == raw::ASCEND_CACHE_LOC_ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE
        };
        if !options.iter().any(vector) {
            return Err(Fail::parameter("a binary of vector kernels is loaded with their magic"));
        }
        if image != IMAGE && !image.starts_with(b"\x7fELF") {
            return Err(Fail::parameter("not a kernel binary"));
        }
        // Nothing documents it, and a reader of ELF headers may rely on it.
        if image != IMAGE && image.as_ptr().addr() % 16 != 0 {
            return Err(Fail::parameter("a kernel binary that is not aligned to 16 bytes"));
        }
        let handle = self.new_handle();
        lock(&self.objects).binaries.insert(handle, context.device);
        // SAFETY: not null, as checked.
        unsafe { binary.write(handle as *mut c_void) };
        Ok(())
    }

    /// # Safety
    /// As AscendCL documents.
    pub(super) unsafe fn aclrtBinaryGetFunction(
        &self,
        binary: aclrtBinHandle,
        name: *const c_char,
        function: *mut aclrtFuncHandle,
    ) -> Result<(), Fail> {
        let device = lock(&self.objects).binaries.get(&(binary as usize)).copied();
        let device = device.ok_or_else(|| Fail::handle("no such binary"))?;
        // SAFETY: a text that ends with 0.
        let name = unsafe { CStr::from_ptr(name) }.to_string_lossy();
        if !registered(&name) {
            return Err(Fail::parameter(&format!("no kernel {name} in the binary")));
        }
        let handle = self.new_handle();
        lock(&self.objects).functions.insert(handle, (device, name.into()));
        // SAFETY: a valid out pointer.
        unsafe { function.write(handle as *mut c_void) };
        Ok(())
    }

    /// # Safety
    /// As AscendCL documents.
    pub(super) unsafe fn aclrtLaunchKernelWithHostArgs(
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
        let stream = self.stream(stream as usize)?;
        let function = lock(&self.objects).functions.get(&(function as usize)).cloned();
        let (device, kernel) = function.ok_or_else(|| Fail::handle("no such function"))?;
        if device != stream.device {
            return Err(Fail::handle("the binary was loaded for another device"));
        }
        if blocks == 0 || arguments.is_null() || size == 0 {
            return Err(Fail::parameter("no blocks, or no arguments"));
        }
        if !config.is_null() || !placeholders.is_null() || count != 0 {
            let text = "launch attributes and placeholders are not simulated".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FEATURE_NOT_SUPPORT, text));
        }
        // SAFETY: `size` bytes.
        let argument = Argument::new(unsafe { std::slice::from_raw_parts(arguments.cast(), size) });
        // The runtime cuts the number to 16 bits.
        let blocks = blocks & 0xffff;
        let mut effects = lock(&self.effects);
        effects.iter_mut().for_each(|(left, _)| *left -= 1);
        let effect = effects.extract_if(.., |(left, _)| *left == 0).map(|(_, effect)| effect).last();
        drop(effects);
        self.submit(&stream, Task::Launch(KernelLaunch { kernel, blocks, argument, effect }))
    }
}

impl State {
    /// Runs a kernel on the core simulation, with the device's memory to itself.
    pub(super) fn run_kernel(&self, device: usize, launch: &KernelLaunch) -> Result<(), Fail> {
        let kernel = &*launch.kernel;
        let mut memory = lock(&self.devices[device].memory);
        let declared = block::arrays(kernel, launch.blocks, launch.argument.bytes());
        // A kernel of others has no declaration that we can read: it may touch all memory.
        let declared = declared.unwrap_or_else(|| memory.everything());
        let mut arrays = Vec::new();
        for array in declared {
            let found = memory.find(array.address, array.bytes);
            let allocation = found.map_err(|what| Fail::memory(&format!("{kernel}: {}: {what}", array.name)))?;
            let storage = match array.access {
                Access::None | Access::Read => allocation.storage_to_read(),
                Access::Write | Access::ReadWrite => allocation.storage_to_write(),
            };
            let offset = usize::try_from(array.address - allocation.address).expect("inside");
            arrays.push(Array {
                address: array.address,
                bytes: array.bytes,
                allocation: (allocation.address, allocation.bytes),
                storage: if storage.is_null() { storage } else { storage.wrapping_add(offset) }.cast(),
                access: array.access,
            });
        }
        let mut run = Launch::new(kernel, launch.blocks, launch.argument.bytes(), &arrays);
        let count = self.launches.fetch_add(1, Ordering::Relaxed);
        let options = self.config.cores;
        if options.vary {
            run.order_seed = count + 1;
            run.saturate = count % 2 == 1;
        }
        run.instruction_limit = options.instruction_limit;
        run.auto_sync = options.auto_sync;
        run.shared_lines = options.shared_lines;
        // SAFETY: the arrays lie in allocations, as `find` has checked, and the device's memory is locked.
        let ran = unsafe { run.run() };
        match ran {
            Ok(counters) => {
                *lock(&self.last_counters) = counters;
                Ok(())
            }
            // On a device it would be an exception of its cores, or silently wrong.
            Err(error) => {
                Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, format!("{kernel}: {error}")))
            }
        }
    }
}
