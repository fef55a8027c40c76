//! AscendCL as one table of functions, and what fills it.
//!
//! The floors above call the table through checked methods that are the same for every filling: the library of a machine
//! with CANN, or a simulation. [`acl`] gives a user the table itself.

/// The declarations of the C headers.
#[allow(missing_docs, unreachable_pub, dead_code, missing_debug_implementations, reason = "generated")]
#[allow(non_camel_case_types, non_snake_case, reason = "generated: the names of AscendCL")]
#[allow(clippy::all, clippy::pedantic, clippy::undocumented_unsafe_blocks, clippy::allow_attributes_without_reason, reason = "generated")]
#[cfg_attr(ascend_cache_loc_generated_bindings, path = "generated.rs")]
#[rustfmt::skip]
#[doc(hidden)]
pub mod bindings;
mod calls;
pub(crate) mod codes;
mod context;
mod error;
mod fork;
pub(crate) mod functions;
mod graphs;
mod handles;
pub(crate) mod library;
#[cfg(feature = "npu")]
mod loader;
pub(crate) mod version;

use std::any::Any;
use std::collections::BTreeMap;
use std::ffi::CStr;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub use bindings::{AclApi, aclrtBinaryLoadOption, aclrtBinaryLoadOptions};
pub use error::Error;
pub(crate) use error::Result;
pub(crate) use handles::{Binary, Context, DeviceMemory, Function, PinnedMemory, RawEvent, RawGraph, RawStream};

/// A number that nothing else of the process has; 0 is never given.
pub(crate) fn next_id() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

/// The functions of this process's AscendCL, opened and initialised at the first use; no device is opened by it. A null
/// one is lacking in the library.
///
/// # Errors
/// [`Error::Unavailable`] without AscendCL, with everything that was looked for: a later call looks again. Of a library that
/// is too old or lacks functions, and of one whose `aclInit` fails ([`Error::Call`]), every later call says the same.
pub fn acl() -> Result<AclApi> {
    library::process().map(|api| *api.table())
}

/// The option with which a binary of vector kernels is loaded.
#[doc(hidden)]
#[must_use]
pub const fn vector_kernels() -> aclrtBinaryLoadOption {
    aclrtBinaryLoadOption {
        type_: bindings::ASCEND_CACHE_LOC_ACL_RT_BINARY_LOAD_OPT_MAGIC,
        value: [bindings::ASCEND_CACHE_LOC_ACL_RT_BINARY_MAGIC_ELF_VECTOR_CORE, 0, 0, 0],
    }
}

/// The kernels of an arch, as a binary that the library loads; or why there are none.
pub(crate) type Kernels = fn(arch: &str) -> Result<&'static [u8], Box<str>>;

/// One AscendCL library, opened and initialised.
pub(crate) struct Api {
    /// Of this library alone.
    id: u64,
    /// Of the process that opened it.
    generation: u32,
    table: AclApi,
    kernels: Kernels,
    /// What the floor above keeps of each device, by ordinal, as long as the library is open.
    devices: Mutex<BTreeMap<u32, Arc<dyn Any + Send + Sync>>>,
    /// Holds the library open.
    _library: Box<dyn Any + Send + Sync>,
}

impl fmt::Debug for Api {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Api").finish_non_exhaustive()
    }
}

impl Api {
    /// Initialises a library.
    ///
    /// # Errors
    /// [`Error::Unavailable`] where it lacks a function that the crate needs, by name.
    ///
    /// # Safety
    /// Each function of the table does what AscendCL documents, as long as `library` lives.
    #[cfg(any(feature = "npu", feature = "sim"))]
    pub(crate) unsafe fn new(
        table: AclApi,
        name: &str,
        kernels: Kernels,
        library: Box<dyn Any + Send + Sync>,
    ) -> Result<Arc<Self>> {
        let missing = functions::missing(&table);
        if !missing.is_empty() {
            let (missing, needed) = (missing.join(", "), "CANN 8.5.0-beta.1 or later is needed");
            return Err(Error::Unavailable(format!("{name} has no {missing}: {needed}").into()));
        }
        let api = Self {
            id: next_id(),
            generation: fork::generation(),
            table,
            kernels,
            devices: Mutex::default(),
            _library: library,
        };
        api.init()?;
        let number = api.runtime_version();
        let text = number.map_or_else(|| "of unknown version".into(), version::text);
        crate::logging::debug!("library opened: {name}, CANN {text}");
        match number {
            Some(number) if number < version::OLDEST => {
                Err(Error::Unavailable(format!("{name} is of CANN {text}: 8.5.0-beta.1 or later is needed").into()))
            }
            _ => Ok(Arc::new(api)),
        }
    }

    pub(crate) fn table(&self) -> &AclApi {
        &self.table
    }

    /// The kernels for a device of an arch.
    pub(crate) fn kernels(&self, arch: &str) -> Result<&'static [u8]> {
        (self.kernels)(arch).map_err(Error::Unavailable)
    }

    /// What is kept for an ordinal; made at the first call for it.
    pub(crate) fn kept<T: Any + Send + Sync, E>(
        &self,
        ordinal: u32,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Arc<T>, E> {
        let mut devices = self.devices.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(kept) = devices.get(&ordinal) {
            return Ok(kept.clone().downcast().expect("one type is kept"));
        }
        let made = Arc::new(make()?);
        devices.insert(ordinal, made.clone());
        Ok(made)
    }

    /// Success, or the code and the text that the library has for it on this thread.
    fn check(&self, call: &'static str, code: i32) -> Result<()> {
        if code == 0 {
            return Ok(());
        }
        Err(Error::Call { call, code, message: self.recent_message() })
    }

    /// AscendCL's error text of this thread; reading it clears it.
    fn recent_message(&self) -> Box<str> {
        let Some(function) = self.table.aclGetRecentErrMsg else { return Box::default() };
        // SAFETY: takes nothing, and gives null or a text that lives until the next call on this thread.
        let text = unsafe { function().as_ref().map(|text| CStr::from_ptr(text).to_string_lossy()) };
        text.map_or_else(Box::default, |text| text.trim().into())
    }
}
