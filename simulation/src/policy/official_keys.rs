//! The official clients' key affinity on top of the model for C++: a key goes to the node whose place is a number of the key's
//! modulo the nodes that serve, so that nearly every key goes elsewhere as soon as one of them does not. The clients take that
//! number from a generator that the key's hash seeds; which one it is makes no difference to how many keys move, so here it is the
//! hash itself.

use alternator_lb::Outcome;

use super::official_cpp::OfficialCpp;
use super::{Answer, Client, Fetch, Policy, World};
use crate::model::Walk;

/// One client's.
pub struct OfficialKeys(OfficialCpp);

impl OfficialKeys {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> OfficialKeys {
        OfficialKeys(OfficialCpp::new(client, world))
    }
}

impl Policy for OfficialKeys {
    fn request(&mut self, now: f64) {
        self.0.request(now);
    }

    fn pick(&mut self, now: f64, walk: &mut Walk) -> Option<usize> {
        let serving = self.0.serving(&walk.tried, |_| true);
        match walk.key {
            Some(hash) if !serving.is_empty() => Some(serving[hash.rem_euclid(serving.len() as i64) as usize]),
            _ => self.0.pick(now, walk),
        }
    }

    fn done(&mut self, now: f64, node: usize, latency: f64, outcome: Outcome) {
        self.0.done(now, node, latency, outcome);
    }

    fn wake_at(&mut self, now: f64) -> Option<f64> {
        self.0.wake_at(now)
    }

    fn fetches(&mut self, now: f64) -> Vec<Fetch> {
        self.0.fetches(now)
    }

    fn fetched(&mut self, now: f64, fetch: &Fetch, answer: &Answer) {
        self.0.fetched(now, fetch, answer);
    }

    fn hears(&mut self, listed: &[usize]) {
        self.0.hears(listed);
    }
}
