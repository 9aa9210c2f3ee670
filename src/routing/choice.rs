//! How one node is chosen of several: the policies.

use super::Cursors;
use crate::health::Prices;
use crate::node::NodeId;
use crate::rng::Rng;
use crate::topology::Snapshot;

/// The most nodes that are compared.
const MOST_CANDIDATES: usize = 8;
/// The digits of a price that do not matter: up to an eighth dearer is as good, so that noise alone makes no favourites.
const ALIKE: u32 = f32::MANTISSA_DIGITS - 4;
/// A node beyond the preferred ones of which nothing was heard for long is offered at this part of its price: who never asks never
/// learns that it has become the faster one.
const CURIOSITY: f32 = 0.5;

/// A policy with what it needs at this moment.
#[derive(Clone, Copy)]
pub enum Choice<'a> {
    /// Evenly at random.
    Random,
    /// In turn.
    RoundRobin(&'a Cursors),
    /// The cheapest of a few random ones.
    Cheapest(Market<'a>),
}

/// What nodes cost.
#[derive(Clone, Copy)]
pub struct Market<'a> {
    /// The price of each.
    pub prices: Prices<'a>,
    /// How many are compared.
    pub candidates: u32,
    /// By how much those beyond the preferred ones are dearer.
    pub beyond: f32,
}

impl Choice<'_> {
    /// The choice among the nodes that are to be chosen first; `None` when there is no node at all.
    /// O(1), no lock, no allocation, whatever the number of nodes.
    #[inline]
    pub fn first(&self, snapshot: &Snapshot<'_>, rng: &mut Rng) -> Option<NodeId> {
        let usable = snapshot.usable();
        if usable == 0 {
            return None;
        }
        Some(match self {
            Choice::Random => snapshot.usable_node(rng.below(usable)),
            Choice::RoundRobin(cursors) => snapshot.usable_node(cursors.advance(rng) % usable),
            Choice::Cheapest(market) => {
                let mut best = Best::new(&market.prices);
                // Half of the candidates within, one beyond: enough to see that it is worth the way, too little to flood it.
                let within = if snapshot.beyond() == 0 { market.candidates } else { market.candidates.div_ceil(2) };
                for index in Drawn::of(usable, within, rng).indices() {
                    best.offer(snapshot.usable_node(*index), 1.0);
                }
                if snapshot.beyond() > 0 {
                    let node = snapshot.beyond_node(rng.below(snapshot.beyond()));
                    best.offer_beyond(node, market);
                }
                best.node()?
            }
        })
    }

    /// The choice among those that are still to be tried, behind the one that was tried last. Those set aside come last.
    pub fn untried(
        &self,
        snapshot: &Snapshot<'_>,
        last: NodeId,
        tried: impl Fn(NodeId) -> bool + Copy,
        rng: &mut Rng,
    ) -> Option<NodeId> {
        let usable = |index| snapshot.usable_node(index);
        let beyond = |index| snapshot.beyond_node(index);
        if let Choice::Cheapest(market) = self
            && snapshot.beyond() > 0
        {
            let mut best = Best::new(&market.prices);
            best.offer_untried(snapshot.usable(), usable, market.candidates.div_ceil(2), 1.0, tried, rng);
            best.offer_untried(snapshot.beyond(), beyond, 1, market.beyond, tried, rng);
            if let Some(node) = best.node() {
                return Some(node);
            }
        }
        self.untried_of(snapshot.usable(), usable, last, tried, rng)
            .or_else(|| self.untried_of(snapshot.beyond(), beyond, last, tried, rng))
            .or_else(|| self.untried_of(snapshot.all(), |index| snapshot.node(index), last, tried, rng))
    }

    fn untried_of(
        &self,
        count: u32,
        node: impl Fn(u32) -> NodeId,
        last: NodeId,
        tried: impl Fn(NodeId) -> bool,
        rng: &mut Rng,
    ) -> Option<NodeId> {
        if count == 0 {
            return None;
        }
        match self {
            Choice::RoundRobin(_) => {
                let last = (0..count).find(|index| node(*index) == last).unwrap_or(0);
                (1..=count).map(|step| node((last + step) % count)).find(|id| !tried(*id))
            }
            Choice::Random => {
                for _ in 0..4 {
                    let id = node(rng.below(count));
                    if !tried(id) {
                        return Some(id);
                    }
                }
                let untried = (0..count).filter(|index| !tried(node(*index))).count() as u32;
                let chosen = rng.below(untried) as usize;
                (0..count).map(node).filter(|id| !tried(*id)).nth(chosen)
            }
            Choice::Cheapest(market) => {
                let mut best = Best::new(&market.prices);
                best.offer_untried(count, node, market.candidates, 1.0, tried, rng);
                best.node()
            }
        }
    }
}

