//! The discovery state machine, without I/O: it says which URL to fetch ([`Machine::next`]), is fed the answer ([`Machine::answered`]
//! or [`Machine::failed`]), and tells what follows from it ([`Effect`]). Time, randomness and the list in use are handed in.
//!
//! A round asks the nodes in use first, those without trouble before the others and in random order, then each address of each
//! seed, then those set aside. Each gets a short while at first: a hung one is passed over and only waited for when nobody else has
//! an answer. A scope without nodes makes the round go on with the next scope of the chain. Where the nodes around a rack are wanted
//! as well, a round that found the rack goes on with its datacenter. Nodes that are set aside are probed (`GET /`) when their time
//! has come.

use std::net::IpAddr;
use std::time::Duration;

use super::answer::{AnswerError, Localnodes};
use super::penalties::Penalties;
pub use super::round::Trouble;
use super::round::{Aim, Candidate, Round, Verdict};
use super::schedule::Schedule;
use crate::clock::Nanos;
use crate::config::{Config, RefreshMode, Source};
use crate::node::{Address, NodeId};
use crate::rng::Rng;
use crate::scope::{Scope, ScopeChain};

/// How many requests of a round may be open at once, for callers that can wait for several.
const MOST_OPEN: usize = 4;
/// How long a node that vanished without a word from its datacenter is asked after.
const FORMER_FOR: Duration = Duration::from_secs(3600);
const MOST_FORMER: usize = 64;
/// Where somebody's request waits for a probe: this many times what answers usually take (a connection is to be made as well)...
const PROBE_FACTOR: u32 = 8;
/// ...and this long at least.
const PROBE_LEAST: Duration = Duration::from_millis(50);

/// A request to make.
#[derive(Clone, Debug)]
pub struct Request {
    /// Names the request when its answer comes.
    pub token: u64,
    /// The host of the URL, and the port.
    pub address: Address,
    /// Where to connect, when the host is a name that was looked up.
    pub resolved: Option<IpAddr>,
    /// Path and query of the URL.
    pub path: String,
    /// The longest wait for the whole answer.
    pub timeout: Duration,
}

/// Why there was no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailureKind {
    /// No connection could be made.
    Refused,
    /// The connection was lost, or what came was not HTTP.
    Reset,
    /// Nothing, or not all, came in time.
    Timeout,
    /// The TLS handshake failed.
    Tls,
    /// An answer came that is of no use.
    BadAnswer,
}

/// What follows from an answer or a failure.
#[derive(Debug, PartialEq, Eq)]
pub enum Effect {
    /// These nodes are in the scope of this tier now.
    List(usize, Vec<Address>),
    /// These nodes are in the datacenter of the rack in use.
    Around(Vec<Address>),
    /// Nobody listed the datacenter of the rack in use; the reason, and who gave it.
    AroundFailed(String, String),
    /// Entries of an answer that were no addresses, and who gave it.
    Skipped(usize, Address),
    /// A request of the round failed: who, how, why.
    AskFailed(Address, FailureKind, String),
    /// The round has ended without a list; the reason, and who gave it.
    RoundFailed(Trouble, String),
    /// The round has ended: servers answered, and no scope of the chain has a node.
    NoScopeHasNodes,
    /// The round has ended well.
    RoundDone,
    /// The node is well.
    ProbeOk(NodeId),
    /// The node is still not well, for this reason.
    ProbeFailed(NodeId, String),
}

/// What the machine needs to know of the list in use.
#[derive(Debug, Default)]
pub struct World {
    /// Nodes in use that are not set aside.
    pub usable: Vec<Address>,
    /// Nodes in use that are set aside.
    pub aside: Vec<Address>,
    /// Further nodes of the datacenter, outside of the rack in use.
    pub around: Vec<Address>,
    /// Nodes whose probe is due.
    pub probes: Vec<(NodeId, Address)>,
    /// Whether the list came from the cluster, not from the seeds.
    pub known: bool,
}

/// The circumstances of one call, and what follows from it.
pub struct Turn<'a> {
    /// The present moment.
    pub now: Nanos,
    /// The list in use.
    pub world: &'a World,
    /// Where choices come from.
    pub rng: &'a mut Rng,
    /// What follows, in order.
    pub effects: Vec<Effect>,
}

