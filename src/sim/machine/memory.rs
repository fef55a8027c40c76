//! Device memory, in an address space that no host pointer reaches, and pinned host memory.

use std::collections::{BTreeMap, VecDeque};

use super::fail::Fail;
use super::region::Region;
use crate::acl::bindings as raw;
use crate::sim::cores::Access;

/// Addresses begin here: no process of today's 64-bit machines has memory there, whatever its page tables.
const FIRST: u64 = 0x00ac_0000_0000_0000;
/// Bits of the addresses of one device: addresses are not given twice, so far more than it has memory.
const DEVICE_BITS: u32 = 46;
/// Alignment of an allocation: 64 bytes and, on purpose, not more.
const ALIGN: u64 = 64;
/// Freed allocations that are still known, to name a use after free.
const REMEMBERED: usize = 4096;

/// The memory of one device.
#[derive(Debug)]
pub(super) struct Memory {
    next: u64,
    pub(super) used: u64,
    limit: u64,
    live: BTreeMap<u64, Allocation>,
    freed: VecDeque<(u64, u64)>,
}

/// An array that a launch may touch, or memory that is there beside its arrays.
#[derive(Debug)]
pub(super) struct Declared {
    pub(super) name: &'static str,
    /// Device address.
    pub(super) address: u64,
    pub(super) bytes: u64,
    pub(super) access: Access,
}

#[derive(Debug)]
pub(super) struct Allocation {
    pub(super) address: u64,
    pub(super) bytes: u64,
    /// `None` until something is written: the core simulation then reports each read. From then on, what nobody wrote
    /// reads as poison.
    storage: Option<Region>,
}

impl Allocation {
    /// The storage to write to.
    pub(super) fn storage_to_write(&mut self) -> Result<*mut u8, Lack> {
        if self.storage.is_none() {
            self.storage = Some(Region::poisoned(self.bytes as usize).ok_or(Lack::Host(self.bytes))?);
        }
        Ok(self.storage_to_read())
    }

    /// The storage, null where nothing was ever written.
    pub(super) fn storage_to_read(&self) -> *mut u8 {
        self.storage.as_ref().map_or(std::ptr::null_mut(), Region::start)
    }
}

/// Why memory cannot be used.
#[derive(Debug)]
pub(super) enum Lack {
    /// It is not there: what the range is.
    Device(String),
    /// The host has none for an allocation of so many bytes.
    Host(u64),
}

impl Lack {
    /// Touched by a kernel: an exception of its cores.
    pub(super) fn of_kernel(self, what: &str) -> Fail {
        self.fail(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, what)
    }

    /// Touched by a copy.
    pub(super) fn of_copy(self, what: &str) -> Fail {
        self.fail(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SYS_DMA, what)
    }

    fn fail(self, code: u32, what: &str) -> Fail {
        match self {
            Self::Device(range) => Fail::new(code, format!("{what}: {range}")),
            Self::Host(bytes) => Fail::internal(&format!("{what}: the host has no memory for {bytes} bytes")),
        }
    }
}

/// The device whose memory an address is of, by the way that addresses are given.
pub(super) fn device_of(address: u64) -> usize {
    (address.wrapping_sub(FIRST) >> DEVICE_BITS) as usize
}

impl Memory {
    pub(super) fn new(device: usize, limit: u64) -> Self {
        // An odd multiple of the alignment, so that nothing can rely on more of it.
        let next = FIRST + ((device as u64) << DEVICE_BITS) + ALIGN;
        Self { next, used: 0, limit, live: BTreeMap::new(), freed: VecDeque::new() }
    }

    /// Allocations that are not freed.
    pub(super) fn live(&self) -> usize {
        self.live.len()
    }

