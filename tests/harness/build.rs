//! Lists the operations that `tests/ops` has a file of: `OUT_DIR/operations.rs`, an array of them by name.

use std::{env, fs, path::Path};

fn main() {
    let ops = Path::new(&env::var_os("CARGO_MANIFEST_DIR").expect("set by cargo")).join("../ops");
    println!("cargo::rerun-if-changed={}", ops.display());
    let files = fs::read_dir(&ops).expect("tests/ops");
    let names = files.map(|file| file.expect("a readable folder").path());
    let names = names.filter(|path| path.extension().is_some_and(|extension| extension == "rs"));
    let mut names: Vec<_> = names.filter_map(|path| Some(path.file_stem()?.to_str()?.to_owned())).collect();
    names.retain(|name| name != "mod");
    names.sort();
    let list: Vec<_> = names.iter().map(|name| format!("&crate::ops::{}", camel(name))).collect();
    let path = Path::new(&env::var_os("OUT_DIR").expect("set by cargo")).join("operations.rs");
    fs::write(path, format!("&[{}]", list.join(", "))).expect("OUT_DIR is writable");
}

/// `get_last_loc` as `GetLastLoc`: each file has a struct of that name.
fn camel(name: &str) -> String {
    let word = |word: &str| word[..1].to_uppercase() + &word[1..];
    name.split('_').filter(|part| !part.is_empty()).map(word).collect()
}
