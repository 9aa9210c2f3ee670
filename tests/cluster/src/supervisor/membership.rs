//! Who is in the lists: gossip, as seen from outside.
//!
//! A node that dies or hangs stays listed for the gossip delay; one that leaves or ends properly goes at once. A node always
//! lists itself.

use crate::protocol::Member;
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    Alive,
    /// Silent since then.
    Down(Instant),
    /// The others know that it is away.
    Left,
}

impl Standing {
    pub fn listed(self, delay: Duration, now: Instant) -> bool {
        match self {
            Standing::Alive => true,
            Standing::Down(since) => now.duration_since(since) < delay,
            Standing::Left => false,
        }
    }

    /// When the others will notice, if that is still to come.
    pub fn noticed_at(self, delay: Duration, now: Instant) -> Option<Instant> {
        match self {
            Standing::Down(since) if self.listed(delay, now) => Some(since + delay),
            _ => None,
        }
    }

    /// Silence goes on from where it began.
    pub fn falls_silent(self, now: Instant) -> Self {
        match self {
            Standing::Alive => Standing::Down(now),
            silent => silent,
        }
    }
}

/// The view of the node `own`, which may not be in `listed`.
pub fn view(listed: &[Member], own: &Member) -> Vec<Member> {
    let mut view = listed.to_vec();
    if !view.contains(own) {
        view.push(own.clone());
    }
    view
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELAY: Duration = Duration::from_secs(10);

    #[test]
    fn a_silent_node_is_listed_for_the_gossip_delay() {
        let death = Instant::now();
        let dead = Standing::Alive.falls_silent(death);
        assert!(dead.listed(DELAY, death));
        assert!(dead.listed(DELAY, death + DELAY - Duration::from_millis(1)));
        assert!(!dead.listed(DELAY, death + DELAY));
        assert_eq!(dead.noticed_at(DELAY, death), Some(death + DELAY));
        assert_eq!(dead.noticed_at(DELAY, death + DELAY), None);
    }

    #[test]
    fn being_killed_while_stopped_does_not_start_the_delay_anew() {
        let stop = Instant::now();
        let stopped = Standing::Alive.falls_silent(stop);
        assert_eq!(stopped.falls_silent(stop + DELAY / 2), stopped);
        assert_eq!(Standing::Left.falls_silent(stop), Standing::Left);
    }
}
