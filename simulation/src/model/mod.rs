//! The model of the reference: a discrete-event simulation of clients, a network and nodes.
//!
//! Each node has four workers and one queue. A request's work is the product of what belongs to the request and what the node draws
//! at each execution, both lognormal; requests arrive in a Poisson process that is split over the clients evenly. An attempt times
//! out after a second; its work is done all the same. Ties in time are broken by the order of scheduling, so that a run depends on
//! its seed alone.

mod cluster;
mod event;
mod metrics;
mod request;
mod run;

pub use metrics::{KeyMoves, Metrics, Second};
pub use request::Walk;
pub use run::{Run, simulate};

/// Work of a mean request on a healthy node, in seconds.
pub const MEAN_WORK: f64 = 0.002;
/// Deviation of the logarithm of the part that belongs to the request.
pub const SPREAD_OF_REQUESTS: f64 = 0.5;
/// The same of the part that the node draws.
pub const SPREAD_OF_NODES: f64 = 0.85;
/// How long an attempt is waited for.
pub const ATTEMPT_TIMEOUT: f64 = 1.0;
/// The most attempts of a request.
pub const MOST_ATTEMPTS: usize = 3;
