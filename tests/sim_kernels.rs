//! The suite on the kernels' real sources, on a simulated device, and what holds for kernels alone.

use std::cell::Cell;
use std::sync::Arc;

use ascend_cache_loc::LaunchConfig;
use ascend_cache_loc::cpu_ref::{ExtendLocs, LastLoc, RefError, ReqToToken};
use ascend_cache_loc::sim::{CoreCounters, Machine};
use ascend_cache_loc::{FaultKind, IntType, RowFault, TableShape, Tiles};
use harness::backend::{Backend, CallError, CpuRef, simulated};
use harness::case::{Case, Dtypes, Table};
use harness::device::OnDevice;
use harness::operation::{Call, Operation};
use harness::ops::{AssignExtendCacheLocs, GetLastLoc};
use harness::suite;
use harness::workload::Workload;

#[path = "sim_kernels/alloc_decode.rs"]
mod alloc_decode;
#[path = "sim_kernels/alloc_extend.rs"]
mod alloc_extend;
#[path = "sim_kernels/assign_extend_cache_locs_uniform.rs"]
mod assign_extend_cache_locs_uniform;
#[path = "sim_kernels/assign_req_to_token_pool.rs"]
mod assign_req_to_token_pool;
#[path = "sim_kernels/decode_step.rs"]
mod decode_step;
#[path = "sim_kernels/extend_step.rs"]
mod extend_step;
#[path = "sim_kernels/gather_block_tables.rs"]
mod gather_block_tables;

suite!(sim, varied());

/// A backend whose launches all differ in layout.
fn varied() -> OnDevice {
    OnDevice::new(&simulated().open(0).unwrap()).unwrap()
}

/// A backend whose launches all have `cores` cores and otherwise the layout of the cost model, and its machine.
fn on_machine(cores: u32) -> (OnDevice, Machine) {
    let machine = simulated();
    let config = LaunchConfig { cores: Some(cores), ..Default::default() };
    let mut sim = OnDevice::new(&machine.open(0).unwrap()).unwrap();
    sim.fixed = Some(config);
    (sim, machine)
}

fn on(cores: u32) -> OnDevice {
    on_machine(cores).0
}

/// One row of the longest a table can have. The storage is zeroed memory that is never touched but at its end.
fn longest_row(row_len: usize) -> Arc<Table> {
    let mut slots = vec![0; row_len];
    for (i, slot) in slots.iter_mut().rev().take(200).enumerate() {
        *slot = 1_000_000 + i as i32;
    }
    Arc::new(Table { shape: TableShape::new(1, row_len).unwrap(), slots })
}

/// Requests, starts and ends.
fn extend_case(table: &Arc<Table>, dtypes: Dtypes, arrays: [Vec<i64>; 3], out_len: usize) -> Case {
    Case::new(&AssignExtendCacheLocs, dtypes, table.clone(), arrays.into(), out_len)
}

/// The same on the CPU reference; the oracle would take each element in turn.
fn same_as_cpu(case: &Case, sim: &mut OnDevice) {
    assert_eq!(case.run(sim), case.run(&mut CpuRef), "{sim:?}, {case:?}");
}

/// Rows of 2^31 - 2 entries and sums far past 2^31: addresses and positions need 64 bits.
#[test]
fn longest_rows_and_totals_past_2_31() {
    // Up to the length, and past it, up to which 128 rows are summed in 32 bits.
    for row_len in [(1 << 24) - 1, 1 << 24, 1 << 26, (1 << 31) - 2] {
        let table = longest_row(row_len);
        let end = row_len as i64;
        for out in [IntType::I32, IntType::I64] {
            for lens in [IntType::I32, IntType::I64] {
                let dtypes = Dtypes::of_each(IntType::I64, lens, out);
                let arrays = vec![vec![0; 100], (0..100).map(|i| end - i).collect()];
                let last = Case::new(&GetLastLoc, dtypes, table.clone(), arrays, 100);
                // The end of the row, then many whole rows: few of their elements fit, the sums are what counts.
                let mut start_offsets = vec![0; 300];
                start_offsets[..2].copy_from_slice(&[end - 150, end - 3]);
                let extend = extend_case(&table, dtypes, [vec![0; 300], start_offsets, vec![end; 300]], 400);
                // Four rows in 64 make up 2^32: a sum kept in 32 bits would look small.
                let (start_offsets, end_offsets) =
                    (0..300).map(|i| if i % 16 == 0 { (0, end.min(1 << 30)) } else { (end - 1, end) }).unzip();
                let whole = extend_case(&table, dtypes, [vec![0; 300], start_offsets, end_offsets], 400);
                for cores in [1, 40] {
                    same_as_cpu(&last, &mut on(cores));
                    same_as_cpu(&extend, &mut on(cores));
                    same_as_cpu(&whole, &mut on(cores));
                }
                // Layouts of several tiles among them.
                let mut varied = varied();
                for _ in 0..10 {
                    same_as_cpu(&last, &mut varied);
                    same_as_cpu(&extend, &mut varied);
                    same_as_cpu(&whole, &mut varied);
                }
                let fault = extend.run(&mut on(7)).result;
                let kind = FaultKind::OutputTooShort { end: 153 + end, capacity: 400 };
                assert_eq!(fault, Err(CallError::Ref(RefError::Fault(RowFault::new(2, kind)))));
            }
        }
    }
}

