//! The build script: what it runs, when, and what ends it.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::rig::{Consumer, ROOT, Script, cann_8_5, cann_9, copied, host_platform, install, operations, scratch, tree};

#[test]
fn kernels_are_compiled_linked_checked_and_embedded() {
    let consumer = Consumer::new("consumer");
    let home = scratch("cann_9");
    let cann = cann_9(&home);
    let environment = [("ASCEND_HOME_PATH", cann.to_str().unwrap()), ("STANDIN_WARN", "be careful")];
    let text = consumer.built(&environment);
    assert!(text.contains("get_last_loc/entry.cpp: warning: be careful"), "{text}");
    let log = consumer.log();
    let operations = operations();
    assert_eq!(log.len(), operations.len() + 1, "{log:?}");
    // What a kernel must be compiled with to be what runs: for the device alone, the arch's, with the flags that are written.
    let include = format!("-I{}/{}/include", cann.display(), host_platform());
    for (line, operation) in log.iter().zip(&operations) {
        let source = format!("{ROOT}/ascendc/ops/{operation}/entry.cpp");
        for word in ["-c", "--aicore-only", "--npu-arch=dav-2201", "--cce-auto-sync=off", "-O3", &include, &source] {
            assert!(line.split(' ').any(|there| there == word), "{word}: {line}");
        }
    }
    let link = &log[operations.len()];
    assert!(link.starts_with("ld.lld ") && link.contains(" -static "), "{link}");

    // A second build does nothing.
    consumer.built(&environment);
    assert_eq!(consumer.log().len(), log.len());

    // Without a library the program starts all the same: it is not linked.
    let linked = Command::new("readelf").arg("-d").arg(consumer.program()).output().unwrap();
    let linked = String::from_utf8(linked.stdout).unwrap();
    assert!(linked.contains("libc.so") && !linked.contains("ascend") && !linked.contains("libacl"), "{linked}");
    let text = consumer.run(&[]);
    assert!(text.starts_with("no AscendCL on this machine: looked for libascendcl.so"), "{text}");
}

#[test]
fn another_layout_and_what_ends_the_build() {
    let consumer = Consumer::new("consumer_8_5");
    let home = scratch("cann_8_5");
    let cann = cann_8_5(&home);
    let path = cann.to_str().unwrap();
    let base = [("ASCEND_TOOLKIT_HOME", path), ("HOME", "/nowhere")];
    let with = |more: &[(&'static str, &'static str)]| [&base[..], more].concat();
    consumer.built(&with(&[("ASCEND_CACHE_LOC_DEBUG", "1"), ("STANDIN_META", "1")]));
    let log = consumer.log();
    let kernels = operations().len();
    assert_eq!(log.len(), kernels + 1, "{log:?}");
    assert!(log[..kernels].iter().all(|line| line.contains(" -g --cce-enable-sanitizer ")), "{log:?}");
    install(&cann, true);
    let info = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    let listed = format!("kernels       ascend_cache_loc_{}, ", operations()[0]);
    assert!(info.contains(&listed), "{info}");

    let text = consumer.refused(&with(&[("STANDIN_FAIL", "no such intrinsic")]));
    assert!(text.contains("entry.cpp: error: no such intrinsic"), "{text}");
    assert!(text.contains(&format!("(CANN 8.5.0 in {path})")), "{text}");
    let text = consumer.refused(&with(&[("STANDIN_SYMBOL", "mangled")]));
    assert!(text.contains("does not define ascend_cache_loc_"), "{text}");
    let text = consumer.refused(&with(&[("STANDIN_META", "other")]));
    assert!(text.contains("has metadata, and none of ascend_cache_loc_"), "{text}");
    let text = consumer.refused(&with(&[("ASCEND_CACHE_LOC_ARCHS", "dav-3510")]));
    assert!(text.contains("ASCEND_CACHE_LOC_ARCHS: dav-3510 needs CANN 9.0.0-beta.2 or later"), "{text}");

    // None: it builds, and says so at run time.
    consumer.built(&[("HOME", "/nowhere")]);
    let text = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    let expected = "this build has no kernels: no CANN for kernels was found when the crate was built; looked at \
                    /nowhere/Ascend/cann, ";
    assert!(text.starts_with(expected), "{text}");
    // One that is too old is as none.
    let old = tree(&scratch("cann_8_3"), "HOST/ascend_toolkit_install.info", "version=8.3.RC2\n", &[]);
    let text = consumer.built(&[("ASCEND_HOME_PATH", old.to_str().unwrap())]);
    let (why, old) = ("CANN 8.3.RC2, 8.5.0-beta.1 or later is needed", old.display());
    assert!(text.contains(&format!(": ASCEND_HOME_PATH={old} is not used: {why}\n")), "{text}");
    let text = consumer.run(&[("ASCEND_HOME_PATH", path)]);
    let expected = expected.replace("/nowhere/Ascend/cann, ", &format!("ASCEND_HOME_PATH={old} ({why})\n"));
    assert_eq!(text, expected);
}

