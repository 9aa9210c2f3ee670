//! How many attempts are in flight at a node, in one word that heals itself.
//!
//! An attempt that begins may never be reported: a cancelled future, a crashed thread, a forked child. So attempts are counted in four
//! lanes by the time at which they began. A lane is some 17 s long and is emptied when its turn comes again: whatever was lost is
//! forgotten after 52 to 69 s. A report finds the lane of its attempt by its latency.
//!
//! The word: the epoch (which lane is the current one, and since when) in 12 bits, then four lanes of 13 bits. All of it changes in one
//! atomic step, so that no two threads can disagree on who empties a lane.

use super::tick::Tick;
use crate::atomics::{AtomicU64, Ordering};

const LANES: u32 = 4;
const LANE_BITS: u32 = 13;
const LANE_MASK: u64 = (1 << LANE_BITS) - 1;
const EPOCH_BITS: u32 = 12;
const EPOCH_MASK: u32 = (1 << EPOCH_BITS) - 1;
const EPOCH_SHIFT: u32 = LANES * LANE_BITS;
/// Binary digits of a lane's length in ticks: 2^14 of them are 17.2 s.
const LANE_TICKS: u32 = 14;
/// A thread may have read the clock so many lanes ago; the word is ahead of it then, and its lane is still there.
const LAGGARD: u32 = 2;
/// A lane takes no more; the rest of its range is for threads that saw it a moment before it was full.
const FULL: u64 = 7 << 10;

/// The word's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Word(u64);

impl Word {
    fn epoch(self) -> u32 {
        (self.0 >> EPOCH_SHIFT) as u32
    }

    fn lane(self, epoch: u32) -> u64 {
        (self.0 >> shift(epoch)) & LANE_MASK
    }

    /// The word with the lanes emptied whose turn has come by `epoch`.
    #[inline]
    fn at(self, epoch: u32) -> Word {
        let passed = epoch.wrapping_sub(self.epoch()) & EPOCH_MASK;
        if passed == 0 || passed > EPOCH_MASK - LAGGARD {
            return self;
        }
        let mut lanes = self.0;
        for step in 0..passed.min(LANES) {
            lanes &= !(LANE_MASK << shift(epoch.wrapping_sub(step)));
        }
        Word(lanes & ((1 << EPOCH_SHIFT) - 1) | u64::from(epoch) << EPOCH_SHIFT)
    }

    #[inline]
    fn count(self) -> u32 {
        const EVEN: u64 = LANE_MASK | LANE_MASK << (2 * LANE_BITS);
        let pairs = (self.0 & EVEN) + ((self.0 >> LANE_BITS) & EVEN);
        ((pairs & ((1 << (2 * LANE_BITS)) - 1)) + (pairs >> (2 * LANE_BITS))) as u32
    }
}

fn shift(epoch: u32) -> u32 {
    epoch % LANES * LANE_BITS
}

fn epoch_of(tick: Tick) -> u32 {
    (tick.0 >> LANE_TICKS) & EPOCH_MASK
}

/// The count of one node.
#[derive(Debug, Default)]
pub struct Lanes(AtomicU64);

impl Lanes {
    /// How many attempts are in flight.
    #[inline]
    pub fn count(&self, now: Tick) -> u32 {
        Word(self.0.load(Ordering::Relaxed)).at(epoch_of(now)).count()
    }

    /// So many attempts begin, one or two; tells how many were in flight before.
    #[inline]
    pub fn begin(&self, now: Tick, attempts: u32) -> u32 {
        let epoch = epoch_of(now);
        let more = u64::from(attempts) << shift(epoch);
        let mut word = Word(self.0.load(Ordering::Relaxed));
        loop {
            let current = word.at(epoch);
            if current.lane(epoch) >= FULL {
                return current.count();
            }
            if current == word {
                // One step that cannot fail; that another thread emptied lanes meanwhile does not matter to the current one.
                self.0.fetch_add(more, Ordering::Relaxed);
                return current.count();
            }
            let next = current.0 + more;
            match self.0.compare_exchange_weak(word.0, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return current.count(),
                Err(seen) => word = Word(seen),
            }
        }
    }

