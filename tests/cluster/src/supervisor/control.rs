//! The control API, and the JSON line, which is one of its answers.

use super::cluster::{Cluster, Refusal};
use super::state::{SettingsChange, State};
use crate::faults::Fault;
use crate::protocol::LocalnodesOverride;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State as Shared};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use std::net::SocketAddr;
use std::sync::Arc;

/// A list of nodes to override `/localnodes` with may be long.
const BODY_LIMIT: usize = 256 * 1024 * 1024;

type Cl = Shared<Arc<Cluster>>;
type Answer = Result<Json<Value>, Refusal>;

pub fn router(cluster: Arc<Cluster>, control: SocketAddr) -> Router {
    Router::new()
        .route("/state", get(async move |Shared(cluster): Cl| Json(full_state(&cluster, control))))
        .route("/nodes", post(add))
        .route("/nodes/{index}", axum::routing::delete(decommission))
        .route("/nodes/{index}/{action}", post(act).delete(clear))
        .route("/settings", post(change_settings))
        .route("/counters", get(counters))
        .route("/counters/reset", post(reset))
        .fallback(async || error(StatusCode::NOT_FOUND, "no such call; see README.md"))
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .with_state(cluster)
}

/// What is printed at start.
pub fn line(cluster: &Cluster, control: SocketAddr) -> Value {
    let foundation = &cluster.foundation;
    let nodes: Vec<_> = cluster.inspect(|state| (0..state.nodes.len()).map(|index| node(cluster, state, index)).collect());
    let files = foundation.certificates.as_ref().map(|certificates| certificates.files());
    json!({
        "control": format!("http://{control}"),
        "scheme": scheme(cluster),
        "port": foundation.port,
        "nodes": nodes,
        "access_key": foundation.credentials.access_key,
        "secret_key": foundation.credentials.secret_key,
        "ca_file": files.map(|files| &files.ca),
        "client_cert": files.map(|files| &files.client_certificate),
        "client_key": files.map(|files| &files.client_key),
        "untrusted_ca_file": files.map(|files| &files.untrusted_ca),
    })
}

fn scheme(cluster: &Cluster) -> &'static str {
    if cluster.foundation.certificates.is_some() { "https" } else { "http" }
}

fn node(cluster: &Cluster, state: &State, index: usize) -> Value {
    let entry = &state.nodes[index];
    let address = entry.member.address;
    json!({
        "index": index,
        "address": address,
        "url": format!("{}://{address}:{}", scheme(cluster), cluster.foundation.port),
        "dc": entry.member.datacenter,
        "rack": entry.member.rack,
        "pid": entry.pid(),
        "state": entry.state,
    })
}

fn node_in_full(cluster: &Cluster, state: &State, index: usize) -> Value {
    let entry = &state.nodes[index];
    let faults: Vec<_> = entry
        .faults
        .iter()
        .map(|fault| {
            let mut shown = json!(fault);
            shown["fired"] = entry.fired(fault.id).into();
            shown
        })
        .collect();
    let mut shown = node(cluster, state, index);
    shown["listed"] = state.is_listed(index).into();
    shown["faults"] = faults.into();
    shown["localnodes"] = json!(entry.localnodes);
    shown
}

fn full_state(cluster: &Cluster, control: SocketAddr) -> Value {
    let mut shown = line(cluster, control);
    cluster.inspect(|state| {
        shown["settings"] = json!(state.settings);
        shown["nodes"] = (0..state.nodes.len()).map(|index| node_in_full(cluster, state, index)).collect();
    });
    shown
}

fn shown(cluster: &Cluster, index: usize) -> Answer {
    cluster.inspect(|state| match state.nodes.get(index) {
        Some(_) => Ok(Json(node_in_full(cluster, state, index))),
        None => Err(Refusal::NoSuchNode(index)),
    })
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewNode {
    dc: Option<String>,
    rack: Option<String>,
}

async fn add(Shared(cluster): Cl, body: Bytes) -> Answer {
    let new: NewNode = if body.is_empty() { NewNode::default() } else { parse(&body)? };
    let index = cluster.add(new.dc, new.rack).await?;
    shown(&cluster, index)
}

async fn decommission(Shared(cluster): Cl, Path(index): Path<usize>) -> Answer {
    cluster.decommission(index).await?;
    shown(&cluster, index)
}

async fn act(Shared(cluster): Cl, Path((index, action)): Path<(usize, String)>, body: Bytes) -> Answer {
    match action.as_str() {
        "kill" => cluster.kill(index).await?,
        "stop" => cluster.stop(index).await?,
        "cont" => cluster.resume(index).await?,
        "restart" => cluster.restart(index).await?,
        "shutdown" => cluster.shut_down(index).await?,
        "faults" => {
            return Ok(Json(json!(cluster.add_fault(index, parse::<Fault>(&body)?).await?)));
        }
        "localnodes" => {
            let instead: LocalnodesOverride = serde_json::from_slice(&body).map_err(|_| {
                Refusal::Invalid(
                    "accepted is {\"nodes\":[...]}, {\"status\",\"body\",\"content_type\"} or {\"generate\":...}; \
                     see README.md"
                        .into(),
                )
            })?;
            cluster.override_localnodes(index, Some(instead)).await?;
        }
        other => return Err(unknown_action(other)),
    }
    shown(&cluster, index)
}

async fn clear(Shared(cluster): Cl, Path((index, what)): Path<(usize, String)>) -> Answer {
    match what.as_str() {
        "faults" => cluster.clear_faults(index).await?,
        "localnodes" => cluster.override_localnodes(index, None).await?,
        other => return Err(unknown_action(other)),
    }
    shown(&cluster, index)
}

fn unknown_action(action: &str) -> Refusal {
    Refusal::Invalid(format!(
        "'{action}' cannot be done to a node; accepted: kill, stop, cont, restart, shutdown, faults, localnodes"
    ))
}

async fn change_settings(Shared(cluster): Cl, body: Bytes) -> Answer {
    cluster.change_settings(parse::<SettingsChange>(&body)?).await?;
    Ok(Json(cluster.inspect(|state| json!(state.settings))))
}

#[derive(Deserialize)]
struct CountersQuery {
    attempts: Option<bool>,
}

async fn counters(Shared(cluster): Cl, Query(query): Query<CountersQuery>) -> Json<Value> {
    Json(cluster.inspect(|state| {
        let addresses: Vec<_> = state.nodes.iter().map(|node| node.member.address).collect();
        state.counters.render(&addresses, query.attempts.unwrap_or(true))
    }))
}

async fn reset(Shared(cluster): Cl) -> Json<Value> {
    cluster.inspect(|state| state.counters.reset());
    Json(json!({}))
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|e| Refusal::Invalid(format!("the request body: {e}")))
}

fn error(status: StatusCode, message: &str) -> Response {
    (status, Json(json!({ "error": message }))).into_response()
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let status = match self {
            Refusal::Invalid(_) => StatusCode::BAD_REQUEST,
            Refusal::NoSuchNode(_) => StatusCode::NOT_FOUND,
            Refusal::Conflict(_) => StatusCode::CONFLICT,
            Refusal::Failed(_) => StatusCode::INTERNAL_SERVER_ERROR,
        };
        error(status, &self.to_string())
    }
}
