//! How many of a node's attempts failed of late: two sums that fade with a time constant, so that no attempt has to be remembered.

use super::estimate::decay;

/// Attempts and failures, as one word: the attempts above, the failures below.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// How many attempts ended, those long ago counting less.
    pub attempts: f32,
    /// How many of them failed.
    pub failures: f32,
}

impl Window {
    /// Reads the word.
    #[inline]
    pub fn of(word: u64) -> Window {
        Window { attempts: f32::from_bits((word >> 32) as u32), failures: f32::from_bits(word as u32) }
    }

    /// The word.
    #[inline]
    pub fn word(self) -> u64 {
        u64::from(self.attempts.to_bits()) << 32 | u64::from(self.failures.to_bits())
    }

    /// What is left of it `age` time constants later.
    #[inline]
    pub fn aged(self, age: f32) -> Window {
        let kept = decay(age);
        Window { attempts: self.attempts * kept, failures: self.failures * kept }
    }

    /// The window with an attempt more, `age` time constants after the last one.
    #[inline]
    pub fn with(self, failed: bool, age: f32) -> Window {
        let Window { attempts, failures } = self.aged(age);
        Window { attempts: attempts + 1.0, failures: failures + f32::from(u8::from(failed)) }
    }

    /// The share of attempts that failed; 0 when there were none.
    pub fn failure_rate(self) -> f32 {
        if self.attempts > 0.0 { self.failures / self.attempts } else { 0.0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rate_is_that_of_late() {
        let mut window = Window::default();
        assert_eq!(window.failure_rate(), 0.0);
        for attempt in 0..1000 {
            window = window.with(attempt % 4 == 0, 0.01);
        }
        assert!((window.failure_rate() - 0.25).abs() < 0.02 && (window.attempts - 100.0).abs() < 2.0, "{window:?}");
        for _ in 0..100 {
            window = window.with(true, 0.01);
        }
        assert!(window.failure_rate() > 0.6 && window.failure_rate() < 0.8, "{window:?}");
        assert_eq!(Window::of(window.word()), window);
    }

    #[test]
    fn after_a_long_pause_few_attempts_count() {
        let mut window = Window::default();
        for _ in 0..1000 {
            window = window.with(false, 0.01);
        }
        window = window.with(true, 1e6);
        assert!(window.attempts < 1.1 && window.failure_rate() > 0.9, "{window:?}");
    }
}
