use super::support::{Cluster, eventually, read_all, text};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

fn addresses(cluster: &Cluster, indices: &[usize]) -> Vec<String> {
    indices.iter().map(|index| cluster.node(*index).address).collect()
}

#[test]
fn several_clusters_live_at_one_port() {
    let clusters = [Cluster::start(&[]), Cluster::start(&[]), Cluster::start(&["--nodes", "1"])];
    for cluster in &clusters {
        assert_eq!(cluster.line["port"], 8000);
        for index in 0..cluster.pids().len() {
            let node = cluster.node(index);
            assert_eq!(node.get("/").text(), format!("healthy: {}:8000", node.address));
        }
    }
    assert_ne!(clusters[0].node(0).address, clusters[1].node(0).address);
}

#[test]
fn a_subnet_that_is_taken_is_refused_by_name() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let address = cluster.node(0).address;
    let subnet = address.rsplit_once('.').expect("an address").0;
    let second = std::process::Command::new(super::support::BINARY).args(["--subnet", subnet]).output().expect("run");
    assert!(!second.status.success());
    let complaint = String::from_utf8_lossy(&second.stderr);
    assert!(complaint.contains("--subnet") && complaint.contains(subnet), "{complaint}");
}

#[test]
fn localnodes_knows_datacenters_and_racks() {
    let cluster = Cluster::start(&["--nodes", "6", "--topology", "dc1/r1,dc1/r 2,dc2/r1"]);
    let ask = |index: usize, query: &str| cluster.node(index).localnodes(query);
    assert_eq!(ask(0, ""), addresses(&cluster, &[0, 1, 3, 4]));
    assert_eq!(ask(2, ""), addresses(&cluster, &[2, 5]));
    assert_eq!(ask(0, "?dc=&rack="), addresses(&cluster, &[0, 1, 3, 4]));
    assert_eq!(ask(0, "?dc=dc2"), addresses(&cluster, &[2, 5]));
    assert_eq!(ask(0, "?rack=r%202"), addresses(&cluster, &[1, 4]));
    assert_eq!(ask(2, "?dc=dc1&rack=r1"), addresses(&cluster, &[0, 3]));
    assert!(ask(0, "?dc=nowhere").is_empty());
    assert!(ask(0, "?rack=nowhere").is_empty());

    cluster.post("/settings", json!({ "old_server": true }));
    assert_eq!(ask(0, "?dc=dc2&rack=nowhere"), addresses(&cluster, &[0, 1, 3, 4]));
    cluster.post("/settings", json!({ "old_server": false }));
    assert!(ask(0, "?rack=nowhere").is_empty());
}

#[test]
fn a_killed_node_is_listed_for_the_gossip_delay_and_comes_back() {
    let cluster = Cluster::start(&["--gossip-delay-ms", "700"]);
    let survivor = cluster.node(0);
    let killed_at = Instant::now();
    let killed = cluster.post("/nodes/1/kill", json!({}));
    assert_eq!((&killed["state"], &killed["pid"]), (&json!("killed"), &Value::Null));
    assert!(!super::support::lives(cluster.pids()[1]));
    assert!(std::net::TcpStream::connect(cluster.node(1).socket()).is_err());
    assert_eq!(survivor.localnodes(""), addresses(&cluster, &[0, 1, 2]));
    eventually("the node drops out", || survivor.localnodes("") == addresses(&cluster, &[0, 2]));
    assert!(killed_at.elapsed() >= Duration::from_millis(700));
    assert_eq!(cluster.get("/state")["nodes"][1]["listed"], false);

    let restarted = cluster.post("/nodes/1/restart", json!({}));
    assert_eq!(restarted["state"], "up");
    assert_ne!(restarted["pid"], cluster.line["nodes"][1]["pid"]);
    assert_eq!(cluster.node(1).get("/").status, 200);
    assert_eq!(cluster.node(1).localnodes(""), addresses(&cluster, &[0, 1, 2]));
    assert_eq!(survivor.localnodes(""), addresses(&cluster, &[0, 1, 2]));
}

