//! Who is set aside, and for how long.
//!
//! A node to which no connection can be made, or that hangs, is set aside at once; one that fails again and again only if it stands out:
//! what all nodes do is the cluster's trouble or the request's. It stays away for 0.5 s, doubling to 30 s each time anew and with each
//! probe or trial that fails, +-25 % so that clients do not probe in step, and comes back by a probe or a trial. At most half of the
//! nodes are set aside. After a minute in use a node starts over. Times and rates after Envoy's outlier detection, shorter, and with
//! ratios in place of its deviations, which cannot tell anything of fewer than five nodes.
//!
//! Where a probe tells all (nothing could reach the node), it ends that time early: it is repeated after 2 s, and after an eighth of the
//! time that the node has been away when that is more. So whoever was gone for a while is back in use an eighth of it later, and one
//! that is gone for good costs little.
//!
//! Standings are changed by one thread at a time, which [`Table::leave`] sees to: else the ceiling might be passed.

use std::time::Duration;

use super::Health;
use super::line::Line;
use super::rules::Rules;
use super::standing::Cause;
use super::tick::{Tick, ticks};
use crate::clock::Nanos;
use crate::node::NodeId;
use crate::rng::Rng;

const SPREAD: f64 = 0.25;
/// A probe that failed is repeated when this part of the time away has passed again.
const PART_OF_ABSENCE: u32 = 8;
/// A rate of failures that stands out is above this many times that of the other nodes...
const TIMES: f32 = 2.0;
/// ...and this much more.
const MORE: f32 = 0.1;
/// A row of failures stands out if the others' rate would bring it about less often than this. There are thousands of rows a minute.
const BY_CHANCE: f32 = 1e-6;

/// How the other nodes in use fare.
#[derive(Clone, Copy, Debug, Default)]
struct Others {
    count: u32,
    /// Those whose last attempt failed.
    failing: u32,
    attempts: f32,
    failures: f32,
}

impl Others {
    fn of<'a>(lines: impl Iterator<Item = &'a Line>, now: Tick, rules: &Rules) -> Others {
        lines.filter(|line| !line.is_aside()).fold(Others::default(), |sum, line| {
            let window = line.window(now, rules);
            Others {
                count: sum.count + 1,
                failing: sum.failing + u32::from(line.failures_in_a_row() > 0),
                attempts: sum.attempts + window.attempts,
                failures: sum.failures + window.failures,
            }
        })
    }

    fn failure_rate(&self) -> f32 {
        if self.attempts >= 1.0 { self.failures / self.attempts } else { 0.0 }
    }
}

/// Whether what speaks against a node does not speak against all of them.
fn stands_out(cause: Cause, line: &Line, others: &Others, now: Tick, rules: &Rules) -> bool {
    match cause {
        Cause::FailuresInARow => {
            let row = line.failures_in_a_row();
            row >= rules.failures_in_a_row
                && others.failing * 2 <= others.count
                && others.failure_rate().powi(row.min(1000) as i32) < BY_CHANCE
        }
        Cause::FailureRate => {
            let window = line.window(now, rules);
            let rate = window.failure_rate();
            window.attempts >= rules.attempts_least && rate > rules.failure_rate && rate > TIMES * others.failure_rate() + MORE
        }
        Cause::Refused | Cause::TlsFailure | Cause::Hung => true,
        Cause::None => false,
    }
}

impl Health {
    /// Sets a suspect node aside if it is in use and in one of the lists, stands out there, and of each list that it is in at most half
    /// are aside with it. Tells for how long.
    pub fn eject(&self, node: NodeId, cause: Cause, lists: &[&[NodeId]], now: Nanos, rng: &mut Rng) -> Option<Duration> {
        let _leave = self.table.leave();
        let line = self.line(node)?;
        let widest = lists.iter().filter(|list| list.contains(&node)).max_by_key(|list| list.len())?;
        if !self.rules.on || line.is_aside() {
            return None;
        }
        let tick = Tick::of(now);
        let others = widest.iter().filter(|id| **id != node).filter_map(|id| self.line(*id));
        if !stands_out(cause, line, &Others::of(others, tick, &self.rules), tick, &self.rules) {
            return None;
        }
        let has_room = |list: &[NodeId]| (list.iter().filter(|id| self.is_aside(**id)).count() + 1) * 2 <= list.len();
        if !lists.iter().filter(|list| list.contains(&node)).all(|list| has_room(list)) {
            // It must not look idle and fast because its failures are quick.
            line.penalise(tick, self.pool(), &self.rules);
            return None;
        }
        line.forgive(tick, ticks(self.rules.forgiven_after));
        let pause = self.strike(line, cause, now, rng);
        self.table.changed();
        Some(pause)
    }

