//! What is known of one node: one cache line of atomics, so that a pick reads one line a candidate and writes one in all.
//!
//! No step waits for another thread. Where two collide, a sample is lost, which is harmless; only the count of attempts in flight and
//! the standing (in use or set aside) are kept exactly, the latter by the one who holds the lock that `ejection` asks for.

use super::estimate::Estimate;
use super::lanes::Lanes;
use super::outcome::{Meaning, Outcome};
use super::pool::Pool;
use super::rules::Rules;
use super::standing::Cause;
use super::tick::{Tick, micros};
use super::window::Window;
use crate::atomics::{AtomicU32, AtomicU64, Ordering};

/// An answer so many ticks after an attempt began may be from before it: callers' stop-watches and the coarse clock are not one.
pub(super) const CLOCKS_APART: u32 = 16;

/// What a report says beyond its own node's estimate: somebody should look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// The node may have to be set aside.
    Suspect(Cause),
    /// A node that is set aside served a request that began afterwards.
    Well,
    /// A node that is set aside failed the request that was to try it.
    StillIll,
}

/// One node's record.
#[derive(Debug, Default)]
#[repr(C, align(64))]
pub struct Line {
    pub(super) in_flight: Lanes,
    pub(super) estimate: AtomicU64,
    pub(super) window: AtomicU64,
    /// When the next probe is due, in nanoseconds; 0 while the node is in use.
    pub(super) probe_at: AtomicU64,
    /// The tick of the last sign of life, or of the first attempt since there was none in flight; 0 before.
    pub(super) heard_at: AtomicU32,
    /// The tick in which it came back; 0 if it was never away.
    pub(super) back_at: AtomicU32,
    pub(super) failures_in_a_row: AtomicU32,
    /// How often it was set aside, or failed a probe, in a row.
    pub(super) strikes: AtomicU32,
    /// The tick in which it was set aside.
    pub(super) aside_at: AtomicU32,
    pub(super) cause: AtomicU32,
    /// 1 while a user's request tries a node that is set aside.
    pub(super) on_trial: AtomicU32,
}

/// A stamp of which 0 says that there is none.
pub(super) fn stamp(tick: Tick) -> u32 {
    tick.0.max(1)
}

/// The share of its normal load that a node gets that came back at that stamp, of which 0 says never.
#[inline(never)]
pub(super) fn warmth(now: Tick, back: u32, rules: &Rules) -> f32 {
    let age = now.since(Tick(back));
    if back == 0 || age >= rules.slow_start {
        return 1.0;
    }
    (age as f32 / rules.slow_start as f32).max(rules.slow_start_least)
}

impl Line {
    /// So many attempts begin.
    #[inline]
    pub fn begin(&self, now: Tick, attempts: u32) {
        if self.in_flight.begin(now, attempts) == 0 {
            self.heard_at.store(stamp(now), Ordering::Relaxed);
        }
    }

    /// An attempt ends that took so long.
    #[inline]
    pub fn end(&self, latency_us: u64, now: Tick) {
        self.in_flight.end(now.before(latency_us), now);
    }

    /// The price of sending a request there now: the time it may take, for each request in flight once more, and more while the node
    /// warms up.
    #[inline(always)]
    pub fn cost(&self, now: Tick, mean: f32, rules: &Rules) -> f32 {
        let in_flight = self.in_flight.count(now);
        let mut latency = Estimate::of(self.estimate.load(Ordering::Relaxed)).now(now, mean, &rules.averaging);
        if in_flight > 0 {
            let silence = micros(now.since(Tick(self.heard_at.load(Ordering::Relaxed))));
            if silence > rules.stall(mean) {
                latency = latency.max(silence);
            }
        }
        let price = latency * (in_flight + 1) as f32;
        match self.back_at.load(Ordering::Relaxed) {
            0 => price,
            back => price / warmth(now, back, rules),
        }
    }

    /// Whether nothing is known of it, or nothing of late.
    #[inline]
    pub fn is_stale(&self, now: Tick, rules: &Rules) -> bool {
        rules.averaging.is_forgotten(Estimate::of(self.estimate.load(Ordering::Relaxed)).age(now))
    }

