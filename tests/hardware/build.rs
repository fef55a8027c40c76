//! Compiles the ladder's kernels: by CANN as the crate's own are, and for the simulation.

#[cfg(feature = "npu")]
#[path = "../../build/cann.rs"]
mod cann;
#[cfg(any(feature = "npu", feature = "sim"))]
#[path = "../../build/cargo.rs"]
mod cargo;
#[cfg(any(feature = "npu", feature = "sim"))]
#[path = "../../build/kernels.rs"]
mod kernels;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    #[cfg(any(feature = "npu", feature = "sim"))]
    {
        for path in ["kernels", "../../build", "../../ascendc/prim", "../../ascendc/abi"] {
            cargo::changed(path.as_ref());
        }
        let ladder = ladder();
        #[cfg(feature = "npu")]
        cann::compile(&ladder);
        cargo::variable_changed("DOCS_RS");
        #[cfg(feature = "sim")]
        if std::env::var_os("DOCS_RS").is_none() {
            let sim = cargo::path("DEP_ASCEND_CACHE_LOC_SIM");
            cargo::changed(&sim);
            kernels::simulated(&sim, "dav_2201", &ladder, "ascend_cache_loc_sim_ladder")
                .compile("ascend_cache_loc_ladder");
        }
    }
}

/// A kernel for each source in `kernels`.
#[cfg(any(feature = "npu", feature = "sim"))]
fn ladder() -> Vec<kernels::Kernel> {
    let sources = cargo::entries(&cargo::path("CARGO_MANIFEST_DIR").join("kernels"));
    let kernel = |source: std::path::PathBuf| {
        let name = source.file_stem().and_then(|name| name.to_str()).expect("a name");
        kernels::Kernel::new(&format!("ladder_{name}"), source.clone())
    };
    sources
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "cpp"))
        .map(kernel)
        .collect()
}
