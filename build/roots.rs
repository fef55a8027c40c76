//! The one line that an operation has in each root: without it, its files are there and nothing uses them.

use std::fs;
use std::path::Path;

use crate::{cargo, kernels};

/// Files that list the operations by a line each. The packaged crate has the first only.
const ROOTS: [&str; 3] = ["src/ops/mod.rs", "cpu_ref/src/ops/mod.rs", "tests/ops/mod.rs"];

/// Refuses a folder of `ascendc/ops` without its line.
pub(crate) fn check(manifest: &Path) {
    for root in ROOTS.iter().map(Path::new) {
        let path = manifest.join(root);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        cargo::changed(&path);
        for name in kernels::operation_names(&manifest.join("ascendc")) {
            if !text.split([';', '\n']).any(|statement| statement.trim() == format!("mod {name}")) {
                cargo::error(&format!("ascendc/ops/{name}: {} has no line `mod {name};`", root.display()));
            }
        }
    }
}
