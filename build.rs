//! What is built beside the Rust code: each part by its own file under `build/`, each behind its own feature. With none
//! of the features on, nothing is built; that each operation has its line in the roots is checked always.

#[cfg(feature = "bindgen")]
#[path = "build/bindings.rs"]
mod bindings;
#[cfg(feature = "npu")]
#[path = "build/cann.rs"]
mod cann;
#[allow(dead_code, reason = "each feature uses its own part")]
#[path = "build/cargo.rs"]
mod cargo;
#[allow(dead_code, reason = "each feature uses its own part")]
#[path = "build/kernels.rs"]
mod kernels;
#[path = "build/roots.rs"]
mod roots;
#[cfg(feature = "sim")]
#[path = "build/sim.rs"]
mod sim;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(ascend_cache_loc_generated_bindings)");
    let manifest = cargo::path("CARGO_MANIFEST_DIR");
    roots::check(&manifest);
    #[cfg(feature = "bindgen")]
    bindings::generate();
    #[cfg(any(feature = "npu", feature = "sim"))]
    let operations = kernels::operations(&manifest.join("ascendc"));
    #[cfg(feature = "npu")]
    cann::compile(&operations);
    #[cfg(feature = "sim")]
    sim::compile(&operations);
}
