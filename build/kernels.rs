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

/// Kernels, compiled for the simulation whose headers are in `sim`, for vector cores of an arch (a header of `arch` there);
/// and a list of them under a symbol: whoever refers to the list refers to each of them.
#[cfg(feature = "sim")]
pub(crate) fn simulated(sim: &Path, arch: &str, kernels: &[Kernel], list: &str) -> cc::Build {
    let mut build = cc::Build::new();
    build.cpp(true).std("c++17").warnings(true).extra_warnings(true).include(sim);
    let sanitizers = cargo::sanitizers();
    // A debug build still wants a fast simulation; instrumented, the second level compiles for longer than it saves.
    build.opt_level(if sanitizers.is_empty() { 2 } else { 1 });
    for sanitizer in sanitizers {
        build.flag(format!("-fsanitize={sanitizer}").as_str()).flag("-fno-sanitize-recover=all");
    }
    let (mut declared, mut listed) = (String::new(), String::new());
    for Kernel { symbol, source } in kernels {
        // The compiler is given the folder, since a path in an `#include` cannot hold every character.
        let folder = source.ancestors().nth(2).expect("a folder of the package");
        let included = source.strip_prefix(folder).expect("its own folder").display();
        // The arch is in each name that the linker sees, so that a program can have the kernel for several.
        let (function, entry) = (format!("{symbol}_{arch}"), format!("{symbol}_{arch}_entry"));
        let text = format!(
            "#define ASCENDC_SIM_ARCH {arch}\n#define cache_loc cache_loc_{arch}\n#define {symbol} {function}\n\
             #include \"{included}\"\n#include \"register.h\"\nextern const AscendCacheLocSimKernel {entry};\n\
             const AscendCacheLocSimKernel {entry} = ASCEND_CACHE_LOC_SIM_ENTRY_AS(\"{symbol}\", {function});\n"
        );
        build.file(written(&function, &text)).include(folder);
        declared += &format!("extern const AscendCacheLocSimKernel {entry};\n");
        listed += &format!("&{entry}, ");
    }
    let text = format!(
        "#include \"launch.h\"\n{declared}static const AscendCacheLocSimKernel *const entries[] = {{{listed}}};\n\
         extern \"C\" const AscendCacheLocSimKernels {list};\n\
         extern \"C\" const AscendCacheLocSimKernels {list} = {{entries, {}}};\n",
        kernels.len()
    );
    build.file(written(list, &text));
    build
}

/// A source file in `OUT_DIR`.
#[cfg(feature = "sim")]
fn written(name: &str, text: &str) -> PathBuf {
    let path = cargo::path("OUT_DIR").join(format!("{name}.cpp"));
    fs::write(&path, text).expect("OUT_DIR is writable");
    path
}
