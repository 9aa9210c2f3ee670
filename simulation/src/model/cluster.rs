//! The nodes: four workers, one queue, and the trouble that comes to them.

use std::collections::VecDeque;
use std::rc::Rc;

use alternator_lb::Outcome;

use super::event::{Happening, Queue, Turn};
use super::request::Attempt;
use super::{MEAN_WORK, SPREAD_OF_NODES};
use crate::generator::{Generator, Lognormal};
use crate::policy::Answer;
use crate::scenario::{BAD_NODE, Scenario, TROUBLE_BEGINS, TROUBLE_ENDS, Trouble};

/// Workers of a node.
const WORKERS: usize = 4;
/// The longest queue of a node; who comes then gets a 503.
const LONGEST_QUEUE: usize = 1000;
/// How much longer work takes with cold caches, at first.
const COLD: f64 = 3.0;
/// How long caches take to warm up.
const WARM_UP: f64 = 3.0;
/// How long a node that has left the list goes on serving.
pub const NOTICE: f64 = 3.0;

struct Node {
    busy: usize,
    queue: VecDeque<Rc<Attempt>>,
    up: bool,
    hung: bool,
    listed: bool,
    /// Changes when work under way is lost.
    life: u32,
}

/// All nodes.
pub struct Cluster {
    nodes: Vec<Node>,
    trouble: Trouble,
    own_work: Lognormal,
    draws: Generator,
}

impl Cluster {
    /// The cluster at the start.
    pub fn new(scenario: &Scenario, seed: u64) -> Cluster {
        let there = |node| scenario.trouble != Trouble::Join || node != BAD_NODE;
        let node = |node| Node { busy: 0, queue: VecDeque::new(), up: there(node), hung: false, listed: there(node), life: 0 };
        Cluster {
            nodes: (0..scenario.nodes).map(node).collect(),
            trouble: scenario.trouble,
            own_work: Lognormal::new(1.0, SPREAD_OF_NODES),
            draws: Generator::new(999_983 * seed + 3),
        }
    }

    /// Requests a second that keep it busy.
    pub fn capacity(nodes: usize) -> f64 {
        (nodes * WORKERS) as f64 / MEAN_WORK
    }

    /// The nodes that `/localnodes` names.
    pub fn listed(&self) -> Vec<usize> {
        (0..self.nodes.len()).filter(|node| self.nodes[*node].listed).collect()
    }

    /// What discovery hears of a node, without waiting in its queue.
    pub fn answer(&self, node: usize) -> Answer {
        match &self.nodes[node] {
            node if !node.up => Answer::Refused,
            node if node.hung => Answer::Silence,
            _ => Answer::Nodes(self.listed()),
        }
    }

    /// How many attempts each node has.
    pub fn outstanding(&self) -> impl Iterator<Item = usize> {
        self.nodes.iter().map(|node| node.busy + node.queue.len())
    }

    /// An attempt reaches its node. Says how it ends if it ends at once; one that a hung node takes ends nowhere.
    pub fn reached(&mut self, now: f64, attempt: Rc<Attempt>, queue: &mut Queue) -> Option<(Rc<Attempt>, Outcome)> {
        let node = &mut self.nodes[attempt.node];
        if !node.up {
            return Some((attempt, Outcome::Refused));
        }
        if node.hung {
            return None;
        }
        if node.busy < WORKERS {
            self.work(now, attempt, queue);
        } else if node.queue.len() < LONGEST_QUEUE {
            node.queue.push_back(attempt);
        } else {
            return Some((attempt, Outcome::ServerError));
        }
        None
    }

    /// A worker is through, and takes the next from the queue. Tells whether there is an answer.
    pub fn done(&mut self, now: f64, node: usize, life: u32, queue: &mut Queue) -> bool {
        let this = &mut self.nodes[node];
        if life != this.life {
            return false;
        }
        this.busy -= 1;
        if let Some(next) = this.queue.pop_front() {
            self.work(now, next, queue);
        }
        true
    }

    fn work(&mut self, now: f64, attempt: Rc<Attempt>, queue: &mut Queue) {
        let node = attempt.node;
        self.nodes[node].busy += 1;
        let took = attempt.request.work * self.slowness(node, now) * self.own_work.draw(&mut self.draws);
        queue.add(now + took, Happening::Done { node, attempt, life: self.nodes[node].life });
    }

    fn slowness(&self, node: usize, now: f64) -> f64 {
        let during = (TROUBLE_BEGINS..TROUBLE_ENDS).contains(&now);
        match self.trouble {
            Trouble::Slow if node == BAD_NODE && during => 10.0,
            Trouble::Overload if during => 2.0,
            Trouble::Die | Trouble::Leave | Trouble::Join if node == BAD_NODE => cold(now),
            Trouble::Outage => cold(now),
            _ => 1.0,
        }
    }

    /// Trouble takes its turn. Tells which attempts are reset by it.
    pub fn trouble(&mut self, turn: Turn, queue: &Queue) -> Vec<Rc<Attempt>> {
        let mut reset = Vec::new();
        match (turn, self.trouble) {
            (Turn::Begins, Trouble::Die) => reset = self.loses_work(BAD_NODE, queue, |node| node.up = false),
            (Turn::Begins, Trouble::Hang) => drop(self.loses_work(BAD_NODE, queue, |node| node.hung = true)),
            (Turn::Begins, Trouble::Outage) => {
                for node in 0..self.nodes.len() {
                    reset.extend(self.loses_work(node, queue, |node| node.up = false));
                }
            }
            (Turn::Begins, Trouble::Leave) => self.nodes[BAD_NODE].listed = false,
            (Turn::Stops, Trouble::Leave) => reset = self.loses_work(BAD_NODE, queue, |node| node.up = false),
            (Turn::Ends, _) => {
                for node in &mut self.nodes {
                    (node.up, node.hung, node.listed) = (true, false, true);
                }
            }
            _ => {}
        }
        reset
    }

    fn loses_work(&mut self, node: usize, queue: &Queue, how: impl FnOnce(&mut Node)) -> Vec<Rc<Attempt>> {
        let this = &mut self.nodes[node];
        let mut lost: Vec<Rc<Attempt>> = this.queue.drain(..).collect();
        lost.extend(queue.in_work(node, this.life));
        this.life += 1;
        this.busy = 0;
        how(this);
        lost
    }
}

fn cold(now: f64) -> f64 {
    if (TROUBLE_ENDS..TROUBLE_ENDS + WARM_UP).contains(&now) { COLD - (COLD - 1.0) * (now - TROUBLE_ENDS) / WARM_UP } else { 1.0 }
}
