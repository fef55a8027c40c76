#![doc = include_str!("../README.md")]
#![no_std]
#![forbid(unsafe_code)]

mod error;
mod fault;
mod int;
mod ops;
mod pages;
mod shape;
mod table;

pub use error::{RefError, ShapeError};
pub use fault::{FaultKind, RowFault};
pub use int::{Int, IntType};
pub use ops::*;
pub(crate) use pages::PageSize;
pub use pages::{new_pages, new_pages_decode};
pub use shape::{TableShape, batch_of, block_tables_of, decode_batch_of, paged_batch_of, uniform_batch_of};
pub use table::{ReqToToken, ReqToTokenMut};
