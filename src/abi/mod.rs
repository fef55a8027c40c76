//! What host and kernels agree on, in Rust: parameter blocks, fault lines, and the list of operations, generated from
//! `ascendc/abi` and each operation's `params.h`. The lowest room: it calls nothing.

/// The declarations of the C headers.
#[allow(missing_docs, unreachable_pub, dead_code, missing_debug_implementations, reason = "generated")]
#[allow(unsafe_code, non_camel_case_types, non_snake_case, reason = "generated")]
#[allow(clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks, clippy::allow_attributes_without_reason, reason = "generated")]
#[cfg_attr(ascend_cache_loc_generated_bindings, path = "generated.rs")]
#[rustfmt::skip]
pub(crate) mod bindings;

use std::fmt;

use bindings::OPERATIONS;
pub(crate) use bindings::{AscendCacheLocArray as Array, AscendCacheLocHead as Head};

/// What is known of an operation from its folder in `ascendc/ops`.
#[derive(Debug)]
pub(crate) struct OperationInfo {
    /// Its id in heads and fault lines.
    pub(crate) id: u32,
    pub(crate) name: &'static str,
    /// The symbol of its kernel.
    pub(crate) kernel: &'static str,
    /// The arrays of its parameter block, in their order.
    pub(crate) arrays: &'static [&'static str],
}

// Fault lines name operations by their ids: no two have the same, and none has that of an empty line.
const _: () = {
    let mut i = 0;
    while i < OPERATIONS.len() {
        assert!(OPERATIONS[i].id != 0, "an operation's id is not 0");
        let mut j = 0;
        while j < i {
            assert!(OPERATIONS[i].id != OPERATIONS[j].id, "two operations have the same id");
            j += 1;
        }
        i += 1;
    }
};

/// A parameter block: what a launch passes to a kernel, by value.
///
/// # Safety
/// `repr(C)`, integers alone, no padding: the head, then one [`Array`] for each of the operation's arrays, then the rest.
pub(crate) unsafe trait ParameterBlock: Copy + Default {
    /// Of the list of operations.
    const OPERATION: usize;

    fn head_mut(&mut self) -> &mut Head;
}

/// One of the operations. What it is called, its kernel is, behind `ascend_cache_loc_`.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Operation(usize);

impl Operation {
    /// The operation of a parameter block.
    pub(crate) const fn of<B: ParameterBlock>() -> Self {
        Self(B::OPERATION)
    }

    pub(crate) fn of_id(id: u32) -> Option<Self> {
        OPERATIONS.iter().position(|known| known.id == id).map(Self)
    }

    /// The operation that a kernel is of; `None` of a kernel of others.
    #[cfg(feature = "sim")]
    pub(crate) fn of_kernel(kernel: &str) -> Option<Self> {
        OPERATIONS.iter().position(|known| known.kernel == kernel).map(Self)
    }

    /// All operations, by name.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..OPERATIONS.len()).map(Self)
    }

    /// The operation's name, that of its function.
    #[must_use]
    pub const fn name(self) -> &'static str {
        OPERATIONS[self.0].name
    }

    /// The name of the operation's kernel, a symbol of the kernel binary.
    #[must_use]
    pub const fn kernel(self) -> &'static str {
        OPERATIONS[self.0].kernel
    }

    pub(crate) const fn id(self) -> u32 {
        OPERATIONS[self.0].id
    }

    /// Its place in [`all`](Self::all).
    pub(crate) const fn place(self) -> usize {
        self.0
    }

    /// The names of the arrays in its parameter block.
    pub(crate) const fn arrays(self) -> &'static [&'static str] {
        OPERATIONS[self.0].arrays
    }
}

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl fmt::Debug for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The head of a block and its arrays, read from the block's bytes; `None` where they are not as long as the head says.
pub(crate) fn arrays(block: &[u8]) -> Option<(Head, impl Iterator<Item = Array>)> {
    let (bytes, rest) = block.split_at_checked(size_of::<Head>())?;
    // SAFETY: as many bytes as a head has, which is integers alone.
    let head = unsafe { bytes.as_ptr().cast::<Head>().read_unaligned() };
    let arrays = rest.get(..(head.arrays as usize).checked_mul(size_of::<Array>())?)?;
    let array = |bytes: &[u8]| {
        // SAFETY: as many bytes as an array has, which is integers alone.
        unsafe { bytes.as_ptr().cast::<Array>().read_unaligned() }
    };
    Some((head, arrays.chunks_exact(size_of::<Array>()).map(array)))
}

/// A block as bytes, which a launch passes on.
pub(crate) fn bytes<B: ParameterBlock>(block: &B) -> &[u8] {
    // SAFETY: as many bytes as the block has, which has no padding.
    unsafe { std::slice::from_raw_parts(std::ptr::from_ref(block).cast(), size_of::<B>()) }
}

/// The committed file is what the headers give.
#[cfg(all(test, ascend_cache_loc_generated_bindings))]
#[test]
fn committed_bindings_are_current() {
    for (room, generated, committed) in [
        ("abi", include_str!(concat!(env!("OUT_DIR"), "/abi.rs")), include_str!("bindings.rs")),
        ("acl", include_str!(concat!(env!("OUT_DIR"), "/acl.rs")), include_str!("../acl/bindings.rs")),
        ("sim", include_str!(concat!(env!("OUT_DIR"), "/sim.rs")), include_str!("../sim/bindings.rs")),
    ] {
        assert!(generated == committed, "copy OUT_DIR/{room}.rs over src/{room}/bindings.rs");
    }
}
