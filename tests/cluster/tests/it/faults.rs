use super::support::{Cluster, PATIENCE, eventually, read_all};
use serde_json::json;
use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

const SHORT: Duration = Duration::from_millis(200);
const OK: &[u8] = b"HTTP/1.1 200 OK";

/// A cluster with one fault at node 0 that concerns all kinds of request.
fn with_fault(mut fault: serde_json::Value) -> Cluster {
    let cluster = Cluster::start(&["--nodes", "2"]);
    fault["path"] = "any".into();
    cluster.add_fault(0, fault);
    cluster
}

fn recovers(cluster: &Cluster) {
    cluster.clear_faults(0);
    assert_eq!(cluster.node(0).get("/").status, 200);
}

#[test]
fn slow_waits_and_adds_up() {
    let cluster = with_fault(json!({ "kind": "slow", "ms": 100 }));
    cluster.add_fault(0, json!({ "kind": "slow", "ms": 150, "path": "health" }));
    let time = |index: usize, path: &str| {
        let start = Instant::now();
        assert_eq!(cluster.node(index).get(path).status, 200);
        start.elapsed()
    };
    assert!(time(0, "/") >= Duration::from_millis(250));
    assert!(time(0, "/localnodes") >= Duration::from_millis(100));
    time(1, "/");
    let counters = cluster.get("/counters");
    assert_eq!(counters["nodes"][0]["faults"], json!({ "slow": 3 }));
    assert_eq!(counters["nodes"][1]["faults"], json!({}));
    recovers(&cluster);
}

#[test]
fn error_names_its_status_and_type_for_one_operation_a_number_of_times() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let node = cluster.node(0);
    let fault =
        json!({ "kind": "error", "status": 400, "error_type": "RequestLimitExceeded", "operation": "ListTables", "count": 2 });
    cluster.add_fault(0, fault);
    let missing = || node.call("DescribeTable", &json!({ "TableName": "missing" })).error();
    assert_eq!(missing(), (400, "ResourceNotFoundException".into()));
    let list = || node.call("ListTables", &json!({}));
    assert_eq!(list().error(), (400, "RequestLimitExceeded".into()));
    // The count goes on where it was, although the process is another one.
    cluster.post("/nodes/0/restart", json!({}));
    assert_eq!(list().error(), (400, "RequestLimitExceeded".into()));
    assert_eq!(list().status, 200);
    assert_eq!(cluster.get("/state")["nodes"][0]["faults"][0]["fired"], 2);
}

#[test]
fn before_and_after_the_write_differ_in_what_is_stored() {
    let cluster = Cluster::start(&["--nodes", "2"]);
    let node = cluster.node(0);
    node.create_table("people");
    for (kind, written) in [
        ("error", false),
        ("error_after_write", true),
        ("close_before_reply", false),
        ("close_after_write", true),
        ("reset", false),
    ] {
        cluster.add_fault(0, json!({ "kind": kind }));
        let put = node.try_call("PutItem", &json!({ "TableName": "people", "Item": { "pk": { "S": kind } } }));
        match put {
            Ok(answer) => assert_eq!(answer.error(), (500, "InternalServerError".into()), "{kind}"),
            Err(_) => assert!(!kind.starts_with("error"), "{kind}"),
        }
        let got = cluster.node(1).call("GetItem", &json!({ "TableName": "people", "Key": { "pk": { "S": kind } } }));
        assert_eq!(got.json().get("Item").is_some(), written, "{kind}");
        cluster.clear_faults(0);
    }
}

#[test]
fn close_and_reset_are_told_apart_by_the_socket() {
    for (kind, end) in [("close_before_reply", Ok(())), ("reset", Err(ErrorKind::ConnectionReset))] {
        let cluster = with_fault(json!({ "kind": kind }));
        assert_eq!(read_all(&mut cluster.node(0).ask_health(), PATIENCE), (Vec::new(), end), "{kind}");
        recovers(&cluster);
    }
}

#[test]
fn half_a_reply_stalls_or_ends_after_a_time() {
    let cluster = with_fault(json!({ "kind": "half_reply" }));
    let (half, end) = read_all(&mut cluster.node(0).ask_health(), SHORT);
    let half = String::from_utf8_lossy(&half).into_owned();
    assert!(half.contains("Content-Length: 14") && half.ends_with("\r\n\r\nhealthy"), "{half}");
    assert_eq!(end, Err(ErrorKind::WouldBlock));
    cluster.clear_faults(0);
    cluster.add_fault(0, json!({ "kind": "half_reply", "path": "health", "ms": 50 }));
    let (half, end) = read_all(&mut cluster.node(0).ask_health(), PATIENCE);
    assert!(half.ends_with(b"healthy") && end == Ok(()));
    recovers(&cluster);
}

