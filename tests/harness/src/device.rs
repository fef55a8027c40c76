//! A device as a backend: copies a call's arrays over, launches, waits, and copies the output back.

#![allow(unsafe_code, reason = "arrays of both element types in one piece of device memory")]

use ascend_cache_loc::{
    self as device, Device, DeviceAddr, DeviceBuffer, DeviceSlice, DeviceSliceMut, Error, Int, LaunchConfig, LaunchId,
    Operation, Stream, TableShape,
};
use ascend_cache_loc_ref::{ExtendLocs, LastLoc, RefError, ReqToToken};

use crate::backend::{Backend, CallError};
use crate::reads;
use crate::splitmix::splitmix64;

/// A device as a backend.
#[derive(Debug)]
pub struct OnDevice {
    stream: Stream,
    /// Layout of the launches; otherwise it is another one for each.
    pub fixed: Option<LaunchConfig>,
    calls: u64,
    /// All arrays of a call but large tables.
    arena: DeviceBuffer<i64>,
    /// Of a large table, the last one: only what a call needs of it is copied over.
    large: Option<(TableShape, DeviceBuffer<i32>)>,
}

/// Elements on both sides of an output that nothing may touch.
const GUARD: usize = 16;
/// What they hold.
const GUARD_SLOT: i32 = -0x6a6a_6a6b;
/// Elements of a table that is copied over whole.
const SMALL_TABLE: usize = 1 << 17;

impl OnDevice {
    /// A backend with a stream of its own on a device.
    ///
    /// # Errors
    /// Where the device refuses the stream or memory.
    pub fn new(device: &Device) -> ascend_cache_loc::Result<Self> {
        let stream = device.new_stream()?;
        let arena = DeviceBuffer::zeroed(&stream, 1 << 16)?;
        Ok(Self { stream, fixed: None, calls: 0, arena, large: None })
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
        let mut config = LaunchConfig::default();
        config.cores = Some(1 + below(self.stream.device().info().vector_cores.into()));
        config.tile = [None, Some(1 + below(40)), Some(8 + below(300))][below(3) as usize];
        config.scan_tile = [None, Some(64), Some(1 + below(400))][below(3) as usize];
        config.walk_tile = [None, Some(8), Some(1 + below(100))][below(3) as usize];
        config.checkpoints = [None, Some(1 + below(4))][below(2) as usize];
        config.row_cost_bytes = [None, Some(8), Some(1 + below(10_000))][below(3) as usize];
        config
    }

    /// Makes the arena hold at least so many bytes.
    fn reserve(&mut self, bytes: usize) -> Result<(), CallError> {
        let words = bytes.div_ceil(8);
        if self.arena.len() < words {
            self.arena = DeviceBuffer::zeroed(&self.stream, words.next_power_of_two())?;
        }
        Ok(())
    }

    /// The device's table. Of a large one, `ranges` of its storage are copied over and the rest is old.
    fn table<'a>(
        &mut self,
        place: &mut Place,
        table: &ReqToToken<'_>,
        ranges: impl Iterator<Item = std::ops::Range<usize>>,
    ) -> Result<device::ReqToToken<'a>, CallError> {
        let (shape, slots) = (table.shape(), table.slots());
        // No more than the shape needs: the kernel may touch no more.
        let slots = &slots[..usize::try_from(shape.storage_len()).expect("it lies in memory")];
        if slots.len() <= SMALL_TABLE {
            return Ok(device::ReqToToken::new(shape, self.copied(place, slots)?).map_err(Error::from)?);
        }
        if self.large.as_ref().is_none_or(|(other, _)| *other != shape) {
            self.large = None;
            self.stream.synchronize()?;
            self.large = Some((shape, DeviceBuffer::zeroed(&self.stream, slots.len())?));
        }
        let (_, buffer) = self.large.as_mut().expect("made above");
        for range in ranges {
            let mut part = buffer.as_slice_mut().get(range.clone()).expect("inside");
            part.copy_from_host(&self.stream, &slots[range])?;
        }
        let (address, len) = (buffer.as_slice().addr().expect("not empty"), buffer.len());
        // SAFETY: the buffer stays until another large table replaces it, after a wait.
        let slots = unsafe { DeviceSlice::from_raw_parts(self.stream.device(), address, len) };
        Ok(device::ReqToToken::new(shape, slots?).map_err(Error::from)?)
    }

    /// An input, copied over.
    fn copied<'a, T: Int>(&mut self, place: &mut Place, data: &[T]) -> Result<DeviceSlice<'a, T>, CallError> {
        let Some(address) = place.take::<T>(data.len()) else { return Ok(DeviceSlice::empty()) };
        self.slice_mut(address, data.len())?.copy_from_host(&self.stream, data)?;
        // SAFETY: of the arena, which stays for the call.
        Ok(unsafe { DeviceSlice::from_raw_parts(self.stream.device(), address, data.len()) }?)
    }

    /// The output between its guards, and the whole of it.
    fn output<'a, T: Int>(
        &mut self,
        place: &mut Place,
        data: &[T],
    ) -> Result<(DeviceSliceMut<'a, T>, DeviceAddr), CallError> {
        let guard = [T::from_slot(GUARD_SLOT); GUARD];
        let whole = [&guard, data, &guard].concat();
        let start = self.copied(place, &whole)?.addr().expect("not empty");
        let address = start.get() + (GUARD * size_of::<T>()) as u64;
        Ok((self.slice_mut(DeviceAddr::new(address).expect("not 0"), data.len())?, start))
    }

    fn slice_mut<'a, T: Int>(&self, address: DeviceAddr, len: usize) -> Result<DeviceSliceMut<'a, T>, CallError> {
        // SAFETY: of the arena, which stays for the call; its parts do not overlap.
        Ok(unsafe { DeviceSliceMut::from_raw_parts(self.stream.device(), address, len) }?)
    }

    /// Waits for a launch; copies the output back, and gives its fault.
    fn finish<T: Int>(
        &mut self,
        launched: Result<LaunchId, Error>,
        operation: Operation,
        out: &mut [T],
        whole: DeviceAddr,
    ) -> Result<(), CallError> {
        let id = launched?;
        let fault = self.stream.take_fault()?;
        let mut back = vec![T::from_slot(0); out.len() + 2 * GUARD];
        self.slice_mut(whole, back.len())?.as_slice().copy_to_host(&self.stream, &mut back)?;
        let (before, rest) = back.split_at(GUARD);
        let (inside, after) = rest.split_at(out.len());
        if before.iter().chain(after).any(|&slot| slot != T::from_slot(GUARD_SLOT)) {
            return Err(CallError::Failed("wrote beside its output".into()));
        }
        out.copy_from_slice(inside);
        let Some(found) = fault else { return Ok(()) };
        if (found.launch, found.operation) != (id, operation) {
            return Err(CallError::Failed(format!("the fault of {operation:?}, launch {id}, names another: {found}")));
        }
        Err(RefError::from(found.fault).into())
    }
}

