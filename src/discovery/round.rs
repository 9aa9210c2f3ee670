//! One round of discovery: whom to ask next, and what the answers so far amount to.
//!
//! A datacenter or rack is settled by the first node that lists someone; two nodes that list nobody settle that it is empty. The
//! cluster is the union of what the datacenters say: each node that no answer names yet is asked for its own.

use std::collections::{HashSet, VecDeque};
use std::net::IpAddr;

use super::penalties::Penalties;
use crate::clock::Nanos;
use crate::node::{Address, Host};
use crate::scope::Scope;

/// Someone to ask.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// The host as it was given or listed, for the URL, and the port.
    pub address: Address,
    /// Where to connect, when the host is a name that was looked up.
    pub resolved: Option<IpAddr>,
    /// Whether it has stalled before in this round and may now take its full time.
    pub patient: bool,
    /// Whether it is in the list in use.
    pub listed: bool,
}

impl Candidate {
    /// A candidate that was not asked yet.
    pub fn new(address: Address) -> Candidate {
        Candidate { address, resolved: None, patient: false, listed: false }
    }

    /// What failures are counted by: the address connected to.
    pub fn key(&self) -> Address {
        match self.resolved {
            Some(ip) => Address { host: Host::from(ip), port: self.address.port },
            None => self.address.clone(),
        }
    }
}

/// Why somebody gave no answer, or none of use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Trouble {
    /// In words.
    pub reason: String,
    /// The HTTP status of the answer; 0 when there was none.
    pub http_status: i32,
    /// The system's error number; 0 when there was none.
    pub os_errno: i32,
}

impl From<&str> for Trouble {
    fn from(reason: &str) -> Trouble {
        Trouble { reason: reason.into(), ..Trouble::default() }
    }
}

/// What a round amounts to.
#[derive(Debug, PartialEq, Eq)]
pub enum Verdict {
    /// These are the nodes.
    Nodes(Vec<Address>),
    /// The scope has no nodes.
    Empty,
    /// Nobody gave a usable answer; the last reason, and who gave it.
    Failed(Trouble, String),
}

/// What a round is after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Aim {
    /// The nodes of the scope at that position of the chain.
    Tier(usize),
    /// The nodes of this datacenter, around the rack that was found.
    Around(Scope),
}

/// A round in one scope.
#[derive(Debug)]
pub struct Round {
    /// What it is after.
    pub aim: Aim,
    path: String,
    union_wanted: bool,
    queue: VecDeque<Candidate>,
    open: usize,
    nodes: Vec<Address>,
    named: HashSet<Address>,
    empty_answers: u32,
    /// Somebody stalled after the first answer.
    stalled_behind_answer: bool,
    last_failure: (Trouble, String),
}

impl Round {
    /// Begins with these candidates, to be asked for `path` in this order. `union_wanted` for the cluster scope.
    pub fn begin(aim: Aim, path: String, union_wanted: bool, candidates: Vec<Candidate>) -> Round {
        Round {
            aim,
            path,
            union_wanted,
            queue: candidates.into(),
            open: 0,
            nodes: Vec::new(),
            named: HashSet::new(),
            empty_answers: 0,
            stalled_behind_answer: false,
            last_failure: ("there is nobody to ask".into(), String::new()),
        }
    }

    /// What each candidate is asked.
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Who is to be asked now. Whoever failed of late is left alone once there is an answer.
    pub fn next(&mut self, penalties: &Penalties, now: Nanos) -> Option<Candidate> {
        while let Some(candidate) = self.queue.pop_front() {
            let key = candidate.key();
            if self.named.contains(&key) || (!self.nodes.is_empty() && penalties.pausing(&key, now)) {
                continue;
            }
            self.open += 1;
            return Some(candidate);
        }
        None
    }

    /// Puts the addresses of a name in the place of the name that was just given out.
    pub fn expand(&mut self, candidate: &Candidate, addresses: &[IpAddr]) {
        self.open = self.open.saturating_sub(1);
        for ip in addresses.iter().rev() {
            self.queue.push_front(Candidate { resolved: Some(*ip), ..candidate.clone() });
        }
    }

    /// Takes in an answer.
    pub fn answered(&mut self, hosts: Vec<Host>, port: u16, from: &str) {
        self.open = self.open.saturating_sub(1);
        if hosts.is_empty() {
            if self.union_wanted {
                self.last_failure =
                    (Trouble { http_status: 200, ..Trouble::from("it lists no node, not even itself") }, from.into());
            } else {
                self.empty_answers += 1;
            }
        }
        for host in hosts {
            let address = Address { host, port };
            if self.named.insert(address.clone()) {
                self.nodes.push(address);
            }
        }
    }

    /// Takes in a failure. Who stalled is asked once more, with patience, after all others.
    pub fn failed(&mut self, candidate: Candidate, stalled: bool, trouble: Trouble) {
        self.open = self.open.saturating_sub(1);
        self.last_failure = (trouble, candidate.address.to_string());
        self.stalled_behind_answer |= stalled && !self.nodes.is_empty();
        if stalled && !candidate.patient {
            self.queue.push_back(Candidate { patient: true, ..candidate });
        }
    }

    /// The verdict, as soon as there is one.
    pub fn verdict(&mut self, penalties: &Penalties, now: Nanos) -> Option<Verdict> {
        if !self.nodes.is_empty() {
            let (named, settled) = (&self.named, !self.union_wanted);
            // Patience is for rounds that have no answer; and of seeds one may stall, the others wait for the next round.
            let listed_only = self.stalled_behind_answer;
            self.queue.retain(|candidate| {
                let key = candidate.key();
                let wanted = candidate.listed || !listed_only;
                !settled && wanted && !candidate.patient && !named.contains(&key) && !penalties.pausing(&key, now)
            });
            if settled || (self.queue.is_empty() && self.open == 0) {
                return Some(Verdict::Nodes(std::mem::take(&mut self.nodes)));
            }
            return None;
        }
        if self.empty_answers >= 2 {
            return Some(Verdict::Empty);
        }
        if self.queue.is_empty() && self.open == 0 {
            return Some(match self.empty_answers {
                0 => Verdict::Failed(self.last_failure.0.clone(), self.last_failure.1.clone()),
                _ => Verdict::Empty,
            });
        }
        None
    }

    /// The nodes known so far in this round.
    pub fn nodes_so_far(&self) -> &[Address] {
        &self.nodes
    }
}
