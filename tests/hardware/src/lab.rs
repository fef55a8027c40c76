//! A device for experiments: memory, launches and waits, straight on AscendCL's functions. Not a model for a runtime: each
//! call waits, but for [`Lab::enqueue`] and [`Lab::enqueue_copy`].

#![allow(unsafe_code, reason = "AscendCL's functions")]

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::{CStr, CString, c_char, c_void};
use std::ptr::null_mut;
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use ascend_cache_loc::acl::{self, AclApi, aclrtBinaryLoadOptions, bindings as raw};
use ascend_cache_loc::arch;
use bytemuck::Pod;

#[cfg(feature = "npu")]
mod image {
    include!(concat!(env!("OUT_DIR"), "/kernels.rs"));
}
#[cfg(not(feature = "npu"))]
mod image {
    pub(super) static KERNELS: &[(&str, &[u8])] = &[];
    pub(super) const NO_KERNELS: &str = "built without the feature `npu`";
}

/// The kernels' parameter block, `AscendCacheLocRung` in `kernels/block.h`: what each field means is said there.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Block {
    pub(crate) input: u64,
    pub(crate) out: u64,
    pub(crate) more: u64,
    pub(crate) count: u32,
    pub(crate) size: u32,
    pub(crate) repeats: u32,
    pub(crate) mode: u32,
}

impl Block {
    fn words(self) -> [u64; 5] {
        let two = |low: u32, high: u32| u64::from(low) | u64::from(high) << 32;
        [self.input, self.out, self.more, two(self.count, self.size), two(self.repeats, self.mode)]
    }
}

/// A device for experiments.
#[derive(Debug)]
pub struct Lab {
    acl: AclApi,
    simulated: bool,
    soc: String,
    cores: u32,
    stream: *mut c_void,
    binary: *mut c_void,
    functions: RefCell<BTreeMap<&'static str, *mut c_void>>,
    patience: Duration,
    /// Something hangs on the device: nothing that it may use is given back.
    lost: Cell<bool>,
}

/// Calls a function of the table: what it returns, most often a code.
macro_rules! returned {
    ($lab:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        let function = $lab.acl.$name.context(concat!("the library has no ", stringify!($name)))?;
        // SAFETY: AscendCL's rules are kept: each pointer is one that it gave out, or a valid one of ours that it writes
        // to or reads during the call, or until the stream is waited for.
        unsafe { function($($argument),*) }
    }};
}

/// Calls a function of the table and checks what it returns.
macro_rules! call {
    ($lab:expr, $name:ident($($argument:expr),* $(,)?)) => {{
        let code = returned!($lab, $name($($argument),*));
        $lab.check(stringify!($name), code)
    }};
}

impl Lab {
    /// On device 0 of this machine.
    ///
    /// # Errors
    /// Where there is none, or no kernels for it: what was looked for.
    pub fn npu() -> Result<Self> {
        let kernels = |arch: &str| {
            let found = image::KERNELS.iter().find(|(of, _)| *of == arch).map(|(_, image)| *image);
            found.with_context(|| {
                let there: Vec<_> = image::KERNELS.iter().map(|(of, _)| *of).collect();
                let (there, add) = (there.join(", "), "set ASCEND_CACHE_LOC_ARCHS when building");
                if there.is_empty() {
                    image::NO_KERNELS.into()
                } else {
                    format!("kernels for {there} alone, not for {arch}: {add}")
                }
            })
        };
        Self::open(acl::acl()?, false, kernels)
    }

    /// On device 0 of a simulated machine.
    ///
    /// # Errors
    /// Where a call fails, as tests make it.
    #[cfg(feature = "sim")]
    pub fn simulated(machine: &ascend_cache_loc::sim::Machine) -> Result<Self> {
        crate::add_kernels();
        // The simulation looks at no more of a binary than its alignment and first bytes.
        const IMAGE: &u128 = &u128::from_le_bytes(*b"\x7fELF, no kernels");
        Self::open(*machine.acl(), true, |_| Ok(bytemuck::bytes_of(IMAGE)))
    }