/// Bad rows whose places are as long as the longest rows, and longer than any table, among short ones: the rows behind
/// them begin where the sums say, wherever in a chunk of 128 the long one is.
#[test]
fn long_places_among_short_rows() {
    let table = Arc::new(Table { shape: TableShape::new(2, 4).unwrap(), slots: (10..18).collect() });
    for (i, long) in [(1 << 24) - 1, 1 << 24, (1 << 24) + 1, (1 << 31) - 2].into_iter().enumerate() {
        let lens = [IntType::I32, IntType::I64][i % 2];
        for (j, at) in [&[0][..], &[127, 128], &[130, 199]].into_iter().enumerate() {
            let out = [IntType::I32, IntType::I64][j % 2];
            let dtypes = Dtypes::of_each(IntType::I32, lens, out);
            let (start_offsets, mut end_offsets): (Vec<_>, Vec<_>) = (0..200).map(|i| (i % 3, i % 3 + i % 2)).unzip();
            for &row in at {
                end_offsets[row] = long.min(start_offsets[row] + long);
            }
            let total: i64 = end_offsets.iter().zip(&start_offsets).map(|(end, start)| end - start).sum();
            for out_len in [total, total - 3].map(|len| if len < 1 << 22 { len as usize } else { 70 }) {
                let (start_offsets, end_offsets) = (start_offsets.clone(), end_offsets.clone());
                let case = extend_case(&table, dtypes, [vec![1; 200], start_offsets, end_offsets], out_len);
                for cores in [1, 23] {
                    same_as_cpu(&case, &mut on(cores));
                }
                same_as_cpu(&case, &mut varied());
            }
        }
    }
}

/// Sums of places that fit no int32, and such that would look small if they were kept in one: in groups of 32 rows, of 64 and
/// of 128.
#[test]
fn sums_of_the_longest_places() {
    const SHORT: i64 = (1 << 24) - 1; // summed in vectors; where a row is longer, all are not
    let table = Arc::new(Table { shape: TableShape::new(2, 4).unwrap(), slots: (10..18).collect() });
    for n in [257, 700, 2100, 5000] {
        let batch = |length: &dyn Fn(usize) -> i64| (0..n).map(|row| if row == 0 { 4 } else { length(row) }).collect();
        let mut batches: Vec<Vec<i64>> = vec![batch(&|row| if row < 128 && row % 8 == 1 { 1 << 30 } else { 1 })];
        for long in [SHORT, SHORT + 1, 1 << 25, 1 << 26, (1 << 31) - 2] {
            batches.push(batch(&|_| long));
            batches.push(batch(&|row| if row >= 4096 { long } else { 1 }));
            batches.push(batch(&|row| if row % 127 == 0 { long } else { SHORT }));
            batches
                .push(batch(&|row| if row == 1 { long } else { [1, SHORT][usize::from((128..255).contains(&row))] }));
            batches.push(batch(&|row| if row == n - 1 { long } else { 1 }));
        }
        for end_offsets in batches {
            let dtypes = Dtypes::of_each(IntType::I32, IntType::I64, IntType::I32);
            let case = extend_case(&table, dtypes, [vec![1; n], vec![0; n], end_offsets], 1000);
            for cores in [1, 2, 40] {
                same_as_cpu(&case, &mut on(cores));
            }
            same_as_cpu(&case, &mut varied());
        }
    }
}

/// As many groups of 128 rows as there can be checkpoints, and twice as many; as many rows as lengths are kept of; and one
/// row more.
#[test]
fn batches_that_just_fill_the_checkpoints_or_the_lengths() {
    let table = Arc::new(Table { shape: TableShape::new(2, 4).unwrap(), slots: (0..8).collect() });
    let dtypes = Dtypes::of_each(IntType::I32, IntType::I32, IntType::I32);
    for n in [8192, 8193, 32_768, 32_769, 65_536] {
        let (start_offsets, end_offsets) = (0..n as i64).map(|i| (i % 4, i % 4 + i % 2)).unzip();
        let reqs = (0..n as i64).map(|i| i / 2 % 2).collect();
        same_as_cpu(&extend_case(&table, dtypes, [reqs, start_offsets, end_offsets], n / 2), &mut on(20));
    }
}

