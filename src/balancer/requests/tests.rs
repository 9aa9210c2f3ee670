//! Routes of requests over a static list, as callers see them.

use super::*;
use crate::clock::{Clock, Nanos};
use crate::config::Config;
use std::time::Duration;

const TABLES: [(&str, &str); 2] = [("table.users.key", "id"), ("table.a.b.key", "pk")];

fn balancer(options: &[(&str, &str)]) -> Balancer {
    let seeds: Vec<String> = (1..=9).map(|i| format!("10.0.0.{i}")).collect();
    let mut config = Config::default();
    let fixed = [("seeds", seeds.join(",")), ("discovery", "static".into()), ("refresh.mode", "manual".into())];
    for (key, value) in &fixed {
        config.set(key, value).unwrap();
    }
    for (key, value) in options {
        config.set(key, value).unwrap();
    }
    Balancer::with_clock(config, Clock::starting_at(Nanos(1_000_000_000))).unwrap()
}

fn any_write() -> Balancer {
    balancer(&[&TABLES[..], &[("affinity", "any_write")]].concat())
}

fn routed(balancer: &Balancer) -> Vec<(&'static str, u64)> {
    Route::ALL.iter().map(|(route, name)| (*name, balancer.0.routes.counted(*route as usize))).filter(|(_, n)| *n > 0).collect()
}

fn order(balancer: &Balancer, plan: &Plan, steps: usize) -> Vec<NodeId> {
    let mut plan = *plan;
    (0..steps).map(|_| balancer.plan_next(&mut plan).unwrap()).collect()
}

fn by_key(balancer: &Balancer, kind: KeyType, value: &[u8]) -> Vec<NodeId> {
    order(balancer, &Plan::for_key(key_hash(kind, value)), 9)
}

