//! The query plan: the nodes of one request in the order to try them, kept in storage that the caller owns.
//!
//! A plan never repeats a node until all of the current list were tried, then starts over: it is never exhausted. It holds no
//! pointer and needs no destructor, so it may be copied, forgotten, and carried across a change of topology: each step looks at
//! the list of that moment and skips what was tried. Nodes that are set aside come after all others.

use super::Choice;
use crate::affinity::KeyOrder;
use crate::node::NodeId;
use crate::rng::Rng;
use crate::topology::Snapshot;

/// Marks storage that went through [`Plan::start`].
const MAGIC: u32 = 0x616c_6250;
/// Node numbers below this have a bit of their own.
const BITS: usize = 1024;
/// Tried nodes with higher numbers, of which only the last so many are remembered.
const LATE: usize = 32;
/// How many nodes a batch can have votes for; further ones stand in the plan behind them.
const VOTED: usize = 56;
/// A node's votes in its word stop counting here.
const MOST_VOTES: u32 = 0xff;

/// Where the order of a plan comes from.
mod kind {
    pub const POLICY: u64 = 0;
    pub const KEY: u64 = 1;
    pub const BATCH: u64 = 2;
}

/// Why a plan has no next step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PlanError {
    /// The storage was never started, or was overwritten.
    NotStarted,
    /// There is no node at all.
    NoNodes,
}

/// A step that was chosen and not yet taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    node: NodeId,
    starts_over: bool,
}

/// One request's plan. Any bytes are valid storage.
#[repr(C)]
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    magic: u32,
    attempts: u32,
    last: NodeId,
    late_count: u32,
    /// The hash of a plan for a key.
    key_hash: i64,
    kind: u64,
    tried: [u64; BITS / 64],
    late: [NodeId; LATE],
    /// The nodes that a batch has votes for: the number of each above its votes. 0 ends the row.
    voted: [u32; VOTED],
}

impl Plan {
    /// A plan whose first step is still to come.
    #[inline]
    pub fn start() -> Plan {
        Plan {
            magic: MAGIC,
            attempts: 0,
            last: 0,
            late_count: 0,
            key_hash: 0,
            kind: kind::POLICY,
            tried: [0; BITS / 64],
            late: [0; LATE],
            voted: [0; VOTED],
        }
    }

    /// A plan whose first step went to that node.
    pub fn after(node: NodeId) -> Plan {
        let mut plan = Plan::start();
        plan.take_first(node);
        plan
    }

    /// A plan for a key of that hash: its order is the key's, and all clients agree on it.
    #[inline]
    pub fn for_key(hash: i64) -> Plan {
        Plan { key_hash: hash, kind: kind::KEY, ..Plan::start() }
    }

    /// How many steps were taken; 0 also for storage that was never started.
    #[inline]
    pub fn attempts(&self) -> u32 {
        if self.magic == MAGIC { self.attempts } else { 0 }
    }

    /// Whether the storage went through one of the functions that begin a plan.
    #[inline]
    pub fn is_begun(&self) -> bool {
        self.magic == MAGIC
    }

    /// Whether the order is that of a key or a batch.
    #[inline]
    pub fn is_keyed(&self) -> bool {
        self.kind != kind::POLICY
    }

    /// Counts a vote for the node that an item of a batch would go to. The plan tries the nodes with most votes first, among equals
    /// those that come first in the order for keys, then all others in that order. Tells whether the plan could take it.
    pub fn vote(&mut self, node: NodeId) -> bool {
        if !self.takes_votes() {
            return false;
        }
        self.kind = kind::BATCH;
        for word in &mut self.voted {
            if *word == 0 {
                *word = node << 8 | 1;
                break;
            }
            if *word >> 8 == node {
                *word += u32::from(*word & MOST_VOTES < MOST_VOTES);
                break;
            }
        }
        true
    }

    /// Whether it was begun, is not that of a key, and has no step taken.
    pub fn takes_votes(&self) -> bool {
        self.magic == MAGIC && self.attempts == 0 && self.kind != kind::KEY
    }

