//! Compiles the test kernels against the simulation's headers, as a user's build script would.

use std::{env, fs, path::PathBuf};

fn main() {
    let sim = PathBuf::from(env::var_os("DEP_ASCEND_CACHE_LOC_SIM").expect("set by the package ascend-cache-loc"));
    println!("cargo::rerun-if-changed={}", sim.display());
    for path in ["arch", "kernels", "../../ascendc/abi", "../../ascendc/prim"] {
        println!("cargo::rerun-if-changed={path}");
    }
    println!("cargo::rerun-if-env-changed=DOCS_RS");
    if env::var_os("DOCS_RS").is_some() {
        return; // nothing is linked
    }
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true).opt_level(1).include(&sim).include(".");
    // As the package has compiled the simulation.
    println!("cargo::rerun-if-env-changed=ASCEND_CACHE_LOC_SANITIZE");
    if let Ok(sanitizers) = env::var("ASCEND_CACHE_LOC_SANITIZE") {
        // Instrumented code takes the compiler's time by its level; what it runs here is little.
        build.opt_level(0).flag(format!("-fsanitize={sanitizers}")).flag("-fno-sanitize-recover=all");
    }
    // As clang and CANN have it by default.
    build.flag_if_supported("-Werror=narrowing");
    for directory in ["kernels", "kernels/arch", "kernels/callers", "kernels/planted", "kernels/public"] {
        let mut sources: Vec<_> = fs::read_dir(directory)
            .expect("a directory of kernels")
            .map(|entry| entry.expect("a readable directory").path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
            .collect();
        sources.sort();
        build.files(sources);
    }
    // The kernels register themselves before main; nothing refers to them by symbol.
    build.link_lib_modifier("+whole-archive").compile("ascend_cache_loc_sim_tests");
}
