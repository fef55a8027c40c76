//! What tests know of each operation: oracle, seeds, random cases, and how it is run.

mod alloc_decode;
mod alloc_extend;
mod assign_extend_cache_locs;
mod assign_extend_cache_locs_uniform;
mod assign_req_to_token_pool;
mod decode_step;
mod extend_step;
mod gather_block_tables;
mod get_last_loc;

pub use alloc_decode::*;
pub use alloc_extend::*;
pub use assign_extend_cache_locs::*;
pub use assign_extend_cache_locs_uniform::*;
pub use assign_req_to_token_pool::*;
pub use decode_step::*;
pub use extend_step::*;
pub use gather_block_tables::*;
pub use get_last_loc::*;
