//! The streams of a device: those that are borrowed, those that are owned, and what is left of those that are gone.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::fault_log::FaultLog;
use super::state::{Asked, Borrowed, StreamState};
use crate::acl::{Context, RawStream};

/// The streams of a device.
#[derive(Debug, Default)]
pub(crate) struct Registry {
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

/// All handles of an owned stream share one; its drop leaves the stream to the registry. Makes no device call.
pub(crate) struct Owned {
    registry: Arc<Registry>,
    /// `None` in the drop alone.
    state: Option<StreamState>,
}

impl Owned {
    pub(crate) fn new(registry: &Arc<Registry>, state: StreamState) -> Self {
        Self { registry: registry.clone(), state: Some(state) }
    }

    pub(crate) fn state(&self) -> &StreamState {
        self.state.as_ref().expect("there until the drop")
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if let Some(state) = self.state.take() {
            state.log.log_known();
            self.registry.known().orphans.push(state);
        }
    }
}

impl fmt::Debug for Owned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.state.fmt(f)
    }
}

/// The streams of a device at a moment, kept. Made while `reclaiming` is held, so that none of them is retired.
pub(crate) struct Live {
    borrowed: Vec<Arc<StreamState>>,
    owned: Vec<Arc<Owned>>,
}

impl Live {
    pub(crate) fn states(&self) -> impl Iterator<Item = &StreamState> {
        self.borrowed.iter().map(|state| &**state).chain(self.owned.iter().map(|owned| owned.state()))
    }
}

impl Registry {
    fn known(&self) -> MutexGuard<'_, Known> {
        locked(&self.known)
    }

    /// To be held by whoever waits for the device.
    pub(crate) fn reclaiming(&self) -> MutexGuard<'_, ()> {
        locked(&self.reclaiming)
    }

    pub(crate) fn live(&self) -> Live {
        let mut known = self.known();
        known.owned.retain(|owned| owned.strong_count() > 0);
        let owned = known.owned.iter().filter_map(Weak::upgrade).collect();
        Live { borrowed: known.borrowed.clone(), owned }
    }

    /// Whether `asked` says so of a stream. Waits for no one who reclaims. One without a handle is not asked: its owner may
    /// have destroyed it.
    pub(crate) fn any(&self, mut asked: impl FnMut(Asked<'_>) -> bool) -> bool {
        let _asking = locked(&self.asking);
        let (borrowed, owned) = self.handles();
        borrowed.iter().any(|handle| asked(handle.state.asked()))
            || owned.iter().any(|owned| asked(owned.state().asked()))
    }

    /// Handles of the streams that `asked` says so of; owned ones that have none get one again.
    pub(crate) fn handles_where(
        self: &Arc<Self>,
        mut asked: impl FnMut(Asked<'_>) -> bool,
    ) -> (Vec<Borrowed>, Vec<Arc<Owned>>) {
        let orphans = self.take_orphans();
        let _asking = locked(&self.asking);
        let (mut borrowed, mut owned) = self.handles();
        // One that nobody wants is an orphan again.
        owned.extend(
            orphans.into_iter().map(|state| Arc::new(Owned::new(self, state))).inspect(|owned| self.keep_owned(owned)),
        );
        borrowed.retain(|handle| asked(handle.state.asked()));
        owned.retain(|owned| asked(owned.state().asked()));
        (borrowed, owned)
    }

    /// Handles of the streams that have one. Made and dropped while `asking` is held, but for those that are handed out.
    fn handles(&self) -> (Vec<Borrowed>, Vec<Arc<Owned>>) {
        let known = self.known();
        let owned = known.owned.iter().filter_map(Weak::upgrade).collect();
        let borrowed = known.borrowed.iter().filter(|state| Arc::strong_count(&state.handles) > 1);
        (borrowed.map(Borrowed::of).collect(), owned)
    }

    /// Owned streams without a handle: to be destroyed, or given back by [`keep_orphans`](Self::keep_orphans).
    pub(crate) fn take_orphans(&self) -> Vec<StreamState> {
        std::mem::take(&mut self.known().orphans)
    }

    pub(crate) fn keep_orphans(&self, orphans: Vec<StreamState>) {
        self.known().orphans.extend(orphans);
    }

    /// A log that a stream which is gone has left, to be cleared.
    pub(crate) fn take_log(&self) -> Option<FaultLog> {
        self.known().logs.pop()
    }

    /// Keeps the log of a stream that is gone.
    pub(crate) fn keep_log(&self, log: FaultLog) {
        self.known().logs.push(log);
    }

    /// A handle of the stream that was borrowed before.
    pub(crate) fn borrowed(&self, context: Context, raw: &RawStream) -> Option<Borrowed> {
        let known = self.known();
        known.borrowed.iter().find(|state| state.context == context && state.raw == *raw).map(Borrowed::of)
    }

    /// Keeps a stream that was borrowed for the first time; where another thread was faster, gives a handle of that one's.
    pub(crate) fn keep_borrowed(&self, state: StreamState) -> Borrowed {
        let mut known = self.known();
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
        let _alone = self.reclaiming();
        let _unasked = locked(&self.asking);
        let mut known = self.known();
        // The state's own and the caller's; whoever borrows it again does so under this lock.
        let alone = Arc::strong_count(&handle.state.handles) == 2;
        if alone {
            known.borrowed.retain(|other| !Arc::ptr_eq(other, &handle.state));
        }
        alone
    }

    pub(crate) fn keep_owned(&self, owned: &Arc<Owned>) {
        self.known().owned.push(Arc::downgrade(owned));
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
