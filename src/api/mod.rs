//! The lowest floor: what the rest of the crate stands on to reach a device. `unsafe` lives here.
//!
//! So far it holds the core half of the simulation, [`sim`].

/// The declarations of the C headers.
#[allow(missing_docs, unreachable_pub, dead_code, missing_debug_implementations, reason = "generated")]
#[allow(clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks, clippy::allow_attributes_without_reason, reason = "generated")]
#[cfg_attr(ascend_cache_loc_generated_bindings, path = "generated.rs")]
#[rustfmt::skip]
pub(crate) mod bindings;
pub(crate) mod block;
pub mod sim;
