//! The partition key of a table: told by an option, or asked of the cluster.

use std::time::Duration;

use alternator_lb::Balancer;
use serde_json::{Value, json};

use super::key::Key;
use crate::dynamodb::DynamoDb;
use crate::failure::{Code, Failure};

/// What is known of the table.
pub enum Learned {
    Attribute {
        name: String,
    },
    /// Not its key, and why.
    Not {
        reason: String,
    },
}

impl Learned {
    /// The key's name; any does where it is not known.
    pub fn attribute(&self) -> &str {
        self.known_attribute().unwrap_or("key")
    }

    pub fn known_attribute(&self) -> Option<&str> {
        match self {
            Learned::Attribute { name } => Some(name),
            Learned::Not { .. } => None,
        }
    }

    pub fn note(&self) -> String {
        match self {
            Learned::Attribute { .. } => String::new(),
            Learned::Not { reason } => {
                format!("the table's key is not known ({reason}): until it is, writes go by policy; then they go as shown")
            }
        }
    }
}

/// Asks one node after the other for the table's description, unless an option tells the key.
pub async fn learn(
    balancer: &Balancer,
    dynamodb: &DynamoDb,
    table: &str,
    key: &Key,
    patience: Duration,
) -> Result<Learned, Failure> {
    if let Some(name) = balancer.table_key(table) {
        return Ok(Learned::Attribute { name: name.to_owned() });
    }
    let mut reason = "no node was there to be asked".to_owned();
    for node in balancer.nodes_in_use().into_iter().filter_map(|node| balancer.node(node)) {
        match dynamodb.call(node.url.as_str(), "DescribeTable", &json!({ "TableName": table }), patience).await {
            Ok(reply) if reply.is_good() => return described(balancer, table, key, &reply.body),
            Ok(reply) => {
                reason = reply.complaint();
                break; // another node would say the same
            }
            Err(no_answer) => reason = no_answer.reason,
        }
    }
    Ok(Learned::Not { reason })
}

fn described(balancer: &Balancer, table: &str, key: &Key, description: &Value) -> Result<Learned, Failure> {
    balancer.feed_table_description(table, 200, description.to_string().as_bytes())?;
    let name = balancer.table_key(table).unwrap_or_default().to_owned();
    let attributes = description["Table"]["AttributeDefinitions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let kind = attributes.iter().find(|attribute| attribute["AttributeName"] == name.as_str());
    match kind.and_then(|attribute| attribute["AttributeType"].as_str()) {
        Some(kind) if kind != key.kind_name() => {
            let message = format!("--key: the partition key {name} of {table} is of type {kind}, not {}", key.kind_name());
            Err(Failure::new(Code::Usage, message))
        }
        _ => Ok(Learned::Attribute { name }),
    }
}
