#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

mod case_line;
mod error;
mod extend_locs;
mod int;
mod last_loc;
mod shape;
mod table;

pub use case_line::CaseLine;
pub use error::{FaultKind, RefError, RowFault, ShapeError};
pub use extend_locs::{ExtendLocs, assign_extend_cache_locs};
pub use int::{Int, IntType};
pub use last_loc::{LastLoc, get_last_loc};
pub use shape::{TableShape, batch_of};
pub use table::ReqToToken;
