//! One run: happenings in order of time, and what follows from each.

use std::cell::Cell;
use std::collections::VecDeque;
use std::rc::Rc;

use alternator_lb::affinity::{KeyType, key_hash};
use alternator_lb::{Error, Outcome};

use super::cluster::{Cluster, NOTICE};
use super::event::{Happening, Queue, Turn};
use super::metrics::{Counters, Metrics};
use super::request::{Attempt, Request, Walk};
use super::{ATTEMPT_TIMEOUT, MEAN_WORK, SPREAD_OF_REQUESTS};
use crate::generator::{Generator, Lognormal};
use crate::policy::{Answer, Client, Kind, Policy, World};
use crate::scenario::{Retries, Scenario, TROUBLE_BEGINS, TROUBLE_ENDS, Trouble, WARM};

/// How often the queues are looked at.
const SAMPLE: f64 = 0.05;
/// The first pause of a back-off, at most.
const FIRST_PAUSE: f64 = 0.05;

/// A run: which policy, in which scenario, from which seed.
#[derive(Clone, Debug)]
pub struct Run {
    /// The policy of all clients.
    pub policy: &'static Kind,
    /// The circumstances.
    pub scenario: Scenario,
    /// What all random numbers follow from.
    pub seed: u64,
}

/// Plays the run and measures it. Fails if the library refuses an option or a call.
pub fn simulate(run: &Run) -> Result<Metrics, Error> {
    let mut simulation = Simulation::new(run)?;
    simulation.play();
    if let Some(error) = simulation.clients.iter().find_map(|client| client.refused()) {
        return Err(error.clone());
    }
    Ok(simulation.counters.metrics(&run.scenario))
}

struct Simulation<'a> {
    scenario: &'a Scenario,
    rate: f64,
    clients: Vec<Box<dyn Policy>>,
    /// One-way delays by client and node.
    one_way: Vec<Vec<f64>>,
    cluster: Cluster,
    queue: Queue,
    /// All time out after the same while, so they do so in the order they were sent.
    timeouts: VecDeque<Rc<Attempt>>,
    counters: Counters,
    arrivals: Generator,
    sizes: Lognormal,
    /// Draws that the reference does not make: keys, pauses, when a client hears of a change.
    extras: Generator,
    key_hashes: Vec<i64>,
}

