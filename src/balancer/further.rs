//! Further attempts of one request: retries and hedges, each granted from a budget, so that a cluster in trouble does not get more
//! requests the worse it fares.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::{Balancer, Core};
use crate::clock::Nanos;
use crate::config::Config;
use crate::error::Status;
use crate::health::{Budget, Meaning, Outcome, Quantile, Requests};
use crate::rng::with_thread_rng;
use crate::routing::Plan;

/// No hedge is sent earlier.
const SOONEST_HEDGE: Duration = Duration::from_millis(1);

/// What is granted, and what was.
pub(super) struct Further {
    pub requests: Requests,
    retries: Budget,
    hedges: Budget,
    /// What most requests take.
    usual: Quantile,
    pub retries_granted: AtomicU64,
    pub retries_refused: AtomicU64,
    pub hedges_granted: AtomicU64,
}

impl Further {
    pub fn new(config: &Config, now: Nanos) -> Further {
        let (retry, hedge) = (&config.retry, &config.hedge);
        Further {
            requests: Requests::default(),
            retries: Budget::new(retry.percent, retry.per_second, retry.burst, now),
            hedges: Budget::new(hedge.percent, 0, hedge.burst, now),
            usual: Quantile::new(hedge.percentile),
            retries_granted: AtomicU64::new(0),
            retries_refused: AtomicU64::new(0),
            hedges_granted: AtomicU64::new(0),
        }
    }

    /// A request was served.
    #[inline]
    pub fn served(&self, config: &Config, latency_us: u64) {
        if config.hedge.on {
            self.usual.sample(latency_us);
        }
    }
}

impl Balancer {
    /// Whether the plan's request may be tried again now that an attempt ended so, and after which wait.
    ///
    /// None when the node alone failed and another one is left; a random part of a back-off when the node asked for less, or when all were
    /// tried. [`Status::BudgetSpent`] when there were too many retries of late.
    pub fn retry_delay(&self, plan: &Plan, outcome: Outcome) -> Result<Duration, Status> {
        let core = &*self.0;
        if plan.attempts() == 0 || outcome == Outcome::Success {
            return Err(Status::InvalidArgument);
        }
        let further = &core.further;
        if !further.retries.take(further.requests.counted(), core.clock.now()) {
            further.retries_refused.fetch_add(1, Ordering::Relaxed);
            return Err(Status::BudgetSpent);
        }
        further.retries_granted.fetch_add(1, Ordering::Relaxed);
        let (untried, listed) = core.untried(plan);
        let doublings = match outcome.meaning() {
            Meaning::Failed | Meaning::Unreachable | Meaning::Unknown if untried => return Ok(Duration::ZERO),
            Meaning::Failed | Meaning::Unreachable | Meaning::Unknown => (plan.attempts() / listed.max(1)).saturating_sub(1),
            Meaning::Served | Meaning::Busy => plan.attempts() - 1,
        };
        let retry = &core.config.retry;
        let longest = retry.backoff_base.saturating_mul(1 << doublings.min(20)).min(retry.backoff_max);
        Ok(with_thread_rng(|rng| longest.mul_f64(rng.jitter(0.5) - 0.5)))
    }

    /// After which wait the plan's request may be sent to a second node as well, if its first attempt has not ended by then. Asked again
    /// when the wait is over, it says zero and takes it from the budget, or that it is not offered after all.
    pub fn hedge_delay(&self, plan: &Plan, elapsed: Duration) -> Result<Duration, Status> {
        let core = &*self.0;
        let further = &core.further;
        if plan.attempts() == 0 {
            return Err(Status::InvalidArgument);
        }
        if !core.config.hedge.on || plan.attempts() > 1 || !core.untried(plan).0 || core.is_strained() {
            return Err(Status::NotOffered);
        }
        let usual = further.usual.micros().ok_or(Status::NotOffered)?;
        let delay = Duration::from_micros(usual).max(SOONEST_HEDGE);
        let (requests, now) = (further.requests.counted(), core.clock.now());
        let granted = if elapsed < delay { further.hedges.has_one(requests, now) } else { further.hedges.take(requests, now) };
        if !granted {
            return Err(Status::BudgetSpent);
        }
        if elapsed >= delay {
            further.hedges_granted.fetch_add(1, Ordering::Relaxed);
        }
        Ok(delay.saturating_sub(elapsed))
    }
}

impl Core {
    /// Whether a node that is not set aside is left for the plan, and how many it can go to in all.
    fn untried(&self, plan: &Plan) -> (bool, u32) {
        self.topology.read(|snapshot| {
            if plan.is_keyed() {
                let mut nodes = (0..snapshot.keyed()).map(|place| snapshot.keyed_node(place));
                (nodes.any(|node| !plan.was_tried(node) && !self.health.is_aside(node)), snapshot.keyed())
            } else {
                let mut nodes = (0..snapshot.usable()).map(|index| snapshot.usable_node(index));
                (nodes.any(|node| !plan.was_tried(node)), snapshot.all())
            }
        })
    }

    /// Whether the cluster has enough to do without second attempts: half of it is set aside, or requests take much longer than they did.
    fn is_strained(&self) -> bool {
        self.health.is_overloaded() || self.topology.read(|snapshot| snapshot.usable() * 2 <= snapshot.all())
    }
}

#[cfg(test)]
mod tests;
