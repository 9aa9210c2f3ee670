//! Which nodes are set aside, and for how long.
//!
//! A node to which no connection can be made is set aside for 0.5 s, doubling to 30 s with each failed probe, +-25 % so that
//! clients do not probe in step. It comes back by a probe, not by a user's request. Never more than half of the nodes are set
//! aside. A node that was well for a minute starts over. The rule follows Envoy's outlier detection with shorter times and a
//! doubling instead of a linear pause.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use crate::append::AppendList;
use crate::clock::Nanos;
use crate::node::NodeId;
use crate::rng::Rng;

const FORGIVEN_AFTER: Duration = Duration::from_secs(60);
const SPREAD: f64 = 0.25;

/// How an attempt ended. The numbers are part of the C ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Outcome {
    /// It was answered.
    Success = 0,
    /// It was answered with a 4xx that is the request's own fault.
    CallerFault = 1,
    /// It was answered with a request to slow down.
    Throttled = 2,
    /// It was answered with a 5xx.
    ServerError = 3,
    /// No connection could be made.
    Refused = 4,
    /// The connection was lost.
    Reset = 5,
    /// No whole answer came in time.
    Timeout = 6,
    /// The TLS handshake failed.
    TlsFailure = 7,
    /// The caller gave it up.
    Cancelled = 8,
}

impl Outcome {
    /// All of them with the names they have in the statistics.
    pub const ALL: [(Outcome, &'static str); 9] = [
        (Outcome::Success, "success"),
        (Outcome::CallerFault, "caller_fault"),
        (Outcome::Throttled, "throttled"),
        (Outcome::ServerError, "server_error"),
        (Outcome::Refused, "refused"),
        (Outcome::Reset, "reset"),
        (Outcome::Timeout, "timeout"),
        (Outcome::TlsFailure, "tls_failure"),
        (Outcome::Cancelled, "cancelled"),
    ];

    /// The outcome of that number.
    pub fn from_code(code: i32) -> Option<Outcome> {
        Self::ALL.get(usize::try_from(code).ok()?).map(|(outcome, _)| *outcome)
    }
}

/// What is known of one node's health.
#[derive(Default)]
pub struct Record {
    /// When the next probe is due; 0 while the node is in use.
    probe_at: AtomicU64,
    /// How often it was set aside, or failed a probe, in a row.
    strikes: AtomicU32,
    /// When it came back.
    back_at: AtomicU64,
    outcomes: [AtomicU64; Outcome::ALL.len()],
    answered_us: AtomicU64,
}

impl Record {
    /// When the next probe is due; `None` while the node is in use.
    pub fn aside_until(&self) -> Option<Nanos> {
        match self.probe_at.load(Ordering::Relaxed) {
            0 => None,
            at => Some(Nanos(at)),
        }
    }

    /// How often it was set aside, or failed a probe, in a row.
    pub fn strikes(&self) -> u32 {
        self.strikes.load(Ordering::Relaxed)
    }

    /// Counts an attempt. Nothing else: the rules read single outcomes.
    pub fn count(&self, outcome: Outcome, latency_us: u64) {
        self.outcomes[outcome as usize].fetch_add(1, Ordering::Relaxed);
        if outcome == Outcome::Success {
            self.answered_us.fetch_add(latency_us, Ordering::Relaxed);
        }
    }

    /// How many attempts ended so.
    pub fn counted(&self, outcome: Outcome) -> u64 {
        self.outcomes[outcome as usize].load(Ordering::Relaxed)
    }

    /// The mean latency of the attempts that succeeded, in microseconds; 0 when none did.
    pub fn mean_latency_us(&self) -> u64 {
        self.answered_us.load(Ordering::Relaxed).checked_div(self.counted(Outcome::Success)).unwrap_or(0)
    }
}

/// The rule's parameters.
#[derive(Clone, Copy, Debug)]
pub struct Rule {
    /// Whether nodes are set aside at all.
    pub on: bool,
    /// For how long the first time.
    pub base: Duration,
    /// For how long at most.
    pub longest: Duration,
}

/// Every node's health, by the node's number.
pub struct Health {
    rule: Rule,
    records: AppendList<Record>,
}

impl Health {
    /// No node yet.
    pub fn new(rule: Rule) -> Health {
        Health { rule, records: AppendList::new() }
    }

    /// Makes room for the nodes below that number. One writer at a time (the caller sees to that).
    pub fn grow(&self, nodes: usize) {
        while self.records.len() < nodes && self.records.push_with(|_| Record::default()).is_some() {}
    }

