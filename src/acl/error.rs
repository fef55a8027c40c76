//! What a call of AscendCL fails with.

/// What a call of AscendCL fails with. Higher up it is a [`crate::Error`], where it may mean that the device is lost.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// This machine or this build lacks something; the text says what was looked for.
    #[error("{0}")]
    Unavailable(Box<str>),
    /// A function returned a code.
    #[error("{call} failed with {code}{}{message}", if message.is_empty() { "" } else { ": " })]
    Call {
        /// Name of the function.
        call: &'static str,
        /// What it returned.
        code: i32,
        /// AscendCL's text, read on the failing thread at once; may be empty.
        message: Box<str>,
    },
}

/// The result of a call of AscendCL.
pub(crate) type Result<T, E = Error> = std::result::Result<T, E>;
