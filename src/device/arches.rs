//! The arches that there can be kernels for: the one list of them, which the build script includes.

/// An arch.
#[allow(dead_code, reason = "the build script reads no number, the crate no version")]
pub(crate) struct Arch {
    /// Its number, as AscendCL tells it.
    pub(crate) number: i64,
    /// As CANN's compiler spells it (`--npu-arch`).
    pub(crate) name: &'static str,
    /// The first CANN that our kernels can be compiled for it by; `None` where they are not.
    pub(crate) since: Option<&'static str>,
}

/// By number. dav-3510 came with 9.0.0-beta.2 (asc-devkit's change log; 8.5.0 does not know the name).
pub(crate) const ARCHES: [Arch; 3] = [
    Arch { number: 2002, name: "dav-2002", since: None },
    Arch { number: 2201, name: "dav-2201", since: Some("8.5.0-beta.1") },
    Arch { number: 3510, name: "dav-3510", since: Some("9.0.0-beta.2") },
];
