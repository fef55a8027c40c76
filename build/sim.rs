//! Feature `sim`: the core simulation and the crate's own kernels, compiled by the C++ compiler of the host.

use std::path::{Path, PathBuf};
use std::{env, fs};

/// Compiles `ascendc/sim` and the kernels into the crate, and tells dependents where the simulation's headers are
/// (`DEP_ASCEND_CACHE_LOC_SIM`, a directory for their own kernels to be compiled with).
pub(crate) fn compile() {
    let ascendc = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("ascendc");
    let sim = ascendc.join("sim");
    println!("cargo::rerun-if-changed={}", ascendc.display());
    println!("cargo::metadata=sim={}", sim.display());
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return; // documentation links nothing
    }
    let compiled = cc::Build::new()
        .cpp(true)
        .std("c++17")
        .warnings(true)
        .extra_warnings(true)
        .opt_level(2) // a debug build of the crate still wants a fast simulation
        .include(&sim)
        .file(sim.join("launch.cpp"))
        .files(registered_kernels(&ascendc))
        .link_lib_modifier("+whole-archive") // nothing refers to a kernel by symbol
        .try_compile("ascend_cache_loc_sim");
    if let Err(error) = compiled {
        println!(
            "cargo::error=feature `sim` needs a C++17 compiler (Debian: apt-get install g++), or CXX set to one: {error}"
        );
    }
}

/// A source per operation, a folder of `ascendc` with an `entry.cpp`: its entry, made known to the simulation by name.
fn registered_kernels(ascendc: &Path) -> Vec<PathBuf> {
    let out = PathBuf::from(env::var_os("OUT_DIR").expect("set by cargo"));
    let folders = fs::read_dir(ascendc).expect("the kernels' sources");
    let mut sources = Vec::new();
    for folder in folders.map(|folder| folder.expect("a readable folder").path()) {
        let entry = folder.join("entry.cpp");
        if entry.exists() {
            let name = folder.file_name().and_then(|name| name.to_str()).expect("an operation's name");
            let source = out.join(format!("{name}.cpp"));
            let (entry, kernel) = (entry.display(), format!("ascend_cache_loc_{name}"));
            let text =
                format!("#include \"{entry}\"\n#include \"register.h\"\nASCEND_CACHE_LOC_SIM_KERNEL({kernel})\n");
            fs::write(&source, text).expect("OUT_DIR is writable");
            sources.push(source);
        }
    }
    sources.sort();
    sources
}
