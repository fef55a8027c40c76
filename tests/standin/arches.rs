//! The arches that kernels are compiled for.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::rig::{Script, cann_8_5, cann_9, host_platform, operations, scratch, write};

const ARCHS: &str = "ASCEND_CACHE_LOC_ARCHS";

/// Each arch of the list once, in its order; a list of nothing is as none.
#[test]
fn the_arches_of_the_list_are_compiled() {
    let home = scratch("archs");
    let (cann, script) = (cann_9(&home), Script::new(home.join("out")));
    let cann = cann.to_str().unwrap();
    for (list, expected) in [
        ("", &["dav-2201"][..]),
        (" ", &["dav-2201"]),
        (" ,, ,", &["dav-2201"]),
        ("dav-3510", &["dav-3510"]),
        (" dav-3510 ,\tdav-2201,", &["dav-3510", "dav-2201"]),
        ("dav-2201,dav-2201, dav-2201", &["dav-2201"]),
    ] {
        let ran = script.run(&[("ASCEND_HOME_PATH", cann), (ARCHS, list)]);
        let embedded: Vec<_> = ran.kernels.lines().filter_map(|line| line.trim().strip_prefix("(\"")).collect();
        assert_eq!(embedded.len(), expected.len(), "{list:?}: {}", ran.kernels);
        assert!(embedded.iter().zip(expected).all(|(line, arch)| line.starts_with(arch)), "{list:?}: {embedded:?}");
        let commands = script.commands();
        assert_eq!(commands.lines().count(), (operations().len() + 1) * expected.len(), "{list:?}: {commands}");
        assert!(expected.iter().all(|arch| commands.contains(&format!("--npu-arch={arch} "))), "{commands}");
    }
}

/// A wish that cannot be met is an error in one line, before anything is compiled.
#[test]
fn an_arch_that_cannot_be_compiled_for_is_refused() {
    let home = scratch("archs_refused");
    let (cann, script) = (cann_9(&home), Script::new(home.join("out")));
    let refused = |home: &OsStr, list: &OsStr| {
        let ran = script.run(&[("ASCEND_HOME_PATH", home), (ARCHS, list)]);
        assert_eq!((ran.texts("error").len(), script.commands().len()), (1, 0), "{}", ran.said);
        ran.texts("error")[0].to_owned()
    };
    // Whether there is a CANN or none.
    for home in [cann.as_os_str(), "".as_ref()] {
        for (list, name) in [
            (&b"dav-2002"[..], "dav-2002"),
            (b"dav-2201;x", "dav-2201;x"),
            (b"DAV-2201", "DAV-2201"),
            (b"dav-2201,\xff", "\u{fffd}"),
            (b"Ascend910B3", "Ascend910B3"),
            (b"dav-3510\ndav-2201", r"dav-3510\ndav-2201"),
        ] {
            let expected = format!("{ARCHS}: {name} is none of dav-2201, dav-3510");
            assert_eq!(refused(home, OsStr::from_bytes(list)), expected);
        }
    }
    // One that came later than the installation.
    let old = cann_8_5(&scratch("archs_8_5"));
    let needs = |said: &str, home: &str| {
        format!("{ARCHS}: dav-3510 needs CANN 9.0.0-beta.2 or later; found is CANN {said} in {home}")
    };
    for list in ["dav-3510", "dav-2201,dav-3510"] {
        assert_eq!(refused(old.as_ref(), list.as_ref()), needs("8.5.0", old.to_str().unwrap()));
    }
    let info = cann.join(host_platform()).join("ascend_toolkit_install.info");
    write(&info, "version=9.0.0-beta.1\n");
    assert_eq!(refused(cann.as_ref(), "dav-3510".as_ref()), needs("9.0.0-beta.1", cann.to_str().unwrap()));
    fs::write(&info, "version=9.0.0-beta.2\n").unwrap();
    let ran = script.run(&[("ASCEND_HOME_PATH", cann.to_str().unwrap()), (ARCHS, "dav-3510")]);
    assert!(ran.kernels.contains("dav-3510"), "{}", ran.said);
}
