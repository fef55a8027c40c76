//! What is built beside the Rust code: each part by its own file under `build/`, each behind its own feature. With none
//! of the features on, nothing is built and nothing is looked for.

#[cfg(feature = "bindgen")]
#[path = "build/bindings.rs"]
mod bindings;
#[cfg(feature = "npu")]
#[path = "build/cann.rs"]
mod cann;
#[cfg(any(feature = "npu", feature = "sim", feature = "bindgen"))]
#[path = "build/cargo.rs"]
mod cargo;
#[cfg(any(feature = "npu", feature = "sim", feature = "bindgen"))]
#[path = "build/kernels.rs"]
mod kernels;
#[cfg(feature = "sim")]
#[path = "build/sim.rs"]
mod sim;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rustc-check-cfg=cfg(ascend_cache_loc_generated_bindings)");
    #[cfg(feature = "bindgen")]
    bindings::generate();
    #[cfg(any(feature = "npu", feature = "sim"))]
    let operations = kernels::operations(&cargo::path("CARGO_MANIFEST_DIR").join("ascendc"));
    #[cfg(feature = "npu")]
    cann::compile(&operations);
    #[cfg(feature = "sim")]
    sim::compile(&operations);
}
