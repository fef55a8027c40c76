//! What AscendCL hands out, as types that cannot be mixed up. Each is made by [`Api`](super::Api), or by an unsafe
//! constructor whose caller vouches for it; what must be given back once is neither `Copy` nor `Clone`.

use std::ffi::c_void;
use std::num::NonZeroU64;

macro_rules! handles {
    ($($(#[$doc:meta])* $name:ident;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, PartialEq, Eq)]
        pub(crate) struct $name(usize);

        impl $name {
            pub(super) fn of(raw: *mut c_void) -> Self {
                Self(raw as usize)
            }

            pub(crate) fn raw(&self) -> *mut c_void {
                self.0 as *mut c_void
            }
        }
    )+};
}

handles! {
    /// A context. One that is current on a thread says for which device the thread's calls are.
    Context;
    /// A stream; null is the default stream of the context that is current.
    RawStream;
    /// An event.
    RawEvent;
    /// A loaded kernel binary, of one device.
    Binary;
    /// A kernel of a loaded binary.
    Function;
    /// A graph, captured to its end.
    RawGraph;
}

impl Clone for Context {
    fn clone(&self) -> Self {
        *self
    }
}
impl Copy for Context {}

impl RawStream {
    /// # Safety
    /// `raw` is a live stream of the context that every use of the result makes current, or null.
    pub(crate) unsafe fn borrowed(raw: *mut c_void) -> Self {
        Self::of(raw)
    }
}

/// A capture under way, by the graph that it makes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct CaptureId(pub(super) usize);

/// An allocation of device memory.
#[derive(Debug)]
pub(crate) struct DeviceMemory {
    pub(super) address: NonZeroU64,
    pub(super) bytes: usize,
}

impl DeviceMemory {
    pub(crate) fn address(&self) -> NonZeroU64 {
        self.address
    }
}

/// Pinned host memory that the device copies to while the host goes on.
#[derive(Debug)]
pub(crate) struct PinnedMemory {
    pub(super) address: usize,
    pub(super) bytes: usize,
}

impl PinnedMemory {
    /// The first byte, on 64 bytes. All bytes have a value from the start: the memory was cleared.
    pub(crate) fn start(&self) -> *mut u8 {
        self.address as *mut u8
    }

    /// Moves out what is there and leaves zeros. Whole once the copies to it are done, which the caller has waited for.
    pub(crate) fn take(&self, into: &mut [u8]) {
        assert!(into.len() <= self.bytes);
        let (words, rest) = into.as_chunks_mut::<8>();
        assert!(rest.is_empty());
        for (i, word) in words.iter_mut().enumerate() {
            let from = (self.address as *mut [u8; 8]).wrapping_add(i);
            // SAFETY: within the allocation, which was cleared when it was made and is freed by value only. Volatile:
            // the device writes to it.
            unsafe {
                *word = from.read_volatile();
                from.write_volatile([0; 8]);
            }
        }
    }
}