#[derive(Debug)]
enum Purpose {
    Ask { round: u64, candidate: Candidate },
    Probe(NodeId),
}

#[derive(Debug)]
struct Open {
    token: u64,
    purpose: Purpose,
    asked: Nanos,
    timeout: Duration,
}

/// The machine.
#[derive(Debug)]
pub struct Machine {
    chain: ScopeChain,
    seeds: Vec<Address>,
    port: u16,
    stall: Duration,
    timeout: Duration,
    /// Whether somebody's request waits while a step is made.
    hurried: bool,
    /// How long answers take, about; zero before the first.
    usual: Duration,
    is_static: bool,
    wants_datacenter: bool,
    schedule: Schedule,
    penalties: Penalties,
    former: Vec<(Address, Nanos)>,
    round: Option<Round>,
    rounds_begun: u64,
    open: Vec<Open>,
    last_token: u64,
}

impl Machine {
    /// A machine whose first round is due at once.
    pub fn new(config: &Config, now: Nanos) -> Machine {
        Machine {
            chain: config.scope.clone(),
            seeds: config.seeds(),
            port: config.port,
            stall: config.stall,
            timeout: config.timeout,
            hurried: config.refresh_mode == RefreshMode::Inline,
            usual: Duration::ZERO,
            is_static: config.source == Source::Static,
            wants_datacenter: config.wants_datacenter(),
            schedule: Schedule::new(config.active, config.idle, now),
            penalties: Penalties::default(),
            former: Vec::new(),
            round: None,
            rounds_begun: 0,
            open: Vec::new(),
            last_token: 0,
        }
    }

    /// The timetable.
    pub fn schedule(&mut self) -> &mut Schedule {
        &mut self.schedule
    }

    /// When [`Machine::next`] will have something to do; `next_probe` is when the next probe of a node is due.
    pub fn due(&self, next_probe: Nanos) -> Nanos {
        let next_round = match (&self.round, self.is_static) {
            (_, true) => Nanos::NEVER,
            (None, false) => self.schedule.next(),
            (Some(_), false) => match self.newest_ask() {
                Some(open) => open.asked.after(self.stall.min(open.timeout)),
                None => Nanos(0),
            },
        };
        next_round.min(next_probe)
    }

    /// The next request to make now; with `force`, a round begins even before it is due.
    pub fn next(&mut self, force: bool, turn: &mut Turn<'_>) -> Option<Request> {
        let now = turn.now;
        self.expire(turn);
        if !self.is_static {
            if self.round.is_none() && (force || now >= self.schedule.next()) {
                self.begin(Aim::Tier(0), turn);
            }
            let asks = self.open.iter().filter(|open| matches!(open.purpose, Purpose::Ask { .. })).count();
            let patient = self.newest_ask().is_none_or(|open| now >= open.asked.after(self.stall));
            if patient && asks < MOST_OPEN {
                while let Some(round) = &mut self.round {
                    if let Some(candidate) = round.next(&self.penalties, now) {
                        let path = round.path().to_owned();
                        let timeout = if candidate.patient { self.timeout } else { self.stall };
                        let (address, resolved) = (candidate.address.clone(), candidate.resolved);
                        let purpose = Purpose::Ask { round: self.rounds_begun, candidate };
                        let token = self.open(purpose, now, timeout);
                        return Some(Request { token, address, resolved, path, timeout });
                    }
                    if !self.conclude(turn) {
                        break;
                    }
                }
            }
        }
        let (node, address) = turn.world.probes.iter().find(|(node, _)| !self.probing(*node))?;
        let timeout = self.patience_with_probe();
        let token = self.open(Purpose::Probe(*node), now, timeout);
        Some(Request { token, address: address.clone(), resolved: None, path: "/".into(), timeout })
    }

    /// A probe of a hung node is likely to be in vain: nobody's request is to wait for it longer than an answer may take.
    fn patience_with_probe(&self) -> Duration {
        if !self.hurried || self.usual.is_zero() {
            return self.stall;
        }
        (self.usual * PROBE_FACTOR).max(PROBE_LEAST).min(self.stall)
    }

