//! What a request to a node is expected to take: an average of the latencies seen that forgets.
//!
//! An estimate relaxes to the pool's mean as it ages, never to zero: a node that nobody asked for a while is average again, not the
//! favourite of all. It is read as it stands at the moment, so nothing has to be done on a timer.

use std::time::Duration;

use super::tick::{Tick, ticks};

/// Before anything is known, all nodes are expected to take this many microseconds; only ratios count.
pub const UNKNOWN: f32 = 1000.0;
/// Younger than 50 ms an estimate is taken as it is.
const FRESH: u32 = 48;

/// How samples become an estimate, ages in ticks.
#[derive(Clone, Copy, Debug)]
pub struct Averaging {
    /// One divided by the time constant in which samples count.
    per_sample: f32,
    /// The most that a single sample counts.
    most: f32,
    /// One divided by the time constant in which an estimate is forgotten.
    per_forgetting: f32,
    /// No sample is above this many times the pool's mean, the first one not above so many times [`UNKNOWN`].
    clip: f32,
}

impl Averaging {
    /// From time constants and factors.
    pub fn new(tau: Duration, most: f32, forget: Duration, clip: f32) -> Averaging {
        let per = |while_: Duration| 1.0 / ticks(while_).max(1) as f32;
        Averaging { per_sample: per(tau), most, per_forgetting: per(forget), clip }
    }

    /// The sample as it counts.
    #[inline]
    pub fn clipped(&self, micros: f32, mean: f32) -> f32 {
        micros.min(self.worst(mean)).max(1.0)
    }

    /// The most a sample can count.
    #[inline]
    pub fn worst(&self, mean: f32) -> f32 {
        self.clip * if mean > 0.0 { mean } else { UNKNOWN }
    }
}

/// About `exp(-x)`; only that it falls smoothly from one to zero matters.
#[inline]
pub fn decay(x: f32) -> f32 {
    1.0 / (1.0 + x * (1.0 + x * (0.5 + x * (1.0 / 6.0))))
}

/// An estimate and its moment, as one word: the microseconds above, the tick below. Zero when nothing is known.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    micros: f32,
    at: Tick,
}

impl Estimate {
    /// Reads the word.
    #[inline]
    pub fn of(word: u64) -> Estimate {
        Estimate { micros: f32::from_bits((word >> 32) as u32), at: Tick(word as u32) }
    }

    /// The word.
    #[inline]
    pub fn word(self) -> u64 {
        u64::from(self.micros.to_bits()) << 32 | u64::from(self.at.0)
    }

    /// Whether a sample was ever taken.
    pub fn is_known(self) -> bool {
        self.micros > 0.0
    }

    /// How many ticks ago the last sample was taken; a very long time when none was.
    #[inline]
    pub fn age(self, now: Tick) -> u32 {
        if self.is_known() { now.since(self.at) } else { u32::MAX }
    }

    /// What it is worth now, in microseconds.
    #[inline]
    pub fn now(self, now: Tick, mean: f32, averaging: &Averaging) -> f32 {
        if !self.is_known() {
            return if mean > 0.0 { mean } else { UNKNOWN };
        }
        let age = now.since(self.at);
        if age > FRESH && mean > 0.0 {
            mean + (self.micros - mean) * decay(age as f32 * averaging.per_forgetting)
        } else {
            self.micros
        }
    }

