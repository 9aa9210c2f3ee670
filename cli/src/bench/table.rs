//! The table of a benchmark: made under a name of its own, and removed.

use std::cell::Cell;
use std::sync::Arc;
use std::time::{Duration, Instant};

use alternator_lb::{Balancer, NodeId, Outcome, Plan};
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::dynamodb::{DynamoDb, Reply};
use crate::failure::{Code, Failure};

/// The partition key of the table.
pub const KEY: &str = "pk";
/// Between two questions whether the table is ready.
const PAUSE: Duration = Duration::from_millis(100);
/// How often something is tried, each time at another node.
const TRIES: usize = 4;
/// So long a table may take to be ready.
const READY_WITHIN: Duration = Duration::from_secs(60);
/// DynamoDB's limit for names is 255.
const LONGEST_PREFIX: usize = 200;

/// Reads the beginning of a table's name.
pub fn prefix(text: &str) -> Result<String, String> {
    let fits = (3..=LONGEST_PREFIX).contains(&text.len());
    let allowed = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_-.".contains(&byte));
    if fits && allowed {
        Ok(text.to_owned())
    } else {
        Err(format!("accepted: 3 to {LONGEST_PREFIX} of a-z, A-Z, 0-9, '_', '-' and '.'"))
    }
}

/// A table that is nobody else's.
pub struct BenchTable {
    balancer: Arc<Balancer>,
    dynamodb: DynamoDb,
    name: String,
    patience: Duration,
    /// How many requests to make it ended without telling whether they did.
    in_doubt: Cell<u32>,
}

impl BenchTable {
    /// A name that begins so and that no table has.
    pub fn new(balancer: Arc<Balancer>, dynamodb: DynamoDb, prefix: &str, patience: Duration) -> BenchTable {
        BenchTable { balancer, dynamodb, name: format!("{prefix}-{:016x}", fastrand::u64(..)), patience, in_doubt: Cell::new(0) }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes the table at one of these nodes and waits until it is ready.
    pub async fn create(&self, answering: &[NodeId]) -> Result<(), Failure> {
        let body = json!({
            "TableName": self.name,
            "AttributeDefinitions": [{ "AttributeName": KEY, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": KEY, "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        self.make(&body, answering).await?;
        let deadline = Instant::now() + READY_WITHIN;
        loop {
            let reply = self.ask("DescribeTable", &json!({ "TableName": self.name }), Reply::is_good).await?;
            if reply.body["Table"]["TableStatus"] == "ACTIVE" {
                return self.balancer.set_table_key(&self.name, KEY).map_err(Failure::from);
            }
            if Instant::now() > deadline {
                let message = format!("table {} is not ready after {} s", self.name, READY_WITHIN.as_secs());
                return Err(Failure::new(Code::Refused, message));
            }
            sleep(PAUSE).await;
        }
    }

    /// Sends CreateTable to one node after the other. It is in doubt from when it is sent until an answer tells.
    async fn make(&self, body: &Value, answering: &[NodeId]) -> Result<(), Failure> {
        let mut last = Failure::new(Code::Unreachable, "no node answers, so no table was made");
        for node in answering.iter().take(TRIES).filter_map(|id| self.balancer.node(*id)) {
            let url = node.url.as_str();
            self.in_doubt.set(self.in_doubt.get() + 1);
            let settled = || self.in_doubt.set(self.in_doubt.get().saturating_sub(1));
            match self.dynamodb.call(url, "CreateTable", body, self.patience).await {
                Ok(reply) if reply.is_good() => {
                    settled();
                    return Ok(());
                }
                Ok(reply) if reply.error() == "ResourceInUseException" => {
                    // Nobody else has this name: one whose answer was lost has made it, and this one has not.
                    settled();
                    settled();
                    return Ok(());
                }
                Ok(reply) => {
                    last = Failure::new(Code::Refused, format!("CreateTable at {url}: {}", reply.complaint()));
                    if matches!(reply.outcome(), Outcome::CallerFault | Outcome::Throttled) {
                        settled();
                    }
                    if reply.outcome() == Outcome::CallerFault {
                        break;
                    }
                }
                Err(no_answer) => {
                    last = Failure::new(Code::Unreachable, format!("CreateTable at {url}: {}", no_answer.reason));
                    if matches!(no_answer.outcome, Outcome::Refused | Outcome::TlsFailure | Outcome::Cancelled) {
                        settled();
                    }
                }
            }
        }
        Err(last)
    }

    /// Removes the table; that there is none is as good, unless a request to make it may still be under way.
    pub async fn remove(&self) -> Result<(), Failure> {
        let gone = |reply: &Reply| reply.is_good() || reply.error() == "ResourceNotFoundException";
        let left = |why: &dyn std::fmt::Display| format!("table {} may be left behind: {why}", self.name);
        let removed = self.ask("DeleteTable", &json!({ "TableName": self.name }), gone).await;
        removed.map_err(|failure| Failure::new(failure.code, left(&failure)))?;
        match self.in_doubt.get() {
            0 => Ok(()),
            _ => Err(Failure::new(Code::Trouble, left(&"it was removed, but a CreateTable that was not answered may make it yet"))),
        }
    }

    /// Asks one node after the other until an answer is good enough, or somebody refuses.
    async fn ask(&self, operation: &str, body: &Value, is_enough: impl Fn(&Reply) -> bool) -> Result<Reply, Failure> {
        let mut plan = Plan::start();
        let mut last = Failure::new(Code::Unreachable, "there is no node");
        for _ in 0..TRIES {
            let Some(node) = self.balancer.plan_next(&mut plan).ok().and_then(|id| self.balancer.node(id)) else { break };
            let (outcome, latency) = match self.dynamodb.call(node.url.as_str(), operation, body, self.patience).await {
                Ok(reply) if is_enough(&reply) => {
                    let _ = self.balancer.report(node.id, Outcome::Success, reply.latency.as_micros() as u64);
                    return Ok(reply);
                }
                Ok(reply) => {
                    last = Failure::new(Code::Refused, format!("{operation} at {}: {}", node.url.as_str(), reply.complaint()));
                    (reply.outcome(), reply.latency)
                }
                Err(no_answer) => {
                    last = Failure::new(Code::Unreachable, format!("{operation} at {}: {}", node.url.as_str(), no_answer.reason));
                    (no_answer.outcome, no_answer.latency)
                }
            };
            // The node is one that this handle named.
            let _ = self.balancer.report(node.id, outcome, latency.as_micros() as u64);
            if outcome == Outcome::CallerFault {
                break;
            }
        }
        Err(last)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_is_what_a_name_can_begin_with() {
        assert_eq!(prefix("bench_1.a-b"), Ok("bench_1.a-b".into()));
        for wrong in ["", "ab", "a b c", "a/b/c", "täble", &"x".repeat(201)] {
            assert!(prefix(wrong).is_err(), "{wrong}");
        }
    }
}
