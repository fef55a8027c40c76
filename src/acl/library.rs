//! The library of this process: opened at the first use, and never closed.
//!
//! What came of it stays, a failure too: a library that was opened and then refused has run its initialisers and perhaps
//! `aclInit`, which nothing undoes. Where none was found, the next call looks again, since another runtime of the process
//! may have opened one by then.

use std::sync::{Arc, Mutex, PoisonError};

use super::Api;
use super::Result;
use crate::logging;

/// The process's AscendCL.
///
/// # Errors
/// [`Error::Unavailable`](super::Error::Unavailable) with everything that was looked for.
pub(crate) fn process() -> Result<Arc<Api>> {
    static LIBRARY: Mutex<Option<Result<Arc<Api>>>> = Mutex::new(None);
    let mut library = LIBRARY.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(opened) = &*library {
        return opened.clone();
    }
    let opened = open().inspect_err(|error| logging::debug!("{error}"))?;
    if let Err(error) = &opened {
        logging::warn!("{error}");
    }
    library.insert(opened).clone()
}

/// Finds a library and tells what came of opening it.
#[cfg(feature = "npu")]
fn open() -> Result<Result<Arc<Api>>> {
    super::loader::find().map(super::loader::initialise)
}

#[cfg(not(feature = "npu"))]
fn open() -> Result<Result<Arc<Api>>> {
    let text = "built without the feature `npu`: libascendcl.so is not looked for";
    Err(super::Error::Unavailable(text.into()))
}
