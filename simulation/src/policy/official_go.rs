//! A model of the official client for Go: a random plan, and a score of failures within ten seconds.
//!
//! A refused connection weighs 40, a reset 2, a deadline nothing; 5xx is not reported. From 124 on a node is in quarantine, which
//! it leaves by a timer that fires once, a minute after the start: not within a run.

use alternator_lb::Outcome;

use super::candidates::Candidates;
use super::{Client, Policy, World};
use crate::model::Walk;

const CUT_OFF: u32 = 124;
const WINDOW: f64 = 10.0;

#[derive(Clone)]
struct Score {
    points: u32,
    since: f64,
    quarantined: bool,
}

/// One client's.
pub struct OfficialGo {
    candidates: Candidates,
    scores: Vec<Score>,
}

impl OfficialGo {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> OfficialGo {
        let clean = Score { points: 0, since: f64::NEG_INFINITY, quarantined: false };
        OfficialGo { candidates: Candidates::new(client, world), scores: vec![clean; client.nodes] }
    }
}

impl Policy for OfficialGo {
    fn pick(&mut self, _now: f64, walk: &mut Walk) -> Option<usize> {
        let untried = self.candidates.untried(&walk.tried);
        let free: Vec<usize> = untried.iter().copied().filter(|node| !self.scores[*node].quarantined).collect();
        self.candidates.one_of(if free.is_empty() { &untried } else { &free })
    }

    fn done(&mut self, now: f64, node: usize, _latency: f64, outcome: Outcome) {
        let score = &mut self.scores[node];
        if outcome == Outcome::Success || score.quarantined {
            return;
        }
        if now - score.since >= WINDOW {
            (score.since, score.points) = (now, 0);
        }
        let weight = match outcome {
            Outcome::Refused => 40,
            Outcome::Reset => 2,
            _ => return,
        };
        score.since = now;
        score.points += weight;
        score.quarantined = score.points >= CUT_OFF;
    }

    fn hears(&mut self, listed: &[usize]) {
        self.candidates.hears(listed);
    }
}