    /// A node's record.
    #[inline]
    pub fn get(&self, node: NodeId) -> Option<&Record> {
        self.records.get(node as usize)
    }

    /// Whether the node is set aside.
    pub fn is_aside(&self, node: NodeId) -> bool {
        self.get(node).is_some_and(|record| record.aside_until().is_some())
    }

    /// A connection to the node could not be made: sets it aside if it is in use and in one of the lists, and of each list that it is in
    /// at most half are aside with it. Tells for how long.
    pub fn refused(&self, node: NodeId, lists: &[&[NodeId]], now: Nanos, rng: &mut Rng) -> Option<Duration> {
        let record = self.get(node)?;
        let mut lists = lists.iter().filter(|list| list.contains(&node)).peekable();
        if !self.rule.on || self.is_aside(node) || lists.peek().is_none() {
            return None;
        }
        let beside = |list: &[NodeId]| list.iter().filter(|id| self.is_aside(**id)).count();
        if lists.any(|list| (beside(list) + 1) * 2 > list.len()) {
            return None;
        }
        if now.since(Nanos(record.back_at.load(Ordering::Relaxed))) > FORGIVEN_AFTER {
            record.strikes.store(0, Ordering::Relaxed);
        }
        Some(self.strike(record, now, rng))
    }

    /// A probe of a node that is set aside failed; tells when the next is due.
    pub fn probe_failed(&self, node: NodeId, now: Nanos, rng: &mut Rng) -> Option<Duration> {
        let record = self.get(node).filter(|record| record.aside_until().is_some())?;
        Some(self.strike(record, now, rng))
    }

    /// A node that is set aside is well again; tells whether it was aside.
    pub fn probe_ok(&self, node: NodeId, now: Nanos) -> bool {
        self.get(node).is_some_and(|record| {
            record.back_at.store(now.0, Ordering::Relaxed);
            record.probe_at.swap(0, Ordering::Relaxed) != 0
        })
    }

    /// Makes the probe of a node that is set aside due at once: there is news of it.
    pub fn probe_now(&self, node: NodeId, now: Nanos) {
        if let Some(record) = self.get(node).filter(|record| record.aside_until().is_some()) {
            record.probe_at.store(now.0.max(1), Ordering::Relaxed);
        }
    }

    /// Of the listed nodes those that are to be chosen first: all that are not set aside, or all when a shrinking list has left
    /// more than half of it aside.
    pub fn usable(&self, listed: &[NodeId]) -> Vec<NodeId> {
        let usable: Vec<NodeId> = listed.iter().copied().filter(|id| !self.is_aside(*id)).collect();
        if usable.len() * 2 < listed.len() { listed.to_vec() } else { usable }
    }

    fn strike(&self, record: &Record, now: Nanos, rng: &mut Rng) -> Duration {
        let strikes = record.strikes.load(Ordering::Relaxed);
        let pause = self.pause(strikes).mul_f64(rng.jitter(SPREAD));
        record.strikes.store(strikes.saturating_add(1), Ordering::Relaxed);
        record.probe_at.store(now.after(pause).0.max(1), Ordering::Relaxed);
        pause
    }

