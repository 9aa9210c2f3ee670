//! A quantile of latencies that follows them: each one above it lifts it a little, each one below lowers it, in such a ratio that it rests
//! where it should. One word; a sample that collides with another thread's is lost.

use std::sync::atomic::{AtomicU64, Ordering};

/// The share of itself by which a sample moves it, once there were enough.
const STEP: f32 = 0.02;
/// Before so many samples it says nothing.
const ENOUGH: u32 = 100;

/// The quantile in microseconds above, the number of samples, as far as it counts, below.
#[derive(Debug)]
pub struct Quantile {
    rank: f32,
    word: AtomicU64,
}

impl Quantile {
    /// That of so many percent of the samples.
    pub fn new(percent: u32) -> Quantile {
        Quantile { rank: percent as f32 / 100.0, word: AtomicU64::new(0) }
    }

    /// Takes a sample.
    #[inline]
    pub fn sample(&self, micros: u64) {
        let word = self.word.load(Ordering::Relaxed);
        let (before, samples) = (f32::from_bits((word >> 32) as u32), word as u32 + 1);
        let micros = (micros as f32).max(1.0);
        let step = STEP.max(1.0 / samples as f32);
        let after = match samples {
            1 => 2.0 * micros,
            _ if micros > before => before * (1.0 + step * self.rank),
            _ => before * (1.0 - step * (1.0 - self.rank)),
        };
        let next = (u64::from(after.to_bits()) << 32) | u64::from(samples.min(ENOUGH + 1));
        let _ = self.word.compare_exchange(word, next, Ordering::Relaxed, Ordering::Relaxed);
    }

    /// The quantile in microseconds, once it is known.
    pub fn micros(&self) -> Option<u64> {
        let word = self.word.load(Ordering::Relaxed);
        (word as u32 > ENOUGH).then(|| f32::from_bits((word >> 32) as u32) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn it_is_not_known_before_a_hundred_samples() {
        let quantile = Quantile::new(95);
        (0..100).for_each(|_| quantile.sample(1000));
        assert_eq!(quantile.micros(), None);
        quantile.sample(1000);
        assert!(quantile.micros().is_some());
    }

    #[test]
    fn it_rests_where_that_share_of_the_samples_is_below() {
        for percent in [50, 90, 95] {
            let quantile = Quantile::new(percent);
            let mut rng = Rng::new(9);
            let mut below = 0;
            for round in 0..60_000 {
                let micros = 1000 + u64::from(rng.below(10_000));
                below += u32::from(round >= 10_000 && quantile.micros().is_some_and(|q| micros <= q));
                quantile.sample(micros);
            }
            assert!((below / 500).abs_diff(percent) <= 1, "{percent}: {}", below / 500);
        }
    }
}
