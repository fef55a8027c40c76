//! Which kernels a chip takes.

use super::arches::ARCHES;

/// The arch of a chip, as CANN's compiler spells it; `None` of one that is not known, or that there can be no kernels for.
///
/// `number` is what the library says of the arch, where it says anything; else the chip's name decides.
#[must_use]
pub fn of(number: Option<i64>, soc: &str) -> Option<&'static str> {
    let number = number.or_else(|| of_soc(soc))?;
    ARCHES.iter().find(|arch| arch.number == number).map(|arch| arch.name)
}

/// The number of a chip's arch by AscendCL's name of the chip.
///
/// Source: `NpuArch` in hicann/runtime's `src/platform/platform_config/*/*.ini` at 9.2.0-beta.2, and the older tags'. Names
/// that go on with a digit where others end are of another generation: plain `Ascend910B` is arch 1001.
fn of_soc(name: &str) -> Option<i64> {
    let digit_after =
        |prefix| name.strip_prefix(prefix).is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    if digit_after("Ascend910B") || digit_after("Ascend910_93") {
        return Some(2201);
    }
    if name.starts_with("Ascend950") || name.starts_with("Ascend350_") {
        return Some(3510);
    }
    (digit_after("Ascend310P") || name == "Ascend610").then_some(2002)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// All chips of the runtime's platform files, by arch.
    const CHIPS: [(i64, &str); 13] = [
        (1001, "Ascend910A Ascend910B Ascend910PremiumA Ascend910ProA Ascend910ProB"),
        (2002, "Ascend310P1 Ascend310P3 Ascend310P5 Ascend310P7"),
        (
            2201,
            "Ascend910B1 Ascend910B2 Ascend910B2C Ascend910B3 Ascend910B4 Ascend910B4-1 Ascend910_9362 \
             Ascend910_9363 Ascend910_9372 Ascend910_9381 Ascend910_9382 Ascend910_9391 Ascend910_9392",
        ),
        (3002, "Ascend310B1 Ascend310B2 Ascend310B3 Ascend310B4"),
        (3003, "KirinX90"),
        (3004, "Ascend031"),
        (3113, "Kirin9030"),
        (3505, "Ascend035 Ascend035A Ascend035B"),
        (
            3510,
            "Ascend350_354f Ascend350_355e Ascend950DT_950x Ascend950DT_950y Ascend950DT_9571 Ascend950DT_9572 \
             Ascend950DT_9573 Ascend950DT_9574 Ascend950DT_9575 Ascend950DT_9576 Ascend950DT_9577 \
             Ascend950DT_9578 Ascend950DT_9581 Ascend950DT_9581x Ascend950DT_9582 Ascend950DT_9582x \
             Ascend950DT_9583 Ascend950DT_9584 Ascend950DT_9585 Ascend950DT_9586 Ascend950DT_9587 \
             Ascend950DT_9588 Ascend950DT_9591 Ascend950DT_9592 Ascend950DT_9595 Ascend950DT_9596 \
             Ascend950DT_95A1 Ascend950DT_95A2 Ascend950PR_950z Ascend950PR_9579 Ascend950PR_957b \
             Ascend950PR_957bx Ascend950PR_957c Ascend950PR_957d Ascend950PR_9589 Ascend950PR_958b \
             Ascend950PR_9599",
        ),
        (5101, "KirinDev0000"),
        (5161, "KirinDev0001"),
        (5163, "KirinDev0003"),
        (5165, "KirinDev0002"),
    ];

    #[test]
    fn every_chip_of_the_runtime_by_its_name() {
        let mut chips = 0;
        for (number, names) in CHIPS {
            let expected = ARCHES.iter().find(|arch| arch.number == number).map(|arch| arch.name);
            for name in names.split_whitespace() {
                assert_eq!(of(None, name), expected, "{name}");
                chips += 1;
            }
        }
        assert_eq!(chips, 73);
        for name in ["", "Ascend", "Ascend910", "Ascend910_", "Ascend910_5591", "Ascend910C", "Ascend310P", "Kirin"] {
            assert_eq!(of(None, name), None, "{name}");
        }
    }

    #[test]
    fn what_the_library_says_counts_before_the_name() {
        assert_eq!(of(Some(2201), "Ascend999X"), Some("dav-2201"));
        assert_eq!(of(Some(3510), "Ascend910B3"), Some("dav-3510"));
        assert_eq!(of(Some(1001), "Ascend910B3"), None);
        assert_eq!(of(Some(9999), ""), None);
    }
}
