//! Every instruction against values computed from the documentation's definition by a second implementation.

mod call;
mod elementwise;
mod gather;
mod otherwise;
mod registered;
