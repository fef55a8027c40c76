//! The NPU path without CANN: a stand-in toolchain drives the build script end to end, and the simulated AscendCL, under
//! the real library's names, is opened by the loader. Neither says anything about CANN itself.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");
/// Environment that would point at a real installation.
const CANN: [&str; 4] = ["ASCEND_INSTALL_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME", "ASCEND_CACHE_LOC_ARCHS"];

/// A folder of its own for a test.
fn scratch(name: &str) -> PathBuf {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&path);
    fs::create_dir_all(&path).unwrap();
    path
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

/// A CANN tree: version file, and where the tools are.
fn tree(home: &Path, version_file: &str, version: &str, tools: &[(&str, &str)]) -> PathBuf {
    let home = home.join("cann");
    let cpu = std::env::consts::ARCH;
    write(&home.join(version_file.replace("CPU", cpu)), version);
    fs::create_dir_all(home.join("include")).unwrap();
    for (tool, folder) in tools {
        let folder = home.join(folder.replace("CPU", cpu));
        fs::create_dir_all(&folder).unwrap();
        fs::copy(format!("{ROOT}/tests/fixtures/cann/tool.sh"), folder.join(tool)).unwrap();
        fs::copy(format!("{ROOT}/tests/fixtures/cann/flags.tsv"), folder.join("flags.tsv")).unwrap();
    }
    home
}

fn cann_9(home: &Path) -> PathBuf {
    let tools = [("bisheng", "tools/bisheng_compiler/bin"), ("ld.lld", "tools/bisheng_compiler/bin")];
    let home = tree(home, "CPU-linux/ascend_toolkit_install.info", "package_name=toolkit\nversion=9.0.0\n", &tools);
    fs::create_dir(home.join("bin")).unwrap();
    fs::create_dir_all(home.join(format!("{}-linux/include", std::env::consts::ARCH))).unwrap();
    home
}

fn cann_8_5(home: &Path) -> PathBuf {
    let tools = [("bisheng", "bin"), ("ld.lld", "CPU-linux/ccec_compiler/bin")];
    tree(home, "version.cfg", "# version\nruntime_running_version=[8.5.0.0:8.5.0]\n", &tools)
}

/// A project that uses the crate with the feature `npu`, and shows what device there is.
struct Consumer {
    folder: PathBuf,
    log: PathBuf,
}

impl Consumer {
    fn new(name: &str) -> Self {
        Self::of(Path::new(ROOT), name)
    }

    /// A user of the crate in `repository`.
    fn of(repository: &Path, name: &str) -> Self {
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
    fn build(&self, environment: &[(&str, &str)]) -> Output {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--offline"]).current_dir(&self.folder);
        for name in CANN {
            cargo.env_remove(name);
        }
        cargo.env("STANDIN_LOG", &self.log).env("CARGO_TARGET_DIR", self.folder.join("target"));
        cargo.env_remove("CARGO_BUILD_TARGET").envs(environment.iter().copied()).output().unwrap()
    }

    fn built(&self, environment: &[(&str, &str)]) -> String {
        let output = self.build(environment);
        assert!(output.status.success(), "{}", said(&output));
        said(&output)
    }

    fn refused(&self, environment: &[(&str, &str)]) -> String {
        let output = self.build(environment);
        assert!(!output.status.success(), "it was built");
        said(&output)
    }

    /// What it prints of the device.
    fn run(&self, environment: &[(&str, &str)]) -> String {
        let mut program = Command::new(self.folder.join("target/debug/consumer"));
        program.env_remove("LD_LIBRARY_PATH").env_remove("ASCEND_HOME_PATH").envs(environment.iter().copied());
        String::from_utf8(program.output().unwrap().stdout).unwrap()
    }

    fn log(&self) -> Vec<String> {
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        log.lines().map(Into::into).collect()
    }
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// libascendcl.so: the simulation under that name, with or without the functions that a library may lack.
fn library(optional: bool) -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).join(if optional { "acl" } else { "acl_required" });
    let mut cargo = Command::new(env!("CARGO"));
    cargo.args(["build", "--offline", "--locked", "-p", "ascend-cache-loc-acl-standin"]).current_dir(ROOT);
    cargo.args((!optional).then_some("--no-default-features"));
    let output = cargo.env("CARGO_TARGET_DIR", &target).env_remove("RUSTFLAGS").output().unwrap();
    assert!(output.status.success(), "{}", said(&output));
    target.join("debug/libacl_standin.so")
}