/// The cheapest node offered so far, the first among equals. Nobody can foretell which it will be, so no branch depends on it.
struct Best<'a> {
    prices: &'a Prices<'a>,
    /// The price as bits, which for positive numbers are in the same order, without those that do not matter; behind it how many were
    /// offered before.
    key: u64,
    node: NodeId,
    offered: u32,
}

impl<'a> Best<'a> {
    const NONE: u64 = u64::MAX;

    fn new(prices: &'a Prices<'a>) -> Self {
        Best { prices, key: Self::NONE, node: 0, offered: 0 }
    }

    #[inline(never)]
    fn offer_beyond(&mut self, node: NodeId, market: &Market<'_>) {
        self.offer(node, if market.prices.is_stale(node) { CURIOSITY } else { market.beyond });
    }

    #[inline(always)]
    fn offer(&mut self, node: NodeId, dearer: f32) {
        let price = self.prices.of(node) * dearer;
        let class = price.to_bits() >> ALIKE << ALIKE;
        let key = (u64::from(class) << 32) | u64::from(self.offered);
        self.node = if key < self.key { node } else { self.node };
        self.key = self.key.min(key);
        self.offered += 1;
    }

    /// Offers some of the `count` nodes that were not tried, all of them if those drawn were.
    fn offer_untried(
        &mut self,
        count: u32,
        node: impl Fn(u32) -> NodeId,
        most: u32,
        dearer: f32,
        tried: impl Fn(NodeId) -> bool,
        rng: &mut Rng,
    ) {
        let before = self.offered;
        // Some of those drawn were tried before, so twice as many are drawn.
        for _ in 0..if count > 0 { 2 * most } else { 0 } {
            let id = node(rng.below(count));
            if !tried(id) {
                self.offer(id, dearer);
            }
        }
        if self.offered == before {
            (0..count).map(node).filter(|id| !tried(*id)).for_each(|id| self.offer(id, dearer));
        }
    }

    #[inline]
    fn node(&self) -> Option<NodeId> {
        (self.offered > 0).then_some(self.node)
    }
}

/// Different indices below a bound, in random order.
struct Drawn {
    indices: [u32; MOST_CANDIDATES],
    count: usize,
}

impl Drawn {
    /// `most` of the `count` indices, or all of them.
    #[inline]
    fn of(count: u32, most: u32, rng: &mut Rng) -> Drawn {
        let most = most.min(count).min(MOST_CANDIDATES as u32) as usize;
        let mut drawn = Drawn { indices: [0; MOST_CANDIDATES], count: most };
        let mut sorted = [0; MOST_CANDIDATES];
        let mut bits = 0;
        for so_far in 0..most {
            // Each word of random bits is enough for two draws.
            bits = if so_far % 2 == 0 { rng.next() } else { bits << 32 };
            // One of the indices that are left, counted without those drawn.
            let mut index = (((bits >> 32) * u64::from(count - so_far as u32)) >> 32) as u32;
            for before in &sorted[..so_far] {
                index += u32::from(index >= *before);
            }
            drawn.indices[so_far] = index;
            let mut last = index;
            for place in &mut sorted[..so_far] {
                (*place, last) = (last.min(*place), last.max(*place));
            }
            sorted[so_far] = last;
        }
        drawn
    }

    #[inline]
    fn indices(&self) -> &[u32] {
        &self.indices[..self.count]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    #[test]
    fn draws_are_different_and_even() {
        let mut rng = Rng::new(3);
        for (count, most) in [(1, 4), (3, 4), (4, 4), (5, 4), (9, 4), (9, 8), (1000, 4), (9, 1)] {
            let mut counts = vec![0u32; count as usize];
            let mut firsts = vec![0u32; count as usize];
            let rounds = 4000 * count / count.min(most);
            for _ in 0..rounds {
                let drawn = Drawn::of(count, most, &mut rng);
                let seen = drawn.indices();
                assert_eq!(seen.len() as u32, most.min(count));
                assert_eq!(seen.iter().collect::<HashSet<_>>().len(), seen.len(), "{seen:?}");
                seen.iter().for_each(|index| counts[*index as usize] += 1);
                firsts[seen[0] as usize] += 1;
            }
            assert!(counts.iter().all(|n| (3600..4400).contains(n)), "{count} {most}: {counts:?}");
            let even = rounds / count;
            assert!(firsts.iter().all(|n| n.abs_diff(even) < even / 5 + 30), "{count} {most}: {firsts:?}");
        }
    }
}
