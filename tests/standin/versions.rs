//! Versions of CANN, as the build script reads them.

#[allow(dead_code, reason = "the build's own")]
#[path = "../../build/version.rs"]
mod version;

use version::{Stage, Version, said};

fn version(text: &str) -> Version {
    Version::of(text).unwrap_or_else(|| panic!("{text:?} is no version"))
}

/// The documented order, and texts as installations have them.
#[test]
fn pre_releases_come_before_their_release() {
    let ordered = [
        "8.0.T63",
        "8.3.RC1.alpha002",
        "8.5.0.alpha002",
        "8.5.0-beta.1",
        "8.5.0.rc1",
        "8.5.0",
        "8.5.2",
        "9.0.0-alpha.1",
        "9.0.0-alpha.2",
        "9.0.0-beta.1",
        "9.0.0-beta.2",
        "9.0.0-rc.1",
        "9.0.0-rc.2",
        "9.0.0",
        "9.0.1",
        "9.1.0-beta.3",
        "9.1.0",
        "10.0.0-alpha.1",
    ];
    assert!(ordered.map(version).is_sorted_by(|a, b| a < b));
    for spellings in [
        &["8.5.0-beta.1", "8.5.0.beta1", "8.5.0beta1", "8.5.0-BETA-1", "8.5.0.Beta001"][..],
        &["8.5.0-rc.1", "8.5.0.RC1", "8.5.RC1"],
        &["8.5.0", "8.5", "8.5.0.pre", "8.5.0.SPC1", "8.5.0-beta", "8.5.0.", "8.5.0.1", "8.5.RC1.alpha002"],
    ] {
        assert!(spellings.iter().all(|text| version(text) == version(spellings[0])), "{spellings:?}");
    }
    for text in ["8.5.0-alpha.2", "8.5.0-beta.1", "8.5.0-rc.3", "8.5.0", "9.12.3"] {
        assert_eq!(version(text).to_string(), text);
    }
    assert_eq!(version("8.5.0.beta1"), Version::new([8, 5, 0], Stage::Beta, 1));
    for text in ["", "8", "8.", ".5", "v8.5.0", "CANN-1.83", "trunk", "99999999999.0.0", "-1.0.0"] {
        assert_eq!(Version::of(text), None, "{text:?}");
    }
}

/// The version is the line of that name, wherever it stands and whatever else ends in it.
#[test]
fn a_version_file_is_read_by_its_keys() {
    let (inner, compatible) = ("innerversion=V100R001C23SPC002B210", "compatible_version=[V100R001C15],[V100R001C23]");
    let lines = ["package_name=Ascend-cann-toolkit", "version=8.5.0", inner, compatible, "arch=aarch64"];
    for first in 0..lines.len() {
        let mut lines = lines;
        lines.rotate_left(first);
        assert_eq!(said(&lines.join("\n")), Some("8.5.0"), "{lines:?}");
        lines.reverse();
        assert_eq!(said(&lines.join("\r\n")), Some("8.5.0"), "{lines:?}");
    }
    assert_eq!(said("Innerversion=V100R001C15\nVersion=9.0.0\nversion_dir=cann\n"), Some("9.0.0"), "version.info");
    let cfg =
        "# version: 1.0\nruntime_running_version=[7.6.0.1.220:8.0.0]\nruntime_upgrade_version=[7.6.0.1.220:8.1.0]\n";
    assert_eq!(said(cfg), Some("8.0.0"), "version.cfg");
    assert_eq!(said("toolkit_running_version=[8.3.RC2]\n"), Some("8.3.RC2"));
    assert_eq!(said(" version = 9.0.0 "), Some("9.0.0"));
    for text in ["", inner, compatible, "version=", "# version: 1.0", "version 8.5.0", "conversion=8.5.0"] {
        assert_eq!(said(text), None, "{text:?}");
    }
}
