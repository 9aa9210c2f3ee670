//! Time as the health records keep it: 32 bits, in steps of 2^20 ns (a little over a millisecond), which wrap after 52 days.
//!
//! A stamp that lies more than a second ahead is very old: the clock has gone back since, or has wrapped. So whatever the clock does, a
//! record is taken for stale and made anew, and none waits for a moment that comes in days.

use std::time::Duration;

use crate::clock::Nanos;

/// Binary digits of a tick in nanoseconds.
const SHIFT: u32 = 20;
/// Threads read the clock at different moments: a stamp so little ahead is of now.
const AHEAD: u32 = 1 << 10;
/// Microseconds in a tick.
const MICROS: f32 = (1 << SHIFT) as f32 / 1000.0;

/// A moment in ticks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick(pub u32);

impl Tick {
    /// The tick of that moment.
    #[inline]
    pub fn of(now: Nanos) -> Tick {
        Tick((now.0 >> SHIFT) as u32)
    }

    /// How many ticks ago `earlier` was; 0 when it is a little ahead.
    #[inline]
    pub fn since(self, earlier: Tick) -> u32 {
        let passed = self.0.wrapping_sub(earlier.0);
        if passed > u32::MAX - AHEAD { 0 } else { passed }
    }

    /// Whether this is later than `other`, by more than so many ticks.
    #[inline]
    pub fn is_after(self, other: Tick, by: u32) -> bool {
        self.0.wrapping_sub(other.0) as i32 > by as i32
    }

    /// The tick that was so many microseconds before.
    #[inline]
    pub fn before(self, micros: u64) -> Tick {
        Tick(self.0.wrapping_sub(ticks(Duration::from_micros(micros))))
    }
}

/// A while in ticks, rounded down; at most a quarter of the range, so that sums stay in the past.
#[inline]
pub fn ticks(duration: Duration) -> u32 {
    let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
    (nanos >> SHIFT).min(1 << 30) as u32
}

/// Ticks as a while.
pub fn duration(ticks: u32) -> Duration {
    Duration::from_nanos(u64::from(ticks) << SHIFT)
}

/// Ticks in microseconds.
#[inline]
pub fn micros(ticks: u32) -> f32 {
    ticks as f32 * MICROS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_counted_across_the_wrap_and_never_negative() {
        let noon = Tick(1000);
        assert_eq!(Tick(1005).since(noon), 5);
        assert_eq!(Tick(995).since(noon), 0, "another thread was a moment ahead");
        assert_eq!(Tick(3).since(Tick(u32::MAX - 1)), 5, "across the wrap");
        assert_eq!(Tick(5).since(Tick(5).before(u64::MAX)), 1 << 30);
        assert!(Tick(5).since(Tick(90_000)) > 1 << 31, "the clock has gone back");
    }

    #[test]
    fn later_is_later_also_across_the_wrap() {
        assert!(Tick(20).is_after(Tick(3), 16) && !Tick(20).is_after(Tick(4), 16));
        assert!(Tick(20).is_after(Tick(u32::MAX), 16) && !Tick(u32::MAX).is_after(Tick(20), 16));
        assert!(!Tick(5).before(u64::MAX).is_after(Tick(5), 0));
    }

    #[test]
    fn a_second_is_a_second() {
        let later = Nanos(1 << 40).after(Duration::from_secs(1));
        let age = Tick::of(later).since(Tick::of(Nanos(1 << 40)));
        assert!((micros(age) - 1e6).abs() < 1100.0, "{age}");
        assert!((micros(ticks(Duration::from_secs(1))) - 1e6).abs() < 1100.0);
    }
}
