//! What streams do.

use std::sync::Arc;

use super::pool::Permit;
use super::record::Pending;

/// What a stream does, one after the other.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "launches are most tasks, and allocate nothing")]
pub(super) enum Task {
    Launch(KernelLaunch),
    Copy(Copy),
    Set {
        address: u64,
        value: u8,
        bytes: usize,
    },
    /// Fulfils a record.
    Record(Pending),
    /// Waits for a record.
    Wait(Pending),
    Graph(Arc<Graph>),
}

/// A kernel launch.
#[derive(Debug)]
pub(super) struct KernelLaunch {
    pub(super) kernel: Arc<str>,
    pub(super) blocks: u32,
    pub(super) argument: Argument,
    /// What happens instead of the kernel's run.
    pub(super) effect: Option<Effect>,
}

/// What a test wants a launch to end in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Effect {
    Fail(i32),
    Hang,
    Skip,
}

/// The largest argument block that is kept without an allocation: those of all operations are smaller.
const SMALL: usize = 512;

/// A copy of an argument block, so that the caller's can go. Small ones need no allocation.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "nearly all are small")]
pub(super) enum Argument {
    Small([u8; SMALL], u16),
    Large(Box<[u8]>),
}

impl Argument {
    pub(super) fn new(bytes: &[u8]) -> Self {
        let mut small = [0; SMALL];
        match small.get_mut(..bytes.len()) {
            Some(room) => {
                room.copy_from_slice(bytes);
                Self::Small(small, bytes.len() as u16)
            }
            None => Self::Large(bytes.into()),
        }
    }

    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Small(bytes, len) => &bytes[..usize::from(*len)],
            Self::Large(bytes) => bytes,
        }
    }
}

/// A copy of memory, by addresses.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) to: u64,
    pub(super) from: u64,
    pub(super) bytes: usize,
    pub(super) way: Way,
}

/// Between which memories a copy is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    ToDevice,
    ToHost,
    OnDevice,
}

/// A sequence of tasks that a capture made.
#[derive(Debug)]
pub(super) struct Graph {
    /// The context that it belongs to.
    pub(super) context: usize,
    pub(super) tasks: Vec<Task>,
    /// Streams of the device that it keeps.
    #[expect(dead_code, reason = "held")]
    streams: Vec<Permit>,
}

impl Graph {
    pub(super) fn new(context: usize, tasks: Vec<Task>, streams: Vec<Permit>) -> Self {
        Self { context, tasks, streams }
    }
}
