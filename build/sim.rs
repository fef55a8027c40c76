//! Feature `sim`: the core simulation and the crate's own kernels, compiled by the C++ compiler of the host.

use std::env;

use crate::cargo;
use crate::kernels::{Kernel, simulated};

/// The arch whose cores are simulated, as the header in `ascendc/sim/arch` is called.
const ARCH: &str = "dav_2201";

/// Compiles `ascendc/sim` and the kernels into the crate, and tells dependents where the simulation's headers are
/// (`DEP_ASCEND_CACHE_LOC_SIM`, a directory for their own kernels to be compiled with).
pub(crate) fn compile(kernels: &[Kernel]) {
    let ascendc = cargo::path("CARGO_MANIFEST_DIR").join("ascendc");
    let sim = ascendc.join("sim");
    cargo::changed(&ascendc);
    println!("cargo::metadata=sim={}", sim.display());
    cargo::variable_changed("DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return; // documentation links nothing
    }
    let compiled = simulated(&sim, ARCH, kernels, "ascend_cache_loc_sim_operations")
        .file(sim.join("launch.cpp"))
        .file(sim.join("engine/run.cpp"))
        .try_compile("ascend_cache_loc_sim");
    // Their runtimes, for the programs that the library is linked into.
    for sanitizer in cargo::sanitizers() {
        println!("cargo::rustc-link-lib={}", if sanitizer == "undefined" { "ubsan" } else { "asan" });
    }
    if let Err(error) = compiled {
        cargo::error(&format!(
            "feature `sim`: its C++ was not compiled; needs a C++17 compiler (Debian: apt-get install g++), or CXX set to one: \
             {error}"
        ));
    }
}
