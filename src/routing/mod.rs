//! Choosing nodes: the policies' first choice, and the query plan that walks on from it.

mod choice;
mod cursors;
mod plan;

pub use choice::Choice;
pub use cursors::Cursors;
pub use plan::{Plan, PlanError};

use crate::node::NodeId;
use crate::rng::Rng;
use crate::topology::Snapshot;

/// The policy's choice among the nodes that are not set aside; `None` when there is no node at all.
/// O(1), no lock, no allocation, whatever the number of nodes.
#[inline]
pub fn first_choice(choice: &Choice<'_>, snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<NodeId> {
    let usable = snapshot.usable();
    (usable > 0).then(|| choice.of(usable, |index| snapshot.usable_node(index), rng))
}
