//! Arrays in device memory, borrowed: of an owned buffer, or of memory that belongs to someone else.

#![allow(unsafe_code, reason = "addresses from elsewhere")]

use std::fmt;
use std::marker::PhantomData;
use std::num::NonZeroU64;
use std::ops::{Bound, Range, RangeBounds};

use super::element::Element;
use crate::{Device, Error, Int, IntType, Result, ShapeError, Stream};

/// A device address. Not a Rust pointer: the host cannot follow it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(transparent)]
pub struct DeviceAddr(NonZeroU64);

impl DeviceAddr {
    /// An address; `None` of 0.
    #[must_use]
    pub const fn new(address: u64) -> Option<Self> {
        match NonZeroU64::new(address) {
            Some(address) => Some(Self(address)),
            None => None,
        }
    }

    /// The address as a number.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0.get()
    }
}

impl fmt::LowerHex for DeviceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Where memory may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Home {
    /// Its device; `None`: no memory, at home everywhere.
    pub(crate) device: Option<u64>,
    /// The stream that all work on it goes to; `None`: the caller keeps the order.
    pub(crate) stream: Option<NonZeroU64>,
}

impl Home {
    pub(crate) fn check(self, argument: &'static str, stream: &Stream) -> Result<()> {
        if self.device.is_some_and(|device| device != stream.device().id()) {
            return Err(Error::WrongHome { argument, scope: "device" });
        }
        if self.stream.is_some_and(|home| home != stream.id()) {
            return Err(Error::WrongHome { argument, scope: "stream" });
        }
        Ok(())
    }
}

/// What both slices are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Raw {
    address: Option<DeviceAddr>,
    len: usize,
    pub(super) element_type: IntType,
    home: Home,
}

impl Raw {
    /// Memory at an address from elsewhere.
    pub(super) fn at(device: &Device, element_type: IntType, address: DeviceAddr, len: usize) -> Result<Self> {
        let (argument, wrong, size) = ("slice", address.get(), element_type.size() as u64);
        if !wrong.is_multiple_of(size) {
            return Err(Error::BadAddress { argument, address: wrong, reason: "not aligned to its elements" });
        }
        let bytes = (len as u64).checked_mul(size);
        if bytes.and_then(|bytes| wrong.checked_add(bytes)).is_none() {
            return Err(Error::BadAddress { argument, address: wrong, reason: "its end is past the last address" });
        }
        let home = Home { device: Some(device.id()), stream: None };
        Ok(Self { address: Some(address), len, element_type, home })
    }

    fn get(self, range: impl RangeBounds<usize>) -> Option<Self> {
        let start = match range.start_bound() {
            Bound::Included(&start) => start,
            Bound::Excluded(&start) => start.checked_add(1)?,
            Bound::Unbounded => 0,
        };
        let end = match range.end_bound() {
            Bound::Included(&end) => end.checked_add(1)?,
            Bound::Excluded(&end) => end,
            Bound::Unbounded => self.len,
        };
        if start > end || end > self.len {
            return None;
        }
        let address =
            self.address.and_then(|base| DeviceAddr::new(base.get() + (start * self.element_type.size()) as u64));
        Some(Self { address, len: end - start, ..self })
    }

    fn bytes(self) -> Range<u64> {
        let start = self.address.map_or(0, DeviceAddr::get);
        start..start + (self.len * self.element_type.size()) as u64
    }
}

/// `len` elements in device memory, to be read.
pub struct DeviceSlice<'a, T> {
    pub(super) raw: Raw,
    pub(super) memory: PhantomData<&'a [T]>,
}

/// `len` elements in device memory, to be written. Not `Copy`: see [`reborrow`](Self::reborrow).
pub struct DeviceSliceMut<'a, T> {
    pub(super) raw: Raw,
    pub(super) memory: PhantomData<&'a mut [T]>,
}

impl<T> Clone for DeviceSlice<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}
impl<T> Copy for DeviceSlice<'_, T> {}

