//! A simulated machine: its devices, and everything that AscendCL hands out handles for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::SimConfig;
use super::calls::Calls;
use super::capture::{Capture, Graph};
use super::memory::{Memory, Pinned};
use super::stream::{Effect, SimEvent, SimStream};
use crate::api::bindings as raw;
use crate::api::sim::CoreCounters;

/// Why a call or a task failed: AscendCL's code, and a text.
#[derive(Debug, Clone)]
pub(super) struct Fail {
    pub(super) code: i32,
    pub(super) text: String,
}

impl Fail {
    pub(super) fn new(code: u32, text: String) -> Self {
        Self { code: code.cast_signed(), text }
    }

    pub(super) fn parameter(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_PARAM_INVALID, text.into())
    }

    pub(super) fn handle(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_HANDLE, text.into())
    }

    /// Memory that is not there, touched by a kernel: an exception of its cores.
    pub(super) fn memory(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_VECTOR_CORE_EXCEPTION, text.into())
    }

    /// Memory that is not there, touched by a copy.
    pub(super) fn dma(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_SYS_DMA, text.into())
    }

    pub(super) fn internal(text: &str) -> Self {
        Self::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_INTERNAL_ERROR, text.into())
    }
}

pub(super) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[derive(Debug)]
pub(super) struct State {
    /// Of this machine alone.
    id: u64,
    pub(super) config: SimConfig,
    pub(super) calls: Calls,
    pub(super) devices: Vec<SimDevice>,
    pub(super) objects: Mutex<Objects>,
    pub(super) pinned: Mutex<Pinned>,
    pub(super) captures: Mutex<Vec<Arc<Capture>>>,
    /// Launches until one has an effect, and the effect.
    pub(super) effects: Mutex<Vec<(u64, Effect)>>,
    pub(super) last_counters: Mutex<Vec<CoreCounters>>,
    pub(super) launches: AtomicU64,
    initialised: AtomicBool,
    tasks: AtomicU64,
    next_handle: AtomicUsize,
    ended: AtomicBool,
}

#[derive(Debug)]
pub(super) struct SimDevice {
    pub(super) memory: Mutex<Memory>,
    default_context: OnceLock<usize>,
}

/// By handle.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) contexts: HashMap<usize, SimContext>,
    pub(super) streams: HashMap<usize, Arc<SimStream>>,
    pub(super) events: HashMap<usize, Arc<SimEvent>>,
    /// The device that a binary was loaded for.
    pub(super) binaries: HashMap<usize, usize>,
    /// The device and the kernel's name.
    pub(super) functions: HashMap<usize, (usize, Arc<str>)>,
    pub(super) graphs: HashMap<usize, Arc<Graph>>,
}

#[derive(Debug, Clone)]
pub(super) struct SimContext {
    pub(super) device: usize,
    pub(super) default_stream: Arc<SimStream>,
}

/// What a thread has of a machine.
#[derive(Debug, Default)]
struct Thread {
    machine: u64,
    context: Option<usize>,
    message: Option<CString>,
    /// The message that was read last: its text lives until the next is read.
    read: Option<CString>,
}

thread_local! {
    static THREADS: RefCell<Vec<Thread>> = const { RefCell::new(Vec::new()) };
}

