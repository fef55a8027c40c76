//! What tests know of each operation: oracle, seeds, random cases, and how it is run.

mod assign_extend_cache_locs;
mod get_last_loc;

pub use assign_extend_cache_locs::*;
pub use get_last_loc::*;
