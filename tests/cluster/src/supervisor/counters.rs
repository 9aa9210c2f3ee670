//! What the nodes have seen, summed up from their reports.
//!
//! Lives in the supervisor, so it outlasts any node. Attempts and write keys are bounded: a benchmark may run for hours.

use crate::report::{RequestRecord, Route};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::net::Ipv4Addr;
use std::sync::Arc;

const ATTEMPTS_KEPT: usize = 100_000;
const WRITE_KEYS_KEPT: usize = 200_000;

/// The texts a node process has given numbers to; number 0 is the empty text.
pub struct Names(Vec<Arc<str>>);

impl Default for Names {
    fn default() -> Self {
        Names(vec!["".into()])
    }
}

impl Names {
    pub fn add(&mut self, text: &str) {
        self.0.push(text.into());
    }

    fn get(&self, id: u32) -> Arc<str> {
        self.0.get(id as usize).unwrap_or(&self.0[0]).clone()
    }
}

/// How often each node, by index, has coordinated.
type Coordinators = BTreeMap<usize, u64>;

#[derive(Default)]
pub struct Counters {
    nodes: Vec<NodeCounters>,
    attempts: VecDeque<Attempt>,
    attempts_dropped: u64,
    writes: HashMap<Arc<str>, HashMap<Box<str>, Coordinators>>,
    write_keys: usize,
    write_keys_dropped: u64,
}

#[derive(Default)]
pub struct NodeCounters {
    pub connections_opened: u64,
    pub connections_open: u64,
    connections_max: u64,
    pub tls_full: u64,
    pub tls_resumed: u64,
    max_in_flight: u32,
    operations: HashMap<Arc<str>, Tally>,
    localnodes: Tally,
    health: Tally,
    other: Tally,
    pub faults: BTreeMap<String, u64>,
}

/// One kind of request at one node.
#[derive(Default)]
struct Tally {
    requests: u64,
    header_sets: BTreeSet<Arc<str>>,
    user_agents: HashMap<Arc<str>, u64>,
    content_encodings: HashMap<Arc<str>, u64>,
    accept_encodings: HashMap<Arc<str>, u64>,
    queries: HashMap<Arc<str>, u64>,
}

struct Attempt {
    unix_micros: u64,
    invocation: Box<str>,
    attempt: u32,
    node: usize,
    operation: Arc<str>,
}

impl Counters {
    pub fn node(&mut self, index: usize) -> &mut NodeCounters {
        if self.nodes.len() <= index {
            self.nodes.resize_with(index + 1, NodeCounters::default);
        }
        &mut self.nodes[index]
    }

    pub fn connection_opened(&mut self, index: usize) {
        let node = self.node(index);
        node.connections_opened += 1;
        node.connections_open += 1;
        node.connections_max = node.connections_max.max(node.connections_open);
    }

    pub fn request(&mut self, index: usize, record: &RequestRecord, names: &Names) {
        let operation = names.get(record.operation);
        let node = self.node(index);
        node.max_in_flight = node.max_in_flight.max(record.in_flight);
        let tally = match record.route {
            Route::Api => node.operations.entry(operation.clone()).or_default(),
            Route::Localnodes => &mut node.localnodes,
            Route::Health => &mut node.health,
            Route::Other => &mut node.other,
        };
        tally.add(record, names);
        if !record.invocation.is_empty() {
            self.attempt(index, record, operation);
        }
        if record.write_table != 0 {
            self.write(index, names.get(record.write_table), record.write_key);
        }
    }

    fn attempt(&mut self, node: usize, record: &RequestRecord, operation: Arc<str>) {
        if self.attempts.len() == ATTEMPTS_KEPT {
            self.attempts.pop_front();
            self.attempts_dropped += 1;
        }
        self.attempts.push_back(Attempt {
            unix_micros: record.unix_micros,
            invocation: record.invocation.into(),
            attempt: record.attempt,
            node,
            operation,
        });
    }

    fn write(&mut self, node: usize, table: Arc<str>, key: &str) {
        let keys = self.writes.entry(table).or_default();
        if let Some(coordinators) = keys.get_mut(key) {
            *coordinators.entry(node).or_default() += 1;
        } else if self.write_keys < WRITE_KEYS_KEPT {
            self.write_keys += 1;
            keys.insert(key.into(), BTreeMap::from([(node, 1)]));
        } else {
            self.write_keys_dropped += 1;
        }
    }

    /// Forgets all but the connections that are open.
    pub fn reset(&mut self) {
        let nodes = self.nodes.iter().map(|node| NodeCounters {
            connections_open: node.connections_open,
            connections_max: node.connections_open,
            ..NodeCounters::default()
        });
        *self = Counters { nodes: nodes.collect(), ..Counters::default() };
    }

    pub fn render(&mut self, addresses: &[Ipv4Addr], with_attempts: bool) -> Value {
        let nodes: Vec<_> = addresses
            .iter()
            .enumerate()
            .map(|(index, address)| {
                let mut rendered = self.node(index).render();
                rendered["index"] = index.into();
                rendered["address"] = address.to_string().into();
                rendered
            })
            .collect();
        let writes: BTreeMap<&str, BTreeMap<&str, _>> =
            self.writes.iter().map(|(table, keys)| (&**table, keys.iter().map(|(key, nodes)| (&**key, nodes)).collect())).collect();
        let attempts = if with_attempts { self.render_attempts() } else { Map::new() };
        json!({
            "nodes": nodes,
            "attempts": attempts,
            "attempts_dropped": self.attempts_dropped,
            "writes": writes,
            "write_keys_dropped": self.write_keys_dropped,
        })
    }

