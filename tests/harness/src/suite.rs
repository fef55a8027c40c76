//! The one suite: every operation of the list, on a backend, each case compared with the oracle, output and fault.
//! [`suite!`](crate::suite!) instantiates it as a module of tests.

use std::thread::{available_parallelism, scope};
use std::time::Instant;

use crate::backend::Backend;
use crate::case::{Case, compare};
use crate::operation::{OPERATIONS, Operation};
use crate::random::smallest_difference;

/// [`compare`], failing the test.
///
/// # Panics
/// Where the case differs.
#[track_caller]
pub fn check(backend: &mut dyn Backend, case: &Case) {
    if let Err(difference) = compare(backend, case) {
        panic!("{difference}, in {case:?}");
    }
}

/// The seeds of every operation, spread over as many backends as the machine has processors.
///
/// # Panics
/// Where a case differs.
pub fn seeds<B: Backend>(make: impl Fn() -> B + Sync) {
    each_operation("seeds", |op| {
        spread(&make, |backend, part| op.seeds(part, &mut |case| check(backend, case)));
    });
}

/// The large cases of every operation, spread likewise.
///
/// # Panics
/// Where a case differs.
pub fn large<B: Backend>(make: impl Fn() -> B + Sync) {
    each_operation("large cases", |op| {
        spread(&make, |backend, (part, parts)| {
            let mut count = 0..;
            op.large(&mut |case| {
                if count.next().is_some_and(|at: usize| at % parts == part) {
                    check(backend, case);
                }
            });
        });
    });
}

/// Calls `run` once for each processor, with a backend of its own and which part of how many it is.
fn spread<B: Backend>(make: &(impl Fn() -> B + Sync), run: impl Fn(&mut B, (usize, usize)) + Sync) {
    let parts = available_parallelism().map_or(1, Into::into);
    let run = &run;
    scope(|scope| {
        for part in 0..parts {
            scope.spawn(move || run(&mut make(), (part, parts)));
        }
    });
}

/// Random cases of every operation.
///
/// # Panics
/// Where a case differs, with the smallest that does.
pub fn random<B: Backend>(make: impl Fn() -> B) {
    each_operation("random cases", |op| {
        if let Err(text) = smallest_difference(&make, op.random()) {
            panic!("{op:?}: {text}");
        }
    });
}

/// Arguments that do not fit together.
///
/// # Panics
/// Where they are not refused, or something was written.
pub fn refused<B: Backend>(make: impl Fn() -> B) {
    each_operation("refused arguments", |op| op.refused(&mut make()));
}

/// Runs something for each operation, or for the one that `ASCEND_CACHE_LOC_SUITE` names, and tells what each takes.
fn each_operation(what: &str, run: impl Fn(&'static dyn Operation)) {
    let one = std::env::var("ASCEND_CACHE_LOC_SUITE").ok();
    let operations: Vec<_> = OPERATIONS.iter().filter(|op| one.as_deref().is_none_or(|one| one == op.name())).collect();
    assert!(!operations.is_empty(), "no operation is named {one:?}");
    for &&op in &operations {
        let began = Instant::now();
        run(op);
        println!("{}, {what}: {:.1} s", op.name(), began.elapsed().as_secs_f64());
    }
}

/// Instantiates the suite: `suite!(name, expression that makes the backend)`, with attributes for each of its tests.
#[macro_export]
macro_rules! suite {
    ($(#[$attribute:meta])* $name:ident, $backend:expr) => {
        mod $name {
            use super::*;

            #[test]
            $(#[$attribute])*
            fn seeds() {
                harness::suite::seeds(|| $backend);
            }

            #[test]
            $(#[$attribute])*
            fn large() {
                harness::suite::large(|| $backend);
            }

            #[test]
            $(#[$attribute])*
            fn random() {
                harness::suite::random(|| $backend);
            }

            #[test]
            $(#[$attribute])*
            fn refused() {
                harness::suite::refused(|| $backend);
            }
        }
    };
}
