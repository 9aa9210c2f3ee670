//! What changes the list: one state a process, behind one mutex, fed with what discovery and callers found out.
//!
//! Readers never come here: each change ends in a publication. After a fork the child makes a state of its own from what was
//! published last.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use once_cell::race::OnceBox;

use super::Core;
use super::spread::{Lists, Spread};
use crate::affinity::node_weight;
use crate::clock::Nanos;
use crate::config::{Placement, RefreshMode};
use crate::discovery::machine::{Effect, FailureKind, Machine, Trouble, Turn, World};
use crate::discovery::transport::Transport;
use crate::error::{Error, Status};
use crate::health::Cause;
use crate::node::{Address, NodeId};
use crate::observe::{EventKind, Events};
use crate::topology::Listing;

/// In `manual` mode, whoever has not driven discovery for so long does not: then requests try the nodes that are set aside.
const UNDRIVEN_AFTER: Duration = Duration::from_secs(10);

/// One process's part of a handle.
pub(super) struct Control {
    state: Mutex<State>,
    /// Told whenever a step or a round has ended.
    pub changed: Condvar,
    pub transport: Transport,
    pub worker: OnceBox<Worker>,
    /// Whoever sets it starts the worker.
    pub worker_wanted: AtomicBool,
}

/// The refresh thread of one process.
pub(super) struct Worker {
    pub stop: Arc<AtomicBool>,
    pub thread: Thread,
    pub join: Mutex<Option<JoinHandle<()>>>,
}

/// What the mutex protects.
pub(super) struct State {
    pub machine: Machine,
    pub listing: Listing,
    /// The nodes of the datacenter of the rack in use, where they are wanted and known; sorted by URL.
    pub around: Vec<NodeId>,
    pub events: Events,
    /// Until when somebody is in a step; a holder that vanished holds it no longer.
    pub stepping: Option<Nanos>,
    pub rounds: u64,
    pub rounds_failed: u64,
    pub last_round: Option<Result<(), Error>>,
    /// Whether the list came from the cluster.
    pub known: bool,
    /// When the caller last drove discovery in `manual` mode; a while before the start until it does.
    driven_at: Nanos,
    numbers: HashMap<Address, NodeId>,
    scope: String,
}

impl Control {
    pub fn new(core: &Core) -> Control {
        let listing = core.topology.listing();
        let now = core.clock.now();
        let state = State {
            machine: Machine::new(&core.config, now),
            events: Events::default(),
            stepping: None,
            rounds: 0,
            rounds_failed: 0,
            last_round: None,
            known: core.nodes.iter().any(|node| !node.is_seed()),
            numbers: core.nodes.iter().map(|node| (node.address.clone(), node.id)).collect(),
            scope: core.config.scope.tier(listing.tier).to_string(),
            driven_at: Nanos(0),
            around: around_in(core, &listing),
            listing,
        };
        Control {
            state: Mutex::new(state),
            changed: Condvar::new(),
            transport: core.transport.unshared(),
            worker: OnceBox::new(),
            worker_wanted: AtomicBool::new(false),
        }
    }

    /// A panic elsewhere left the state as a publication would: whole.
    pub fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn try_lock(&self) -> Option<MutexGuard<'_, State>> {
        match self.state.try_lock() {
            Ok(state) => Some(state),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
    }
}

impl State {
    /// The handle's first list: its seeds.
    pub fn begin(&mut self, core: &Core) {
        let mut seeds: Vec<NodeId> = core.config.seeds().iter().filter_map(|address| self.number(core, address)).collect();
        for node in seeds.iter().filter_map(|id| core.nodes.get(*id)) {
            node.mark_seed();
        }
        sort_by_url(core, &mut seeds);
        self.listing.all = seeds;
        self.publish(core);
        self.reschedule(core);
    }

    /// Lets the discovery machine take a turn, and draws the consequences.
    pub fn turn<R>(&mut self, core: &Core, take: impl FnOnce(&mut Machine, &mut Turn<'_>) -> R) -> R {
        self.driven_at = core.clock.now();
        let world = self.world(core);
        let (result, effects) = core.with_rng(|rng| {
            let mut turn = Turn { now: core.clock.now(), world: &world, rng, effects: Vec::new() };
            (take(&mut self.machine, &mut turn), turn.effects)
        });
        self.apply(core, effects);
        self.reschedule(core);
        result
    }

    /// The list in use as the discovery machine sees it.
    pub fn world(&self, core: &Core) -> World {
        let now = core.clock.now();
        let mut world = World { known: self.known, ..World::default() };
        for node in self.lists(core).everyone().into_iter().filter_map(|id| core.nodes.get(id)) {
            let in_scope = self.listing.all.contains(&node.id);
            match core.health.aside_until(node.id) {
                None if in_scope => world.usable.push(node.address.clone()),
                None => world.around.push(node.address.clone()),
                Some(until) => {
                    world.aside.push(node.address.clone());
                    if core.health.is_due(until, now) {
                        world.probes.push((node.id, node.address.clone()));
                    }
                }
            }
        }
        world
    }

    /// The nodes that requests are routed over.
    pub fn lists(&self, core: &Core) -> Lists<'_> {
        Lists { scope: &self.listing.all, around: &self.around, rack: core.config.rack }
    }

