//! The streams of a device: those that are borrowed, those that are owned, and what is given back of both.

#![allow(unsafe_code, reason = "memory is freed and streams are destroyed by the word of a wait")]

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::fault_log::{FaultLog, Read};
use super::garbage::{self, leaked};
use super::stream::{Borrowed, Owned, StreamState};
use crate::acl::codes::{self, Class};
use crate::acl::{Api, Context, RawStream};
use crate::{Device, Error, Result, logging};

/// The streams of a device.
#[derive(Debug, Default)]
pub(crate) struct Streams {
    /// Locked for a moment only, never during a call.
    known: Mutex<Known>,
    /// Held while the device is waited for, so that a stream does not go while it is on the list of what was waited for.
    reclaiming: Mutex<()>,
    /// Held while streams are asked whether they are captured, which waits for nothing, so that none of them is retired.
    asking: Mutex<()>,
}

#[derive(Debug, Default)]
struct Known {
    /// By context and raw stream, until retired: graphs may hold the addresses of their logs.
    borrowed: Vec<Arc<StreamState>>,
    owned: Vec<Weak<Owned>>,
    /// Owned streams without a handle, to be destroyed.
    orphans: Vec<StreamState>,
    /// Logs of streams that are gone, for the next ones.
    logs: Vec<FaultLog>,
}

/// The streams of a device at a moment, kept. Made while `reclaiming` is held, so that none of them is retired.
struct Live {
    borrowed: Vec<Arc<StreamState>>,
    owned: Vec<Arc<Owned>>,
}

impl Live {
    fn states(&self) -> impl Iterator<Item = &StreamState> {
        self.borrowed.iter().map(|state| &**state).chain(self.owned.iter().map(|owned| owned.state()))
    }
}

impl Streams {
    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn live(&self) -> Live {
        let mut known = self.known();
        known.owned.retain(|owned| owned.strong_count() > 0);
        let owned = known.owned.iter().filter_map(Weak::upgrade).collect();
        Live { borrowed: known.borrowed.clone(), owned }
    }

    /// Whether a stream of a context, or of any, is being captured. Waits for no one who reclaims. One that cannot be asked
    /// is not; nor is one without a handle, which its owner may have destroyed.
    fn captures(&self, device: &Device, context: Option<Context>) -> bool {
        let _asking = self.asking.lock().unwrap_or_else(PoisonError::into_inner);
        let known = self.known();
        let owned: Vec<_> = known.owned.iter().filter_map(Weak::upgrade).collect();
        let borrowed = known.borrowed.iter().filter(|state| Arc::strong_count(&state.handles) > 1);
        // SAFETY: its owner keeps it for those who ask while it has a handle, which the promise of a borrow includes.
        let borrowed = borrowed.map(|state| (state.context, unsafe { RawStream::borrowed(state.raw.raw()) }));
        let borrowed: Vec<_> = borrowed.collect();
        drop(known);
        let owned = owned.iter().map(|owned| (owned.state().context, &owned.state().raw));
        let all = borrowed.iter().map(|(context, raw)| (*context, raw)).chain(owned);
        let mut here = all.filter(|(of, _)| context.is_none_or(|context| context == *of));
        here.any(|(context, raw)| device.within(context, None, |api| api.is_captured(raw)) == Ok(true))
    }

    /// Waits for the device, once in each context, since AscendCL waits for the streams of the current one alone; frees
    /// what was dropped before, and destroys the orphans. What could not be waited for stays listed. Gives the first
    /// error.
    pub(crate) fn reclaim(&self, device: &Device) -> Result<()> {
        // Before the lock, which a thread that a forked child lacks may hold.
        device.check_fork()?;
        let _alone = self.reclaiming.lock().unwrap_or_else(PoisonError::into_inner);
        let live = self.live();
        let mut orphans = std::mem::take(&mut self.known().orphans);
        let mut contexts = vec![device.context()];
        for context in live.states().chain(&orphans).map(|state| state.context) {
            if !contexts.contains(&context) {
                contexts.push(context);
            }
        }
        let mut first = Ok(());
        for context in contexts {
            let here = |state: &&StreamState| state.context == context;
            // Before the wait: what is dropped during it may be in use by later work.
            let states = live.states().chain(&orphans).filter(here);
            let before: Vec<_> = states.map(|state| (state, state.garbage.drops(), state.log.enqueued())).collect();
            let waited = match self.captures(device, Some(context)) {
                true => Err(Error::Capturing),
                false => device.within(context, None, Api::synchronize_device),
            };
            if let Err(error) = waited {
                logging::warn!("what was dropped in a context is kept, which was not waited for: {error}");
                first = first.and(Err(error));
                continue;
            }
            for (state, drops, reads) in before {
                // SAFETY: the wait began after them.
                unsafe { device.finish(state, drops, reads, None) };
                let destroyed = device.within(context, None, |api| {
                    state.garbage.destroy_events(api);
                    Ok(())
                });
                leaked("events of a stream", destroyed);
            }
            for orphan in orphans.extract_if(.., |state| state.context == context) {
                // SAFETY: waited for, and no handle is left.
                unsafe { device.scrap(orphan, |api, raw| api.destroy_stream(raw)) };
            }
        }
        self.known().orphans.extend(orphans);
        first
    }
}

