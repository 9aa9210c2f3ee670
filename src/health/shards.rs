//! What threads would fight for, kept apart: usual outcomes and attempts that are about to end are counted in a copy for each shard of
//! threads, so that picks and reports of several threads leave each other's cache lines alone.
//!
//! An attempt that begins in the same tick as the last one of its shard at that node is *deferred*: not yet written where all can see
//! it. Most often it has ended before anybody misses it, and then both cancel out. At most one attempt a shard and node is deferred;
//! so counts lag behind only where requests end faster than the clock ticks.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use once_cell::race::OnceBox;

use super::outcome::Outcome;
use super::tick::Tick;
use crate::node::NodeId;
use crate::rng::thread_shard;
use crate::rows::Rows;

const SHARDS: usize = 4;
/// Successes and their latencies share a word: the count above, the microseconds below.
const COUNT_SHIFT: u32 = 40;
const MICROS: u64 = (1 << COUNT_SHIFT) - 1;
const MOST_MICROS: u64 = 1 << 32;
/// From here on the word is emptied into the totals, long before either half is full.
const MANY: u64 = 1 << (COUNT_SHIFT + 22);
const LONG: u64 = 1 << (COUNT_SHIFT - 2);
const MANY_FAULTS: u32 = 1 << 31;

/// One node as one shard sees it.
#[derive(Default)]
pub struct Own {
    successes: AtomicU64,
    caller_faults: AtomicU32,
    /// The tick of the last attempt in 31 bits, and whether one is deferred.
    attempts: AtomicU32,
}

impl Own {
    /// An attempt begins: how many the node's record is to be told of. Not atomic among threads of one shard: what they lose to each
    /// other is an attempt not counted.
    #[inline]
    pub fn begin(&self, now: Tick) -> u32 {
        let (last, quiet) = (self.attempts.load(Ordering::Relaxed), now.0 << 1);
        if last == quiet {
            self.attempts.store(quiet | 1, Ordering::Relaxed);
            return 0;
        }
        self.attempts.store(quiet, Ordering::Relaxed);
        1 + (last & 1)
    }

    /// An attempt ends; whether that undoes a deferred one, so that the node's record need not be told.
    #[inline]
    pub fn end(&self) -> bool {
        let last = self.attempts.load(Ordering::Relaxed);
        if last & 1 != 0 {
            self.attempts.store(last & !1, Ordering::Relaxed);
        }
        last & 1 != 0
    }
}

/// Neighbours of one shard on a line of their own, or of two which processors fetch together: so no shard touches another's.
#[derive(Default)]
#[repr(align(128))]
struct Neighbours([Own; NEIGHBOURS]);

const NEIGHBOURS: usize = 128 / size_of::<Own>();

/// What is seldom counted, or was counted long ago.
#[derive(Default)]
struct Totals {
    outcomes: [AtomicU64; Outcome::ALL.len()],
    success_us: AtomicU64,
}

/// The shards' copies for every node, by the node's number.
pub struct Shards {
    own: [Rows<Neighbours>; SHARDS],
    /// Made with the first failure; most nodes have none.
    totals: Rows<OnceBox<Totals>>,
}

impl Shards {
    /// No node yet.
    pub fn new() -> Shards {
        Shards { own: std::array::from_fn(|_| Rows::new()), totals: Rows::new() }
    }

    /// Makes room for that many nodes. One writer at a time.
    pub fn grow(&self, nodes: usize) {
        self.own.iter().for_each(|shard| shard.grow(nodes.div_ceil(NEIGHBOURS)));
        self.totals.grow(nodes);
    }

    /// This thread's copy.
    #[inline]
    pub fn own(&self, node: NodeId) -> Option<&Own> {
        own_in(&self.own[thread_shard() % SHARDS], node)
    }

    /// How many attempts at the node are deferred.
    pub fn deferred(&self, node: NodeId) -> u32 {
        self.all(node).map(|own| own.attempts.load(Ordering::Relaxed) & 1).sum()
    }

    /// Counts an attempt that has ended.
    #[inline]
    pub fn count(&self, node: NodeId, own: &Own, outcome: Outcome, latency_us: u64) {
        match outcome {
            Outcome::Success => {
                let before = own.successes.fetch_add(1 << COUNT_SHIFT | latency_us.min(MOST_MICROS), Ordering::Relaxed);
                if before >= MANY || before & MICROS >= LONG {
                    self.empty(node, own);
                }
            }
            Outcome::CallerFault => {
                if own.caller_faults.fetch_add(1, Ordering::Relaxed) >= MANY_FAULTS {
                    self.empty(node, own);
                }
            }
            other => {
                if let Some(totals) = self.make_totals(node) {
                    totals.outcomes[other as usize].fetch_add(1, Ordering::Relaxed);
                }
            }
        }
    }

