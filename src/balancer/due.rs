//! The moment at which work is due, which is also the claim on it: who moves it into the future does the work, nobody else; and who vanishes
//! while doing it holds the claim only until that moment.

use crate::atomics::{AtomicU64, Ordering};

/// A moment in nanoseconds.
pub struct Due(AtomicU64);

impl Due {
    /// Due at that moment.
    pub fn at(moment: u64) -> Due {
        Due(AtomicU64::new(moment))
    }

    /// When the work is due.
    #[inline]
    pub fn moment(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Moves the moment, whoever claims it.
    pub fn set(&self, moment: u64) {
        self.0.store(moment, Ordering::Relaxed);
    }

    /// Claims the work, if it is due, until that moment. Only one caller gets it.
    pub fn claim(&self, now: u64, until: u64) -> bool {
        let due = self.moment();
        now >= due && self.0.compare_exchange(due, until, Ordering::AcqRel, Ordering::Relaxed).is_ok()
    }
}
