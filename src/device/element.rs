//! What device arrays hold, where it is known when the program is compiled and where it is not.

use std::marker::PhantomData;

use super::slice::Raw;
use crate::{Device, DeviceAddr, DeviceSlice, DeviceSliceMut, Int, IntType, Result};

mod sealed {
    pub trait Sealed {}
    impl<T: crate::Int> Sealed for T {}
    impl Sealed for super::AnyInt {}
}

/// What a slice of device memory holds: `i32`, `i64`, or [`AnyInt`]. Every operation takes each of its index arrays and
/// outputs as any of the three.
pub trait Element: sealed::Sealed + 'static {}

impl<T: Int> Element for T {}
impl Element for AnyInt {}

/// `i32` or `i64`, which of them is known at run time: `DeviceSlice<AnyInt>` and `DeviceSliceMut<AnyInt>` carry their
/// [`element_type`](DeviceSlice::element_type). Made by [`DeviceSlice::erase`] or
/// [`DeviceSlice::from_raw_parts_of`], and typed again by [`DeviceSlice::typed`].
///
/// ```
/// # use ascend_cache_loc::*;
/// # unsafe fn f(stream: &Stream, table: ReqToToken<'_>, at: [(DeviceAddr, &str); 3], n: usize) -> Result<()> {
/// let device = stream.device();
/// let dtype = |name| IntType::from_name(name).expect("int32 or int64");
/// // SAFETY: as `DeviceSlice::from_raw_parts` wants it.
/// let args = unsafe {
///     LastLoc {
///         table,
///         req_pool_indices: DeviceSlice::from_raw_parts_of(device, dtype(at[0].1), at[0].0, n)?,
///         prefix_lens: DeviceSlice::from_raw_parts_of(device, dtype(at[1].1), at[1].0, n)?,
///         out: DeviceSliceMut::from_raw_parts_of(device, dtype(at[2].1), at[2].0, n)?,
///     }
/// };
/// get_last_loc(stream, args)?;
/// # Ok(())
/// # }
/// ```
///
/// There are no values of it; what is copied has a type:
/// ```compile_fail,E0599
/// # use ascend_cache_loc::*;
/// fn f(stream: &Stream, slice: DeviceSlice<'_, AnyInt>) {
///     slice.copy_to_host(stream, &mut [0_i32]);
/// }
/// ```
#[derive(Debug, Clone, Copy)]
pub enum AnyInt {}

macro_rules! erased {
    ($slice:ident) => {
        impl<'a, T: Int> $slice<'a, T> {
            /// The same elements, of a type that is known at run time.
            #[must_use]
            pub fn erase(self) -> $slice<'a, AnyInt> {
                $slice { raw: self.raw, memory: PhantomData }
            }
        }

        impl<'a> $slice<'a, AnyInt> {
            /// The same elements as `T`s; `None` where they are others.
            #[must_use]
            pub fn typed<T: Int>(self) -> Option<$slice<'a, T>> {
                (self.raw.element_type == T::TYPE).then_some($slice { raw: self.raw, memory: PhantomData })
            }

            /// `from_raw_parts` of elements whose type is known at run time.
            ///
            /// # Errors
            /// [`Error::BadAddress`](crate::Error::BadAddress): not aligned to an element, or reaching past the last
            /// address.
            ///
            /// # Safety
            /// As `from_raw_parts` of this slice of that type.
            #[allow(unsafe_code, reason = "addresses from elsewhere")]
            pub unsafe fn from_raw_parts_of(
                device: &Device,
                element_type: IntType,
                addr: DeviceAddr,
                len: usize,
            ) -> Result<Self> {
                Ok(Self { raw: Raw::at(device, element_type, addr, len)?, memory: PhantomData })
            }
        }
    };
}
erased!(DeviceSlice);
erased!(DeviceSliceMut);
