//! Paths that hold any character.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;

use crate::rig::{Consumer, Script, cann_9, copied, install, operations, scratch};

/// What shells, cargo, the C preprocessor and Rust's literals each read as something else.
const ODD: &str = r#"a "b" $HOME \n 'c' {d} %e #f;g"#;

/// The path of an installation goes to its tools as it is, and nowhere else.
#[test]
fn an_installation_may_be_anywhere() {
    let home = scratch("odd");
    for name in [ODD.as_bytes(), b"a:b;", b"a\ncargo::error=b", b"\xffc", "\u{301}d\u{202e}".as_bytes(), b"-x"] {
        let place = home.join(OsStr::from_bytes(name));
        let (cann, script) = (cann_9(&place), Script::new(place.join("out")));
        let ran = script.run(&[("ASCEND_HOME_PATH", &cann)]);
        assert_eq!((ran.texts("warning"), ran.texts("error")), (vec![], vec![]));
        let mut flag = OsString::from(" -I");
        flag.push(cann.join("include"));
        let commands = fs::read(script.log()).unwrap();
        assert!(commands.windows(flag.len()).any(|part| part == flag.as_bytes()), "{}", script.commands());
        let embedded = "    (\"dav-2201\", &Aligned(*include_bytes!(\"kernels.dav-2201.o\")).0),\n";
        assert!(ran.kernels.contains(embedded), "{}", ran.kernels);
        // What is said of it is one line.
        fs::remove_dir_all(&cann).unwrap();
        let ran = script.run(&[("ASCEND_HOME_PATH", &cann)]);
        assert_eq!((ran.texts("warning").len(), ran.texts("error")), (1, vec![]));
        assert!(ran.texts("warning")[0].ends_with(" is not used: No such file or directory (os error 2)"));
        assert_eq!(ran.kernels.lines().filter(|line| line.contains("NO_KERNELS")).count(), 1);
        assert!(ran.kernels.ends_with(")\";\n"), "{}", ran.kernels);
    }
}

/// The crate is built with all that its features build, wherever it and its target folder are, and runs. In a target
/// folder cargo itself takes no colon, and lld no per cent sign.
#[test]
fn the_crate_may_be_anywhere() {
    let home = scratch("odd_crate").join(ODD);
    let (repository, cann) = (copied(&home), cann_9(&home));
    install(&cann, true);
    let consumer =
        Consumer::of(&repository, &format!("odd_consumer {}", ODD.replace('%', "")), &["npu", "sim", "bindgen"]);
    // Nothing is taken from a compiler's cache of another path. It runs no kernel, so that none need be fast.
    let environment =
        [("ASCEND_HOME_PATH", cann.to_str().unwrap()), ("CCACHE_BASEDIR", ""), ("CXXFLAGS", "-Werror -O0")];
    let text = consumer.built(&environment);
    assert!(!text.contains("warning") || text.contains("no libclang"), "{text}");
    let text = consumer.run(&environment);
    let kernels = format!("\nkernels       ascend_cache_loc_{}, ", operations()[0]);
    assert!(text.contains(&kernels), "{text}");
}
