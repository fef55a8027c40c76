//! What is built beside the Rust code: each part by its own file under `build/`, each behind its own feature. With none
//! of the features on, nothing is built; that each operation has its line in the roots is checked always.

#[cfg(feature = "bindgen")]
#[path = "build/bindings.rs"]
mod bindings;
#[cfg(feature = "npu")]
#[path = "build/cann.rs"]
mod cann;
#[path = "build/cargo.rs"]
mod cargo;
#[cfg(any(feature = "npu", feature = "sim"))]
#[path = "build/kernels.rs"]
mod kernels;
#[path = "build/operations.rs"]
mod operations;
#[cfg(feature = "sim")]
#[path = "build/sim.rs"]
mod sim;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build");
    println!("cargo::rustc-check-cfg=cfg(ascend_cache_loc_generated_bindings)");
    let manifest = cargo::path("CARGO_MANIFEST_DIR");
    let operations = operations::names(&manifest);
    operations::check(&manifest, &operations);
    #[cfg(feature = "bindgen")]
    bindings::generate(&operations);
    #[cfg(any(feature = "npu", feature = "sim"))]
    let kernels = kernels::of_operations(&manifest.join("ascendc"), operations);
    #[cfg(feature = "npu")]
    cann::compile(&kernels);
    #[cfg(feature = "sim")]
    sim::compile(&kernels);
}
