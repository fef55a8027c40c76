//! What the tests stand on: folders, CANN trees, the simulated library, and a user of the crate.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, OnceLock};

pub(crate) const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Environment that would point at a real installation.
pub(crate) const CANN: [&str; 5] = [
    "ASCEND_INSTALL_PATH",
    "ASCEND_HOME_PATH",
    "ASCEND_TOOLKIT_HOME",
    "ASCEND_CACHE_LOC_ARCHS",
    "ASCEND_CACHE_LOC_DEBUG",
];

/// The operations, in order: the folders that the build compiles.
pub(crate) fn operations() -> Vec<String> {
    let folders = fs::read_dir(Path::new(ROOT).join("ascendc/ops")).unwrap();
    let mut names: Vec<_> = folders.map(|folder| folder.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

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

/// Its compiler lacks what came later.
pub(crate) fn cann_8_5(home: &Path) -> PathBuf {
    let tools = [("bisheng", "bin"), ("ld.lld", "HOST/ccec_compiler/bin")];
    let home = tree(home, "version.cfg", "# version\nruntime_running_version=[8.5.0.0:8.5.0]\n", &tools);
    let flags = home.join("bin/flags.tsv");
    let lines = fs::read_to_string(&flags).unwrap();
    let lines = lines.lines().filter(|line| line.split('\t').count() < 4).map(|line| format!("{line}\n"));
    fs::write(flags, lines.collect::<String>()).unwrap();
    home
}

/// A project that uses the crate with the feature `npu`, and shows what device there is.
pub(crate) struct Consumer {
    pub(crate) folder: PathBuf,
    pub(crate) log: PathBuf,
}

impl Consumer {
    pub(crate) fn new(name: &str) -> Self {
        Self::of(Path::new(ROOT), name, &["npu"])
    }

    /// A user of the crate in `repository`, with some of its features.
    pub(crate) fn of(repository: &Path, name: &str, features: &[&str]) -> Self {
        let folder = scratch(name);
        write(
            &folder.join("Cargo.toml"),
            &format!(
                "[package]\nname = \"consumer\"\nedition = \"2024\"\n[workspace]\n[dependencies]\n\
                 ascend-cache-loc = {{ path = {repository:?}, default-features = false, features = {features:?} }}\n"
            ),
        );
        fs::create_dir(folder.join("src")).unwrap();
        symlink(format!("{ROOT}/examples/device_info.rs"), folder.join("src/main.rs")).unwrap();
        fs::copy(format!("{ROOT}/Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let log = folder.join("log");
        Self { folder, log }
    }

    /// A target folder in which what the crate depends on is compiled: once, for a machine without CANN.
    fn seed() -> &'static Path {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        BUILT.get_or_init(|| {
            let seed = Self::new("consumer_seed");
            let target = seed.folder.join("target");
            fs::create_dir(&target).unwrap();
            seed.built(&[("HOME", "/nowhere")]);
            // To cargo each consumer is the same package: what it is made of comes along, itself not.
            let mut clean = Command::new(env!("CARGO"));
            clean.args(["clean", "--offline", "-p", "consumer"]).current_dir(&seed.folder);
            assert!(clean.env("CARGO_TARGET_DIR", &target).status().unwrap().success());
            target
        })
    }

    /// Builds it; the tools' command lines are appended to the log.
    pub(crate) fn build(&self, environment: &[(&str, &str)]) -> Output {
        let target = self.folder.join("target");
        if !target.exists() {
            // With the times of its files, by which cargo knows that they are done.
            let copied = Command::new("cp").arg("-a").arg(Self::seed()).arg(&target).status().unwrap();
            assert!(copied.success());
        }
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline"]).current_dir(&self.folder);
        for name in CANN {
            cargo.env_remove(name);
        }
        cargo.env("STANDIN_LOG", &self.log).env("CARGO_TARGET_DIR", target);
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

/// The crate's build script, run by itself, for a machine whose home folder is empty.
pub(crate) struct Script {
    /// Its `OUT_DIR`.
    pub(crate) out: PathBuf,
}

/// What a build script printed, and the `kernels.rs` that it wrote; empty where it wrote none.
pub(crate) struct Ran {
    pub(crate) said: String,
    pub(crate) kernels: String,
}

impl Script {
    pub(crate) fn new(out: PathBuf) -> Self {
        fs::create_dir_all(&out).unwrap();
        Self { out }
    }

    /// It, built once.
    fn path() -> &'static Path {
        static BUILT: OnceLock<PathBuf> = OnceLock::new();
        BUILT.get_or_init(|| {
            let folders = fs::read_dir(Consumer::seed().join("debug/build")).unwrap();
            let folders = folders.map(|entry| entry.unwrap().path());
            let of_crate = |path: &Path| path.file_name().unwrap().to_str().unwrap().starts_with("ascend-cache-loc-");
            let scripts = folders.filter(|folder| of_crate(folder)).map(|folder| folder.join("build-script-build"));
            scripts.into_iter().find(|script| script.is_file()).unwrap()
        })
    }

    pub(crate) fn run<V: AsRef<OsStr>>(&self, environment: &[(&str, V)]) -> Ran {
        let mut script = Command::new(Self::path());
        for name in CANN.iter().chain(&["DOCS_RS"]) {
            script.env_remove(name);
        }
        script.env("CARGO_CFG_TARGET_ARCH", std::env::consts::ARCH).env("CARGO_MANIFEST_DIR", ROOT);
        script.env("OUT_DIR", &self.out).env("HOME", "/nowhere").env("STANDIN_LOG", self.log());
        script.envs(environment.iter().map(|(name, value)| (name, value)));
        let _ = fs::remove_file(self.out.join("kernels.rs"));
        let _ = fs::remove_file(self.log());
        let output = script.output().unwrap();
        assert!(output.status.success(), "{}", said(&output));
        let printed = String::from_utf8(output.stdout).unwrap();
        assert!(printed.lines().all(|line| line.starts_with("cargo::")), "{printed}");
        Ran { said: printed, kernels: fs::read_to_string(self.out.join("kernels.rs")).unwrap_or_default() }
    }

    pub(crate) fn log(&self) -> PathBuf {
        self.out.join("log")
    }

    /// The tools' command lines of its last run.
    pub(crate) fn commands(&self) -> String {
        String::from_utf8_lossy(&fs::read(self.log()).unwrap_or_default()).into_owned()
    }
}

impl Ran {
    /// The texts of its warnings or errors.
    pub(crate) fn texts(&self, kind: &str) -> Vec<&str> {
        self.said
            .lines()
            .filter_map(|line| line.strip_prefix("cargo::")?.strip_prefix(kind)?.strip_prefix('='))
            .collect()
    }

    /// Why there are no kernels, as it is embedded.
    pub(crate) fn none(&self) -> &str {
        self.kernels.split_once("NO_KERNELS: &str = ").unwrap().1.trim_end().trim_end_matches(';').trim_matches('"')
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Puts libascendcl.so into an installation: the simulation under that name, with or without the functions that a library
/// may lack.
pub(crate) fn install(cann: &Path, optional: bool) {
    static BUILT: Mutex<()> = Mutex::new(());
    let _built = BUILT.lock().unwrap();
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--locked"]).current_dir(ROOT).env_remove("RUSTFLAGS");
    // Whole, it is there where the workspace was built with all features.
    let target = if optional {
        cargo.args(["--workspace", "--all-features", "--lib"]);
        Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("the target folder").to_owned()
    } else {
        cargo.args(["-p", "ascend-cache-loc-acl-standin", "--no-default-features"]);
        Path::new(env!("CARGO_TARGET_TMPDIR")).join("acl")
    };
    for name in CANN {
        cargo.env_remove(name);
    }
    let output = cargo.env("CARGO_TARGET_DIR", &target).output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    fs::create_dir_all(cann.join("lib64")).unwrap();
    fs::copy(target.join("debug/libacl_standin.so"), cann.join("lib64/libascendcl.so")).unwrap();
}

/// A copy of the repository.
pub(crate) fn copied(folder: &Path) -> PathBuf {
    let copy = folder.join("repository");
    fs::create_dir_all(&copy).unwrap();
    let script = r#"cd "$1" && tar --exclude ./target --exclude ./.git -cf - . | (cd "$2" && tar -xf -)"#;
    let copied = Command::new("sh").args(["-c", script, "sh", ROOT]).arg(&copy).status();
    assert!(copied.unwrap().success());
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
