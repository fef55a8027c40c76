//! What is said in the `log` crate's log, with the feature `log`: what a program may want to know and no call returns.
//!
//! Used by path: `logging::warn!("{what} is leaked: {error}")`. Without the feature the arguments are checked and never
//! evaluated.
#![allow(unused_macros, unused_imports, reason = "which levels are used depends on the features")]

macro_rules! at_level {
    ($level:ident, $($argument:tt)+) => {{
        #[cfg(feature = "log")]
        ::log::$level!($($argument)+);
        #[cfg(not(feature = "log"))]
        if false {
            _ = ::std::format_args!($($argument)+);
        }
    }};
}

macro_rules! debug_ {
    ($($argument:tt)+) => { $crate::logging::at_level!(debug, $($argument)+) };
}

macro_rules! warn_ {
    ($($argument:tt)+) => { $crate::logging::at_level!(warn, $($argument)+) };
}

// Under other names first: `warn` is an attribute too.
pub(crate) use {at_level, debug_ as debug, warn_ as warn};
