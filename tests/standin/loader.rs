//! The loader: the library that is opened, and those that are refused.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::rig::{Consumer, ROOT, cann_8_5, cann_9, host_platform, install, operations, scratch, write};

/// The embedded kernels are loaded, and whatever fails on the way is reported.
#[test]
fn embedded_kernels_are_loaded() {
    let consumer = Consumer::new("consumer_loading");
    let cann = cann_9(&scratch("cann_loading"));
    consumer.built(&[("ASCEND_HOME_PATH", cann.to_str().unwrap())]);
    install(&cann, true);
    let device = [("ASCEND_HOME_PATH", cann.to_str().unwrap())];
    let kernels: Vec<_> = operations().iter().map(|name| format!("ascend_cache_loc_{name}")).collect();
    let kernels = kernels.join(", ");
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
    assert_eq!(
        with("version=80300000"),
        format!("{} is of CANN 8.3.0: 8.5.0-beta.1 or later is needed\n", library.display())
    );
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
    // Whatever code a wait returns, the program says it and goes on.
    let header = fs::read_to_string(format!("{ROOT}/ascendc/abi/acl_api.h")).unwrap();
    let codes = header.lines().filter_map(|line| line.trim().strip_prefix("ASCEND_CACHE_LOC_ACL_ERROR_"));
    let codes: Vec<_> = codes.map(|line| line.split([' ', ',']).nth(2).unwrap()).collect();
    assert!(codes.len() > 140, "{codes:?}");
    for code in codes {
        let setup = format!("fail=aclrtSynchronizeStream:1:{code}");
        let text = consumer.run(&[device[0], ("ASCEND_CACHE_LOC_STANDIN", &*setup)]);
        let expected = format!("{code}: aclrtSynchronizeStream fails here as it was told to\n");
        assert!(text.starts_with(&info) && text.ends_with(&expected), "{text}");
    }
    // The other ways to be found: the search path, and not through an empty element of it.
    let folder = cann.join("lib64");
    assert_eq!(consumer.run(&[("LD_LIBRARY_PATH", folder.to_str().unwrap())]), info);
    for path in [":/nowhere", "/nowhere:", "/nowhere;", "/nowhere;."] {
        let text = consumer.run_in(&folder, &[("LD_LIBRARY_PATH", path)]);
        assert!(text.starts_with("no AscendCL on this machine"), "{path}: the current directory was searched: {text}");
    }
    let text = consumer.run(&[("LD_LIBRARY_PATH", "")]);
    assert!(text.ends_with(" in the dynamic linker's folders\n"), "empty is as none: {text}");
    // Its other names, and the target's own folder.
    let (other, versioned) = (format!("{}/lib64", host_platform()), "lib64/libascendcl.so.1");
    for [from, to] in [
        ["lib64/libascendcl.so", versioned],
        [versioned, "lib64/libacl_rt.so"],
        ["lib64/libacl_rt.so", &format!("{other}/libascendcl.so")],
    ] {
        fs::create_dir_all(cann.join(&other)).unwrap();
        fs::rename(cann.join(from), cann.join(to)).unwrap();
        assert_eq!(consumer.run(&device), info, "{to}");
    }
}

/// Makes a library that has two functions.
fn lacking(folder: &Path) -> PathBuf {
    let source = "int aclInit(const char *c) { return 0; } const char *aclGetRecentErrMsg(void) { return 0; }";
    write(&folder.join("acl.c"), source);
    let library = folder.join("libascendcl.so");
    let built = Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(folder.join("acl.c")).status();
    assert!(built.unwrap().success());
    library
}

