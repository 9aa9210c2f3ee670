//! `alb nodes`: the nodes of the scope, where they are, and how they answer.

use std::collections::HashMap;

use alternator_lb::node::Host;
use alternator_lb::scope::Scope;
use alternator_lb::{Balancer, Config, Outcome};
use serde_json::{Value, json};

use crate::args::Common;
use crate::cluster::{NODE_PATIENCE, scopes};
use crate::failure::{Code, Failure};
use crate::http::Http;
use crate::look::{Look, look_at};
use crate::output;

/// Datacenter and rack of a node, as far as the scope names them: the cluster lists nodes by their names, but does not tell the
/// names.
#[derive(Clone, Debug, Default)]
struct Whereabouts {
    datacenter: Option<String>,
    rack: Option<String>,
}

pub async fn run(common: &Common) -> Result<(), Failure> {
    let config = common.config(&[])?;
    let balancer = common.balancer(&[])?;
    let http = Http::new(&balancer, NODE_PATIENCE);
    let looks = look_at(&balancer, &http, balancer.nodes(), NODE_PATIENCE.min(common.timeout)).await;
    let places = whereabouts(&balancer, &config, &http, &looks, common).await;
    let (scope, wanted) = scopes(&balancer);
    let rows: Vec<Value> = looks.iter().filter_map(|look| row(&balancer, look, &places)).collect();
    let kept = scope_is_kept(&balancer, &config, common);
    if common.json {
        output::json(&json!({ "scope": scope, "scope_wanted": wanted, "nodes": rows }))?;
        return kept;
    }
    let mut table = output::table(&["node", "datacenter / rack", "health", "latency"]);
    for (look, row) in looks.iter().zip(&rows) {
        table.add_row([
            text(&row["url"]),
            place(row),
            health(look),
            if look.is_well() { output::millis(look.latency) } else { "-".into() },
        ]);
    }
    output::line(&table.to_string())?;
    let ill = looks.iter().filter(|look| !look.is_well()).count();
    let count = match looks.len() {
        1 => "1 node".to_owned(),
        count => format!("{count} nodes"),
    };
    let fallen = if scope == wanted { String::new() } else { format!(", since {wanted} has none") };
    let silent = if ill == 0 { String::new() } else { format!("; {ill} of them in trouble") };
    output::line(&format!("{count} of {scope}{fallen}{silent}"))?;
    kept
}

/// Servers that do not know the parameters of a scope list all nodes for any.
fn scope_is_kept(balancer: &Balancer, config: &Config, common: &Common) -> Result<(), Failure> {
    let names_places = config.scope.scopes().iter().any(|scope| *scope != Scope::Cluster);
    if names_places && balancer.scope_supported(common.timeout) == Ok(false) {
        let message = "these may be the nodes of all datacenters and racks: the servers cannot be asked for those of one, which takes \
                       ScyllaDB 2025.1 or later";
        return Err(Failure::new(Code::Scope, message));
    }
    Ok(())
}

fn row(balancer: &Balancer, look: &Look, places: &HashMap<String, Whereabouts>) -> Option<Value> {
    let node = balancer.node(look.node)?;
    let place = places.get(&node.address.host.to_string()).cloned().unwrap_or_default();
    Some(json!({
        "url": node.url.as_str(),
        "host": node.address.host.to_string(),
        "port": node.address.port,
        "datacenter": place.datacenter,
        "rack": place.rack,
        "seed": node.is_seed(),
        "health": name(look.outcome),
        "reason": look.reason,
        "set_aside": balancer.is_set_aside(look.node),
        "latency_us": look.is_well().then_some(look.latency.as_micros() as u64),
    }))
}

/// One word for how a node answered.
pub fn name(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Success => "well",
        Outcome::ServerError | Outcome::CallerFault | Outcome::Throttled => "error",
        Outcome::Refused => "unreachable",
        Outcome::Reset => "reset",
        Outcome::Timeout | Outcome::Cancelled => "silent",
        Outcome::TlsFailure => "tls",
    }
}

fn health(look: &Look) -> String {
    if look.reason.is_empty() { name(look.outcome).to_owned() } else { format!("{}: {}", name(look.outcome), look.reason) }
}

fn place(row: &Value) -> String {
    match (row["datacenter"].as_str(), row["rack"].as_str()) {
        (Some(datacenter), Some(rack)) => format!("{datacenter} / {rack}"),
        (Some(datacenter), None) => datacenter.to_owned(),
        _ => "-".into(),
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Asks a node that is well who is in each datacenter and rack that the scope names.
async fn whereabouts(
    balancer: &Balancer,
    config: &Config,
    http: &Http,
    looks: &[Look],
    common: &Common,
) -> HashMap<String, Whereabouts> {
    let mut found: HashMap<String, Whereabouts> = HashMap::new();
    let named: Vec<&Scope> = config.scope.scopes().iter().filter(|scope| **scope != Scope::Cluster).collect();
    let well = looks.iter().find(|look| look.is_well()).and_then(|look| balancer.node(look.node));
    let Some(node) = well.filter(|_| !named.is_empty()) else { return found };
    if !balancer.scope_supported(common.timeout).unwrap_or(false) {
        return found;
    }
    for scope in named {
        let url = format!("{}{}", node.url.as_str(), scope.localnodes_path());
        let Ok(answer) = http.get(&url, NODE_PATIENCE).await else { continue };
        let Ok(hosts) = serde_json::from_slice::<Vec<String>>(&answer.body) else { continue };
        for host in hosts.iter().filter_map(|host| Host::parse(host).ok()) {
            let place = found.entry(host.to_string()).or_default();
            match scope {
                Scope::Cluster => {}
                Scope::Datacenter(datacenter) => place.datacenter = Some(datacenter.clone()),
                Scope::Rack(datacenter, rack) => {
                    place.datacenter = Some(datacenter.clone());
                    place.rack = Some(rack.clone());
                }
            }
        }
    }
    found
}
