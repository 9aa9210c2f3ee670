//! `alb bench`: the load is bounded, and the table goes whatever happens.

use std::path::PathBuf;
use std::process::Stdio;

use serde_json::{Value, json};

use super::support::{Cluster, alb, alb_with, command, eventually, json, stderr, stdout};

fn svg(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("alb-{}-{name}.svg", std::process::id()))
}

fn arguments<'a>(seed: &'a str, svg: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["bench", seed, "--table-prefix", "alb_test", "--svg", svg], more].concat()
}

#[test]
fn figures_add_up_and_the_table_is_gone() {
    let cluster = Cluster::start(&["--nodes", "3"]);
    let (seed, svg) = (cluster.address(0), svg("figures"));
    let options = ["--seconds", "2", "--rate", "100", "--reads", "25", "--json"];
    let told = json(&alb(&arguments(&seed, svg.to_str().expect("text"), &options)), 0);
    let calls = told["calls"].as_u64().expect("a number");
    assert!((20..=200).contains(&calls), "100 a second for 2 s at most: {told}");
    assert_eq!((&told["failed_calls"], &told["all"]["good"]), (&json!(0), &json!(calls)));
    let sum = |members: &Value| {
        members.as_object().expect("an object").values().map(|figures| figures["good"].as_u64().expect("a number")).sum::<u64>()
    };
    assert_eq!((sum(&told["operations"]), sum(&told["nodes"])), (calls, calls));
    assert!(told["operations"]["PutItem"]["good"].as_u64() > told["operations"]["GetItem"]["good"].as_u64(), "{told}");
    assert_eq!(cluster.tables(), json!([]));
    let drawn = std::fs::read_to_string(&svg).expect("a plot");
    assert!(drawn.starts_with("<svg") && drawn.contains("calls per second") && drawn.contains("p99"), "{drawn}");
    std::fs::remove_file(svg).expect("removed");
}

#[test]
fn a_node_that_dies_meanwhile_costs_no_call() {
    let cluster = Cluster::start(&["--nodes", "3"]);
    let (seed, svg) = (cluster.address(0), svg("dies"));
    // In turn, so that the dead node is tried for certain.
    let options = ["--seconds", "3", "--rate", "200", "--json", "--set", "policy=round_robin"];
    let child = command(&arguments(&seed, svg.to_str().expect("text"), &options))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("alb runs");
    eventually("the table is there", || cluster.tables() != json!([]));
    cluster.act(2, "kill");
    let told = json(&child.wait_with_output().expect("it ends"), 0);
    assert_eq!(told["failed_calls"], 0, "{told}");
    assert!(told["retries"].as_u64() >= Some(1), "{told}");
    assert_eq!(cluster.tables(), json!([]));
    std::fs::remove_file(svg).expect("removed");
}