    /// Chooses the next step of a plan for a key or a batch, as [`Plan::choose`] does. Built over all nodes and walked past those set
    /// aside, so that only the keys of a node that is set aside go elsewhere.
    pub fn choose_by_key(&self, order: KeyOrder<'_>, is_aside: impl Fn(NodeId) -> bool) -> Result<Step, PlanError> {
        if self.magic != MAGIC {
            return Err(PlanError::NotStarted);
        }
        let first = |accept: &dyn Fn(NodeId) -> bool| match self.kind {
            kind::BATCH => self.first_by_votes(order, accept),
            _ => order.first(self.key_hash, accept),
        };
        let untried =
            |tried: &dyn Fn(NodeId) -> bool| first(&|node| !tried(node) && !is_aside(node)).or_else(|| first(&|node| !tried(node)));
        if let Some(node) = untried(&|node| self.was_tried(node)) {
            return Ok(Step { node, starts_over: false });
        }
        let node = untried(&|node| node == self.last).or_else(|| untried(&|_| false)).ok_or(PlanError::NoNodes)?;
        Ok(Step { node, starts_over: true })
    }

    /// Of the nodes that `accept` takes the one with most votes, or the first in the order for keys if none has any.
    fn first_by_votes(&self, order: KeyOrder<'_>, accept: &dyn Fn(NodeId) -> bool) -> Option<NodeId> {
        let votes = |node: NodeId| {
            let row = self.voted.iter().take_while(|word| **word != 0);
            row.clone().find(|word| **word >> 8 == node).map_or(0, |word| word & MOST_VOTES)
        };
        let mut best = None;
        for node in order.sorted() {
            let votes = votes(node);
            if best.is_none_or(|(most, _)| votes > most) && accept(node) {
                best = Some((votes, node));
            }
        }
        best.map(|(_, node)| node)
    }

    /// Chooses the next step and leaves the plan as it is, so that a look at a snapshot can be repeated; [`Plan::take`] takes it.
    #[inline]
    pub fn choose(&self, choice: &Choice<'_>, snapshot: &Snapshot<'_>, rng: &mut Rng) -> Result<Step, PlanError> {
        if self.magic != MAGIC {
            return Err(PlanError::NotStarted);
        }
        if self.attempts == 0 {
            let node = choice.first(snapshot, rng).ok_or(PlanError::NoNodes)?;
            return Ok(Step { node, starts_over: false });
        }
        self.choose_further(choice, snapshot, rng)
    }

    #[inline(never)]
    fn choose_further(&self, choice: &Choice<'_>, snapshot: &Snapshot<'_>, rng: &mut Rng) -> Result<Step, PlanError> {
        if let Some(node) = choice.untried(snapshot, self.last, |node| self.was_tried(node), rng) {
            return Ok(Step { node, starts_over: false });
        }
        // All were tried: start over, not with the node that failed a moment ago if there is another.
        let node = choice
            .untried(snapshot, self.last, |node| node == self.last, rng)
            .or_else(|| choice.untried(snapshot, self.last, |_| false, rng))
            .ok_or(PlanError::NoNodes)?;
        Ok(Step { node, starts_over: true })
    }

    /// Takes a node for the first step whatever the policy says.
    pub fn take_first(&mut self, node: NodeId) -> NodeId {
        self.take(Step { node, starts_over: false })
    }

    /// Takes a step that was chosen.
    pub fn take(&mut self, step: Step) -> NodeId {
        if step.starts_over {
            self.tried = [0; BITS / 64];
            self.late_count = 0;
        }
        self.attempts = self.attempts.saturating_add(1);
        self.last = step.node;
        self.mark(step.node);
        step.node
    }

    /// Whether the node was tried, as far as that is remembered.
    pub fn was_tried(&self, node: NodeId) -> bool {
        match self.tried.get(node as usize / 64) {
            Some(word) => word & (1 << (node % 64)) != 0,
            None => self.late.iter().take(self.late_count as usize).any(|id| *id == node),
        }
    }

