//! `alb nodes`.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::support::{Cluster, alb, json, stderr, stdout, text};

fn hosts(told: &Value) -> Vec<String> {
    told["nodes"].as_array().expect("nodes").iter().map(|node| text(&node["host"])).collect()
}

#[test]
fn every_node_is_told_with_place_health_and_latency() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let seed = cluster.address(1);
    let told = json(&alb(&["nodes", &seed, "--json"]), 0);
    assert_eq!((hosts(&told), &told["scope"]), (cluster.addresses(), &json!("cluster")));
    for node in told["nodes"].as_array().expect("nodes") {
        assert_eq!((&node["health"], &node["datacenter"], &node["port"]), (&json!("well"), &Value::Null, &json!(8000)));
        assert!(node["latency_us"].as_u64().is_some_and(|us| us > 0), "{node}");
        assert_eq!(node["seed"], json!(node["host"] == json!(seed)));
    }
    let told = json(&alb(&["nodes", &seed, "--json", "--scope", "rack:dc1/r2>dc:dc1"]), 0);
    assert_eq!(hosts(&told), [cluster.address(1)]);
    assert_eq!((&told["nodes"][0]["datacenter"], &told["nodes"][0]["rack"]), (&json!("dc1"), &json!("r2")));

    let shown = stdout(&alb(&["nodes", &seed, "--scope", "dc:dc1"]), 0);
    assert!(shown.contains(&cluster.url(2)) && shown.contains("dc1") && shown.contains("3 nodes of dc:dc1"), "{shown}");
}

#[test]
fn a_scope_without_nodes_falls_back_and_says_so() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    let shown = stdout(&alb(&["nodes", &cluster.address(0), "--scope", "rack:dc1/nowhere>dc:dc1"]), 0);
    assert!(shown.contains("2 nodes of dc:dc1, since rack:dc1/nowhere has none"), "{shown}");
    let told = stderr(&alb(&["nodes", &cluster.address(0), "--scope", "dc:nowhere"]), 4);
    assert!(told.contains("dc:nowhere"), "{told}");
    let old = Cluster::start(&["--nodes", "2", "--engine", "canned", "--old-server"]);
    let told = stderr(&alb(&["nodes", &old.address(0), "--scope", "dc:dc1"]), 4);
    assert!(told.contains("2025.1") && told.contains("all datacenters"), "{told}");
    stdout(&alb(&["nodes", &old.address(0)]), 0);
}

#[test]
fn nodes_in_trouble_are_told_with_the_reason() {
    let cluster = Cluster::start(&["--nodes", "4", "--engine", "canned", "--gossip-delay-ms", "600000"]);
    cluster.act(1, "kill");
    cluster.act(2, "stop");
    cluster.post("/nodes/3/faults", &json!({"kind": "error", "status": 503, "path": "health"}));
    let told = json(&alb(&["nodes", &cluster.address(0), "--json"]), 0);
    let health: Vec<String> = told["nodes"].as_array().expect("nodes").iter().map(|node| text(&node["health"])).collect();
    assert_eq!(health, ["well", "unreachable", "silent", "error"]);
    assert!(text(&told["nodes"][1]["reason"]).contains("refused"), "{told}");
    assert_eq!(told["nodes"][1]["set_aside"], true);
    assert_eq!(text(&told["nodes"][3]["reason"]), "status 503");
    let shown = stdout(&alb(&["nodes", &cluster.address(0)]), 0);
    assert!(shown.contains("3 of them in trouble"), "{shown}");
}

#[test]
fn a_cluster_that_cannot_be_reached_ends_with_3() {
    let told = stderr(&alb(&["nodes", "127.0.0.1:1"]), 3);
    assert!(told.contains("refused") && told.contains("127.0.0.1:1"), "{told}");
}

#[test]
fn tls_is_spoken_with_the_cluster_s_own_ca() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned", "--https"]);
    let ca = cluster.file("ca_file");
    let told = json(&alb(&["nodes", &cluster.address(0), "--https", "--ca", &ca, "--json"]), 0);
    assert!(told["nodes"].as_array().expect("nodes").iter().all(|node| node["health"] == "well"), "{told}");
    let told = stderr(&alb(&["nodes", &cluster.address(0), "--https"]), 3);
    assert!(told.contains("certificate"), "{told}");
}

#[test]
fn it_takes_little_time() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let seed = cluster.address(0);
    let mut times: Vec<Duration> = (0..15)
        .map(|_| {
            let start = Instant::now();
            stdout(&alb(&["nodes", &seed]), 0);
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    println!("alb nodes takes {:?} at best, {:?} at the median of 15 runs", times[0], times[7]);
    assert!(times[0] < Duration::from_millis(500), "ten times what a quiet machine allows: {times:?}");
}
