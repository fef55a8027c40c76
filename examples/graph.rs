//! A decode loop in NPU graphs: `decode_step` is captured once for each kind of step, and replayed with other lengths,
//! requests and free pages in the same arrays. Each step is held against the CPU reference.
//!
//! ```sh
//! cargo run --features sim --example graph -- sim
//! cargo run --features npu --example graph -- npu
//! ```
//!
//! The batch is frozen at the capture's capacity: rows beyond the live ones are idle, of length 0, and pages that are
//! not free are -1. The documentation's page `graphs` says what else a captured launch freezes.

#![allow(unsafe_code, reason = "a replay")]

use anyhow::{Result, bail, ensure};
use ascend_cache_loc::cpu_ref::{self, RefError};
use ascend_cache_loc::{
    BlockTableMut, CaptureMode, Columns, DecodeStep, Device, DeviceBuffer, Graph, ReqToTokenMut, RowFault, TableShape,
    decode_step, new_pages_decode,
};

/// Rows of the captured batch.
const CAPACITY: usize = 4;
/// Rows of the request table, and entries of each.
const REQUESTS: usize = 6;
const ROW_LEN: usize = 64;
const PAGE_SIZE: usize = 16;
const STEPS: usize = 24;

fn main() -> Result<()> {
    let device = match std::env::args().nth(1).as_deref() {
        Some("npu") => Device::open(0)?,
        #[cfg(feature = "sim")]
        Some("sim") => Device::open_sim(Default::default())?,
        _ => bail!("where? `sim` (built with --features sim), or `npu`"),
    };
    decode(&device)
}

fn decode(device: &Device) -> Result<()> {
    let stream = device.new_stream()?;
    let mut host = Host::new()?;
    let mut slots = DeviceBuffer::from_host(&stream, &host.slots)?;
    let mut blocks = DeviceBuffer::from_host(&stream, &host.blocks)?;
    let mut reqs = DeviceBuffer::<i64>::zeroed(&stream, CAPACITY)?;
    let mut lens = DeviceBuffer::<i32>::zeroed(&stream, CAPACITY)?;
    let mut pages = DeviceBuffer::<i64>::zeroed(&stream, CAPACITY)?;
    let mut out = DeviceBuffer::<i64>::zeroed(&stream, CAPACITY)?;
    let mut capture = |columns| {
        Graph::capture(&stream, CaptureMode::ThreadLocal, || {
            let args = DecodeStep {
                table: ReqToTokenMut::new(host.shape, slots.as_slice_mut())?,
                req_pool_indices: reqs.as_slice(),
                seq_lens: lens.as_slice(),
                free_pages: pages.as_slice(),
                page_size: PAGE_SIZE,
                out: out.as_slice_mut(),
                block_tables: BlockTableMut::new(host.tables, blocks.as_slice_mut())?,
                columns,
                pad: 0,
            };
            decode_step(&stream, args) // and here attention, which reads `out` and `blocks`
        })
    };
    let (whole, next) = (capture(Columns::All)?, capture(Columns::New)?);

    let mut scheduler = Scheduler::default();
    let mut faults = 0;
    for step in 0..STEPS {
        let changed = scheduler.admit_and_end(step);
        let batch = scheduler.batch()?;
        reqs.as_slice_mut().copy_from_host(&stream, &batch.reqs)?;
        lens.as_slice_mut().copy_from_host(&stream, &batch.lens)?;
        pages.as_slice_mut().copy_from_host(&stream, &batch.pages)?;
        // As long as the rows are the same requests', their block tables lack the new token's column alone.
        let (graph, launch) = if changed { &whole } else { &next };
        // SAFETY: the buffers are there until the loop is over, and all work on them is on this stream.
        unsafe { graph.replay(&stream) }?;
        let fault = stream.take_fault()?;

        let expected = host.decode_step(&batch)?;
        ensure!(fault.as_ref().map(|fault| fault.fault) == expected, "step {step}: {fault:?} instead of {expected:?}");
        let (mut new_slots, mut table, mut block_tables) = ([0; CAPACITY], host.slots.clone(), host.blocks.clone());
        out.copy_to_host(&mut new_slots)?;
        slots.copy_to_host(&mut table)?;
        blocks.copy_to_host(&mut block_tables)?;
        ensure!(new_slots == host.out, "step {step}: slots {new_slots:?} instead of {:?}", host.out);
        ensure!(table == host.slots && block_tables == host.blocks, "step {step}: the tables differ");
        println!("step {step}: lengths {:?}: slots {new_slots:?}", batch.lens);
        if let Some(fault) = fault {
            ensure!(fault.launch == *launch, "step {step}: the fault of another graph");
            println!("request {} ends: {fault}", batch.reqs[fault.fault.row]);
            scheduler.bad = Some(fault.fault.row);
            faults += 1;
        }
    }
    ensure!(faults == 1, "{faults} rows without a page instead of one");
    Ok(())
}

