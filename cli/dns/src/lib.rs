//! Answers DNS queries for a name that stands for the live nodes of a cluster. Packets in, packets out: sockets, clocks and the
//! cluster are the caller's.
//!
//! A name of a [`Zone`] and those below it are all that is ever answered for; anything else is REFUSED. No answer is longer than
//! the asker can take, none is longer than [`LONGEST_DATAGRAM`] by UDP, and packets that are answers themselves are passed over.

#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod answer;
mod names;
mod query;
mod records;
mod zone;

#[cfg(test)]
mod tests;

pub use answer::{Answerer, Transport};
pub use zone::{Nodes, Zone, ZoneError};

/// The most bytes of an answer by UDP, whatever the asker offers to take: fits into one packet on nearly every network.
pub const LONGEST_DATAGRAM: usize = 1232;

/// The most bytes of a query: a question is no longer than 271, and few options are sent with it. Longer ones are not read.
pub const LONGEST_QUERY: usize = 4096;
