//! The KV-cache slots, handed out in pages.

use std::collections::VecDeque;

/// A paged allocator: slot s lies in page `s / page_size`. Freed pages are used again in the order they came back.
#[derive(Debug)]
pub(crate) struct PageAllocator {
    page_size: usize,
    total: usize,
    free: VecDeque<u32>,
}

impl PageAllocator {
    pub(crate) fn new(slots: usize, page_size: usize) -> Self {
        let total = slots / page_size;
        Self { page_size, total, free: (0..total as u32).collect() }
    }

    pub(crate) fn page_size(&self) -> usize {
        self.page_size
    }

    pub(crate) fn total(&self) -> usize {
        self.total
    }

    pub(crate) fn free(&self) -> &VecDeque<u32> {
        &self.free
    }

    pub(crate) fn take(&mut self) -> Option<u32> {
        self.free.pop_front()
    }

    pub(crate) fn give_back(&mut self, pages: impl IntoIterator<Item = u32>) {
        self.free.extend(pages);
    }

    /// The slots of pages, in order.
    pub(crate) fn slots(&self, pages: &[u32]) -> impl Iterator<Item = i64> {
        let size = self.page_size as i64;
        pages.iter().flat_map(move |&page| (0..size).map(move |i| i64::from(page) * size + i))
    }
}
