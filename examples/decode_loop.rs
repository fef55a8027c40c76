//! A decode loop as a serving runtime writes it whose host allocates the slots: every step adds a token to each running
//! request, and asks `get_last_loc` and `assign_extend_cache_locs` for the slots that the model needs. Where the device
//! allocates them as well, `decode_step` is all of it: `graph.rs`.
//!
//! ```sh
//! cargo run --features sim --example decode_loop -- sim
//! cargo run --features npu --example decode_loop -- npu
//! ```
//!
//! The model's stream, the table and the output belong to the tensor library and are borrowed; the index arrays and a second
//! stream, for what goes to the device, are this crate's, uploaded from pinned memory. While the model runs, the host
//! prepares the next step: it waits for the operations at most, where a page of the table is written, and never to learn of
//! bad rows.

#![allow(unsafe_code, reason = "memory and a stream of the tensor library")]

use std::collections::VecDeque;
use std::ffi::c_void;
use std::ptr::null_mut;

use anyhow::{Result, bail, ensure};
use ascend_cache_loc::{
    Device, DeviceBuffer, DeviceSlice, DeviceSliceMut, ExtendLocs, FaultStatus, Int, LastLoc, PinnedBuffer, ReqToToken,
    Stream, TableShape, Upload, assign_extend_cache_locs, get_last_loc,
};

const REQUESTS: usize = 4;
const ROW_LEN: usize = 64;
const STEPS: usize = 20;
/// Tokens of a page: 64 bytes of the table, so that writing one touches no block that is being read.
const PAGE: usize = 16;

fn main() -> Result<()> {
    let device = match std::env::args().nth(1).as_deref() {
        Some("npu") => Device::open(0)?,
        #[cfg(feature = "sim")]
        Some("sim") => Device::open_sim(Default::default())?,
        _ => bail!("where? `sim` (built with --features sim), or `npu`"),
    };
    serve(&device)
}

fn serve(device: &Device) -> Result<()> {
    let (library, shape) = (Library::new(device)?, TableShape::new(REQUESTS, ROW_LEN)?);
    let (table, locs) = (library.allocate(shape.storage_len())?, library.allocate(REQUESTS)?);
    // SAFETY: the library keeps stream and memory to the end of the program. A page of the table is written before any
    // launch that reads it, which `move_to` orders; the output is used on one stream.
    let (model, slots, mut pages, mut out) = unsafe {
        (
            Stream::borrow_raw(device, library.stream)?,
            DeviceSlice::from_raw_parts(device, table.try_into()?, shape.storage_len())?,
            DeviceSliceMut::from_raw_parts(device, table.try_into()?, shape.storage_len())?,
            DeviceSliceMut::<i32>::from_raw_parts(device, locs.try_into()?, REQUESTS)?,
        )
    };
    let (table, uploads) = (ReqToToken::new(shape, slots)?, device.new_stream()?);
    let mut batch = Batch::new(&uploads)?;
    let mut fed = batch.first_uploads()?;
    let mut scheduler = Scheduler { lens: [5, 30, 16, 1], ..Scheduler::default() };
    let mut checks = VecDeque::new();
    let mut expected = Vec::new();
    for step in 0..STEPS {
        // What this step needs goes to the device, while the model is at work on the one before.
        for (at, slots) in scheduler.new_pages() {
            pages.reborrow().get(at..at + PAGE).expect("a page of the table").copy_from_host(&uploads, &slots)?;
        }
        let (starts, ends) = scheduler.tokens();
        let reqs = [0, 1, if step == 9 { 7 } else { 2 }, 3]; // a bug: there is no request 7
        fed.0 = feed(&mut batch.reqs, fed.0, &reqs)?;
        fed.1 = feed(&mut batch.starts, fed.1, &starts)?;
        fed.2 = feed(&mut batch.ends, fed.2, &ends)?;

        // The model's stream waits for that, on the device.
        batch.move_to(&model)?;
        let (req_pool_indices, start_offsets) = (batch.reqs.as_slice(), batch.starts.as_slice());
        let last = batch.last.as_slice_mut();
        get_last_loc(&model, LastLoc { table, req_pool_indices, prefix_lens: start_offsets, out: last })?;
        let (end_offsets, out) = (batch.ends.as_slice(), out.reborrow());
        assign_extend_cache_locs(&model, ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out })?;
        // The next uploads wait for these two, but not for what comes behind them: the model, which writes keys and
        // values to the slots in `out`.
        batch.move_to(&uploads)?;

        // A bad row harms its own request alone. It is learnt of some steps later, without a wait.
        checks.push_back(model.fault_check()?);
        while let Some(check) = checks.front() {
            match check.poll()? {
                FaultStatus::Pending => break,
                FaultStatus::Clean => {}
                FaultStatus::Fault(fault) => {
                    println!("request {} ends: {fault}", fault.fault.row);
                    scheduler.ended[fault.fault.row] = true;
                }
            }
            checks.pop_front();
        }
        expected = scheduler.next_slots(starts);
        scheduler.advance();
    }
    model.synchronize()?;
    let locs = library.download(locs, REQUESTS)?;
    println!("the last step's slots: {locs:?}");
    ensure!(
        scheduler.ended == [false, false, true, false] && locs[..3] == expected,
        "{locs:?} instead of {expected:?}"
    );
    Ok(())
}

