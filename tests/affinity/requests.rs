//! Plans for requests as they go on the wire: what the keys of a batch vote for, and values that are no key.

use serde_json::{Value, json};

use super::data::{CLIENTS, Key, rows, texts};
use super::handle::{Handle, host};

fn handle_over(nodes: &[String]) -> Handle {
    Handle::over(nodes, &[("affinity", "any_write"), ("table.t.key", "pk"), ("policy", "round_robin")])
}

/// The node of the list that a row names in full or by its first part.
fn full(nodes: &[String], name: &str) -> String {
    let named = nodes.iter().find(|node| *node == name || node.starts_with(&format!("{name}.")));
    named.unwrap_or_else(|| panic!("no node {name}")).clone()
}

/// A batch that writes items whose keys are placed on these nodes, one item for each time that a node stands there.
fn batch_for(handle: &Handle, voters: &[&String]) -> Value {
    let mut keys = (0..).map(|number| format!("k{number}"));
    let mut item_for = |node: &str| {
        let key = keys.find(|key| host(&handle.node_for_key(&Key::string(key))) == node).expect("keys have no end");
        json!({"PutRequest": {"Item": {"pk": {"S": key}, "other": {"N": "1"}}}})
    };
    json!({"RequestItems": {"t": voters.iter().map(|node| item_for(node)).collect::<Vec<_>>()}})
}

fn batch_plan(nodes: &[String], voters: &[&String]) -> Vec<String> {
    let handle = handle_over(nodes);
    let plan = handle.plan_for_request("BatchWriteItem", &batch_for(&handle, voters), nodes.len());
    plan.iter().map(|url| host(url).to_owned()).collect()
}

/// The rows of which all clients but Go's say so: preferred nodes, then the rest in sorted order.
fn preferred_plans() -> impl Iterator<Item = (Vec<String>, Vec<String>, Vec<String>)> {
    let rows = rows(&CLIENTS["preferred_plans"]).iter().inspect(|row| assert_eq!(row["remaining_rule"], "sorted"));
    rows.map(|row| {
        let nodes = texts(&row["nodes"]);
        let all_of = |member: &str| texts(&row[member]).iter().map(|name| full(&nodes, name)).collect::<Vec<_>>();
        (nodes.clone(), all_of("preferred"), all_of("expect_short"))
    })
}

#[test]
fn nodes_with_as_many_votes_come_in_the_order_of_their_urls_and_the_rest_sorted() {
    for (nodes, preferred, wanted) in preferred_plans() {
        assert_eq!(batch_plan(&nodes, &preferred.iter().rev().collect::<Vec<_>>()), wanted);
    }
}

#[test]
fn nodes_with_more_votes_come_first() {
    for (nodes, mut preferred, mut wanted) in preferred_plans() {
        preferred.reverse();
        wanted[..preferred.len()].reverse();
        // The first gets one vote more than the second, and so on; they are cast from the last to the first.
        let voters: Vec<&String> = (1..=preferred.len()).rev().flat_map(|count| &preferred[..count]).rev().collect();
        assert_eq!(batch_plan(&nodes, &voters), wanted, "{voters:?}");
    }
}

#[test]
fn values_of_types_that_no_key_can_have_are_routed_without_one() {
    let nodes: Vec<String> = (0..5).map(|number| format!("n{number}")).collect();
    let handle = handle_over(&nodes);
    let first_nodes = |value: Value| {
        let body = json!({"TableName": "t", "Item": {"pk": value}});
        let mut first: Vec<String> = (0..5).flat_map(|_| handle.plan_for_request("PutItem", &body, 1)).collect();
        first.sort();
        first.dedup();
        first.len()
    };
    assert_eq!(first_nodes(json!({"S": "1"})), 1, "a key has one node");
    for name in texts(&CLIENTS["attribute_value_unsupported"]["types"]) {
        let value = match name.as_str() {
            "BOOL" | "NULL" => json!(true),
            "SS" | "NS" => json!(["1"]),
            "BS" => json!(["MQ=="]),
            "L" => json!([{"S": "1"}]),
            "M" => json!({"S": {"S": "1"}}),
            other => panic!("no value of the type {other}"),
        };
        assert_eq!(first_nodes(json!({ name.as_str(): value })), 5, "{name} goes in turn");
    }
}
