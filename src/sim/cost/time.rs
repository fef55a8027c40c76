//! A point in time, or in a count, that can be compared.

use std::cmp::Ordering;

/// Nanoseconds, or bytes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Instant(pub(super) f64);

impl Eq for Instant {}

impl PartialOrd for Instant {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Instant {
    fn cmp(&self, other: &Self) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
