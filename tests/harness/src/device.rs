//! A device as a backend: copies a call's arrays over, launches, waits, and copies the output back.

#![allow(unsafe_code, reason = "arrays of both element types in one piece of device memory")]

use std::ops::Range;

use ascend_cache_loc::{
    self as device, Device, DeviceAddr, DeviceBuffer, DeviceSlice, DeviceSliceMut, Error, Int, LaunchConfig, LaunchId,
    Operation, Stream, TableShape, Tiles,
};
use ascend_cache_loc_ref::{RefError, ReqToToken};

use crate::backend::{Backend, CallError};
use crate::operation::Call;
use crate::splitmix::splitmix64;

/// A device as a backend.
#[derive(Debug)]
pub struct OnDevice {
    stream: Stream,
    /// Layout of the launches; otherwise it is another one for each.
    pub fixed: Option<LaunchConfig>,
    /// Arrays begin at multiples of 2 MiB, as large allocations do; otherwise anywhere in a line, each time elsewhere.
    pub aligned: bool,
    calls: u64,
    /// All arrays of a call but large tables.
    arena: DeviceBuffer<i64>,
    /// Arenas that were too small for the call under way.
    filled: Vec<DeviceBuffer<i64>>,
    /// Of a large table, the last one: only what a call needs of it is copied over.
    large: Option<(TableShape, DeviceBuffer<i32>)>,
}

/// Elements on both sides of an output that nothing may touch.
const GUARD: usize = 16;
/// What they hold.
const GUARD_SLOT: i32 = -0x6a6a_6a6b;
/// Where arrays begin that are aligned: at the same place of what a launch's cores share out among them, each time.
const ALIGNED_BYTES: u64 = 1 << 21;
/// Elements of a table that is copied over whole.
const SMALL_TABLE: usize = 1 << 17;
/// The same of one that is written: what a call writes beside its rows shows in a copy of all.
const SMALL_POOL: usize = 1 << 22;

impl OnDevice {
    /// A backend with a stream of its own on a device.
    ///
    /// # Errors
    /// Where the device refuses the stream or memory.
    pub fn new(device: &Device) -> ascend_cache_loc::Result<Self> {
        let stream = device.new_stream()?;
        let arena = DeviceBuffer::zeroed(&stream, 1 << 17)?;
        Ok(Self { stream, fixed: None, aligned: false, calls: 0, arena, filled: Vec::new(), large: None })
    }

    /// A layout for the next launch: one of many, tiny tiles among them.
    fn config(&mut self) -> LaunchConfig {
        self.calls += 1;
        if let Some(config) = self.fixed {
            return config;
        }
        let mut salt = self.calls << 8;
        let mut below = |limit: u64| {
            salt += 1;
            u32::try_from(splitmix64(salt) % limit).expect("small")
        };
        LaunchConfig {
            cores: Some(1 + below(self.stream.device().info().vector_cores.into())),
            tiles: Tiles {
                tile: [None, Some(1 + below(40)), Some(8 + below(300))][below(3) as usize],
                scan_tile: [None, Some(128), Some(1 + below(400))][below(3) as usize],
                walk_tile: [None, Some(8), Some(1 + below(100))][below(3) as usize],
                checkpoints: [None, Some(1 + below(4))][below(2) as usize],
                stretch_bytes: [None, Some(64), Some(64 << below(5))][below(3) as usize],
                row_cost_bytes: [None, Some(8), Some(1 + below(10_000))][below(3) as usize],
            },
        }
    }
}

impl Backend for OnDevice {
    fn call(&mut self, call: &mut dyn Call) -> Result<(), CallError> {
        self.filled.clear();
        let config = self.config();
        let (next, salt) = (self.arena.as_slice().addr().expect("not empty").get(), self.calls << 16);
        call.on_device(&mut Carrier { device: self, config, next, salt, outputs: Vec::new() })
    }

    fn lay_out(&mut self, seed: u64) {
        self.calls = seed;
    }
}

/// Where a large table begins in its buffer: the same place of what a launch's cores share out, each time. As an address, and
/// in elements.
fn begin(buffer: &DeviceBuffer<i32>) -> (DeviceAddr, usize) {
    let start = buffer.as_slice().addr().expect("not empty").get();
    let aligned = start.next_multiple_of(ALIGNED_BYTES);
    (DeviceAddr::new(aligned).expect("not 0"), (aligned - start) as usize / 4)
}

