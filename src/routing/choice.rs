//! How one node is chosen of several: the policies.

use super::Cursors;
use crate::health::Prices;
use crate::node::NodeId;
use crate::rng::Rng;

/// The most nodes that are compared.
pub const MOST_CANDIDATES: usize = 8;

/// A policy with what it needs at this moment.
#[derive(Clone, Copy)]
pub enum Choice<'a> {
    /// Evenly at random.
    Random,
    /// In turn.
    RoundRobin(&'a Cursors),
    /// The cheapest of so many random ones.
    Cheapest(Prices<'a>, u32),
}

impl Choice<'_> {
    /// The choice among `count` nodes, of which there is one at least.
    /// O(1), no lock, no allocation, whatever the number of nodes.
    #[inline]
    pub fn of(&self, count: u32, node: impl Fn(u32) -> NodeId, rng: &mut Rng) -> NodeId {
        match self {
            Choice::Random => node(rng.below(count)),
            Choice::RoundRobin(cursors) => node(cursors.advance(rng) % count),
            Choice::Cheapest(prices, candidates) => {
                let mut best = Best::new(prices);
                draw(count, *candidates, rng, |index| best.offer(node(index)));
                best.node().unwrap_or_else(|| node(rng.below(count)))
            }
        }
    }

    /// The choice among those of `count` nodes that are still to be tried, behind the one that was tried last.
    pub fn of_untried(
        &self,
        count: u32,
        node: impl Fn(u32) -> NodeId,
        last: NodeId,
        tried: impl Fn(NodeId) -> bool,
        rng: &mut Rng,
    ) -> Option<NodeId> {
        match self {
            Choice::RoundRobin(_) => {
                let last = (0..count).find(|index| node(*index) == last).unwrap_or(0);
                (1..=count).map(|step| node((last + step) % count)).find(|id| !tried(*id))
            }
            Choice::Random => {
                for _ in 0..4 {
                    let id = (count > 0).then(|| node(rng.below(count)))?;
                    if !tried(id) {
                        return Some(id);
                    }
                }
                let untried = (0..count).filter(|index| !tried(node(*index))).count() as u32;
                let chosen = rng.below(untried) as usize;
                (0..count).map(node).filter(|id| !tried(*id)).nth(chosen)
            }
            Choice::Cheapest(prices, candidates) => {
                let mut best = Best::new(prices);
                // Some of those drawn were tried before, so twice as many are drawn.
                for _ in 0..if count > 0 { 2 * candidates } else { 0 } {
                    let id = node(rng.below(count));
                    if !tried(id) {
                        best.offer(id);
                    }
                }
                if best.node().is_none() {
                    (0..count).map(node).filter(|id| !tried(*id)).for_each(|id| best.offer(id));
                }
                best.node()
            }
        }
    }
}

/// The cheapest node offered so far, the first among equals. Nobody can foretell which it will be, so no branch depends on it.
struct Best<'a> {
    prices: &'a Prices<'a>,
    /// The price as bits, which for positive numbers are in the same order, and behind it how many were offered before.
    key: u64,
    node: NodeId,
    offered: u32,
}

impl<'a> Best<'a> {
    const NONE: u64 = u64::MAX;

    fn new(prices: &'a Prices<'a>) -> Self {
        Best { prices, key: Self::NONE, node: 0, offered: 0 }
    }

    #[inline]
    fn offer(&mut self, node: NodeId) {
        let key = (u64::from(self.prices.of(node).to_bits()) << 32) | u64::from(self.offered);
        self.node = if key < self.key { node } else { self.node };
        self.key = self.key.min(key);
        self.offered += 1;
    }

    #[inline]
    fn node(&self) -> Option<NodeId> {
        (self.offered > 0).then_some(self.node)
    }
}

/// Draws `most` different indices below `count`, or all of them from a random one on.
#[inline]
fn draw(count: u32, most: u32, rng: &mut Rng, mut take: impl FnMut(u32)) {
    if count <= most {
        let first = rng.below(count);
        (first..count).chain(0..first).for_each(take);
        return;
    }
    let mut drawn = [0; MOST_CANDIDATES];
    let mut bits = 0;
    for so_far in 0..(most as usize).min(MOST_CANDIDATES) {
        // Each word of random bits is enough for two draws.
        bits = if so_far % 2 == 0 { rng.next() } else { bits << 32 };
        // One of the indices that are left, counted without those drawn, which stand in order.
        let mut index = (((bits >> 32) * u64::from(count - so_far as u32)) >> 32) as u32;
        for before in &drawn[..so_far] {
            index += u32::from(index >= *before);
        }
        take(index);
        let mut last = index;
        for place in &mut drawn[..so_far] {
            (*place, last) = (last.min(*place), last.max(*place));
        }
        drawn[so_far] = last;
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
                let mut seen = Vec::new();
                draw(count, most, &mut rng, |index| seen.push(index));
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
