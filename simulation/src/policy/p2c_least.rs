//! Of two random nodes the one with fewer of this client's requests open. No health.

use alternator_lb::Outcome;

use super::candidates::Candidates;
use super::{Client, Policy, World};
use crate::model::Walk;

/// One client's.
pub struct P2cLeast {
    candidates: Candidates,
    open: Vec<u32>,
}

impl P2cLeast {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> P2cLeast {
        P2cLeast { candidates: Candidates::new(client, world), open: vec![0; client.nodes] }
    }
}

impl Policy for P2cLeast {
    fn pick(&mut self, _now: f64, walk: &mut Walk) -> Option<usize> {
        let (first, second) = self.candidates.two_untried(&walk.tried)?;
        let node = if self.open[first] <= self.open[second] { first } else { second };
        self.open[node] += 1;
        Some(node)
    }

    fn done(&mut self, _now: f64, node: usize, _latency: f64, _outcome: Outcome) {
        self.open[node] -= 1;
    }

    fn hears(&mut self, listed: &[usize]) {
        self.candidates.hears(listed);
    }
}