/// Puts a library into an installation.
fn install(cann: &Path, library: &Path) {
    fs::create_dir_all(cann.join("lib64")).unwrap();
    fs::copy(library, cann.join("lib64/libascendcl.so")).unwrap();
}

#[test]
fn kernels_are_compiled_linked_checked_and_embedded() {
    let consumer = Consumer::new("consumer");
    let home = scratch("cann_9");
    let cann = cann_9(&home);
    let environment = [("ASCEND_HOME_PATH", cann.to_str().unwrap()), ("STANDIN_WARN", "be careful")];
    let text = consumer.built(&environment);
    assert!(text.contains("get_last_loc/entry.cpp: warning: be careful"), "{text}");
    let log = consumer.log();
    assert_eq!(log.len(), 3, "{log:?}");
    let (cpu, shown) = (std::env::consts::ARCH, cann.display());
    let flags = format!(
        "bisheng -c -x asc --aicore-only -std=c++17 -fPIC -DASCENDC_DUMP=0 --npu-arch=dav-2201 --cce-auto-sync=off -O3 \
         -I{shown}/include -I{shown}/{cpu}-linux/include {ROOT}/ascendc/assign_extend_cache_locs/entry.cpp -o "
    );
    assert!(log[0].starts_with(&flags), "{}\n{flags}", log[0]);
    assert!(log[1].contains("/ascendc/get_last_loc/entry.cpp"), "{}", log[1]);
    assert!(log[2].starts_with("ld.lld -m aicorelinux -Ttext=0 /") && log[2].contains(" -static -o /"), "{}", log[2]);

    // A second build does nothing.
    consumer.built(&environment);
    assert_eq!(consumer.log().len(), 3);

    // Without a library the program starts all the same: it is not linked.
    let program = consumer.folder.join("target/debug/consumer");
    let linked = Command::new("readelf").arg("-d").arg(&program).output().unwrap();
    let linked = String::from_utf8(linked.stdout).unwrap();
    assert!(linked.contains("libc.so") && !linked.contains("ascend") && !linked.contains("libacl"), "{linked}");
    let text = consumer.run(&[]);
    assert!(text.starts_with("no AscendCL on this machine: looked for libascendcl.so"), "{text}");

    // With one, the embedded kernels are loaded.
    install(&cann, &library(true));
    let device = [("ASCEND_HOME_PATH", cann.to_str().unwrap())];
    let kernels = "ascend_cache_loc_get_last_loc, ascend_cache_loc_assign_extend_cache_locs";
    let info = format!(
        "devices       1\nchip          Ascend910B3 (dav-2201)\nvector cores  64\nCANN          9.0.0\nkernels       {kernels}\n"
    );
    assert_eq!(consumer.run(&device), info);
    let with = |setup| consumer.run(&[device[0], ("ASCEND_CACHE_LOC_STANDIN", setup)]);
    assert_eq!(with("soc=Ascend910_9382"), info.replace("Ascend910B3", "Ascend910_9382"));
    assert_eq!(
        with("soc=Ascend950PR_9599"),
        "this build has kernels for dav-2201, the device is dav-3510: set ASCEND_CACHE_LOC_ARCHS when building\n"
    );
    assert_eq!(with("soc=Ascend910A"), "device 0: no kernels for a chip named \"Ascend910A\"\n");
    let library = cann.join("lib64/libascendcl.so");
    assert_eq!(with("version=80300000"), format!("{} is of CANN 8.3.0: 8.5.0 or later is needed\n", library.display()));
    // Each call on the way fails in turn.
    for name in [
        "aclInit",
        "aclrtGetDeviceCount",
        "aclrtSetDevice",
        "aclrtGetCurrentContext",
        "aclrtBinaryLoadFromData",
        "aclrtBinaryGetFunction",
        "aclrtCreateStreamWithConfig",
        "aclrtMallocHost",
        "aclrtMalloc",
        "aclrtMemsetAsync",
        "aclrtSynchronizeStream",
    ] {
        for code in [107_000, 107_002, 207_000, 507_000] {
            if name == "aclrtGetCurrentContext" && code == 107_002 {
                continue; // not a failure: no context yet
            }
            let setup = format!("fail={name}:1:{code}");
            let text = consumer.run(&[device[0], ("ASCEND_CACHE_LOC_STANDIN", &*setup)]);
            let expected = format!("{name} failed with {code}: {name} fails here as it was told to\n");
            assert!(text.ends_with(&expected), "{text}");
        }
    }
    // The other ways to be found: the search path, and not through an empty element of it.
    let folder = cann.join("lib64");
    assert_eq!(consumer.run(&[("LD_LIBRARY_PATH", folder.to_str().unwrap())]), info);
    let text = Command::new(consumer.folder.join("target/debug/consumer"))
        .current_dir(&folder)
        .env_remove("ASCEND_HOME_PATH")
        .env("LD_LIBRARY_PATH", ":/nowhere")
        .output()
        .unwrap();
    let text = String::from_utf8(text.stdout).unwrap();
    assert!(text.starts_with("no AscendCL on this machine"), "the current directory was searched: {text}");
}

