use super::support::{Cluster, Node, eventually};
use serde_json::json;

fn put(node: &Node, invocation: &str, attempt: u32, key: &str) {
    let headers = [
        ("amz-sdk-invocation-id", invocation),
        ("amz-sdk-request", &*format!("attempt={attempt}; max=3")),
        ("user-agent", "counting/1"),
        ("accept-encoding", "identity"),
    ];
    let body = json!({ "TableName": "people", "Item": { "pk": { "S": key } } }).to_string();
    assert_eq!(node.send("PutItem", &headers, body.as_bytes()).expect("an answer").status, 200);
}

#[test]
fn requests_are_counted_by_node_operation_and_kind() {
    let cluster = Cluster::start(&["--nodes", "2"]);
    let node = cluster.node(1);
    node.create_table("people");
    for _ in 0..3 {
        put(&node, "call", 1, "alice");
    }
    node.get("/");
    node.get("/localnodes?dc=dc1&rack=r1");
    node.get("/nothing");
    let counters = cluster.get("/counters");
    let seen = &counters["nodes"][1];
    assert_eq!(
        (&seen["requests"], &seen["localnodes"], &seen["health"], &seen["other"]),
        (&json!(4), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(seen["localnodes_seen"]["queries"], json!({ "dc=dc1&rack=r1": 1 }));
    let puts = &seen["operations"]["PutItem"];
    assert_eq!(puts["requests"], 3);
    assert_eq!(puts["user_agents"], json!({ "counting/1": 3 }));
    assert_eq!(puts["accept_encodings"], json!({ "identity": 3 }));
    let headers = puts["headers"].as_array().expect("names");
    assert!(headers.contains(&json!("amz-sdk-invocation-id")) && !headers.contains(&json!("authorization")), "{headers:?}");
    assert_eq!(counters["nodes"][0]["requests"], 0);

    cluster.post("/counters/reset", json!({}));
    let counters = cluster.get("/counters");
    assert_eq!((&counters["nodes"][1]["requests"], &counters["attempts"]), (&json!(0), &json!({})));
    put(&node, "call", 1, "alice");
    assert_eq!(cluster.get("/counters")["nodes"][1]["operations"]["PutItem"]["user_agents"], json!({ "counting/1": 1 }));
}

#[test]
fn attempts_tell_which_node_was_tried_in_which_order() {
    let cluster = Cluster::start(&[]);
    cluster.node(0).create_table("people");
    for (attempt, index) in [(1, 2), (2, 0), (3, 1)] {
        put(&cluster.node(index), "the-call", attempt, "alice");
    }
    let counters = cluster.get("/counters");
    let attempts = counters["attempts"]["the-call"].as_array().expect("attempts");
    let told: Vec<_> = attempts.iter().map(|a| (a["attempt"].clone(), a["node"].clone(), a["operation"].clone())).collect();
    let put = || json!("PutItem");
    assert_eq!(told, [(json!(1), json!(2), put()), (json!(2), json!(0), put()), (json!(3), json!(1), put())]);
    assert_eq!(cluster.get("/counters?attempts=false")["attempts"], json!({}));
}

#[test]
fn writes_are_counted_by_partition_key_and_coordinator() {
    let cluster = Cluster::start(&[]);
    let create = json!({
        "TableName": "scores",
        "AttributeDefinitions": [
            { "AttributeName": "game", "AttributeType": "N" }, { "AttributeName": "player", "AttributeType": "S" },
        ],
        "KeySchema": [
            { "AttributeName": "player", "KeyType": "HASH" }, { "AttributeName": "game", "KeyType": "RANGE" },
        ],
        "BillingMode": "PAY_PER_REQUEST",
    });
    assert_eq!(cluster.node(0).call("CreateTable", &create).status, 200);
    let key = json!({ "game": { "N": "1" }, "player": { "S": "bob \"the\" builder" } });
    cluster.node(0).call("PutItem", &json!({ "TableName": "scores", "Item": key }));
    cluster.node(1).call("UpdateItem", &json!({ "TableName": "scores", "Key": key }));
    cluster.node(1).call("GetItem", &json!({ "TableName": "scores", "Key": key }));
    cluster.node(1).call("DeleteItem", &json!({ "TableName": "scores", "Key": key }));
    assert_eq!(cluster.get("/counters")["writes"], json!({ "scores": { "bob \"the\" builder": { "0": 1, "1": 2 } } }));
}

#[test]
fn a_table_made_anew_with_another_key_is_noticed() {
    let cluster = Cluster::start(&["--nodes", "2"]);
    let create = |key: &str| {
        json!({
            "TableName": "people", "BillingMode": "PAY_PER_REQUEST",
            "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": "S" }],
            "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
        })
    };
    for key in ["old", "new"] {
        assert_eq!(cluster.node(1).call("CreateTable", &create(key)).status, 200);
        cluster.node(0).call("PutItem", &json!({ "TableName": "people", "Item": { key: { "S": key } } }));
        assert_eq!(cluster.node(1).call("DeleteTable", &json!({ "TableName": "people" })).status, 200);
    }
    assert_eq!(cluster.get("/counters")["writes"], json!({ "people": { "old": { "0": 1 }, "new": { "0": 1 } } }));
}

#[test]
fn counters_survive_sigkill_to_the_last_request() {
    let cluster = Cluster::start(&["--nodes", "2"]);
    cluster.node(0).create_table("people");
    for round in 1..=5 {
        let held = cluster.node(1).connect();
        eventually("the connection is counted", || cluster.get("/counters")["nodes"][1]["connections"]["open"] == 1);
        let pid = cluster.get("/state")["nodes"][1]["pid"].as_i64().expect("a pid");
        for _ in 0..20 {
            put(&cluster.node(1), "call", 1, "alice");
        }
        // Not by a call, which would give the supervisor time to read the reports while the node lives.
        let pid = rustix::process::Pid::from_raw(pid as i32).expect("a pid");
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
        eventually("the death is noticed", || cluster.get("/state")["nodes"][1]["state"] == "killed");
        drop(held);
        let counters = cluster.get("/counters");
        assert_eq!(counters["nodes"][1]["requests"], 20 * round);
        assert_eq!(counters["nodes"][1]["connections"]["open"], 0);
        assert_eq!(counters["writes"]["people"]["alice"]["1"], 20 * round);
        cluster.post("/nodes/1/restart", json!({}));
    }
}

#[test]
fn a_request_is_counted_by_the_time_it_is_answered() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    for count in 1..=50 {
        cluster.node(0).call("GetItem", &json!({ "TableName": "any" }));
        assert_eq!(cluster.get("/counters")["nodes"][0]["requests"], count);
    }
}

#[test]
fn connections_are_counted() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let open = || cluster.get("/counters")["nodes"][0]["connections"].clone();
    let held = [cluster.node(0).connect(), cluster.node(0).connect()];
    eventually("both are counted", || open()["open"] == 2);
    drop(held);
    eventually("both are closed", || open()["open"] == 0);
    assert_eq!((&open()["opened"], &open()["max_open"]), (&json!(2), &json!(2)));
}
