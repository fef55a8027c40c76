//! Where CANN is. Sources of the search order and the layouts: hicann/runtime (`resolve_cann_env.sh`, `set_env.sh`) and
//! CANN's installation guide.

use std::path::{Path, PathBuf};
use std::{env, fmt, fs};

use super::version::{self, Stage, Version};
use crate::cargo;

/// Variables that name an installation, in the order that they are looked at.
pub(super) const VARIABLES: [&str; 3] = ["ASCEND_INSTALL_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"];
/// The first version whose runtime loads and launches kernels the way that we do.
pub(super) const OLDEST: Version = Version::new([8, 5, 0], Stage::Beta, 1);

/// A CANN installation that compiles.
pub(super) struct Cann {
    home: PathBuf,
    /// What it says its version is.
    said: String,
    pub(super) version: Version,
    pub(super) compiler: PathBuf,
    pub(super) linker: PathBuf,
}

impl fmt::Display for Cann {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CANN {} in {}", self.said, self.home.display())
    }
}

/// A folder that may be an installation, and the variable that says so.
struct Place {
    path: PathBuf,
    variable: Option<&'static str>,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.variable {
            Some(variable) => write!(f, "{variable}={}", self.path.display()),
            None => write!(f, "{}", self.path.display()),
        }
    }
}

impl Cann {
    /// The first installation that can be used. Others are passed over with a warning; where none is left: what was looked
    /// at, and what is wrong with it.
    pub(super) fn find() -> Result<Self, String> {
        let mut seen = Vec::new();
        for place in places() {
            let absent = place.variable.is_none() && fs::symlink_metadata(&place.path).is_err();
            match Self::at(place.path.clone()) {
                Ok(cann) => return Ok(cann),
                Err(_) if absent => seen.push(place.to_string()),
                Err(why) => {
                    cargo::warn(&format!("{place} is not used: {why}"));
                    seen.push(format!("{place} ({why})"));
                }
            }
        }
        Err(format!("no CANN for kernels was found when the crate was built; looked at {}", seen.join(", ")))
    }

    /// The installation in a folder; what keeps it from being used where it is none, is too old, or has no compiler.
    fn at(home: PathBuf) -> Result<Self, String> {
        if !home.is_absolute() {
            return Err("not an absolute path".into());
        }
        match fs::metadata(&home) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err("not a folder".into()),
            Err(error) => return Err(error.to_string()),
        }
        let (said, version) = version(&home)?;
        if version < OLDEST {
            return Err(format!("CANN {said}, {OLDEST} or later is needed"));
        }
        let tool = |name| tool(&home, name).map_err(|error| format!("CANN {said}, {error}"));
        let (compiler, linker) = (tool("bisheng")?, tool("ld.lld")?);
        cargo::changed(&compiler);
        cargo::changed(&linker);
        Ok(Self { home, said, version, compiler, linker })
    }

    /// Folders of headers, those that are there.
    pub(super) fn include_folders(&self) -> impl Iterator<Item = PathBuf> {
        let folders = [self.home.join("include"), self.home.join(target_platform()).join("include")];
        folders.into_iter().filter(|folder| folder.is_dir())
    }
}

/// Where an installation can be. Where a variable names one, nowhere else: kernels of another installation than the one
/// that the environment is set up for would be a surprise.
fn places() -> Vec<Place> {
    let mut places: Vec<Place> = Vec::new();
    for variable in VARIABLES {
        // An empty variable is as one that is not set. set_env.sh sets two to the same.
        let path = env::var_os(variable).map_or_else(PathBuf::new, PathBuf::from);
        if !path.as_os_str().is_empty() && places.iter().all(|place| place.path != path) {
            places.push(Place { path, variable: Some(variable) });
        }
    }
    if places.is_empty() {
        let home = env::var_os("HOME").map(PathBuf::from).filter(|home| home.is_absolute());
        let in_home =
            home.iter().flat_map(|home| ["Ascend/cann", "Ascend/ascend-toolkit/latest"].map(|path| home.join(path)));
        let of_all = ["/usr/local/Ascend/cann", "/usr/local/Ascend/ascend-toolkit/latest", "/opt/Ascend/cann"];
        places.extend(in_home.chain(of_all.map(PathBuf::from)).map(|path| Place { path, variable: None }));
    }
    places
}

/// The folder of an installation for a machine, such as `aarch64-linux`.
fn platform(arch: &str) -> String {
    format!("{arch}-linux")
}

/// The machine that the program is for; most NPU hosts are aarch64.
fn target_platform() -> String {
    platform(&env::var("CARGO_CFG_TARGET_ARCH").expect("set by cargo"))
}

/// The version that an installation says it is.
fn version(home: &Path) -> Result<(String, Version), String> {
    // One for this machine's tools will do: what they make runs on the device. The last is what the runtime reads.
    let mut files = vec![
        format!("{}/ascend_toolkit_install.info", target_platform()),
        format!("{}/ascend_toolkit_install.info", platform(env::consts::ARCH)),
        "version.cfg".into(),
        "share/info/runtime/version.info".into(),
    ];
    files.dedup();
    for file in &files {
        let path = home.join(file);
        if !path.is_file() {
            continue;
        }
        cargo::changed(&path);
        let text = fs::read(&path).map_err(|error| format!("{file}: {error}"))?;
        let text = String::from_utf8_lossy(&text);
        if let Some(said) = version::said(&text) {
            let version = Version::of(said).ok_or_else(|| format!("{file} says version {said:?}"))?;
            return Ok((said.to_owned(), version));
        }
    }
    Err(format!("nothing in it says a version ({})", files.join(", ")))
}

/// A tool of the installation; those that run on this machine, whatever the program is for.
fn tool(home: &Path, name: &str) -> Result<PathBuf, String> {
    let host = format!("{}/ccec_compiler/bin", platform(env::consts::ARCH));
    let folders =
        ["bin", "tools/bisheng_compiler/bin", "compiler/ccec_compiler/bin", "tools/ccec_compiler/bin", host.as_str()];
    let path = folders.iter().map(|folder| home.join(folder).join(name)).find(|path| path.is_file());
    path.ok_or_else(|| format!("no {name} in its {}", folders.join(", ")))
}
