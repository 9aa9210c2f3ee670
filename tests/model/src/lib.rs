//! The core's lock-free parts over loom's atomics. A run of a test goes through every interleaving of its threads, and through every value
//! that an atomic load may return under the memory model, up to a bound of context switches; see tests/.

// In the core these modules are private, and so is `new`.
#![allow(clippy::new_without_default)]

/// What the core's files use in place of std's atomics. Two snapshots are the fewest that the topology works with, so reuse comes at once.
mod atomics {
    pub use loom::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};
    pub const SNAPSHOTS: usize = 2;
}

mod node {
    pub type NodeId = u32;
}

#[path = "../../../src/config/health.rs"]
pub mod options;

/// The options that the rules of health read.
mod config {
    pub use crate::options::{AdaptiveOptions, HealthOptions};

    #[derive(Default)]
    pub struct Config {
        pub adaptive: AdaptiveOptions,
        pub health: HealthOptions,
    }
}

/// No chance where every order is tried.
mod rng {
    pub struct Rng;

    impl Rng {
        pub fn jitter(&mut self, _spread: f64) -> f64 {
            1.0
        }
    }
}

#[path = "../../../src/clock.rs"]
pub mod clock;
#[path = "../../../src/balancer/due.rs"]
pub mod due;
pub mod health;
#[path = "../../../src/topology.rs"]
pub mod topology;
