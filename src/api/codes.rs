//! AscendCL's return codes, as far as the crate tells them apart.

use super::bindings as raw;

/// The codes after which a device is lost to the process: exceptions, traps and timeouts of its cores, memory and link
/// errors, a dead task scheduler.
///
/// Source: hicann/runtime, `include/external/acl/error_codes/rt_error_codes.h`, whose 507xxx are what the device reports.
/// Left out: waits that merely ended (507046, 507047), captures (507903), and those that say that one call or one
/// resource failed.
const LOST: [u32; 23] = [
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_LOST_HEARTBEAT,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TIMEOUT,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TRAP_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_TIMEOUT,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICPU_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TIMEOUT,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TRAP_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TRAP_READ_OVERFLOW,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_AICORE_TRAP_WRITE_OVERFLOW,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TRAP_READ_OVERFLOW,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_TRAP_WRITE_OVERFLOW,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FFTS_PLUS_TIMEOUT,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FFTS_PLUS_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_FFTS_PLUS_TRAP_EXCEPTION,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_MEM_ERROR,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_HBM_MULTI_BIT_ECC_ERROR,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SUSPECT_DEVICE_MEM_ERROR,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_LINK_ERROR,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SUSPECT_REMOTE_ERROR,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_DRV_INTERNAL_ERROR,
    raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SOCKET_CLOSE,
];

/// Whether the device is lost after this code.
pub(crate) fn is_lost(code: i32) -> bool {
    LOST.contains(&code.cast_unsigned())
}

/// Whether device memory was short.
pub(crate) fn is_out_of_memory(code: i32) -> bool {
    matches!(
        code.cast_unsigned(),
        raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MEMORY_ALLOCATION | raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_DEVICE_OOM
    )
}

#[cfg(test)]
#[test]
fn the_list_is_the_documented_one() {
    let documented = [
        507_010..=507_010,
        507_014..=507_018,
        507_034..=507_036,
        507_042..=507_045,
        507_048..=507_050,
        507_053..=507_057,
        507_899..=507_899,
        507_901..=507_901,
    ];
    for code in 0..600_000 {
        assert_eq!(is_lost(code), documented.iter().any(|range| range.contains(&code)), "{code}");
    }
}