/// Where the next array goes in the arena: on a 64-byte line of its own, at another element of it each time.
struct Place {
    next: u64,
    salt: u64,
}

impl Place {
    fn take<T>(&mut self, len: usize) -> Option<DeviceAddr> {
        self.salt += 1;
        let element = size_of::<T>() as u64;
        let start = self.next.next_multiple_of(64) + splitmix64(self.salt) % (64 / element) * element;
        self.next = start + len as u64 * element;
        DeviceAddr::new(start).filter(|_| len > 0)
    }
}

impl OnDevice {
    fn place(&mut self, bytes: usize) -> Result<Place, CallError> {
        self.reserve(bytes + 16 * 128 + 2 * 8 * GUARD + 4 * SMALL_TABLE)?;
        Ok(Place { next: self.arena.as_slice().addr().expect("not empty").get(), salt: self.calls << 16 })
    }
}

/// The bytes of an array.
fn bytes<T>(array: &[T]) -> usize {
    size_of_val(array)
}

impl Backend for OnDevice {
    fn get_last_loc<R: Int, L: Int, O: Int>(&mut self, args: LastLoc<'_, R, L, O>) -> Result<(), CallError> {
        let config = self.config();
        let LastLoc { table, req_pool_indices, prefix_lens, out } = args;
        let mut place = self.place(bytes(req_pool_indices) + bytes(prefix_lens) + bytes(out))?;
        let shape = table.shape();
        let rows = req_pool_indices.iter().zip(prefix_lens);
        let entries = rows.filter_map(|(req, len)| reads::last_loc(shape, req.to_i64(), len.to_i64()));
        let device_table = self.table(&mut place, &table, entries)?;
        let (device_out, whole) = self.output(&mut place, out)?;
        let args = device::LastLoc {
            table: device_table,
            req_pool_indices: self.copied(&mut place, req_pool_indices)?,
            prefix_lens: self.copied(&mut place, prefix_lens)?,
            out: device_out,
        };
        let launched = device::get_last_loc_with(&self.stream, args, &config);
        self.finish(launched, Operation::GET_LAST_LOC, out, whole)
    }

    fn assign_extend_cache_locs<R: Int, L: Int, O: Int>(
        &mut self,
        args: ExtendLocs<'_, R, L, O>,
    ) -> Result<(), CallError> {
        let config = self.config();
        let ExtendLocs { table, req_pool_indices, start_offsets, end_offsets, out } = args;
        let offsets = bytes(start_offsets) + bytes(end_offsets);
        let mut place = self.place(bytes(req_pool_indices) + offsets + bytes(out))?;
        let shape = table.shape();
        let rows = req_pool_indices.iter().zip(start_offsets).zip(end_offsets);
        let entries = rows
            .filter_map(|((req, start), end)| reads::extend_locs(shape, req.to_i64(), start.to_i64(), end.to_i64()));
        let device_table = self.table(&mut place, &table, reads::within(out.len(), entries))?;
        let (device_out, whole) = self.output(&mut place, out)?;
        let args = device::ExtendLocs {
            table: device_table,
            req_pool_indices: self.copied(&mut place, req_pool_indices)?,
            start_offsets: self.copied(&mut place, start_offsets)?,
            end_offsets: self.copied(&mut place, end_offsets)?,
            out: device_out,
        };
        let launched = device::assign_extend_cache_locs_with(&self.stream, args, &config);
        self.finish(launched, Operation::ASSIGN_EXTEND_CACHE_LOCS, out, whole)
    }

    fn lay_out(&mut self, seed: u64) {
        self.calls = seed;
    }
}