    fn mark(&mut self, node: NodeId) {
        if let Some(word) = self.tried.get_mut(node as usize / 64) {
            *word |= 1 << (node % 64);
        } else if !self.was_tried(node) {
            self.late.rotate_right(1);
            self.late[0] = node;
            self.late_count = (self.late_count + 1).min(LATE as u32);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::Nanos;
    use crate::config::{Config, Placement, Policy};
    use crate::health::Health;
    use crate::node::Address;
    use crate::rng::Rng;
    use crate::routing::{Cursors, Market};
    use crate::topology::{Listing, Topology};
    use proptest::prelude::*;
    use std::collections::HashSet;

    struct Bench {
        topology: Topology,
        cursors: Cursors,
        rng: Rng,
        policy: Policy,
        health: Health,
    }

    const POLICIES: [Policy; 3] = [Policy::Adaptive, Policy::Random, Policy::RoundRobin];

    impl Bench {
        fn new(policy: Policy, all: Vec<NodeId>, usable: Vec<NodeId>) -> Bench {
            let topology = Topology::new();
            topology.publish(&Listing { keyed: all.clone(), all, usable, ..Listing::default() });
            let health = Health::new(&Config::default(), false);
            for node in 0..2000 {
                health.join(node, &Address::parse(&format!("node{node}"), 1).unwrap());
            }
            Bench { topology, cursors: Cursors::new(), rng: Rng::new(11), policy, health }
        }

        fn step(&mut self, plan: &mut Plan) -> Result<NodeId, PlanError> {
            let rng = &mut self.rng;
            let choice = match self.policy {
                Policy::Random => Choice::Random,
                Policy::RoundRobin => Choice::RoundRobin(&self.cursors),
                Policy::Adaptive => Choice::Cheapest(Market { prices: self.health.prices(Nanos(1)), candidates: 4, beyond: 1.5 }),
            };
            let step = self.topology.read(|snapshot| plan.choose(&choice, snapshot, rng))?;
            Ok(plan.take(step))
        }
    }

    #[test]
    fn storage_that_was_not_started_is_refused() {
        let mut bench = Bench::new(Policy::Random, vec![0], vec![0]);
        let mut plan = Plan { magic: 0, ..Plan::start() };
        assert_eq!(bench.step(&mut plan), Err(PlanError::NotStarted));
    }

    #[test]
    fn no_nodes_is_an_error() {
        let mut bench = Bench::new(Policy::Random, vec![], vec![]);
        assert_eq!(bench.step(&mut Plan::start()), Err(PlanError::NoNodes));
    }

    #[test]
    fn nodes_set_aside_come_last() {
        for policy in POLICIES {
            let mut bench = Bench::new(policy, vec![0, 1, 2, 3, 4], vec![1, 3, 4]);
            for _ in 0..50 {
                let mut plan = Plan::start();
                let order: Vec<NodeId> = (0..5).map(|_| bench.step(&mut plan).unwrap()).collect();
                assert_eq!(order[..3].iter().copied().collect::<HashSet<_>>(), HashSet::from([1, 3, 4]), "{order:?}");
                assert_eq!(order.iter().copied().collect::<HashSet<_>>().len(), 5);
            }
        }
    }

    #[test]
    fn round_robin_walks_on_in_turn() {
        let mut bench = Bench::new(Policy::RoundRobin, vec![5, 6, 7], vec![5, 6, 7]);
        let mut plan = Plan::start();
        let order: Vec<NodeId> = (0..7).map(|_| bench.step(&mut plan).unwrap()).collect();
        for pair in order.windows(2) {
            assert_eq!(pair[1], if pair[0] == 7 { 5 } else { pair[0] + 1 }, "{order:?}");
        }
    }

    #[test]
    fn a_plan_survives_a_change_of_topology() {
        let mut bench = Bench::new(Policy::Random, vec![0, 1, 2], vec![0, 1, 2]);
        let mut plan = Plan::start();
        let first = bench.step(&mut plan).unwrap();
        let second = bench.step(&mut plan).unwrap();
        bench.topology.publish(&Listing {
            tier: 1,
            all: vec![first, second, 9],
            usable: vec![first, second, 9],
            ..Listing::default()
        });
        assert_eq!(bench.step(&mut plan), Ok(9));
    }

    #[test]
    fn a_keys_plan_passes_nodes_set_aside_and_takes_them_last() {
        let topology = Topology::new();
        let all: Vec<NodeId> = (0..9).collect();
        topology.publish(&Listing { usable: all.clone(), keyed: all.clone(), all, ..Listing::default() });
        let walk = |hash: i64, aside: &[NodeId], steps: usize| -> Vec<NodeId> {
            let mut plan = Plan::for_key(hash);
            let mut step = || {
                plan.take(
                    topology
                        .read(|s| plan.choose_by_key(KeyOrder::new(s, Placement::Official), |node| aside.contains(&node)))
                        .unwrap(),
                )
            };
            (0..steps).map(|_| step()).collect()
        };
        let mut moved = 0;
        for hash in 0..900 {
            let healthy = walk(hash, &[], 9);
            let limping = walk(hash, &[4], 9);
            let mut wanted: Vec<NodeId> = healthy.iter().copied().filter(|node| *node != 4).collect();
            wanted.push(4);
            assert_eq!(limping, wanted, "the order of the others stays");
            moved += u32::from(healthy[0] != limping[0]);
            assert_eq!(walk(hash, &[], 10)[9], healthy[0], "it starts over in the same order");
        }
        assert!((70..130).contains(&moved), "a ninth of the keys moves: {moved} of 900");
    }

    #[test]
    fn a_batch_tries_the_most_voted_first_and_the_rest_in_order() {
        let topology = Topology::new();
        topology.publish(&Listing { all: vec![0, 1, 2, 3, 4, 5], keyed: vec![5, 4, 3, 2, 1, 0], ..Listing::default() });
        let walk = |votes: &[NodeId], aside: &[NodeId], steps: usize| -> Vec<NodeId> {
            let mut plan = Plan::start();
            assert!(votes.iter().all(|node| plan.vote(*node)));
            let is_aside = |node| aside.contains(&node);
            let mut step =
                || plan.take(topology.read(|s| plan.choose_by_key(KeyOrder::new(s, Placement::Official), is_aside)).unwrap());
            (0..steps).map(|_| step()).collect()
        };
        assert_eq!(walk(&[1, 2, 2, 4], &[], 7), [2, 4, 1, 5, 3, 0, 2], "most votes, then the order for keys, then it starts over");
        assert_eq!(walk(&[1, 2, 2, 4], &[2, 3], 6), [4, 1, 5, 0, 2, 3], "those set aside come last");
        assert_eq!(walk(&[9, 9, 1], &[], 2), [1, 5], "a node that left the list is passed over");
    }

    #[test]
    fn votes_are_taken_only_by_a_fresh_plan_and_never_overflow() {
        let mut plan = Plan::start();
        for node in 0..2000 {
            assert!(plan.vote(node % 70));
        }
        for _ in 0..2000 {
            assert!(plan.vote(3));
        }
        assert_eq!(plan.voted[3], 3 << 8 | MOST_VOTES);
        plan.take(Step { node: 1, starts_over: false });
        assert!(!plan.vote(1) && !Plan::for_key(1).vote(1) && !Plan { magic: 0, ..Plan::start() }.vote(1));
    }

    #[test]
    fn a_plan_begun_after_a_first_step_does_not_repeat_it() {
        for policy in POLICIES {
            let mut bench = Bench::new(policy, vec![3, 4, 5], vec![3, 4, 5]);
            for first in [3, 4, 5] {
                let mut plan = Plan::after(first);
                let mut seen = HashSet::from([first]);
                seen.extend((0..2).map(|_| bench.step(&mut plan).unwrap()));
                assert_eq!(seen.len(), 3);
                assert_ne!(bench.step(&mut plan), Err(PlanError::NoNodes), "it starts over");
            }
        }
    }

    #[test]
    fn second_choices_are_even() {
        let mut bench = Bench::new(Policy::Random, (0..4).collect(), (0..4).collect());
        let mut pairs = [[0u32; 4]; 4];
        for _ in 0..24_000 {
            let mut plan = Plan::start();
            let first = bench.step(&mut plan).unwrap() as usize;
            let second = bench.step(&mut plan).unwrap() as usize;
            pairs[first][second] += 1;
        }
        for (first, row) in pairs.iter().enumerate() {
            assert_eq!(row[first], 0);
            assert!(row.iter().enumerate().all(|(second, n)| first == second || (1800..2200).contains(n)), "{pairs:?}");
        }
    }

    proptest! {
        #[test]
        fn no_node_is_repeated_until_all_were_tried(
            count in 1u32..300, start in 0u32..1080, aside in 0usize..150, seed: u64, policy in 0usize..3,
        ) {
            let all: Vec<NodeId> = (start..start + count).collect();
            // Nodes with late numbers are remembered exactly only so far.
            prop_assume!(all.iter().filter(|id| **id as usize >= BITS).count() <= LATE);
            let usable = all[aside.min(all.len() / 2)..].to_vec();
            let mut bench = Bench::new(POLICIES[policy], all, usable);
            bench.rng = Rng::new(seed);
            let mut plan = Plan::start();
            let mut last = None;
            for _ in 0..3 {
                let mut seen = HashSet::new();
                for _ in 0..count {
                    let node = bench.step(&mut plan).unwrap();
                    prop_assert!(seen.insert(node), "{} came twice", node);
                    prop_assert!(count == 1 || last != Some(node));
                    last = Some(node);
                }
            }
        }
    }
}