    /// The host of the request is a name that stands for these addresses: each of them becomes a request of its own.
    pub fn expand(&mut self, token: u64, addresses: &[IpAddr]) {
        if let Some(Open { purpose: Purpose::Ask { round, candidate }, .. }) = self.take(token)
            && let Some(current) = self.round.as_mut().filter(|_| round == self.rounds_begun)
        {
            current.expand(&candidate, addresses);
        }
    }

    /// Whether that request is open.
    pub fn is_open(&self, token: u64) -> bool {
        self.open.iter().any(|open| open.token == token)
    }

    /// An HTTP answer has come: its status, and what `answer::read` made of it.
    pub fn answered(&mut self, token: u64, status: u16, read: Result<Localnodes, AnswerError>, turn: &mut Turn<'_>) {
        match self.take(token) {
            Some(Open { purpose: Purpose::Probe(node), .. }) => turn.effects.push(match status {
                0..500 => Effect::ProbeOk(node),
                _ => Effect::ProbeFailed(node, format!("the probe got status {status}")),
            }),
            Some(Open { purpose: Purpose::Ask { round, candidate }, asked, .. }) => match read {
                Ok(Localnodes { hosts, skipped }) => {
                    let took = turn.now.since(asked);
                    self.usual = if self.usual.is_zero() { took } else { (self.usual * 7 + took) / 8 };
                    self.penalties.answered(&candidate.key());
                    if skipped > 0 {
                        turn.effects.push(Effect::Skipped(skipped, candidate.address.clone()));
                    }
                    if let Some(current) = self.round.as_mut().filter(|_| round == self.rounds_begun) {
                        current.answered(hosts, self.port, &candidate.address.to_string());
                        if let Aim::Tier(tier) = current.aim
                            && !turn.world.known
                            && !current.nodes_so_far().is_empty()
                        {
                            // Better part of the cluster at once than only the seeds until the round is over.
                            turn.effects.push(Effect::List(tier, current.nodes_so_far().to_vec()));
                        }
                    }
                    self.conclude(turn);
                }
                Err(error) => {
                    let trouble = Trouble { reason: error.to_string(), http_status: i32::from(status), os_errno: 0 };
                    self.ask_failed(round, candidate, FailureKind::BadAnswer, trouble, turn);
                }
            },
            None => {}
        }
    }

    /// There will be no answer.
    pub fn failed(&mut self, token: u64, kind: FailureKind, trouble: Trouble, turn: &mut Turn<'_>) {
        match self.take(token) {
            Some(Open { purpose: Purpose::Probe(node), .. }) => turn.effects.push(Effect::ProbeFailed(node, trouble.reason)),
            Some(Open { purpose: Purpose::Ask { round, candidate }, .. }) => {
                self.ask_failed(round, candidate, kind, trouble, turn);
            }
            None => {}
        }
    }

    fn ask_failed(&mut self, round: u64, candidate: Candidate, kind: FailureKind, trouble: Trouble, turn: &mut Turn<'_>) {
        let key = candidate.key();
        self.penalties.failed(&key, turn.now);
        turn.effects.push(Effect::AskFailed(key, kind, trouble.reason.clone()));
        if let Some(current) = self.round.as_mut().filter(|_| round == self.rounds_begun) {
            current.failed(candidate, kind == FailureKind::Timeout, trouble);
        }
        self.conclude(turn);
    }

    fn newest_ask(&self) -> Option<&Open> {
        self.open.iter().rfind(|open| matches!(open.purpose, Purpose::Ask { .. }))
    }

    fn probing(&self, node: NodeId) -> bool {
        self.open.iter().any(|open| matches!(open.purpose, Purpose::Probe(probed) if probed == node))
    }

    fn open(&mut self, purpose: Purpose, now: Nanos, timeout: Duration) -> u64 {
        self.last_token += 1;
        self.open.push(Open { token: self.last_token, purpose, asked: now, timeout });
        self.last_token
    }

    fn take(&mut self, token: u64) -> Option<Open> {
        let position = self.open.iter().position(|open| open.token == token)?;
        Some(self.open.remove(position))
    }

