//! How much one network may ask: a bucket of tokens for each, in a table of fixed size, so that no flood of addresses fills the
//! memory.
//!
//! Networks that fall into one place of the table share a bucket; which do is a secret of the process.

use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::time::Duration;

const PLACES: usize = 16_384;
/// Of the queries beyond the limit every second one is told to come by TCP; the others are dropped.
const TOLD_EACH: u32 = 2;

/// What becomes of a query.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ruling {
    Answer,
    /// Tell it to ask by TCP, where nobody can ask in another's name.
    AskByTcp,
    Drop,
}

/// The limit for all networks.
pub struct Rate {
    per_second: u32,
    hasher: RandomState,
    buckets: Vec<Bucket>,
}

#[derive(Clone, Copy, Default)]
struct Bucket {
    /// Queries that were answered and not yet forgotten.
    level: f32,
    at: Duration,
    beyond: u32,
}

impl Rate {
    /// That many queries a second of each network, and as many at once; 0 for no limit.
    pub fn new(per_second: u32) -> Rate {
        let places = if per_second == 0 { 0 } else { PLACES };
        Rate { per_second, hasher: RandomState::new(), buckets: vec![Bucket::default(); places] }
    }

    /// Rules on a query that came at that time since the start.
    pub fn rule(&mut self, client: IpAddr, now: Duration) -> Ruling {
        if self.per_second == 0 {
            return Ruling::Answer;
        }
        let place = self.hasher.hash_one(network(client)) as usize % PLACES;
        let limit = self.per_second as f32;
        let Some(bucket) = self.buckets.get_mut(place) else { return Ruling::Answer };
        let forgotten = now.saturating_sub(bucket.at).as_secs_f32() * limit;
        bucket.level = (bucket.level - forgotten).max(0.0);
        bucket.at = now;
        if bucket.level + 1.0 <= limit {
            bucket.level += 1.0;
            return Ruling::Answer;
        }
        bucket.beyond = bucket.beyond.wrapping_add(1);
        if bucket.beyond % TOLD_EACH == 0 { Ruling::AskByTcp } else { Ruling::Drop }
    }
}

/// What is likely one user: an IPv4 /24, an IPv6 /56. An IPv4 address within IPv6 counts as what it is.
pub fn network(ip: IpAddr) -> u128 {
    match ip.to_canonical() {
        IpAddr::V4(v4) => u128::from(v4.to_bits() >> 8),
        IpAddr::V6(v6) => (1 << 127) | (v6.to_bits() >> 72),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ip(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    #[test]
    fn a_network_gets_its_rate_and_half_of_the_rest_is_told_to_use_tcp() {
        let mut rate = Rate::new(10);
        let rulings: Vec<Ruling> = (0..20).map(|host| rate.rule(ip(&format!("10.0.0.{host}")), Duration::ZERO)).collect();
        assert!(rulings[..10].iter().all(|ruling| *ruling == Ruling::Answer));
        assert_eq!(rulings[10..].iter().filter(|ruling| **ruling == Ruling::AskByTcp).count(), 5);
        assert_eq!(rulings[10..].iter().filter(|ruling| **ruling == Ruling::Drop).count(), 5);
        assert_eq!(rate.rule(ip("10.0.0.1"), Duration::from_millis(90)), Ruling::Drop);
        assert_eq!(rate.rule(ip("10.0.0.1"), Duration::from_millis(210)), Ruling::Answer);
    }

    #[test]
    fn other_networks_are_not_concerned() {
        let mut rate = Rate::new(1);
        let answered = (0..200u8).filter(|net| rate.rule(ip(&format!("10.0.{net}.1")), Duration::ZERO) == Ruling::Answer).count();
        assert!(answered > 190, "{answered} of 200; a few may share a place");
    }

    #[test]
    fn zero_is_no_limit() {
        let mut rate = Rate::new(0);
        assert!((0..100_000).all(|_| rate.rule(ip("::1"), Duration::ZERO) == Ruling::Answer));
    }

    #[test]
    fn networks_are_told_apart_by_their_prefix() {
        assert_eq!(network(ip("10.0.0.1")), network(ip("10.0.0.254")));
        assert_eq!(network(ip("10.0.0.1")), network(ip("::ffff:10.0.0.9")));
        assert_ne!(network(ip("10.0.0.1")), network(ip("10.0.1.1")));
        assert_eq!(network(ip("2001:db8:0:100::1")), network(ip("2001:db8:0:1ff::1")));
        assert_ne!(network(ip("2001:db8:0:100::1")), network(ip("2001:db8:0:200::1")));
    }
}
