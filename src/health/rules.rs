//! The parameters of health, as the records use them: factors and ticks, made once of the options.

use std::time::Duration;

use super::estimate::Averaging;
use super::tick::{micros, ticks};
use crate::config::Config;

/// All parameters.
#[derive(Clone, Copy, Debug)]
pub struct Rules {
    /// Whether nodes are set aside at all.
    pub on: bool,
    /// How latencies become estimates.
    pub averaging: Averaging,
    /// A failure counts as at least this many times what was expected.
    pub penalty: f32,
    /// A node with attempts in flight and no answer for this many times the mean has stalled...
    pub stall_factor: f32,
    /// ...but not before so many microseconds.
    pub stall_least: f32,
    /// How many ticks a node that came back takes to its full share.
    pub slow_start: u32,
    /// The share it begins with.
    pub slow_start_least: f32,
    /// So many failures in a row make a node suspect.
    pub failures_in_a_row: u32,
    /// So high a share of failures makes a node suspect...
    pub failure_rate: f32,
    /// ...among at least so many attempts...
    pub attempts_least: f32,
    /// ...within a time of which this is one divided by its ticks.
    pub per_window: f32,
    /// How long a node is set aside the first time.
    pub base: Duration,
    /// How long at most.
    pub longest: Duration,
    /// A probe that failed to reach a node is repeated this soon.
    pub probe: Duration,
    /// After so long in use a node starts over at `base`.
    pub forgiven_after: Duration,
}

impl Rules {
    /// The rules that the options ask for.
    pub fn of(config: &Config) -> Rules {
        let (adaptive, health) = (&config.adaptive, &config.health);
        let share = |percent: u32| percent as f32 / 100.0;
        Rules {
            on: health.on,
            averaging: Averaging::new(adaptive.tau, share(adaptive.weight_percent), adaptive.forget, adaptive.clip as f32),
            penalty: share(adaptive.penalty_percent),
            stall_factor: adaptive.stall_factor as f32,
            stall_least: micros(ticks(adaptive.stall_least)),
            slow_start: ticks(adaptive.slow_start),
            slow_start_least: share(adaptive.slow_start_percent),
            failures_in_a_row: health.failures_in_a_row,
            failure_rate: share(health.failure_percent),
            attempts_least: health.failure_attempts as f32,
            per_window: 1.0 / ticks(health.failure_window).max(1) as f32,
            base: health.eject_base,
            longest: health.eject_max,
            probe: health.probe,
            forgiven_after: health.forgiven_after,
        }
    }

    /// From how many microseconds without an answer on a node with attempts in flight has stalled.
    #[inline]
    pub fn stall(&self, mean: f32) -> f32 {
        self.stall_least.max(self.stall_factor * mean)
    }
}
