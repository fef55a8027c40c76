//! Which installation is used, and what is said of those that are not.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::rig::{Ran, Script, cann_9, host_platform, scratch, tree, write};

/// The installation whose compiler ran.
fn used(script: &Script) -> String {
    let commands = script.commands();
    let flag = commands.split(" -I").nth(1).unwrap_or_default();
    flag.strip_suffix("/cann/include").unwrap_or_default().to_owned()
}

/// Whatever keeps an installation from being used, the crate is built without kernels, one line says what was found and
/// why it is not used, and the program can say it too.
#[test]
fn what_cannot_be_used_is_named_and_passed_over() {
    let home = scratch("unusable");
    let script = Script::new(home.join("out"));
    let info = |version: &str, name: &str| {
        tree(&home.join(name), "HOST/ascend_toolkit_install.info", &format!("version={version}\n"), &[])
    };
    let without = |tool: &str| {
        let cann = cann_9(&home.join(format!("no_{tool}")));
        fs::remove_file(cann.join("tools/bisheng_compiler/bin").join(tool)).unwrap();
        cann
    };
    let empty = home.join("empty");
    // A folder in place of a version file, and one without a version.
    fs::create_dir_all(empty.join("version.cfg")).unwrap();
    write(&empty.join("share/info/runtime/version.info"), "Innerversion=V100R001C23\n");
    let (file, circle) = (home.join("file"), home.join("circle"));
    write(&file, "");
    symlink(&circle, &circle).unwrap();
    let cfg = tree(&home.join("cfg"), "version.cfg", "runtime_running_version=[7.6.0.1.220:8.0.0]\n", &[]);
    let runtime = home.join("runtime");
    write(&runtime.join("share/info/runtime/version.info"), "Version=8.1.RC1\n");
    let relative = Path::new("usr/local/Ascend/cann");
    for (path, why) in [
        (home.join("nowhere").as_path(), "No such file or directory (os error 2)"),
        (relative, "not an absolute path"),
        (&file, "not a folder"),
        (&file.join("cann"), "Not a directory (os error 20)"),
        (&circle, "Too many levels of symbolic links (os error 40)"),
        (&info("8.3.RC1.alpha002", "old"), "CANN 8.3.RC1.alpha002, 8.5.0-beta.1 or later is needed"),
        (&info("8.5.0.alpha002", "alpha"), "CANN 8.5.0.alpha002, 8.5.0-beta.1 or later is needed"),
        (&cfg, "CANN 8.0.0, 8.5.0-beta.1 or later is needed"),
        (&runtime, "CANN 8.1.RC1, 8.5.0-beta.1 or later is needed"),
        (&info("trunk", "trunk"), "HOST/ascend_toolkit_install.info says version \"trunk\""),
        (
            &empty,
            "nothing in it says a version (HOST/ascend_toolkit_install.info, version.cfg, share/info/runtime/version.info)",
        ),
        (
            &without("bisheng"),
            "CANN 9.0.0, no bisheng in its bin, tools/bisheng_compiler/bin, compiler/ccec_compiler/bin, tools/ccec_compiler/bin, HOST/ccec_compiler/bin",
        ),
        (
            &without("ld.lld"),
            "CANN 9.0.0, no ld.lld in its bin, tools/bisheng_compiler/bin, compiler/ccec_compiler/bin, tools/ccec_compiler/bin, HOST/ccec_compiler/bin",
        ),
    ] {
        let why = why.replace("HOST", &host_platform());
        for variable in ["ASCEND_INSTALL_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"] {
            let place = format!("{variable}={}", path.display());
            let ran = script.run(&[(variable, path)]);
            assert_eq!(
                (ran.texts("warning"), ran.texts("error")),
                (vec![&*format!("{place} is not used: {why}")], vec![])
            );
            let none = format!("no CANN for kernels was found when the crate was built; looked at {place} ({why})");
            assert_eq!(ran.none().replace("\\\"", "\""), none);
        }
    }
}

