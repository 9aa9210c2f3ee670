//! The official clients' key affinity on top of the model for C++: a key's order is drawn over the nodes that serve, so that it is
//! another order as soon as one of them does not.

use alternator_lb::Outcome;
use alternator_lb::affinity::first_accepted;

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
        let serving = self.0.serving(&[], |_| true);
        let by_key = walk
            .key
            .and_then(|hash| first_accepted(hash, serving.len() as u32, |place| !walk.tried.contains(&serving[place as usize])));
        match by_key {
            Some(place) => Some(serving[place as usize]),
            None => self.0.pick(now, walk),
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
