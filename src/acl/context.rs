//! The current context of a thread: made ours for a call, and the caller's again.

use std::cell::RefCell;

use super::{Api, Context};
use super::{Error, Result};
use crate::logging;

thread_local! {
    /// By library, the context that a call of ours has left current on this thread, which had none: AscendCL has no call
    /// to restore that.
    static LEFT: RefCell<Vec<(u64, Context)>> = const { RefCell::new(Vec::new()) };
}

impl Api {
    /// Runs `f` with `context` current on this thread.
    pub(crate) fn in_context<T, E: From<Error>>(
        &self,
        context: Context,
        f: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        let current = self.current_context()?;
        if current == Some(context) {
            return f(self);
        }
        self.set_current_context(context)?;
        let result = f(self);
        self.restore(current, context);
        result
    }

    /// Runs `f`, which makes a context current.
    pub(crate) fn keeping_context<T, E: From<Error>>(&self, f: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
        let before = self.current_context()?;
        let result = f();
        if let Ok(Some(now)) = self.current_context()
            && Some(now) != before
        {
            self.restore(before, now);
        }
        result
    }

    /// The context that the thread's own code has made current.
    pub(crate) fn callers_context(&self) -> Result<Option<Context>> {
        let left = LEFT.with_borrow(|left| left.iter().find(|(id, _)| *id == self.id).map(|&(_, context)| context));
        Ok(self.current_context()?.filter(|&context| Some(context) != left))
    }

    /// What `f` did stands, whether this works or not: a launch that was enqueued is no error. It fails where the caller's
    /// context was destroyed meanwhile.
    fn restore(&self, before: Option<Context>, ours: Context) {
        match before {
            Some(before) => {
                if let Err(error) = self.set_current_context(before) {
                    logging::warn!("the caller's context was not restored: {error}");
                }
            }
            None => LEFT.with_borrow_mut(|left| {
                left.retain(|(id, _)| *id != self.id);
                left.push((self.id, ours));
            }),
        }
    }
}
