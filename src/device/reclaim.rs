//! Giving back what was dropped: by whoever waits for a stream, and by [`Device::reclaim`] for all of them.

#![allow(unsafe_code, reason = "memory is freed and streams are destroyed by the word of a wait")]

use std::sync::Arc;

use super::fault_log::{FaultLog, Read};
use super::garbage::{self, CapturedGraph, Dropped, Owner, leaked};
use super::state::StreamState;
use crate::acl::codes::{self, Class};
use crate::acl::{self, Api, Context, RawStream};
use crate::{Device, Error, Result, logging};

impl Device {
    /// Waits for everything on the device's streams, in each context that they are of, then frees all memory, events and
    /// streams that were dropped. Blocking. Not for a loop: the calls that wait for a stream free what was dropped on it.
    ///
    /// # Errors
    /// [`Error::Capturing`], [`Error::Acl`], [`Error::DeviceLost`]: the first, others are logged; other contexts are
    /// reclaimed all the same. What could not be waited for stays, for the next time. AscendCL tells of one failure for all
    /// of a context's streams, and the next wait for a stream does not tell of it again.
    pub fn reclaim(&self) -> Result<()> {
        loop {
            // What graphs kept is dropped with them, and may leave more to be given back.
            let mut owners = Vec::new();
            let result = self.reclaim_all(&mut owners);
            if result.is_err() || owners.is_empty() {
                return result;
            }
        }
    }

    /// Waits for the device, once in each context, since AscendCL waits for the streams of the current one alone; frees
    /// what was dropped before, and destroys the orphans. What could not be waited for stays listed. Gives the first
    /// error, and what graphs kept, to be dropped where no lock is held.
    fn reclaim_all(&self, owners: &mut Vec<Owner>) -> Result<()> {
        // Before the lock, which a thread that a forked child lacks may hold.
        self.check_fork()?;
        let registry = self.streams();
        let _alone = registry.reclaiming();
        let live = registry.live();
        let mut orphans = registry.take_orphans();
        let mut contexts = vec![self.context()];
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
            let waited = match self.captures(Some(context)) {
                true => Err(Error::Capturing),
                false => self.within(context, None, Api::synchronize_device),
            };
            if let Err(error) = waited {
                logging::warn!("what was dropped in a context is kept, which was not waited for: {error}");
                first = first.and(Err(error));
                continue;
            }
            for (state, drops, reads) in before {
                // SAFETY: the wait began after them.
                owners.extend(unsafe { self.finish(state, drops, reads, None) });
                let destroyed = self.within(context, None, |api| {
                    state.garbage.destroy_events(api);
                    Ok::<_, acl::Error>(())
                });
                leaked("events of a stream", destroyed);
            }
            for orphan in orphans.extract_if(.., |state| state.context == context) {
                // SAFETY: waited for, and no handle is left.
                owners.extend(unsafe { self.scrap(orphan, |api, raw| api.destroy_stream(raw)) });
            }
        }
        registry.keep_orphans(orphans);
        first
    }

    /// Whether a stream of a context, or of any, is being captured. One that cannot be asked is not.
    fn captures(&self, context: Option<Context>) -> bool {
        self.streams().any(|(of, raw)| {
            context.is_none_or(|context| context == of) && self.within(of, None, |api| api.is_captured(raw)) == Ok(true)
        })
    }

    /// A log that a stream which is gone has left, or a new one; to be cleared.
    pub(crate) fn new_log(&self, context: Context) -> Result<FaultLog> {
        if let Some(log) = self.streams().take_log() {
            return Ok(log);
        }
        self.with_room(context, |api| FaultLog::allocate(api, self.info().vector_cores))
    }

    /// Runs `f`, a call that takes memory or a stream. Where these have run out, gives back what was dropped and runs it
    /// once more; but waits for nothing while a stream that we know is captured.
    pub(crate) fn with_room<T>(&self, context: Context, f: impl Fn(&Api) -> acl::Result<T>) -> Result<T> {
        match self.within(context, None, &f) {
            Err(Error::Acl { code, .. })
                if matches!(codes::class(code), Class::OutOfMemory | Class::OutOfResources) && !self.captures(None) =>
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

    /// Takes what the first so many reads of a stream's log hold, a check's own among them, and gives back what was dropped
    /// by so many drops, and before the reads. What fails is leaked and logged. Gives what graphs kept, to be dropped in
    /// the caller's context and where no lock is held: its drop is anybody's code.
    ///
    /// # Safety
    /// The stream has come to these reads, and to the work that was enqueued before these drops.
    #[must_use]
    pub(crate) unsafe fn finish(&self, state: &StreamState, drops: u64, reads: u64, own: Option<Read>) -> Vec<Owner> {
        let drops = state.log.finish(reads, own).max(drops);
        let (mut memory, mut pinned, mut graphs) = (Vec::new(), Vec::new(), Vec::new());
        for dropped in state.garbage.take(drops) {
            match dropped {
                Dropped::Memory(dropped) => memory.push(dropped),
                // The last of the streams that read it.
                Dropped::Shared(shared) => memory.extend(Arc::into_inner(shared)),
                Dropped::Pinned(dropped) => pinned.push(dropped),
                // The last of the streams that it was replayed on.
                Dropped::Graph(graph) => graphs.extend(Arc::into_inner(graph)),
            }
        }
        if !(memory.is_empty() && pinned.is_empty()) {
            let freed = self.within(state.context, None, |api| {
                // SAFETY: the caller's promise; what was dropped before a read is enqueued before it too.
                unsafe { garbage::free(api, memory, pinned) };
                Ok::<_, acl::Error>(())
            });
            leaked("memory of dropped buffers", freed);
        }
        let mut kept = Vec::new();
        for CapturedGraph { raw, context, owners } in graphs {
            // SAFETY: each stream that it was replayed on has come to the end of that.
            let destroyed = self.within(context, None, |api| unsafe { api.destroy_graph(raw) });
            leaked("a dropped graph", destroyed);
            kept.extend(owners);
        }
        kept
    }

    /// Gives back what a stream that is gone had; `end` is the end of the stream itself. What fails is leaked and logged.
    /// Gives what graphs kept, as [`finish`](Self::finish) does.
    ///
    /// # Safety
    /// No handle is left, all its work is done, and no graph that captured any of it runs again.
    #[must_use]
    pub(crate) unsafe fn scrap(
        &self,
        mut state: StreamState,
        end: impl FnOnce(&Api, RawStream) -> acl::Result<()>,
    ) -> Vec<Owner> {
        // That of every owned stream. Memory and events need none, and that of a borrowed stream may be gone.
        let context = self.context();
        state.context = context;
        // SAFETY: the caller's promise.
        let owners = unsafe { self.finish(&state, u64::MAX, u64::MAX, None) };
        let StreamState { raw, log, garbage, .. } = state;
        log.take_events().into_iter().for_each(|event| garbage.add_event(event));
        let ended = self.within(context, None, |api| {
            garbage.destroy_events(api);
            log.log_rest(api);
            end(api, raw)
        });
        leaked("a dropped stream", ended);
        self.streams().keep_log(log.reuse());
        owners
    }
}