/// A library that lacks functions is refused by the functions' names.
#[test]
fn a_library_without_the_functions_is_refused() {
    let consumer = Consumer::new("consumer_lacking");
    consumer.built(&[("HOME", "/nowhere")]);
    let folder = scratch("lacking");
    let source = "int aclInit(const char *c) { return 0; } const char *aclGetRecentErrMsg(void) { return 0; }";
    write(&folder.join("acl.c"), source);
    let library = folder.join("libascendcl.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(folder.join("acl.c")).status();
    assert!(built.unwrap().success());
    let text = consumer.run(&[("LD_LIBRARY_PATH", folder.to_str().unwrap())]);
    let expected = format!("{} has no aclrtGetDeviceCount, aclrtSetDevice, ", library.display());
    assert!(text.starts_with(&expected) && text.ends_with(": CANN 8.5.0 or later is needed\n"), "{text}");
    assert!(!text.contains("aclmdlRICaptureBegin"), "optional: {text}");
    // A file that is no library.
    write(&library, "not a library");
    let text = consumer.run(&[("LD_LIBRARY_PATH", folder.to_str().unwrap())]);
    assert!(text.contains("invalid ELF header") || text.contains("file too short"), "{text}");
}

#[test]
fn another_layout_two_archs_and_what_ends_the_build() {
    let consumer = Consumer::new("consumer_8_5");
    let home = scratch("cann_8_5");
    let cann = cann_8_5(&home);
    let path = cann.to_str().unwrap();
    let base = [("ASCEND_TOOLKIT_HOME", path), ("HOME", "/nowhere")];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    consumer.built(&with(&[
        ("ASCEND_CACHE_LOC_ARCHS", "dav-2201, dav-3510"),
        ("ASCEND_CACHE_LOC_DEBUG", "1"),
        ("STANDIN_META", "1"),
    ]));
    let log = consumer.log();
    assert_eq!(log.len(), 6, "{log:?}");
    assert!(
        log[..2]
            .iter()
            .all(|line| line.contains("--npu-arch=dav-2201") && line.contains(" -g --cce-enable-sanitizer "))
    );
    assert!(log[3..5].iter().all(|line| line.contains("--npu-arch=dav-3510")));
    install(&cann, &library(true));
    let info = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    assert!(info.contains("kernels       ascend_cache_loc_get_last_loc, "), "{info}");

    let text = consumer.refused(&with(&[("ASCEND_CACHE_LOC_ARCHS", "dav-2002")]));
    assert!(text.contains("ASCEND_CACHE_LOC_ARCHS: dav-2002 is none of dav-2201, dav-3510 (CANN 8.5.0 in "), "{text}");
    let text = consumer.refused(&with(&[("STANDIN_FAIL", "no such intrinsic")]));
    assert!(text.contains("entry.cpp: error: no such intrinsic"), "{text}");
    let text = consumer.refused(&with(&[("STANDIN_SYMBOL", "mangled")]));
    assert!(text.contains("does not define ascend_cache_loc_"), "{text}");
    let text = consumer.refused(&with(&[("STANDIN_META", "other")]));
    assert!(text.contains("has metadata, and none of ascend_cache_loc_"), "{text}");
    fs::remove_file(cann.join("bin/bisheng")).unwrap();
    let text = consumer.refused(&base);
    assert!(
        text.contains("bisheng is missing; looked for ") && text.contains("tools/ccec_compiler/bin/bisheng"),
        "{text}"
    );

    let old = tree(&scratch("cann_8_0"), "version.cfg", "runtime_running_version=[8.0.0.0:8.0.0]\n", &[]);
    let text = consumer.refused(&[("ASCEND_HOME_PATH", old.to_str().unwrap())]);
    assert!(text.contains("is CANN 8.0.0: 8.5.0 or later is needed to compile the kernels"), "{text}");
    let line = "version=8.3.RC1.alpha002\n";
    let old = tree(&scratch("cann_8_3"), "CPU-linux/ascend_toolkit_install.info", line, &[]);
    let text = consumer.refused(&[("ASCEND_HOME_PATH", old.to_str().unwrap())]);
    assert!(text.contains("is CANN 8.3.RC1.alpha002: 8.5.0 or later is needed"), "{text}");
    let empty = scratch("cann_empty");
    let text = consumer.refused(&[("ASCEND_HOME_PATH", empty.to_str().unwrap())]);
    assert!(text.contains("no version of CANN found in it"), "{text}");

    // Nothing there at all: it builds, and says so at run time.
    consumer.built(&[("HOME", "/nowhere")]);
    let text = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    let expected =
        "this build has no kernels: CANN was not found when the crate was built; looked for in /nowhere/Ascend/cann, ";
    assert!(text.starts_with(expected), "{text}");
}

/// The variables are looked at in their order, then the home folder.
#[test]
fn the_first_installation_counts() {
    let consumer = Consumer::new("consumer_order");
    let versions = ["8.0.1", "8.0.2", "8.0.3", "8.0.4", "8.0.5"].map(|version| {
        let home = scratch(&format!("cann_order_{version}"));
        tree(&home, "version.cfg", &format!("version={version}\n"), &[])
    });
    let home = scratch("home_order");
    fs::create_dir_all(home.join("Ascend/ascend-toolkit")).unwrap();
    symlink(&versions[3], home.join("Ascend/cann")).unwrap();
    symlink(&versions[4], home.join("Ascend/ascend-toolkit/latest")).unwrap();
    let paths = versions.each_ref().map(|path| path.to_str().unwrap());
    let mut environment = vec![
        ("ASCEND_INSTALL_PATH", paths[0]),
        ("ASCEND_HOME_PATH", paths[1]),
        ("ASCEND_TOOLKIT_HOME", paths[2]),
        ("HOME", home.to_str().unwrap()),
    ];
    for version in ["8.0.1", "8.0.2", "8.0.3", "8.0.4"] {
        let text = consumer.refused(&environment);
        assert!(text.contains(&format!("is CANN {version}: 8.5.0 or later is needed")), "{text}");
        if environment.len() > 1 {
            environment.remove(0);
        }
    }
    fs::remove_file(home.join("Ascend/cann")).unwrap();
    let text = consumer.refused(&environment);
    assert!(text.contains("is CANN 8.0.5: "), "{text}");
    // A relative path is not followed.
    environment.push(("ASCEND_INSTALL_PATH", "cann"));
    symlink(&versions[0], consumer.folder.join("cann")).unwrap();
    let text = consumer.refused(&environment);
    assert!(text.contains("is CANN 8.0.5: "), "{text}");
}

/// What kernels are made from, and with, makes the next build compile them again; nothing else does.
#[test]
fn kernels_are_compiled_again_when_something_changed() {
    let home = scratch("cann_again");
    let (cann, repository) = (cann_9(&home), copied(&home));
    let consumer = Consumer::of(&repository, "consumer_again");
    let environment = [("ASCEND_HOME_PATH", cann.to_str().unwrap()), ("HOME", "/nowhere")];
    let mut runs = 0;
    let mut changed = |path: Option<PathBuf>, again: bool| {
        if let Some(path) = &path {
            let text = fs::read(path).unwrap();
            fs::write(path, text).unwrap();
        }
        consumer.built(&environment);
        let before = std::mem::replace(&mut runs, consumer.log().len());
        assert_eq!(runs - before, if again { 3 } else { 0 }, "{path:?}");
    };
    changed(None, true);
    changed(None, false);
    for (path, again) in [
        ("ascendc/get_last_loc/kernel.h", true),
        ("ascendc/common/split.h", true),
        ("ascendc/cache_loc.h", true),
        ("ascendc/sim/kernel_operator.h", false),
        ("src/lib.rs", false),
        ("README.md", false),
    ] {
        changed(Some(repository.join(path)), again);
    }
    changed(Some(cann.join("tools/bisheng_compiler/bin/bisheng")), true);
    changed(Some(cann.join("tools/bisheng_compiler/bin/ld.lld")), true);
    changed(Some(cann.join(format!("{}-linux/ascend_toolkit_install.info", std::env::consts::ARCH))), true);
    changed(None, false);
}

/// The build script of a program for another machine takes that machine's folders, and this machine's tools.
#[test]
fn cross_compiling_takes_the_targets_folders() {
    let consumer = Consumer::new("consumer_cross");
    consumer.built(&[("HOME", "/nowhere")]);
    let scripts = fs::read_dir(consumer.folder.join("target/debug/build")).unwrap().map(|entry| entry.unwrap().path());
    let script = scripts.map(|folder| folder.join("build-script-build")).find(|path| {
        path.exists() && path.parent().unwrap().file_name().unwrap().to_str().unwrap().starts_with("ascend-cache-loc-")
    });
    let home = scratch("cann_cross");
    let cann = cann_9(&home);
    let other = if cfg!(target_arch = "aarch64") { "x86_64" } else { "aarch64" };
    fs::rename(cann.join(format!("{}-linux", std::env::consts::ARCH)), cann.join(format!("{other}-linux"))).unwrap();
    let mut run = Command::new(script.unwrap());
    run.env("CARGO_CFG_TARGET_ARCH", other).env("CARGO_MANIFEST_DIR", ROOT).env("OUT_DIR", &home);
    let output = run.env("ASCEND_HOME_PATH", &cann).env("STANDIN_LOG", &consumer.log).output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success() && !text.contains("cargo::error"), "{text}");
    assert!(consumer.log()[0].contains(&format!("-I{}/{other}-linux/include", cann.display())), "{:?}", consumer.log());
    assert!(text.contains(&format!("{other}-linux/ascend_toolkit_install.info")), "{text}");
    assert!(fs::read_to_string(home.join("kernels.rs")).unwrap().contains("kernels.dav-2201.o"));
}

