//! Running a kernel on simulated cores.

use std::ffi::{CString, c_void};
use std::ptr;

use super::{CoreCounters, Findings, Report, Steps, steps};
use crate::sim::bindings as raw;

/// What a kernel may do to an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing: memory that is there, which the kernel has no business with.
    None,
    /// Read it.
    Read,
    /// Write it.
    Write,
    /// Both.
    ReadWrite,
}

/// An array in device memory that a kernel may touch. An access outside its array, or of the wrong kind, is a report; it
/// is carried out all the same as far as there is memory, and ends the launch where it leaves every allocation.
///
/// Sizes and addresses are bytes.
#[derive(Debug, Clone, Copy)]
pub struct Array {
    /// Device address of the first byte.
    pub address: u64,
    /// Size.
    pub bytes: u64,
    /// The allocation that the array lies in: its device address and size.
    pub allocation: (u64, u64),
    /// Host memory that holds the bytes, with the rest of the allocation around it; it is written only where an array of
    /// the allocation has write access. Null: there is none. Copies from it then count as unwritten, copies to it are
    /// dropped. A kernel that follows a `__gm__` pointer by itself needs it at `address`.
    pub storage: *mut c_void,
    /// What the kernel may do to it.
    pub access: Access,
}

impl Array {
    /// Host memory as device memory at its own address, the whole of its allocation.
    #[must_use]
    pub fn of<T: Copy>(data: *mut [T], access: Access) -> Self {
        let (address, bytes) = (data.cast::<T>() as u64, (data.len() * size_of::<T>()) as u64);
        Self { address, bytes, allocation: (address, bytes), storage: data.cast(), access }
    }
}

/// A kernel launch on simulated vector cores. The cores run one after the other, on the calling thread.
#[derive(Debug, Clone, Copy)]
pub struct Launch<'a> {
    /// Name that the kernel is known by, see [`Kernels`](super::Kernels).
    pub kernel: &'a str,
    /// The arch whose kernel of the name is run, on its cores: 2201, say, which the crate's own are compiled for.
    pub arch: u32,
    /// Number of cores, 1 to 65,535.
    pub blocks: u32,
    /// The kernel's parameters as a launch passes them: each at the next multiple of 8 bytes, the whole rounded up to 8.
    pub argument: &'a [u8],
    /// The arrays that it may touch.
    pub arrays: &'a [Array],
    /// The order of the cores: 0 ascending, else shuffled by this seed. Each order is a legal one.
    pub order_seed: u64,
    /// The most instructions that a core may issue before it is stopped.
    pub instruction_limit: u64,
    /// What the kernel's `TILING_KEY_IS` compares with.
    pub tiling_key: u64,
    /// The compiler's automatic synchronisation is on, for kernels that rely on it: it orders V and S, MTE2 and S, MTE3
    /// and S, and V with itself, but never MTE2 before V nor MTE3 before MTE2.
    pub auto_sync: bool,
    /// int16 and int32 arithmetic saturates instead of wrapping: the documentation leaves open which of them the
    /// device does, so that a kernel should give the same result either way.
    pub saturate: bool,
    /// Casts to integers cut high bits off until the kernel says otherwise, instead of saturating: the register may hold
    /// what the kernel before left in it.
    pub casts_truncate: bool,
    /// Two cores may write different bytes of one 64-byte line: what public kernels do, and the documentation neither
    /// forbids nor promises to be safe. Otherwise it is a report.
    pub shared_lines: bool,
    /// The most distinct reports to return.
    pub max_reports: usize,
}

/// Why a launch failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LaunchError {
    /// No kernel of this name is known in the program, for this arch.
    #[error("no kernel named {0:?} is known for the arch")]
    UnknownKernel(Box<str>),
    /// The number of cores is outside 1..=65535.
    #[error("{0} blocks: a launch has 1 to 65535")]
    Blocks(u32),
    /// The argument block is not as long as the kernel's parameters.
    #[error("an argument block of {bytes} bytes is not what kernel {kernel:?} takes")]
    Argument {
        /// Name of the kernel.
        kernel: Box<str>,
        /// Length of the block.
        bytes: usize,
    },
    /// An array lies outside its allocation, or wraps around the address space.
    #[error("a declared array lies outside its allocation")]
    Array,
    /// The host had no memory for the simulation, or ran out of it: cores may have written to the arrays by then.
    #[error("out of host memory")]
    NoMemory,
    /// The kernel ran, and something is wrong with it.
    #[error("{0}")]
    Reports(Box<Findings>),
}

impl<'a> Launch<'a> {
    /// A launch on cores of arch 2201 in ascending order, with strict checking: no automatic synchronisation, wrapping
    /// arithmetic, no shared lines, at most 4,194,304 instructions a core and 64 reports.
    #[must_use]
    pub fn new(kernel: &'a str, blocks: u32, argument: &'a [u8], arrays: &'a [Array]) -> Self {
        Self {
            kernel,
            arch: 2201,
            blocks,
            argument,
            arrays,
            order_seed: 0,
            instruction_limit: 1 << 22,
            tiling_key: 0,
            auto_sync: false,
            saturate: false,
            casts_truncate: false,
            shared_lines: false,
            max_reports: 64,
        }
    }