/// A library that lacks functions is refused by the functions' names.
#[test]
fn a_library_without_the_functions_is_refused() {
    let consumer = Consumer::new("consumer_lacking");
    consumer.built(&[("HOME", "/nowhere")]);
    let folder = scratch("lacking");
    let library = lacking(&folder);
    let text = consumer.run(&[("LD_LIBRARY_PATH", folder.to_str().unwrap())]);
    let expected = format!("{} has no aclrtGetDeviceCount, aclrtSetDevice, ", library.display());
    assert!(text.starts_with(&expected) && text.ends_with(": CANN 8.5.0-beta.1 or later is needed\n"), "{text}");
    assert!(!text.contains("aclmdlRICaptureBegin"), "optional: {text}");
    // A file that is no library.
    write(&library, "not a library");
    let text = consumer.run(&[("LD_LIBRARY_PATH", folder.to_str().unwrap())]);
    assert!(text.contains("invalid ELF header") || text.contains("file too short"), "{text}");
}

/// A library without the functions that it may lack is enough for all but what needs them.
#[test]
fn a_library_without_the_optional_functions_is_enough() {
    let consumer = Consumer::new("consumer_required");
    let home = scratch("cann_required");
    let cann = cann_8_5(&home);
    let path = cann.to_str().unwrap();
    consumer.built(&[("ASCEND_HOME_PATH", path)]);
    install(&cann, false);
    let text = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    let expected = "devices       1\nchip          Ascend910B3 (dav-2201)\nvector cores  64\nCANN          unknown\n";
    assert!(text.starts_with(expected), "{text}");
}

/// Whatever was opened stays open, and what came of it stays so too; where nothing was found, the next call looks again.
#[test]
fn what_was_opened_stays() {
    let consumer = Consumer::new("consumer_staying");
    let main = consumer.folder.join("src/main.rs");
    fs::remove_file(&main).unwrap(); // a link to the example
    // Asks, changes a variable, asks again; whether the library is in the process each time.
    let text = r#"fn main() {
        let ask = || {
            let count = ascend_cache_loc::Device::count().map_err(|error| error.to_string());
            let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
            println!("{count:?} {}", maps.contains("libascendcl.so"));
        };
        ask();
        let arguments: Vec<_> = std::env::args().collect();
        // SAFETY: the only thread.
        unsafe { std::env::set_var(&arguments[1], &arguments[2]) };
        ask();
    }"#;
    write(&main, text);
    consumer.built(&[("HOME", "/nowhere")]);
    let cann = cann_9(&scratch("cann_staying"));
    install(&cann, true);
    let (home, library) = (cann.to_str().unwrap(), cann.join("lib64/libascendcl.so"));
    let run = |variable, to, environment: &[(&str, &str)]| {
        let mut program = Command::new(consumer.program());
        program.env_remove("LD_LIBRARY_PATH").env_remove("ASCEND_HOME_PATH").args([variable, to]);
        String::from_utf8(program.envs(environment.iter().copied()).output().unwrap().stdout).unwrap()
    };
    // The second time it would answer otherwise: each of these fails once.
    let setup = "ASCEND_CACHE_LOC_STANDIN";
    for (refused, why) in [
        ("version=80300000", format!("{} is of CANN 8.3.0: 8.5.0-beta.1 or later is needed", library.display())),
        ("fail=aclInit:1:507000", "aclInit failed with 507000: aclInit fails here as it was told to".into()),
    ] {
        let text = run(setup, "", &[("ASCEND_HOME_PATH", home), (setup, refused)]);
        assert_eq!(text, format!("Err({why:?}) true\n").repeat(2));
    }
    assert_eq!(run(setup, "", &[("ASCEND_HOME_PATH", home)]), "Ok(1) true\nOk(1) true\n");
    let folder = scratch("staying");
    lacking(&folder);
    let text = run(setup, "", &[("LD_LIBRARY_PATH", folder.to_str().unwrap())]);
    let lines: Vec<_> = text.lines().collect();
    assert!(lines.len() == 2 && lines[0] == lines[1], "{text}");
    assert!(lines[0].contains(" has no aclrtGetDeviceCount, ") && lines[0].ends_with(" true"), "{text}");
    let text = run("ASCEND_HOME_PATH", home, &[]);
    assert!(text.starts_with("Err(\"no AscendCL on this machine") && text.ends_with(" false\nOk(1) true\n"), "{text}");
}