    #[cold]
    fn empty(&self, node: NodeId, own: &Own) {
        if let Some(totals) = self.make_totals(node) {
            let faults = own.caller_faults.swap(0, Ordering::Relaxed);
            totals.outcomes[Outcome::CallerFault as usize].fetch_add(faults.into(), Ordering::Relaxed);
            let taken = own.successes.swap(0, Ordering::Relaxed);
            totals.outcomes[Outcome::Success as usize].fetch_add(taken >> COUNT_SHIFT, Ordering::Relaxed);
            totals.success_us.fetch_add(taken & MICROS, Ordering::Relaxed);
        }
    }

    /// How many attempts at the node ended so.
    pub fn counted(&self, node: NodeId, outcome: Outcome) -> u64 {
        let total = self.totals(node).map_or(0, |totals| totals.outcomes[outcome as usize].load(Ordering::Relaxed));
        total
            + match outcome {
                Outcome::Success => self.all(node).map(|own| own.successes.load(Ordering::Relaxed) >> COUNT_SHIFT).sum(),
                Outcome::CallerFault => self.all(node).map(|own| u64::from(own.caller_faults.load(Ordering::Relaxed))).sum(),
                _ => 0,
            }
    }

    /// The mean latency of the attempts that succeeded, in microseconds; 0 when none did.
    pub fn mean_latency_us(&self, node: NodeId) -> u64 {
        let total = self.totals(node).map_or(0, |totals| totals.success_us.load(Ordering::Relaxed));
        let sum = total + self.all(node).map(|own| own.successes.load(Ordering::Relaxed) & MICROS).sum::<u64>();
        sum.checked_div(self.counted(node, Outcome::Success)).unwrap_or(0)
    }

    fn totals(&self, node: NodeId) -> Option<&Totals> {
        self.totals.get(node as usize)?.get()
    }

    #[cold]
    fn make_totals(&self, node: NodeId) -> Option<&Totals> {
        Some(self.totals.get(node as usize)?.get_or_init(Box::default))
    }

    fn all(&self, node: NodeId) -> impl Iterator<Item = &Own> {
        self.own.iter().filter_map(move |shard| own_in(shard, node))
    }
}

#[inline]
fn own_in(shard: &Rows<Neighbours>, node: NodeId) -> Option<&Own> {
    let node = node as usize;
    shard.get(node / NEIGHBOURS)?.0.get(node % NEIGHBOURS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outcome_is_counted_whichever_thread_saw_it() {
        let shards = Shards::new();
        shards.grow(20);
        std::thread::scope(|scope| {
            for _ in 0..10 {
                scope.spawn(|| {
                    for (outcome, _) in Outcome::ALL {
                        for _ in 0..=outcome as u64 {
                            shards.count(19, shards.own(19).unwrap(), outcome, 100);
                        }
                    }
                });
            }
        });
        for (outcome, name) in Outcome::ALL {
            assert_eq!(shards.counted(19, outcome), 10 * (outcome as u64 + 1), "{name}");
            assert_eq!(shards.counted(18, outcome), 0, "{name}");
        }
        assert_eq!((shards.mean_latency_us(19), shards.mean_latency_us(18)), (100, 0));
    }

    #[test]
    fn no_count_and_no_latency_runs_over() {
        let shards = Shards::new();
        shards.grow(1);
        let own = shards.own(0).unwrap();
        for _ in 0..1000 {
            shards.count(0, own, Outcome::Success, u64::MAX);
        }
        assert_eq!((shards.counted(0, Outcome::Success), shards.mean_latency_us(0)), (1000, MOST_MICROS));
        own.successes.store(MANY - (1 << COUNT_SHIFT), Ordering::Relaxed);
        let before = shards.counted(0, Outcome::Success);
        for _ in 0..10 {
            shards.count(0, own, Outcome::Success, 1);
        }
        assert_eq!(shards.counted(0, Outcome::Success), before + 10);
        assert!(own.successes.load(Ordering::Relaxed) < 10 << COUNT_SHIFT, "it was emptied");
        own.caller_faults.store(MANY_FAULTS, Ordering::Relaxed);
        (0..3).for_each(|_| shards.count(0, own, Outcome::CallerFault, 1));
        assert_eq!(shards.counted(0, Outcome::CallerFault), u64::from(MANY_FAULTS) + 3);
        assert!(own.caller_faults.load(Ordering::Relaxed) < 3, "and so were these");
    }

    #[test]
    fn one_attempt_of_a_tick_is_deferred_and_told_of_with_the_next() {
        let own = Own::default();
        assert_eq!([own.begin(Tick(7)), own.begin(Tick(7)), own.begin(Tick(7))], [1, 0, 2]);
        assert!(!own.end(), "all were told of");
        assert_eq!([own.begin(Tick(7)), own.begin(Tick(8))], [0, 2]);
        assert_eq!(own.begin(Tick(8)), 0);
        assert_eq!([own.end(), own.end()], [true, false], "the deferred one first");
    }
}