    /// Says when the next step is due, and from when on a request may try a node that nobody probes.
    pub fn reschedule(&mut self, core: &Core) {
        let due = self.due(core);
        core.set_due(due);
        self.schedule_trial(core);
    }

    fn schedule_trial(&self, core: &Core) {
        let trial_at = match (core.config.refresh_mode, self.next_probe(core)) {
            (RefreshMode::Manual, probe_at) if probe_at != Nanos::NEVER => probe_at.max(self.driven_at.after(UNDRIVEN_AFTER)),
            _ => Nanos::NEVER,
        };
        core.hot.trial_at.store(trial_at.0, Ordering::Relaxed);
    }

    /// The same, but for a step under way, which says it itself when it ends.
    pub fn look_ahead(&mut self, core: &Core) {
        if self.stepping.is_none() {
            self.reschedule(core);
        } else {
            self.schedule_trial(core);
        }
        core.wake_thread();
    }

    fn next_probe(&self, core: &Core) -> Nanos {
        let listed = self.listing.all.iter().chain(&self.around);
        listed.filter_map(|id| core.health.aside_until(*id)).min().unwrap_or(Nanos::NEVER)
    }

    /// A node whose probe is due and that nobody probes: the request that asks goes there.
    pub fn begin_trial(&mut self, core: &Core, now: Nanos) -> Option<NodeId> {
        let due = |id: &NodeId| core.health.aside_until(*id).is_some_and(|at| core.health.is_due(at, now));
        let node = self.lists(core).everyone().into_iter().find(due);
        if let Some(node) = node {
            core.with_rng(|rng| core.health.try_out(node, now, rng));
        }
        self.schedule_trial(core);
        node
    }

    /// When the next step is due, as far as it is known now.
    pub fn due(&mut self, core: &Core) -> Nanos {
        if core.is_active() {
            self.machine.schedule().wake();
        }
        let next_probe = self.next_probe(core);
        self.machine.due(next_probe)
    }

    /// A request met trouble: the next round comes soon.
    pub fn hurry(&mut self, core: &Core) {
        self.machine.schedule().hurry(core.clock.now());
    }

    /// Something speaks against the node.
    pub fn suspect(&mut self, core: &Core, node: NodeId, cause: Cause, reason: &str) {
        let ceilings = self.lists(core).ceilings();
        let lists: Vec<&[NodeId]> = ceilings.iter().map(Vec::as_slice).collect();
        if let Some(pause) = core.with_rng(|rng| core.health.eject(node, cause, &lists, core.clock.now(), rng)) {
            let reason = format!("{reason}; first probe in {} ms", pause.as_millis());
            self.node_event(core, EventKind::NodeSetAside, node, &reason);
            self.publish(core);
        }
    }

    /// A node that is set aside is well again.
    pub fn well(&mut self, core: &Core, node: NodeId, reason: &str) {
        if core.health.probe_ok(node, core.clock.now()) {
            self.node_event(core, EventKind::NodeBack, node, reason);
            self.publish(core);
        }
    }

    /// A node that is set aside was tried, and is not well.
    pub fn still_ill(&mut self, core: &Core, node: NodeId, reason: &str) {
        if let Some(pause) = core.with_rng(|rng| core.health.probe_failed(node, core.clock.now(), rng)) {
            let reason = format!("still not well: {reason}; next probe in {} ms", pause.as_millis());
            self.node_event(core, EventKind::NodeSetAside, node, &reason);
        }
    }

