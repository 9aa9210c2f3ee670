//! Rendezvous placement: a key goes to the node with the highest weight for it (Thaler and Ravishankar, "A name-based mapping scheme for
//! rendezvous", 1996). A node that leaves or joins moves only the keys for which it is the highest.
//!
//! The weight is a mixture of the key's hash and one number of the node, which follows from its URL alone. The mixing is a bijection, so
//! two nodes have the same weight only if they have the same number; then the first in the order counts.

use super::murmur::{Murmur3, Tail};

/// A node's own number.
pub fn node_weight(url: &str) -> u64 {
    let mut hash = Murmur3::new();
    hash.update(url.as_bytes());
    hash.finish(Tail::Unsigned) as u64
}

/// The place with the highest weight for the key, of those that `accept` takes.
#[inline]
pub fn highest(key_hash: i64, count: u32, weight: impl Fn(u32) -> u64, mut accept: impl FnMut(u32) -> bool) -> Option<u32> {
    let mut best = None;
    for place in 0..count {
        let weight = mixed(weight(place) ^ key_hash as u64);
        if best.is_none_or(|(highest, _)| weight > highest) && accept(place) {
            best = Some((weight, place));
        }
    }
    best.map(|(_, place)| place)
}

/// The finaliser of MurmurHash3.
#[inline]
fn mixed(mut word: u64) -> u64 {
    word ^= word >> 33;
    word = word.wrapping_mul(0xff51_afd7_ed55_8ccd);
    word ^= word >> 33;
    word = word.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    word ^ word >> 33
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::Rng;

    #[test]
    fn the_first_place_counts_among_equals_and_none_among_none() {
        assert_eq!(highest(1, 3, |_| 7, |_| true), Some(0));
        assert_eq!(highest(1, 3, |_| 7, |place| place > 0), Some(1));
        assert_eq!(highest(1, 0, |_| 7, |_| true), None);
        assert_eq!(highest(1, 3, |_| 7, |_| false), None);
    }

    #[test]
    fn a_node_that_leaves_moves_its_own_keys_alone_and_the_load_is_even() {
        let weights: Vec<u64> = (1..=9).map(|i| node_weight(&format!("http://10.0.0.{i}:8000"))).collect();
        let mut keys = Rng::new(4);
        let mut load = [0u32; 9];
        for _ in 0..18_000 {
            let key = keys.next() as i64;
            let chosen = highest(key, 9, |place| weights[place as usize], |_| true).unwrap();
            load[chosen as usize] += 1;
            let without_first = highest(key, 8, |place| weights[place as usize + 1], |_| true).unwrap() + 1;
            assert!(chosen == 0 || chosen == without_first);
        }
        assert!(load.iter().all(|keys| (1800..2200).contains(keys)), "{load:?}");
    }
}
