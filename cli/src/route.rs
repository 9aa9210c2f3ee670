//! `alb route`: where a request with this key goes, in which order its retries go on, and why.
//!
//! The request is made up and handed to the library as a program's would be, so that what is shown is what happens.

mod key;
mod table;

use alternator_lb::affinity::{key_hash, token};
use alternator_lb::request::Operation;
use alternator_lb::{Balancer, NodeId, Plan};
use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use crate::args::Common;
use crate::cluster::NODE_PATIENCE;
use crate::dynamodb::DynamoDb;
use crate::failure::{Code, Failure};
use crate::http::Http;
use crate::look::look_at;
use crate::output;
use crate::shown::plain;
use key::Key;
use table::Learned;

/// The options of `alb route`.
#[derive(Args)]
pub struct RouteArgs {
    #[command(flatten)]
    pub common: Common,

    /// The table
    #[arg(long)]
    pub table: String,

    /// The partition key with its type: S:text, N:number or B:base64
    #[arg(long, value_parser = key::parse)]
    pub key: Key,

    /// The request; without the option affinity set otherwise, the route is that of affinity=any_write
    #[arg(long, value_enum, default_value = "PutItem")]
    pub operation: Request,
}

/// A request that names its item by the key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "PascalCase")]
#[allow(clippy::enum_variant_names, reason = "named as DynamoDB names them")]
pub enum Request {
    PutItem,
    UpdateItem,
    DeleteItem,
    GetItem,
}

impl Request {
    fn name(self) -> &'static str {
        match self {
            Request::PutItem => "PutItem",
            Request::UpdateItem => "UpdateItem",
            Request::DeleteItem => "DeleteItem",
            Request::GetItem => "GetItem",
        }
    }

    fn body(self, table: &str, attribute: &str, key: &Key) -> Value {
        let item = json!({ (attribute): key.attribute_value() });
        match self {
            Request::PutItem => json!({ "TableName": table, "Item": item }),
            Request::UpdateItem => json!({ "TableName": table, "Key": item, "UpdateExpression": "ADD hits :one" }),
            Request::DeleteItem | Request::GetItem => json!({ "TableName": table, "Key": item }),
        }
    }
}

/// One step of the plan.
struct Step {
    node: NodeId,
    url: String,
    why: String,
}

pub async fn run(args: &RouteArgs) -> Result<(), Failure> {
    let common = &args.common;
    let token = token(args.key.kind, &args.key.value);
    let token =
        token.ok_or_else(|| Failure::new(Code::Usage, format!("--key: '{}' is no number that servers accept", args.key.text)))?;
    let balancer = common.balancer(&[("affinity", "any_write")])?;
    let http = Http::new(&balancer, NODE_PATIENCE);
    let looks = look_at(&balancer, &http, balancer.nodes(), common.timeout.min(NODE_PATIENCE)).await;
    let dynamodb = DynamoDb::from_environment(http)?;
    let learned = table::learn(&balancer, &dynamodb, &args.table, &args.key, common.timeout).await?;

    let body = args.operation.body(&args.table, learned.attribute(), &args.key).to_string();
    let mut plan = match learned {
        Learned::Attribute { .. } => balancer.plan_for_request(Operation::parse(args.operation.name()), body.as_bytes()),
        // As it will be once the table is known.
        Learned::Not { .. } if args.operation != Request::GetItem => Plan::for_key(key_hash(args.key.kind, &args.key.value)),
        Learned::Not { .. } => Plan::start(),
    };
    let by_key = plan.is_keyed();
    let first = if by_key { first_of_all(common, key_hash(args.key.kind, &args.key.value))? } else { String::new() };
    let steps =
        steps(&balancer, &mut plan, &first, |node| looks.iter().find(|look| look.node == node).map(|look| look.reason.clone()));
    tell(args, &balancer, &learned, token, by_key, &steps)
}

/// The URL of the first node in the key's order, set aside or not: a handle with health off sets none aside.
fn first_of_all(common: &Common, hash: i64) -> Result<String, Failure> {
    let balancer = common.balancer(&[("affinity", "any_write"), ("health", "off")])?;
    let first = balancer.plan_next(&mut Plan::for_key(hash)).ok().and_then(|node| balancer.node(node));
    Ok(first.map(|node| node.url.as_str().to_owned()).unwrap_or_default())
}

/// Takes steps until the plan starts over. `first` is the first node of the key's order.
fn steps(balancer: &Balancer, plan: &mut Plan, first: &str, trouble: impl Fn(NodeId) -> Option<String>) -> Vec<Step> {
    let by_key = plan.is_keyed();
    let mut steps: Vec<Step> = Vec::new();
    while let Ok(node) = balancer.plan_next(plan) {
        if steps.iter().any(|step| step.node == node) {
            break;
        }
        let url = balancer.node(node).map(|node| node.url.as_str().to_owned()).unwrap_or_default();
        let why = match (balancer.is_set_aside(node), steps.len(), by_key) {
            (true, ..) => format!("set aside, so behind all others ({})", trouble(node).unwrap_or_default()),
            (_, 0, true) if url != first => format!("next in the key's order; {first}, which is first, is set aside"),
            (_, 0, true) => "first in the key's order, the same in every client".to_owned(),
            (_, _, true) => "next in the key's order".to_owned(),
            (_, 0, false) => "drawn by the policy; any node may serve it".to_owned(),
            (_, _, false) => "drawn from those not tried".to_owned(),
        };
        steps.push(Step { node, url, why });
    }
    steps
}

fn tell(args: &RouteArgs, balancer: &Balancer, learned: &Learned, token: i64, by_key: bool, steps: &[Step]) -> Result<(), Failure> {
    let hash = key_hash(args.key.kind, &args.key.value);
    let statistics = balancer.statistics();
    let how = if by_key { "by key" } else { "by policy" };
    let first = steps.first().ok_or_else(|| Failure::new(Code::Unreachable, "there is no node to go to"))?;
    if args.common.json {
        let plan: Vec<Value> = steps.iter().map(|step| json!({ "url": step.url, "why": step.why })).collect();
        return output::json(&json!({
            "table": args.table,
            "key": { "type": args.key.kind_name(), "value": args.key.text, "attribute": learned.known_attribute() },
            "operation": args.operation.name(),
            "token": token,
            "hash": hash,
            "routed": if by_key { "by_key" } else { "by_policy" },
            "affinity": statistics["affinity"]["mode"],
            "policy": statistics["policy"],
            "scope": statistics["scope"],
            "node": first.url,
            "plan": plan,
            "note": learned.note(),
        }));
    }
    output::line(&format!(
        "{} of {} in {} goes to {}, {how}",
        args.operation.name(),
        plain(&args.key.text),
        plain(&args.table),
        first.url
    ))?;
    let mut table = output::table(&["attempt", "node", "why"]);
    for (index, step) in steps.iter().enumerate() {
        table.add_row([(index + 1).to_string(), step.url.clone(), step.why.clone()]);
    }
    output::line(&table.to_string())?;
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    output::line(&format!("partition token {token}, hash of the key for affinity {hash}"))?;
    output::line(&format!(
        "affinity {}, policy {}, scope {}",
        text(&statistics["affinity"]["mode"]),
        text(&statistics["policy"]),
        text(&statistics["scope"])
    ))?;
    let note = learned.note();
    if note.is_empty() { Ok(()) } else { output::line(&note) }
}
