//! What the tests of the core simulation share: device memory to hand to kernels, and launches of them.
//!
//! The kernels are under `kernels/`; this package's build script compiles them into the library.

#![allow(unsafe_code, reason = "launches C++ kernels")]

mod steps;

use ascend_cache_loc::sim::{Access, Array, CoreCounters, Launch, LaunchError, Report};

/// Device memory at a host address, aligned to 64 bytes, with room behind the declared array in the same allocation.
#[derive(Debug)]
pub struct Gm {
    words: Vec<u64>,
    skip: usize,
    bytes: usize,
    spare: usize,
}

impl Gm {
    /// An array of the given bytes, and an allocation that goes on for `spare` more.
    #[must_use]
    pub fn new(content: &[u8], spare: usize) -> Self {
        let words = vec![0_u64; (content.len() + spare).div_ceil(8) + 8];
        let skip = words.as_ptr().cast::<u8>().align_offset(64);
        let mut gm = Self { words, skip, bytes: content.len(), spare };
        gm.as_mut_bytes().copy_from_slice(content);
        gm
    }

    /// An array of the given int32 elements.
    #[must_use]
    pub fn of_i32(content: &[i32]) -> Self {
        Self::new(&content.iter().flat_map(|value| value.to_ne_bytes()).collect::<Vec<_>>(), 0)
    }

    /// Device address of the first byte; a multiple of 64.
    #[must_use]
    pub fn address(&self) -> u64 {
        self.words.as_ptr() as u64 + self.skip as u64
    }

    /// The array's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        // SAFETY: `skip + bytes` bytes lie in `words`, and any byte is a u8.
        unsafe { std::slice::from_raw_parts(self.words.as_ptr().cast::<u8>().add(self.skip), self.bytes) }
    }

    /// The array's bytes, to change.
    pub fn as_mut_bytes(&mut self) -> &mut [u8] {
        // SAFETY: as in `as_bytes`; every byte pattern is a valid u64.
        unsafe { std::slice::from_raw_parts_mut(self.words.as_mut_ptr().cast::<u8>().add(self.skip), self.bytes) }
    }

    /// The array's content as int32.
    #[must_use]
    pub fn to_i32(&self) -> Vec<i32> {
        self.as_bytes().as_chunks().0.iter().copied().map(i32::from_ne_bytes).collect()
    }

    /// The declaration of the array to a launch.
    #[must_use]
    pub fn array(&mut self, access: Access) -> Array {
        let bytes = self.as_mut_bytes();
        let array = Array::of(&raw mut *bytes, access);
        Array { allocation: (array.address, (self.bytes + self.spare) as u64), ..array }
    }
}

/// Kernel parameters as a launch passes them, each in eight bytes: addresses, integers, or `f32::to_bits`.
#[must_use]
pub fn argument(parameters: &[u64]) -> Vec<u8> {
    parameters.iter().flat_map(|parameter| parameter.to_ne_bytes()).collect()
}

/// Runs a launch whose arrays are [`Gm`]s that the caller holds, and holds what its cores did, step by step, against what
/// was counted.
///
/// # Errors
/// See [`LaunchError`].
///
/// # Panics
/// Where the two differ.
pub fn run(launch: &Launch<'_>) -> Result<Vec<CoreCounters>, LaunchError> {
    // SAFETY: the tests declare arrays from `Gm`s that they hold and do not touch during the call, and their kernels
    // follow no pointers but into these.
    let (ran, steps) = unsafe { launch.run_in_steps() };
    match &ran {
        Ok(counters) => steps::agree(counters, &steps),
        Err(LaunchError::Reports(found)) => steps::agree(&found.counters, &steps),
        Err(_) => assert!(steps.iter().all(Vec::is_empty)),
    }
    ran
}

/// The reports of a launch, none if it succeeded.
///
/// # Panics
/// If the launch was refused.
#[must_use]
pub fn reports(launch: &Launch<'_>) -> Vec<Report> {
    match run(launch) {
        Ok(_) => Vec::new(),
        Err(LaunchError::Reports(findings)) => findings.reports,
        Err(refused) => panic!("{refused}"),
    }
}
