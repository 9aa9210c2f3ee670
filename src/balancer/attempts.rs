//! The attempts of requests: a pick begins one, a report ends it.
//!
//! A pick reads a published snapshot and this thread's random stream, and writes one cache line of its node: no lock, no allocation, no
//! syscall, no wait. Attempts are counted, and nodes compared, only while answers are reported: a caller that reports nothing, or only
//! failures, would else see nodes fill up with attempts that never end. It gets random nodes of those that are well.

use std::sync::atomic::Ordering;
use std::time::Duration;

use super::{Balancer, Core};
use crate::affinity::KeyOrder;
use crate::clock::Nanos;
use crate::config::{Policy, RefreshMode};
use crate::error::{Error, Status};
use crate::fork;
use crate::health::{Cause, Outcome, Sign};
use crate::node::NodeId;
use crate::rng::with_thread_rng;
use crate::routing::{Choice, Market, Plan, PlanError};

/// For so long after a reported answer more are expected.
const REPORTS_FLOW: Duration = Duration::from_secs(30);
/// A reported answer is noted if the last note is older than this.
const NOTED_EACH: Duration = Duration::from_secs(4);

impl Balancer {
    /// Chooses the node for a request.
    #[inline]
    pub fn next_node(&self) -> Option<NodeId> {
        let core = &*self.0;
        let (now, counted) = core.moment();
        let chosen = core.trial(now).or_else(|| {
            let choice = core.choice(counted);
            with_thread_rng(|rng| core.topology.read(|snapshot| choice.first(snapshot, rng)))
        });
        core.further.requests.count();
        core.begin(chosen, counted);
        self.after_pick(now);
        chosen
    }

    /// Takes the next step of a plan.
    #[inline]
    pub fn plan_next(&self, plan: &mut Plan) -> Result<NodeId, PlanError> {
        let core = &*self.0;
        let (now, counted) = core.moment();
        let is_first = plan.attempts() == 0;
        if is_first {
            core.further.requests.count();
        }
        let chosen = if plan.is_keyed() {
            let placement = core.config.affinity.placement;
            let is_aside = |node| core.health.is_aside(node);
            let step = core.topology.read(|snapshot| plan.choose_by_key(KeyOrder::new(snapshot, placement), is_aside));
            step.map(|step| plan.take(step))
        } else if let Some(node) = now.filter(|_| is_first && plan.is_begun()).and_then(|now| core.trial(Some(now))) {
            Ok(plan.take_first(node))
        } else {
            let choice = core.choice(counted);
            let step = with_thread_rng(|rng| core.topology.read(|snapshot| plan.choose(&choice, snapshot, rng)));
            step.map(|step| plan.take(step))
        };
        core.begin(chosen.ok(), counted);
        self.after_pick(now);
        chosen
    }

    /// Chooses the node for a key of that hash: the first step of its plan.
    #[inline]
    pub fn node_for_key(&self, hash: i64) -> Option<NodeId> {
        let core = &*self.0;
        let (now, counted) = core.moment();
        let chosen = core.node_for_key(hash);
        core.further.requests.count();
        core.begin(chosen, counted);
        self.after_pick(now);
        chosen
    }

    /// Takes in how an attempt at a node ended.
    #[inline]
    pub fn report(&self, node: NodeId, outcome: Outcome, latency_us: u64) -> Result<(), Error> {
        let core = &*self.0;
        let now = core.clock.now();
        let Some(sign) = core.health.report(node, outcome, latency_us, now) else {
            return Err(Error::new(Status::UnknownNode, format!("no node has the id {node}")));
        };
        if outcome.is_answer() {
            core.note_answer(now);
        }
        if outcome == Outcome::Success {
            core.further.served(&core.config, latency_us);
        }
        if sign.is_some() || outcome.is_connection_trouble() {
            core.heed(node, outcome, sign);
        }
        Ok(())
    }

    /// What a pick does behind its own choice: notes that requests flow and, in `inline` mode, does a step that is due.
    #[inline]
    fn after_pick(&self, now: Option<Nanos>) {
        let core = &*self.0;
        if core.hot.active.load(Ordering::Relaxed) != fork::generation() {
            self.wake();
        }
        if core.hot.seen_changes.load(Ordering::Relaxed) != core.health.changes() {
            core.catch_up();
        }
        if core.config.refresh_mode == RefreshMode::Inline
            && let Some(now) = now
            && now.0 >= core.hot.due.moment()
        {
            core.inline_step(now);
        }
    }
}