/// A share that begins among the elements of the last row before a checkpoint, in a batch whose lengths are not kept.
#[test]
fn a_share_that_begins_right_before_a_checkpoint() {
    let table = Arc::new(Table { shape: TableShape::new(1, 64).unwrap(), slots: (0..64).collect() });
    let dtypes = Dtypes::of_each(IntType::I32, IntType::I32, IntType::I32);
    // A row weighs 64 elements and as many beside. Without the last row's, half of all is 32 before the middle row.
    let tiles = Tiles { row_cost_bytes: Some(256), ..Default::default() };
    let mut sim = on(2);
    sim.fixed = Some(LaunchConfig { cores: Some(2), tiles });
    let n = 16_384;
    let ends = (1..=n).map(|i| if i == n { 0 } else { 64 }).collect();
    let rows = vec![0; n];
    same_as_cpu(&extend_case(&table, dtypes, [rows.clone(), rows, ends], 64 * (n - 1)), &mut sim);
}

/// A device that is lost at every `get_last_loc` of three rows and more, and stays so.
struct Doomed {
    sim: OnDevice,
    machine: Machine,
}

impl Backend for Doomed {
    fn call(&mut self, call: &mut dyn Call) -> Result<(), CallError> {
        if call.rows() >= 3 {
            self.machine.fail_launch(1, 507_035);
        }
        self.sim.call(call)
    }
}