/// A copy of the repository.
fn copied(folder: &Path) -> PathBuf {
    let copy = folder.join("repository");
    fs::create_dir_all(&copy).unwrap();
    let copied =
        format!("tar -C '{ROOT}' --exclude ./target --exclude ./.git -cf - . | tar -C '{}' -xf -", copy.display());
    assert!(Command::new("sh").args(["-c", &copied]).status().unwrap().success());
    copy
}

/// A copy for a machine without a network, as the README has it: with all that it needs from a registry in a folder of
/// its own. Only making it may need the network.
fn vendored(folder: &Path) -> PathBuf {
    let copy = copied(folder);
    fs::create_dir(copy.join(".cargo")).unwrap();
    let vendor = Command::new(env!("CARGO")).args(["vendor", "--locked"]).current_dir(&copy).output().unwrap();
    assert!(vendor.status.success(), "{}", said(&vendor));
    fs::write(copy.join(".cargo/config.toml"), vendor.stdout).unwrap();
    copy
}

/// `tests/run_npu.sh`, which is all of the hardware's part, on the simulated library and without a network: what it
/// reports, and that it stops.
#[test]
fn the_hardware_command_reports_what_it_did() {
    let home = scratch("cann_hardware");
    let (cann, repository) = (cann_9(&home), vendored(&home));
    install(&cann, &library(true));
    let report = home.join("reports/one.txt");
    let run = |setup: &str| {
        let mut command = Command::new(repository.join("tests/run_npu.sh"));
        command.arg("reports/one.txt").current_dir(&home).env_remove("RUSTFLAGS").env_remove("CARGO_BUILD_TARGET");
        command.env("CARGO_HOME", home.join("nothing")).env("CARGO_NET_OFFLINE", "true");
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("hardware"));
        command.env("ASCEND_HOME_PATH", &cann).env("ASCEND_CACHE_LOC_STANDIN", setup).env("PROPTEST_CASES", "500");
        command.env("STANDIN_LOG", home.join("log")).env("STANDIN_WARN", "be careful");
        let output = command.output().unwrap();
        let printed = String::from_utf8_lossy(&output.stdout);
        let text = fs::read_to_string(&report).unwrap();
        assert_eq!(printed, format!("{text}report: {}\n", report.display()), "{}", said(&output));
        (output.status.success(), text)
    };
    let (passed, text) = run("cores=8");
    assert!(passed, "{text}");
    let steps: Vec<_> = text.lines().filter(|line| line.starts_with("== ")).collect();
    let expected = ["== versions", "== build", "== ladder", "== suite", "== measurements", "== all passed"];
    assert_eq!(steps, expected, "{text}");
    for part in [
        "\nrustc     rustc ",
        "version=9.0.0\n",
        "get_last_loc/entry.cpp: warning: be careful\n",
        "kernels/echo.cpp: warning: be careful\n",
        "\nchip          Ascend910B3 (dav-2201)\n",
        "11/11 launches by number of cores, timed: as expected\n",
        "\ntest npu::extend_locs_seeds ... ok\n",
        "9 passed; 0 failed; 0 ignored",
        "\nassign_extend_cache_locs, 255 x 1, 1 x 65536, i64 ",
    ] {
        assert!(text.contains(part), "{part:?}: {text}");
    }
    // The argument block is not echoed.
    let (passed, text) = run("cores=8 skip=3");
    assert!(!passed && text.contains("\n 2/11 the argument block, echoed: DIFFERENT\n"), "{text}");
    assert!(text.ends_with("\n== FAILED at: ladder\n") && !text.contains("suite"), "{text}");
}

/// A library without the functions that it may lack is enough for all but what needs them.
#[test]
fn a_library_without_the_optional_functions_is_enough() {
    let consumer = Consumer::new("consumer_required");
    let home = scratch("cann_required");
    let cann = cann_8_5(&home);
    let path = cann.to_str().unwrap();
    consumer.built(&[("ASCEND_HOME_PATH", path)]);
    install(&cann, &library(false));
    let text = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    let expected = "devices       1\nchip          Ascend910B3 (dav-2201)\nvector cores  64\nCANN          unknown\n";
    assert!(text.starts_with(expected), "{text}");
}
