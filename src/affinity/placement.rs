//! The order of the nodes for a key, as far as it is needed: walked until a node is accepted.
//!
//! Each draw picks one of the nodes that are left; the last of them takes its place. A walk remembers the places that changed, not the
//! whole row: the first node costs one draw, whatever the number of nodes.

use super::go_rand::GoRand;
use crate::topology::MOST_NODES;

/// Walks of more steps use a row of all places.
const SHORT: usize = 16;

/// The first place of the order for `seed`, among `count` places, that `accept` takes. `accept` may see a place more than once.
#[inline]
pub fn first_accepted(seed: i64, count: u32, mut accept: impl FnMut(u32) -> bool) -> Option<u32> {
    let mut rng = GoRand::new(seed);
    if count == 0 {
        return None;
    }
    // Nearly always the first node is accepted, and nothing needs remembering.
    let first = rng.below(count)?;
    if accept(first) {
        return Some(first);
    }
    walk_on(seed, count, rng, first, accept)
}

#[cold]
#[inline(never)]
fn walk_on(seed: i64, count: u32, mut rng: GoRand, first: u32, mut accept: impl FnMut(u32) -> bool) -> Option<u32> {
    let mut moved = Moved { places: [(0, 0); SHORT], len: 0 };
    moved.take(first, count - 1);
    for left in (1..count).rev().take(SHORT - 1) {
        let Some(drawn) = rng.below(left) else { break };
        let place = moved.take(drawn, left - 1);
        if accept(place) {
            return Some(place);
        }
    }
    if count as usize > SHORT { long_walk(seed, count, accept) } else { None }
}

/// Which places hold another one than their own.
struct Moved {
    places: [(u32, u32); SHORT],
    len: usize,
}

impl Moved {
    #[inline]
    fn held_by(&self, place: u32) -> u32 {
        self.places[..self.len].iter().rev().find(|(at, _)| *at == place).map_or(place, |(_, held)| *held)
    }

    /// Takes what a place holds and puts what the last one holds there.
    #[inline]
    fn take(&mut self, place: u32, last: u32) -> u32 {
        let taken = self.held_by(place);
        if place != last && self.len < SHORT {
            self.places[self.len] = (place, self.held_by(last));
            self.len += 1;
        }
        taken
    }
}

#[cold]
#[inline(never)]
fn long_walk(seed: i64, count: u32, mut accept: impl FnMut(u32) -> bool) -> Option<u32> {
    let mut rng = GoRand::seeded(seed);
    let mut places: [u16; MOST_NODES] = std::array::from_fn(|place| place as u16);
    for left in (1..=count.min(MOST_NODES as u32)).rev() {
        let drawn = rng.below(left) as usize;
        let place = u32::from(places[drawn]);
        places[drawn] = places[left as usize - 1];
        if accept(place) {
            return Some(place);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The order in full, as the official clients make it.
    fn order(seed: i64, count: u32) -> Vec<u32> {
        let mut rng = GoRand::seeded(seed);
        let mut left: Vec<u32> = (0..count).collect();
        (0..count).map(|_| left.swap_remove(rng.below(left.len() as u32) as usize)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(300))]
        #[test]
        fn a_walk_follows_the_official_order(seed: i64, count in 1u32..400) {
            let order = order(seed, count);
            for (steps, wanted) in order.iter().enumerate() {
                let passed = &order[..steps];
                prop_assert_eq!(first_accepted(seed, count, |place| !passed.contains(&place)), Some(*wanted));
            }
            prop_assert_eq!(first_accepted(seed, count, |_| false), None);
        }
    }

    #[test]
    fn no_nodes_and_the_most_nodes_are_walked() {
        assert_eq!(first_accepted(7, 0, |_| true), None);
        let last = *order(7, MOST_NODES as u32).last().unwrap();
        assert_eq!(first_accepted(7, MOST_NODES as u32, |place| place == last), Some(last));
    }
}
