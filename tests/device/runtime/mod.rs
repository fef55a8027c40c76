//! The simulated AscendCL held against the runtime's own sources (hicann/runtime): what each call refuses, by which code,
//! in which order, and what it does to contexts, streams, events and captures. Each test names the function that it
//! mirrors; `src/sim/machine/functions/mod.rs` says where that stands.

mod captures;
mod contexts;
mod events;
mod graphs;
mod launches;
mod memory;
mod streams;

use std::ffi::c_void;
use std::ops::Deref;
use std::ptr::null_mut;

use ascend_cache_loc::sim::{Machine, SimConfig};

use crate::foreign::{self, acl};

type Pointer = *mut c_void;

/// A machine used through its functions alone, on a thread that has set device 0.
struct Raw(Machine);

impl Deref for Raw {
    type Target = Machine;

    fn deref(&self) -> &Machine {
        &self.0
    }
}

impl Raw {
    fn new() -> Self {
        Self::with(|_| {})
    }

    fn with(configure: impl FnOnce(&mut SimConfig)) -> Self {
        let mut config = SimConfig::default();
        configure(&mut config);
        let raw = Self(Machine::new(config).unwrap());
        assert_eq!(acl!(raw, aclrtSetDevice(0)), 0);
        raw
    }

    fn stream(&self) -> Pointer {
        foreign::new_stream(self)
    }

    /// The code of making one more.
    fn try_stream(&self) -> i32 {
        let mut stream = null_mut();
        acl!(self, aclrtCreateStreamWithConfig(&raw mut stream, 0, 0))
    }

    fn destroy(&self, stream: Pointer) -> i32 {
        acl!(self, aclrtDestroyStream(stream))
    }

    fn synchronize(&self, stream: Pointer) -> i32 {
        acl!(self, aclrtSynchronizeStream(stream))
    }

    fn synchronize_within(&self, stream: Pointer, milliseconds: i32) -> i32 {
        acl!(self, aclrtSynchronizeStreamWithTimeout(stream, milliseconds))
    }

    fn synchronize_device(&self) -> i32 {
        acl!(self, aclrtSynchronizeDevice())
    }

    /// An event that streams can wait for.
    fn event(&self) -> Pointer {
        self.event_of(1).unwrap()
    }

    fn event_of(&self, flag: u32) -> Result<Pointer, i32> {
        let mut event = null_mut();
        match acl!(self, aclrtCreateEventExWithFlag(&raw mut event, flag)) {
            0 => Ok(event),
            code => Err(code),
        }
    }

    fn record(&self, event: Pointer, stream: Pointer) -> i32 {
        acl!(self, aclrtRecordEvent(event, stream))
    }

    fn wait(&self, stream: Pointer, event: Pointer) -> i32 {
        acl!(self, aclrtStreamWaitEvent(stream, event))
    }

    fn destroy_event(&self, event: Pointer) -> i32 {
        acl!(self, aclrtDestroyEvent(event))
    }

    /// Whether an event is complete, or the code.
    fn query(&self, event: Pointer) -> Result<bool, i32> {
        let mut status = 9;
        match acl!(self, aclrtQueryEventStatus(event, &raw mut status)) {
            0 => Ok(status == 1),
            code => Err(code),
        }
    }

    /// Enqueues a write of one byte.
    fn set(&self, stream: Pointer, address: u64, value: u8) -> i32 {
        acl!(self, aclrtMemsetAsync(address as Pointer, 1, value.into(), 1, stream))
    }

    /// Enqueues what fails on the device with 507013.
    fn fault(&self, stream: Pointer) {
        assert_eq!(self.set(stream, 0x1000, 0), 0);
    }

    fn begin(&self, stream: Pointer, mode: u32) -> i32 {
        foreign::begin(self, stream, mode)
    }

    fn end(&self, stream: Pointer) -> Result<Pointer, i32> {
        foreign::end(self, stream)
    }

    /// A stream's capture status and graph.
    fn capture(&self, stream: Pointer) -> (u32, Pointer) {
        let (mut status, mut graph) = (9, null_mut());
        assert_eq!(acl!(self, aclmdlRICaptureGetInfo(stream, &raw mut status, &raw mut graph)), 0);
        (status, graph)
    }

    fn execute(&self, graph: Pointer, stream: Pointer) -> i32 {
        acl!(self, aclmdlRIExecuteAsync(graph, stream))
    }

    fn destroy_graph(&self, graph: Pointer) -> i32 {
        acl!(self, aclmdlRIDestroy(graph))
    }

    /// Runs `f` on a thread of its own, with a context current or with none.
    fn elsewhere<T: Send>(&self, context: Option<Pointer>, f: impl FnOnce() -> T + Send) -> T {
        let context = context.map(|context| context as usize);
        std::thread::scope(|scope| {
            let run = move || {
                if let Some(context) = context {
                    foreign::set_context(self, context as Pointer);
                }
                f()
            };
            scope.spawn(run).join().unwrap()
        })
    }
}

/// A pointer that goes to another thread.
#[derive(Clone, Copy)]
struct Sent(usize);

impl Sent {
    fn of(pointer: Pointer) -> Self {
        Self(pointer as usize)
    }

    fn get(self) -> Pointer {
        self.0 as Pointer
    }
}

/// Machines that there cannot be are errors of [`Machine::new`], which allocates nothing for them.
#[test]
fn impossible_machines_are_refused() {
    type Configure = fn(&mut SimConfig);
    let cases: [(Configure, &str); 4] = [
        (|config| config.vector_cores = u32::MAX, "a machine with 4294967295 vector cores: a launch has at most 65535"),
        (|config| config.queue_slots = 0, "a machine with streams that hold no task"),
        (
            |config| config.devices = u32::MAX,
            "a machine with 4294967295 devices of 68719476736 bytes: at most 64 of 2^44",
        ),
        (
            |config| config.memory_bytes = u64::MAX,
            "a machine with 1 devices of 18446744073709551615 bytes: at most 64 of 2^44",
        ),
    ];
    for (configure, expected) in cases {
        let mut config = SimConfig::default();
        configure(&mut config);
        let refused = Machine::new(config).map(drop);
        assert_eq!(refused, Err(ascend_cache_loc::Error::Unavailable(expected.into())));
    }
}