/// Carries the arrays of one call to a device and back. Each goes on a 64-byte line of its own, at another element of it
/// each time unless all are aligned.
#[derive(Debug)]
pub struct Carrier<'d> {
    device: &'d mut OnDevice,
    config: LaunchConfig,
    /// Address of the first byte of the arena that is free.
    next: u64,
    salt: u64,
    /// The outputs with their guards, in the order that they were carried over.
    outputs: Vec<DeviceAddr>,
}

impl Carrier<'_> {
    /// The stream to launch on.
    #[must_use]
    pub fn stream(&self) -> &Stream {
        &self.device.stream
    }

    /// The layout of the launch.
    #[must_use]
    pub fn config(&self) -> &LaunchConfig {
        &self.config
    }

    /// A table. Of a large one, `reads` of its storage are copied over and the rest is old.
    ///
    /// # Errors
    /// Where the device fails.
    ///
    /// # Panics
    /// Where a range leaves the table.
    pub fn table<'a>(
        &mut self,
        table: &ReqToToken<'_>,
        reads: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<device::ReqToToken<'a>, CallError> {
        let (shape, slots) = (table.shape(), table.slots());
        // No more than the shape needs: the kernel may touch no more.
        let slots = &slots[..shape.storage_len()];
        if slots.len() <= SMALL_TABLE {
            return Ok(device::ReqToToken::new(shape, self.input(slots)?).map_err(Error::from)?);
        }
        let (address, len) = self.large_table(shape, slots, reads)?;
        // SAFETY: the buffer stays until another large table replaces it, after a wait.
        let slots = unsafe { DeviceSlice::from_raw_parts(self.device.stream.device(), address, len) };
        Ok(device::ReqToToken::new(shape, slots?).map_err(Error::from)?)
    }

    /// A table that is written. Of a large one, `writes` of its storage are copied over, and back.
    ///
    /// # Errors
    /// Where the device fails.
    ///
    /// # Panics
    /// Where a range leaves the table.
    pub fn table_mut<'a>(
        &mut self,
        shape: TableShape,
        slots: &[i32],
        writes: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<device::ReqToTokenMut<'a>, CallError> {
        if slots.len() <= SMALL_POOL {
            return Ok(device::ReqToTokenMut::new(shape, self.output(slots)?).map_err(Error::from)?);
        }
        let (address, len) = self.large_table(shape, slots, writes)?;
        // SAFETY: the buffer stays until another large table replaces it, after a wait; one call uses it at a time.
        let slots = unsafe { DeviceSliceMut::from_raw_parts(self.device.stream.device(), address, len) };
        Ok(device::ReqToTokenMut::new(shape, slots?).map_err(Error::from)?)
    }

    /// Brings back what [`table_mut`](Self::table_mut) has carried over.
    ///
    /// # Errors
    /// As [`bring_back`](Self::bring_back).
    ///
    /// # Panics
    /// Where a range leaves the table.
    pub fn bring_back_table(
        &mut self,
        slots: &mut [i32],
        writes: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<(), CallError> {
        if slots.len() <= SMALL_POOL {
            return self.bring_back(slots);
        }
        let OnDevice { stream, large, .. } = &*self.device;
        let (_, buffer) = large.as_ref().expect("it was carried over");
        let (_, first) = begin(buffer);
        for range in writes {
            let part = buffer.as_slice().get(first + range.start..first + range.end).expect("inside");
            part.copy_to_host(stream, &mut slots[range])?;
        }
        Ok(())
    }

    /// Where a large table is, of which these ranges are as they should be.
    fn large_table(
        &mut self,
        shape: TableShape,
        slots: &[i32],
        ranges: impl IntoIterator<Item = Range<usize>>,
    ) -> Result<(DeviceAddr, usize), CallError> {
        let OnDevice { stream, large, .. } = &mut *self.device;
        if large.as_ref().is_none_or(|(other, _)| *other != shape) {
            *large = None;
            stream.synchronize()?;
            *large = Some((shape, DeviceBuffer::zeroed(stream, slots.len() + ALIGNED_BYTES as usize / 4)?));
        }
        let (_, buffer) = large.as_mut().expect("made above");
        let (address, first) = begin(buffer);
        for range in ranges {
            let place = first + range.start..first + range.end;
            let mut part = buffer.as_slice_mut().get(place).expect("inside");
            part.copy_from_host(stream, &slots[range])?;
        }
        Ok((address, slots.len()))
    }

    /// An array that is read.
    ///
    /// # Errors
    /// Where the device fails.
    pub fn input<'a, T: Int>(&mut self, data: &[T]) -> Result<DeviceSlice<'a, T>, CallError> {
        let Some(address) = self.take::<T>(data.len())? else { return Ok(DeviceSlice::empty()) };
        self.slice_mut(address, data.len())?.copy_from_host(&self.device.stream, data)?;
        // SAFETY: of the arena, which stays for the call.
        Ok(unsafe { DeviceSlice::from_raw_parts(self.device.stream.device(), address, data.len()) }?)
    }

    /// An array that is written, between guards.
    ///
    /// # Errors
    /// Where the device fails.
    ///
    /// # Panics
    /// Never: there are guards.
    pub fn output<'a, T: Int>(&mut self, data: &[T]) -> Result<DeviceSliceMut<'a, T>, CallError> {
        let guard = [T::from_slot(GUARD_SLOT); GUARD];
        let start = self.input(&[&guard, data, &guard].concat())?.addr().expect("not empty");
        self.outputs.push(start);
        let address = start.get() + (GUARD * size_of::<T>()) as u64;
        self.slice_mut(DeviceAddr::new(address).expect("not 0"), data.len())
    }

    /// Waits for a launch and brings its only output back; then its fault is the result.
    ///
    /// # Errors
    /// As [`finish_all`](Self::finish_all).
    pub fn finish<T: Int>(
        &mut self,
        launched: Result<LaunchId, Error>,
        operation: Operation,
        out: &mut [T],
    ) -> Result<(), CallError> {
        self.finish_all(launched, operation, |carrier| carrier.bring_back(out))
    }

    /// Waits for a launch and has its outputs brought back; then its fault is the result.
    ///
    /// # Errors
    /// The fault; where the launch or the device failed, something wrote beside an output, or the fault names another
    /// launch or operation.
    pub fn finish_all(
        &mut self,
        launched: Result<LaunchId, Error>,
        operation: Operation,
        bring_back: impl FnOnce(&mut Self) -> Result<(), CallError>,
    ) -> Result<(), CallError> {
        let id = launched?;
        let fault = self.device.stream.take_fault()?;
        bring_back(self)?;
        let Some(found) = fault else { return Ok(()) };
        if (found.launch, found.operation) != (id, operation) {
            return Err(CallError::Failed(format!("the fault of {operation:?}, launch {id}, names another: {found}")));
        }
        Err(RefError::from(found.fault).into())
    }

    /// Brings back the output that was carried over first of those that are there still.
    ///
    /// # Errors
    /// Where the device failed, or something wrote beside the output.
    pub fn bring_back<T: Int>(&mut self, out: &mut [T]) -> Result<(), CallError> {
        let mut back = vec![T::from_slot(0); out.len() + 2 * GUARD];
        let whole = self.outputs.remove(0);
        self.slice_mut(whole, back.len())?.as_slice().copy_to_host(&self.device.stream, &mut back)?;
        let (before, rest) = back.split_at(GUARD);
        let (inside, after) = rest.split_at(out.len());
        if before.iter().chain(after).any(|&slot| slot != T::from_slot(GUARD_SLOT)) {
            return Err(CallError::Failed("wrote beside its output".into()));
        }
        out.copy_from_slice(inside);
        Ok(())
    }

    /// A place for an array; `None` for an empty one, which has none.
    fn take<T>(&mut self, len: usize) -> Result<Option<DeviceAddr>, CallError> {
        self.salt += 1;
        let element = size_of::<T>() as u64;
        let bytes = len as u64 * element;
        let place = |next: u64, salt| match self.device.aligned {
            true => next.next_multiple_of(ALIGNED_BYTES),
            false => next.next_multiple_of(64) + splitmix64(salt) % (64 / element) * element,
        };
        let mut start = place(self.next, self.salt);
        let arena = &self.device.arena;
        if start + bytes > arena.as_slice().addr().expect("not empty").get() + 8 * arena.len() as u64 {
            let words = (2 * arena.len())
                .max(usize::try_from(bytes).expect("it lies in memory") / 8 + ALIGNED_BYTES as usize / 8 + 64);
            let larger = DeviceBuffer::zeroed(&self.device.stream, words)?;
            start = place(larger.as_slice().addr().expect("not empty").get(), self.salt);
            self.device.filled.push(std::mem::replace(&mut self.device.arena, larger));
        }
        self.next = start + bytes;
        Ok(DeviceAddr::new(start).filter(|_| len > 0))
    }

    fn slice_mut<'a, T: Int>(&self, address: DeviceAddr, len: usize) -> Result<DeviceSliceMut<'a, T>, CallError> {
        // SAFETY: of the arena, which stays for the call; its parts do not overlap.
        Ok(unsafe { DeviceSliceMut::from_raw_parts(self.device.stream.device(), address, len) }?)
    }
}
