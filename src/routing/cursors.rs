//! Where each thread stands in a round robin: one cursor a shard of threads, each on cache lines of its own.
//!
//! A single shared cursor would make threads fight for its cache line. So each thread goes round in strict turn from a random
//! start; threads that share a shard may now and then take the same step, which evens out.

use std::sync::atomic::{AtomicU64, Ordering};

use crossbeam_utils::CachePadded;

use crate::fork;
use crate::rng::{Rng, thread_shard};

const SHARDS: usize = 16;

/// The cursors of one handle.
pub struct Cursors([CachePadded<Cursor>; SHARDS]);

struct Cursor {
    /// The fork generation that set the cursor: a child starts elsewhere, or pre-forked workers would walk in lock-step.
    generation: AtomicU64,
    position: AtomicU64,
}

impl Cursors {
    /// Cursors without a place yet.
    pub fn new() -> Cursors {
        Cursors([const { CachePadded::new(Cursor { generation: AtomicU64::new(0), position: AtomicU64::new(0) }) }; SHARDS])
    }

    /// This thread's next position.
    #[inline]
    pub fn advance(&self, rng: &mut Rng) -> u32 {
        let cursor = &self.0[thread_shard() % SHARDS];
        let generation = fork::generation();
        if cursor.generation.load(Ordering::Relaxed) != generation {
            cursor.position.store(rng.next() >> 33, Ordering::Relaxed);
            cursor.generation.store(generation, Ordering::Relaxed);
        }
        // Not one atomic step: a lost step among threads of one shard is cheaper than a locked instruction for all.
        let position = cursor.position.load(Ordering::Relaxed);
        cursor.position.store(position.wrapping_add(1), Ordering::Relaxed);
        position as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_thread_goes_in_strict_turn() {
        let cursors = Cursors::new();
        let mut rng = Rng::new(1);
        let start = cursors.advance(&mut rng);
        for step in 1..100 {
            assert_eq!(cursors.advance(&mut rng), start.wrapping_add(step));
        }
    }
}