macro_rules! common {
    ($slice:ident) => {
        impl<'a, T: Int> $slice<'a, T> {
            pub(crate) fn owned(address: Option<NonZeroU64>, len: usize, stream: &Stream) -> Self {
                let home = Home { device: Some(stream.device().id()), stream: Some(stream.id()) };
                let raw = Raw { address: address.map(DeviceAddr), len, element_type: T::TYPE, home };
                Self { raw, memory: PhantomData }
            }

            /// No elements, on no device.
            #[must_use]
            pub const fn empty() -> Self {
                let home = Home { device: None, stream: None };
                let raw = Raw { address: None, len: 0, element_type: T::TYPE, home };
                Self { raw, memory: PhantomData }
            }
        }

        impl<T: Element> $slice<'_, T> {
            /// What it holds.
            #[must_use]
            pub const fn element_type(&self) -> IntType {
                self.raw.element_type
            }

            /// The number of elements.
            #[must_use]
            pub const fn len(&self) -> usize {
                self.raw.len
            }

            /// Whether there are no elements.
            #[must_use]
            pub const fn is_empty(&self) -> bool {
                self.raw.len == 0
            }

            /// The device address of the first element; `None` where no memory is behind the slice.
            #[must_use]
            pub const fn addr(&self) -> Option<DeviceAddr> {
                self.raw.address
            }

            /// The address as calls take it.
            pub(crate) fn memory(&self) -> Option<NonZeroU64> {
                self.raw.address.map(|address| address.0)
            }

            pub(crate) const fn home(&self) -> Home {
                self.raw.home
            }

            /// The bytes that it covers.
            pub(crate) fn bytes(&self) -> Range<u64> {
                self.raw.bytes()
            }
        }

        impl<T> fmt::Debug for $slice<'_, T> {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                let address = self.raw.address.map_or(0, DeviceAddr::get);
                write!(f, "{}({:#x}, {} elements)", stringify!($slice), address, self.raw.len)
            }
        }
    };
}
common!(DeviceSlice);
common!(DeviceSliceMut);

impl<T: Int> DeviceSlice<'_, T> {
    /// `len` elements at a device address that comes from elsewhere.
    ///
    /// # Errors
    /// [`Error::BadAddress`]: not aligned to `T`, or reaching past the last address.
    ///
    /// # Safety
    /// Until the work that is enqueued with the slice is *done* (`'a` covers the enqueueing only), or as long as any
    /// graph lives that captured it:
    /// - the memory holds `len` initialised elements on `device`;
    /// - nothing writes to any 64-byte block that they touch, unless it is ordered before or after that work on the
    ///   device: by the same stream, or by events.
    pub unsafe fn from_raw_parts(device: &Device, addr: DeviceAddr, len: usize) -> Result<Self> {
        Ok(Self { raw: Raw::at(device, T::TYPE, addr, len)?, memory: PhantomData })
    }
}

impl<T: Element> DeviceSlice<'_, T> {
    /// A part of it; `None` where the range leaves it.
    #[must_use]
    pub fn get(&self, range: impl RangeBounds<usize>) -> Option<Self> {
        Some(Self { raw: self.raw.get(range)?, memory: PhantomData })
    }
}

impl<T: Int> DeviceSliceMut<'_, T> {
    /// `len` elements at a device address that comes from elsewhere.
    ///
    /// # Errors
    /// As [`DeviceSlice::from_raw_parts`].
    ///
    /// # Safety
    /// As [`DeviceSlice::from_raw_parts`], but the elements need not be initialised, and nothing at all accesses them,
    /// nor writes to any 64-byte block that they touch, unless it is ordered before or after the work on the device. That
    /// holds for the parts of [`split_at_mut`](Self::split_at_mut) too, each by itself.
    pub unsafe fn from_raw_parts(device: &Device, addr: DeviceAddr, len: usize) -> Result<Self> {
        Ok(Self { raw: Raw::at(device, T::TYPE, addr, len)?, memory: PhantomData })
    }
}

impl<'a, T: Element> DeviceSliceMut<'a, T> {
    /// The same elements, for a shorter time: `self` can be used again afterwards.
    #[must_use]
    pub fn reborrow(&mut self) -> DeviceSliceMut<'_, T> {
        DeviceSliceMut { raw: self.raw, memory: PhantomData }
    }

    /// The same elements, to be read.
    #[must_use]
    pub fn as_slice(&self) -> DeviceSlice<'_, T> {
        DeviceSlice { raw: self.raw, memory: PhantomData }
    }

    /// A part of it, in its stead; `None` where the range leaves it.
    #[must_use]
    pub fn get(self, range: impl RangeBounds<usize>) -> Option<Self> {
        Some(Self { raw: self.raw.get(range)?, memory: PhantomData })
    }

    /// The elements before `mid`, and those from it on.
    ///
    /// # Errors
    /// [`ShapeError::TooLarge`] past the end. [`Error::BadAddress`] where `mid` is within a 64-byte block of the memory, of a
    /// slice that is no owned buffer's: the two parts may be used on two streams, and the device writes whole blocks.
    pub fn split_at_mut(self, mid: usize) -> Result<(Self, Self)> {
        let too_large = ShapeError::TooLarge { argument: "mid", value: mid, max: self.len() };
        let (Some(before), Some(behind)) = (self.raw.get(..mid), self.raw.get(mid..)) else {
            return Err(too_large.into());
        };
        let address = behind.bytes().start;
        if self.raw.home.stream.is_none() && before.len != 0 && behind.len != 0 && !address.is_multiple_of(64) {
            return Err(Error::BadAddress { argument: "mid", address, reason: "within a 64-byte block" });
        }
        Ok((Self { raw: before, memory: PhantomData }, Self { raw: behind, memory: PhantomData }))
    }
}
