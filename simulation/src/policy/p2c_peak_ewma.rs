//! Peak-EWMA, as in tower and Finagle: of two random nodes the one with the lower product of estimated latency and open requests.
//! The estimate jumps to any larger latency and otherwise decays over ten seconds, towards zero while nothing comes. A failure
//! counts by its latency, however short.

use alternator_lb::Outcome;

use super::candidates::Candidates;
use super::{Client, Policy, World};
use crate::model::Walk;

/// How long the estimate remembers, in seconds.
const DECAY: f64 = 10.0;
/// The estimate of a node without a latency, in seconds.
const UNKNOWN: f64 = 0.030;

#[derive(Clone)]
struct Estimate {
    latency: f64,
    at: f64,
    open: u32,
}

impl Estimate {
    fn update(&mut self, now: f64, latency: f64) {
        if self.latency < latency {
            self.latency = latency;
        } else {
            let kept = (-(now - self.at) / DECAY).exp();
            self.latency = self.latency * kept + latency * (1.0 - kept);
        }
        self.at = now;
    }

    fn cost(&mut self, now: f64) -> f64 {
        self.update(now, 0.0);
        self.latency * f64::from(self.open + 1)
    }
}

/// One client's.
pub struct P2cPeakEwma {
    candidates: Candidates,
    estimates: Vec<Estimate>,
}

impl P2cPeakEwma {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> P2cPeakEwma {
        let unknown = Estimate { latency: UNKNOWN, at: 0.0, open: 0 };
        P2cPeakEwma { candidates: Candidates::new(client, world), estimates: vec![unknown; client.nodes] }
    }
}

impl Policy for P2cPeakEwma {
    fn pick(&mut self, now: f64, walk: &mut Walk) -> Option<usize> {
        let (first, second) = self.candidates.two_untried(&walk.tried)?;
        let node = match (first, second) {
            (only, same) if only == same => only,
            _ if self.estimates[first].cost(now) <= self.estimates[second].cost(now) => first,
            _ => second,
        };
        self.estimates[node].open += 1;
        Some(node)
    }

    fn done(&mut self, now: f64, node: usize, latency: f64, _outcome: Outcome) {
        self.estimates[node].open -= 1;
        self.estimates[node].update(now, latency);
    }

    fn hears(&mut self, listed: &[usize]) {
        self.candidates.hears(listed);
    }
}