    /// Gives up requests whose answer nobody brought: a caller that vanished must not wedge the machine.
    fn expire(&mut self, turn: &mut Turn<'_>) {
        let now = turn.now;
        let grace = Duration::from_secs(1);
        while let Some(token) =
            self.open.iter().find(|open| now > open.asked.after(open.timeout * 2 + grace)).map(|open| open.token)
        {
            self.failed(token, FailureKind::Timeout, "its answer was never brought".into(), turn);
        }
    }

    fn begin(&mut self, aim: Aim, turn: &mut Turn<'_>) {
        let (now, world) = (turn.now, turn.world);
        let mut live = world.usable.clone();
        let mut seeds = self.seeds.clone();
        turn.rng.shuffle(&mut live);
        turn.rng.shuffle(&mut seeds);
        self.former.retain(|(address, since)| now.since(*since) < FORMER_FOR && !live.contains(address));
        let mut candidates: Vec<Candidate> = Vec::new();
        let former = self.former.iter().map(|(address, _)| address);
        for address in live.iter().chain(&seeds).chain(former).chain(&world.around).chain(&world.aside) {
            // A seed that is set aside waits for its turn among those.
            if !candidates.iter().any(|candidate| candidate.address == *address) {
                let listed = world.known && (live.contains(address) || world.aside.contains(address));
                candidates.push(Candidate { listed, ..Candidate::new(address.clone()) });
            }
        }
        candidates.sort_by_key(|candidate| self.penalties.failing(&candidate.key()) || world.aside.contains(&candidate.address));
        self.rounds_begun += 1;
        let scope = match &aim {
            Aim::Tier(tier) => self.chain.tier(*tier),
            Aim::Around(datacenter) => datacenter,
        };
        let (path, union_wanted) = (scope.localnodes_path(), *scope == Scope::Cluster);
        self.round = Some(Round::begin(aim, path, union_wanted, candidates));
    }

    /// Draws the conclusion where there is one; tells whether a round is still, or again, under way.
    fn conclude(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(round) = &mut self.round else { return false };
        let Some(verdict) = round.verdict(&self.penalties, turn.now) else { return false };
        let aim = round.aim.clone();
        self.round = None;
        match (aim, verdict) {
            (Aim::Tier(tier), Verdict::Nodes(nodes)) => {
                self.remember_vanished(&nodes, turn);
                turn.effects.push(Effect::List(tier, nodes));
                if let Some(datacenter) = self.chain.tier(tier).datacenter_around().filter(|_| self.wants_datacenter) {
                    self.begin(Aim::Around(datacenter), turn);
                    return true;
                }
                turn.effects.push(Effect::RoundDone);
            }
            (Aim::Tier(tier), Verdict::Empty) if tier + 1 < self.chain.scopes().len() => {
                self.begin(Aim::Tier(tier + 1), turn);
                return true;
            }
            (Aim::Tier(_), Verdict::Empty) => turn.effects.push(Effect::NoScopeHasNodes),
            (Aim::Tier(_), Verdict::Failed(trouble, by)) => turn.effects.push(Effect::RoundFailed(trouble, by)),
            (Aim::Around(_), verdict) => {
                turn.effects.push(match verdict {
                    Verdict::Nodes(nodes) => Effect::Around(nodes),
                    Verdict::Empty => Effect::AroundFailed("it lists no node of the datacenter".into(), String::new()),
                    Verdict::Failed(trouble, by) => Effect::AroundFailed(trouble.reason, by),
                });
                turn.effects.push(Effect::RoundDone);
            }
        }
        false
    }

    /// A datacenter of which nobody could be reached is missing from the union. Its nodes are asked again later.
    fn remember_vanished(&mut self, nodes: &[Address], turn: &Turn<'_>) {
        let (now, world) = (turn.now, turn.world);
        self.former.retain(|(address, _)| !nodes.contains(address));
        for address in world.usable.iter().chain(&world.aside) {
            let vanished = world.known && !nodes.contains(address) && self.penalties.failing(address);
            if vanished && self.former.len() < MOST_FORMER && !self.former.iter().any(|(known, _)| known == address) {
                self.former.push((address.clone(), now));
            }
        }
    }
}

#[cfg(test)]
mod tests;
