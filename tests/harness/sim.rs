//! The kernels on the core simulation, straight through its one entry: what a launch of each operation does, on a number
//! of cores, in an order, with tile sizes and an alignment of the output that differ from call to call.

#![allow(unsafe_code, reason = "the simulation takes memory by address")]

use ascend_cache_loc::Int;
use ascend_cache_loc::api::sim::{Access, Array, CoreCounters, Launch};
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, RefError, ReqToToken};
use ascend_cache_loc::ops::{ArrayAt, DeviceFault, ExtendLocsLaunch, FAULT_LINE_BYTES, LastLocLaunch, LaunchConfig};

use super::backend::Backend;
use super::splitmix::splitmix64;

/// The simulation as a backend. Any report of the simulation is a panic.
#[derive(Debug, Default)]
pub struct Sim {
    calls: u64,
    /// Layout of the launches; otherwise it is another one for each.
    pub fixed: Option<LaunchConfig>,
    /// What each core did in the last launch.
    pub counters: Vec<CoreCounters>,
    /// The fault log is one for all launches; otherwise each launch finds it empty.
    pub keep_log: bool,
    log: Vec<Line>,
}

/// The most cores of a launch.
const CORES: u32 = 64;

/// One line of a fault log, on a line of its own.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([u8; FAULT_LINE_BYTES]);

/// A copy of an output at a chosen offset from a 64-byte address.
struct Output<O> {
    elements: Vec<O>,
    start: usize,
    len: usize,
}

impl<O: Int> Output<O> {
    fn new(out: &[O], offset: usize) -> Self {
        let line = 64 / size_of::<O>();
        let mut elements = vec![O::from_slot(0); out.len() + 2 * line];
        let start = elements.as_ptr().align_offset(64) + offset % line;
        elements[start..start + out.len()].copy_from_slice(out);
        Self { elements, start, len: out.len() }
    }

    fn as_slice_mut(&mut self) -> &mut [O] {
        &mut self.elements[self.start..self.start + self.len]
    }
}

fn at<T: Int>(array: &[T]) -> ArrayAt {
    ArrayAt { address: array.as_ptr() as u64, dtype: T::TYPE }
}

fn read<T: Copy>(array: &[T]) -> Array {
    Array::of(std::ptr::from_ref(array).cast_mut(), Access::Read)
}

/// The part of a table's storage that its shape needs: a kernel may touch no more.
fn table_of<'a>(table: &ReqToToken<'a>) -> &'a [i32] {
    &table.slots()[..usize::try_from(table.shape().storage_len()).expect("it lies in memory")]
}

impl Sim {
    /// A layout for the next launch: one of many, tiny tiles among them.
    fn config(&mut self) -> LaunchConfig {
        self.calls += 1;
        if self.log.is_empty() || !self.keep_log {
            self.log = vec![Line([0; FAULT_LINE_BYTES]); CORES as usize];
        }
        if let Some(config) = self.fixed {
            return config;
        }
        let mut salt = self.calls << 8;
        let mut below = |limit: u64| {
            salt += 1;
            u32::try_from(splitmix64(salt) % limit).expect("small")
        };
        let mut config = LaunchConfig::default();
        config.cores = Some(1 + below(u64::from(CORES)));
        config.tile = [None, Some(1 + below(40)), Some(8 + below(300))][below(3) as usize];
        config.scan_tile = [None, Some(64), Some(1 + below(400))][below(3) as usize];
        config.walk_tile = [None, Some(8), Some(1 + below(100))][below(3) as usize];
        config.checkpoints = [None, Some(1 + below(4))][below(2) as usize];
        config.row_cost_bytes = [None, Some(8), Some(1 + below(10_000))][below(3) as usize];
        config
    }

    /// Runs a kernel on arrays that the caller holds; the lowest fault is the error.
    fn launch(&mut self, kernel: &str, cores: u32, argument: &[u8], arrays: &[Array]) -> Result<(), RefError> {
        let mut arrays = arrays.to_vec();
        arrays.push(Array::of(&raw mut self.log[..], Access::ReadWrite));
        let mut launch = Launch::new(kernel, cores, argument, &arrays);
        launch.order_seed = self.calls;
        launch.saturate = self.calls.is_multiple_of(2);
        launch.instruction_limit = 1 << 26;
        // SAFETY: the arrays come from slices that the callers borrow for the call, those declared writable mutably.
        let done = unsafe { launch.run() };
        self.counters = done.unwrap_or_else(|error| panic!("{kernel} on {cores} cores: {error}"));
        let bytes: Vec<u8> = self.log.iter().flat_map(|line| line.0).collect();
        let Some(found) = DeviceFault::lowest(&bytes) else { return Ok(()) };
        assert!(found.launch == self.calls || self.keep_log, "the fault names its launch");
        Err(found.fault.into())
    }
}

impl Backend for Sim {
    fn get_last_loc<R: Int, L: Int, O: Int>(&mut self, args: LastLoc<'_, R, L, O>) -> Result<(), RefError> {
        let n = args.batch()?;
        if n == 0 {
            return Ok(());
        }
        let LastLoc { table, req_pool_indices, prefix_lens, out } = args;
        let config = self.config();
        let mut output = Output::new(out, usize::try_from(splitmix64(!self.calls) % 16).expect("small"));
        let slots = table_of(&table);
        let launch = LastLocLaunch::new(
            (table.shape(), slots.as_ptr() as u64),
            n,
            at(req_pool_indices),
            at(prefix_lens),
            at(output.as_slice_mut()),
            (self.log.as_ptr() as u64, self.calls),
            CORES,
            &config,
        );
        let written = Array::of(&raw mut *output.as_slice_mut(), Access::Write);
        let arrays = [read(slots), read(req_pool_indices), read(prefix_lens), written];
        let done = self.launch(LastLocLaunch::KERNEL, launch.cores(), launch.argument(), &arrays);
        out.copy_from_slice(output.as_slice_mut());
        done
    }

    fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(
        &mut self,
        args: ExtendLocs<'_, R, L, O>,
    ) -> Result<(), RefError> {
        let n = args.batch()?;
        if n == 0 {
            return Ok(());
        }
        let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = args;
        let config = self.config();
        let mut output = Output::new(out, usize::try_from(splitmix64(!self.calls) % 16).expect("small"));
        let slots = table_of(&table);
        let launch = ExtendLocsLaunch::new(
            (table.shape(), slots.as_ptr() as u64),
            n,
            at(req_pool_indices),
            at(start_offsets),
            at(end_offsets),
            (at(output.as_slice_mut()), out.len() as u64),
            (self.log.as_ptr() as u64, self.calls),
            CORES,
            &config,
        );
        let written = Array::of(&raw mut *output.as_slice_mut(), Access::Write);
        let arrays = [read(slots), read(req_pool_indices), read(start_offsets), read(end_offsets), written];
        let done = self.launch(ExtendLocsLaunch::KERNEL, launch.cores(), launch.argument(), &arrays);
        out.copy_from_slice(output.as_slice_mut());
        done
    }
}
