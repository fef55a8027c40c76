//! Versions of CANN: what an installation says, and which of two is the newer.
//!
//! Spelling and order are those of `aclsysGetVersionNum` (hicann/runtime, `CalculateVersionNum` in `acl.cpp`, the same from
//! 8.5.0-beta.1 on; `24_other_APIs.md`): an alpha comes before a beta, a beta before a release candidate, that before the
//! release.

use std::fmt;

/// How far a version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Stage {
    Alpha,
    Beta,
    Rc,
    Release,
}

/// A version, ordered by age.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Version {
    /// Major, minor and patch.
    base: [u32; 3],
    stage: Stage,
    /// Which one of its stage; 0 for a release.
    number: u32,
}

impl Version {
    pub(crate) const fn new(base: [u32; 3], stage: Stage, number: u32) -> Self {
        Self { base, stage, number }
    }

    /// Of a text such as `9.0.0`, `8.5.0-beta.1`, `8.5.0.alpha002` or `8.3.RC1`. A patch that is not there is 0. A suffix
    /// that makes no pre-release (`9.1.0.pre`, `8.3.RC1.alpha002`; the runtime has no number for these) counts as none.
    pub(crate) fn of(text: &str) -> Option<Self> {
        let (major, rest) = number(text)?;
        let (minor, rest) = number(rest.strip_prefix('.')?)?;
        let (patch, rest) = rest.strip_prefix('.').and_then(number).unwrap_or((0, rest));
        let (stage, number) = pre_release(rest).unwrap_or((Stage::Release, 0));
        Some(Self::new([major, minor, patch], stage, number))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.base;
        write!(f, "{major}.{minor}.{patch}")?;
        let stage = match self.stage {
            Stage::Alpha => "alpha",
            Stage::Beta => "beta",
            Stage::Rc => "rc",
            Stage::Release => return Ok(()),
        };
        write!(f, "-{stage}.{}", self.number)
    }
}

/// The number that a text begins with, and the rest.
fn number(text: &str) -> Option<(u32, &str)> {
    let end = text.find(|character: char| !character.is_ascii_digit()).unwrap_or(text.len());
    Some((text[..end].parse().ok()?, &text[end..]))
}

/// Of a suffix such as `-beta.1`, `.RC1` or `alpha002`.
fn pre_release(suffix: &str) -> Option<(Stage, u32)> {
    let separated = |text: &str| text.strip_prefix(['.', '-']).unwrap_or(text).to_owned();
    let suffix = separated(&suffix.to_ascii_lowercase());
    let stages = [("alpha", Stage::Alpha), ("beta", Stage::Beta), ("rc", Stage::Rc)];
    let (stage, which) = stages.iter().find_map(|(name, stage)| Some((*stage, suffix.strip_prefix(name)?)))?;
    Some((stage, separated(which).parse().ok()?))
}

/// The version that a file of an installation says, as text: by `version=8.5.0` in `ascend_toolkit_install.info` (beside
/// `innerversion=` and `compatible_version=`), `Version=8.5.0` in a package's `version.info`, or
/// `runtime_running_version=[7.6.0.1.220:8.0.0]` in `version.cfg`.
pub(crate) fn said(file: &str) -> Option<&str> {
    file.lines().find_map(|line| {
        let (key, value) = line.split_once('=')?;
        let key = key.trim();
        let meant = key.eq_ignore_ascii_case("version") || key.ends_with("_running_version");
        let value = value.trim().trim_matches(['[', ']']).rsplit(':').next()?.trim();
        (meant && !value.is_empty()).then_some(value)
    })
}
