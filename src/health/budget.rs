//! How many further attempts the cluster can be expected to bear: a bucket of tokens, filled by requests and by time, one word, no lock.
//!
//! What was earned since the handle was made grows with requests and seconds and is never stored; only what was spent is. A bucket that is
//! full spends what does not fit at the next look. So nothing has to be added to a shared word when a request begins.

use crate::atomics::{AtomicU64, Ordering};
use crate::clock::Nanos;

const TOKEN: u64 = 1000;

/// A bucket of tokens, full at first.
pub struct Budget {
    /// What a request, a millisecond and a full bucket are worth, in thousandths of a token.
    per_request: u64,
    per_milli: u64,
    full: u64,
    start: Nanos,
    spent: AtomicU64,
}

impl Budget {
    /// Tokens in percent of requests, tokens per second, and how many are kept at most.
    pub fn new(percent: u32, per_second: u32, burst: u32, start: Nanos) -> Budget {
        Budget {
            per_request: u64::from(percent) * TOKEN / 100,
            per_milli: u64::from(per_second) * TOKEN / 1000,
            full: u64::from(burst) * TOKEN,
            start,
            spent: AtomicU64::new(0),
        }
    }

    /// Whether there is a token.
    pub fn has_one(&self, requests: u64, now: Nanos) -> bool {
        let earned = self.earned(requests, now);
        earned - self.within(self.spent.load(Ordering::Relaxed), earned) >= TOKEN
    }

    /// Takes a token, if there is one.
    pub fn take(&self, requests: u64, now: Nanos) -> bool {
        let earned = self.earned(requests, now);
        let mut spent = self.spent.load(Ordering::Relaxed);
        loop {
            let counted = self.within(spent, earned);
            let granted = counted + TOKEN <= earned;
            let next = if granted { counted + TOKEN } else { counted };
            // Also a refusal notes that the clock has gone back: from here on it counts again.
            match self.spent.compare_exchange_weak(spent, next, Ordering::Relaxed, Ordering::Relaxed) {
                Ok(_) => return granted,
                Err(seen) => spent = seen,
            }
        }
    }

    fn earned(&self, requests: u64, now: Nanos) -> u64 {
        let millis = now.since(self.start).as_millis() as u64;
        self.full.saturating_add(requests.saturating_mul(self.per_request)).saturating_add(millis.saturating_mul(self.per_milli))
    }

    /// What counts as spent: as much as does not fit into the bucket, and no more than was earned, should the clock have gone back.
    fn within(&self, spent: u64, earned: u64) -> u64 {
        spent.clamp(earned - self.full, earned)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::time::Duration;

    const START: Nanos = Nanos(1 << 50);

    fn budget() -> Budget {
        Budget::new(20, 5, 10, START)
    }

    fn takes(budget: &Budget, requests: u64, now: Nanos) -> u32 {
        (0..10_000).take_while(|_| budget.take(requests, now)).count() as u32
    }

    #[test]
    fn a_bucket_is_full_at_first_and_then_empty() {
        let budget = budget();
        assert!(budget.has_one(0, START));
        assert_eq!(takes(&budget, 0, START), 10);
        assert!(!budget.has_one(0, START));
    }

    #[test]
    fn a_fifth_of_the_requests_and_five_a_second_fill_it() {
        let budget = budget();
        takes(&budget, 0, START);
        assert_eq!(takes(&budget, 25, START), 5);
        assert_eq!(takes(&budget, 29, START), 0);
        assert_eq!(takes(&budget, 29, START.after(Duration::from_millis(200))), 1);
        assert_eq!(takes(&budget, 29, START.after(Duration::from_secs(1))), 4);
    }

    #[test]
    fn it_holds_ten_however_long_it_fills() {
        let budget = budget();
        assert_eq!(takes(&budget, 1_000_000, START.after(Duration::from_secs(86_400))), 10);
    }

    #[test]
    fn a_clock_that_goes_back_a_day_does_not_close_it_for_a_day() {
        let budget = budget();
        takes(&budget, 0, START.after(Duration::from_secs(2 * 86_400)));
        let yesterday = START.after(Duration::from_secs(86_400));
        assert_eq!(takes(&budget, 0, yesterday), 0);
        assert_eq!(takes(&budget, 0, yesterday.after(Duration::from_secs(1))), 5);
    }

    #[test]
    fn threads_take_no_token_twice() {
        let budget = Budget::new(0, 0, 5000, START);
        let taken = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| taken.fetch_add(takes(&budget, 0, START).into(), Ordering::Relaxed));
            }
        });
        assert_eq!(taken.into_inner(), 5000);
    }

    proptest! {
        #[test]
        fn never_more_is_taken_than_was_earned(steps in proptest::collection::vec((0u64..50, 0u64..3000, 0u32..30), 0..100)) {
            let budget = budget();
            let (mut requests, mut now, mut taken) = (0, START, 0);
            for (more, millis, wanted) in steps {
                requests += more;
                now = now.after(Duration::from_millis(millis));
                taken += (0..wanted).filter(|_| budget.take(requests, now)).count();
                let earned = 10.0 + 0.2 * requests as f64 + 5.0 * now.since(START).as_secs_f64();
                prop_assert!(taken as f64 <= earned + 0.01, "{} of {}", taken, earned);
            }
        }
    }
}
