//! `fill`, the toy.

use super::{Arguments, Arrays, LaunchConfig, Work, enqueue, lines, output_bytes, size, tile};
use crate::abi::bindings::{ASCEND_CACHE_LOC_FILL_TILE_MAX, AscendCacheLocFillParams};
use crate::{DeviceSlice, DeviceSliceMut, Element, LaunchId, Operation, Result, ShapeError, Stream, batch_of};

impl Operation {
    /// [`fill`].
    pub const FILL: Self = Self::of::<AscendCacheLocFillParams>();
}

/// The arguments of [`fill`].
#[derive(Debug)]
pub struct Fill<'a, L, O> {
    /// Row i's value.
    pub values: DeviceSlice<'a, L>,
    /// Row i's result.
    pub out: DeviceSliceMut<'a, O>,
}

impl<L: Element, O: Element> Arguments for Fill<'_, L, O> {
    type Block = AscendCacheLocFillParams;

    fn batch(&self) -> Result<usize, ShapeError> {
        batch_of(self.values.len(), &[("out", self.out.len())])
    }

    fn work(&self, n: usize) -> Work {
        Work { elements: n as u64, bytes: output_bytes(&self.out), lines: lines(&self.out), ..Work::default() }
    }

    fn tile(&self, config: &LaunchConfig) -> u32 {
        tile(config.tiles.tile, ASCEND_CACHE_LOC_FILL_TILE_MAX, 8, ASCEND_CACHE_LOC_FILL_TILE_MAX)
    }

    fn block(&self, n: usize, arrays: Arrays<'_>, config: &LaunchConfig) -> Result<Self::Block> {
        Ok(AscendCacheLocFillParams {
            values: arrays.input("values", &self.values)?,
            out: arrays.output("out", &self.out)?,
            n: size(n),
            tile: self.tile(config),
            ..Default::default()
        })
    }
}

/// Enqueues `out[i] = values[i]`, or -1 where that is negative or fits no int32.
///
/// # Errors
/// As every operation.
#[expect(clippy::needless_pass_by_value, reason = "`out` is taken exclusively")]
pub fn fill_with<L: Element, O: Element>(stream: &Stream, args: Fill<'_, L, O>, config: &LaunchConfig) -> Result<LaunchId> {
    enqueue(stream, &args, config)
}