    fn open(acl: AclApi, simulated: bool, kernels: impl Fn(&str) -> Result<&'static [u8]>) -> Result<Self> {
        let mut lab = Self {
            acl,
            simulated,
            soc: String::new(),
            cores: 0,
            stream: null_mut(),
            binary: null_mut(),
            functions: RefCell::default(),
            patience: Duration::from_secs(60),
            lost: Cell::new(false),
        };
        call!(lab, aclrtSetDevice(0))?;
        lab.soc = text(returned!(lab, aclrtGetSocName())).context("aclrtGetSocName gives no name")?;
        let mut number = 0;
        // Older libraries do not tell the arch.
        // SAFETY: the out pointer is valid.
        let told = lab
            .acl
            .aclrtGetDeviceInfo
            .map(|ask| unsafe { ask(0, raw::ASCEND_CACHE_LOC_ACL_DEV_ATTR_NPU_ARCH, &raw mut number) });
        let arch = arch::of((told == Some(0)).then_some(number), &lab.soc);
        let arch = arch.with_context(|| format!("no kernels for a chip named {:?}, of arch {number}", lab.soc))?;
        let mut cores = 0;
        let vector_cores = raw::ASCEND_CACHE_LOC_ACL_DEVICE_INFO_VECTOR_CORE_NUM.cast_signed();
        call!(lab, aclGetDeviceCapability(0, vector_cores, &raw mut cores))?;
        lab.cores = u32::try_from(cores).ok().filter(|&cores| cores > 0).context("no vector cores")?;
        let flags = raw::ASCEND_CACHE_LOC_ACL_STREAM_FAST_LAUNCH | raw::ASCEND_CACHE_LOC_ACL_STREAM_FAST_SYNC;
        call!(lab, aclrtCreateStreamWithConfig(&raw mut lab.stream, 0, flags))?;
        let image = kernels(arch)?;
        let mut option = acl::vector_kernels();
        let options = aclrtBinaryLoadOptions { options: &raw mut option, numOpt: 1 };
        let (data, bytes) = (image.as_ptr().cast(), image.len());
        call!(lab, aclrtBinaryLoadFromData(data, bytes, &raw const options, &raw mut lab.binary))?;
        Ok(lab)
    }

    /// How long a kernel may run before it counts as one that hangs: a minute where nothing else is said.
    pub fn set_patience(&mut self, patience: Duration) {
        self.patience = patience;
    }

    /// Whether it is a simulated device, whose times mean nothing.
    #[must_use]
    pub fn is_simulated(&self) -> bool {
        self.simulated
    }

    /// Name of the chip.
    #[must_use]
    pub fn soc(&self) -> &str {
        &self.soc
    }

    /// Vector cores of the device.
    #[must_use]
    pub fn cores(&self) -> u32 {
        self.cores
    }

    /// Runs a kernel to its end.
    pub(crate) fn run(&self, kernel: &'static str, cores: u32, block: Block) -> Result<()> {
        self.enqueue(kernel, cores, block)?;
        self.synchronize()
    }

    /// Enqueues a kernel.
    pub(crate) fn enqueue(&self, kernel: &'static str, cores: u32, block: Block) -> Result<()> {
        self.enqueue_words(kernel, cores, &block.words())
    }

    /// Enqueues a kernel with an argument block of its own, the kernel's parameters as C lays them out.
    pub(crate) fn enqueue_words(&self, kernel: &'static str, cores: u32, block: &[u64]) -> Result<()> {
        let known = self.functions.borrow().get(kernel).copied();
        let function = match known {
            Some(function) => function,
            None => {
                let symbol = CString::new(format!("ascend_cache_loc_ladder_{kernel}")).expect("a symbol");
                let mut function = null_mut();
                call!(self, aclrtBinaryGetFunction(self.binary, symbol.as_ptr(), &raw mut function))?;
                self.functions.borrow_mut().insert(kernel, function);
                function
            }
        };
        let (arguments, bytes) = (block.as_ptr().cast_mut().cast(), size_of_val(block));
        let (stream, null) = (self.stream, null_mut());
        call!(self, aclrtLaunchKernelWithHostArgs(function, cores, stream, null, arguments, bytes, null, 0))
    }

