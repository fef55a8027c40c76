//! Device addresses, from and to what others have them as.

use std::fmt;
use std::num::NonZeroU64;

use crate::{DeviceAddr, Error};

impl fmt::Display for DeviceAddr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.get())
    }
}

impl From<NonZeroU64> for DeviceAddr {
    fn from(address: NonZeroU64) -> Self {
        Self::new(address.get()).expect("not 0")
    }
}

/// What tensor libraries give: `tensor.data_ptr()`. [`Error::BadAddress`] of 0.
impl TryFrom<u64> for DeviceAddr {
    type Error = Error;

    fn try_from(address: u64) -> Result<Self, Error> {
        Self::new(address).ok_or(Error::BadAddress { argument: "address", address, reason: "null" })
    }
}

impl From<DeviceAddr> for u64 {
    fn from(address: DeviceAddr) -> Self {
        address.get()
    }
}

impl From<DeviceAddr> for NonZeroU64 {
    fn from(address: DeviceAddr) -> Self {
        Self::new(address.get()).expect("never 0")
    }
}
