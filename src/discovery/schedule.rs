//! When the next round of discovery is due: often while requests flow, seldom while none do, doubling pauses after failures, at once
//! when there is reason to.

use std::time::Duration;

use crate::clock::Nanos;
use crate::rng::Rng;

/// Failures in a row double the pause up to eightfold.
const DOUBLINGS: u32 = 3;

/// The timetable of rounds.
#[derive(Debug)]
pub struct Schedule {
    active: Duration,
    idle: Duration,
    next: Nanos,
    ended: Nanos,
    failures: u32,
}

impl Schedule {
    /// The first round is due at once.
    pub fn new(active: Duration, idle: Duration, now: Nanos) -> Schedule {
        Schedule { active, idle, next: now, ended: now, failures: 0 }
    }

    /// When the next round is due.
    pub fn next(&self) -> Nanos {
        self.next
    }

    /// How many rounds failed in a row.
    pub fn failures(&self) -> u32 {
        self.failures
    }

    /// A round has ended.
    pub fn ended(&mut self, now: Nanos, success: bool, active: bool, rng: &mut Rng) {
        self.failures = if success { 0 } else { self.failures.saturating_add(1) };
        self.ended = now;
        let pause = if active { self.pause() } else { self.pause().max(self.idle) };
        self.next = now.after(pause.mul_f64(rng.jitter(0.1)));
    }

    /// Requests flow again: the idle pause is over.
    pub fn wake(&mut self) {
        self.next = self.next.min(self.ended.after(self.pause().mul_f64(1.1)));
    }

    /// A request met a failing connection: look soon, but not at each of many failures.
    pub fn hurry(&mut self, now: Nanos) {
        if self.failures == 0 {
            self.next = self.next.min(self.ended.after(self.active / 4).max(now));
        }
    }

    /// Somebody asks for a round.
    pub fn at_once(&mut self, now: Nanos) {
        self.next = now;
    }

    fn pause(&self) -> Duration {
        self.active * (1 << self.failures.min(DOUBLINGS))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACTIVE: Duration = Duration::from_secs(1);
    const IDLE: Duration = Duration::from_secs(60);

    fn pause_after(schedule: &mut Schedule, now: Nanos, success: bool, active: bool) -> Duration {
        schedule.ended(now, success, active, &mut Rng::new(now.0));
        schedule.next().since(now)
    }

    fn near(pause: Duration, seconds: u64) -> bool {
        let wanted = Duration::from_secs(seconds);
        pause >= wanted.mul_f64(0.9) && pause <= wanted.mul_f64(1.1)
    }

    #[test]
    fn the_first_round_is_due_at_once() {
        assert_eq!(Schedule::new(ACTIVE, IDLE, Nanos(5)).next(), Nanos(5));
    }

    #[test]
    fn who_asks_for_a_round_waits_for_no_pause() {
        let mut schedule = Schedule::new(ACTIVE, IDLE, Nanos(5));
        for success in [true, false] {
            schedule.ended(Nanos(10), success, false, &mut Rng::new(1));
            schedule.at_once(Nanos(20));
            assert_eq!(schedule.next(), Nanos(20));
        }
    }

    #[test]
    fn traffic_decides_the_period() {
        let mut schedule = Schedule::new(ACTIVE, IDLE, Nanos(5));
        assert!(near(pause_after(&mut schedule, Nanos(10), true, true), 1));
        assert!(near(pause_after(&mut schedule, Nanos(20), true, false), 60));
        schedule.wake();
        assert!(near(schedule.next().since(Nanos(20)), 1));
    }

    #[test]
    fn failures_double_the_pause_up_to_eightfold() {
        let mut schedule = Schedule::new(ACTIVE, IDLE, Nanos(5));
        for seconds in [2, 4, 8, 8] {
            assert!(near(pause_after(&mut schedule, Nanos(10), false, true), seconds));
        }
        assert!(near(pause_after(&mut schedule, Nanos(10), true, true), 1));
    }

    #[test]
    fn trouble_hurries_but_does_not_hammer() {
        let mut schedule = Schedule::new(ACTIVE, IDLE, Nanos(0));
        schedule.ended(Nanos(0), true, true, &mut Rng::new(1));
        schedule.hurry(Nanos(1));
        assert_eq!(schedule.next(), Nanos(0).after(ACTIVE / 4));
        let late = Nanos(0).after(ACTIVE / 2);
        schedule.hurry(late);
        assert!(schedule.next() <= late);
        schedule.ended(late, false, true, &mut Rng::new(1));
        let backed_off = schedule.next();
        schedule.hurry(late);
        assert_eq!(schedule.next(), backed_off);
    }
}
