//! The table of a benchmark: made under a name of its own, and removed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use alternator_lb::{Balancer, Outcome, Plan};
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
}

impl BenchTable {
    /// A name that begins so and that no table has.
    pub fn new(balancer: Arc<Balancer>, dynamodb: DynamoDb, prefix: &str, patience: Duration) -> BenchTable {
        BenchTable { balancer, dynamodb, name: format!("{prefix}-{:016x}", fastrand::u64(..)), patience }
    }

    pub fn name(&self) -> &str {
        &self.name
    }

    /// Makes the table and waits until it is ready.
    pub async fn create(&self) -> Result<(), Failure> {
        let body = json!({
            "TableName": self.name,
            "AttributeDefinitions": [{ "AttributeName": KEY, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": KEY, "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        // A try whose answer was lost may have made it.
        let exists = |reply: &Reply| reply.is_good() || reply.error() == "ResourceInUseException";
        self.ask("CreateTable", &body, exists).await?;
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

    /// Removes the table; that there is none is as good.
    pub async fn remove(&self) -> Result<(), Failure> {
        let gone = |reply: &Reply| reply.is_good() || reply.error() == "ResourceNotFoundException";
        let removed = self.ask("DeleteTable", &json!({ "TableName": self.name }), gone).await;
        removed
            .map(drop)
            .map_err(|failure| Failure::new(failure.code, format!("table {} may be left behind: {failure}", self.name)))
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
