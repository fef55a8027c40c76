//! Which kernels a package has. The crate itself has one per operation, a folder of `ascendc`; packages that include this
//! file may list others.

#[cfg(feature = "sim")]
use std::fs;
use std::path::{Path, PathBuf};

use crate::cargo;

/// A kernel: an `extern "C"` function, and the source file that defines it and no other one.
pub(crate) struct Kernel {
    pub(crate) symbol: String,
    pub(crate) source: PathBuf,
}

impl Kernel {
    pub(crate) fn new(name: &str, source: PathBuf) -> Self {
        Self { symbol: format!("ascend_cache_loc_{name}"), source }
    }
}

/// The kernels of the operations.
#[allow(dead_code, reason = "the crate's own")]
pub(crate) fn of_operations(ascendc: &Path, names: Vec<String>) -> Vec<Kernel> {
    // What kernels are made of, and not the simulation, which CANN never sees.
    for folder in ["abi", "prim"] {
        cargo::changed(&ascendc.join(folder));
    }
    let kernel = |name: String| Kernel::new(&name, ascendc.join("ops").join(&name).join("entry.cpp"));
    names.into_iter().map(kernel).collect()
}

/// Kernels, compiled for the simulation whose headers are in `sim`.
#[cfg(feature = "sim")]
pub(crate) fn simulated(sim: &Path, kernels: &[Kernel]) -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true).include(sim);
    build.opt_level(2); // a debug build still wants a fast simulation
    build.link_lib_modifier("+whole-archive"); // nothing refers to a kernel by symbol
    for kernel in kernels {
        let (file, folder) = registered(kernel);
        build.file(file).include(folder);
    }
    build
}

/// A source that makes a kernel known to the simulation by name: its own, and one line more; and the folder that it is
/// included from. The compiler is given that folder, since a path in an `#include` cannot hold every character.
#[cfg(feature = "sim")]
fn registered(Kernel { symbol, source }: &Kernel) -> (PathBuf, PathBuf) {
    let folder = source.ancestors().nth(2).expect("a folder of the package");
    let included = source.strip_prefix(folder).expect("its own folder").display();
    let text = format!("#include \"{included}\"\n#include \"register.h\"\nASCEND_CACHE_LOC_SIM_KERNEL({symbol})\n");
    let path = cargo::path("OUT_DIR").join(format!("{symbol}.cpp"));
    fs::write(&path, text).expect("OUT_DIR is writable");
    (path, folder.to_owned())
}