    /// The estimate with a sample, which the caller has clipped. `None` if one was taken in this tick already: samples count by the
    /// time that passed since the last one, so it would count nothing.
    #[inline]
    pub fn with(self, micros: f32, now: Tick, mean: f32, averaging: &Averaging) -> Option<Estimate> {
        if !self.is_known() {
            return Some(Estimate { micros, at: now });
        }
        let age = now.since(self.at);
        if age == 0 {
            return None;
        }
        let before = self.now(now, mean, averaging);
        let weight = (1.0 - decay(age as f32 * averaging.per_sample)).min(averaging.most);
        Some(Estimate { micros: before + weight * (micros - before), at: now })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn averaging() -> Averaging {
        Averaging::new(Duration::from_secs(1), 0.25, Duration::from_secs(2), 10.0)
    }

    fn known(micros: f32, at: Tick) -> Estimate {
        Estimate { micros, at }
    }

    const SECOND: u32 = 954;

    #[test]
    fn the_first_sample_is_the_estimate() {
        let nothing = Estimate::of(0);
        assert_eq!(nothing.now(Tick(5), 0.0, &averaging()), UNKNOWN);
        assert_eq!(nothing.now(Tick(5), 300.0, &averaging()), 300.0, "who was never asked is average");
        let first = nothing.with(2000.0, Tick(5), 300.0, &averaging()).unwrap();
        assert_eq!(first.now(Tick(5), 300.0, &averaging()), 2000.0);
        assert_eq!(Estimate::of(first.word()), first);
    }

    #[test]
    fn a_sample_counts_by_the_time_since_the_last_but_a_quarter_at_most() {
        let estimate = known(1000.0, Tick(0));
        let next = |ticks: u32| estimate.with(2000.0, Tick(ticks), 1000.0, &averaging()).unwrap().micros;
        assert!((next(10) - 1010.4).abs() < 1.0, "{}", next(10));
        assert_eq!(next(10 * SECOND), 1250.0);
        assert_eq!(estimate.with(2000.0, Tick(0), 1000.0, &averaging()), None);
    }

    #[test]
    fn an_estimate_relaxes_to_the_mean_from_both_sides_and_never_beyond() {
        for micros in [1.0, 20_000.0] {
            let estimate = known(micros, Tick(7));
            let mut last = micros;
            for tenth in 1..200 {
                let now = estimate.now(Tick(7 + tenth * SECOND / 10), 2000.0, &averaging());
                assert!((now - 2000.0).abs() <= (last - 2000.0).abs() && (now - 2000.0) * (micros - 2000.0) >= 0.0, "{now}");
                last = now;
            }
            assert!((last - 2000.0).abs() < 100.0, "{last}");
        }
    }

    #[test]
    fn samples_are_clipped_to_ten_times_the_mean() {
        assert_eq!(averaging().clipped(1e9, 2000.0), 20_000.0);
        assert_eq!(averaging().clipped(1e9, 0.0), 10.0 * UNKNOWN, "one absurd first latency does no harm");
        assert_eq!(averaging().clipped(0.0, 2000.0), 1.0, "zero would mean unknown");
    }

    #[test]
    fn an_estimate_of_a_clock_that_has_gone_back_is_forgotten() {
        let estimate = known(5000.0, Tick(1_000_000));
        assert!(estimate.now(Tick(10), 100.0, &averaging()) < 101.0);
        assert!(estimate.with(100.0, Tick(10), 100.0, &averaging()).is_some());
        let a_moment_before = Tick(1_000_000 - 5);
        assert_eq!(estimate.now(a_moment_before, 100.0, &averaging()), 5000.0, "another thread was a moment ahead");
        assert_eq!(estimate.with(100.0, a_moment_before, 100.0, &averaging()), None);
    }

    proptest! {
        #[test]
        fn an_estimate_stays_between_what_it_was_made_of(
            samples in proptest::collection::vec((1.0f32..1e7, any::<u32>()), 1..50), mean in 1.0f32..1e6,
        ) {
            let mut estimate = Estimate::of(0);
            let (mut low, mut high) = (mean, mean);
            for (micros, at) in samples {
                let micros = averaging().clipped(micros, mean);
                (low, high) = (low.min(micros), high.max(micros));
                estimate = estimate.with(micros, Tick(at), mean, &averaging()).unwrap_or(estimate);
                let now = estimate.now(Tick(at), mean, &averaging());
                prop_assert!(now.is_finite() && now >= low * 0.999 && now <= high * 1.001, "{} of {}..{}", now, low, high);
            }
        }
    }
}
