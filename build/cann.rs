//! Feature `npu`: the kernels compiled by CANN, where it is found, and embedded.
//!
//! Per arch: each kernel compiled device-only, all linked into one small ELF, the ELF checked. Nothing is linked into the
//! program, and no hardware is looked at. Without CANN the crate builds all the same, and says at run time why it has no
//! kernels. Sources of the command lines and of the search order: asc-devkit (guide to compiling operators;
//! `FindASC.cmake`, `CMakeASCInformation.cmake`) and hicann/runtime (`resolve_cann_env.sh`, `set_env.sh`).

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

use object::{Object, ObjectSection, ObjectSymbol};

use crate::kernels::{Kernel, cargo_path};

/// Arches that CANN compiles our kernels for, as its `--npu-arch` spells them.
const ARCHS: [&str; 2] = ["dav-2201", "dav-3510"];
/// Variables that name an installation, in the order that they are looked at.
const VARIABLES: [&str; 3] = ["ASCEND_INSTALL_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"];
/// The first version whose runtime loads and launches kernels the way that we do.
const OLDEST: (u32, u32) = (8, 5);

/// A CANN installation.
struct Cann {
    home: PathBuf,
    version: String,
}

/// Compiles kernels and writes `OUT_DIR/kernels.rs`. Ends the build where CANN is there and does not work.
pub(crate) fn compile(kernels: &[Kernel]) {
    for name in VARIABLES.iter().chain(&["HOME", "DOCS_RS", "ASCEND_CACHE_LOC_ARCHS", "ASCEND_CACHE_LOC_DEBUG"]) {
        println!("cargo::rerun-if-env-changed={name}");
    }
    let none = |why: &str| write_kernels(&[], why);
    if env::var_os("DOCS_RS").is_some() {
        return none("built for docs.rs");
    }
    match find() {
        Ok(None) => {
            none(&format!("CANN was not found when the crate was built; looked for in {}", shown(&candidates())));
        }
        Ok(Some(cann)) => match build_all(&cann, kernels) {
            Ok(built) => write_kernels(&built, ""),
            Err(error) => fail(&format!("{error} (CANN {} in {})", cann.version, cann.home.display())),
        },
        Err(error) => fail(&error),
    }
}

fn fail(error: &str) {
    for line in error.lines() {
        println!("cargo::error={line}");
    }
}

fn shown(paths: &[PathBuf]) -> String {
    paths.iter().map(|path| path.display().to_string()).collect::<Vec<_>>().join(", ")
}

/// Where an installation can be, the first that is there counts. Relative paths are not followed.
fn candidates() -> Vec<PathBuf> {
    let mut paths: Vec<_> = VARIABLES.iter().filter_map(env::var_os).map(PathBuf::from).collect();
    if let Some(home) = env::var_os("HOME").map(PathBuf::from) {
        paths.extend([home.join("Ascend/cann"), home.join("Ascend/ascend-toolkit/latest")]);
    }
    paths.extend(
        ["/usr/local/Ascend/cann", "/usr/local/Ascend/ascend-toolkit/latest", "/opt/Ascend/cann"].map(PathBuf::from),
    );
    paths.retain(|path| path.is_absolute());
    paths
}

/// The installation to use; an error where it is too old, or does not say its version.
fn find() -> Result<Option<Cann>, String> {
    let Some(home) = candidates().into_iter().find(|path| path.is_dir()) else { return Ok(None) };
    let Some((file, version)) = version(&home) else {
        return Err(format!(
            "{}: no version of CANN found in it (ascend_toolkit_install.info, version.cfg)",
            home.display()
        ));
    };
    println!("cargo::rerun-if-changed={}", file.display());
    let mut numbers = version.split(['.', '-']).map(|part| part.parse::<u32>().ok());
    let found = (numbers.next().flatten().unwrap_or(0), numbers.next().flatten().unwrap_or(0));
    if found < OLDEST {
        return Err(format!("{} is CANN {version}: 8.5.0 or later is needed to compile the kernels", home.display()));
    }
    Ok(Some(Cann { home, version }))
}

/// The folder of an installation for a machine, such as `aarch64-linux`.
fn platform(arch: &str) -> String {
    format!("{arch}-linux")
}

/// The machine that the program is for; most NPU hosts are aarch64.
fn target_platform() -> String {
    platform(&env::var("CARGO_CFG_TARGET_ARCH").expect("set by cargo"))
}

/// The version that an installation says it is, and the file that says it.
fn version(home: &Path) -> Option<(PathBuf, String)> {
    // One for this machine's tools will do: what they make runs on the device.
    let platforms = [target_platform(), platform(env::consts::ARCH)];
    let files = platforms.iter().map(|platform| home.join(platform).join("ascend_toolkit_install.info"));
    files.chain([home.join("version.cfg")]).find_map(|file| {
        let text = fs::read_to_string(&file).ok()?;
        // `version=8.5.0`, or `runtime_running_version=[8.0.0.0:8.0.0]`.
        let line = text.lines().find_map(|line| line.split_once("version=").map(|(_, value)| value.trim()))?;
        let value = line.trim_matches(['[', ']']).rsplit(':').next()?.to_owned();
        Some((file, value))
    })
}

/// A tool of the installation; those that run on this machine, whatever the program is for.
fn tool(cann: &Cann, name: &str) -> Result<PathBuf, String> {
    let host = platform(env::consts::ARCH);
    let folders = ["bin", "tools/bisheng_compiler/bin", "compiler/ccec_compiler/bin", "tools/ccec_compiler/bin"];
    let mut paths: Vec<_> = folders.iter().map(|folder| cann.home.join(folder).join(name)).collect();
    paths.push(cann.home.join(host).join("ccec_compiler/bin").join(name));
    match paths.iter().find(|path| path.is_file()) {
        Some(path) => {
            println!("cargo::rerun-if-changed={}", path.display());
            Ok(path.clone())
        }
        None => Err(format!("{name} is missing; looked for {}", shown(&paths))),
    }
}

