//! Counters that many threads move at once: a row for each shard of threads, on cache lines of its own, added up when asked.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::rng::thread_shard;

const SHARDS: usize = 16;

/// `N` counters.
pub struct Counters<const N: usize>([CachePadded<[AtomicU64; N]>; SHARDS]);

impl<const N: usize> Default for Counters<N> {
    /// All at zero.
    fn default() -> Self {
        Self([const { CachePadded::new([const { AtomicU64::new(0) }; N]) }; SHARDS])
    }
}

impl<const N: usize> Counters<N> {
    /// Counts one.
    #[inline]
    pub fn count(&self, which: usize) {
        if let Some(counter) = self.0[thread_shard() % SHARDS].get(which) {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many were counted.
    pub fn counted(&self, which: usize) -> u64 {
        self.0.iter().filter_map(|row| row.get(which)).map(|counter| counter.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_many_threads_count_adds_up() {
        let counters: Counters<2> = Counters::default();
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| (0..100).for_each(|i| counters.count(usize::from(i % 4 == 0))));
            }
        });
        assert_eq!((counters.counted(0), counters.counted(1), counters.counted(2)), (1500, 500, 0));
    }
}
