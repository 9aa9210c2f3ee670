//! A worker: calls one after the other, each as an SDK makes it: a plan, attempts at its nodes, a report of each, retries as far as
//! the library grants them.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::client::{Client, Plan};
use crate::http::Http;
use crate::log::{Attempt, Call, Clock};
use crate::oracle;
use crate::outcome::Outcome;

/// The longest wait for an answer.
pub const ATTEMPT_LIMIT: Duration = Duration::from_secs(1);
/// How often a call is tried at most.
pub const ATTEMPTS: usize = 4;
/// Who gives up a call waits that long before the next one.
const PAUSE: Duration = Duration::from_millis(50);

pub struct Worker<'a> {
    pub client: &'a Client,
    /// The client's number.
    pub number: usize,
    pub clock: Clock,
    /// The nodes' URLs, in the order of their indexes.
    pub urls: &'a [String],
}

impl Worker<'_> {
    /// Works until told to stop; the calls made.
    pub fn run(&self, stop: &AtomicBool) -> Result<Vec<Call>, String> {
        let http = Http::new(ATTEMPT_LIMIT);
        let mut calls = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let call = self.call(&http)?;
            if !call.succeeded() {
                std::thread::sleep(PAUSE);
            }
            calls.push(call);
        }
        Ok(calls)
    }

    fn call(&self, http: &Http) -> Result<Call, String> {
        let key = fastrand::usize(..oracle::KEYS);
        let body = oracle::add_one(key);
        let begun = self.clock.now();
        let mut plan = self.client.plan("UpdateItem", &body)?;
        let mut attempts: Vec<Attempt> = Vec::new();
        loop {
            let attempt = self.attempt(http, &mut plan, &body)?;
            let outcome = attempt.outcome;
            attempts.push(attempt);
            if !outcome.is_worth_a_retry() || attempts.len() == ATTEMPTS {
                break;
            }
            let Some(wait) = plan.retry_after(outcome)? else { break };
            std::thread::sleep(wait);
        }
        Ok(Call { client: self.number, key, begun, ended: self.clock.now(), attempts })
    }

    fn attempt(&self, http: &Http, plan: &mut Plan<'_>, body: &str) -> Result<Attempt, String> {
        let asked_at = self.clock.now();
        let node = plan.next()?;
        let sent_at = self.clock.now();
        let outcome = match http.call(node.url, "UpdateItem", body) {
            Ok((status, answer)) => Outcome::of_answer(status, &answer),
            Err(error) => Outcome::of_error(&error),
        };
        self.client.report(node.id, outcome, self.clock.now() - sent_at)?;
        let index = self.urls.iter().position(|url| url == node.url);
        let node = index.ok_or(format!("{} is no node of the cluster", node.url))?;
        Ok(Attempt { node, asked_at, reported_at: self.clock.now(), outcome })
    }
}