/// One ELF for each arch that is asked for.
fn build_all(cann: &Cann, kernels: &[Kernel]) -> Result<Vec<(String, PathBuf)>, String> {
    let (compiler, linker) = (tool(cann, "bisheng")?, tool(cann, "ld.lld")?);
    let asked = env::var("ASCEND_CACHE_LOC_ARCHS").unwrap_or_else(|_| ARCHS[0].into());
    let archs: Vec<_> = asked.split(',').map(str::trim).filter(|arch| !arch.is_empty()).collect();
    if let Some(unknown) = archs.iter().find(|arch| !ARCHS.contains(arch)) {
        return Err(format!("ASCEND_CACHE_LOC_ARCHS: {unknown} is none of {}", ARCHS.join(", ")));
    }
    let out = cargo_path("OUT_DIR");
    let mut built = Vec::new();
    for arch in archs {
        let flags = compile_flags(cann, arch);
        let mut objects = Vec::new();
        for Kernel { symbol, source } in kernels {
            let object = out.join(format!("{symbol}.{arch}.obj"));
            run(Command::new(&compiler).args(&flags).arg(source).arg("-o").arg(&object))?;
            objects.push(object);
        }
        let elf = out.join(format!("kernels.{arch}.o"));
        run(Command::new(&linker)
            .args(["-m", "aicorelinux", "-Ttext=0"])
            .args(&objects)
            .args(["-static", "-o"])
            .arg(&elf))?;
        check(&elf, kernels)?;
        built.push((arch.to_owned(), elf));
    }
    Ok(built)
}

fn compile_flags(cann: &Cann, arch: &str) -> Vec<String> {
    let debug = env::var_os("ASCEND_CACHE_LOC_DEBUG").is_some_and(|value| value == "1");
    let mut flags: Vec<String> =
        ["-c", "-x", "asc", "--aicore-only", "-std=c++17", "-fPIC", "-DASCENDC_DUMP=0"].map(Into::into).into();
    flags.push(format!("--npu-arch={arch}"));
    // The kernels synchronise by themselves: what the simulation has checked is what runs.
    flags.push("--cce-auto-sync=off".into());
    flags.push("-O3".into());
    if debug {
        flags.extend(["-g".into(), "--cce-enable-sanitizer".into()]);
    }
    for folder in [cann.home.join("include"), cann.home.join(target_platform()).join("include")] {
        if folder.is_dir() {
            flags.push(format!("-I{}", folder.display()));
        }
    }
    flags
}

/// Runs a tool; what it says is shown.
fn run(command: &mut Command) -> Result<(), String> {
    let tool = command.get_program().to_string_lossy().into_owned();
    let done = command.output().map_err(|error| format!("{tool}: {error}"))?;
    let said = String::from_utf8_lossy(&done.stderr);
    if !done.status.success() {
        return Err(format!("{tool}: {}\n{}", done.status, said.trim()));
    }
    for line in said.lines().filter(|line| !line.trim().is_empty()) {
        println!("cargo::warning={line}");
    }
    Ok(())
}

/// Whether the ELF is one that AscendCL can load and find our kernels in.
fn check(elf: &Path, kernels: &[Kernel]) -> Result<(), String> {
    let wrong = |what: &str| Err(format!("{}: {what}", elf.display()));
    let data = fs::read(elf).map_err(|error| format!("{}: {error}", elf.display()))?;
    let Ok(file) = object::read::elf::ElfFile64::<object::LittleEndian>::parse(&*data) else {
        return wrong("not a 64-bit little-endian ELF");
    };
    if file.elf_header().e_machine.get(object::LittleEndian) == 0 {
        return wrong("names no machine");
    }
    // Where there is metadata at all, each kernel has its section; the loader reads the kernel's type from it.
    let metadata: Vec<_> = file
        .sections()
        .filter_map(|section| section.name().ok().map(str::to_owned))
        .filter(|name| name.starts_with(".ascend.meta"))
        .collect();
    for Kernel { symbol, .. } in kernels {
        let defined = |found: object::read::elf::ElfSymbol64<'_, '_, _>| {
            found.name() == Ok(symbol) && found.is_definition() && found.is_global()
        };
        if !file.symbols().any(defined) {
            return wrong(&format!("does not define {symbol}"));
        }
        if !metadata.is_empty() && !metadata.contains(&format!(".ascend.meta.{symbol}")) {
            return wrong(&format!("has metadata, and none of {symbol}"));
        }
    }
    Ok(())
}

/// What the package includes: the kernels by arch, at an address that AscendCL can read them from.
fn write_kernels(built: &[(String, PathBuf)], none: &str) {
    let mut text = String::from(
        "#[allow(dead_code, reason = \"without CANN there are none\")]\n#[repr(align(16))]\nstruct Aligned<T>(T);\n\
         /// The kernels by arch.\npub(super) static KERNELS: &[(&str, &[u8])] = &[\n",
    );
    for (arch, elf) in built {
        writeln!(text, "    ({arch:?}, &Aligned(*include_bytes!({elf:?})).0),").expect("a string");
    }
    writeln!(text, "];\n/// Why there are none.\npub(super) const NO_KERNELS: &str = {none:?};").expect("a string");
    fs::write(cargo_path("OUT_DIR").join("kernels.rs"), text).expect("OUT_DIR is writable");
}
