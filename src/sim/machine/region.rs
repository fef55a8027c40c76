//! Host memory behind the simulated memory: it costs what is written to it.

use std::alloc::{Layout, alloc, alloc_zeroed, dealloc};
use std::ptr::NonNull;

/// What each byte is that nobody wrote.
const POISON: u8 = 0xa5;
/// Alignment: that of AscendCL's allocations.
const ALIGN: usize = 64;
/// From here on pages are mapped, on Linux; below, and elsewhere, memory is filled.
#[cfg(target_os = "linux")]
const MAPPED: usize = 1 << 20;

/// A piece of host memory, of one owner.
#[derive(Debug)]
pub(super) struct Region {
    start: NonNull<u8>,
    bytes: usize,
    /// By the allocator; otherwise by mapped pages.
    layout: Option<Layout>,
}

// SAFETY: memory alone, which nothing else knows of.
unsafe impl Send for Region {}

impl Region {
    /// Memory that reads as poison until it is written; `None` where the host has none. `bytes` is not 0.
    pub(super) fn poisoned(bytes: usize) -> Option<Self> {
        #[cfg(target_os = "linux")]
        if bytes >= MAPPED {
            return mapped::poisoned(bytes).map(|start| Self { start, bytes, layout: None });
        }
        // SAFETY: the layout has a size.
        let region = Self::allocated(bytes, |layout| unsafe { alloc(layout) })?;
        // SAFETY: all of the allocation.
        unsafe { region.start.write_bytes(POISON, bytes) };
        Some(region)
    }

    /// Memory that reads as zero; `None` where the host has none. `bytes` is not 0.
    pub(super) fn zeroed(bytes: usize) -> Option<Self> {
        #[cfg(target_os = "linux")]
        if bytes >= MAPPED {
            return mapped::zeroed(bytes).map(|start| Self { start, bytes, layout: None });
        }
        // SAFETY: the layout has a size.
        Self::allocated(bytes, |layout| unsafe { alloc_zeroed(layout) })
    }

    fn allocated(bytes: usize, allocate: impl FnOnce(Layout) -> *mut u8) -> Option<Self> {
        let layout = Layout::from_size_align(bytes, ALIGN).ok()?;
        let start = NonNull::new(allocate(layout))?;
        Some(Self { start, bytes, layout: Some(layout) })
    }

    pub(super) fn start(&self) -> *mut u8 {
        self.start.as_ptr()
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Region {
    fn drop(&mut self) {
        match self.layout {
            // SAFETY: allocated with this layout.
            Some(layout) => unsafe { dealloc(self.start.as_ptr(), layout) },
            #[cfg(target_os = "linux")]
            None => mapped::unmap(self.start, self.bytes),
            #[cfg(not(target_os = "linux"))]
            None => unreachable!("nothing is mapped"),
        }
    }
}

/// Pages that the host gives when they are written. Poison is one piece of memory, mapped again and again, of which a
/// written page becomes a copy.
#[cfg(target_os = "linux")]
mod mapped {
    use std::fs::File;
    use std::io::Write;
    use std::os::fd::{AsRawFd, FromRawFd};
    use std::ptr::{NonNull, null_mut};
    use std::sync::OnceLock;

    use super::POISON;

    /// Size of the poison that there is.
    const PIECE: usize = 16 << 20;
    const ACCESS: i32 = libc::PROT_READ | libc::PROT_WRITE;
    /// Nothing is reserved: device memory is larger than the host's, and mostly not touched.
    const PRIVATE: i32 = libc::MAP_PRIVATE | libc::MAP_NORESERVE;

    pub(super) fn zeroed(bytes: usize) -> Option<NonNull<u8>> {
        // SAFETY: pages of nobody, wherever there is room.
        let start = unsafe { libc::mmap(null_mut(), bytes, ACCESS, PRIVATE | libc::MAP_ANONYMOUS, -1, 0) };
        if start == libc::MAP_FAILED { None } else { NonNull::new(start.cast()) }
    }

    pub(super) fn poisoned(bytes: usize) -> Option<NonNull<u8>> {
        static POISONED: OnceLock<Option<File>> = OnceLock::new();
        let poison = POISONED.get_or_init(poison).as_ref()?;
        let start = zeroed(bytes)?;
        for offset in (0..bytes).step_by(PIECE) {
            let (to, piece) = (start.as_ptr().wrapping_add(offset).cast(), PIECE.min(bytes - offset));
            // SAFETY: replaces pages of the mapping that was just made.
            let mapped = unsafe { libc::mmap(to, piece, ACCESS, PRIVATE | libc::MAP_FIXED, poison.as_raw_fd(), 0) };
            if mapped == libc::MAP_FAILED {
                unmap(start, bytes);
                return None;
            }
        }
        Some(start)
    }

    pub(super) fn unmap(start: NonNull<u8>, bytes: usize) {
        // SAFETY: a mapping of this module, of these bytes.
        unsafe { libc::munmap(start.as_ptr().cast(), bytes) };
    }

    /// A file in memory that is all poison.
    fn poison() -> Option<File> {
        // SAFETY: a name, and no flag but that a program that is started does not inherit it.
        let fd = unsafe { libc::memfd_create(c"poison".as_ptr(), libc::MFD_CLOEXEC) };
        if fd < 0 {
            return None;
        }
        // SAFETY: just opened, and of nobody else.
        let mut file = unsafe { File::from_raw_fd(fd) };
        let block = vec![POISON; 1 << 16];
        (0..PIECE / block.len()).try_for_each(|_| file.write_all(&block)).ok()?;
        Some(file)
    }
}
