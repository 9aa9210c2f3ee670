//! Options of choosing by latency and load, and of setting nodes aside.

use std::time::Duration;

/// How a node is chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The best of a few random ones, by latency and load.
    #[default]
    Adaptive,
    /// Evenly at random.
    Random,
    /// In turn, each thread from a place of its own.
    RoundRobin,
}

impl Policy {
    /// Its name as an option.
    pub fn name(self) -> &'static str {
        match self {
            Policy::Adaptive => "adaptive",
            Policy::Random => "random",
            Policy::RoundRobin => "round_robin",
        }
    }
}

/// How much the rack of a scope matters, where there is one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RackMode {
    /// Its nodes are preferred to those of the rest of its datacenter.
    #[default]
    Prefer,
    /// No other node is chosen.
    Strict,
    /// The nodes of its datacenter are all alike.
    Off,
}

/// The `adaptive.*` options: what a node costs.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct AdaptiveOptions {
    /// How many random nodes are compared.
    pub candidates: u32,
    /// The time constant in which latencies count.
    pub tau: Duration,
    /// The most that one latency counts, in percent.
    pub weight_percent: u32,
    /// The time constant in which an estimate relaxes to the mean of all nodes.
    pub forget: Duration,
    /// A latency counts as this many times the mean at most.
    pub clip: u32,
    /// A failure counts as this many percent of what was expected at least.
    pub penalty_percent: u32,
    /// A node with attempts in flight has stalled after this many times the mean without an answer...
    pub stall_factor: u32,
    /// ...and this long.
    pub stall_least: Duration,
    /// How long a node that came back takes to its full share.
    pub slow_start: Duration,
    /// The share it begins with, in percent.
    pub slow_start_percent: u32,
    /// The price of a node beyond the preferred rack, in percent of what it were within.
    pub beyond_percent: u32,
}

/// The `health.*` options: when a node is set aside.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HealthOptions {
    /// Whether nodes are set aside at all.
    pub on: bool,
    /// Whether handles for the same cluster in one process share what they learn.
    pub shared: bool,
    /// How long a node is set aside the first time.
    pub eject_base: Duration,
    /// How long at most.
    pub eject_max: Duration,
    /// How soon a probe that did not reach a node is repeated at the latest.
    pub probe: Duration,
    /// After so long in use a node starts over at `eject_base`.
    pub forgiven_after: Duration,
    /// So many failures in a row make a node suspect; 0 for never.
    pub failures_in_a_row: u32,
    /// So many percent of failures make a node suspect.
    pub failure_percent: u32,
    /// The time in which they are counted.
    pub failure_window: Duration,
    /// The attempts that there must be in it.
    pub failure_attempts: u32,
}

/// The `retry.*` options: how many further attempts a failing cluster is given.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct RetryOptions {
    /// Retries in percent of requests.
    pub percent: u32,
    /// Retries a second that are granted in any case.
    pub per_second: u32,
    /// How many are saved up at most.
    pub burst: u32,
    /// The longest first back-off; it doubles each time.
    pub backoff_base: Duration,
    /// The longest of all.
    pub backoff_max: Duration,
}

/// The `hedge.*` options: second attempts before the first one has failed.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct HedgeOptions {
    /// Whether they are offered at all.
    pub on: bool,
    /// How many percent of attempts are to be done before one is hedged.
    pub percentile: u32,
    /// Hedges in percent of requests.
    pub percent: u32,
    /// How many are saved up at most.
    pub burst: u32,
}
