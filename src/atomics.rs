//! The atomics of what tests/model explores: there they are loom's, and the buffers are fewer, so that reuse comes sooner.

pub use std::sync::atomic::{AtomicU32, AtomicU64, Ordering, fence};

/// How many snapshots the topology holds.
pub const SNAPSHOTS: usize = 4;
