//! libascendcl, opened at run time: a program that was built with CANN starts on a machine without it.

use std::env;
use std::ffi::{CString, OsStr, c_void};
use std::fmt;
use std::mem::ManuallyDrop;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;
use std::sync::Arc;

use libloading::os::unix::{Library, RTLD_LOCAL, RTLD_NOW};

use super::{Api, functions};
use super::{Error, Result};
use crate::logging;

/// The kernels as the build script made them.
mod embedded {
    include!(concat!(env!("OUT_DIR"), "/kernels.rs"));
}

/// Names of the library; newer packages have the second part of it under a name of its own.
const NAMES: [&str; 3] = ["libascendcl.so", "libascendcl.so.1", "libacl_rt.so"];

/// glibc's and musl's `RTLD_NOLOAD`: the library if it is open already.
const RTLD_NOLOAD: i32 = 4;

/// A library that is open, for ever: what runs in it cannot be told to stop.
pub(super) struct Opened {
    library: ManuallyDrop<Library>,
    path: PathBuf,
}

impl Opened {
    fn new(library: Library, path: PathBuf) -> Self {
        Self { library: ManuallyDrop::new(library), path }
    }
}

/// Opens the library of this process.
///
/// # Errors
/// [`Error::Unavailable`] where there is none.
pub(super) fn find() -> Result<Opened> {
    // One that another runtime has opened counts first: it is initialised, and its state is the process's.
    for name in NAMES {
        // SAFETY: nothing is loaded, so no initialiser runs.
        if let Ok(library) = unsafe { Library::open(Some(name), RTLD_NOW | RTLD_LOCAL | RTLD_NOLOAD) } {
            return Ok(Opened::new(library, name.into()));
        }
    }
    let places = Places::of(env::var_os("LD_LIBRARY_PATH").as_deref(), env::var_os("ASCEND_HOME_PATH").as_deref());
    let mut broken = String::new();
    for path in places.paths() {
        // SAFETY: the initialisers of AscendCL's own library.
        match unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) } {
            Ok(library) => return Ok(Opened::new(library, path)),
            // It is there and does not load: the text says which of its own libraries is missing.
            Err(error) if path.is_absolute() && path.exists() => {
                logging::warn!("{} does not load: {error}", path.display());
                broken = format!("{broken}; {error}");
            }
            Err(_) => {}
        }
    }
    Err(Error::Unavailable(format!("no AscendCL on this machine: looked for {places}{broken}").into()))
}

/// Where the library can be.
struct Places {
    folders: Vec<PathBuf>,
    /// The dynamic linker searches too. It reads an empty element of its search path as the current directory, and
    /// follows relative ones: it is asked only where there are none.
    linker: bool,
}

impl Places {
    fn of(search_path: Option<&OsStr>, home: Option<&OsStr>) -> Self {
        // As glibc reads it (`_dl_init_paths`): separated by colons or semicolons; empty is as not set.
        let search_path = search_path.map(OsStr::as_bytes).filter(|path| !path.is_empty());
        let elements = search_path.iter().flat_map(|path| path.split(|byte| matches!(byte, b':' | b';')));
        let elements: Vec<_> = elements.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
        let linker = elements.iter().all(|path| path.is_absolute());
        let mut folders: Vec<_> = elements.into_iter().filter(|path| path.is_absolute()).collect();
        if let Some(home) = home.map(PathBuf::from).filter(|home| home.is_absolute()) {
            folders.push(home.join("lib64"));
            folders.push(home.join(format!("{}-linux", env::consts::ARCH)).join("lib64"));
        }
        Self { folders, linker }
    }

    /// In the order that they are tried.
    fn paths(&self) -> impl Iterator<Item = PathBuf> {
        let in_folders = self.folders.iter().flat_map(|folder| NAMES.map(|name| folder.join(name)));
        in_folders.chain(NAMES.into_iter().filter(|_| self.linker).map(PathBuf::from))
    }
}