impl State {
    pub(super) fn new(config: SimConfig) -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(1);
        let device = |device| {
            let memory = Mutex::new(Memory::new(device, config.memory_bytes));
            SimDevice { memory, default_context: OnceLock::new() }
        };
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            calls: Calls::new(),
            devices: (0..config.devices as usize).map(device).collect(),
            objects: Mutex::default(),
            pinned: Mutex::default(),
            captures: Mutex::default(),
            effects: Mutex::default(),
            last_counters: Mutex::default(),
            launches: AtomicU64::new(0),
            initialised: AtomicBool::new(config.initialised),
            tasks: AtomicU64::new(0),
            next_handle: AtomicUsize::new(0x51_0000),
            ended: AtomicBool::new(false),
            config,
        }
    }

    /// The machine's library is closed: its threads end.
    pub(super) fn end(&self) {
        self.ended.store(true, Ordering::Relaxed);
        lock(&self.objects).streams.values().for_each(|stream| stream.close());
    }

    pub(super) fn ended(&self) -> bool {
        self.ended.load(Ordering::Relaxed)
    }

    /// Sets it; tells what it was.
    pub(super) fn initialise(&self) -> bool {
        self.initialised.swap(true, Ordering::Relaxed)
    }

    pub(super) fn check_initialised(&self) -> Result<(), Fail> {
        if self.initialised.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_UNINITIALIZE, "aclInit was not called".into()))
    }

    pub(super) fn count_task(&self) {
        self.tasks.fetch_add(1, Ordering::Relaxed);
    }

    /// Tasks that were appended to streams.
    pub(super) fn tasks(&self) -> u64 {
        self.tasks.load(Ordering::Relaxed)
    }

    pub(super) fn new_handle(&self) -> usize {
        self.next_handle.fetch_add(0x10, Ordering::Relaxed)
    }

    fn thread<T>(&self, f: impl FnOnce(&mut Thread) -> T) -> T {
        THREADS.with_borrow_mut(|threads| {
            let known = threads.iter().position(|thread| thread.machine == self.id);
            let place = known.unwrap_or_else(|| {
                threads.push(Thread { machine: self.id, ..Thread::default() });
                threads.len() - 1
            });
            f(&mut threads[place])
        })
    }

    pub(super) fn set_message(&self, text: &str) {
        let text = CString::new(text.replace('\0', " ")).expect("without 0");
        self.thread(|thread| thread.message = Some(text));
    }

    /// The thread's error text, which is cleared; null where there is none.
    pub(super) fn take_message(&self) -> *const c_char {
        self.thread(|thread| {
            thread.read = thread.message.take();
            thread.read.as_ref().map_or(std::ptr::null(), |text| text.as_ptr())
        })
    }

    pub(super) fn set_context(&self, context: Option<usize>) {
        self.thread(|thread| thread.context = context);
    }

    /// The thread's context.
    pub(super) fn context(&self) -> Result<(usize, SimContext), Fail> {
        self.check_initialised()?;
        let handle = self.thread(|thread| thread.context);
        let context = handle.and_then(|handle| Some((handle, lock(&self.objects).contexts.get(&handle)?.clone())));
        context.ok_or_else(|| {
            Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_CONTEXT_NULL, "no context is current on this thread".into())
        })
    }

    pub(super) fn device(&self, ordinal: i64) -> Result<usize, Fail> {
        let device = usize::try_from(ordinal).ok().filter(|&device| device < self.devices.len());
        device.ok_or_else(|| {
            Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_DEVICEID, format!("there is no device {ordinal}"))
        })
    }

    pub(super) fn default_context(&self, device: usize) -> usize {
        *self.devices[device].default_context.get_or_init(|| self.new_context(device))
    }

    pub(super) fn new_context(&self, device: usize) -> usize {
        let (context, stream) = (self.new_handle(), self.new_handle());
        let default_stream = SimStream::new(stream, context, device, self.config.queue_slots);
        let mut objects = lock(&self.objects);
        objects.streams.insert(stream, default_stream.clone());
        objects.contexts.insert(context, SimContext { device, default_stream });
        context
    }

    /// A stream of the thread's context; 0 is its default stream.
    pub(super) fn stream(&self, handle: usize) -> Result<Arc<SimStream>, Fail> {
        let (current, context) = self.context()?;
        if handle == 0 {
            return Ok(context.default_stream);
        }
        let stream = lock(&self.objects).streams.get(&handle).cloned();
        let stream = stream.ok_or_else(|| Fail::handle("no such stream, or it was destroyed"))?;
        if stream.context != current {
            let text = "the stream is not of the current context".into();
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CONTEXT, text));
        }
        Ok(stream)
    }

    /// A stream by its handle, whatever context is current.
    pub(super) fn any_stream(&self, handle: usize) -> Option<Arc<SimStream>> {
        lock(&self.objects).streams.get(&handle).cloned()
    }

    pub(super) fn event(&self, handle: usize) -> Result<Arc<SimEvent>, Fail> {
        self.context()?;
        let event = lock(&self.objects).events.get(&handle).cloned();
        event.ok_or_else(|| Fail::handle("no such event, or it was destroyed"))
    }

    pub(super) fn streams_of(&self, device: usize) -> Vec<Arc<SimStream>> {
        lock(&self.objects).streams.values().filter(|stream| stream.device == device).cloned().collect()
    }
}