#[test]
fn a_stopped_node_hangs_drops_out_and_goes_on() {
    let cluster = Cluster::start(&["--gossip-delay-ms", "300"]);
    assert_eq!(cluster.post("/nodes/2/stop", json!({}))["state"], "stopped");
    // The kernel still takes the connection and the request, but nobody answers.
    let mut waiting = cluster.node(2).ask_health();
    assert_eq!(read_all(&mut waiting, Duration::from_millis(200)).1, Err(std::io::ErrorKind::WouldBlock));
    let survivor = cluster.node(0);
    eventually("the node drops out", || survivor.localnodes("") == addresses(&cluster, &[0, 1]));

    assert_eq!(cluster.post("/nodes/2/cont", json!({}))["state"], "up");
    assert_eq!(survivor.localnodes(""), addresses(&cluster, &[0, 1, 2]));
    let mut first = [0; 15];
    std::io::Read::read_exact(&mut waiting, &mut first).expect("the late answer");
    assert_eq!(&first, b"HTTP/1.1 200 OK");
}

#[test]
fn a_signal_from_elsewhere_counts_like_a_call() {
    let cluster = Cluster::start(&["--gossip-delay-ms", "0"]);
    let pid = rustix::process::Pid::from_raw(cluster.pids()[0] as i32).expect("a pid");
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).expect("killed");
    eventually("the death is noticed", || cluster.get("/state")["nodes"][0]["state"] == "killed");
    eventually("the node drops out", || cluster.node(1).localnodes("") == addresses(&cluster, &[1, 2]));
}

#[test]
fn nodes_are_added_and_decommissioned() {
    let cluster = Cluster::start(&["--nodes", "2"]);
    let added = cluster.post("/nodes", json!({ "dc": "dc1", "rack": "r9" }));
    assert_eq!((&added["index"], &added["state"], &added["rack"]), (&json!(2), &json!("up"), &json!("r9")));
    assert_eq!(cluster.node(0).localnodes("?rack=r9"), [text(&added["address"])]);

    let removed = cluster.delete("/nodes/0");
    assert_eq!((&removed["state"], &removed["listed"]), (&json!("removed"), &json!(false)));
    let mut left = vec![cluster.node(1).address, text(&added["address"])];
    left.sort();
    assert_eq!(cluster.node(1).localnodes(""), left);
    assert!(!super::support::lives(cluster.pids()[0]));
    assert_eq!(cluster.try_control("POST", "/nodes/0/restart", None).0, 409);
}

#[test]
fn a_clean_shutdown_is_known_at_once() {
    let cluster = Cluster::start(&["--gossip-delay-ms", "60000"]);
    assert_eq!(cluster.post("/nodes/0/shutdown", json!({}))["state"], "killed");
    assert_eq!(cluster.node(1).localnodes(""), addresses(&cluster, &[1, 2]));
    cluster.post("/nodes/0/restart", json!({}));
    assert_eq!(cluster.node(1).localnodes(""), addresses(&cluster, &[0, 1, 2]));
}

#[test]
fn impossible_calls_are_refused_with_a_reason() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    for (method, path, body, status, reason) in [
        ("POST", "/nodes/7/kill", None, 404, "no node 7"),
        ("POST", "/nodes/0/cont", None, 409, "is up"),
        ("POST", "/nodes/0/explode", None, 400, "explode"),
        ("POST", "/nodes/0/faults", Some(json!({ "kind": "nonsense" })), 400, "nonsense"),
        ("POST", "/nodes/0/faults", Some(json!({ "kind": "slow" })), 400, "ms"),
        ("POST", "/nodes/0/localnodes", Some(json!({ "generate": "nonsense" })), 400, "accepted"),
        ("POST", "/settings", Some(json!({ "gossip": 1 })), 400, "gossip"),
        ("GET", "/nothing", None, 404, "README"),
    ] {
        let (actual, answer) = cluster.try_control(method, path, body);
        assert_eq!(actual, status, "{method} {path}: {answer}");
        assert!(text(&answer["error"]).contains(reason), "{method} {path}: {answer}");
    }
}
