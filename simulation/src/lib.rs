//! A deterministic simulation of clients that balance load over the nodes of a cluster. The library's policies are the library
//! itself, driven through its public API under virtual time; the others are models. README.md tells what can be learned from it.

#![deny(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

pub mod generator;
pub mod model;
pub mod policy;
pub mod reference;
pub mod report;
pub mod scenario;
pub mod suite;