    fn pause(&self, strikes: u32) -> Duration {
        self.rule.base.saturating_mul(1u32.checked_shl(strikes.min(31)).unwrap_or(u32::MAX)).min(self.rule.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;
    use proptest::prelude::*;

    const RULE: Rule = Rule { on: true, base: Duration::from_millis(500), longest: Duration::from_secs(30) };

    fn health(nodes: usize) -> (Health, Vec<NodeId>, Rng) {
        let health = Health::new(RULE);
        health.grow(nodes);
        (health, (0..nodes as NodeId).collect(), Rng::new(5))
    }

    fn near(pause: Duration, millis: u64) -> bool {
        let wanted = Duration::from_millis(millis);
        pause >= wanted.mul_f64(0.75) && pause <= wanted.mul_f64(1.25)
    }

    #[test]
    fn outcomes_go_both_ways() {
        for (position, (outcome, _)) in Outcome::ALL.into_iter().enumerate() {
            assert_eq!(outcome as usize, position);
            assert_eq!(Outcome::from_code(position as i32), Some(outcome));
        }
        assert_eq!(Outcome::from_code(9), None);
        assert_eq!(Outcome::from_code(-1), None);
    }

    #[test]
    fn the_pause_doubles_from_half_a_second_to_thirty() {
        let (health, listed, mut rng) = health(3);
        let mut now = Nanos(1);
        assert!(near(health.refused(0, &[&listed], now, &mut rng).unwrap(), 500));
        for millis in [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000] {
            now = health.get(0).unwrap().aside_until().unwrap();
            assert!(near(health.probe_failed(0, now, &mut rng).unwrap(), millis), "{millis}");
        }
        assert!(health.probe_ok(0, now));
        assert!(!health.is_aside(0));
    }

    #[test]
    fn a_minute_in_good_health_is_forgiven() {
        let (health, listed, mut rng) = health(3);
        let now = Nanos(1);
        health.refused(0, &[&listed], now, &mut rng);
        health.probe_failed(0, now, &mut rng);
        health.probe_ok(0, now);
        assert!(near(health.refused(0, &[&listed], now.after(Duration::from_secs(59)), &mut rng).unwrap(), 2000));
        health.probe_ok(0, now);
        assert!(near(health.refused(0, &[&listed], now.after(Duration::from_secs(61)), &mut rng).unwrap(), 500));
    }

    #[test]
    fn never_more_than_half_are_set_aside() {
        for (nodes, most) in [(1, 0), (2, 1), (3, 1), (4, 2), (9, 4)] {
            let (health, listed, mut rng) = health(nodes);
            let aside = listed.iter().filter(|id| health.refused(**id, &[&listed], Nanos(1), &mut rng).is_some()).count();
            assert_eq!(aside, most, "of {nodes}");
        }
    }

    #[test]
    fn a_node_that_is_not_listed_or_already_aside_changes_nothing() {
        let (health, listed, mut rng) = health(4);
        assert!(health.refused(3, &[&listed[..3]], Nanos(1), &mut rng).is_none());
        assert!(health.refused(9, &[&listed], Nanos(1), &mut rng).is_none());
        assert!(health.refused(0, &[&listed], Nanos(1), &mut rng).is_some());
        assert!(health.refused(0, &[&listed], Nanos(1), &mut rng).is_none());
        assert!(health.probe_failed(1, Nanos(1), &mut rng).is_none());
        assert!(!health.probe_ok(1, Nanos(1)));
    }

    #[test]
    fn switched_off_it_sets_nobody_aside() {
        let health = Health::new(Rule { on: false, ..RULE });
        health.grow(3);
        assert!(health.refused(0, &[&[0, 1, 2]], Nanos(1), &mut Rng::new(1)).is_none());
    }

    #[test]
    fn a_list_that_shrank_to_the_nodes_aside_is_used_whole() {
        let (health, listed, mut rng) = health(4);
        health.refused(0, &[&listed], Nanos(1), &mut rng);
        health.refused(1, &[&listed], Nanos(1), &mut rng);
        assert_eq!(health.usable(&listed), [2, 3]);
        assert_eq!(health.usable(&[0, 1, 2]), [0, 1, 2]);
    }

    #[test]
    fn the_ceiling_holds_in_each_list_that_has_the_node() {
        let (health, _, mut rng) = health(9);
        let (rack, datacenter): (Vec<NodeId>, Vec<NodeId>) = ((0..3).collect(), (0..9).collect());
        let mut aside = |node| health.refused(node, &[&rack, &datacenter], Nanos(1), &mut rng).is_some();
        assert_eq!([0, 1, 2].map(&mut aside), [true, false, false], "one of three in the rack");
        assert_eq!([3, 4, 5, 6, 7, 8].map(&mut aside), [true, true, true, false, false, false], "four of nine around it");
    }

    proptest! {
        #[test]
        fn the_ceiling_holds_under_any_sequence(
            nodes in 1usize..12, events in proptest::collection::vec((0u32..12, 0u8..3, 0u64..100_000_000_000), 0..200),
        ) {
            let (health, listed, mut rng) = health(nodes);
            for (node, event, at) in events {
                match event {
                    0 => { health.refused(node, &[&listed], Nanos(at), &mut rng); }
                    1 => { health.probe_failed(node, Nanos(at), &mut rng); }
                    _ => { health.probe_ok(node, Nanos(at)); }
                }
                let aside = listed.iter().filter(|id| health.is_aside(**id)).count();
                prop_assert!(aside * 2 <= nodes, "{} of {}", aside, nodes);
                prop_assert_eq!(health.usable(&listed).len(), nodes - aside);
            }
        }
    }
}
