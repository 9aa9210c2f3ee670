//! The cluster as its users meet it: real processes, real sockets, real signals.

#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot get what it needs has failed")]

mod counters;
mod faults;
mod lifetime;
mod localnodes;
mod membership;
mod operations;
mod signatures;
mod support;
mod tls;