    /// Draws the consequences of what discovery found out.
    fn apply(&mut self, core: &Core, effects: Vec<Effect>) {
        let now = core.clock.now();
        for effect in effects {
            match effect {
                Effect::List(tier, addresses) => self.take_list(core, tier, &addresses),
                Effect::Around(addresses) => self.take_around(core, &addresses),
                Effect::AroundFailed(reason, by) => {
                    let reason = format!("{reason}; the nodes of the datacenter that were known before stay");
                    self.event(EventKind::RefreshFailed, &by, &reason);
                }
                Effect::Skipped(count, from) => {
                    let reason = format!("{count} entries of the answer were no addresses");
                    self.event(EventKind::EntriesSkipped, &from.to_string(), &reason);
                }
                Effect::AskFailed(address, kind, reason) => {
                    self.event(EventKind::AskFailed, &address.to_string(), &reason);
                    if let Some(node) = self.numbers.get(&address).copied().filter(|_| kind == FailureKind::Refused) {
                        self.suspect(core, node, Cause::Refused, &reason);
                    }
                }
                Effect::RoundFailed(trouble, by) => {
                    self.round_ended(core, now, Err(round_error(&trouble, &by)));
                    self.event(EventKind::RefreshFailed, &by, &format!("{}; the last list stays", trouble.reason));
                    self.tell_of_first_failure(core);
                }
                Effect::NoScopeHasNodes => {
                    let reason = format!("no scope of {} has a node", core.config.scope);
                    self.round_ended(core, now, Err(Error::new(Status::ScopeUnknown, reason.clone())));
                    self.event(EventKind::RefreshFailed, "", &format!("{reason}; the last list stays"));
                    self.tell_of_first_failure(core);
                }
                Effect::RoundDone => {
                    if self.machine.schedule().failures() > 0 || !matches!(self.last_round, Some(Ok(()))) {
                        let reason = match self.machine.schedule().failures() {
                            0 => "the first list".into(),
                            failures => format!("after {failures} failed rounds"),
                        };
                        self.event(EventKind::Refreshed, "", &reason);
                    }
                    self.round_ended(core, now, Ok(()));
                }
                Effect::ProbeOk(node) => self.well(core, node, "the probe was answered"),
                Effect::ProbeFailed(node, reason) => self.still_ill(core, node, &reason),
            }
        }
    }

    fn round_ended(&mut self, core: &Core, now: Nanos, result: Result<(), Error>) {
        // In inline mode only requests drive rounds, so they flow.
        let active = core.is_active() || core.config.refresh_mode == RefreshMode::Inline;
        core.with_rng(|rng| self.machine.schedule().ended(now, result.is_ok(), active, rng));
        core.hot.active.store(0, Ordering::Relaxed);
        self.rounds += 1;
        self.rounds_failed += u64::from(result.is_err());
        self.last_round = Some(result);
    }

    /// Moves the generation word when rounds begin to fail, so that whoever watches it reads the events.
    fn tell_of_first_failure(&mut self, core: &Core) {
        if self.machine.schedule().failures() == 1 {
            self.publish(core);
        }
    }

    fn take_list(&mut self, core: &Core, tier: usize, addresses: &[Address]) {
        let Some(all) = self.number_all(core, addresses) else { return };
        let first = !std::mem::replace(&mut self.known, true);
        if all == self.listing.all && tier == self.listing.tier {
            return;
        }
        let before = self.lists(core).everyone();
        self.listing.all = all;
        self.change_tier(core, tier);
        let left = if first { "a seed, and not of the scope" } else { "the cluster no longer lists it" };
        self.tell_changes(core, &before, "the cluster lists it", left);
        self.publish(core);
    }

    fn take_around(&mut self, core: &Core, addresses: &[Address]) {
        let Some(around) = self.number_all(core, addresses) else { return };
        if around == self.around {
            return;
        }
        let before = self.lists(core).everyone();
        self.around = around;
        self.tell_changes(core, &before, "the rack's datacenter lists it", "the rack's datacenter no longer lists it");
        self.publish(core);
    }

    /// The numbers of the addresses in the order of their URLs; `None` if none of them has one.
    fn number_all(&mut self, core: &Core, addresses: &[Address]) -> Option<Vec<NodeId>> {
        let mut all: Vec<NodeId> = addresses.iter().filter_map(|address| self.number(core, address)).collect();
        if all.len() < addresses.len() {
            let reason = format!(
                "{} addresses are left out: this handle has numbered {} addresses, and numbers no more",
                addresses.len() - all.len(),
                self.numbers.len()
            );
            self.event(EventKind::EntriesSkipped, "", &reason);
        }
        sort_by_url(core, &mut all);
        all.dedup();
        Some(all).filter(|all| !all.is_empty())
    }

    /// Tells which nodes were not listed before, and which no longer are.
    fn tell_changes(&mut self, core: &Core, before: &[NodeId], joined: &str, left: &str) {
        let now = core.clock.now();
        let listed = self.lists(core).everyone();
        let (old, new): (HashSet<NodeId>, HashSet<NodeId>) = (before.iter().copied().collect(), listed.iter().copied().collect());
        for node in listed.iter().filter(|id| !old.contains(id)) {
            // The cluster says it lives: a probe settles at once whether it does.
            core.health.probe_now(*node, now);
            self.node_event(core, EventKind::NodeJoined, *node, joined);
        }
        for node in before.iter().filter(|id| !new.contains(id)) {
            self.node_event(core, EventKind::NodeLeft, *node, left);
        }
    }

