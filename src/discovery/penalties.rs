//! Which addresses failed discovery of late: they are asked after the others, and not at all in a round that has an answer
//! already. The pause doubles from one to sixty seconds with each failure in a row and ends with the first answer.

use std::collections::HashMap;
use std::time::Duration;

use crate::clock::Nanos;
use crate::node::Address;

const FIRST: Duration = Duration::from_secs(1);
const DOUBLINGS: u32 = 6;
/// More addresses than this are not remembered.
const MOST: usize = 1024;

#[derive(Clone, Copy, Debug)]
struct Penalty {
    failures: u32,
    until: Nanos,
}

/// The addresses in disgrace.
#[derive(Debug, Default)]
pub struct Penalties(HashMap<Address, Penalty>);

impl Penalties {
    /// Notes a failure.
    pub fn failed(&mut self, address: &Address, now: Nanos) {
        if self.0.len() >= MOST && !self.0.contains_key(address) {
            self.0.retain(|_, penalty| penalty.until > now);
            if self.0.len() >= MOST {
                return;
            }
        }
        let penalty = self.0.entry(address.clone()).or_insert(Penalty { failures: 0, until: now });
        let pause = (FIRST * (1 << penalty.failures.min(DOUBLINGS))).min(Duration::from_secs(60));
        penalty.failures = penalty.failures.saturating_add(1);
        penalty.until = now.after(pause);
    }

    /// Notes an answer.
    pub fn answered(&mut self, address: &Address) {
        self.0.remove(address);
    }

    /// Whether its last attempt failed.
    pub fn failing(&self, address: &Address) -> bool {
        self.0.contains_key(address)
    }

    /// Whether it is better left alone for now.
    pub fn pausing(&self, address: &Address, now: Nanos) -> bool {
        self.0.get(address).is_some_and(|penalty| penalty.until > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_and_ends_with_an_answer() {
        let mut penalties = Penalties::default();
        let address = Address::parse("10.0.0.1", 8000).unwrap();
        let mut now = Nanos(1);
        for pause in [1, 2, 4, 8, 16, 32, 60, 60] {
            penalties.failed(&address, now);
            assert!(penalties.pausing(&address, now.after(Duration::from_secs(pause) - Duration::from_nanos(1))));
            now = now.after(Duration::from_secs(pause));
            assert!(!penalties.pausing(&address, now) && penalties.failing(&address));
        }
        penalties.answered(&address);
        assert!(!penalties.failing(&address));
    }

    #[test]
    fn memory_is_bounded() {
        let mut penalties = Penalties::default();
        for port in 1..5000 {
            penalties.failed(&Address::parse("10.0.0.1", port).unwrap(), Nanos(1));
        }
        assert_eq!(penalties.0.len(), MOST);
    }
}