/// What kernels are made from, and with, makes the next build compile them again; nothing else does.
#[test]
fn kernels_are_compiled_again_when_something_changed() {
    let home = scratch("cann_again");
    let (cann, repository) = (cann_9(&home), copied(&home));
    let consumer = Consumer::of(&repository, "consumer_again", &["npu"]);
    let environment = [("ASCEND_HOME_PATH", cann.to_str().unwrap()), ("HOME", "/nowhere")];
    let mut runs = 0;
    let mut changed = |path: Option<PathBuf>, again: bool| {
        if let Some(path) = &path {
            let text = fs::read(path).unwrap();
            fs::write(path, text).unwrap();
        }
        consumer.built(&environment);
        let before = std::mem::replace(&mut runs, consumer.log().len());
        assert_eq!(runs - before, if again { operations().len() + 1 } else { 0 }, "{path:?}");
    };
    changed(None, true);
    changed(None, false);
    for (path, again) in [
        ("ascendc/ops/get_last_loc/kernel.h", true),
        ("ascendc/prim/split.h", true),
        ("ascendc/abi/block.h", true),
        ("ascendc/sim/kernel_operator.h", false),
        ("src/lib.rs", false),
        ("README.md", false),
    ] {
        changed(Some(repository.join(path)), again);
    }
    changed(Some(cann.join("tools/bisheng_compiler/bin/bisheng")), true);
    changed(Some(cann.join("tools/bisheng_compiler/bin/ld.lld")), true);
    changed(Some(cann.join(host_platform()).join("ascend_toolkit_install.info")), true);
    changed(None, false);
}

/// The build script of a program for another machine takes that machine's folders, and this machine's tools.
#[test]
fn cross_compiling_takes_the_targets_folders() {
    let home = scratch("cann_cross");
    let (cann, script) = (cann_9(&home), Script::new(home.join("out")));
    let other = if cfg!(target_arch = "aarch64") { "x86_64" } else { "aarch64" };
    let host = host_platform();
    fs::rename(cann.join(&host), cann.join(format!("{other}-linux"))).unwrap();
    let run = || {
        let ran = script.run(&[("CARGO_CFG_TARGET_ARCH", other), ("ASCEND_HOME_PATH", cann.to_str().unwrap())]);
        assert!(ran.kernels.contains("kernels.dav-2201.o"), "{}", ran.said);
        ran.said
    };
    let text = run();
    let include = format!("-I{}/{other}-linux/include", cann.display());
    assert!(script.commands().contains(&include), "{}", script.commands());
    assert!(text.contains(&format!("{other}-linux/ascend_toolkit_install.info")), "{text}");
    // An installation for this machine alone will do: what its tools make runs on the device.
    fs::rename(cann.join(format!("{other}-linux")), cann.join(&host)).unwrap();
    assert!(run().contains(&format!("{host}/ascend_toolkit_install.info")));
    let again = script.commands();
    assert!(again.starts_with("bisheng ") && !again.contains(&include), "{again}");
}
