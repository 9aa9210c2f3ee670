//! How many attempts ended how: counters off the lines that picks read, the usual outcomes in a copy for each shard of threads, so that
//! reports of two threads do not fight for a cache line.

use std::sync::atomic::{AtomicU64, Ordering};

use super::outcome::Outcome;
use crate::node::NodeId;
use crate::rng::thread_shard;
use crate::rows::Rows;

const SHARDS: usize = 8;

/// What ends well, as one shard has seen it.
#[derive(Default)]
struct Usual {
    success: AtomicU64,
    caller_fault: AtomicU64,
    success_us: AtomicU64,
}

/// The counters of every node, by the node's number.
pub struct Tallies {
    usual: [Rows<Usual>; SHARDS],
    others: Rows<[AtomicU64; Outcome::ALL.len()]>,
}

impl Tallies {
    /// No node yet.
    pub fn new() -> Tallies {
        Tallies { usual: std::array::from_fn(|_| Rows::new()), others: Rows::new() }
    }

    /// Makes room for that many nodes. One writer at a time.
    pub fn grow(&self, nodes: usize) {
        self.usual.iter().for_each(|shard| shard.grow(nodes));
        self.others.grow(nodes);
    }

    /// Counts an attempt.
    #[inline]
    pub fn count(&self, node: NodeId, outcome: Outcome, latency_us: u64) {
        let node = node as usize;
        let usual = self.usual[thread_shard() % SHARDS].get(node);
        let counter = match outcome {
            Outcome::Success => usual.map(|usual| {
                usual.success_us.fetch_add(latency_us, Ordering::Relaxed);
                &usual.success
            }),
            Outcome::CallerFault => usual.map(|usual| &usual.caller_fault),
            other => self.others.get(node).map(|counters| &counters[other as usize]),
        };
        if let Some(counter) = counter {
            counter.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// How many attempts at the node ended so.
    pub fn counted(&self, node: NodeId, outcome: Outcome) -> u64 {
        match outcome {
            Outcome::Success => self.sum(node, |usual| &usual.success),
            Outcome::CallerFault => self.sum(node, |usual| &usual.caller_fault),
            other => self.others.get(node as usize).map_or(0, |counters| counters[other as usize].load(Ordering::Relaxed)),
        }
    }

    /// The mean latency of the attempts that succeeded, in microseconds; 0 when none did.
    pub fn mean_latency_us(&self, node: NodeId) -> u64 {
        self.sum(node, |usual| &usual.success_us).checked_div(self.counted(node, Outcome::Success)).unwrap_or(0)
    }

    fn sum(&self, node: NodeId, counter: impl Fn(&Usual) -> &AtomicU64) -> u64 {
        let shards = self.usual.iter().filter_map(|shard| shard.get(node as usize));
        shards.fold(0, |sum, usual| sum.wrapping_add(counter(usual).load(Ordering::Relaxed)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_whichever_thread_saw_it() {
        let tallies = Tallies::new();
        tallies.grow(20);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    for (outcome, _) in Outcome::ALL {
                        for _ in 0..=outcome as u64 {
                            tallies.count(19, outcome, 100);
                        }
                    }
                });
            }
        });
        for (outcome, name) in Outcome::ALL {
            assert_eq!(tallies.counted(19, outcome), 10 * (outcome as u64 + 1), "{name}");
            assert_eq!(tallies.counted(18, outcome), 0, "{name}");
        }
        assert_eq!((tallies.mean_latency_us(19), tallies.mean_latency_us(18)), (100, 0));
        tallies.count(10_000, Outcome::Success, 1);
    }
}
