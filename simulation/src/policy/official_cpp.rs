//! A model of the official client for C++: a random plan over the active nodes, and a store of health with three states.
//!
//! A failed connection or a timeout takes a node down at once, three answers of 5xx in a row too. A node that is down is probed
//! every 30 s; an answer puts it in quarantine, where every tenth plan has one such node, until it has answered three times.

use alternator_lb::Outcome;

use super::alarm::Alarm;
use super::candidates::Candidates;
use super::{Answer, Client, Fetch, Policy, World};
use crate::model::{ATTEMPT_TIMEOUT, Walk};

const PROBE_PERIOD: f64 = 30.0;
const ERRORS_DOWN: u32 = 3;
const SUCCESSES_ACTIVE: u32 = 3;
const PLANS_PER_SAMPLE: u64 = 10;

#[derive(Clone, Copy, PartialEq)]
enum State {
    Active,
    Quarantined,
    Down,
}

#[derive(Clone)]
struct Record {
    state: State,
    errors: u32,
    successes: u32,
}

/// One client's store of health.
pub struct Store {
    records: Vec<Record>,
    plans: u64,
    samples: usize,
    /// The node in quarantine that the current plan has.
    sampled: Option<usize>,
}

impl Store {
    fn new(nodes: usize) -> Store {
        let active = Record { state: State::Active, errors: 0, successes: SUCCESSES_ACTIVE };
        Store { records: vec![active; nodes], plans: 0, samples: 0, sampled: None }
    }

    fn those(&self, state: State) -> Vec<usize> {
        (0..self.records.len()).filter(|node| self.records[*node].state == state).collect()
    }

    fn begin_plan(&mut self) {
        self.sampled = None;
        let quarantined = self.those(State::Quarantined);
        if !quarantined.is_empty() {
            self.plans += 1;
            if self.plans.is_multiple_of(PLANS_PER_SAMPLE) {
                self.sampled = Some(quarantined[self.samples % quarantined.len()]);
                self.samples += 1;
            }
        }
    }

    fn serves(&self, node: usize) -> bool {
        self.records[node].state == State::Active || self.sampled == Some(node)
    }

    fn observe(&mut self, node: usize, outcome: Outcome) {
        let record = &mut self.records[node];
        match outcome {
            Outcome::Success => {
                record.errors = 0;
                match record.state {
                    State::Down => (record.state, record.successes) = (State::Quarantined, 1),
                    State::Quarantined => {
                        record.successes += 1;
                        if record.successes >= SUCCESSES_ACTIVE {
                            record.state = State::Active;
                        }
                    }
                    State::Active => {}
                }
            }
            Outcome::ServerError => {
                record.errors += 1;
                record.successes = 0;
                if record.errors >= ERRORS_DOWN {
                    record.state = State::Down;
                }
            }
            _ => (record.state, record.successes) = (State::Down, 0),
        }
    }
}

/// One client's.
pub struct OfficialCpp {
    candidates: Candidates,
    store: Store,
    alarm: Alarm,
    first_probe: f64,
}

impl OfficialCpp {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> OfficialCpp {
        OfficialCpp {
            candidates: Candidates::new(client, world),
            store: Store::new(client.nodes),
            alarm: Alarm::new(),
            first_probe: PROBE_PERIOD * client.phase,
        }
    }

    /// The nodes that a plan of now has, of those that `wanted` takes and that were not tried.
    pub fn serving(&self, tried: &[usize], wanted: impl Fn(usize) -> bool) -> Vec<usize> {
        let untried = self.candidates.untried(tried).into_iter();
        untried.filter(|node| self.store.serves(*node) && wanted(*node)).collect()
    }

    /// One of these, evenly.
    pub fn one_of(&mut self, nodes: &[usize]) -> Option<usize> {
        self.candidates.one_of(nodes)
    }
}

impl Policy for OfficialCpp {
    fn request(&mut self, _now: f64) {
        self.store.begin_plan();
    }

    fn pick(&mut self, _now: f64, walk: &mut Walk) -> Option<usize> {
        let mut nodes = self.serving(&walk.tried, |_| true);
        if nodes.is_empty() {
            nodes = self.candidates.untried(&walk.tried);
        }
        self.one_of(&nodes)
    }

    fn done(&mut self, _now: f64, node: usize, _latency: f64, outcome: Outcome) {
        self.store.observe(node, outcome);
    }

    fn wake_at(&mut self, now: f64) -> Option<f64> {
        if self.alarm.is_set() {
            return None;
        }
        self.alarm.set(if now == 0.0 { self.first_probe } else { now + PROBE_PERIOD })
    }

    fn fetches(&mut self, now: f64) -> Vec<Fetch> {
        if !self.alarm.rings(now) {
            return Vec::new();
        }
        let down = self.store.those(State::Down);
        self.one_of(&down).map(|node| Fetch { node, timeout: ATTEMPT_TIMEOUT, token: 0, rack: None }).into_iter().collect()
    }

    fn fetched(&mut self, _now: f64, fetch: &Fetch, answer: &Answer) {
        let outcome = if matches!(answer, Answer::Nodes(_)) { Outcome::Success } else { Outcome::Refused };
        self.store.observe(fetch.node, outcome);
    }

    fn hears(&mut self, listed: &[usize]) {
        self.candidates.hears(listed);
    }
}