#[test]
fn writes_go_to_the_node_of_their_key() {
    let balancer = any_write();
    for (operation, body, kind, value) in [
        (Operation::PutItem, r#"{"TableName":"users","Item":{"x":{"L":[]},"id":{"S":"alice"}}}"#, KeyType::S, &b"alice"[..]),
        (Operation::PutItem, r#"{"Item":{"id":{"N":"4.2E1"}},"TableName":"users"}"#, KeyType::N, b"4.2E1"),
        (Operation::DeleteItem, r#"{"TableName":"users","Key":{"id":{"B":"AAH/"}}}"#, KeyType::B, &[0, 1, 255]),
        (Operation::UpdateItem, r#"{"TableName":"a.b","Key":{"pk":{"S":"caf\u00e9"}}}"#, KeyType::S, "caf\u{e9}".as_bytes()),
        (Operation::UpdateItem, r#"{"TableName":"\u0061.b","Key":{"pk":{"S":"x"}}}"#, KeyType::S, b"x"),
        (
            Operation::DeleteItem,
            r#"{"TableName":"arn:scylla:alternator:ks:scylla:table/users","Key":{"id":{"S":"a"}}}"#,
            KeyType::S,
            b"a",
        ),
        (
            Operation::DeleteItem,
            r#"{"TableName":"arn:aws:dynamodb:us-east-1:1:table\/users","Key":{"id":{"S":"a"}}}"#,
            KeyType::S,
            b"a",
        ),
    ] {
        let plan = balancer.plan_for_request(operation, body.as_bytes());
        assert_eq!(order(&balancer, &plan, 9), by_key(&balancer, kind, value), "{body}");
    }
    assert_eq!(routed(&balancer), [("by_key", 7)]);
}

#[test]
fn what_needs_no_key_goes_the_ordinary_way() {
    let body = br#"{"TableName":"users","Item":{"id":{"S":"alice"}}}"#;
    for (mode, operation) in [
        ("none", Operation::PutItem),
        ("rmw", Operation::PutItem),
        ("any_write", Operation::GetItem),
        ("any_write", Operation::TransactWriteItems),
        ("any_write", Operation::Other),
        ("rmw", Operation::BatchWriteItem),
    ] {
        let balancer = balancer(&[&TABLES[..], &[("affinity", mode)]].concat());
        assert!(!balancer.plan_for_request(operation, body).is_keyed(), "{mode} {operation:?}");
        assert_eq!(routed(&balancer), [("ordinary", 1)], "{mode} {operation:?}");
    }
}

#[test]
fn the_servers_rule_pins_fewer_updates() {
    let body = br#"{"TableName":"users","Key":{"id":{"S":"a"}},"UpdateExpression":"SET a = :b"}"#;
    for (rule, keyed) in [("official", true), ("server", false)] {
        let balancer = balancer(&[&TABLES[..], &[("affinity", "rmw"), ("affinity.rule", rule)]].concat());
        assert_eq!(balancer.plan_for_request(Operation::UpdateItem, body).is_keyed(), keyed);
    }
}

#[test]
fn what_cannot_be_read_goes_the_ordinary_way_and_is_counted() {
    let balancer = any_write();
    let bodies = [
        "",
        "null",
        "{",
        r#"{"TableName":"users"}"#,
        r#"{"TableName":7,"Item":{"id":{"S":"a"}}}"#,
        r#"{"TableName":"users","Item":[]}"#,
        r#"{"TableName":"users","Item":{"id":"a"}}"#,
        r#"{"TableName":"users","Item":{"id":{"S":1}}}"#,
        r#"{"TableName":"users","Item":{"id":{"BOOL":true}}}"#,
        r#"{"TableName":"users","Item":{"id":{"S":"a","N":"1"}}}"#,
        r#"{"TableName":"users","Item":{"id":{"S":"\ud800"}}}"#,
        r#"{"TableName":"users","Item":{"id":{"B":"a"}}}"#,
        r#"{"TableName":"","Item":{"id":{"S":"a"}}}"#,
    ];
    for body in bodies {
        assert!(!balancer.plan_for_request(Operation::PutItem, body.as_bytes()).is_keyed(), "{body}");
    }
    assert_eq!(routed(&balancer), [("unreadable", bodies.len() as u64)]);
    let name = "x".repeat(256);
    let long = format!(r#"{{"TableName":"{name}","Item":{{"id":{{"S":"a"}}}}}}"#);
    assert!(!balancer.plan_for_request(Operation::PutItem, long.as_bytes()).is_keyed());
    assert_eq!(balancer.next_wanted_table(), None, "no such table is ever asked after");
}

#[test]
fn a_table_is_learned_and_learned_anew_when_it_has_another_key() {
    let balancer = balancer(&[("affinity", "any_write")]);
    let write = |name: &str| format!(r#"{{"TableName":"t","Item":{{"{name}":{{"S":"v"}}}}}}"#);
    let keyed = |name: &str| balancer.plan_for_request(Operation::PutItem, write(name).as_bytes()).is_keyed();
    assert!(!keyed("old"));
    assert_eq!((balancer.next_wanted_table(), balancer.next_wanted_table()), (Some("t"), None));
    let answer = |name: &str| format!(r#"{{"Table":{{"KeySchema":[{{"AttributeName":"{name}","KeyType":"HASH"}}]}}}}"#);
    balancer.feed_table_description("t", 200, answer("old").as_bytes()).unwrap();
    assert!(keyed("old"));
    balancer.0.clock.advance(Duration::from_secs(2));
    assert!(!keyed("new"), "the table was dropped and made again");
    assert_eq!(balancer.next_wanted_table(), Some("t"));
    balancer.feed_table_description("t", 200, answer("new").as_bytes()).unwrap();
    assert!(keyed("new") && balancer.table_key("t") == Some("new"));
    assert_eq!(routed(&balancer), [("by_key", 2), ("key_unknown", 1), ("key_missing", 1)]);
    let told: Vec<_> = (0..).map_while(|n| balancer.event_after(n)).map(|event| (event.kind, event.reason)).collect();
    let learned = |name| (EventKind::TableKeyLearned, format!("table t: the partition key is {name}"));
    assert_eq!(told, [learned("old"), learned("new")]);
}

#[test]
fn a_table_that_cannot_be_described_is_told_of() {
    let balancer = balancer(&[("affinity", "any_write")]);
    balancer.plan_for_request(Operation::DeleteItem, br#"{"TableName":"t","Key":{"id":{"S":"v"}}}"#);
    assert_eq!(balancer.next_wanted_table(), Some("t"));
    let error = balancer.feed_table_description("t", 400, br#"{"__type":"x#ResourceNotFoundException"}"#).unwrap_err();
    assert_eq!((error.status, error.http_status), (Status::BadResponse, 400));
    assert!(error.message.contains("'t'") && error.message.contains("ResourceNotFoundException"), "{}", error.message);
    let event = balancer.event_after(0).unwrap();
    assert!(event.kind == EventKind::TableKeyFailed && event.reason.contains("within 300000 ms"), "{}", event.reason);
    assert!(balancer.set_table_key("a b", "id").unwrap_err().message.contains("1 to 255"));
    assert!(balancer.set_table_key("t", "").unwrap_err().message.contains("1 to 255"));
}

/// Keys of the table users that go to that node.
fn keys_of(balancer: &Balancer, node: NodeId, count: usize) -> Vec<String> {
    let goes_there = |key: &String| balancer.node_for_key(key_hash(KeyType::S, key.as_bytes())) == Some(node);
    (0..).map(|i| format!("k{i}")).filter(goes_there).take(count).collect()
}

fn put(key: &str) -> String {
    format!(r#"{{"PutRequest":{{"Item":{{"id":{{"S":"{key}"}}}}}}}}"#)
}

#[test]
fn a_batch_goes_where_most_of_its_items_go() {
    let balancer = any_write();
    let mut items: Vec<String> = keys_of(&balancer, 7, 2).iter().map(|key| put(key)).collect();
    items.extend(keys_of(&balancer, 3, 3).iter().map(|key| format!(r#"{{"DeleteRequest":{{"Key":{{"id":{{"S":"{key}"}}}}}}}}"#)));
    items.extend(keys_of(&balancer, 5, 2).iter().map(|key| put(key)));
    let illegal = keys_of(&balancer, 0, 1)[0].clone();
    items.push(format!(r#"{{"PutRequest":{{"Item":{{"id":{{"S":"{illegal}"}}}}}},"DeleteRequest":{{"Key":{{}}}}}}"#));
    let unknown = put("x").replace("id", "other");
    let body = format!(r#"{{"RequestItems":{{"users":[{}],"unheard-of":[{unknown}]}}}}"#, items.join(","));
    let plan = balancer.plan_for_request(Operation::BatchWriteItem, body.as_bytes());
    assert_eq!(order(&balancer, &plan, 9), [3, 5, 7, 0, 1, 2, 4, 6, 8]);
    assert_eq!(balancer.next_wanted_table(), Some("unheard-of"));

    // The same by votes given singly.
    let mut typed = Plan::start();
    for (node, count) in [(7, 2), (3, 3), (5, 2)] {
        for key in keys_of(&balancer, node, count) {
            assert!(balancer.vote(&mut typed, "users", Some((KeyType::S, key.as_bytes()))));
        }
    }
    assert!(balancer.vote(&mut typed, "users", None) && balancer.vote(&mut typed, "other", Some((KeyType::S, b"x"))));
    assert_eq!(order(&balancer, &typed, 9), order(&balancer, &plan, 9));
    balancer.plan_next(&mut typed).unwrap();
    assert!(!balancer.vote(&mut typed, "users", Some((KeyType::S, b"x"))), "it was used");
}

#[test]
fn a_batch_without_a_vote_or_without_sense_goes_the_ordinary_way() {
    let good = put(&keys_of(&any_write(), 1, 1)[0]);
    for (body, route) in [
        (r#"{"RequestItems":{}}"#.to_owned(), "ordinary"),
        (format!(r#"{{"RequestItems":{{"nobody-knows":[{good}]}}}}"#), "key_unknown"),
        (format!(r#"{{"RequestItems":{{"users":[{}]}}}}"#, good.replace("id", "name")), "key_missing"),
        (format!(r#"{{"RequestItems":{{"users":[{good}]}}"#), "unreadable"),
        (format!(r#"{{"RequestItems":{{"users":[{good}, {{]}}}}"#), "unreadable"),
    ] {
        let balancer = any_write();
        assert!(!balancer.plan_for_request(Operation::BatchWriteItem, body.as_bytes()).is_keyed(), "{body}");
        assert_eq!(routed(&balancer), [(route, 1)], "{body}");
    }
}

#[test]
fn typed_writes_go_as_their_text_does() {
    let balancer = balancer(&[&TABLES[..], &[("affinity", "rmw")]].concat());
    let facts = Facts { condition_expression: true, ..Facts::default() };
    let write = Write { operation: Operation::PutItem, table: "users", key: Some((KeyType::S, b"alice")), facts };
    let text = br#"{"TableName":"users","Item":{"id":{"S":"alice"}},"ConditionExpression":"x"}"#;
    let by_text = balancer.plan_for_request(Operation::PutItem, text);
    assert_eq!(order(&balancer, &balancer.plan_for_write(&write), 9), order(&balancer, &by_text, 9));
    assert!(!balancer.plan_for_write(&Write { facts: Facts::default(), ..write }).is_keyed());
    assert!(!balancer.plan_for_write(&Write { table: "t", ..write }).is_keyed());
    assert!(!balancer.plan_for_write(&Write { key: None, ..write }).is_keyed());
    assert_eq!(routed(&balancer), [("by_key", 2), ("ordinary", 1), ("key_unknown", 1), ("key_missing", 1)]);
}

#[test]
fn rendezvous_orders_all_nodes_and_moves_only_what_it_must() {
    let all = balancer(&[("affinity.placement", "rendezvous")]);
    let mut config = Config::default();
    for (key, value) in [
        ("seeds", "10.0.0.1,10.0.0.2,10.0.0.3,10.0.0.5,10.0.0.6,10.0.0.7,10.0.0.8,10.0.0.9"),
        ("discovery", "static"),
        ("refresh.mode", "manual"),
        ("affinity.placement", "rendezvous"),
    ] {
        config.set(key, value).unwrap();
    }
    let without_fourth = Balancer::new(config).unwrap();
    let url = |balancer: &Balancer, id| balancer.node(id).unwrap().url.as_str().to_owned();
    let mut moved = 0;
    for hash in 0..900 {
        let hash = key_hash(KeyType::S, format!("{hash}").as_bytes());
        let urls = |b: &Balancer, n| order(b, &Plan::for_key(hash), n).into_iter().map(|id| url(b, id)).collect::<Vec<_>>();
        let mut before = urls(&all, 9);
        moved += u32::from(before[0].contains("10.0.0.4:"));
        before.retain(|url| !url.contains("10.0.0.4:"));
        assert_eq!(before, urls(&without_fourth, 8), "all others keep their order");
    }
    assert!((70..130).contains(&moved), "{moved} of 900");
}
