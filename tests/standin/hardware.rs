//! The hardware's one command.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::rig::{CANN, cann_9, host_platform, install, operations, said, scratch, vendored, write};

/// `tests/run_npu.sh`, which is all of the hardware's part, on the simulated library and without a network: what it
/// reports, and that it stops.
#[test]
fn the_hardware_command_reports_what_it_did() {
    let home = scratch("cann_hardware");
    let (cann, repository) = (cann_9(&home), vendored(&home));
    write(&cann.join(host_platform()).join("ascend_toolkit_install.info"), "innerversion=V100R001C23\nversion=9.0.0\n");
    install(&cann, true);
    let report = home.join("reports/one.txt");
    let run = |setup: &str| {
        let mut command = Command::new(repository.join("tests/run_npu.sh"));
        command.arg("reports/one.txt").current_dir(&home);
        for name in CANN.iter().chain(&["LD_LIBRARY_PATH", "RUSTFLAGS", "CARGO_BUILD_TARGET"]) {
            command.env_remove(name);
        }
        command.env("CARGO_HOME", home.join("nothing")).env("CARGO_NET_OFFLINE", "true");
        command.env("CARGO_TARGET_DIR", Path::new(env!("CARGO_TARGET_TMPDIR")).join("hardware"));
        command.env("ASCEND_HOME_PATH", &cann).env("ASCEND_CACHE_LOC_STANDIN", setup).env("PROPTEST_CASES", "500");
        // Quicker to build, and as right. What the command does is at stake here, not what kernels do: one will do.
        command.env("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1").env("CXXFLAGS", "-Werror -O1");
        command.env("ASCEND_CACHE_LOC_SUITE", operations().last().unwrap());
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
    let expected =
        ["== versions", "== build", "== ladder", "== suite", "== measurements", "== tuning", "== all passed"];
    assert_eq!(steps, expected, "{text}");
    for part in [
        "\nrustc     rustc ",
        "ascend_toolkit_install.info:version=9.0.0\n",
        "get_last_loc/entry.cpp: warning: be careful\n",
        "kernels/echo.cpp: warning: be careful\n",
        "\nchip          Ascend910B3 (dav-2201)\n",
        "11/11 launches by number of cores, timed: as expected\n",
        "\ntest npu::seeds ... ok\n",
        " passed; 0 failed; 0 ignored",
        "\nassign_extend_cache_locs, 255 x 1, 1 x 65536, i64 ",
    ] {
        assert!(text.contains(part), "{part:?}: {text}");
    }
    // Kernels of another arch.
    let (passed, text) = run("soc=Ascend950PR_9599");
    let missing = "kernels for dav-2201 alone, not for dav-3510: set ASCEND_CACHE_LOC_ARCHS when building\n";
    assert!(!passed && text.contains(&format!("== ladder\n{missing}")), "{text}");
    // The argument block is not echoed.
    let (passed, text) = run("cores=8 skip=3");
    assert!(!passed && text.contains("\n 2/11 the argument block, echoed: DIFFERENT\n"), "{text}");
    assert!(text.ends_with("\n== FAILED at: ladder\n") && !text.contains("suite"), "{text}");
}
