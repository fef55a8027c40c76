//! What a call on a device can fail with.

use std::time::Duration;

use crate::acl;
use crate::{CaptureFailure, DeviceFault, LaunchId, ShapeError};

/// What a call on a device can fail with.
///
/// Only [`DeviceLost`](Error::DeviceLost) is for ever. After any other the device, its streams and buffers can be used on,
/// though AscendCL may return a code again until its cause is gone: 507053, a memory error that can be repaired
/// (`aclrtGetMemUceInfo`), blocks the device until it was.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The arguments do not fit together. Nothing was enqueued.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// An argument is at home elsewhere. Nothing was enqueued.
    #[error("{argument}: belongs to another {scope}{}", if *scope == "stream" { ", see DeviceBuffer::move_to" } else { "" })]
    WrongHome {
        /// The argument.
        argument: &'static str,
        /// `"device"`; `"stream"` for an owned buffer that is at home on another stream of the same device; `"context"` for
        /// a stream to replay a graph on that is of another context of the same device.
        scope: &'static str,
    },
    /// A device address that cannot be right. Nothing was enqueued.
    #[error("{argument}: address {address:#x}: {reason}")]
    BadAddress {
        /// The argument.
        argument: &'static str,
        /// The device address.
        address: u64,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A number of cores, asked for by hand, that the device does not have. Nothing was enqueued.
    #[error("cores: {cores} asked for, the device gives a launch 1 to {available}")]
    BadCores {
        /// What was asked for.
        cores: u32,
        /// The most that there are.
        available: u32,
    },
    /// This machine or this build lacks something; the text says what was looked for.
    #[error("{0}")]
    Unavailable(Box<str>),
    /// An AscendCL call failed.
    #[error("{call} failed with {code}{}{message}", if message.is_empty() { "" } else { ": " })]
    Acl {
        /// Name of the function.
        call: &'static str,
        /// What it returned.
        code: i32,
        /// AscendCL's text, read on the failing thread at once; may be empty.
        message: Box<str>,
    },
    /// A kernel met a bad row. All valid rows were computed; the device is as usable as before.
    #[error(transparent)]
    Fault(#[from] DeviceFault),
    /// The stream is being captured into a graph, and the call waits for it, reads its fault log, clears memory or moves a
    /// buffer. Nothing was enqueued, and the capture goes on.
    #[error(
        "the stream is being captured into a graph: it cannot be waited for, nor its fault log be read, nor a buffer be moved"
    )]
    Capturing,
    /// A capture came to its end and made no graph: nothing of it ever runs.
    #[error("the capture made no graph: {0}")]
    Capture(CaptureFailure),
    /// The device failed in a way that it does not recover from within the process: every later call on it returns this.
    /// Exceptions and traps of its cores, kernels killed for their time, a graph that failed (507011), memory beyond repair,
    /// a dead scheduler or connection. Timeouts, what a capture refuses, and what AscendCL's documents say is to be repaired
    /// or tried again are [`Acl`](Self::Acl).
    #[error("the device is lost, AscendCL code {code}{}{}{message}", after_launch(*.last_launch), if message.is_empty() { "" } else { ": " })]
    DeviceLost {
        /// AscendCL's code.
        code: i32,
        /// The last launch on the stream that the code came from, through this crate; `None` before any.
        last_launch: Option<LaunchId>,
        /// AscendCL's text; may be empty.
        message: Box<str>,
    },
    /// The stream did not finish in time. Nothing was freed; the work goes on.
    #[error("the stream did not finish within {0:?}")]
    Timeout(Duration),
}

impl From<acl::Error> for Error {
    fn from(error: acl::Error) -> Self {
        match error {
            acl::Error::Unavailable(text) => Self::Unavailable(text),
            acl::Error::Call { call, code, message } => Self::Acl { call, code, message },
        }
    }
}

/// The result of a call on a device.
pub type Result<T, E = Error> = std::result::Result<T, E>;

fn after_launch(id: Option<LaunchId>) -> String {
    id.map_or_else(String::new, |id| format!(", last launch {id}"))
}
