//! Compiles the kernels against the simulation's headers, as a user's build script would.

use std::{env, fs, path::PathBuf};

fn main() {
    let sim = PathBuf::from(env::var_os("DEP_ASCEND_CACHE_LOC_SIM").expect("set by the package ascend-cache-loc"));
    println!("cargo::rerun-if-changed={}", sim.display());
    println!("cargo::rerun-if-changed=kernels");
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return; // nothing is linked
    }
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true).opt_level(2).include(&sim);
    // As the package has compiled the simulation.
    println!("cargo::rerun-if-env-changed=ASCEND_CACHE_LOC_SANITIZE");
    if let Ok(sanitizers) = env::var("ASCEND_CACHE_LOC_SANITIZE") {
        build.flag(format!("-fsanitize={sanitizers}")).flag("-fno-sanitize-recover=all");
    }
    let kernels = fs::read_dir("kernels").expect("a directory of kernels").map(|entry| entry.expect("readable").path());
    let mut sources: Vec<_> = kernels.filter(|path| path.extension().is_some_and(|of| of == "cpp")).collect();
    sources.sort();
    build.files(sources).compile("ascend_cache_loc_cost_tests");
}
