//! The operations, each with its arguments.

mod assign_extend_cache_locs;
mod get_last_loc;

pub use assign_extend_cache_locs::*;
pub use get_last_loc::*;
