//! Feature `npu`: the kernels compiled by CANN, where it is found, and embedded.
//!
//! Per arch: each kernel compiled device-only, all linked into one small ELF, the ELF checked. Nothing is linked into the
//! program, and no hardware is looked at. Without a CANN that can be used the crate builds all the same, and says at run
//! time why it has no kernels; a wish that cannot be met, and a tool that fails, end the build. Sources of the command
//! lines: asc-devkit (guide to compiling operators; `FindASC.cmake`, `CMakeASCInformation.cmake`).

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use object::{Object, ObjectSection, ObjectSymbol};

use crate::cargo;
use crate::kernels::Kernel;

#[path = "../src/device/arches.rs"]
mod arches;
#[path = "installation.rs"]
mod installation;
#[path = "version.rs"]
mod version;

use arches::{ARCHES, Arch};
use installation::{Cann, VARIABLES};
use version::Version;

/// The arch that kernels are compiled for where nothing is asked for.
const DEFAULT: &str = "dav-2201";
/// The variable that asks for arches.
const ASKED: &str = "ASCEND_CACHE_LOC_ARCHS";
/// The variable that asks for kernels with debug information.
const DEBUG: &str = "ASCEND_CACHE_LOC_DEBUG";

/// An ELF of kernels in `OUT_DIR`, by its file name there.
struct Built {
    arch: &'static str,
    elf: String,
}

/// Compiles kernels and writes `OUT_DIR/kernels.rs`. Ends the build where CANN is there and does not work.
pub(crate) fn compile(kernels: &[Kernel]) {
    for name in VARIABLES.iter().chain(&["HOME", "DOCS_RS", ASKED, DEBUG]) {
        cargo::variable_changed(name);
    }
    if env::var_os("DOCS_RS").is_some() {
        return write_kernels(&[], "built for docs.rs");
    }
    match build(kernels) {
        Ok((built, none)) => write_kernels(&built, &none),
        Err(error) => cargo::error(&error),
    }
}

/// One ELF for each arch that is asked for, or why there is none.
fn build(kernels: &[Kernel]) -> Result<(Vec<Built>, String), String> {
    let archs = asked(&env::var_os(ASKED).unwrap_or_default())?;
    let cann = match Cann::find() {
        Ok(cann) => cann,
        Err(none) => return Ok((Vec::new(), none)),
    };
    for Arch { name, since, .. } in &archs {
        let since = since.and_then(Version::of).expect("a version of each that can be asked for");
        if cann.version < since {
            return Err(format!("{ASKED}: {name} needs CANN {since} or later; found is {cann}"));
        }
    }
    let built = archs.iter().map(|arch| build_one(&cann, arch.name, kernels)).collect::<Result<_, _>>();
    built.map(|built| (built, String::new())).map_err(|error| format!("{error} ({cann})"))
}

/// The arches of a list separated by commas, each once; the default where it names none, as where it is not set.
fn asked(list: &OsStr) -> Result<Vec<&'static Arch>, String> {
    let all = || ARCHES.iter().filter(|arch| arch.since.is_some());
    let mut archs: Vec<&Arch> = Vec::new();
    for name in list.to_string_lossy().split(',').map(str::trim).filter(|name| !name.is_empty()) {
        let Some(arch) = all().find(|arch| arch.name == name) else {
            let name = cargo::line(name);
            let names: Vec<_> = all().map(|arch| arch.name).collect();
            return Err(format!("{ASKED}: {name} is none of {}", names.join(", ")));
        };
        if archs.iter().all(|there| there.name != name) {
            archs.push(arch);
        }
    }
    if archs.is_empty() {
        archs.extend(all().filter(|arch| arch.name == DEFAULT));
    }
    Ok(archs)
}

fn build_one(cann: &Cann, arch: &'static str, kernels: &[Kernel]) -> Result<Built, String> {
    let out = cargo::path("OUT_DIR");
    let flags = compile_flags(cann, arch);
    let mut objects = Vec::new();
    for Kernel { symbol, source } in kernels {
        let object = out.join(format!("{symbol}.{arch}.obj"));
        run(Command::new(&cann.compiler).args(&flags).arg(source).arg("-o").arg(&object))?;
        objects.push(object);
    }
    let elf = format!("kernels.{arch}.o");
    let path = out.join(&elf);
    let linker = &mut Command::new(&cann.linker);
    run(linker.args(["-m", "aicorelinux", "-Ttext=0"]).args(&objects).args(["-static", "-o"]).arg(&path))?;
    check(&path, kernels)?;
    Ok(Built { arch, elf })
}

fn compile_flags(cann: &Cann, arch: &str) -> Vec<OsString> {
    let mut flags: Vec<OsString> =
        ["-c", "-x", "asc", "--aicore-only", "-std=c++17", "-fPIC", "-DASCENDC_DUMP=0"].map(Into::into).into();
    flags.push(format!("--npu-arch={arch}").into());
    // The kernels synchronise by themselves: what the simulation has checked is what runs.
    flags.push("--cce-auto-sync=off".into());
    flags.push("-O3".into());
    if env::var_os(DEBUG).is_some_and(|value| value == "1") {
        flags.extend(["-g".into(), "--cce-enable-sanitizer".into()]);
    }
    for folder in cann.include_folders() {
        let mut flag = OsString::from("-I");
        flag.push(folder);
        flags.push(flag);
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
    said.lines().filter(|line| !line.trim().is_empty()).for_each(cargo::warn);
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
fn write_kernels(built: &[Built], none: &str) {
    let mut text = String::from(
        "#[allow(dead_code, reason = \"without CANN there are none\")]\n#[repr(align(16))]\nstruct Aligned<T>(T);\n\
         /// The kernels by arch.\npub(super) static KERNELS: &[(&str, &[u8])] = &[\n",
    );
    for Built { arch, elf } in built {
        // Beside this file: no path, which may hold anything, is written into code.
        writeln!(text, "    ({arch:?}, &Aligned(*include_bytes!({elf:?})).0),").expect("a string");
    }
    let none = cargo::line(none);
    writeln!(text, "];\n/// Why there are none.\npub(super) const NO_KERNELS: &str = {none:?};").expect("a string");
    fs::write(cargo::path("OUT_DIR").join("kernels.rs"), text).expect("OUT_DIR is writable");
}
