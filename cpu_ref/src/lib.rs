#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

mod case_line;
mod error;
mod int;
mod ops;
mod shape;
mod table;

pub use case_line::CaseLine;
pub use error::{FaultKind, RefError, RowFault, ShapeError};
pub use int::{Int, IntType};
pub use ops::*;
pub use shape::{TableShape, batch_of};
pub use table::ReqToToken;
