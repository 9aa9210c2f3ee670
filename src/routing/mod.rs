//! Choosing nodes: the policies' first choice, and the query plan that walks on from it.

mod cursors;
mod plan;

pub use cursors::Cursors;
pub use plan::{Plan, PlanError};

use crate::config::Policy;
use crate::node::NodeId;
use crate::rng::Rng;
use crate::topology::Snapshot;

/// The policy's choice among the nodes that are not set aside; `None` when there is no node at all.
/// O(1), no lock, no allocation, whatever the number of nodes.
#[inline]
pub fn first_choice(policy: Policy, snapshot: &Snapshot<'_>, cursors: &Cursors, rng: &mut Rng) -> Option<NodeId> {
    let usable = snapshot.usable();
    if usable == 0 {
        return None;
    }
    let index = match policy {
        Policy::Random => rng.below(usable),
        Policy::RoundRobin => cursors.advance(rng) % usable,
    };
    Some(snapshot.usable_node(index))
}
