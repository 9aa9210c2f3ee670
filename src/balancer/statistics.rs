//! The page of statistics. docs/STATISTICS.md explains each member; a test compares the names.

use std::collections::HashSet;
use std::sync::atomic::Ordering;

use serde_json::{Value, json};

use super::{Balancer, Core, Route};
use crate::affinity::TableState;
use crate::clock::Nanos;
use crate::config::{AffinityMode, RefreshMode};
use crate::health::Outcome;
use crate::node::NodeId;

impl Balancer {
    /// Everything countable, as one JSON object.
    pub fn statistics(&self) -> Value {
        let core = &*self.0;
        let now = core.clock.now();
        // The lock is not held while the page is made, which takes its time with many nodes.
        let (due, listing, known, rounds, rounds_failed, failures) = {
            let mut state = core.control().lock();
            let due = state.due(core);
            let failures = state.machine.schedule().failures();
            (due, state.listing.clone(), state.known, state.rounds, state.rounds_failed, failures)
        };
        let listed: HashSet<NodeId> = listing.all.iter().copied().collect();
        let for_keys: HashSet<NodeId> = core.topology.listing().keyed.into_iter().collect();
        let nodes: Vec<Value> = core
            .nodes
            .iter()
            .filter_map(|node| core.health.standing(node.id, now).map(|standing| (node, standing)))
            .map(|(node, standing)| {
                let outcomes: serde_json::Map<String, Value> = Outcome::ALL
                    .iter()
                    .map(|(outcome, name)| ((*name).into(), core.health.counted(node.id, *outcome).into()))
                    .collect();
                json!({
                    "id": node.id,
                    "url": node.url.as_str(),
                    "seed": node.is_seed(),
                    "listed": listed.contains(&node.id),
                    "for_keys": for_keys.contains(&node.id),
                    "set_aside": standing.probe_at.is_some(),
                    "cause": standing.cause.name(),
                    "probe_in_ms": standing.probe_at.map(|at| at.since(now).as_millis() as u64),
                    "strikes": standing.strikes,
                    "warming_up": standing.warming_up,
                    "estimate_us": standing.estimate_us,
                    "in_flight": standing.in_flight,
                    "failures_in_a_row": standing.failures_in_a_row,
                    "failure_percent": (f64::from(standing.failure_rate) * 1000.0).round() / 10.0,
                    "outcomes": outcomes,
                    "mean_latency_us": core.health.mean_latency_us(node.id),
                })
            })
            .collect();
        json!({
            "version": env!("CARGO_PKG_VERSION"),
            "scope": core.config.scope.tier(listing.tier).to_string(),
            "scope_wanted": core.config.scope.tier(0).to_string(),
            "list_known": known,
            "generation": core.topology.generation().load(Ordering::Relaxed),
            "policy": core.config.policy.name(),
            "mean_us": core.health.mean_us(),
            "overloaded": core.health.is_overloaded(),
            "retries": {
                "granted": core.further.retries_granted.load(Ordering::Relaxed),
                "refused": core.further.retries_refused.load(Ordering::Relaxed),
            },
            "hedges": { "granted": core.further.hedges_granted.load(Ordering::Relaxed) },
            "refresh": {
                "mode": match core.config.refresh_mode {
                    RefreshMode::Inline => "inline",
                    RefreshMode::Manual => "manual",
                    RefreshMode::Thread => "thread",
                },
                "rounds": rounds,
                "rounds_failed": rounds_failed,
                "failures_in_a_row": failures,
                "due_in_ms": (due != Nanos::NEVER).then(|| due.since(now).as_millis() as u64),
            },
            "affinity": core.affinity_statistics(now),
            "nodes": nodes,
        })
    }
}

impl Core {
    fn affinity_statistics(&self, now: Nanos) -> Value {
        let routed: serde_json::Map<String, Value> =
            Route::ALL.iter().map(|(route, name)| ((*name).into(), self.routes.counted(*route as usize).into())).collect();
        let tables: Vec<Value> = self
            .table_keys
            .states(now)
            .map(|(name, key, state)| {
                let (state, due) = match state {
                    TableState::Preset => ("preset", None),
                    TableState::Learned => ("learned", None),
                    TableState::Wanted(due) => ("wanted", Some(due.as_millis() as u64)),
                    TableState::Failed => ("failed", None),
                };
                json!({ "name": name, "key": key, "state": state, "due_in_ms": due })
            })
            .collect();
        let mode = match self.config.affinity.mode {
            AffinityMode::None => "none",
            AffinityMode::ReadModifyWrite => "rmw",
            AffinityMode::AnyWrite => "any_write",
        };
        json!({ "mode": mode, "routed": routed, "tables": tables })
    }
}
