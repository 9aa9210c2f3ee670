//! The reference: a node that nothing happens to, in a cluster of its own, called directly by threads of their own, all the time.
//!
//! What these threads lose from one part of a run to the next, the machine took, and not the client that is under test.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::http::Http;
use crate::log::{Attempt, Call, Clock};
use crate::oracle;
use crate::outcome::Outcome;
use crate::worker::ATTEMPT_LIMIT;

pub const THREADS: usize = 4;

/// Calls the node at that URL until told to stop; the calls made.
pub fn run(url: &str, clock: Clock, stop: &AtomicBool) -> Vec<Call> {
    let http = Http::new(ATTEMPT_LIMIT);
    let mut calls = Vec::new();
    while !stop.load(Ordering::Relaxed) {
        let key = fastrand::usize(..oracle::KEYS);
        let begun = clock.now();
        let outcome = match http.call(url, "UpdateItem", &oracle::add_one(key)) {
            Ok((status, answer)) => Outcome::of_answer(status, &answer),
            Err(error) => Outcome::of_error(&error),
        };
        let ended = clock.now();
        let attempt = Attempt { node: 0, asked_at: begun, reported_at: ended, outcome };
        calls.push(Call { client: 0, key, begun, ended, attempts: vec![attempt] });
    }
    calls
}
