//! The table of a simulated library. A C function has no room for "which library", so each of a fixed number of slots
//! has functions of its own, and a machine takes a slot for its life.

use std::ffi::{c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, PoisonError};

use super::calls::Call;
use super::fail::Fail;
use super::state::State;
use crate::acl::bindings::*;
use crate::acl::functions::functions;

/// How many machines there can be at a time.
pub(super) const SLOTS: usize = 32;

static MACHINES: [Mutex<Option<Arc<State>>>; SLOTS] = [const { Mutex::new(None) }; SLOTS];

/// A slot that holds a machine until it is dropped.
#[derive(Debug)]
pub(super) struct Slot(usize);

impl Slot {
    /// Puts a machine into a free slot; `None` where there is none.
    pub(super) fn take(state: &Arc<State>) -> Option<Self> {
        let free = |slot: &usize| {
            let mut machine = MACHINES[*slot].lock().unwrap_or_else(PoisonError::into_inner);
            let free = machine.is_none();
            if free {
                *machine = Some(state.clone());
            }
            free
        };
        (0..SLOTS).find(free).map(Self)
    }

    /// The functions of the slot, but for those that the machine lacks.
    pub(super) fn table(&self, lacks: &[&str]) -> AclApi {
        let mut table = TABLES[self.0];
        for name in lacks {
            remove(&mut table, name);
        }
        table
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let machine = MACHINES[self.0].lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some(state) = machine {
            state.end();
        }
    }
}

/// What a function of the table returns.
trait Returned {
    type Value;
    fn done(value: Self::Value) -> Self;
    fn failed(code: i32) -> Self;
}

impl Returned for c_int {
    type Value = ();

    fn done((): ()) -> Self {
        0
    }

    fn failed(code: i32) -> Self {
        code
    }
}

impl Returned for *const c_char {
    type Value = Self;

    fn done(value: Self) -> Self {
        value
    }

    fn failed(_: i32) -> Self {
        std::ptr::null()
    }
}

/// A call: counted, failed where a test wants it to, and its error text kept for the thread. Nothing unwinds into C.
fn enter<R: Returned>(slot: usize, call: Call, f: impl FnOnce(&Arc<State>) -> Result<R::Value, Fail>) -> R {
    let machine = MACHINES[slot].lock().unwrap_or_else(PoisonError::into_inner).clone();
    let Some(state) = machine else { return R::failed(ASCEND_CACHE_LOC_ACL_ERROR_UNINITIALIZE.cast_signed()) };
    let called = || state.calls.count(call).and_then(|()| f(&state));
    let result =
        catch_unwind(AssertUnwindSafe(called)).unwrap_or_else(|_| Err(Fail::internal("the simulation panicked")));
    result.map_or_else(
        |fail| {
            state.set_message(&fail.text);
            R::failed(fail.code)
        },
        R::done,
    )
}

macro_rules! simulated {
    ($($need:ident $name:ident($($argument:ident: $type:ty),*) -> $returned:ty, $kind:ident, $since:literal;)+) => {
        /// The functions as C calls them.
        mod entry {
            use super::*;
            $(pub(super) unsafe extern "C" fn $name<const SLOT: usize>($($argument: $type),*) -> $returned {
                // SAFETY: the caller keeps AscendCL's rules.
                unsafe { by_slot::$name(SLOT, $($argument),*) }
            })+
        }

        /// The functions once for all slots.
        mod by_slot {
            use super::*;
            $(#[inline(never)]
            #[allow(clippy::too_many_arguments, reason = "AscendCL's functions")]
            pub(super) unsafe fn $name(slot: usize, $($argument: $type),*) -> $returned {
                // SAFETY: the caller keeps AscendCL's rules.
                enter(slot, Call::$name, |state| unsafe { state.$name($($argument),*) })
            })+
        }

        const fn table<const SLOT: usize>() -> AclApi {
            AclApi { $($name: Some(entry::$name::<SLOT>)),+ }
        }

        fn remove(table: &mut AclApi, name: &str) {
            match name {
                $(stringify!($name) => table.$name = None,)+
                _ => panic!("AclApi has no function {name}"),
            }
        }
    };
}

functions!(simulated);

macro_rules! tables {
    ($($slot:literal)+) => { [$(table::<$slot>()),+] };
}
static TABLES: [AclApi; SLOTS] =
    tables![0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31];
