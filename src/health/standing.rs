//! How a node stands: in use or set aside, and why. Written by one thread at a time, the one who holds the lock that `ejection` asks
//! for; read by all.

use std::time::Duration;

use super::estimate::Estimate;
use super::line::{CLOCKS_APART, Line, stamp, warmth};
use super::rules::Rules;
use super::tick::{Tick, duration};
use super::window::Window;
use crate::atomics::Ordering;
use crate::clock::Nanos;

/// Why a node was set aside. The numbers are part of the C ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Cause {
    /// It is not.
    None = 0,
    /// No connection could be made.
    Refused = 1,
    /// The TLS handshake failed.
    TlsFailure = 2,
    /// An attempt timed out, and nothing was heard of the node since it had begun.
    Hung = 3,
    /// Several attempts in a row failed.
    FailuresInARow = 4,
    /// Most attempts of late failed.
    FailureRate = 5,
}

impl Cause {
    /// All of them with their names in the statistics.
    pub const ALL: [(Cause, &'static str); 6] = [
        (Cause::None, "none"),
        (Cause::Refused, "refused"),
        (Cause::TlsFailure, "tls_failure"),
        (Cause::Hung, "hung"),
        (Cause::FailuresInARow, "failures_in_a_row"),
        (Cause::FailureRate, "failure_rate"),
    ];

    fn from_code(code: u32) -> Cause {
        Self::ALL.get(code as usize).map_or(Cause::None, |(cause, _)| *cause)
    }

    /// Whether a probe finds it as a request does.
    pub(super) fn shows_in_probes(self) -> bool {
        matches!(self, Cause::Refused | Cause::TlsFailure | Cause::Hung)
    }

    /// Its name in the statistics.
    pub fn name(self) -> &'static str {
        Self::ALL[self as usize].1
    }
}

impl Line {
    /// When the next probe is due; `None` while the node is in use.
    #[inline]
    pub fn aside_until(&self) -> Option<Nanos> {
        match self.probe_at.load(Ordering::Relaxed) {
            0 => None,
            at => Some(Nanos(at)),
        }
    }

    /// Whether the node is set aside.
    #[inline]
    pub fn is_aside(&self) -> bool {
        self.probe_at.load(Ordering::Relaxed) != 0
    }

    /// Sets the node aside, or strikes it again, until a probe at that moment.
    pub fn strike(&self, cause: Cause, now: Tick, probe_at: Nanos) {
        if !self.is_aside() {
            self.aside_at.store(stamp(now), Ordering::Relaxed);
            self.cause.store(cause as u32, Ordering::Relaxed);
        }
        self.strikes.store(self.strikes().saturating_add(1), Ordering::Relaxed);
        self.on_trial.store(0, Ordering::Relaxed);
        self.postpone(probe_at);
    }

    /// Moves the next probe of a node that is set aside.
    pub fn postpone(&self, probe_at: Nanos) {
        self.probe_at.store(probe_at.0.max(1), Ordering::Relaxed);
    }

    /// A user's request tries the node, which is set aside; the next one may at that moment.
    pub fn try_out(&self, probe_at: Nanos) {
        self.on_trial.store(1, Ordering::Relaxed);
        self.postpone(probe_at);
    }

    /// Puts the node back into use; it warms up. Its latency estimate stays: a probe says nothing of it.
    pub fn bring_back(&self, now: Tick) {
        self.back_at.store(stamp(now), Ordering::Relaxed);
        self.failures_in_a_row.store(0, Ordering::Relaxed);
        self.on_trial.store(0, Ordering::Relaxed);
        self.cause.store(0, Ordering::Relaxed);
        self.probe_at.store(0, Ordering::Relaxed);
    }

    /// Forgets how often it was set aside if it was in use for so many ticks.
    pub fn forgive(&self, now: Tick, after: u32) {
        let back = self.back_at.load(Ordering::Relaxed);
        if back == 0 || now.since(Tick(back)) > after {
            self.strikes.store(0, Ordering::Relaxed);
        }
    }

    /// Why the node is set aside.
    pub(super) fn cause(&self) -> Cause {
        Cause::from_code(self.cause.load(Ordering::Relaxed))
    }

    /// How long ago the node was set aside.
    pub(super) fn away(&self, now: Tick) -> Duration {
        duration(now.since(Tick(self.aside_at.load(Ordering::Relaxed))))
    }

    pub(super) fn is_on_trial(&self) -> bool {
        self.on_trial.load(Ordering::Relaxed) != 0
    }

    /// Whether an attempt began after the node was set aside.
    pub(super) fn began_aside(&self, begun: Tick) -> bool {
        begun.is_after(Tick(self.aside_at.load(Ordering::Relaxed)), CLOCKS_APART) || self.is_on_trial()
    }

    /// How often it was set aside, or failed a probe, in a row.
    pub fn strikes(&self) -> u32 {
        self.strikes.load(Ordering::Relaxed)
    }

    /// How many attempts in a row failed last.
    pub fn failures_in_a_row(&self) -> u32 {
        self.failures_in_a_row.load(Ordering::Relaxed)
    }

    /// Attempts and failures of late, as they count now.
    pub fn window(&self, now: Tick, rules: &Rules) -> Window {
        let age = Estimate::of(self.estimate.load(Ordering::Relaxed)).age(now);
        Window::of(self.window.load(Ordering::Relaxed)).aged(age as f32 * rules.per_window)
    }
}

/// How a node stands, for those who look.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Standing {
    /// Why it is set aside.
    pub cause: Cause,
    /// When its next probe is due; `None` while it is in use.
    pub probe_at: Option<Nanos>,
    /// How often it was set aside, or failed a probe, in a row.
    pub strikes: u32,
    /// Whether it came back a moment ago and gets less than its share.
    pub warming_up: bool,
    /// What a request to it is expected to take, in microseconds; `None` before the first answer.
    pub estimate_us: Option<u64>,
    /// How many attempts are in flight.
    pub in_flight: u32,
    /// How many attempts in a row failed last.
    pub failures_in_a_row: u32,
    /// The share of attempts that failed of late.
    pub failure_rate: f32,
}

impl Line {
    /// How the node stands.
    pub fn standing(&self, now: Tick, mean: f32, rules: &Rules) -> Standing {
        let estimate = Estimate::of(self.estimate.load(Ordering::Relaxed));
        let probe_at = self.aside_until();
        Standing {
            cause: probe_at.map_or(Cause::None, |_| self.cause()),
            probe_at,
            strikes: self.strikes(),
            warming_up: probe_at.is_none() && warmth(now, self.back_at.load(Ordering::Relaxed), rules) < 1.0,
            estimate_us: estimate.is_known().then(|| estimate.now(now, mean, &rules.averaging) as u64),
            in_flight: self.in_flight.count(now),
            failures_in_a_row: self.failures_in_a_row(),
            failure_rate: self.window(now, rules).failure_rate(),
        }
    }
}
