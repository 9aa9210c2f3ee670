//! What a run leaves behind: each call with its attempts, and when which node was bad. All figures are made from it afterwards.

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::outcome::Outcome;

/// Time since the run began, the same for all threads.
#[derive(Clone, Copy)]
pub struct Clock(Instant);

/// One try at one node.
#[derive(Clone, Debug)]
pub struct Attempt {
    /// The node's index in the cluster.
    pub node: usize,
    /// Before the plan was asked for a node: what was reported until then could be known to it.
    pub asked_at: Duration,
    /// After the outcome was reported.
    pub reported_at: Duration,
    pub outcome: Outcome,
}

/// What an application asks for: one write, in as many attempts as it takes.
#[derive(Clone, Debug)]
pub struct Call {
    pub client: usize,
    pub key: usize,
    pub begun: Duration,
    pub ended: Duration,
    pub attempts: Vec<Attempt>,
}

/// A node was bad from the moment it was told to be, until the moment it was told not to be any more.
#[derive(Clone, Debug, PartialEq)]
pub struct Outage {
    pub node: usize,
    pub during: Range<Duration>,
}

/// The three parts of a run that are compared; what comes before the first is warming up.
#[derive(Clone, Debug)]
pub struct Phases {
    pub before: Range<Duration>,
    pub event: Range<Duration>,
    pub after: Range<Duration>,
}

impl Clock {
    pub fn start() -> Clock {
        Clock(Instant::now())
    }

    pub fn now(self) -> Duration {
        self.0.elapsed()
    }

    pub fn sleep_until(self, moment: Duration) {
        std::thread::sleep(moment.saturating_sub(self.now()));
    }
}

impl Call {
    pub fn succeeded(&self) -> bool {
        self.attempts.last().is_some_and(|attempt| attempt.outcome.is_success())
    }

    pub fn latency(&self) -> Duration {
        self.ended - self.begun
    }
}
