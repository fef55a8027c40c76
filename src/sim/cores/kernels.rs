//! Which kernels a program has.

use std::sync::Once;

use crate::sim::bindings as raw;

/// A list of kernels that a build script has compiled against the simulation's headers: a symbol of C, which
/// `ascendc/sim/register.h` says how to make.
///
/// ```text
/// unsafe extern "C" {
///     static my_kernels: ascend_cache_loc::sim::Kernels;
/// }
/// assert!(unsafe { &my_kernels }.add());
/// ```
#[repr(transparent)]
#[derive(Debug)]
pub struct Kernels(raw::AscendCacheLocSimKernels);

// SAFETY: it and what it points to are constants.
unsafe impl Sync for Kernels {}

impl Kernels {
    /// Makes the kernels known to launches of the whole program, by name; again is no matter. `false`: a name is another
    /// kernel's, or the host has no memory, and none of the list is known.
    #[must_use]
    pub fn add(&'static self) -> bool {
        // SAFETY: a list that stays, from C, as whoever declares the symbol has promised.
        unsafe { raw::ascend_cache_loc_sim_add_kernels(&raw const self.0) == 1 }
    }
}

/// Makes the crate's own kernels known.
pub(super) fn add_operations() {
    unsafe extern "C" {
        /// Written by the build script.
        static ascend_cache_loc_sim_operations: Kernels;
    }
    static ADDED: Once = Once::new();
    // SAFETY: a constant.
    ADDED.call_once(|| assert!(unsafe { &ascend_cache_loc_sim_operations }.add(), "names of our own are taken"));
}