/// For streams: the lists of their device.
impl Device {
    /// A log that a stream which is gone has left, or a new one; to be cleared.
    pub(crate) fn new_log(&self, context: Context) -> Result<FaultLog> {
        if let Some(log) = self.streams().known().logs.pop() {
            return Ok(log);
        }
        self.with_room(context, |api| FaultLog::allocate(api, self.info().vector_cores))
    }

    /// Runs `f`, a call that takes memory or a stream. Where these have run out, gives back what was dropped and runs it
    /// once more; but waits for nothing while a stream that we know is captured.
    pub(crate) fn with_room<T>(&self, context: Context, f: impl Fn(&Api) -> Result<T>) -> Result<T> {
        match self.within(context, None, &f) {
            Err(Error::Acl { code, .. })
                if matches!(codes::class(code), Class::OutOfMemory | Class::OutOfResources)
                    && !self.streams().captures(self, None) =>
            {
                match self.reclaim() {
                    // The wait has taken the failure of somebody's work: nobody else is told.
                    Err(failed @ Error::Acl { call: "aclrtSynchronizeDevice", code, .. })
                        if codes::class(code) != Class::Capture =>
                    {
                        Err(failed)
                    }
                    // Part of it may have helped.
                    _ => self.within(context, None, f),
                }
            }
            result => result,
        }
    }

    /// A handle of the stream that was borrowed before.
    pub(crate) fn borrowed(&self, context: Context, raw: &RawStream) -> Option<Borrowed> {
        let known = self.streams().known();
        known.borrowed.iter().find(|state| state.context == context && state.raw == *raw).map(Borrowed::of)
    }

    /// Keeps a stream that was borrowed for the first time; where another thread was faster, gives a handle of that one's.
    pub(crate) fn keep_borrowed(&self, state: StreamState) -> Borrowed {
        let mut known = self.streams().known();
        let same = |other: &&Arc<StreamState>| other.context == state.context && other.raw == state.raw;
        if let Some(other) = known.borrowed.iter().find(same).map(Borrowed::of) {
            known.logs.push(state.log);
            return other;
        }
        let state = Arc::new(state);
        let handle = Borrowed::of(&state);
        known.borrowed.push(state);
        handle
    }

    /// Gives up a borrowed stream, if this is its only handle.
    pub(crate) fn release_borrowed(&self, handle: &Borrowed) -> bool {
        let _alone = self.streams().reclaiming.lock().unwrap_or_else(PoisonError::into_inner);
        let _unasked = self.streams().asking.lock().unwrap_or_else(PoisonError::into_inner);
        let mut known = self.streams().known();
        // The state's own and the caller's; whoever borrows it again does so under this lock.
        let alone = Arc::strong_count(&handle.state.handles) == 2;
        if alone {
            known.borrowed.retain(|other| !Arc::ptr_eq(other, &handle.state));
        }
        alone
    }

    pub(crate) fn keep_owned(&self, owned: &Arc<Owned>) {
        self.streams().known().owned.push(Arc::downgrade(owned));
    }

    /// Takes over an owned stream whose last handle is gone. Makes no device call.
    pub(crate) fn orphan(&self, state: StreamState) {
        self.streams().known().orphans.push(state);
    }

    /// Takes what the first so many reads of a stream's log hold, a check's own among them, and frees the memory of so many
    /// drops, and of those before the reads. What fails is leaked and logged.
    ///
    /// # Safety
    /// The stream has come to these reads, and to the work that was enqueued before these drops.
    pub(crate) unsafe fn finish(&self, state: &StreamState, drops: u64, reads: u64, own: Option<Read>) {
        let drops = state.log.finish(reads, own).max(drops);
        let dropped = state.garbage.take_memory(drops);
        if dropped.is_empty() {
            return;
        }
        let freed = self.within(state.context, None, |api| {
            // SAFETY: the caller's promise; what was dropped before a read is enqueued before it too.
            unsafe { garbage::free(api, dropped) };
            Ok(())
        });
        leaked("memory of dropped buffers", freed);
    }

    /// Gives back what a stream that is gone had; `end` is the end of the stream itself. What fails is leaked and logged.
    ///
    /// # Safety
    /// No handle is left, all its work is done, and no graph that captured any of it runs again.
    pub(crate) unsafe fn scrap(&self, mut state: StreamState, end: impl FnOnce(&Api, RawStream) -> Result<()>) {
        // That of every owned stream. Memory and events need none, and that of a borrowed stream may be gone.
        let context = self.context();
        state.context = context;
        // SAFETY: the caller's promise.
        unsafe { self.finish(&state, u64::MAX, u64::MAX, None) };
        let StreamState { raw, log, garbage, .. } = state;
        log.take_events().into_iter().for_each(|event| garbage.add_event(event));
        let ended = self.within(context, None, |api| {
            garbage.destroy_events(api);
            log.log_rest(api);
            end(api, raw)
        });
        leaked("a dropped stream", ended);
        self.streams().known().logs.push(log.reuse());
    }
}