    /// Draws the consequences of how an attempt ended.
    #[inline]
    pub fn report(&self, outcome: Outcome, latency_us: u64, now: Tick, pool: &Pool, rules: &Rules) -> Option<Sign> {
        let mean = pool.mean();
        match outcome.meaning() {
            Meaning::Unknown => None,
            Meaning::Served => {
                self.hear(now);
                if self.failures_in_a_row.load(Ordering::Relaxed) != 0 {
                    self.failures_in_a_row.store(0, Ordering::Relaxed);
                }
                self.sample(latency_us as f32, false, now, mean, pool, rules);
                (self.is_aside() && self.began_aside(now.before(latency_us))).then_some(Sign::Well)
            }
            Meaning::Busy => {
                self.hear(now);
                self.sample(self.penalised(latency_us, now, mean, rules), false, now, mean, pool, rules);
                None
            }
            Meaning::Failed | Meaning::Unreachable => self.failed(outcome, latency_us, now, mean, pool, rules),
        }
    }

    #[cold]
    fn failed(&self, outcome: Outcome, latency_us: u64, now: Tick, mean: f32, pool: &Pool, rules: &Rules) -> Option<Sign> {
        let begun = now.before(latency_us);
        let row = self.failures_in_a_row.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        let hung = outcome == Outcome::Timeout && latency_us as f32 >= rules.stall(mean) && !self.was_heard_since(begun);
        if outcome != Outcome::Timeout {
            self.hear(now);
        }
        let cause = match outcome {
            Outcome::Refused => Some(Cause::Refused),
            Outcome::TlsFailure => Some(Cause::TlsFailure),
            _ => {
                let sampled = self.sample(self.penalised(latency_us, now, mean, rules), true, now, mean, pool, rules);
                let in_a_row = rules.failures_in_a_row > 0 && row >= rules.failures_in_a_row;
                if hung {
                    Some(Cause::Hung)
                } else if in_a_row && (sampled || row == rules.failures_in_a_row) {
                    Some(Cause::FailuresInARow)
                } else {
                    (sampled && self.fails_often(rules)).then_some(Cause::FailureRate)
                }
            }
        };
        if !rules.on {
            None
        } else if self.is_aside() {
            (self.is_on_trial() && self.began_aside(begun)).then_some(Sign::StillIll)
        } else {
            cause.map(Sign::Suspect)
        }
    }

    fn hear(&self, now: Tick) {
        if self.heard_at.load(Ordering::Relaxed) != stamp(now) {
            self.heard_at.store(stamp(now), Ordering::Relaxed);
        }
    }

    fn was_heard_since(&self, begun: Tick) -> bool {
        let heard = self.heard_at.load(Ordering::Relaxed);
        heard != 0 && Tick(heard).is_after(begun, CLOCKS_APART)
    }

    /// A failure as a sample: never a fast one.
    fn penalised(&self, latency_us: u64, now: Tick, mean: f32, rules: &Rules) -> f32 {
        let expected = Estimate::of(self.estimate.load(Ordering::Relaxed)).now(now, mean, &rules.averaging).max(mean);
        (latency_us as f32).max(rules.penalty * expected)
    }

    /// Takes a sample into the estimate and the window; tells whether it counted, which it does for the first one of a tick.
    #[inline]
    fn sample(&self, latency: f32, failed: bool, now: Tick, mean: f32, pool: &Pool, rules: &Rules) -> bool {
        let latency = rules.averaging.clipped(latency, mean);
        let word = self.estimate.load(Ordering::Relaxed);
        let before = Estimate::of(word);
        let Some(after) = before.with(latency, now, mean, &rules.averaging) else { return false };
        if self.estimate.compare_exchange(word, after.word(), Ordering::Relaxed, Ordering::Relaxed).is_err() {
            return false;
        }
        // Nobody else's sample counts in this tick, so the window is ours.
        let window = Window::of(self.window.load(Ordering::Relaxed)).with(failed, before.age(now) as f32 * rules.per_window);
        self.window.store(window.word(), Ordering::Relaxed);
        pool.sample(latency, now);
        true
    }

    /// A failure that could not set the node aside: it counts as slow as can be.
    pub fn penalise(&self, now: Tick, pool: &Pool, rules: &Rules) {
        let mean = pool.mean();
        let word = self.estimate.load(Ordering::Relaxed);
        let latency = rules.averaging.worst(mean);
        if let Some(after) = Estimate::of(word).with(latency, now, mean, &rules.averaging) {
            let _ = self.estimate.compare_exchange(word, after.word(), Ordering::Relaxed, Ordering::Relaxed);
        }
    }

    fn fails_often(&self, rules: &Rules) -> bool {
        let window = Window::of(self.window.load(Ordering::Relaxed));
        window.attempts >= rules.attempts_least && window.failure_rate() > rules.failure_rate
    }
}
