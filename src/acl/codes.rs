//! AscendCL's return codes, by what they mean for the device and for the caller.
//!
//! `ascendc/abi/acl_api.h` names every code of the runtime; `tests/acl_headers.sh` holds those names against the runtime's own
//! header, and a test here sees to it that each has a class.

use std::ops::RangeInclusive;

/// What a code means for us.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    /// The device is lost to the process: exceptions and traps of its cores, kernels that were killed for their time,
    /// memory beyond repair, a dead task scheduler or connection.
    Lost,
    /// A wait, or a task that is none of a core's, took longer than its limit. The work may go on.
    /// Of limits that nobody gave the code is told.
    Timeout,
    /// A call that a capture does not allow, or a capture that is not as the call expects it.
    Capture,
    /// Documented as to be repaired, or to be tried again later. Nothing of ours repairs: the code is told.
    Repairable,
    /// Memory was short, on the device or the host.
    OutOfMemory,
    /// Streams, events or another thing of which a device has a fixed number were short.
    OutOfResources,
    /// An error of one call.
    Other,
}

use Class::{Capture, Lost, Other, OutOfMemory, OutOfResources, Repairable, Timeout};

/// The runtime's codes, in ascending order.
///
/// Source: hicann/runtime at 9.2.0-beta.2. The list is `include/external/acl/error_codes/rt_error_codes.h`; the meanings
/// are those of `docs/zh/api_ref/25-01_aclError.md` (the table), `src/runtime/core/src/common/errcode_manage.cc` (the
/// runtime's inner errors behind each) and, where noted, of the code that sets them.
const CLASSES: &[(RangeInclusive<u32>, Class)] = &[
    // The call was wrong.
    (107_000..=107_018, Other),
    // "Execute the interface again"; "set a reasonable timeout": graphs and copies, a core's has its own code.
    (107_019..=107_020, Timeout),
    (107_021..=107_021, Other),
    // The tasks of the device, or of a stream, are being aborted: until that is done.
    (107_022..=107_023, Repairable),
    (107_024..=107_034, Capture),
    // The same abort, seen by a task.
    (107_035..=107_035, Repairable),
    (107_036..=107_036, Capture),
    // The graph still runs.
    (107_037..=107_037, Other),
    (107_038..=107_038, Capture),
    (107_039..=107_040, Other),
    (107_041..=107_041, Capture),
    (107_042..=107_044, Other),
    (107_045..=107_045, Capture),
    (207_000..=207_000, Other),
    // Also "the host memory has been exhausted", of the runtime's own objects.
    (207_001..=207_001, OutOfMemory),
    (207_002..=207_004, Other),
    // "Release resources such as streams."
    (207_005..=207_005, OutOfResources),
    (207_006..=207_006, Other),
    // Events, streams, notifies, models, and what the runtime and its queues keep.
    (207_007..=207_012, OutOfResources),
    (207_013..=207_017, Other),
    (207_018..=207_018, OutOfMemory),
    (207_019..=207_019, Other),
    // The driver's.
    (207_020..=207_020, Timeout),
    (207_021..=207_021, Other),
    // Internal errors of the runtime and of the task scheduler: whatever has no code of its own.
    (507_000..=507_009, Other),
    // The scheduler's heartbeat is gone: the runtime refuses every later call (engine.cc, SetDevStatus).
    (507_010..=507_010, Lost),
    // A graph's execution failed. That is all that is told of a task that died in it, a kernel too
    // (model_execute_task.cc: whatever else happened is "stream execute failed").
    (507_011..=507_011, Lost),
    // "Check whether the timeout is too short."
    (507_012..=507_012, Timeout),
    // The system DMA, the AI cores, the AI CPU: exceptions, traps, and kernels that were killed for their time.
    (507_013..=507_018, Lost),
    (507_019..=507_031, Other),
    (507_032..=507_032, OutOfResources),
    (507_033..=507_033, Other),
    // The vector cores: the same.
    (507_034..=507_036, Lost),
    (507_037..=507_041, Other),
    // Traps of cores that read or wrote out of bounds.
    (507_042..=507_045, Lost),
    (507_046..=507_047, Timeout),
    // The scheduler of FFTS+ tasks, of which cores run the parts.
    (507_048..=507_050, Lost),
    (507_051..=507_052, Other),
    // An uncorrectable memory error, with addresses to repair: "see aclrtGetMemUceInfo".
    (507_053..=507_053, Repairable),
    // Of several bits: the runtime fails every context of the device (runtime.cc, ProcHBMRas).
    (507_054..=507_054, Lost),
    // Memory of another device; "try again" after a broken link.
    (507_055..=507_056, Repairable),
    // Memory of another device, "or this device accesses memory out of bounds": a core's exception for which the device
    // reports no memory fault (device_error_core_proc.cc, CheckAndSetLinkError).
    (507_057..=507_057, Lost),
    // The driver's and the AI CPU's internal errors: whatever has no code of its own.
    (507_899..=507_900, Other),
    // The connection between host and device is closed: as for the heartbeat.
    (507_901..=507_901, Lost),
    (507_902..=507_902, Other),
    (507_903..=507_903, Capture),
    (507_904..=507_904, Other),
    // Another thread's snapshot of the process holds the lock.
    (507_905..=507_905, Timeout),
    (507_906..=507_913, Other),
    // A port to memory elsewhere: aclrtRepairError takes it (api_impl_david.cc).
    (507_914..=507_914, Repairable),
    // The unit for collective communication.
    (507_915..=507_916, Lost),
];

