//! Learning which nodes are alive.
//!
//! [`machine`] decides and does no I/O: it says which URL to fetch and is fed the answer. [`transport`] fetches, for callers that
//! have no event loop of their own.

pub mod answer;
pub mod machine;
pub mod penalties;
pub mod resolver;
mod round;
mod schedule;
pub mod tls;
pub mod transport;
