//! A simulated machine: its devices, and everything that AscendCL hands out handles for.

use std::cell::RefCell;
use std::collections::HashMap;
use std::ffi::{CString, c_char};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, Weak};

use super::calls::Calls;
use super::capture::Capture;
use super::config::SimConfig;
use super::device::SimDevice;
use super::event::SimEvent;
use super::fail::{Fail, lock};
use super::memory::Pinned;
use super::stream::SimStream;
use super::task::{Effect, Graph};
use crate::acl::bindings as raw;
use crate::sim::cores::{CoreCounters, Steps};

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
    /// Handles that were used and are not live.
    pub(super) misuses: Mutex<Vec<String>>,
    /// Launches until one has an effect, and the effect.
    pub(super) effects: Mutex<Vec<(u64, Effect)>>,
    pub(super) last_counters: Mutex<Vec<CoreCounters>>,
    pub(super) last_steps: Mutex<Steps>,
    pub(super) launches: AtomicU64,
    initialised: AtomicBool,
    tasks: AtomicU64,
    next_handle: AtomicUsize,
    ended: AtomicBool,
}

/// By handle. A handle is never given twice.
#[derive(Debug, Default)]
pub(super) struct Objects {
    pub(super) contexts: HashMap<usize, Arc<SimContext>>,
    pub(super) streams: HashMap<usize, Arc<SimStream>>,
    /// Destroyed streams, which may still be at work.
    pub(super) leaving: Vec<Weak<SimStream>>,
    pub(super) events: HashMap<usize, Arc<SimEvent>>,
    /// The device that a binary was loaded for.
    pub(super) binaries: HashMap<usize, usize>,
    /// The device and the kernel's name.
    pub(super) functions: HashMap<usize, (usize, Arc<str>)>,
    pub(super) graphs: HashMap<usize, Arc<Graph>>,
}

#[derive(Debug)]
pub(super) struct SimContext {
    pub(super) handle: usize,
    pub(super) device: usize,
    /// Of aclrtSetDevice; otherwise of aclrtCreateContext.
    pub(super) primary: bool,
    pub(super) default_stream: Arc<SimStream>,
    /// `Context::streamLock_`: a wait for the context's streams keeps others from making and destroying any.
    pub(super) streams: Mutex<()>,
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
        Self {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            calls: Calls::new(),
            devices: (0..config.devices as usize).map(|device| SimDevice::new(device, &config)).collect(),
            misuses: Mutex::default(),
            objects: Mutex::default(),
            pinned: Mutex::default(),
            captures: Mutex::default(),
            effects: Mutex::default(),
            last_counters: Mutex::default(),
            last_steps: Mutex::default(),
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
        self.all_streams().iter().for_each(|stream| stream.close());
    }

    /// All that may be at work.
    pub(super) fn all_streams(&self) -> Vec<Arc<SimStream>> {
        let objects = lock(&self.objects);
        objects.streams.values().cloned().chain(objects.leaving.iter().filter_map(Weak::upgrade)).collect()
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
        Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_UNINITIALIZE, "aclInit was not called"))
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

    pub(super) fn set_context(&self, context: usize) {
        self.thread(|thread| thread.context = Some(context));
    }

    pub(super) fn device(&self, ordinal: i64) -> Result<usize, Fail> {
        let device = usize::try_from(ordinal).ok().filter(|&device| device < self.devices.len());
        device.ok_or_else(|| {
            Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_INVALID_DEVICEID, format!("there is no device {ordinal}"))
        })
    }
}

/// What handles stand for.
impl State {
    /// The object of a handle, which the runtime looks at before anything else (`ValidateStreamHandleForApi` and its
    /// like). Before 9.1.0 it does not look: the behaviour is undefined, so each is kept for the tests to see.
    fn live<T: Clone>(&self, handle: usize, what: &str, of: fn(&Objects) -> &HashMap<usize, T>) -> Result<T, Fail> {
        let found = of(&lock(&self.objects)).get(&handle).cloned();
        found.ok_or_else(|| {
            let text = format!("no such {what}, or it was destroyed");
            lock(&self.misuses).push(text.clone());
            Fail::handle(&text)
        })
    }