/// What a step asks of the operations. It has a row for each request; one of a request that has ended does nothing.
struct Batch {
    reqs: DeviceBuffer<i64>,
    starts: DeviceBuffer<i32>,
    ends: DeviceBuffer<i32>,
    last: DeviceBuffer<i32>,
}

impl Batch {
    fn new(home: &Stream) -> Result<Self> {
        let int32 = || DeviceBuffer::zeroed(home, REQUESTS);
        Ok(Self { reqs: DeviceBuffer::zeroed(home, REQUESTS)?, starts: int32()?, ends: int32()?, last: int32()? })
    }

    /// Of zeros, from the pinned memory that all later ones use.
    fn first_uploads(&mut self) -> Result<(Upload<i64>, Upload<i32>, Upload<i32>)> {
        fn first<T: Int>(buffer: &mut DeviceBuffer<T>) -> Result<Upload<T>> {
            let (home, len) = (buffer.home().clone(), buffer.len());
            Ok(buffer.as_slice_mut().upload(&home, PinnedBuffer::zeroed(&home, len)?)?)
        }
        Ok((first(&mut self.reqs)?, first(&mut self.starts)?, first(&mut self.ends)?))
    }

    /// Makes another stream its home, which waits for the old one on the device.
    fn move_to(&mut self, stream: &Stream) -> Result<()> {
        self.reqs.move_to(stream)?;
        [&mut self.starts, &mut self.ends, &mut self.last].into_iter().try_for_each(|buffer| buffer.move_to(stream))?;
        Ok(())
    }
}

/// Uploads again, from the pinned memory of the upload before, which is done by now: one does not wait for the other.
fn feed<T: Int>(to: &mut DeviceBuffer<T>, before: Upload<T>, values: &[T]) -> Result<Upload<T>> {
    let (home, mut pinned) = (to.home().clone(), before.into_pinned()?);
    pinned.copy_from_slice(values);
    Ok(to.as_slice_mut().upload(&home, pinned)?)
}

/// Which tokens there are, and in which pages of the KV cache.
#[derive(Default)]
struct Scheduler {
    lens: [usize; REQUESTS],
    pages: [Vec<usize>; REQUESTS],
    ended: [bool; REQUESTS],
}

impl Scheduler {
    /// Allocates the pages that the next tokens need: places in the table, and what they hold.
    fn new_pages(&mut self) -> Vec<(usize, Vec<i32>)> {
        let mut written = Vec::new();
        for request in 0..REQUESTS {
            while self.pages[request].len() * PAGE <= self.lens[request] {
                let page = self.pages.iter().map(Vec::len).sum();
                written.push((request * ROW_LEN + self.pages[request].len() * PAGE, slots(page).collect()));
                self.pages[request].push(page);
            }
        }
        written
    }

    /// The range of the next tokens; that of a request that has ended is empty.
    fn tokens(&self) -> ([i32; REQUESTS], [i32; REQUESTS]) {
        let of = |new: usize| std::array::from_fn(|i| if self.ended[i] { 0 } else { (self.lens[i] + new) as i32 });
        (of(0), of(1))
    }

    /// The slots of the next tokens of the requests that have some.
    fn next_slots(&self, starts: [i32; REQUESTS]) -> Vec<i32> {
        let running = (0..REQUESTS).filter(|&request| starts[request] > 0);
        running
            .map(|request| (self.pages[request][self.lens[request] / PAGE] * PAGE + self.lens[request] % PAGE) as i32)
            .collect()
    }

    fn advance(&mut self) {
        (0..REQUESTS).filter(|&request| !self.ended[request]).for_each(|request| self.lens[request] += 1);
    }
}

/// The slots of a page of the KV cache.
fn slots(page: usize) -> impl Iterator<Item = i32> {
    (page * PAGE..(page + 1) * PAGE).map(|slot| slot as i32)
}

/// Stands for the tensor library: a stream, and int32 tensors, in AscendCL's own calls.
struct Library<'d> {
    device: &'d Device,
    stream: *mut c_void,
}

impl<'d> Library<'d> {
    fn new(device: &'d Device) -> Result<Self> {
        let (acl, mut stream) = (device.acl(), null_mut());
        // SAFETY: as AscendCL documents them; so are the calls below.
        let codes = unsafe {
            [acl.aclrtSetDevice.unwrap()(0), acl.aclrtCreateStreamWithConfig.unwrap()(&raw mut stream, 0, 0)]
        };
        ensure!(codes == [0, 0], "no stream: {codes:?}");
        Ok(Self { device, stream })
    }

    fn allocate(&self, len: usize) -> Result<u64> {
        let mut memory = null_mut();
        // SAFETY: the out pointer is valid.
        let code = unsafe { self.device.acl().aclrtMalloc.unwrap()(&raw mut memory, 4 * len, 0) };
        ensure!(code == 0, "no memory: {code}");
        Ok(memory as u64)
    }

    fn download(&self, tensor: u64, len: usize) -> Result<Vec<i32>> {
        let (copy, mut data, to_host) = (self.device.acl().aclrtMemcpy.unwrap(), vec![0; len], 2);
        // SAFETY: both have room for as many elements.
        let code = unsafe { copy(data.as_mut_ptr().cast(), 4 * len, tensor as *const c_void, 4 * len, to_host) };
        ensure!(code == 0, "no copy: {code}");
        Ok(data)
    }
}

#[cfg(all(test, feature = "sim"))]
#[test]
fn runs() {
    serve(&Device::open_sim(Default::default()).unwrap()).unwrap();
}