    /// `bytes` is neither 0 nor near the end of its type.
    pub(super) fn allocate(&mut self, bytes: usize) -> Result<u64, Fail> {
        let bytes = bytes as u64;
        // As documented: rounded up to 32 bytes, and 32 more.
        let reserved = bytes.next_multiple_of(32) + 32;
        if reserved > self.limit.saturating_sub(self.used) {
            let text = format!("{bytes} bytes asked for, {} of {} in use", self.used, self.limit);
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_MEMORY_ALLOCATION, text));
        }
        let address = self.next;
        self.next = (address + reserved).next_multiple_of(2 * ALIGN) + ALIGN;
        self.used += reserved;
        self.live.insert(address, Allocation { address, bytes, storage: None });
        Ok(address)
    }

    /// Frees at once, whatever the device is doing.
    pub(super) fn free(&mut self, address: u64) -> Result<(), Fail> {
        let Some(allocation) = self.live.remove(&address) else {
            return Err(Fail::parameter(&format!("aclrtFree of {}", self.describe(address, 0))));
        };
        self.used -= allocation.bytes.next_multiple_of(32) + 32;
        if self.freed.len() == REMEMBERED {
            self.freed.pop_front();
        }
        self.freed.push_back((address, allocation.bytes));
        Ok(())
    }

    /// The live allocation that holds a range; otherwise what the range is.
    pub(super) fn find(&mut self, address: u64, bytes: u64) -> Result<&mut Allocation, Lack> {
        let holds = |found: &Allocation| {
            address - found.address <= found.bytes && bytes <= found.bytes - (address - found.address)
        };
        let start = self.live.range(..=address).next_back().filter(|(_, found)| holds(found)).map(|(&start, _)| start);
        match start {
            Some(start) => Ok(self.live.get_mut(&start).expect("found")),
            None => Err(Lack::Device(self.describe(address, bytes))),
        }
    }

    /// Each allocation as an array.
    pub(super) fn everything(&self, access: Access) -> impl Iterator<Item = Declared> {
        let array = move |a: &Allocation| Declared { name: "memory", address: a.address, bytes: a.bytes, access };
        self.live.values().map(array)
    }

    fn describe(&self, address: u64, bytes: u64) -> String {
        let inside = |start: u64, len: u64| (start..start + len.max(1)).contains(&address);
        let range = format!("{bytes} bytes at {address:#x}");
        if let Some((start, len)) = self.freed.iter().find(|&&(start, len)| inside(start, len)) {
            return format!("{range}, in an allocation of {len} bytes at {start:#x} that was freed");
        }
        match self.live.range(..=address).next_back().filter(|(start, found)| inside(**start, found.bytes)) {
            Some((start, found)) => format!("{range}, past the end of the allocation of {} at {start:#x}", found.bytes),
            None => format!("{range}, in no allocation"),
        }
    }

    /// # Safety
    /// `from` has `bytes` bytes.
    pub(super) unsafe fn write(&mut self, address: u64, from: *const u8, bytes: usize) -> Result<(), Lack> {
        let allocation = self.find(address, bytes as u64)?;
        let offset = usize::try_from(address - allocation.address).expect("inside");
        // SAFETY: `find` has checked that the allocation holds the range.
        unsafe { std::ptr::copy(from, allocation.storage_to_write()?.add(offset), bytes) };
        Ok(())
    }

    /// # Safety
    /// `to` has room for `bytes` bytes.
    pub(super) unsafe fn read(&mut self, address: u64, to: *mut u8, bytes: usize) -> Result<(), Lack> {
        let allocation = self.find(address, bytes as u64)?;
        let offset = usize::try_from(address - allocation.address).expect("inside");
        // SAFETY: `find` has checked that the allocation holds the range.
        unsafe { std::ptr::copy(allocation.storage_to_write()?.add(offset), to, bytes) };
        Ok(())
    }

    /// Copies as if by way of memory apart.
    pub(super) fn move_within(&mut self, to: u64, from: u64, bytes: usize) -> Result<(), Lack> {
        let mut part = |address: u64| {
            let allocation = self.find(address, bytes as u64)?;
            let offset = usize::try_from(address - allocation.address).expect("inside");
            allocation.storage_to_write().map(|storage| storage.wrapping_add(offset))
        };
        let (from, to) = (part(from)?, part(to)?);
        // SAFETY: `find` has checked that the allocations hold the ranges.
        unsafe { std::ptr::copy(from, to, bytes) };
        Ok(())
    }

    pub(super) fn set(&mut self, address: u64, value: u8, bytes: usize) -> Result<(), Lack> {
        let allocation = self.find(address, bytes as u64)?;
        if value == 0 && bytes as u64 == allocation.bytes {
            // Fresh zeros, which the host commits when they are touched.
            allocation.storage = Some(Region::zeroed(bytes).ok_or(Lack::Host(allocation.bytes))?);
            return Ok(());
        }
        let offset = usize::try_from(address - allocation.address).expect("inside");
        // SAFETY: `find` has checked that the allocation holds the range.
        unsafe { std::ptr::write_bytes(allocation.storage_to_write()?.add(offset), value, bytes) };
        Ok(())
    }
}

/// Pinned host memory, 64-byte aligned.
#[derive(Debug, Default)]
pub(super) struct Pinned(BTreeMap<usize, Region>);

impl Pinned {
    /// `bytes` is not 0. `None` where the host has none.
    pub(super) fn allocate(&mut self, bytes: usize) -> Option<*mut u8> {
        let region = Region::poisoned(bytes)?;
        let pointer = region.start();
        self.0.insert(pointer as usize, region);
        Some(pointer)
    }

    pub(super) fn free(&mut self, address: usize) -> bool {
        self.0.remove(&address).is_some()
    }

    pub(super) fn live(&self) -> usize {
        self.0.len()
    }

    /// The bytes of pinned memory from an address on; `None` for one that is not pinned.
    pub(super) fn room(&self, address: usize) -> Option<usize> {
        let (start, region) = self.0.range(..=address).next_back()?;
        region.bytes().checked_sub(address - start).filter(|&room| room > 0)
    }
}