#[test]
fn hang_lasts_until_it_is_removed() {
    let cluster = with_fault(json!({ "kind": "hang" }));
    let mut hanging = cluster.node(0).ask_health();
    assert_eq!(read_all(&mut hanging, SHORT), (Vec::new(), Err(ErrorKind::WouldBlock)));
    recovers(&cluster);
    assert_eq!(read_all(&mut hanging, PATIENCE), (Vec::new(), Ok(())));
}

#[test]
fn connection_close_answers_and_ends() {
    let cluster = with_fault(json!({ "kind": "connection_close" }));
    let (answer, end) = read_all(&mut cluster.node(0).ask_health(), PATIENCE);
    assert!(answer.starts_with(OK) && end == Ok(()));
    recovers(&cluster);
}

#[test]
fn half_open_takes_new_connections_and_never_reads() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let mut old = cluster.node(0).connect();
    eventually("the connection is accepted", || cluster.get("/counters")["nodes"][0]["connections"]["open"] == 1);
    cluster.add_fault(0, json!({ "kind": "half_open" }));
    let mut new = cluster.node(0).ask_health();
    assert_eq!(read_all(&mut new, SHORT), (Vec::new(), Err(ErrorKind::WouldBlock)));
    old.write_all(b"GET / HTTP/1.1\r\nHost: there\r\nConnection: close\r\n\r\n").expect("sent");
    assert!(read_all(&mut old, PATIENCE).0.starts_with(OK));
    recovers(&cluster);
    // It is closed, by RST since it was never read.
    assert!(matches!(read_all(&mut new, PATIENCE).1, Ok(()) | Err(ErrorKind::ConnectionReset)));
}

#[test]
fn refuse_closes_open_connections_and_takes_no_new_ones() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let mut old = cluster.node(0).connect();
    eventually("the connection is accepted", || cluster.get("/counters")["nodes"][0]["connections"]["open"] == 1);
    cluster.add_fault(0, json!({ "kind": "refuse" }));
    assert_eq!(TcpStream::connect(cluster.node(0).socket()).expect_err("refused").kind(), ErrorKind::ConnectionRefused);
    assert_eq!(read_all(&mut old, PATIENCE), (Vec::new(), Ok(())));
    assert_eq!(cluster.get("/state")["nodes"][0]["state"], "up");
    recovers(&cluster);
}

#[test]
fn blackhole_swallows_connects_and_holds_requests_back() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let mut old = cluster.node(0).connect();
    eventually("the connection is accepted", || cluster.get("/counters")["nodes"][0]["connections"]["open"] == 1);
    cluster.add_fault(0, json!({ "kind": "blackhole" }));
    for _ in 0..3 {
        let connect = TcpStream::connect_timeout(&cluster.node(0).socket(), SHORT);
        assert_eq!(connect.expect_err("swallowed").kind(), ErrorKind::TimedOut);
    }
    old.write_all(b"GET / HTTP/1.1\r\nHost: there\r\n\r\n").expect("sent");
    assert_eq!(read_all(&mut old, SHORT), (Vec::new(), Err(ErrorKind::WouldBlock)));
    recovers(&cluster);
    // As when a network heals: what was sent meanwhile arrives.
    old.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    let mut first = [0; OK.len()];
    old.read_exact(&mut first).expect("the late answer");
    assert_eq!(first, OK);
    // The filler of the queue was no client: one connection before, one to see the recovery.
    assert_eq!(cluster.get("/counters")["nodes"][0]["connections"]["opened"], 2);
}

#[test]
fn a_tls_handshake_can_stall() {
    let cluster = Cluster::start(&["--nodes", "1", "--https"]);
    cluster.add_fault(0, json!({ "kind": "tls_stall" }));
    let mut stream = cluster.node(0).connect();
    // The record header of a ClientHello; a node that reads it would answer what follows with an alert.
    stream.write_all(&[0x16, 3, 1, 0, 4, 1, 0, 0, 0]).expect("sent");
    assert_eq!(read_all(&mut stream, SHORT), (Vec::new(), Err(ErrorKind::WouldBlock)));
    cluster.clear_faults(0);
    let mut stream = cluster.node(0).connect();
    stream.write_all(&[0x16, 3, 1, 0, 4, 1, 0, 0, 0]).expect("sent");
    assert!(!read_all(&mut stream, PATIENCE).0.is_empty());
}
