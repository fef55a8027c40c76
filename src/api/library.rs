//! The library of this process: opened at the first use, and never closed.

use std::sync::{Arc, Mutex, PoisonError};

use super::Api;
use crate::{Result, logging};

/// The process's AscendCL.
///
/// # Errors
/// [`Error::Unavailable`](crate::Error::Unavailable) with everything that was looked for.
pub(crate) fn process() -> Result<Arc<Api>> {
    static LIBRARY: Mutex<Option<Arc<Api>>> = Mutex::new(None);
    let mut library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(api) = &*library {
        return Ok(api.clone());
    }
    let api = open().inspect_err(|error| logging::warn!("no AscendCL: {error}"))?;
    *library = Some(api.clone());
    Ok(api)
}

#[cfg(feature = "npu")]
fn open() -> Result<Arc<Api>> {
    super::loader::open()
}

#[cfg(not(feature = "npu"))]
fn open() -> Result<Arc<Api>> {
    let text = "built without the feature `npu`: libascendcl.so is not looked for";
    Err(crate::Error::Unavailable(text.into()))
}