    /// Waits for all that was enqueued.
    pub(crate) fn synchronize(&self) -> Result<()> {
        let milliseconds = i32::try_from(self.patience.as_millis()).unwrap_or(i32::MAX);
        let code = returned!(self, aclrtSynchronizeStreamWithTimeout(self.stream, milliseconds));
        self.lost.set(code == raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_SYNC_TIMEOUT.cast_signed());
        self.check("aclrtSynchronizeStreamWithTimeout", code)
    }

    /// Device memory with a copy of `data`.
    pub(crate) fn upload<T: Pod>(&self, data: &[T]) -> Result<Memory<'_>> {
        let (mut pointer, bytes) = (null_mut(), size_of_val(data));
        call!(self, aclrtMalloc(&raw mut pointer, bytes, 0))?;
        let memory = Memory { lab: self, address: pointer as u64, bytes };
        call!(
            self,
            aclrtMemcpy(pointer, bytes, data.as_ptr().cast(), bytes, raw::ASCEND_CACHE_LOC_ACL_MEMCPY_HOST_TO_DEVICE)
        )?;
        Ok(memory)
    }

    /// Enqueues a copy of the first bytes of one memory to those of another.
    pub(crate) fn enqueue_copy(&self, to: &Memory<'_>, from: &Memory<'_>, bytes: usize) -> Result<()> {
        ensure!(bytes <= to.bytes && bytes <= from.bytes, "a copy of {bytes} bytes");
        let (target, source) = (to.address as *mut c_void, from.address as *const c_void);
        call!(
            self,
            aclrtMemcpyAsync(
                target,
                to.bytes,
                source,
                bytes,
                raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_DEVICE,
                self.stream
            )
        )
    }

    fn check(&self, name: &str, code: i32) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        let message = text(returned!(self, aclGetRecentErrMsg()));
        bail!("{name} returned {code}: {}", message.as_deref().unwrap_or("no text").trim())
    }
}

/// A copy of a text that AscendCL gave, or null, just before.
fn text(given: *const c_char) -> Option<String> {
    // SAFETY: null, or a text that lives at least until the next call on this thread.
    unsafe { given.as_ref().map(|given| CStr::from_ptr(given).to_string_lossy().into_owned()) }
}

impl Drop for Lab {
    fn drop(&mut self) {
        if let Some(destroy) = self.acl.aclrtDestroyStream.filter(|_| !self.stream.is_null() && !self.lost.get()) {
            // SAFETY: ours, and the last use of it. What it returns changes nothing any more.
            let _ = unsafe { destroy(self.stream) };
        }
    }
}

/// Device memory, freed when it is dropped: everything is waited for then.
#[derive(Debug)]
pub(crate) struct Memory<'a> {
    lab: &'a Lab,
    address: u64,
    bytes: usize,
}

impl Memory<'_> {
    /// The device address of a byte of it.
    pub(crate) fn at(&self, byte: usize) -> u64 {
        self.address + byte as u64
    }

    /// A copy of all of it.
    pub(crate) fn download<T: Pod>(&self) -> Result<Vec<T>> {
        let mut data = vec![T::zeroed(); self.bytes / size_of::<T>()];
        let (to, bytes) = (data.as_mut_ptr().cast(), size_of_val(&data[..]));
        let from = self.address as *const c_void;
        call!(self.lab, aclrtMemcpy(to, bytes, from, bytes, raw::ASCEND_CACHE_LOC_ACL_MEMCPY_DEVICE_TO_HOST))?;
        Ok(data)
    }
}

impl Drop for Memory<'_> {
    fn drop(&mut self) {
        if let Some(free) = self.lab.acl.aclrtFree.filter(|_| !self.lab.lost.get()) {
            // SAFETY: ours, and the last use of it.
            let _ = unsafe { free(self.address as *mut c_void) };
        }
    }
}