impl<'a> Simulation<'a> {
    fn new(run: &'a Run) -> Result<Simulation<'a>, Error> {
        let scenario = &run.scenario;
        let mut phases = Generator::new(31_337 * run.seed + 11);
        let cluster = Cluster::new(scenario, run.seed);
        let world = World::new(run.seed, cluster.listed());
        let mut clients: Vec<Box<dyn Policy>> = Vec::with_capacity(scenario.clients);
        let mut queue = Queue::default();
        let mut arrivals = Generator::new(1_000_003 * run.seed + 17);
        let rate = scenario.load * Cluster::capacity(scenario.nodes);
        queue.add(arrivals.gap(rate), Happening::Arrival);
        for id in 0..scenario.clients {
            let rack = scenario.rack_of_client(id);
            let client = Client { id, racks: scenario.racks, rack, nodes: scenario.nodes, phase: phases.random() };
            let mut policy = (run.policy.make)(&client, &world)?;
            if let Some(at) = policy.wake_at(0.0) {
                queue.add(at, Happening::Tick(id));
            }
            clients.push(policy);
        }
        queue.add(TROUBLE_BEGINS, Happening::Trouble(Turn::Begins));
        queue.add(TROUBLE_ENDS, Happening::Trouble(Turn::Ends));
        if scenario.trouble == Trouble::Leave {
            queue.add(TROUBLE_BEGINS + NOTICE, Happening::Trouble(Turn::Stops));
        }
        queue.add(WARM, Happening::Sample);
        let one_way = |client| (0..scenario.nodes).map(|node| scenario.one_way(client, node)).collect();
        Ok(Simulation {
            scenario,
            rate,
            clients,
            one_way: (0..scenario.clients).map(one_way).collect(),
            cluster,
            queue,
            timeouts: VecDeque::new(),
            counters: Counters::new(scenario),
            arrivals,
            sizes: Lognormal::new(MEAN_WORK, SPREAD_OF_REQUESTS),
            extras: Generator::new(15_485_863 * run.seed + 7),
            key_hashes: (0..scenario.keys).map(|key| key_hash(KeyType::S, format!("key-{key}").as_bytes())).collect(),
        })
    }

    fn play(&mut self) {
        while let Some(next) = self.queue.next_at() {
            let timed_out = self.timeouts.front().is_some_and(|attempt| attempt.sent + ATTEMPT_TIMEOUT <= next);
            if timed_out && let Some(attempt) = self.timeouts.pop_front() {
                self.answered(attempt.sent + ATTEMPT_TIMEOUT, &attempt, Outcome::Timeout);
            } else if let Some(event) = self.queue.take() {
                self.happens(event.at, event.what);
            }
        }
    }

    fn happens(&mut self, now: f64, what: Happening) {
        match what {
            Happening::Arrival => self.arrival(now),
            Happening::Reaches(attempt) => {
                if let Some((attempt, outcome)) = self.cluster.reached(now, attempt, &mut self.queue) {
                    self.send_back(now, attempt, outcome);
                }
            }
            Happening::Done { node, attempt, life } => {
                if self.cluster.done(now, node, life, &mut self.queue) {
                    self.send_back(now, attempt, Outcome::Success);
                }
            }
            Happening::Answered(attempt, outcome) => self.answered(now, &attempt, outcome),
            Happening::TriesAgain(request) => {
                if !request.over.get() && !self.send(now, &request) && request.under_way.get() == 0 {
                    self.ends(now, &request, false);
                }
            }
            Happening::Hedge(request) => self.hedge(now, &request),
            Happening::Tick(client) => self.tick(now, client),
            Happening::Fetched(client, question_and_answer) => {
                let (fetch, answer) = *question_and_answer;
                self.clients[client].fetched(now, &fetch, &answer);
                self.wake(now, client);
            }
            Happening::Hears(client) => {
                let listed = self.cluster.listed();
                self.clients[client].hears(&listed);
            }
            Happening::Trouble(turn) => self.trouble(now, turn),
            Happening::Sample => {
                self.counters.queues(self.cluster.outstanding());
                if now < self.scenario.duration - SAMPLE {
                    self.queue.add(now + SAMPLE, Happening::Sample);
                }
            }
        }
    }

    fn arrival(&mut self, now: f64) {
        if now >= self.scenario.duration {
            return;
        }
        self.queue.add(now + self.arrivals.gap(self.rate), Happening::Arrival);
        let client = self.arrivals.below(self.clients.len());
        let work = self.sizes.draw(&mut self.arrivals);
        let key = (!self.key_hashes.is_empty()).then(|| self.extras.below(self.key_hashes.len()));
        let walk = Walk::new(key.map(|key| self.key_hashes[key]));
        let request = Rc::new(Request::arrives(now, client, work, key, walk));
        self.counters.arrived(now);
        self.clients[client].request(now);
        self.send(now, &request);
        if let Some(pause) = self.clients[client].hedge_after(now, &request.walk.borrow(), 0.0) {
            self.queue.add(now + pause, Happening::Hedge(request.clone()));
        }
    }

    fn hedge(&mut self, now: f64, request: &Rc<Request>) {
        if request.over.get() || request.under_way.get() != 1 || request.walk.borrow().tried.len() != 1 {
            return;
        }
        let elapsed = now - request.arrived;
        let pause = self.clients[request.client].hedge_after(now, &request.walk.borrow(), elapsed);
        match pause {
            None => {}
            Some(pause) if pause > 0.0 => self.queue.add(now + pause, Happening::Hedge(Rc::clone(request))),
            Some(_) => request.hedged.set(self.send(now, request)),
        }
    }

    /// Sends the next attempt; false if no node is left for it.
    fn send(&mut self, now: f64, request: &Rc<Request>) -> bool {
        let mut walk = request.walk.borrow_mut();
        let Some(node) = self.clients[request.client].pick(now, &mut walk) else { return false };
        walk.tried.push(node);
        request.under_way.update(|attempts| attempts + 1);
        let crosses = self.scenario.rack_of_node(node) != self.scenario.rack_of_client(request.client);
        self.counters.sent(now, node, crosses);
        if let Some(key) = request.key.filter(|_| walk.tried.len() == 1) {
            self.counters.first_of_key(now, key, node);
        }
        let attempt = Rc::new(Attempt { request: Rc::clone(request), node, sent: now, over: Cell::new(false) });
        self.queue.add(now + self.one_way[request.client][node], Happening::Reaches(Rc::clone(&attempt)));
        self.timeouts.push_back(attempt);
        true
    }

    fn send_back(&mut self, now: f64, attempt: Rc<Attempt>, outcome: Outcome) {
        let way = self.one_way[attempt.request.client][attempt.node];
        self.queue.add(now + way, Happening::Answered(attempt, outcome));
    }

    fn answered(&mut self, now: f64, attempt: &Attempt, outcome: Outcome) {
        if attempt.over.replace(true) {
            return;
        }
        let request = &attempt.request;
        let client = request.client;
        request.under_way.update(|attempts| attempts - 1);
        self.clients[client].done(now, attempt.node, now - attempt.sent, outcome);
        if outcome != Outcome::Success {
            self.counters.attempt_failed(request.arrived, attempt.sent);
            self.wake(now, client);
        }
        if request.over.get() {
            return;
        }
        if outcome == Outcome::Success {
            return self.ends(now, request, true);
        }
        let tries_again = request.has_attempts_left() && self.try_again(now, request, outcome);
        if !tries_again && request.under_way.get() == 0 {
            self.ends(now, request, false);
        }
    }

    /// Sends another attempt now or later; false if there is to be none.
    fn try_again(&mut self, now: f64, request: &Rc<Request>, outcome: Outcome) -> bool {
        let usual = match self.scenario.retries {
            Retries::AtOnce => 0.0,
            Retries::BackOff => {
                let failures = request.walk.borrow().tried.len() as i32;
                FIRST_PAUSE * 2f64.powi(failures - 1) * self.extras.random()
            }
        };
        let pause = self.clients[request.client].retry_after(now, &request.walk.borrow(), outcome, usual);
        match pause {
            None => false,
            Some(0.0) => self.send(now, request),
            Some(pause) => {
                self.queue.add(now + pause, Happening::TriesAgain(Rc::clone(request)));
                true
            }
        }
    }

    fn ends(&mut self, now: f64, request: &Request, well: bool) {
        request.over.set(true);
        self.counters.request_over(request.arrived, now, well);
    }

    fn tick(&mut self, now: f64, client: usize) {
        for fetch in self.clients[client].fetches(now) {
            let answer = self.cluster.answer(fetch.node);
            let wait = if matches!(answer, Answer::Silence) { fetch.timeout } else { self.one_way[client][fetch.node] * 2.0 };
            self.queue.add(now + wait, Happening::Fetched(client, Box::new((fetch, answer))));
        }
        self.wake(now, client);
    }

    /// Schedules a client's next tick, if it wants to be woken earlier than it is going to be.
    fn wake(&mut self, now: f64, client: usize) {
        if let Some(at) = self.clients[client].wake_at(now).filter(|_| now < self.scenario.duration) {
            self.queue.add(at, Happening::Tick(client));
        }
    }

    fn trouble(&mut self, now: f64, turn: Turn) {
        let before = self.cluster.listed();
        for attempt in self.cluster.trouble(turn, &self.queue) {
            self.send_back(now, attempt, Outcome::Reset);
        }
        if self.cluster.listed() != before {
            for client in 0..self.clients.len() {
                self.queue.add(now + self.extras.random(), Happening::Hears(client));
            }
        }
    }
}
