//! What is known of one table's key, and when to ask after it.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::clock::Nanos;
use crate::rng::Rng;

/// Who was given a wanted table and never answers gives it up after this long.
pub(super) const CLAIM: Duration = Duration::from_secs(30);
/// What was learned is asked after again after this long, and used meanwhile.
const FRESH_FOR: Duration = Duration::from_secs(3600);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// The pause after an answer that will not change soon.
const COOLING: Duration = Duration::from_secs(300);
const SPREAD: f64 = 0.2;
/// Requests without the attribute make it learned anew at most this soon after it was learned; doubles while that changes nothing.
const SHORTEST_DOUBT: Duration = Duration::from_secs(1);
const LONGEST_DOUBT: Duration = COOLING;

/// How a table stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TableState {
    /// Its key was told by configuration.
    Preset,
    /// Its key was learned.
    Learned,
    /// It is to be asked after in so long.
    Wanted(Duration),
    /// Asking failed, and nobody has wanted it since.
    Failed,
}

/// One table.
pub(super) struct Record {
    pub table: Box<str>,
    /// Number of the key's name plus one; 0 while it is not known.
    name: AtomicU32,
    is_preset: AtomicBool,
    /// When it is to be asked after.
    due: AtomicU64,
    /// It is not asked after before.
    not_before: AtomicU64,
    learned_at: AtomicU64,
    failures: AtomicU32,
    /// Requests without the attribute have made it wanted.
    in_doubt: AtomicBool,
    /// How often in a row that changed nothing.
    confirmed: AtomicU32,
}

impl Record {
    pub fn new(table: &str) -> Record {
        Record {
            table: table.into(),
            name: AtomicU32::new(0),
            is_preset: AtomicBool::new(false),
            due: AtomicU64::new(Nanos::NEVER.0),
            not_before: AtomicU64::new(0),
            learned_at: AtomicU64::new(0),
            failures: AtomicU32::new(0),
            in_doubt: AtomicBool::new(false),
            confirmed: AtomicU32::new(0),
        }
    }

    /// The number of the key's name.
    pub fn name(&self) -> Option<u32> {
        self.name.load(Ordering::Acquire).checked_sub(1)
    }

    pub fn due(&self) -> Nanos {
        Nanos(self.due.load(Ordering::SeqCst))
    }

    /// Not known, or learned long ago.
    pub fn is_stale(&self, now: Nanos) -> bool {
        match self.name() {
            None => true,
            Some(_) => !self.is_preset() && now.since(self.learned_at()) > FRESH_FOR,
        }
    }

    /// Puts it on the list, unless it is there; tells for when.
    pub fn want(&self, now: Nanos) -> Option<Nanos> {
        if self.due() != Nanos::NEVER {
            return None;
        }
        let due = now.max(Nanos(self.not_before.load(Ordering::Relaxed)));
        self.due.compare_exchange(Nanos::NEVER.0, due.0, Ordering::SeqCst, Ordering::Relaxed).is_ok().then_some(due)
    }

    /// Nobody else gets it before that.
    pub fn claim(&self, until: Nanos) {
        self.due.store(until.0, Ordering::SeqCst);
    }

    pub fn preset(&self, name: u32) {
        self.is_preset.store(true, Ordering::Relaxed);
        self.settle(name);
    }

    /// What was told by configuration stays.
    pub fn learned(&self, name: u32, now: Nanos) {
        if self.is_preset() {
            return;
        }
        let changed = self.name() != Some(name);
        let doubted = self.in_doubt.swap(false, Ordering::Relaxed);
        let confirmed = if doubted && !changed { self.confirmed.load(Ordering::Relaxed).saturating_add(1) } else { 0 };
        self.confirmed.store(confirmed, Ordering::Relaxed);
        self.learned_at.store(now.0, Ordering::Relaxed);
        self.settle(name);
    }

    fn settle(&self, name: u32) {
        self.name.store(name + 1, Ordering::Release);
        self.failures.store(0, Ordering::Relaxed);
        self.not_before.store(0, Ordering::Relaxed);
        self.due.store(Nanos::NEVER.0, Ordering::SeqCst);
    }

    /// It comes off the list until a request wants it again, and is not asked after before a pause; tells how long.
    pub fn failed(&self, permanent: bool, now: Nanos, rng: &mut Rng) -> Duration {
        let failures = self.failures.load(Ordering::Relaxed);
        let pause = match permanent {
            true => COOLING,
            false => doubled(FIRST_PAUSE, failures, LONGEST_PAUSE).mul_f64(rng.jitter(SPREAD)),
        };
        self.failures.store(failures.saturating_add(1), Ordering::Relaxed);
        self.not_before.store(now.after(pause).0, Ordering::Relaxed);
        self.due.store(Nanos::NEVER.0, Ordering::SeqCst);
        pause
    }

    /// A request did not have the attribute. Tells whether that is reason to ask after it again.
    pub fn missed(&self, now: Nanos) -> bool {
        let doubt = doubled(SHORTEST_DOUBT, self.confirmed.load(Ordering::Relaxed), LONGEST_DOUBT);
        let doubtful = !self.is_preset() && now.since(self.learned_at()) >= doubt;
        if doubtful && !self.in_doubt.load(Ordering::Relaxed) {
            self.in_doubt.store(true, Ordering::Relaxed);
        }
        doubtful
    }

    pub fn state(&self, now: Nanos) -> TableState {
        if self.is_preset() {
            return TableState::Preset;
        }
        match (self.due(), self.name()) {
            (Nanos::NEVER, Some(_)) => TableState::Learned,
            (Nanos::NEVER, None) => TableState::Failed,
            (due, _) => TableState::Wanted(due.since(now)),
        }
    }

    fn is_preset(&self) -> bool {
        self.is_preset.load(Ordering::Relaxed)
    }

    fn learned_at(&self) -> Nanos {
        Nanos(self.learned_at.load(Ordering::Relaxed))
    }
}

fn doubled(first: Duration, times: u32, longest: Duration) -> Duration {
    first.saturating_mul(1u32.checked_shl(times.min(31)).unwrap_or(u32::MAX)).min(longest)
}
