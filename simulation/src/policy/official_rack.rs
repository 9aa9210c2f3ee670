//! The official clients' rack scope on top of the model for C++: only the nodes of the client's rack, and all others if none
//! serves.

use alternator_lb::Outcome;

use super::official_cpp::OfficialCpp;
use super::{Answer, Client, Fetch, Policy, World};
use crate::model::Walk;

/// One client's.
pub struct OfficialRack {
    all: OfficialCpp,
    rack: usize,
    racks: usize,
}

impl OfficialRack {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> OfficialRack {
        OfficialRack { all: OfficialCpp::new(client, world), rack: client.rack, racks: client.racks }
    }
}

impl Policy for OfficialRack {
    fn request(&mut self, now: f64) {
        self.all.request(now);
    }

    fn pick(&mut self, now: f64, walk: &mut Walk) -> Option<usize> {
        let near = self.all.serving(&walk.tried, |node| node % self.racks == self.rack);
        if near.is_empty() { self.all.pick(now, walk) } else { self.all.one_of(&near) }
    }

    fn done(&mut self, now: f64, node: usize, latency: f64, outcome: Outcome) {
        self.all.done(now, node, latency, outcome);
    }

    fn wake_at(&mut self, now: f64) -> Option<f64> {
        self.all.wake_at(now)
    }

    fn fetches(&mut self, now: f64) -> Vec<Fetch> {
        self.all.fetches(now)
    }

    fn fetched(&mut self, now: f64, fetch: &Fetch, answer: &Answer) {
        self.all.fetched(now, fetch, answer);
    }

    fn hears(&mut self, listed: &[usize]) {
        self.all.hears(listed);
    }
}
