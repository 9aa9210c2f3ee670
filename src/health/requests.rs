//! How many requests began: what budgets are earned by.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::rng::thread_shard;

/// How many requests began, in a copy for each shard of threads. What threads of one shard lose to each other is a request not counted.
pub struct Requests([CachePadded<AtomicU64>; SHARDS]);

const SHARDS: usize = 8;

impl Default for Requests {
    /// None yet.
    fn default() -> Self {
        Requests(std::array::from_fn(|_| CachePadded::default()))
    }
}

impl Requests {
    /// A request begins.
    #[inline]
    pub fn count(&self) {
        let own = &self.0[thread_shard() % self.0.len()];
        own.store(own.load(Ordering::Relaxed) + 1, Ordering::Relaxed);
    }

    /// How many began.
    pub fn counted(&self) -> u64 {
        self.0.iter().map(|own| own.load(Ordering::Relaxed)).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_of_all_threads_are_counted() {
        let requests = Requests::default();
        std::thread::scope(|scope| {
            scope.spawn(|| (0..100).for_each(|_| requests.count()));
        });
        requests.count();
        assert_eq!(requests.counted(), 101);
    }
}
