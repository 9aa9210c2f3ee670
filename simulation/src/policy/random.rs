//! One of the nodes not tried, evenly.

use super::candidates::Candidates;
use super::{Client, Policy, World};
use crate::model::Walk;

/// One client's.
pub struct Random(Candidates);

impl Random {
    /// A client's at the start.
    pub fn new(client: &Client, world: &World) -> Random {
        Random(Candidates::new(client, world))
    }
}

impl Policy for Random {
    fn pick(&mut self, _now: f64, walk: &mut Walk) -> Option<usize> {
        let untried = self.0.untried(&walk.tried);
        self.0.one_of(&untried)
    }

    fn hears(&mut self, listed: &[usize]) {
        self.0.hears(listed);
    }
}
