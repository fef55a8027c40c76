//! Versions of the CANN runtime, as it counts them: major * 10^7 + minor * 10^5 + patch * 10^3, and of a pre-release 300
//! (alpha), 200 (beta) or 100 (rc) less, plus which one it is. So an alpha comes before a beta, a beta before a release
//! candidate, that before the release.
//!
//! Source: hicann/runtime, `docs/zh/api_ref/24_other_APIs.md` and `CalculateVersionNum` in `src/acl/aclrt_impl/acl.cpp`, the
//! same from 8.5.0-beta.1 on. A text that it has no number for, such as `9.1.0.pre`, is an error there.

/// The oldest runtime that loads and launches kernels the way that we do: 8.5.0-beta.1.
#[cfg(any(feature = "npu", feature = "sim"))]
pub(crate) const OLDEST: u32 = 80_499_801;

/// A version as text, such as `9.1.0-beta.3`.
pub(crate) fn text(version: u32) -> String {
    // What is less than a patch's step away from the next base is a pre-release of that.
    let (base, stage) = match version % 1_000 {
        rest @ 700..=999 => {
            let (short, base) = (1_000 - rest, version - rest + 1_000);
            let (name, weight) = match short {
                201.. => ("alpha", 300),
                101..=200 => ("beta", 200),
                _ => ("rc", 100),
            };
            (base, format!("-{name}.{}", weight - short))
        }
        _ => (version, String::new()),
    };
    format!("{}.{}.{}{stage}", base / 10_000_000, base / 100_000 % 100, base / 1_000 % 100)
}

#[cfg(test)]
#[test]
fn numbers_and_their_texts() {
    for (number, expected) in [
        (80_300_000, "8.3.0"),
        (80_499_701, "8.5.0-alpha.1"),
        (80_499_801, "8.5.0-beta.1"),
        (80_499_901, "8.5.0-rc.1"),
        (80_500_000, "8.5.0"),
        (80_502_000, "8.5.2"),
        (89_999_802, "9.0.0-beta.2"),
        (89_999_999, "9.0.0-rc.99"),
        (90_000_000, "9.0.0"),
        (90_001_000, "9.0.1"),
        (90_000_901, "9.0.1-rc.1"),
        (90_099_803, "9.1.0-beta.3"),
        (90_100_000, "9.1.0"),
        (90_199_801, "9.2.0-beta.1"),
        (90_199_800, "9.2.0-beta.0"),
        (90_199_700, "9.2.0-alpha.0"),
        (99_999_901, "10.0.0-rc.1"),
        (121_103_000, "12.11.3"),
        // None of the runtime's: as its base.
        (90_000_001, "9.0.0"),
        (90_000_699, "9.0.0"),
        (0, "0.0.0"),
    ] {
        assert_eq!(text(number), expected, "{number}");
    }
    assert!(text(u32::MAX).starts_with("429."));
}
