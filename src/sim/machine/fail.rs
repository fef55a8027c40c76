//! Why a call or a task failed.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::acl::bindings as raw;

/// Why a call or a task failed: AscendCL's code, and a text.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub(super) code: i32,
    pub(super) text: String,
}

impl Fail {
    pub(super) fn new(code: u32, text: impl Into<String>) -> Self {
        Self { code: code.cast_signed(), text: text.into() }
    }

    /// What the layer of AscendCL itself refuses: null pointers, sizes of 0, kinds that it does not know.
    pub(super) fn argument(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_INVALID_PARAM, text)
    }

    /// What the runtime below it refuses.
    pub(super) fn parameter(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_PARAM_INVALID, text)
    }

    pub(super) fn handle(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_HANDLE, text)
    }

    pub(super) fn no_context(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CONTEXT_NULL, text)
    }

    /// What AscendCL has, or refuses by the same code, and the simulation has not.
    pub(super) fn unsupported(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FEATURE_NOT_SUPPORT, text)
    }

    /// Memory that is not there, touched by a copy that says so itself.
    pub(super) fn dma(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SYS_DMA, text)
    }

    pub(super) fn internal(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_INTERNAL_ERROR, text)
    }

    /// With what failed before the text.
    pub(super) fn of(self, what: &str) -> Self {
        Self { text: format!("{what}: {}", self.text), ..self }
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