    /// Runs the kernel to its end. Returns what each core did, by block index.
    ///
    /// # Errors
    /// [`LaunchError::Reports`] if anything is wrong with what the kernel did; it did the rest all the same, unless a
    /// device would have raised an exception ([`Findings::exception`]). Anything else: nothing was run, except
    /// that [`LaunchError::NoMemory`] may come when cores have written to the arrays already.
    ///
    /// # Safety
    /// - `storage` of each array is null, or lies in memory that is valid for the whole allocation (for reads only, if no
    ///   array of the allocation has write access), and nothing else uses it during the call in a way that conflicts.
    /// - Where the kernel follows pointers by itself, past the API (a `__gm__` pointer in `argument`), these are valid.
    pub unsafe fn run(&self) -> Result<Vec<CoreCounters>, LaunchError> {
        // SAFETY: the caller's promise.
        unsafe { self.run_for(ptr::null()) }
    }

    /// [`run`](Self::run), and tells what each core did, step by step, for [`cost`](crate::sim::cost): whatever it
    /// returns, as far as it ran.
    ///
    /// # Safety
    /// As [`run`](Self::run).
    pub unsafe fn run_in_steps(&self) -> (Result<Vec<CoreCounters>, LaunchError>, Steps) {
        let mut steps = vec![Vec::new(); self.counted_blocks()];
        let observer = steps::observer(&mut steps);
        // SAFETY: the caller's promise; `observer` and what it refers to outlive the call.
        let ran = unsafe { self.run_for(&raw const observer) };
        (ran, steps)
    }

    /// The blocks that there is room for: the library refuses more.
    fn counted_blocks(&self) -> usize {
        self.blocks.min(65_535) as usize
    }

    /// # Safety
    /// As [`run`](Self::run); the observer is null or lives.
    unsafe fn run_for(
        &self,
        observer: *const raw::AscendCacheLocSimObserver,
    ) -> Result<Vec<CoreCounters>, LaunchError> {
        super::kernels::add_operations();
        let unknown = || LaunchError::UnknownKernel(self.kernel.into());
        let kernel = CString::new(self.kernel).map_err(|_| unknown())?;
        let arrays: Vec<_> = self.arrays.iter().copied().map(Array::to_raw).collect();
        let options = raw::AscendCacheLocSimOptions {
            order_seed: self.order_seed,
            instruction_limit: self.instruction_limit,
            tiling_key: self.tiling_key,
            auto_sync: u32::from(self.auto_sync),
            saturate: u32::from(self.saturate),
            casts_truncate: u32::from(self.casts_truncate),
            shared_lines: u32::from(self.shared_lines),
            arch: self.arch,
            observer,
        };
        let mut counters = vec![raw::AscendCacheLocSimCoreCounters::default(); self.counted_blocks()];
        let mut reports = vec![raw::AscendCacheLocSimReport::default(); self.max_reports];
        let mut outcome = raw::AscendCacheLocSimOutcome {
            reports: reports.as_mut_ptr(),
            reports_capacity: reports.len() as u64,
            reports_count: 0,
            counters: counters.as_mut_ptr(),
            exception: 0,
            reserved: 0,
        };
        // SAFETY: every pointer comes from a live value above, with its length beside it; `counters` has an element for
        // each block that the library accepts. The rest is the caller's promise.
        let status = unsafe {
            raw::ascend_cache_loc_sim_launch(
                kernel.as_ptr(),
                self.blocks,
                self.argument.as_ptr().cast(),
                self.argument.len() as u64,
                arrays.as_ptr(),
                arrays.len() as u64,
                &raw const options,
                &raw mut outcome,
            )
        };
        match status.cast_unsigned() {
            raw::ASCEND_CACHE_LOC_SIM_RAN => {}
            raw::ASCEND_CACHE_LOC_SIM_UNKNOWN_KERNEL => return Err(unknown()),
            raw::ASCEND_CACHE_LOC_SIM_BAD_BLOCKS => return Err(LaunchError::Blocks(self.blocks)),
            raw::ASCEND_CACHE_LOC_SIM_BAD_ARGUMENT => {
                return Err(LaunchError::Argument { kernel: self.kernel.into(), bytes: self.argument.len() });
            }
            raw::ASCEND_CACHE_LOC_SIM_BAD_ARRAY => return Err(LaunchError::Array),
            _ => return Err(LaunchError::NoMemory),
        }
        let counters: Vec<_> = counters.into_iter().map(CoreCounters::from).collect();
        if outcome.reports_count == 0 {
            return Ok(counters);
        }
        let found = usize::try_from(outcome.reports_count).map_or(self.max_reports, |n| n.min(self.max_reports));
        let reports = reports[..found].iter().map(|report| Report::from_raw(self.kernel, report)).collect();
        let (total, exception) = (outcome.reports_count, outcome.exception != 0);
        Err(LaunchError::Reports(Box::new(Findings { reports, total, exception, counters })))
    }
}

impl Array {
    fn to_raw(self) -> raw::AscendCacheLocSimArray {
        raw::AscendCacheLocSimArray {
            address: self.address,
            bytes: self.bytes,
            allocation_address: self.allocation.0,
            allocation_bytes: self.allocation.1,
            storage: self.storage,
            access: match self.access {
                Access::None => 0,
                Access::Read => raw::ASCEND_CACHE_LOC_SIM_READ,
                Access::Write => raw::ASCEND_CACHE_LOC_SIM_WRITE,
                Access::ReadWrite => raw::ASCEND_CACHE_LOC_SIM_READ | raw::ASCEND_CACHE_LOC_SIM_WRITE,
            },
            reserved: 0,
        }
    }
}