impl Core {
    /// The moment of a pick, if that matters to it, and once more if attempts are counted.
    #[inline]
    fn moment(&self) -> (Option<Nanos>, Option<Nanos>) {
        let answered_at = self.hot.answered_at.load(Ordering::Relaxed);
        let on_trial = self.hot.trial_at.load(Ordering::Relaxed) != Nanos::NEVER.0;
        if answered_at == 0 && self.config.refresh_mode != RefreshMode::Inline && !on_trial {
            return (None, None);
        }
        let now = self.clock.now();
        let counted = answered_at != 0 && now.since(Nanos(answered_at)) < REPORTS_FLOW;
        (Some(now), counted.then_some(now))
    }

    /// How to choose now.
    #[inline]
    fn choice(&self, counted: Option<Nanos>) -> Choice<'_> {
        match (self.config.policy, counted) {
            (Policy::RoundRobin, _) => Choice::RoundRobin(&self.cursors),
            (Policy::Adaptive, Some(now)) => {
                let adaptive = &self.config.adaptive;
                Choice::Cheapest(Market { prices: self.health.prices(now), candidates: adaptive.candidates, beyond: self.beyond })
            }
            (Policy::Adaptive, None) | (Policy::Random, _) => Choice::Random,
        }
    }

    /// A node that is set aside and to be tried by a user's request, since nobody probes it.
    #[inline]
    fn trial(&self, now: Option<Nanos>) -> Option<NodeId> {
        match self.hot.trial_at.load(Ordering::Relaxed) {
            at if Nanos(at) == Nanos::NEVER => None,
            at => now.filter(|now| self.health.is_due(Nanos(at), *now)).and_then(|now| self.begin_trial(now)),
        }
    }

    /// Another handle has set a node aside, or found one well.
    #[cold]
    fn catch_up(&self) {
        if let Some(mut state) = self.control().try_lock() {
            state.catch_up(self);
        }
    }

    #[cold]
    fn begin_trial(&self, now: Nanos) -> Option<NodeId> {
        // Whoever has the lock may be ejecting or trying out a node; the next request is soon enough.
        let mut state = self.control().try_lock()?;
        state.begin_trial(self, now)
    }

    #[inline]
    fn begin(&self, chosen: Option<NodeId>, counted: Option<Nanos>) {
        if let (Some(node), Some(now)) = (chosen, counted) {
            self.health.begin(node, now);
        }
    }

    /// An answer was reported, so attempts are worth counting.
    #[inline]
    fn note_answer(&self, now: Nanos) {
        let noted = self.hot.answered_at.load(Ordering::Relaxed);
        if noted == 0 || now.since(Nanos(noted)) > NOTED_EACH || now.0 < noted {
            self.hot.answered_at.store(now.0.max(1), Ordering::Relaxed);
        }
    }

    /// Something is wrong with a node, or well again.
    #[cold]
    fn heed(&self, node: NodeId, outcome: Outcome, sign: Option<Sign>) {
        let mut state = self.control().lock();
        match sign {
            Some(Sign::Suspect(cause)) => state.suspect(self, node, cause, told_by_the_caller(cause)),
            Some(Sign::Well) => state.well(self, node, "a request to it was served"),
            Some(Sign::StillIll) => state.still_ill(self, node, "a request that tried it failed"),
            None => {}
        }
        if outcome.is_connection_trouble() {
            state.hurry(self);
        }
        state.look_ahead(self);
    }
}

fn told_by_the_caller(cause: Cause) -> &'static str {
    match cause {
        Cause::None => "for no reason",
        Cause::Refused => "no connection could be made (reported by the caller)",
        Cause::TlsFailure => "the TLS handshake failed (reported by the caller)",
        Cause::Hung => "an attempt timed out, and nothing was heard of the node meanwhile",
        Cause::FailuresInARow => "several attempts in a row failed, and those at other nodes did not",
        Cause::FailureRate => "most attempts of late failed, and those at other nodes did not",
    }
}

#[cfg(test)]
mod tests;
