//! The build script: what it runs, when, and what ends it.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::Command;

use crate::rig::{Consumer, ROOT, cann_8_5, cann_9, copied, host_platform, install, scratch, tree};

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
    let (host, shown) = (host_platform(), cann.display());
    let flags = format!(
        "bisheng -c -x asc --aicore-only -std=c++17 -fPIC -DASCENDC_DUMP=0 --npu-arch=dav-2201 --cce-auto-sync=off -O3 \
         -I{shown}/include -I{shown}/{host}/include {ROOT}/ascendc/assign_extend_cache_locs/entry.cpp -o "
    );
    assert!(log[0].starts_with(&flags), "{}\n{flags}", log[0]);
    assert!(log[1].contains("/ascendc/get_last_loc/entry.cpp"), "{}", log[1]);
    assert!(log[2].starts_with("ld.lld -m aicorelinux -Ttext=0 /") && log[2].contains(" -static -o /"), "{}", log[2]);

    // A second build does nothing.
    consumer.built(&environment);
    assert_eq!(consumer.log().len(), 3);

    // Without a library the program starts all the same: it is not linked.
    let linked = Command::new("readelf").arg("-d").arg(consumer.program()).output().unwrap();
    let linked = String::from_utf8(linked.stdout).unwrap();
    assert!(linked.contains("libc.so") && !linked.contains("ascend") && !linked.contains("libacl"), "{linked}");
    let text = consumer.run(&[]);
    assert!(text.starts_with("no AscendCL on this machine: looked for libascendcl.so"), "{text}");
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
    install(&cann, true);
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
    let old = tree(&scratch("cann_8_3"), "HOST/ascend_toolkit_install.info", line, &[]);
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
    changed(Some(cann.join(host_platform()).join("ascend_toolkit_install.info")), true);
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
    let host = host_platform();
    fs::rename(cann.join(&host), cann.join(format!("{other}-linux"))).unwrap();
    let script = script.unwrap();
    let run = || {
        let mut run = Command::new(&script);
        run.env("CARGO_CFG_TARGET_ARCH", other).env("CARGO_MANIFEST_DIR", ROOT).env("OUT_DIR", &home);
        let output = run.env("ASCEND_HOME_PATH", &cann).env("STANDIN_LOG", &consumer.log).output().unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        assert!(output.status.success() && !text.contains("cargo::error"), "{text}");
        assert!(fs::read_to_string(home.join("kernels.rs")).unwrap().contains("kernels.dav-2201.o"));
        text
    };
    let text = run();
    let include = format!("-I{}/{other}-linux/include", cann.display());
    assert!(consumer.log()[0].contains(&include), "{:?}", consumer.log());
    assert!(text.contains(&format!("{other}-linux/ascend_toolkit_install.info")), "{text}");
    // An installation for this machine alone will do: what its tools make runs on the device.
    fs::rename(cann.join(format!("{other}-linux")), cann.join(&host)).unwrap();
    assert!(run().contains(&format!("{host}/ascend_toolkit_install.info")));
    let again = &consumer.log()[3];
    assert!(again.starts_with("bisheng ") && !again.contains(&include), "{again}");
}
