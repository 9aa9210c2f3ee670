//! Over which nodes requests are spread: those of the scope, and around a rack those of its datacenter.
//!
//! A rack alone is a poor list: it may be a third of the cluster with most of the clients. So unless the option `rack` is `strict`, the
//! other nodes of the datacenter take what the rack's own are too slow for, and all of it when most of the rack is set aside; only then
//! is anybody's health ignored.

use crate::config::RackMode;
use crate::node::NodeId;

/// The nodes of the scope, and where it is a rack those of the datacenter around it, as far as they are known.
#[derive(Clone, Copy)]
pub struct Lists<'a> {
    pub scope: &'a [NodeId],
    pub around: &'a [NodeId],
    pub rack: RackMode,
}

/// What requests choose among.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Spread {
    /// Chosen first.
    pub usable: Vec<NodeId>,
    /// Beyond the rack: chosen when that is worth the way.
    pub beyond: Vec<NodeId>,
}

impl Lists<'_> {
    fn is_strict(&self) -> bool {
        self.rack == RackMode::Strict || self.around.is_empty()
    }

    /// Every node that requests without a key may go to.
    pub fn reach(&self) -> Vec<NodeId> {
        let beyond = self.around.iter().filter(|id| !self.is_strict() && !self.scope.contains(id));
        self.scope.iter().chain(beyond).copied().collect()
    }

    /// Every node that requests may go to, by key or not.
    pub fn everyone(&self) -> Vec<NodeId> {
        let beyond = self.around.iter().filter(|id| !self.scope.contains(id));
        self.scope.iter().chain(beyond).copied().collect()
    }

    /// The lists of which at most half may be set aside each.
    pub fn ceilings(&self) -> Vec<Vec<NodeId>> {
        if self.is_strict() { vec![self.scope.to_vec(), self.around.to_vec()] } else { vec![self.reach()] }
    }

    /// What to choose among, `usable` being those of a list that are to be chosen first.
    pub fn spread(&self, usable: impl Fn(&[NodeId]) -> Vec<NodeId>) -> Spread {
        let usable = usable(&self.reach());
        if self.is_strict() || self.rack == RackMode::Off {
            return Spread { usable, beyond: Vec::new() };
        }
        let (own, beyond): (Vec<NodeId>, Vec<NodeId>) = usable.iter().partition(|id| self.scope.contains(id));
        if own.len() * 2 < self.scope.len() {
            return Spread { usable, beyond: Vec::new() };
        }
        Spread { usable: own, beyond }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RACK: [NodeId; 3] = [0, 1, 2];
    const DATACENTER: [NodeId; 6] = [5, 4, 3, 2, 1, 0];

    fn spread(rack: RackMode, around: &[NodeId], aside: &[NodeId]) -> (Vec<NodeId>, Vec<NodeId>) {
        let lists = Lists { scope: &RACK, around, rack };
        let Spread { usable, beyond } = lists.spread(|list| list.iter().copied().filter(|id| !aside.contains(id)).collect());
        (usable, beyond)
    }

    #[test]
    fn a_rack_is_preferred_and_the_rest_of_its_datacenter_stands_by() {
        assert_eq!(spread(RackMode::Prefer, &DATACENTER, &[]), (vec![0, 1, 2], vec![5, 4, 3]));
        assert_eq!(spread(RackMode::Prefer, &DATACENTER, &[1, 4]), (vec![0, 2], vec![5, 3]));
    }

    #[test]
    fn a_rack_of_which_most_is_set_aside_spills_to_its_datacenter() {
        assert_eq!(spread(RackMode::Prefer, &DATACENTER, &[0, 1]), (vec![2, 5, 4, 3], vec![]));
        assert_eq!(spread(RackMode::Prefer, &DATACENTER, &[0, 1, 2]), (vec![5, 4, 3], vec![]));
    }

    #[test]
    fn strict_keeps_to_the_rack_and_off_makes_no_difference() {
        assert_eq!(spread(RackMode::Strict, &DATACENTER, &[1]), (vec![0, 2], vec![]));
        assert_eq!(spread(RackMode::Off, &DATACENTER, &[1]), (vec![0, 2, 5, 4, 3], vec![]));
    }

    #[test]
    fn a_scope_with_nothing_around_is_all_there_is() {
        for rack in [RackMode::Prefer, RackMode::Strict, RackMode::Off] {
            assert_eq!(spread(rack, &[], &[1]), (vec![0, 2], vec![]));
        }
    }

    #[test]
    fn the_ceiling_counts_in_the_lists_that_requests_are_routed_over() {
        let lists = |rack| Lists { scope: &RACK, around: &DATACENTER, rack };
        assert_eq!(lists(RackMode::Prefer).ceilings(), [vec![0, 1, 2, 5, 4, 3]], "the whole rack may go: the datacenter serves");
        assert_eq!(lists(RackMode::Strict).ceilings(), [RACK.to_vec(), DATACENTER.to_vec()]);
        assert_eq!(lists(RackMode::Strict).reach(), RACK);
        assert_eq!(lists(RackMode::Strict).everyone(), [0, 1, 2, 5, 4, 3]);
    }
}