/// The variables in their order, those that are empty left out; the home folder and the rest where there are none.
#[test]
fn the_first_installation_that_can_be_used_counts() {
    let home = scratch("order");
    let script = Script::new(home.join("out"));
    let places = ["a", "b", "c", "user"].map(|name| home.join(name));
    let canns = places.each_ref().map(|place| cann_9(place));
    let user = &places[3];
    fs::create_dir_all(user.join("Ascend/ascend-toolkit")).unwrap();
    symlink(&canns[3], user.join("Ascend/ascend-toolkit/latest")).unwrap();
    let run = |of: [&Path; 3]| -> Ran {
        let variables = ["ASCEND_INSTALL_PATH", "ASCEND_HOME_PATH", "ASCEND_TOOLKIT_HOME"];
        let mut environment: Vec<_> = variables.into_iter().zip(of.map(Path::as_os_str)).collect();
        environment.push(("HOME", user.as_os_str()));
        script.run(&environment)
    };
    let (nothing, [a, b, c, _]) = (Path::new(""), canns.each_ref().map(PathBuf::as_path));
    for (variables, expected) in [
        ([a, b, c], &places[0]),
        ([nothing, b, c], &places[1]),
        ([nothing, nothing, c], &places[2]),
        ([c, b, a], &places[2]),
    ] {
        let ran = run(variables);
        assert_eq!((used(&script).as_ref(), ran.texts("warning")), (expected.as_os_str(), vec![]));
    }
    // One that cannot be used is passed over for the next that is named.
    let wrong = home.join("wrong");
    let ran = run([&wrong, b, c]);
    assert_eq!(used(&script).as_str(), places[1].to_str().unwrap());
    assert_eq!(ran.texts("warning").len(), 1, "{}", ran.said);
    // Where a variable names one, the other places are not looked at; it is named once.
    let ran = run([nothing, &wrong, &wrong]);
    assert_eq!((script.commands(), ran.texts("warning").len()), (String::new(), 1), "{}", ran.said);
    assert!(!ran.none().contains("Ascend/"), "{}", ran.none());
    // The home folder, where none is named.
    let latest = "Ascend/ascend-toolkit/latest";
    let ran = run([nothing; 3]);
    assert!(script.commands().contains(&format!("-I{}/{latest}/include ", user.display())), "{}", ran.said);
    assert_eq!(ran.texts("warning"), Vec::<&str>::new());
    // A link there that leads nowhere is named; a place that is plainly not there is not.
    symlink(home.join("gone"), user.join("Ascend/cann")).unwrap();
    let ran = run([nothing; 3]);
    let expected = format!("{}/Ascend/cann is not used: No such file or directory (os error 2)", user.display());
    assert_eq!(ran.texts("warning"), [expected]);
    assert!(script.commands().contains(latest), "{}", ran.said);
    // So is one that is too old, and the next is used.
    fs::remove_file(user.join("Ascend/cann")).unwrap();
    let old = tree(&home.join("old"), "version.cfg", "version=8.2.RC1\n", &[]);
    symlink(old, user.join("Ascend/cann")).unwrap();
    let ran = run([nothing; 3]);
    assert_eq!(ran.texts("warning").len(), 1, "{}", ran.said);
    assert!(script.commands().contains(latest), "{}", ran.said);
    // A home folder that is no path is none.
    let ran = script.run(&[("HOME", OsStr::new("user"))]);
    assert!(ran.kernels.contains("NO_KERNELS") && !ran.none().contains("user"), "{}", ran.none());
}

/// Each file that says a version is enough, and the first of them counts.
#[test]
fn every_version_file_is_read() {
    let home = scratch("version_files");
    let (cann, script) = (cann_9(&home), Script::new(home.join("out")));
    let info = cann.join(host_platform()).join("ascend_toolkit_install.info");
    let run = || script.run(&[("ASCEND_HOME_PATH", &cann)]);
    for text in [
        "innerversion=V100R001C23SPC002B210\nversion=9.0.0\n",
        "compatible_version=[V100R001C15]\r\nVersion = 8.5.0-beta.1\r\n",
        "version=8.5.0.rc1\n",
        "version=9.2.0-beta.1\n",
        "name=\u{fffd}\nversion=8.5.2",
    ] {
        fs::write(&info, text.replace('\u{fffd}', "x").as_bytes()).unwrap();
        assert!(run().kernels.contains("dav-2201"), "{text:?}: {}", run().said);
    }
    fs::write(&info, b"name=\xff\nversion=9.0.0\n").unwrap();
    assert!(run().kernels.contains("dav-2201"), "a byte that is no text");
    // The first that says one counts.
    write(&cann.join("version.cfg"), "runtime_running_version=[1:8.0.0]\n");
    assert!(run().kernels.contains("dav-2201"));
    fs::write(&info, "innerversion=V100R001C23SPC002B210\n").unwrap();
    assert!(run().none().contains("CANN 8.0.0, "));
    fs::remove_file(cann.join("version.cfg")).unwrap();
    write(&cann.join("share/info/runtime/version.info"), "Version=9.1.0\n");
    assert!(run().kernels.contains("dav-2201"));
}
