//! Which kernels a chip takes.

/// The arch of a SoC by its AscendCL name, as CANN's compiler spells it; `None` of one that is not known.
pub(crate) fn of_soc(name: &str) -> Option<&'static str> {
    // The longest prefix first: plain `Ascend910` names are those of the first generation, which is another arch.
    let known = [
        ("Ascend910B", "dav-2201"),
        ("Ascend910_93", "dav-2201"),
        ("Ascend950", "dav-3510"),
        ("Ascend310P", "dav-2002"),
    ];
    known.iter().find(|(prefix, _)| name.starts_with(prefix)).map(|&(_, arch)| arch)
}

#[cfg(test)]
#[test]
fn socs_by_prefix() {
    for (soc, arch) in [
        ("Ascend910B3", Some("dav-2201")),
        ("Ascend910B4-1", Some("dav-2201")),
        ("Ascend910_9382", Some("dav-2201")),
        ("Ascend950PR_9599", Some("dav-3510")),
        ("Ascend310P3", Some("dav-2002")),
        ("Ascend910A", None),
        ("Ascend910", None),
        ("", None),
    ] {
        assert_eq!(of_soc(soc), arch, "{soc}");
    }
}
