//! The NPU path without CANN: a stand-in toolchain drives the build script end to end, and the simulated AscendCL, under
//! the real library's names, is opened by the loader. Neither says anything about CANN itself.

mod build;
mod hardware;
mod loader;
mod rig;
