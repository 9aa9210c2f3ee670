//! The load: workers that make one call after the other, each at its time and with the library's plan and budget for retries.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use alternator_lb::request::Operation;
use alternator_lb::{Balancer, Outcome};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, sleep_until};

use super::BenchArgs;
use super::record::{Attempt, Call, Kind, Record};
use super::table::KEY;
use crate::dynamodb::DynamoDb;

/// The calls to make.
pub struct Load {
    balancer: Arc<Balancer>,
    dynamodb: DynamoDb,
    table: String,
    start: Instant,
    end: Instant,
    /// Between the beginnings of two calls.
    pace: Duration,
    begun: Cell<u32>,
    reads: u8,
    keys: u32,
    filling: String,
    patience: Duration,
}

impl Load {
    pub fn new(args: &BenchArgs, table: &str, balancer: Arc<Balancer>, dynamodb: DynamoDb) -> Load {
        let start = Instant::now();
        Load {
            balancer,
            dynamodb,
            table: table.to_owned(),
            start,
            end: start + args.seconds,
            pace: Duration::from_secs(1) / args.rate,
            begun: Cell::new(0),
            reads: args.reads,
            keys: args.keys,
            filling: "x".repeat(args.item_bytes as usize),
            patience: args.common.timeout,
        }
    }

    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// Makes calls until the time is over. A call that is late, since all workers were busy, is made at once, but none is made up
    /// for: the rate is a limit and not a goal.
    pub async fn work(self: Rc<Self>, record: Rc<RefCell<Record>>) {
        loop {
            let turn = self.begun.get();
            let due = (self.start + self.pace * turn).max(Instant::now());
            if due >= self.end {
                return;
            }
            let missed = due.duration_since(self.start).as_nanos() / self.pace.as_nanos().max(1);
            self.begun.set(turn.max(u32::try_from(missed).unwrap_or(u32::MAX)).saturating_add(1));
            sleep_until(due).await;
            self.call(&record).await;
        }
    }

    async fn call(&self, record: &RefCell<Record>) {
        let kind = if fastrand::u8(..100) < self.reads { Kind::Get } else { Kind::Put };
        let body = self.body(kind);
        let mut plan = self.balancer.plan_for_request(Operation::parse(kind.operation()), body.to_string().as_bytes());
        let begun = Instant::now();
        let is_good = loop {
            let Some(node) = self.balancer.plan_next(&mut plan).ok().and_then(|id| self.balancer.node(id)) else { break false };
            let (outcome, latency) = match self.dynamodb.call(node.url.as_str(), kind.operation(), &body, self.patience).await {
                Ok(reply) => (reply.outcome(), reply.latency),
                Err(no_answer) => (no_answer.outcome, no_answer.latency),
            };
            // The node is one that this handle named.
            let _ = self.balancer.report(node.id, outcome, latency.as_micros() as u64);
            record.borrow_mut().attempt(&Attempt { url: node.url.as_str(), outcome, latency });
            if matches!(outcome, Outcome::Success | Outcome::CallerFault) {
                break outcome == Outcome::Success;
            }
            match self.balancer.retry_delay(&plan, outcome) {
                Ok(delay) if Instant::now() + delay < self.end + self.patience => sleep(delay).await,
                _ => break false,
            }
        };
        record.borrow_mut().call(&Call { kind, is_good, at: self.start.elapsed(), latency: begun.elapsed() });
    }

    fn body(&self, kind: Kind) -> Value {
        let key = json!({ "S": format!("key-{}", fastrand::u32(..self.keys)) });
        match kind {
            Kind::Put => json!({ "TableName": self.table, "Item": { (KEY): key, "filling": { "S": self.filling } } }),
            Kind::Get => json!({ "TableName": self.table, "Key": { (KEY): key } }),
        }
    }
}
