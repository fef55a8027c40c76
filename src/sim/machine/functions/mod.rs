//! What the functions of the table do: which arguments each refuses, in the runtime's order and by its codes, and then
//! what it asks of the machine.
//!
//! Mirrors hicann/runtime as it is today: `src/acl/aclrt_impl` (null pointers, sizes of 0), then, in `src/runtime/api`,
//! `api_handle_guard.cc` (handles), `impl/api_error.cc` (values, captures) and `impl/api_impl.cc` (the context and its
//! streams). Where the releases from 8.5.0 on differ, the strictest is taken, and a comment says which it is. AscendCL
//! documents that aclInit comes first; its sources mostly do not look.

mod devices;
mod events;
mod graphs;
mod kernels;
mod memory;
mod streams;

use super::fail::Fail;

/// `ACL_REQUIRES_NOT_NULL_WITH_INPUT_REPORT`.
fn not_null<T>(pointer: *const T, what: &str) -> Result<(), Fail> {
    match pointer.is_null() {
        true => Err(Fail::argument(&format!("{what} is null"))),
        false => Ok(()),
    }
}