/// What a replay reads.
struct Batch {
    reqs: [i64; CAPACITY],
    lens: [i32; CAPACITY],
    pages: [i64; CAPACITY],
}

/// Which requests run, and how long they are.
struct Scheduler {
    running: Vec<(usize, i32)>,
    /// One page too few for what is served here.
    free: Vec<i64>,
    /// The row that the last step found bad.
    bad: Option<usize>,
}

impl Default for Scheduler {
    fn default() -> Self {
        Self { running: vec![(5, 30), (2, 15)], free: vec![31, 40, 27], bad: None }
    }
}

impl Scheduler {
    /// Which requests have rows in this step; tells whether others had them in the one before.
    fn admit_and_end(&mut self, step: usize) -> bool {
        let bad = self.bad.take().map(|row| self.running.remove(row));
        match step {
            6 => self.running.push((0, 9)),
            13 => self.running.retain(|(request, _)| *request != 5),
            _ => return step == 0 || bad.is_some(),
        }
        true
    }

    /// The next token of each.
    fn batch(&mut self) -> Result<Batch> {
        let mut batch = Batch { reqs: [0; CAPACITY], lens: [0; CAPACITY], pages: [-1; CAPACITY] };
        for (row, (request, len)) in self.running.iter_mut().enumerate() {
            *len += 1;
            (batch.reqs[row], batch.lens[row]) = (*request as i64, *len);
        }
        let needed = new_pages_decode(&batch.lens[..self.running.len()], PAGE_SIZE)?.min(self.free.len());
        batch.pages.iter_mut().zip(self.free.drain(..needed)).for_each(|(page, free)| *page = free);
        Ok(batch)
    }
}

/// The same in host memory.
struct Host {
    shape: TableShape,
    tables: TableShape,
    slots: Vec<i32>,
    out: [i64; CAPACITY],
    blocks: Vec<i32>,
}

impl Host {
    /// Of requests whose prompts have slots of their own.
    fn new() -> Result<Self> {
        let (shape, tables) = (TableShape::new(REQUESTS, ROW_LEN)?, TableShape::new(CAPACITY, ROW_LEN / PAGE_SIZE)?);
        let (slots, blocks) = ((0..(REQUESTS * ROW_LEN) as i32).collect(), vec![0; tables.storage_len()]);
        Ok(Self { shape, tables, slots, out: [0; CAPACITY], blocks })
    }

    /// By the CPU reference, all columns; its fault.
    fn decode_step(&mut self, batch: &Batch) -> Result<Option<RowFault>> {
        let result = cpu_ref::decode_step(cpu_ref::DecodeStep {
            table: cpu_ref::ReqToTokenMut::new(self.shape, &mut self.slots)?,
            req_pool_indices: &batch.reqs,
            seq_lens: &batch.lens,
            free_pages: &batch.pages,
            page_size: PAGE_SIZE,
            out: &mut self.out,
            block_tables: cpu_ref::BlockTableMut::new(self.tables, &mut self.blocks)?,
            columns: Columns::All,
            pad: 0,
        });
        match result {
            Ok(()) => Ok(None),
            Err(RefError::Fault(fault)) => Ok(Some(fault)),
            Err(error) => Err(error.into()),
        }
    }
}

#[cfg(all(test, feature = "sim"))]
#[test]
fn runs() {
    decode(&Device::open_sim(Default::default()).unwrap()).unwrap();
}