    /// An attempt that began at `begun` has ended. Ends nothing when its lane was emptied since, or holds none.
    #[inline]
    pub fn end(&self, begun: Tick, now: Tick) {
        let (epoch, lane) = (epoch_of(now), epoch_of(begun));
        let mut word = Word(self.0.load(Ordering::Relaxed));
        loop {
            let current = word.at(epoch);
            let newest = current.epoch();
            // Callers start their stop-watch behind the pick, so an attempt may have begun one lane before; and their clock is finer than
            // the one here, so it may have begun one lane later, too.
            let near = [lane, lane.wrapping_sub(1), lane.wrapping_add(1)];
            let is_kept = |lane: &u32| newest.wrapping_sub(*lane) & EPOCH_MASK < LANES;
            let Some(held) = near.into_iter().filter(is_kept).find(|lane| current.lane(*lane) > 0) else { return };
            let next = current.0 - (1 << shift(held));
            match self.0.compare_exchange_weak(word.0, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return,
                Err(seen) => word = Word(seen),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const LANE: u32 = 1 << LANE_TICKS;

    #[test]
    fn what_begins_ends() {
        let lanes = Lanes::default();
        for expected in 0..5 {
            assert_eq!(lanes.begin(Tick(7), 1), expected);
        }
        for left in (0..5).rev() {
            lanes.end(Tick(7), Tick(9));
            assert_eq!(lanes.count(Tick(9)), left);
        }
        lanes.end(Tick(7), Tick(9));
        assert_eq!(lanes.count(Tick(9)), 0, "an end too many takes nothing");
    }

    #[test]
    fn a_stop_watch_that_is_a_moment_off_at_a_lanes_border_ends_what_began() {
        for (began, told) in [(LANE - 1, LANE), (LANE, LANE - 1), (4 * LANE, 4 * LANE - 1)] {
            let lanes = Lanes::default();
            lanes.begin(Tick(began), 1);
            lanes.end(Tick(told), Tick(began + 3));
            assert_eq!(lanes.count(Tick(began + 3)), 0, "{began} as {told}");
        }
    }

    #[test]
    fn an_attempt_that_never_ends_is_forgotten() {
        for busy in [false, true] {
            let lanes = Lanes::default();
            let start = Tick(3 * LANE + 5);
            lanes.begin(start, 1);
            for tick in (start.0..start.0 + 5 * LANE).step_by(997).map(Tick) {
                if busy {
                    lanes.begin(tick, 1);
                    lanes.end(tick, tick);
                }
                let age = tick.since(start);
                if age < 3 * LANE {
                    assert_eq!(lanes.count(tick), 1, "after {age} ticks");
                }
                if age >= 4 * LANE {
                    assert_eq!(lanes.count(tick), 0, "after {age} ticks");
                }
            }
        }
    }

    #[test]
    fn a_long_attempt_ends_in_the_lane_it_began_in() {
        let lanes = Lanes::default();
        lanes.begin(Tick(10), 1);
        lanes.begin(Tick(2 * LANE + 10), 1);
        lanes.end(Tick(10), Tick(2 * LANE + 20));
        assert_eq!(lanes.count(Tick(4 * LANE + 10)), 1, "the later one is still counted when the first one's lane is gone");
        lanes.end(Tick(10), Tick(5 * LANE));
        assert_eq!(lanes.count(Tick(5 * LANE)), 1, "an attempt older than all lanes takes from none");
    }

    #[test]
    fn a_stop_watch_started_late_finds_its_attempt_across_the_border() {
        let lanes = Lanes::default();
        lanes.begin(Tick(LANE - 1), 1);
        lanes.end(Tick(LANE), Tick(LANE + 5));
        assert_eq!(lanes.count(Tick(LANE + 5)), 0);
    }

    #[test]
    fn a_thread_that_read_the_clock_before_a_border_takes_nothing_from_the_others() {
        let lanes = Lanes::default();
        lanes.begin(Tick(LANE + 1), 1);
        lanes.begin(Tick(LANE - 1), 1);
        assert_eq!(lanes.count(Tick(LANE + 1)), 2);
        lanes.end(Tick(LANE - 1), Tick(LANE - 1));
        assert_eq!(lanes.count(Tick(LANE + 1)), 1);
    }

    #[test]
    fn a_full_lane_does_not_run_over_into_the_next() {
        let lanes = Lanes::default();
        for _ in 0..10_000 {
            lanes.begin(Tick(5), 1);
        }
        assert_eq!(u64::from(lanes.count(Tick(5))), FULL);
        assert_eq!(lanes.count(Tick(5 + 4 * LANE)), 0);
    }

    #[test]
    fn threads_lose_no_attempt() {
        let lanes = Lanes::default();
        let rounds = if cfg!(miri) { 50 } else { 50_000 };
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    // Threads run apart, and two borders are passed meanwhile.
                    for tick in (0..rounds).map(|round| Tick(LANE - 1 + round * (LANE + 2) / rounds)) {
                        lanes.begin(tick, 1);
                        lanes.end(tick, tick);
                    }
                });
            }
        });
        assert_eq!(lanes.count(Tick(2 * LANE)), 0);
    }

    proptest! {
        #[test]
        fn any_sequence_under_any_clock_keeps_the_count_within_what_began(
            events in proptest::collection::vec((any::<bool>(), any::<u32>(), 0u32..200_000), 0..300),
        ) {
            let lanes = Lanes::default();
            let mut began = 0;
            for (begins, at, age) in events {
                if begins {
                    lanes.begin(Tick(at), 1);
                    began += 1;
                } else {
                    lanes.end(Tick(at.wrapping_sub(age)), Tick(at));
                }
                prop_assert!(lanes.count(Tick(at)) <= began);
            }
        }

        #[test]
        fn under_a_clock_that_goes_forward_the_count_is_exact(steps in proptest::collection::vec((any::<bool>(), 0u32..3000), 0..300)) {
            let lanes = Lanes::default();
            let mut open: Vec<Tick> = Vec::new();
            let mut now = Tick(u32::MAX - 100_000);
            for (begins, pause) in steps {
                now = Tick(now.0.wrapping_add(pause));
                // None may be older than the lanes reach.
                open.retain(|begun| { let old = now.since(*begun) >= 2 * LANE; if old { lanes.end(*begun, now); } !old });
                if begins {
                    prop_assert_eq!(lanes.begin(now, 1), open.len() as u32);
                    open.push(now);
                } else if let Some(begun) = open.pop() {
                    lanes.end(begun, now);
                }
                prop_assert_eq!(lanes.count(now), open.len() as u32);
            }
        }
    }
}
