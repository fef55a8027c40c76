//! Which prompt blocks have their KV entries in which pages: a tree over block ids, evicted from its leaves, least
//! recently used first.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};

#[derive(Debug)]
struct Node {
    parent: Option<u64>,
    pages: Box<[u32]>,
    /// Running requests that use the block.
    locks: usize,
    children: usize,
    last_used: u64,
}

/// What became of a block offered to the cache.
#[derive(Debug)]
pub(crate) enum Inserted {
    /// The cache has taken the block's pages.
    New,
    /// The block is here already, in these pages.
    Known(Box<[u32]>),
    /// The id stands for another prefix: the trace uses it twice.
    Conflict,
}

/// A request locks every block from the root to its last shared one, so an unlocked block has only unlocked ones below
/// it: all of them can be evicted, leaf by leaf.
#[derive(Debug, Default)]
pub(crate) struct PrefixCache {
    nodes: HashMap<u64, Node>,
    /// Unlocked leaves as (last use, id).
    leaves: BTreeSet<(u64, u64)>,
    unlocked: usize,
    clock: u64,
}

impl PrefixCache {
    /// Blocks that can be evicted.
    pub(crate) fn evictable(&self) -> usize {
        self.unlocked
    }

    /// The pages of all cached blocks.
    pub(crate) fn pages(&self) -> impl Iterator<Item = u32> {
        self.nodes.values().flat_map(|node| node.pages.iter().copied())
    }

    /// How many of the first blocks are cached.
    pub(crate) fn matched(&self, ids: &[u64]) -> usize {
        let parents = std::iter::once(None).chain(ids.iter().map(|&id| Some(id)));
        ids.iter()
            .zip(parents)
            .take_while(|(id, parent)| self.nodes.get(id).is_some_and(|n| n.parent == *parent))
            .count()
    }

    /// The pages of cached blocks, in order.
    pub(crate) fn pages_of(&self, ids: &[u64]) -> Vec<u32> {
        ids.iter().flat_map(|id| self.nodes[id].pages.iter().copied()).collect()
    }

    /// Keeps cached blocks, a path from the root, from eviction until they are unlocked.
    pub(crate) fn lock(&mut self, ids: &[u64]) {
        for &id in ids {
            let node = self.nodes.get_mut(&id).expect("a cached block");
            if node.locks == 0 {
                self.unlocked -= 1;
                self.leaves.remove(&(node.last_used, id));
            }
            node.locks += 1;
        }
    }

    /// Undoes one [`lock`](Self::lock) or insertion of each block.
    pub(crate) fn unlock(&mut self, ids: &[u64]) {
        self.clock += 1;
        for &id in ids {
            let node = self.nodes.get_mut(&id).expect("a cached block");
            node.locks -= 1;
            if node.locks == 0 {
                node.last_used = self.clock;
                self.unlocked += 1;
                if node.children == 0 {
                    self.leaves.insert((self.clock, id));
                }
            }
        }
    }

    /// Offers a block whose predecessor `parent` the caller has locked. Where the cache has it afterwards it is locked.
    pub(crate) fn insert(&mut self, parent: Option<u64>, id: u64, pages: &[u32]) -> Inserted {
        match self.nodes.entry(id) {
            Entry::Vacant(entry) => {
                entry.insert(Node { parent, pages: pages.into(), locks: 1, children: 0, last_used: 0 });
                if let Some(parent) = parent {
                    self.nodes.get_mut(&parent).expect("a cached parent").children += 1;
                }
                Inserted::New
            }
            Entry::Occupied(entry) if entry.get().parent == parent => {
                let pages = entry.get().pages.clone();
                self.lock(&[id]);
                Inserted::Known(pages)
            }
            Entry::Occupied(_) => Inserted::Conflict,
        }
    }

    /// Drops the least recently used block that has none below it, and returns its pages.
    pub(crate) fn evict(&mut self) -> Option<Box<[u32]>> {
        let (_, id) = self.leaves.pop_first()?;
        let node = self.nodes.remove(&id).expect("a leaf is cached");
        self.unlocked -= 1;
        if let Some(id) = node.parent {
            let parent = self.nodes.get_mut(&id).expect("a cached parent");
            parent.children -= 1;
            if parent.children == 0 && parent.locks == 0 {
                self.leaves.insert((parent.last_used, id));
            }
        }
        Some(node.pages)
    }
}

#[cfg(test)]
mod tests {
    use super::{Inserted, PrefixCache};

    fn insert(cache: &mut PrefixCache, ids: &[u64]) {
        let mut parent = None;
        for &id in ids {
            assert!(matches!(cache.insert(parent, id, &[id as u32]), Inserted::New));
            parent = Some(id);
        }
    }

    #[test]
    fn evicts_leaves_in_order_of_use_and_never_what_is_locked() {
        let mut cache = PrefixCache::default();
        insert(&mut cache, &[1, 2, 3]);
        assert_eq!((cache.evictable(), cache.evict()), (0, None));
        cache.unlock(&[1, 2, 3]);
        cache.lock(&[1]);
        assert!(matches!(cache.insert(Some(1), 4, &[4]), Inserted::New));
        assert_eq!(cache.evictable(), 2);
        assert_eq!([cache.evict(), cache.evict(), cache.evict()], [Some([3].into()), Some([2].into()), None]);
        cache.unlock(&[1, 4]);
        assert_eq!([cache.evict(), cache.evict(), cache.evict()], [Some([4].into()), Some([1].into()), None]);
        assert_eq!((cache.evictable(), cache.pages().count()), (0, 0));
    }

    #[test]
    fn matches_whole_prefixes_only() {
        let mut cache = PrefixCache::default();
        insert(&mut cache, &[1, 2, 3]);
        assert_eq!(cache.matched(&[1, 2, 3, 4]), 3);
        assert_eq!(cache.matched(&[1, 9]), 1);
        assert_eq!(cache.matched(&[2, 3]), 0);
        assert_eq!(cache.matched(&[1, 1]), 1);
        assert!(matches!(cache.insert(None, 2, &[7]), Inserted::Conflict));
        assert!(matches!(cache.insert(Some(1), 2, &[7]), Inserted::Known(pages) if *pages == [2]));
    }
}