    fn render_attempts(&self) -> Map<String, Value> {
        let mut by_invocation: BTreeMap<&str, Vec<&Attempt>> = BTreeMap::new();
        for attempt in &self.attempts {
            by_invocation.entry(&attempt.invocation).or_default().push(attempt);
        }
        let render = |mut attempts: Vec<&Attempt>| {
            // Reports of different nodes are read in no particular order.
            attempts.sort_by_key(|attempt| attempt.unix_micros);
            let rendered = attempts.into_iter().map(|attempt| {
                json!({
                    "attempt": attempt.attempt,
                    "node": attempt.node,
                    "operation": &*attempt.operation,
                    "at_unix_ms": attempt.unix_micros / 1000,
                })
            });
            rendered.collect()
        };
        by_invocation.into_iter().map(|(invocation, attempts)| (invocation.to_owned(), render(attempts))).collect()
    }
}

impl NodeCounters {
    fn render(&self) -> Value {
        let operations: BTreeMap<&str, Value> =
            self.operations.iter().map(|(operation, tally)| (&**operation, tally.render(false))).collect();
        json!({
            "connections": {
                "opened": self.connections_opened,
                "open": self.connections_open,
                "max_open": self.connections_max,
                "tls_full": self.tls_full,
                "tls_resumed": self.tls_resumed,
            },
            "max_in_flight": self.max_in_flight,
            "requests": self.operations.values().map(|tally| tally.requests).sum::<u64>(),
            "localnodes": self.localnodes.requests,
            "health": self.health.requests,
            "other": self.other.requests,
            "operations": operations,
            "localnodes_seen": self.localnodes.render(true),
            "health_seen": self.health.render(false),
            "faults": self.faults,
        })
    }
}

impl Tally {
    fn add(&mut self, record: &RequestRecord, names: &Names) {
        self.requests += 1;
        let headers = names.get(record.headers);
        if !self.header_sets.contains(&headers) {
            self.header_sets.insert(headers);
        }
        for (counts, id) in [
            (&mut self.user_agents, record.user_agent),
            (&mut self.content_encodings, record.content_encoding),
            (&mut self.accept_encodings, record.accept_encoding),
        ] {
            if id != 0 {
                *counts.entry(names.get(id)).or_default() += 1;
            }
        }
        if record.route == Route::Localnodes {
            *self.queries.entry(names.get(record.query)).or_default() += 1;
        }
    }

    fn render(&self, with_queries: bool) -> Value {
        let counts = |counts: &HashMap<Arc<str>, u64>| -> Map<String, Value> {
            counts.iter().map(|(text, count)| (text.to_string(), (*count).into())).collect()
        };
        let headers: BTreeSet<&str> =
            self.header_sets.iter().flat_map(|set| set.split(',')).filter(|name| !name.is_empty()).collect();
        let mut rendered = json!({
            "requests": self.requests,
            "headers": headers,
            "user_agents": counts(&self.user_agents),
            "content_encodings": counts(&self.content_encodings),
            "accept_encodings": counts(&self.accept_encodings),
        });
        if with_queries {
            rendered["queries"] = counts(&self.queries).into();
        }
        rendered
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Names {
        let mut names = Names::default();
        for text in ["PutItem", "host,user-agent", "agent/1", "table"] {
            names.add(text);
        }
        names
    }

    fn write(invocation: &'static str, attempt: u32, unix_micros: u64) -> RequestRecord<'static> {
        RequestRecord {
            unix_micros,
            route: Route::Api,
            in_flight: 2,
            operation: 1,
            headers: 2,
            user_agent: 3,
            content_encoding: 0,
            accept_encoding: 0,
            query: 0,
            attempt,
            invocation,
            write_table: 4,
            write_key: "alice",
        }
    }

    #[test]
    fn attempts_of_one_call_are_in_order_of_arrival_whatever_node_is_read_first() {
        let mut counters = Counters::default();
        counters.request(1, &write("call", 2, 2000), &names());
        counters.request(0, &write("call", 1, 1000), &names());
        let shown = counters.render(&[Ipv4Addr::LOCALHOST; 2], true);
        let nodes: Vec<_> = shown["attempts"]["call"].as_array().expect("a list").iter().map(|a| &a["node"]).collect();
        assert_eq!(nodes, [0, 1]);
        assert_eq!(shown["writes"]["table"]["alice"], json!({ "0": 1, "1": 1 }));
        assert_eq!(shown["nodes"][0]["operations"]["PutItem"]["headers"], json!(["host", "user-agent"]));
    }

    #[test]
    fn a_reset_keeps_open_connections_only() {
        let mut counters = Counters::default();
        counters.connection_opened(0);
        counters.request(0, &write("call", 1, 1), &names());
        counters.reset();
        let shown = counters.render(&[Ipv4Addr::LOCALHOST], true);
        assert_eq!(shown["nodes"][0]["connections"]["open"], 1);
        assert_eq!(shown["nodes"][0]["connections"]["opened"], 0);
        assert_eq!(shown["nodes"][0]["requests"], 0);
        assert_eq!(shown["attempts"], json!({}));
        assert_eq!(shown["writes"], json!({}));
    }

    #[test]
    fn old_attempts_give_way_to_new_ones_and_are_counted() {
        let mut counters = Counters::default();
        for i in 0..ATTEMPTS_KEPT as u64 + 5 {
            counters.request(0, &write("call", 1, i), &names());
        }
        assert_eq!(counters.attempts.len(), ATTEMPTS_KEPT);
        assert_eq!(counters.attempts_dropped, 5);
    }
}
