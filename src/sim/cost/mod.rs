//! What things cost on a device: published figures, each with its source, and ranges where nothing is published.

mod dav_2201;
mod figure;

pub use dav_2201::{Costs, GHZ};
pub use figure::{End, Figure, Unit};
