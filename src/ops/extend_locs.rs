//! The launch of `assign_extend_cache_locs`.

use super::{ArrayAt, LaunchConfig, cores, lines, size, tile};
use crate::TableShape;
use crate::api::bindings::{
    ASCEND_CACHE_LOC_CHECKPOINTS_MAX, ASCEND_CACHE_LOC_COPY_TILE_MAX, ASCEND_CACHE_LOC_SCAN_TILE_MAX,
    ASCEND_CACHE_LOC_WALK_TILE_MAX, AscendCacheLocExtendLocsParams,
};
use crate::api::block::bytes_of;

/// A launch of `assign_extend_cache_locs`: slices of table rows, end to end.
#[derive(Debug, Clone, Copy)]
pub struct ExtendLocsLaunch {
    cores: u32,
    params: AscendCacheLocExtendLocsParams,
}

/// What a row weighs beside its output, in bytes: an estimate until a device is measured.
const ROW_COST_BYTES: u32 = 1024;
/// Weight that a further core is worth.
const BYTES_PER_CORE: u64 = 8 * 1024;

impl ExtendLocsLaunch {
    /// The kernel's name.
    pub const KERNEL: &'static str = "ascend_cache_loc_assign_extend_cache_locs";

    /// A launch over `n` rows, not 0; the index arrays have `n` elements, `out` has `capacity`, and the table what its
    /// shape needs. `fault_log` has a [line](super::FAULT_LINE_BYTES) for each of `available_cores`, `launch` is not 0.
    /// `start_offsets` and `end_offsets` have one type.
    ///
    /// # Panics
    /// If `n` is 0 or 2^31 or more.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each is one field of the block")]
    pub fn new(
        (shape, table): (TableShape, u64),
        n: usize,
        req_pool_indices: ArrayAt,
        start_offsets: ArrayAt,
        end_offsets: ArrayAt,
        (out, capacity): (ArrayAt, u64),
        (fault_log, launch): (u64, u64),
        available_cores: u32,
        config: &LaunchConfig,
    ) -> Self {
        assert!(n > 0, "an empty batch needs no launch");
        assert!(start_offsets.dtype == end_offsets.dtype, "the offsets have one type");
        let row_cost_bytes = config.row_cost_bytes.unwrap_or(ROW_COST_BYTES).clamp(out.element_bytes(), 1 << 20);
        let (copy, scan) = (ASCEND_CACHE_LOC_COPY_TILE_MAX, ASCEND_CACHE_LOC_SCAN_TILE_MAX);
        let (walk, checkpoints) = (ASCEND_CACHE_LOC_WALK_TILE_MAX, ASCEND_CACHE_LOC_CHECKPOINTS_MAX);
        let params = AscendCacheLocExtendLocsParams {
            table,
            req_pool_indices: req_pool_indices.address,
            start_offsets: start_offsets.address,
            end_offsets: end_offsets.address,
            out: out.address,
            capacity,
            fault_log,
            launch,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            req_bytes: req_pool_indices.element_bytes(),
            len_bytes: start_offsets.element_bytes(),
            out_bytes: out.element_bytes(),
            row_cost_bytes,
            copy_tile: tile(config.tile, copy, 32, copy),
            scan_tile: tile(config.scan_tile, scan, 64, scan),
            walk_tile: tile(config.walk_tile, walk, 8, walk),
            checkpoints: tile(config.checkpoints, checkpoints, 1, checkpoints),
        };
        let output_bytes = capacity.saturating_mul(out.element_bytes().into());
        let work = output_bytes.saturating_add(n as u64 * u64::from(row_cost_bytes));
        let cores = cores(config.cores, available_cores, work, BYTES_PER_CORE, lines(out, capacity));
        Self { cores, params }
    }

    /// The number of cores.
    #[must_use]
    pub fn cores(&self) -> u32 {
        self.cores
    }

    /// The parameter block.
    #[must_use]
    pub fn argument(&self) -> &[u8] {
        bytes_of(&self.params)
    }
}
