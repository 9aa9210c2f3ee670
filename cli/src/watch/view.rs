//! What is shown, however it is shown: each node's state at one moment.

use std::time::Duration;

use alternator_lb::{Balancer, Config, NodeId};
use serde_json::{Value, json};

use crate::cluster::{list_is_known, scopes};
use crate::look::Look;

/// The cluster at one moment.
pub struct View {
    pub scope: String,
    pub wanted: String,
    pub known: bool,
    pub rows: Vec<Row>,
}

/// A node at one moment.
pub struct Row {
    pub url: String,
    pub state: String,
    pub is_well: bool,
    /// In use, though it did not answer as it should.
    pub in_trouble: bool,
    /// Of the last look.
    pub latency: Option<Duration>,
    /// What a request is expected to take.
    pub expected: Option<Duration>,
    pub probe_in: Option<Duration>,
}

impl View {
    /// Made of what the library knows, and of the last looks.
    pub fn of(balancer: &Balancer, config: &Config, looks: &[Look]) -> View {
        let (scope, wanted) = scopes(balancer);
        let rows = balancer.nodes().into_iter().filter_map(|node| row(balancer, node, looks)).collect();
        View { scope, wanted, known: list_is_known(balancer, config), rows }
    }

    pub fn json(&self, unix_ms: u64) -> Value {
        let micros = |duration: Option<Duration>| duration.map(|duration| duration.as_micros() as u64);
        let nodes: Vec<Value> = self
            .rows
            .iter()
            .map(|row| {
                json!({
                    "url": row.url,
                    "state": row.state,
                    "well": row.is_well,
                    "latency_us": micros(row.latency),
                    "expected_us": micros(row.expected),
                    "probe_in_ms": row.probe_in.map(|probe_in| probe_in.as_millis() as u64),
                })
            })
            .collect();
        json!({
            "kind": "look",
            "unix_ms": unix_ms,
            "scope": self.scope,
            "scope_wanted": self.wanted,
            "list_known": self.known,
            "nodes": nodes,
        })
    }

    /// Whether anybody of the cluster has answered.
    pub fn answers(&self) -> bool {
        self.known && self.rows.iter().any(|row| row.latency.is_some())
    }

    /// One line for all of it.
    pub fn summary(&self) -> String {
        let aside = self.rows.iter().filter(|row| row.probe_in.is_some()).count();
        let ill = self.rows.iter().filter(|row| row.in_trouble).count();
        let mut latencies: Vec<Duration> = self.rows.iter().filter_map(|row| row.latency).collect();
        latencies.sort_unstable();
        let range = match (latencies.first(), latencies.last()) {
            (Some(least), Some(most)) => {
                format!("; answers in {} to {}", crate::output::millis(*least), crate::output::millis(*most))
            }
            _ => "; no answers".to_owned(),
        };
        let source = if self.known { "" } else { " (seeds, until the cluster gives a list)" };
        let fallen = if self.scope == self.wanted { String::new() } else { format!(" instead of {}", self.wanted) };
        format!("{} nodes of {}{fallen}{source}: {aside} set aside, {ill} in other trouble{range}", self.rows.len(), self.scope)
    }
}

fn row(balancer: &Balancer, node: NodeId, looks: &[Look]) -> Option<Row> {
    let health = balancer.health_of(node)?;
    let look = looks.iter().find(|look| look.node == node);
    let standing = &health.standing;
    let state = match (standing.probe_at.is_some(), look) {
        (true, _) => format!("set aside: {}", standing.cause.name().replace('_', " ")),
        (false, Some(look)) if !look.is_well() => look.reason.clone(),
        (false, _) if standing.warming_up => "back, warming up".to_owned(),
        (false, Some(_)) => "well".to_owned(),
        (false, None) => "not looked at yet".to_owned(),
    };
    Some(Row {
        url: balancer.node(node)?.url.as_str().to_owned(),
        is_well: standing.probe_at.is_none() && look.is_some_and(Look::is_well),
        in_trouble: standing.probe_at.is_none() && look.is_some_and(|look| !look.is_well()),
        state,
        latency: look.filter(|look| look.is_well() && standing.probe_at.is_none()).map(|look| look.latency),
        expected: standing.estimate_us.map(Duration::from_micros),
        probe_in: health.probe_in,
    })
}