impl fmt::Display for Places {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} in", NAMES.join(", "))?;
        for folder in &self.folders {
            write!(f, " {},", folder.display())?;
        }
        f.write_str(match self.linker {
            true => " the dynamic linker's folders",
            false => " no other folder, since LD_LIBRARY_PATH has an empty or a relative element",
        })
    }
}

/// Initialises a library that is open.
///
/// # Errors
/// [`Error::Unavailable`] where it is not one that we can use; what `aclInit` says.
pub(super) fn initialise(Opened { library, path }: Opened) -> Result<Arc<Api>> {
    let lookup = |name: &str| {
        let symbol = CString::new(name).expect("a function's name");
        // SAFETY: an address, of whatever type; null where there is none.
        unsafe { library.get::<*mut c_void>(symbol.as_bytes_with_nul()) }.map_or(std::ptr::null_mut(), |found| *found)
    };
    // SAFETY: the functions have the documented types, which tests/acl_headers.sh compares.
    let table = unsafe { functions::table(lookup) };
    // SAFETY: as above; the library is never closed.
    unsafe { Api::new(table, &path.display().to_string(), kernels, Box::new(())) }
}

/// The embedded kernels for a device.
fn kernels(arch: &str) -> Result<&'static [u8], Box<str>> {
    if let Some((_, image)) = embedded::KERNELS.iter().find(|(of, _)| *of == arch) {
        return Ok(image);
    }
    if embedded::KERNELS.is_empty() {
        return Err(format!("this build has no kernels: {}", embedded::NO_KERNELS).into());
    }
    let there: Vec<_> = embedded::KERNELS.iter().map(|(of, _)| *of).collect();
    let (there, add) = (there.join(", "), "set ASCEND_CACHE_LOC_ARCHS when building");
    Err(format!("this build has kernels for {there}, the device is {arch}: {add}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_the_current_directory_nor_relative_paths_are_searched() {
        let shown = |search_path: &str, home: &str| {
            let places = Places::of(Some(search_path.as_ref()), Some(home.as_ref()));
            let paths = places.paths().map(|path| path.display().to_string()).collect::<Vec<_>>();
            assert!(paths.iter().all(|path| path.starts_with('/') || NAMES.contains(&&**path)), "{paths:?}");
            (paths, places.to_string())
        };
        let cpu = env::consts::ARCH;
        let mut expected: Vec<String> = Vec::new();
        for folder in ["/a", "/cann/lib64", &format!("/cann/{cpu}-linux/lib64")] {
            expected.extend(NAMES.map(|name| format!("{folder}/{name}")));
        }
        for search_path in ["/a:", ":/a", "/a:.", "/a::", "lib:/a", "/a:../lib", "/a;", ";/a", "/a;.", "$ORIGIN;/a"] {
            assert_eq!(shown(search_path, "/cann").0, expected, "{search_path:?}");
        }
        expected.extend(NAMES.map(Into::into));
        let (paths, text) = shown("/a", "/cann");
        assert_eq!(paths, expected);
        let folders = format!("/a, /cann/lib64, /cann/{cpu}-linux/lib64, the dynamic linker's folders");
        assert_eq!(text, format!("libascendcl.so, libascendcl.so.1, libacl_rt.so in {folders}"));
        assert_eq!(Places::of(None, None).paths().collect::<Vec<_>>(), NAMES.map(PathBuf::from));
        assert_eq!(shown("/a;/b", "").0, shown("/a:/b", "").0);
        assert_eq!(shown(":", "relative").0, Vec::<String>::new(), "two empty elements");
    }

    /// The dynamic linker takes an empty search path as none, not as one with an empty element.
    #[test]
    fn an_empty_search_path_is_as_none() {
        let paths = |search_path| Places::of(search_path, None).paths().collect::<Vec<_>>();
        assert_eq!(paths(Some("".as_ref())), NAMES.map(PathBuf::from));
        assert_eq!(paths(Some("".as_ref())), paths(None));
    }
}