/// The class of a code; [`Class::Other`] of one that is not in the table.
pub(crate) fn class(code: i32) -> Class {
    let code = code.cast_unsigned();
    CLASSES.iter().find(|(codes, _)| codes.contains(&code)).map_or(Other, |&(_, class)| class)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The runtime's codes as `ascendc/abi/acl_api.h` names them.
    fn named() -> Vec<u32> {
        let header = include_str!("../../ascendc/abi/acl_api.h");
        let constants = header.lines().filter_map(|line| line.trim().strip_prefix("ASCEND_CACHE_LOC_ACL_ERROR_"));
        let values = constants.map(|line| {
            let value = line.split_once(" = ").expect("a value").1;
            value.split(|c: char| !c.is_ascii_digit()).next().and_then(|digits| digits.parse().ok()).expect("a number")
        });
        values.filter(|code| *code >= 107_000).collect()
    }

    #[test]
    fn every_code_of_the_runtime_has_one_class() {
        let (mut named, mut classed) = (named(), Vec::new());
        for (codes, _) in CLASSES {
            classed.extend(codes.clone());
        }
        assert!(named.len() > 140, "{}", named.len());
        named.sort_unstable();
        assert_eq!(named, classed, "named in acl_api.h, and in the table");
    }

    #[test]
    fn what_the_runtime_says_of_its_codes() {
        let of = |class: Class| named().into_iter().filter(move |code| super::class(code.cast_signed()) == class);
        let lost = [507_010, 507_011, 507_013, 507_014, 507_015, 507_016, 507_017, 507_018, 507_034, 507_035, 507_036];
        let lost =
            [&lost[..], &[507_042, 507_043, 507_044, 507_045, 507_048, 507_049, 507_050, 507_054, 507_057]].concat();
        assert_eq!(of(Lost).collect::<Vec<_>>(), [&lost[..], &[507_901, 507_915, 507_916]].concat());
        let timeouts = [107_019, 107_020, 207_020, 507_012, 507_046, 507_047, 507_905];
        assert_eq!(of(Timeout).collect::<Vec<_>>(), timeouts);
        let repairable = [107_022, 107_023, 107_035, 507_053, 507_055, 507_056, 507_914];
        assert_eq!(of(Repairable).collect::<Vec<_>>(), repairable);
        assert_eq!(of(OutOfMemory).collect::<Vec<_>>(), [207_001, 207_018]);
        let resources = [207_005, 207_007, 207_008, 207_009, 207_010, 207_011, 207_012, 507_032];
        assert_eq!(of(OutOfResources).collect::<Vec<_>>(), resources);
        assert_eq!(class(507_899), Other, "the driver's generic error");
        for unknown in [0, -1, 1, 107_999, 507_058, 507_999, i32::MIN, i32::MAX] {
            assert_eq!(class(unknown), Other, "{unknown}");
        }
    }
}
