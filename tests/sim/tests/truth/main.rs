//! Every instruction against values computed from the documentation's definition by a second implementation.

mod call;
mod compare;
mod elementwise;
mod floats;
mod gather;
mod halves;
mod otherwise;
mod reduce;
mod registered;
mod shuffle;
