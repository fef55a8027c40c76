//! The launch of `get_last_loc`.

use super::{ArrayAt, LaunchConfig, cores, lines, size, tile};
use crate::TableShape;
use crate::api::bindings::{ASCEND_CACHE_LOC_LAST_LOC_TILE_MAX, AscendCacheLocLastLocParams};
use crate::api::block::bytes_of;

/// A launch of `get_last_loc`: `out[i] = table[req_pool_indices[i], prefix_lens[i] - 1]`, or -1.
#[derive(Debug, Clone, Copy)]
pub struct LastLocLaunch {
    cores: u32,
    params: AscendCacheLocLastLocParams,
}

/// Rows that a further core is worth: each is a small copy, and a core costs a launch some time.
const ROWS_PER_CORE: u64 = 16;

impl LastLocLaunch {
    /// The kernel's name.
    pub const KERNEL: &'static str = "ascend_cache_loc_get_last_loc";

    /// A launch over `n` rows, not 0; every array has `n` elements and the table what its shape needs. `fault_log` has
    /// a [line](super::FAULT_LINE_BYTES) for each of `available_cores`, `launch` is not 0.
    ///
    /// # Panics
    /// If `n` is 0 or 2^31 or more.
    #[must_use]
    #[expect(clippy::too_many_arguments, reason = "each is one field of the block")]
    pub fn new(
        (shape, table): (TableShape, u64),
        n: usize,
        req_pool_indices: ArrayAt,
        prefix_lens: ArrayAt,
        out: ArrayAt,
        (fault_log, launch): (u64, u64),
        available_cores: u32,
        config: &LaunchConfig,
    ) -> Self {
        assert!(n > 0, "an empty batch needs no launch");
        let most = ASCEND_CACHE_LOC_LAST_LOC_TILE_MAX;
        let params = AscendCacheLocLastLocParams {
            table,
            req_pool_indices: req_pool_indices.address,
            prefix_lens: prefix_lens.address,
            out: out.address,
            fault_log,
            launch,
            rows: size(shape.rows()),
            row_stride: size(shape.row_stride()),
            row_len: size(shape.row_len()),
            n: size(n),
            req_bytes: req_pool_indices.element_bytes(),
            len_bytes: prefix_lens.element_bytes(),
            out_bytes: out.element_bytes(),
            tile: tile(config.tile, most, 8, most),
        };
        let cores = cores(config.cores, available_cores, n as u64, ROWS_PER_CORE, lines(out, n as u64));
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
