//! What a stream does with a launch.

use std::sync::atomic::Ordering;

use super::state::{Fail, State, lock};
use super::stream::KernelLaunch;
use crate::api::bindings as raw;
use crate::api::block;
use crate::api::sim::{Access, Array, Launch, LaunchError};

/// Stands for a kernel binary: the kernels are linked into the program.
pub(super) const IMAGE: &[u8] = b"kernels of the simulation";

/// Whether the core simulation knows a kernel.
pub(super) fn registered(name: &str) -> bool {
    // SAFETY: a launch without arrays on no cores runs nothing.
    let refused = unsafe { Launch::new(name, 0, &[], &[]).run() };
    matches!(refused, Err(LaunchError::Blocks(0)))
}

impl State {
    /// Runs a kernel on the core simulation, with the device's memory to itself.
    pub(super) fn run_kernel(&self, device: usize, launch: &KernelLaunch) -> Result<(), Fail> {
        let kernel = &*launch.kernel;
        let mut memory = lock(&self.devices[device].memory);
        let declared = block::arrays(kernel, launch.blocks, launch.argument.bytes())
            .map_err(|what| Fail::internal(&format!("{kernel}: {what}")))?;
        // A kernel of others has no declaration that we can read: it may touch all memory.
        let declared = declared.unwrap_or_else(|| memory.everything());
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
