//! A look at every node: `GET /`, which needs no credentials, from many at once.

use std::time::Duration;

use alternator_lb::{Balancer, NodeId, Outcome};
use futures_util::StreamExt;
use futures_util::stream;

use crate::http::{Http, NoAnswer, outcome_of};

/// That many nodes are asked at once.
const AT_ONCE: usize = 64;

/// What a node said.
#[derive(Clone, Debug)]
pub struct Look {
    pub node: NodeId,
    pub outcome: Outcome,
    pub latency: Duration,
    /// Empty when all is well.
    pub reason: String,
}

impl Look {
    pub fn is_well(&self) -> bool {
        self.outcome == Outcome::Success
    }
}

/// Asks the nodes and tells the library how it went, so that it sets aside who does not answer. In the order of `nodes`.
pub async fn look_at(balancer: &Balancer, http: &Http, nodes: Vec<NodeId>, patience: Duration) -> Vec<Look> {
    let asking = nodes.into_iter().filter_map(|node| {
        let url = format!("{}/", balancer.node(node)?.url.as_str());
        Some(async move {
            let look = match http.get(&url, patience).await {
                Ok(answer) => {
                    let outcome = outcome_of(answer.status);
                    let reason = if outcome == Outcome::Success { String::new() } else { format!("status {}", answer.status) };
                    Look { node, outcome, latency: answer.latency, reason }
                }
                Err(NoAnswer { outcome, reason, latency }) => Look { node, outcome, latency, reason },
            };
            // Only a node that this handle does not know is refused, and it named this one.
            let _ = balancer.report(node, look.outcome, u64::try_from(look.latency.as_micros()).unwrap_or(u64::MAX));
            look
        })
    });
    stream::iter(asking).buffered(AT_ONCE).collect().await
}
