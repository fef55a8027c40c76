//! The NPU path without CANN: a stand-in toolchain drives the build script end to end, and the simulated AscendCL, under
//! the real library's names, is opened by the loader. Neither says anything about CANN itself.

mod arches;
mod build;
mod finding;
mod hardware;
mod loader;
mod odd_paths;
mod rig;
mod versions;
