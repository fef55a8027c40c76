//! Parameter blocks: what a launch passes to a kernel, by value.

use super::bindings::{AscendCacheLocExtendLocsParams, AscendCacheLocLastLocParams};

/// A plain C struct of integers.
///
/// # Safety
/// The type is `repr(C)`, has no padding and no pointers.
pub(crate) unsafe trait ParameterBlock {}

// SAFETY: generated from cache_loc.h, integers alone. Its asserts leave no room for padding: 6 fields of 8 bytes and 8 of 4
// fill 80 bytes.
unsafe impl ParameterBlock for AscendCacheLocLastLocParams {}
// SAFETY: as above: 8 fields of 8 bytes and 12 of 4 fill 112.
unsafe impl ParameterBlock for AscendCacheLocExtendLocsParams {}

/// What a block says of one array: enough for the simulation to hold the kernel to it.
#[cfg(feature = "sim")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct BlockArray {
    pub(crate) name: &'static str,
    /// Device address.
    pub(crate) address: u64,
    pub(crate) bytes: u64,
    pub(crate) access: super::sim::Access,
}

/// The arrays, none of them empty, that a launch of one of our kernels may touch; `None` for a kernel of others.
///
/// # Errors
/// A kernel of ours whose block is not what it takes, or that nothing is known of here.
#[cfg(feature = "sim")]
pub(crate) fn arrays(kernel: &str, blocks: u32, block: &[u8]) -> Result<Option<Vec<BlockArray>>, &'static str> {
    use super::sim::Access::{Read, ReadWrite, Write};

    let table_bytes = |rows: u32, row_stride: u32, row_len: u32| {
        let shape = crate::TableShape::new(rows as usize, row_stride as usize);
        let shape = shape.and_then(|shape| shape.with_row_len(row_len as usize));
        shape.map(|shape| 4 * shape.storage_len()).map_err(|_| "the block's table has no shape")
    };
    let log_bytes = u64::from(blocks) * u64::from(super::bindings::ASCEND_CACHE_LOC_LINE_BYTES);
    let array = |name, address, bytes, access| BlockArray { name, address, bytes, access };
    let rows = |name, address, n: u32, bytes: u32| array(name, address, u64::from(n) * u64::from(bytes), Read);
    let mut arrays = match kernel {
        "ascend_cache_loc_get_last_loc" => {
            let p: AscendCacheLocLastLocParams = read(block)?;
            let out_bytes = u64::from(p.n) * u64::from(p.out_bytes);
            vec![
                array("table", p.table, table_bytes(p.rows, p.row_stride, p.row_len)?, Read),
                rows("req_pool_indices", p.req_pool_indices, p.n, p.req_bytes),
                rows("prefix_lens", p.prefix_lens, p.n, p.len_bytes),
                array("out", p.out, out_bytes, Write),
                array("fault log", p.fault_log, log_bytes, ReadWrite),
            ]
        }
        "ascend_cache_loc_assign_extend_cache_locs" => {
            let p: AscendCacheLocExtendLocsParams = read(block)?;
            vec![
                array("table", p.table, table_bytes(p.rows, p.row_stride, p.row_len)?, Read),
                rows("req_pool_indices", p.req_pool_indices, p.n, p.req_bytes),
                rows("start_offsets", p.start_offsets, p.n, p.len_bytes),
                rows("end_offsets", p.end_offsets, p.n, p.len_bytes),
                array("out", p.out, p.capacity * u64::from(p.out_bytes), Write),
                array("fault log", p.fault_log, log_bytes, ReadWrite),
            ]
        }
        _ if is_ours(kernel) => return Err("its arrays are not declared to the simulation"),
        _ => return Ok(None),
    };
    arrays.retain(|array| array.bytes > 0);
    Ok(Some(arrays))
}

/// Whether a kernel is one of an operation. The ladder's, which measure a device, are not: they have no declaration.
#[cfg(feature = "sim")]
fn is_ours(kernel: &str) -> bool {
    kernel.strip_prefix("ascend_cache_loc_").is_some_and(|name| !name.starts_with("ladder_"))
}

/// A block from the bytes of a launch.
#[cfg(feature = "sim")]
fn read<P: ParameterBlock>(bytes: &[u8]) -> Result<P, &'static str> {
    if bytes.len() != size_of::<P>() {
        return Err("the parameter block has another length than the kernel's");
    }
    // SAFETY: as many bytes as the block has, which is integers alone.
    Ok(unsafe { bytes.as_ptr().cast::<P>().read_unaligned() })
}

#[cfg(all(test, feature = "sim"))]
#[test]
fn kernels_of_ours_are_declared() {
    for operation in crate::Operation::ALL {
        let undeclared = arrays(operation.kernel(), 1, &[0; 7]).unwrap_err();
        assert_eq!(undeclared, "the parameter block has another length than the kernel's");
    }
    let undeclared = arrays("ascend_cache_loc_new_operation", 1, &[]).unwrap_err();
    assert_eq!(undeclared, "its arrays are not declared to the simulation");
    for others in ["ascend_cache_loc_ladder_copy", "scale_flags"] {
        assert!(arrays(others, 1, &[]).unwrap().is_none(), "{others}");
    }
}
