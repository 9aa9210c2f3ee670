//! What the nodes have in common: the mean latency of all, and what it was over the last minute.
//!
//! The mean is the measure for each node: what is slow, what is far too slow, what a node is worth of which nothing is known. It takes
//! a sample a tick at most, so that its cache line rests in every core most of the time.

use super::estimate::decay;
use super::tick::Tick;
use crate::atomics::{AtomicU64, Ordering};

/// What a sample counts, once there were a hundred.
const WEIGHT: f32 = 0.01;
const SAMPLES_BITS: u32 = 7;
const TICK_BITS: u32 = 32 - SAMPLES_BITS;
/// The time constant of the slow mean: a minute in ticks.
const MINUTE: f32 = 57_220.0;
/// Above this many times its slow value the mean tells of too much load.
const OVERLOAD: f32 = 2.0;

/// The common measure.
#[derive(Debug, Default)]
pub struct Pool {
    /// The mean in microseconds, how many samples it has (as far as that counts), and the tick of the last one.
    mean: AtomicU64,
    /// The slow mean in microseconds and its tick.
    slow: AtomicU64,
}

impl Pool {
    /// The mean latency in microseconds; 0 before the first sample.
    #[inline]
    pub fn mean(&self) -> f32 {
        f32::from_bits((self.mean.load(Ordering::Relaxed) >> 32) as u32)
    }

    /// Takes a sample, which the caller has clipped, unless there was one in this tick.
    #[inline]
    pub fn sample(&self, micros: f32, now: Tick) {
        let word = self.mean.load(Ordering::Relaxed);
        if word as u32 % (1 << TICK_BITS) == now.0 % (1 << TICK_BITS) && word != 0 {
            return;
        }
        let samples = (word as u32 >> TICK_BITS) + 1;
        let before = f32::from_bits((word >> 32) as u32);
        let mean = if word == 0 { micros } else { before + (micros - before) * WEIGHT.max(1.0 / samples as f32) };
        let stamp = (samples.min((1 << SAMPLES_BITS) - 2) << TICK_BITS) | (now.0 % (1 << TICK_BITS));
        let next = u64::from(mean.to_bits()) << 32 | u64::from(stamp);
        // A sample lost to another thread's is no loss.
        if self.mean.compare_exchange(word, next, Ordering::Relaxed, Ordering::Relaxed).is_ok() {
            self.follow(mean, now);
        }
    }

    fn follow(&self, mean: f32, now: Tick) {
        let word = self.slow.load(Ordering::Relaxed);
        let (before, at) = (f32::from_bits((word >> 32) as u32), Tick(word as u32));
        let age = now.since(at);
        if word != 0 && age < MINUTE as u32 / 256 {
            return;
        }
        let slow = if word == 0 { mean } else { mean + (before - mean) * decay(age as f32 / MINUTE) };
        self.slow.store(u64::from(slow.to_bits()) << 32 | u64::from(now.0), Ordering::Relaxed);
    }

    /// Whether requests take much longer than over the last minute: the cluster has all it can do.
    pub fn is_overloaded(&self) -> bool {
        let slow = f32::from_bits((self.slow.load(Ordering::Relaxed) >> 32) as u32);
        slow > 0.0 && self.mean() > OVERLOAD * slow
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_samples_are_averaged_and_later_ones_count_a_hundredth() {
        let pool = Pool::default();
        assert_eq!(pool.mean(), 0.0);
        pool.sample(900.0, Tick(1));
        assert_eq!(pool.mean(), 900.0);
        pool.sample(300.0, Tick(2));
        assert_eq!(pool.mean(), 600.0);
        for tick in 3..1000 {
            pool.sample(600.0, Tick(tick));
        }
        pool.sample(1600.0, Tick(1000));
        assert!((pool.mean() - 610.0).abs() < 0.1, "{}", pool.mean());
    }

    #[test]
    fn one_sample_a_tick_is_taken() {
        let pool = Pool::default();
        for _ in 0..100 {
            pool.sample(100.0, Tick(5));
            pool.sample(900.0, Tick(5));
        }
        assert_eq!(pool.mean(), 100.0);
        let at_zero = Pool::default();
        at_zero.sample(100.0, Tick(0));
        assert_eq!(at_zero.mean(), 100.0, "also in the first tick there is");
    }

    #[test]
    fn overload_is_a_mean_far_above_that_of_the_last_minute() {
        let pool = Pool::default();
        assert!(!pool.is_overloaded());
        for tick in 0..60_000 {
            pool.sample(2000.0, Tick(tick));
        }
        for tick in 60_000..60_500 {
            pool.sample(6000.0, Tick(tick));
        }
        assert!(pool.is_overloaded(), "{} of late", pool.mean());
        for tick in 60_500..260_000 {
            pool.sample(6000.0, Tick(tick));
        }
        assert!(!pool.is_overloaded(), "what lasts for minutes is the new measure");
    }
}
