//! The one suite. [`suite!`] instantiates it for a backend: a module of tests, the same cases for every backend, each
//! compared with the oracle, output and fault.

pub(crate) mod prop;
pub(crate) mod refused;
pub(crate) mod seeds;

use harness::backend::{Backend, CallError};
use harness::case::Case;

/// Runs a case on the backend and compares every element and the fault with the oracle; tells the first difference, or
/// why the backend gave nothing to compare.
pub(crate) fn compare(backend: &mut impl Backend, case: &Case) -> Result<(), String> {
    let (got, expected) = (case.run(backend), case.expected());
    if let Err(CallError::Failed(why)) = got.result {
        return Err(why);
    }
    if let Some(i) = (0..expected.out.len()).find(|&i| got.out[i] != expected.out[i]) {
        return Err(format!("out[{i}] is {}, expected {}", got.out[i], expected.out[i]));
    }
    if got.result != expected.result {
        return Err(format!("returned {:?}, expected {:?}", got.result, expected.result));
    }
    Ok(())
}

/// [`compare`], failing the test.
#[track_caller]
pub(crate) fn check(backend: &mut impl Backend, case: &Case) {
    if let Err(difference) = compare(backend, case) {
        panic!("{difference}, in {case:?}");
    }
}

/// Instantiates the suite: `suite!(name, expression that makes the backend)`, with attributes for each of its tests.
macro_rules! suite {
    ($(#[$attribute:meta])* $name:ident, $backend:expr) => {
        mod $name {
            use super::*;

            #[test]
            $(#[$attribute])*
            fn last_loc_seeds() {
                suite::seeds::last_loc(&mut $backend);
            }

            #[test]
            $(#[$attribute])*
            fn extend_locs_seeds() {
                suite::seeds::extend_locs(&mut $backend);
            }

            #[test]
            $(#[$attribute])*
            fn batch_of_100_000() {
                suite::seeds::batch_of_100_000(&mut $backend);
            }

            #[test]
            $(#[$attribute])*
            fn long_rows() {
                suite::seeds::long_rows(&mut $backend);
            }

            #[test]
            $(#[$attribute])*
            fn last_loc_prop() {
                suite::prop::last_loc(|| $backend);
            }

            #[test]
            $(#[$attribute])*
            fn extend_locs_prop() {
                suite::prop::extend_locs(|| $backend);
            }

            #[test]
            $(#[$attribute])*
            fn refused_before_anything_is_written() {
                suite::refused::refused_before_anything_is_written(&mut $backend);
            }
        }
    };
}
pub(crate) use suite;