/// A property that loses the device goes on with another, to the smallest case that does it, and says so once.
#[test]
fn a_property_finds_the_smallest_case_that_loses_the_device() {
    let devices = Cell::new(0);
    let make = || {
        devices.set(devices.get() + 1);
        let (sim, machine) = on_machine(3);
        Doomed { sim, machine }
    };
    let text = harness::random::smallest_difference(make, GetLastLoc.random()).unwrap_err();
    let (difference, line) = text.split_once("\nsmallest case, layout 0, for replay:\n").expect(&text);
    assert!(difference.starts_with("the device is lost, AscendCL code 507035"), "{text}");
    assert!(line.starts_with(r#"{"op":"get_last_loc","id":"smallest""#), "{text}");
    assert!(line.contains(r#""rows":0,"cols":0,"row_stride":0,"data":[]},"batch":3,"req_pool_indices":[0,0,0],"prefix_lens":[0,0,0],"out_init":-777,"out":[-1,-1,-1]}"#), "{text}");
    assert!(devices.get() > 2, "one for each loss");
}

/// A table of more than 2^32 elements: memory that is reserved, and never touched but where it is written here.
#[allow(unsafe_code, reason = "memory that is not committed")]
fn sparse(elements: usize) -> &'static mut [i32] {
    let (protection, flags) =
        (libc::PROT_READ | libc::PROT_WRITE, libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE);
    // SAFETY: a new anonymous mapping, of no other memory.
    let memory = unsafe { libc::mmap(std::ptr::null_mut(), 4 * elements, protection, flags, -1, 0) };
    assert_ne!(memory, libc::MAP_FAILED, "no address space");
    // SAFETY: the mapping has `elements` zeroed int32 and is never unmapped.
    unsafe { std::slice::from_raw_parts_mut(memory.cast(), elements) }
}

/// Row 3 begins past element 2^32.
#[test]
fn tables_past_2_32_elements() {
    let shape = TableShape::new(4, 1_431_655_770).unwrap().with_row_len(8).unwrap();
    let slots = sparse(shape.storage_len());
    let row = 3 * shape.row_stride();
    assert!(row > 1 << 32);
    slots[row..].copy_from_slice(&[30, 31, 32, 33, 34, 35, 36, 37]);
    let table = ReqToToken::new(shape, slots).unwrap();
    let mut sim = varied();
    let mut out = [0_i64; 2];
    sim.call(&mut LastLoc { table, req_pool_indices: &[3_i32, 0], prefix_lens: &[8_i32, 8], out: &mut out }).unwrap();
    assert_eq!(out, [37, 0]);
    let mut out = [0_i32; 6];
    let (start_offsets, end_offsets) = (&[2_i64, 0], &[6_i64, 2]);
    let mut args = ExtendLocs { table, req_pool_indices: &[3_i64, 0], start_offsets, end_offsets, out: &mut out };
    sim.call(&mut args).unwrap();
    assert_eq!(out, [32, 33, 34, 35, 0, 0]);
    // And in batches whose rows the vector unit would look at if they were nearer.
    let (prefix_lens, mut out) = (&std::array::from_fn::<_, 1500, _>(|i| i as i64 % 9), [0_i64; 1500]);
    sim.call(&mut LastLoc { table, req_pool_indices: &[3_i64; 1500], prefix_lens, out: &mut out }).unwrap();
    assert_eq!(out, std::array::from_fn(|i| if i % 9 == 0 { -1 } else { 29 + i as i64 % 9 }));
    let (start_offsets, end_offsets): (Vec<i64>, Vec<i64>) = (0..1500).map(|i| (i % 8, i % 8 + 1)).unzip();
    let (start_offsets, end_offsets, mut out) = (&start_offsets[..], &end_offsets[..], [0_i32; 1500]);
    let req_pool_indices = &[3_i64; 1500][..];
    sim.call(&mut ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out: &mut out }).unwrap();
    assert_eq!(out, std::array::from_fn(|i| 30 + i as i32 % 8));
}

/// The busiest core carries at most 1.25 times the mean, wherever each core has at least 64 rows or 8 KB of output.
///
/// Weight is measured, not planned: bytes stored, and 1,024 bytes for each copy that a core makes beside the scan.
/// `cargo test --features sim --test sim_kernels balance -- --nocapture` prints the table.
#[test]
fn balance() {
    println!(
        "{:24} {:20} {:>5}  {:>17} {:>15} {:>10} {:>6}",
        "operation", "workload", "cores", "out bytes max/mean", "copies max/mean", "scan copies", "weight"
    );
    for workload in Workload::all() {
        let n = workload.req_pool_indices.len();
        let total = workload.total();
        for cores in [20, 40, 48] {
            let (mut sim, machine) = on_machine(cores);
            let mut out = vec![0_i32; n];
            let mut args = LastLoc {
                table: workload.table(),
                req_pool_indices: &workload.req_pool_indices,
                prefix_lens: &workload.ends,
                out: &mut out,
            };
            sim.call(&mut args).unwrap();
            weigh("get_last_loc", workload.name, &machine, 4 * n, 2);
            let mut out = vec![0_i32; total];
            sim.call(&mut extend(&workload, &mut out)).unwrap();
            weigh("assign_extend, int32", workload.name, &machine, 4 * total, 2 * n.div_ceil(1024));
            let mut out = vec![0_i64; total];
            sim.call(&mut extend(&workload, &mut out)).unwrap();
            weigh("assign_extend, int64", workload.name, &machine, 8 * total, 2 * n.div_ceil(1024));
        }
    }
}

fn extend<'a, O>(workload: &'a Workload, out: &'a mut [O]) -> ExtendLocs<'a, i64, i64, O> {
    ExtendLocs {
        table: workload.table(),
        req_pool_indices: &workload.req_pool_indices,
        start_offsets: &workload.starts,
        end_offsets: &workload.ends,
        out,
    }
}

/// Prints and judges how a launch's work was split; `scan` is the number of copies that every core makes.
fn weigh(operation: &str, workload: &str, machine: &Machine, out_bytes: usize, scan: usize) {
    let counters = machine.core_counters();
    let cores = counters.len();
    let of = |value: &dyn Fn(&CoreCounters) -> u64| {
        let values: Vec<_> = counters.iter().map(value).collect();
        let (max, sum) = (values.iter().max().copied().unwrap_or(0), values.iter().sum::<u64>());
        (max, sum as f64 / cores as f64)
    };
    let copies = |core: &CoreCounters| core.mte2.dmas.saturating_sub(scan as u64);
    let (most_bytes, mean_bytes) = of(&|core| core.mte3.dma_bytes);
    let (most_copies, mean_copies) = of(&copies);
    let (most, mean) = of(&|core| core.mte3.dma_bytes + 1024 * copies(core));
    let ratio = most as f64 / mean;
    println!(
        "{operation:24} {workload:20} {cores:5} {most_bytes:8} /{mean_bytes:9.1} {most_copies:6} /{mean_copies:7.1} {scan:10} {ratio:6.2}"
    );
    assert_eq!(counters.iter().map(|core| core.mte3.dma_bytes).sum::<u64>(), out_bytes as u64);
    if counters.iter().all(|core| copies(core) >= 64 || core.mte3.dma_bytes >= 8 * 1024) {
        assert!(ratio <= 1.25, "{operation}, {workload}, {cores} cores: {ratio}");
    }
}