#[test]
fn an_interrupted_run_removes_its_table_and_ends_with_130() {
    for signal in ["INT", "TERM", "HUP"] {
        let cluster = Cluster::start(&["--nodes", "1"]);
        let (seed, svg) = (cluster.address(0), svg(signal));
        let child = command(&arguments(&seed, svg.to_str().expect("text"), &["--seconds", "600"]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("alb runs");
        eventually("calls are made", || cluster.writes() > 0);
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let told = stderr(&child.wait_with_output().expect("it ends"), 130);
        assert!(told.contains("interrupted"), "{told}");
        assert_eq!(cluster.tables(), json!([]));
        std::fs::remove_file(svg).expect("the figures until then are drawn");
    }
}

#[test]
fn a_cluster_that_refuses_ends_with_6_and_calls_that_fail_with_1() {
    let cluster = Cluster::start(&["--nodes", "2", "--auth", "enforce"]);
    let (seed, svg) = (cluster.address(0), svg("refused"));
    let path = svg.to_str().expect("text");
    let told = stderr(&alb(&arguments(&seed, path, &[])), 6);
    assert!(told.contains("CreateTable") && told.contains("MissingAuthenticationToken"), "{told}");
    let credentials = [("AWS_ACCESS_KEY_ID", "alternator"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    stdout(&alb_with(&arguments(&seed, path, &["--seconds", "0.5"]), &credentials), 0);

    let failing = Cluster::start(&["--nodes", "2"]);
    for node in 0..2 {
        failing.post(&format!("/nodes/{node}/faults"), &json!({"kind": "error", "status": 500, "operation": "PutItem"}));
    }
    let told = stderr(&alb(&arguments(&failing.address(0), path, &["--seconds", "1", "--rate", "50", "--reads", "50"])), 1);
    assert!(told.contains("calls failed"), "{told}");
    assert_eq!(failing.tables(), json!([]));
    std::fs::remove_file(svg).expect("removed");
}

#[test]
fn a_plot_that_cannot_be_written_ends_with_5_and_leaves_no_table() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let told = stderr(&alb(&arguments(&cluster.address(0), "/no/such/directory/x.svg", &["--seconds", "0.2"])), 5);
    assert!(told.contains("/no/such/directory/x.svg"), "{told}");
    assert_eq!(cluster.requests("CreateTable"), 0, "it is found before the load");
    assert_eq!(cluster.tables(), json!([]));
}

#[test]
fn a_table_whose_making_was_interrupted_is_named() {
    for signal in ["INT", "TERM", "HUP"] {
        let cluster = Cluster::start(&["--nodes", "1"]);
        let fault = json!({"kind": "slow", "ms": 600_000, "operation": "CreateTable", "count": 1});
        cluster.post("/nodes/0/faults", &fault);
        let (seed, svg) = (cluster.address(0), svg(&format!("made-{signal}")));
        let child = command(&arguments(&seed, svg.to_str().expect("text"), &["--timeout", "60"]))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("alb runs");
        eventually("CreateTable is sent", || cluster.requests("CreateTable") > 0);
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &child.id().to_string()]).status();
        assert!(sent.expect("kill").success());
        let told = stderr(&child.wait_with_output().expect("it ends"), 130);
        assert!(told.contains("table alb_test-") && told.contains("may be left behind"), "{told}");
    }
}

#[test]
fn a_table_that_may_have_been_made_is_named_and_a_hung_node_makes_none() {
    let cluster = Cluster::start(&["--nodes", "3", "--gossip-delay-ms", "600000"]);
    let (seed, svg) = (cluster.address(0), svg("hung"));
    let path = svg.to_str().expect("text");
    cluster.act(1, "stop");
    cluster.act(2, "stop");
    stdout(&alb(&arguments(&seed, path, &["--seconds", "0.2", "--timeout", "10"])), 0);
    cluster.post("/nodes/0/faults", &json!({"kind": "hang", "operation": "CreateTable"}));
    let told = stderr(&alb(&arguments(&seed, path, &["--timeout", "1"])), 3);
    assert!(told.contains("CreateTable") && told.contains("table alb_test-") && told.contains("may be left"), "{told}");
    cluster.delete("/nodes/0/faults");
    cluster.act(1, "cont");
    cluster.act(2, "cont");
    std::fs::remove_file(svg).expect("removed");
}

#[test]
fn figures_are_told_though_the_table_cannot_be_removed() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let svg = svg("kept");
    cluster.post(
        "/nodes/0/faults",
        &json!({"kind": "error", "status": 400, "error_type": "Evil\u{1b}[31m\u{202e}",
        "message": "x".repeat(1000), "operation": "DeleteTable"}),
    );
    let output = alb(&arguments(&cluster.address(0), svg.to_str().expect("text"), &["--seconds", "0.2"]));
    let told = stderr(&output, 6);
    assert!(stdout(&output, 6).contains("all calls"), "{output:?}");
    assert!(told.contains("may be left behind") && told.contains("Evil\\u001b[31m\\u202e") && told.len() < 600, "{told}");
    std::fs::remove_file(svg).expect("removed");
}
