//! What the tests stand on: folders, CANN trees, the simulated library, and a user of the crate.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Mutex;

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Environment that would point at a real installation.
pub(crate) const CANN: [&str; 4] =
    ["ASCEND_INSTALL_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME", "ASCEND_CACHE_LOC_ARCHS"];

/// The folder of an installation for this machine.
pub(crate) fn host_platform() -> String {
    format!("{}-linux", std::env::consts::ARCH)
}

/// A folder of its own for a test.
pub(crate) fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

pub(crate) fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A CANN tree: version file, and where the tools are; `HOST` in a path is the folder for this machine.
pub(crate) fn tree(home: &Path, version_file: &str, version: &str, tools: &[(&str, &str)]) -> PathBuf {
    let home = home.join("cann");
    let host = |path: &str| path.replace("HOST", &host_platform());
    write(&home.join(host(version_file)), version);
    fs::create_dir_all(home.join("include")).unwrap();
    for (tool, folder) in tools {
        let folder = home.join(host(folder));
        fs::create_dir_all(&folder).unwrap();
        fs::copy(format!("{ROOT}/tests/fixtures/cann/tool.sh"), folder.join(tool)).unwrap();
        fs::copy(format!("{ROOT}/tests/fixtures/cann/flags.tsv"), folder.join("flags.tsv")).unwrap();
    }
    home
}

pub(crate) fn cann_9(home: &Path) -> PathBuf {
    let tools = [("bisheng", "tools/bisheng_compiler/bin"), ("ld.lld", "tools/bisheng_compiler/bin")];
    let home = tree(home, "HOST/ascend_toolkit_install.info", "package_name=toolkit\nversion=9.0.0\n", &tools);
    fs::create_dir(home.join("bin")).unwrap();
    fs::create_dir_all(home.join(host_platform()).join("include")).unwrap();
    home
}

pub(crate) fn cann_8_5(home: &Path) -> PathBuf {
    let tools = [("bisheng", "bin"), ("ld.lld", "HOST/ccec_compiler/bin")];
    tree(home, "version.cfg", "# version\nruntime_running_version=[8.5.0.0:8.5.0]\n", &tools)
}

/// A project that uses the crate with the feature `npu`, and shows what device there is.
pub(crate) struct Consumer {
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
}

impl Consumer {
    pub(crate) fn new(name: &str) -> Self {
        Self::of(Path::new(ROOT), name)
    }

    /// A user of the crate in `repository`.
    pub(crate) fn of(repository: &Path, name: &str) -> Self {
        let folder = scratch(name);
        write(
            &folder.join("Cargo.toml"),
            &format!(
                "[package]\nname = \"consumer\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
                 ascend-cache-loc = {{ path = {repository:?}, default-features = false, features = [\"npu\"] }}\n"
            ),
        );
        fs::create_dir(folder.join("src")).unwrap();
        symlink(format!("{ROOT}/examples/device_info.rs"), folder.join("src/main.rs")).unwrap();
        fs::copy(format!("{ROOT}/Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let log = folder.join("log");
        Self { folder, log }
    }

    /// Builds it; the tools' command lines are appended to the log.
    pub(crate) fn build(&self, environment: &[(&str, &str)]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline"]).current_dir(&self.folder);
        for name in CANN {
            cargo.env_remove(name);
        }
        cargo.env("STANDIN_LOG", &self.log).env("CARGO_TARGET_DIR", self.folder.join("target"));
        cargo.env("CARGO_PROFILE_DEV_DEBUG", "0").env_remove("CARGO_BUILD_TARGET");
        cargo.envs(environment.iter().copied()).output().unwrap()
    }

    pub(crate) fn built(&self, environment: &[(&str, &str)]) -> String {
        let output = self.build(environment);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    pub(crate) fn refused(&self, environment: &[(&str, &str)]) -> String {
        let output = self.build(environment);
        assert!(!output.status.success(), "it was built");
        said(&output)
    }

    /// What it prints of the device.
    pub(crate) fn run(&self, environment: &[(&str, &str)]) -> String {
        self.run_in(&self.folder, environment)
    }

    /// The same, with another current directory.
    pub(crate) fn run_in(&self, directory: &Path, environment: &[(&str, &str)]) -> String {
        let mut program = Command::new(self.program());
        program.current_dir(directory);
        program.env_remove("LD_LIBRARY_PATH").env_remove("ASCEND_HOME_PATH").envs(environment.iter().copied());
        String::from_utf8(program.output().unwrap().stdout).unwrap()
    }

    pub(crate) fn program(&self) -> PathBuf {
        self.folder.join("target/debug/consumer")
    }

    pub(crate) fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().map(Into::into).collect()
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Puts libascendcl.so into an installation: the simulation under that name, with or without the functions that a library
/// may lack.
pub(crate) fn install(cann: &Path, optional: bool) {
    // Both are built in one place, one after the other.
    static BUILT: Mutex<()> = Mutex::new(());
    let _built = BUILT.lock().unwrap();
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join("acl");
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--locked", "-p", "ascend-cache-loc-acl-standin"]).current_dir(ROOT);
    cargo.args((!optional).then_some("--no-default-features"));
    cargo.env("CARGO_TARGET_DIR", &target).env("CARGO_PROFILE_DEV_DEBUG", "0").env_remove("RUSTFLAGS");
    let output = cargo.output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    fs::create_dir_all(cann.join("lib64")).unwrap();
    fs::copy(target.join("debug/libacl_standin.so"), cann.join("lib64/libascendcl.so")).unwrap();
}

/// A copy of the repository.
pub(crate) fn copied(folder: &Path) -> PathBuf {
    let copy = folder.join("repository");
    fs::create_dir_all(&copy).unwrap();
    let copied =
        format!("tar -C '{ROOT}' --exclude ./target --exclude ./.git -cf - . | tar -C '{}' -xf -", copy.display());
    assert!(Command::new("sh").args(["-c", &copied]).status().unwrap().success());
    copy
}

/// A copy for a machine without a network, as the README has it: with all that it needs from a registry in a folder of
/// its own. Only making it may need the network.
pub(crate) fn vendored(folder: &Path) -> PathBuf {
    let copy = copied(folder);
    fs::create_dir(copy.join(".cargo")).unwrap();
    let vendor = Command::new(env!("CARGO")).args(["vendor", "--locked"]).current_dir(&copy).output().unwrap();
    assert!(vendor.status.success(), "{}", said(&vendor));
    fs::write(copy.join(".cargo/config.toml"), vendor.stdout).unwrap();
    copy
}