    /// A probe, or a trial, of a node that is set aside failed; tells when the next is due. `None` if the next one is not due yet: then
    /// another failure was counted for this time already.
    pub fn probe_failed(&self, node: NodeId, now: Nanos, rng: &mut Rng) -> Option<Duration> {
        let _leave = self.table.leave();
        let line = self.line(node)?;
        let due = line.is_on_trial() || line.aside_until().is_some_and(|at| self.is_due(at, now));
        due.then(|| match self.early_probe(line, now) {
            Some(pause) => {
                let pause = pause.mul_f64(rng.jitter(SPREAD));
                line.postpone(now.after(pause));
                pause
            }
            None => self.strike(line, Cause::None, now, rng),
        })
    }

    /// The pause after a failed probe where doubling would miss the node's return. A trial is at somebody's cost, and a node that answers
    /// with errors answers probes as well: they have none.
    fn early_probe(&self, line: &Line, now: Nanos) -> Option<Duration> {
        let early = line.cause().shows_in_probes() && !line.is_on_trial() && self.pause(line.strikes()) > self.rules.probe;
        early.then(|| self.rules.probe.max(line.away(Tick::of(now)) / PART_OF_ABSENCE).min(self.rules.longest))
    }

    /// A node that is set aside is well again; tells whether it was aside.
    pub fn probe_ok(&self, node: NodeId, now: Nanos) -> bool {
        let _leave = self.table.leave();
        let Some(line) = self.line(node).filter(|line| line.is_aside()) else { return false };
        line.bring_back(Tick::of(now));
        self.table.changed();
        true
    }

    /// Makes the probe of a node that is set aside due at once: there is news of it.
    pub fn probe_now(&self, node: NodeId, now: Nanos) {
        let _leave = self.table.leave();
        if let Some(line) = self.line(node).filter(|line| line.is_aside()) {
            line.postpone(now);
        }
    }

    /// A user's request tries a node that is set aside. Should nobody say how that went, the next one may after another pause.
    pub fn try_out(&self, node: NodeId, now: Nanos, rng: &mut Rng) {
        let _leave = self.table.leave();
        if let Some(line) = self.line(node).filter(|line| line.is_aside()) {
            let pause = self.pause(line.strikes().saturating_sub(1)).mul_f64(rng.jitter(SPREAD));
            line.try_out(now.after(pause));
        }
    }

    /// Whether a probe is due. One that lies further ahead than any can was set under a clock that has gone back since.
    pub fn is_due(&self, probe_at: Nanos, now: Nanos) -> bool {
        probe_at <= now || probe_at > now.after(self.rules.longest * 2 + Duration::from_secs(60))
    }

    /// Of the listed nodes those that are to be chosen first: all that are not set aside, or all when a shrinking list has left
    /// more than half of it aside.
    pub fn usable(&self, listed: &[NodeId]) -> Vec<NodeId> {
        let usable: Vec<NodeId> = listed.iter().copied().filter(|id| !self.is_aside(*id)).collect();
        if usable.len() * 2 < listed.len() { listed.to_vec() } else { usable }
    }

    fn strike(&self, line: &Line, cause: Cause, now: Nanos, rng: &mut Rng) -> Duration {
        let pause = self.pause(line.strikes()).mul_f64(rng.jitter(SPREAD));
        line.strike(cause, Tick::of(now), now.after(pause));
        pause
    }

    fn pause(&self, strikes: u32) -> Duration {
        self.rules.base.saturating_mul(1u32.checked_shl(strikes.min(31)).unwrap_or(u32::MAX)).min(self.rules.longest)
    }
}
