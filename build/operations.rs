//! The operations, which are the folders of `ascendc/ops`, and the one line that each has in each root: without it, its
//! files are there and nothing uses them.

use std::fs;
use std::path::Path;

use crate::cargo;

/// The names of the operations, in their order.
pub(crate) fn names(manifest: &Path) -> Vec<String> {
    let folder = manifest.join("ascendc/ops");
    cargo::changed(&folder);
    let folders = cargo::entries(&folder).into_iter().filter(|path| path.is_dir());
    folders.filter_map(|path| Some(path.file_name()?.to_str()?.to_owned())).collect()
}

/// Files that list the operations by a line each. The packaged crate has the first only.
const ROOTS: [&str; 3] = ["src/ops/mod.rs", "cpu_ref/src/ops/mod.rs", "tests/ops/mod.rs"];

/// Refuses an operation without its line.
pub(crate) fn check(manifest: &Path, operations: &[String]) {
    for root in ROOTS {
        let path = manifest.join(root);
        let Ok(text) = fs::read_to_string(&path) else { continue };
        cargo::changed(&path);
        for name in operations {
            if !text.split([';', '\n']).any(|statement| statement.trim() == format!("mod {name}")) {
                cargo::error(&format!("ascendc/ops/{name}: {root} has no line `mod {name};`"));
            }
        }
    }
}
