//! What a stream does with a launch.

use std::sync::atomic::Ordering;

use super::fail::{Fail, lock};
use super::memory::Declared;
use super::state::State;
use super::task::KernelLaunch;
use crate::abi::bindings::{
    ASCEND_CACHE_LOC_ACCESS_READ, ASCEND_CACHE_LOC_ACCESS_READ_WRITE, ASCEND_CACHE_LOC_ACCESS_WRITE,
};
use crate::abi::{self, Operation};
use crate::acl::bindings as raw;
use crate::sim::cores::{Access, Array, Launch, LaunchError};

/// Stands for a kernel binary: the kernels are linked into the program.
pub(super) const IMAGE: &[u8] = b"kernels of the simulation";

/// Whether the core simulation knows a kernel.
pub(super) fn registered(name: &str) -> bool {
    // The name is looked up before the number of cores is refused.
    // SAFETY: a launch without arrays on no cores runs nothing.
    let refused = unsafe { Launch::new(name, 0, &[], &[]).run() };
    matches!(refused, Err(LaunchError::Blocks(0)))
}

/// The arrays, none of them empty, that a launch of one of our kernels may touch, by its block; `None` for a kernel of
/// others.
fn declared(kernel: &str, blocks: u32, block: &[u8]) -> Result<Option<Vec<Declared>>, &'static str> {
    let Some(operation) = Operation::of_kernel(kernel) else { return Ok(None) };
    let (head, arrays) = abi::arrays(block).ok_or("its parameter block is cut short")?;
    if head.operation != operation.id() || head.arrays as usize != operation.arrays().len() {
        return Err("its parameter block has another operation's head");
    }
    let log_bytes = u64::from(blocks) * size_of::<abi::bindings::AscendCacheLocFaultLine>() as u64;
    let log = Declared { name: "fault log", address: head.fault_log, bytes: log_bytes, access: Access::ReadWrite };
    let mut all = vec![log];
    for (array, &name) in arrays.zip(operation.arrays()).filter(|(array, _)| array.bytes > 0) {
        let access = match array.access {
            ASCEND_CACHE_LOC_ACCESS_READ => Access::Read,
            ASCEND_CACHE_LOC_ACCESS_WRITE => Access::Write,
            ASCEND_CACHE_LOC_ACCESS_READ_WRITE => Access::ReadWrite,
            _ => return Err("an array of its parameter block has no access"),
        };
        all.push(Declared { name, address: array.address, bytes: array.bytes, access });
    }
    Ok(Some(all))
}

impl State {
    /// Runs a kernel on the core simulation, with the device's memory to itself.
    pub(super) fn run_kernel(&self, device: usize, launch: &KernelLaunch) -> Result<(), Fail> {
        let kernel = &*launch.kernel;
        let mut memory = lock(&self.devices[device].memory);
        let declared = declared(kernel, launch.blocks, launch.argument.bytes())
            .map_err(|what| Fail::internal(&format!("{kernel}: {what}")))?;
        let declared: Vec<_> = match declared {
            // Everything else is there too: an access that goes astray ends the launch only where no memory is.
            Some(arrays) => {
                let declares = |other: &Declared| {
                    let range = other.address..other.address + other.bytes;
                    arrays.iter().any(|array| range.contains(&array.address))
                };
                let others: Vec<_> = memory.everything(Access::None).filter(|other| !declares(other)).collect();
                arrays.into_iter().chain(others).collect()
            }
            // A kernel of others has no declaration that we can read: it may touch all memory.
            None => memory.everything(Access::ReadWrite).collect(),
        };
        let mut arrays = Vec::new();
        for array in declared {
            let found = memory.find(array.address, array.bytes);
            let allocation = found.map_err(|lack| lack.of_kernel(&format!("{kernel}: {}", array.name)))?;
            let storage = match array.access {
                Access::None | Access::Read => allocation.storage_to_read(),
                Access::Write | Access::ReadWrite => {
                    allocation.storage_to_write().map_err(|lack| lack.of_kernel(kernel))?
                }
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
            run.casts_truncate = count % 4 >= 2;
        }
        run.instruction_limit = options.instruction_limit;
        run.auto_sync = options.auto_sync;
        run.shared_lines = options.shared_lines;
        // SAFETY: the arrays lie in allocations, as `find` has checked, and the device's memory is locked.
        let (ran, steps) = unsafe { if options.steps { run.run_in_steps() } else { (run.run(), Vec::new()) } };
        match ran {
            Ok(counters) => {
                *lock(&self.last_counters) = counters;
                *lock(&self.last_steps) = steps;
                Ok(())
            }
            // On a device it would be an exception of its cores, or silently wrong.
            Err(error) => {
                Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, format!("{kernel}: {error}")))
            }
        }
    }
}