    /// A stream, of whatever context; null gives `None`.
    pub(super) fn stream(&self, handle: usize) -> Result<Option<Arc<SimStream>>, Fail> {
        self.check_initialised()?;
        (handle != 0).then(|| self.live(handle, "stream", |objects| &objects.streams)).transpose()
    }

    pub(super) fn event(&self, handle: usize) -> Result<Arc<SimEvent>, Fail> {
        self.live(handle, "event", |objects| &objects.events)
    }

    pub(super) fn binary(&self, handle: usize) -> Result<usize, Fail> {
        self.live(handle, "binary", |objects| &objects.binaries)
    }

    pub(super) fn function(&self, handle: usize) -> Result<(usize, Arc<str>), Fail> {
        self.live(handle, "function", |objects| &objects.functions)
    }

    /// A graph; `None` for one that is still being captured.
    pub(super) fn graph(&self, handle: usize) -> Result<Option<Arc<Graph>>, Fail> {
        if lock(&self.captures).iter().any(|capture| capture.graph == handle) {
            return Ok(None);
        }
        self.live(handle, "graph", |objects| &objects.graphs).map(Some)
    }

    /// A stream by its handle, for the tests.
    pub(super) fn any_stream(&self, handle: usize) -> Option<Arc<SimStream>> {
        lock(&self.objects).streams.get(&handle).cloned()
    }
}

/// Contexts.
impl State {
    /// The thread's context. One that was destroyed is none (9.1.0 and before: AscendCL may still name it).
    pub(super) fn context(&self) -> Result<Arc<SimContext>, Fail> {
        self.check_initialised()?;
        let handle = self.thread(|thread| thread.context);
        let context = handle.and_then(|handle| lock(&self.objects).contexts.get(&handle).cloned());
        context.ok_or_else(|| Fail::no_context("no context is current on this thread"))
    }

    /// The context of aclrtSetDevice, made at its first use.
    pub(super) fn primary_context(&self, device: usize) -> Result<usize, Fail> {
        let mut primary = lock(&self.devices[device].primary);
        match *primary {
            Some(context) => Ok(context),
            None => Ok(*primary.insert(self.new_context(device, true)?)),
        }
    }

    pub(super) fn new_context(&self, device: usize, primary: bool) -> Result<usize, Fail> {
        let id = self.devices[device].stream()?;
        let (handle, stream) = (self.new_handle(), self.new_handle());
        let default_stream = SimStream::new(stream, handle, device, self.config.queue_slots, id);
        let context = SimContext { handle, device, primary, default_stream, streams: Mutex::default() };
        let mut objects = lock(&self.objects);
        objects.streams.insert(stream, context.default_stream.clone());
        objects.contexts.insert(handle, Arc::new(context));
        Ok(handle)
    }

    /// The streams of a context in the order of their making, the default stream apart.
    pub(super) fn streams_of(&self, context: &SimContext) -> Vec<Arc<SimStream>> {
        let objects = lock(&self.objects);
        let own = |stream: &&Arc<SimStream>| {
            stream.context == context.handle && stream.handle != context.default_stream.handle
        };
        let mut streams: Vec<_> = objects.streams.values().filter(own).cloned().collect();
        streams.sort_by_key(|stream| stream.handle);
        streams
    }
}

impl SimContext {
    /// The stream that a call means: one of this context, whose default stream null stands for.
    pub(super) fn own(&self, stream: Option<Arc<SimStream>>) -> Result<Arc<SimStream>, Fail> {
        let stream = stream.unwrap_or_else(|| self.default_stream.clone());
        if stream.context != self.handle {
            let text = "the stream is not of the current context";
            return Err(Fail::new(raw::ASCEND_CACHE_LOC_ACL_ERROR_RT_STREAM_CONTEXT, text));
        }
        Ok(stream)
    }
}