    fn change_tier(&mut self, core: &Core, tier: usize) {
        let before = self.listing.tier;
        if tier == before {
            return;
        }
        let chain = &core.config.scope;
        if chain.tier(tier).datacenter_around() != chain.tier(before).datacenter_around() {
            self.around.clear();
        }
        self.listing.tier = tier;
        self.scope = chain.tier(tier).to_string();
        let (kind, reason) = if tier > before {
            (EventKind::FellBack, format!("{} has no node", chain.tier(before)))
        } else {
            (EventKind::Returned, format!("{} has nodes again", chain.tier(tier)))
        };
        self.event(kind, "", &reason);
    }

    /// The address's number, given at first sight.
    fn number(&mut self, core: &Core, address: &Address) -> Option<NodeId> {
        if let Some(id) = self.numbers.get(address) {
            return Some(*id);
        }
        let id = core.nodes.add(address)?;
        self.numbers.insert(address.clone(), id);
        core.health.join(id, address).then_some(id)
    }

    /// Takes in what other handles have done to the nodes' health.
    pub fn catch_up(&mut self, core: &Core) {
        let before: HashSet<NodeId> = self.listing.usable.iter().chain(&self.listing.beyond).copied().collect();
        self.publish(core);
        let now: HashSet<NodeId> = self.listing.usable.iter().chain(&self.listing.beyond).copied().collect();
        for node in self.lists(core).reach() {
            match (before.contains(&node), now.contains(&node)) {
                (true, false) => self.node_event(core, EventKind::NodeSetAside, node, "another handle of this process did"),
                (false, true) => self.node_event(core, EventKind::NodeBack, node, "another handle of this process found it well"),
                _ => {}
            }
        }
        self.look_ahead(core);
    }

    fn publish(&mut self, core: &Core) {
        core.hot.seen_changes.store(core.health.changes(), Ordering::Relaxed);
        let lists = self.lists(core);
        let Spread { usable, beyond } = lists.spread(|list| core.health.usable(list));
        let reach = lists.reach();
        let aside = reach.iter().filter(|id| core.health.is_aside(**id)).count();
        self.listing.strained = aside * 2 >= reach.len();
        (self.listing.usable, self.listing.beyond) = (usable, beyond);
        let options = &core.config.affinity;
        let keyed = if self.around.is_empty() || !options.wants_datacenter() { &self.listing.all } else { &self.around };
        self.listing.keyed.clone_from(keyed);
        self.listing.keyed.sort_by_cached_key(|id| core.nodes.get(*id).map(|node| core.nodes.order_text(node, options.order)));
        if options.placement == Placement::Rendezvous {
            let url = |id: &NodeId| core.nodes.get(*id).map(|node| node.url.as_str()).unwrap_or_default();
            self.listing.weights = self.listing.keyed.iter().map(|id| node_weight(url(id))).collect();
        }
        core.topology.publish(&self.listing);
    }

    fn event(&mut self, kind: EventKind, at: &str, reason: &str) {
        self.events.add(kind, None, at, &self.scope, reason);
    }

    /// Tells something of a table's key.
    pub fn table_event(&mut self, kind: EventKind, reason: &str) {
        self.event(kind, "", reason);
    }

    fn node_event(&mut self, core: &Core, kind: EventKind, node: NodeId, reason: &str) {
        let at = core.nodes.get(node).map(|node| node.url.as_str()).unwrap_or_default();
        self.events.add(kind, Some(node), at, &self.scope, reason);
    }
}

/// What a forked child can know of the nodes around its rack before it has asked: those its parent published.
fn around_in(core: &Core, listing: &Listing) -> Vec<NodeId> {
    if core.config.scope.tier(listing.tier).datacenter_around().is_none() {
        return Vec::new();
    }
    let mut around = listing.all.clone();
    let published = listing.usable.iter().chain(&listing.beyond);
    let keyed = listing.keyed.iter().filter(|_| core.config.affinity.wants_datacenter());
    for node in published.chain(keyed) {
        if !around.contains(node) {
            around.push(*node);
        }
    }
    sort_by_url(core, &mut around);
    // No more than the rack: nothing was known of the rest.
    if around.len() == listing.all.len() { Vec::new() } else { around }
}

fn sort_by_url(core: &Core, nodes: &mut [NodeId]) {
    let url = |id: &NodeId| core.nodes.get(*id).map(|node| node.url.as_str()).unwrap_or_default();
    nodes.sort_unstable_by(|a, b| url(a).cmp(url(b)));
}

fn round_error(trouble: &Trouble, by: &str) -> Error {
    let Trouble { reason, http_status, os_errno } = trouble;
    let message = format!("no seed and no node gave a list of nodes; the last reason: {reason}");
    Error { http_status: *http_status, os_errno: *os_errno, ..Error::new(Status::Unreachable, message).at(by) }
}
