//! Parameter blocks as the bytes that a launch passes.

use super::bindings::{AscendCacheLocExtendLocsParams, AscendCacheLocLastLocParams};

/// A plain C struct of integers.
///
/// # Safety
/// The type is `repr(C)`, has no padding and no pointers.
pub(crate) unsafe trait ParameterBlock: Copy {}

// SAFETY: generated from cache_loc.h, whose asserts leave no room for padding: ten and twelve fields of 8 and 4 bytes
// fill 80 and 112 bytes.
unsafe impl ParameterBlock for AscendCacheLocLastLocParams {}
// SAFETY: as above.
unsafe impl ParameterBlock for AscendCacheLocExtendLocsParams {}

/// The block's bytes, in the host's order, which is the device's.
pub(crate) fn bytes_of<P: ParameterBlock>(block: &P) -> &[u8] {
    // SAFETY: the trait promises a type without padding, so every one of its bytes has a value.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(block).cast(), size_of::<P>()) }
}
