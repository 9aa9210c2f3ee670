//! The order of a snapshot's nodes for a key, by the placement that is configured.

use super::{placement, rendezvous};
use crate::config::Placement;
use crate::node::NodeId;
use crate::topology::Snapshot;

/// Walks the nodes of one snapshot in the order of a key.
#[derive(Clone, Copy)]
pub struct KeyOrder<'a> {
    snapshot: &'a Snapshot<'a>,
    placement: Placement,
}

impl<'a> KeyOrder<'a> {
    /// The orders that keys have in this snapshot.
    #[inline]
    pub fn new(snapshot: &'a Snapshot<'a>, placement: Placement) -> Self {
        Self { snapshot, placement }
    }

    /// The first node in the order of that key which `accept` takes. `accept` may see a node more than once.
    #[inline]
    pub fn first(&self, key_hash: i64, mut accept: impl FnMut(NodeId) -> bool) -> Option<NodeId> {
        let (snapshot, count) = (self.snapshot, self.snapshot.keyed());
        let accept = |place: u32| accept(snapshot.keyed_node(place));
        let place = match self.placement {
            Placement::Official => placement::first_accepted(key_hash, count, accept),
            Placement::Rendezvous => rendezvous::highest(key_hash, count, |place| snapshot.weight(place), accept),
        };
        place.map(|place| snapshot.keyed_node(place))
    }

    /// The node for a key: the first that is not set aside, or the first where all are.
    #[inline]
    pub fn node(&self, key_hash: i64, is_aside: impl Fn(NodeId) -> bool) -> Option<NodeId> {
        self.first(key_hash, |node| !is_aside(node)).or_else(|| self.first(key_hash, |_| true))
    }

    /// All nodes in the order in which keys count them.
    pub fn sorted(&self) -> impl Iterator<Item = NodeId> + 'a {
        let snapshot = self.snapshot;
        (0..snapshot.keyed()).map(|place| snapshot.keyed_node(place))
    }
}
