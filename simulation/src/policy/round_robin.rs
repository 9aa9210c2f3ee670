//! The nodes in turn, from a random start.

use super::candidates::Candidates;
use super::{Client, Policy, World};
use crate::model::Walk;

/// One client's.
pub struct RoundRobin {
    candidates: Candidates,
    next: usize,
}

impl RoundRobin {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> RoundRobin {
        let mut candidates = Candidates::new(client, world);
        let next = candidates.below(world.listed.len());
        RoundRobin { candidates, next }
    }
}

impl Policy for RoundRobin {
    fn pick(&mut self, _now: f64, walk: &mut Walk) -> Option<usize> {
        let nodes = self.candidates.nodes();
        for _ in 0..nodes.len() {
            let node = nodes[self.next % nodes.len()];
            self.next = (self.next + 1) % nodes.len();
            if !walk.tried.contains(&node) {
                return Some(node);
            }
        }
        None
    }

    fn hears(&mut self, listed: &[usize]) {
        self.candidates.hears(listed);
    }
}
