//! What build scripts are told by cargo, and tell it: one line each, whatever the text.

#![allow(dead_code, reason = "each feature's part needs some of it")]

use std::path::{Path, PathBuf};
use std::{env, fs};

/// An environment variable that cargo sets for a build script, as a path.
pub(crate) fn path(name: &str) -> PathBuf {
    env::var_os(name).map(PathBuf::from).expect("set by cargo")
}

/// Has the script run again when a file, or something in a folder, changed. A path that is not UTF-8, or has a line break,
/// cannot be told to cargo: such a file is not watched.
pub(crate) fn changed(path: &Path) {
    if let Some(path) = path.to_str().filter(|path| !path.contains(['\n', '\r'])) {
        println!("cargo::rerun-if-changed={path}");
    }
}

/// Has the script run again when an environment variable changed.
pub(crate) fn variable_changed(name: &str) {
    println!("cargo::rerun-if-env-changed={name}");
}

/// Warns in one line.
pub(crate) fn warn(text: &str) {
    println!("cargo::warning={}", line(text));
}

/// Ends the build, when the script has ended.
pub(crate) fn error(text: &str) {
    for text in text.lines() {
        println!("cargo::error={}", line(text));
    }
}

/// A text in one line: what a path or a tool put into it ends no line.
pub(crate) fn line(text: &str) -> String {
    let mut line = String::new();
    for character in text.chars() {
        match character {
            '\t' => line.push(character),
            _ if character.is_control() => line.extend(character.escape_default()),
            _ => line.push(character),
        }
    }
    line
}

/// What is in a folder, by name.
pub(crate) fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder of sources");
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    paths
}

/// The sanitizers that the C++ is instrumented with, for tests: `ASCEND_CACHE_LOC_SANITIZE`, as compilers take the list.
pub(crate) fn sanitizers() -> Vec<String> {
    const ASKED: &str = "ASCEND_CACHE_LOC_SANITIZE";
    variable_changed(ASKED);
    let asked = env::var(ASKED).unwrap_or_default();
    asked.split(',').filter(|name| !name.is_empty()).map(Into::into).collect()
}
