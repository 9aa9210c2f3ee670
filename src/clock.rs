//! Monotonic time, injected so that every decision can be tested under a virtual clock.
//!
//! The system clock is the kernel's coarse one where there is one (Linux: steps of 1 to 10 ms, several times cheaper to read than the
//! exact one, neither a syscall). Nothing here is timed more finely than that: periods, back-off, ejection times.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// A moment: nanoseconds since an arbitrary start, never 0 in practice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Nanos(pub u64);

impl Nanos {
    /// A moment that never comes.
    pub const NEVER: Nanos = Nanos(u64::MAX);

    /// This moment plus a while; sticks at [`Nanos::NEVER`].
    pub fn after(self, while_: Duration) -> Nanos {
        Nanos(self.0.saturating_add(u64::try_from(while_.as_nanos()).unwrap_or(u64::MAX)))
    }

    /// How long after `earlier` this is; zero when it is not.
    pub fn since(self, earlier: Nanos) -> Duration {
        Duration::from_nanos(self.0.saturating_sub(earlier.0))
    }
}

/// Where time comes from.
#[derive(Clone, Debug, Default)]
pub enum Clock {
    /// The machine's monotonic clock.
    #[default]
    System,
    /// A clock that moves only when told to, shared by its clones.
    Virtual(Arc<AtomicU64>),
}

impl Clock {
    /// A virtual clock that shows `start`.
    pub fn starting_at(start: Nanos) -> Clock {
        Clock::Virtual(Arc::new(AtomicU64::new(start.0)))
    }

    /// The present moment.
    #[inline]
    pub fn now(&self) -> Nanos {
        match self {
            Clock::System => system_now(),
            Clock::Virtual(now) => Nanos(now.load(Ordering::Relaxed)),
        }
    }

    /// Moves a virtual clock; the system's goes by itself.
    pub fn advance(&self, by: Duration) {
        if let Clock::Virtual(now) = self {
            now.fetch_add(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
    }
}

#[cfg(target_os = "linux")]
const SOURCE: ClockId = ClockId::MonotonicCoarse;
#[cfg(not(target_os = "linux"))]
const SOURCE: ClockId = ClockId::Monotonic;

#[inline]
fn system_now() -> Nanos {
    let time = clock_gettime(SOURCE);
    Nanos((time.tv_sec as u64).wrapping_mul(1_000_000_000).wrapping_add(time.tv_nsec as u64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn virtual_time_moves_only_when_told() {
        let clock = Clock::starting_at(Nanos(5));
        let same = clock.clone();
        assert_eq!(clock.now(), Nanos(5));
        same.advance(Duration::from_nanos(7));
        assert_eq!(clock.now(), Nanos(12));
    }

    #[test]
    fn system_time_does_not_go_back() {
        let first = Clock::System.now();
        assert!(Clock::System.now() >= first);
        assert!(first > Nanos(0));
    }

    #[test]
    fn far_moments_do_not_wrap() {
        assert_eq!(Nanos(10).after(Duration::MAX), Nanos::NEVER);
        assert_eq!(Nanos(10).since(Nanos(20)), Duration::ZERO);
    }
}
