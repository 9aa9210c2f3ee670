//! The rules as a whole, under a clock of the tests'.

mod ejection;
mod line;
mod properties;

use std::time::Duration;

use super::*;
use crate::rng::Rng;

/// A pool of nodes under a clock that moves when told to.
struct Bench {
    health: Health,
    listed: Vec<NodeId>,
    rng: Rng,
    now: Nanos,
}

impl Bench {
    fn new(nodes: usize) -> Bench {
        Bench::with(nodes, &[])
    }

    fn with(nodes: usize, options: &[(&str, &str)]) -> Bench {
        let mut config = Config::default();
        for (key, value) in options {
            config.set(key, value).unwrap();
        }
        let health = Health::new(&config, false);
        for node in 0..nodes as NodeId {
            assert!(health.join(node, &Address::parse(&format!("node{node}"), 1).unwrap()));
        }
        Bench { health, listed: (0..nodes as NodeId).collect(), rng: Rng::new(5), now: Nanos(1 << 50) }
    }

    fn pass(&mut self, millis: u64) {
        self.now = self.now.after(Duration::from_millis(millis));
    }

    /// An attempt at the node, from its beginning to its report; time passes.
    fn attempt(&mut self, node: NodeId, outcome: Outcome, millis: u64) -> Option<Sign> {
        self.health.begin(node, self.now);
        self.pass(millis);
        self.health.report(node, outcome, millis * 1000, self.now).unwrap()
    }

    /// The same, and what follows from it.
    fn attempt_and_heed(&mut self, node: NodeId, outcome: Outcome, millis: u64) {
        match self.attempt(node, outcome, millis) {
            Some(Sign::Suspect(cause)) => {
                self.eject(node, cause);
            }
            Some(Sign::Well) => assert!(self.health.probe_ok(node, self.now)),
            Some(Sign::StillIll) => assert!(self.health.probe_failed(node, self.now, &mut self.rng).is_some()),
            None => {}
        }
    }

    fn eject(&mut self, node: NodeId, cause: Cause) -> Option<Duration> {
        self.health.eject(node, cause, &[&self.listed], self.now, &mut self.rng)
    }

    fn price(&self, node: NodeId) -> f32 {
        self.health.prices(self.now).of(node)
    }

    fn standing(&self, node: NodeId) -> Standing {
        self.health.standing(node, self.now).unwrap()
    }

    fn aside(&self) -> usize {
        self.listed.iter().filter(|id| self.health.is_aside(**id)).count()
    }

    /// All nodes answer in two milliseconds, one after the other.
    fn warm_up(&mut self) {
        for _ in 0..200 {
            for node in 0..self.listed.len() as NodeId {
                assert_eq!(self.attempt(node, Outcome::Success, 2), None);
            }
        }
    }
}
