//! Answers to /localnodes that are not true.

use super::support::{Cluster, Node, read_all, text};
use serde_json::{Value, json};
use std::io::Write;
use std::time::{Duration, Instant};

fn overridden(with: Value) -> (Cluster, Node) {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    cluster.post("/nodes/0/localnodes", with);
    let node = cluster.node(0);
    (cluster, node)
}

#[test]
fn a_list_is_given_verbatim_by_that_node_until_it_is_cleared() {
    let lie = ["127.0.0.1", "127.0.0.1", "::1", "not an ip"];
    let (cluster, node) = overridden(json!({ "nodes": lie }));
    let body = node.get("/localnodes?dc=nowhere").body;
    assert_eq!(serde_json::from_slice::<Value>(&body).expect("a list"), json!(lie));
    assert_eq!(cluster.node(1).localnodes("").len(), 2);
    assert_eq!(cluster.get("/state")["nodes"][0]["localnodes"], json!({ "nodes": lie }));
    cluster.post("/nodes/0/restart", json!({}));
    assert_eq!(serde_json::from_slice::<Value>(&node.get("/localnodes").body).expect("a list"), json!(lie));
    cluster.delete("/nodes/0/localnodes");
    assert_eq!(node.localnodes("").len(), 2);
}

#[test]
fn status_body_and_type_can_be_given() {
    let (_cluster, node) = overridden(json!({ "status": 503, "body": "busy", "content_type": "text/plain" }));
    let answer = node.get("/localnodes");
    assert_eq!((answer.status, answer.text().as_str(), answer.header("content-type")), (503, "busy", "text/plain"));
}

#[test]
fn bodies_can_be_huge_long_and_deep() {
    let (cluster, node) = overridden(json!({ "generate": "huge_body", "bytes": 3_000_000 }));
    let huge = node.get("/localnodes");
    assert_eq!(huge.body.len(), 3_000_000);
    assert_eq!(huge.json(), json!([node.address]));

    cluster.post("/nodes/0/localnodes", json!({ "generate": "million_entries", "entries": 100_000 }));
    let entries: Vec<String> = serde_json::from_slice(&node.get("/localnodes").body).expect("a list");
    assert_eq!((entries.len(), entries[99_999].as_str()), (100_000, "10.1.134.159"));

    cluster.post("/nodes/0/localnodes", json!({ "generate": "deep_nesting", "depth": 5000 }));
    assert_eq!(node.get("/localnodes").text(), "[".repeat(5000) + &"]".repeat(5000));
}

#[test]
fn it_can_stall_drip_redirect_and_be_garbage() {
    let (cluster, node) = overridden(json!({ "generate": "stall" }));
    let ask = || {
        let mut stream = node.connect();
        stream.write_all(b"GET /localnodes HTTP/1.1\r\nHost: there\r\n\r\n").expect("sent");
        stream
    };
    let (begun, end) = read_all(&mut ask(), Duration::from_millis(200));
    assert!(begun.starts_with(b"HTTP/1.1 200 OK") && !begun.ends_with(b"]"));
    assert_eq!(end, Err(std::io::ErrorKind::WouldBlock));

    cluster.post("/nodes/0/localnodes", json!({ "generate": "drip", "interval_ms": 20 }));
    let start = Instant::now();
    let honest = node.get("/localnodes");
    assert_eq!(honest.json(), json!([node.address]));
    assert!(start.elapsed() >= Duration::from_millis(20 * (honest.body.len() as u64 - 1)));

    cluster.post("/nodes/0/localnodes", json!({ "generate": "redirect", "location": "http://127.0.0.1:1/" }));
    let redirect = node.get("/localnodes");
    assert_eq!((redirect.status, redirect.header("location")), (302, "http://127.0.0.1:1/"));

    cluster.post("/nodes/0/localnodes", json!({ "generate": "garbage" }));
    let garbage = node.get("/localnodes");
    assert!(garbage.status == 200 && serde_json::from_slice::<Value>(&garbage.body).is_err());
    assert_eq!(text(&cluster.get("/state")["nodes"][0]["localnodes"]["generate"]), "garbage");
}
