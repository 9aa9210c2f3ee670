//! `alb watch`, as lines and on a terminal.

use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Instant;

use serde_json::Value;

use super::support::{ALB, Cluster, PATIENCE, alb, command, stdout, text};

#[test]
fn lines_tell_the_nodes_and_each_change() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let told = stdout(&alb(&["watch", &cluster.address(0), "--count", "3", "--interval", "0.1"]), 0);
    assert_eq!(told.lines().filter(|line| line.contains("set aside, 0 in other trouble")).count(), 3, "{told}");
    assert!(told.contains(&format!("node joined {}", cluster.url(2))) && told.contains("3 nodes of cluster"), "{told}");
}

#[test]
fn a_node_that_dies_and_comes_back_is_told() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned", "--gossip-delay-ms", "600000"]);
    let mut child =
        command(&["watch", &cluster.address(0), "--json", "--interval", "0.2"]).stdout(Stdio::piped()).spawn().expect("alb runs");
    let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
    let mut until = |what: &str, wanted: &dyn Fn(&Value) -> bool| {
        let start = Instant::now();
        loop {
            // A line comes with each look, if not sooner.
            let line = lines.next().expect("it goes on").expect("a line");
            let told = serde_json::from_str::<Value>(&line).expect("JSON");
            if wanted(&told) {
                return told;
            }
            assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        }
    };
    let all_well = |told: &Value| {
        told["kind"] == "look"
            && told["nodes"].as_array().is_some_and(|nodes| nodes.len() == 3 && nodes.iter().all(|node| node["well"] == true))
    };
    until("all are well", &all_well);
    cluster.act(1, "kill");
    let event = until("it is set aside", &|told| told["kind"] == "node_set_aside");
    assert_eq!(text(&event["at"]), cluster.url(1));
    until("it is shown so", &|told| told["kind"] == "look" && told["nodes"][1]["state"] == "set aside: refused");
    cluster.act(1, "restart");
    until("it is back", &|told| told["kind"] == "node_back");
    until("all are well again", &all_well);
    child.kill().expect("killed");
    child.wait().expect("gone");
}

/// Runs alb on a terminal of that size.
fn on_a_terminal(columns: u16, arguments: &str) -> String {
    let script = format!("stty cols {columns} rows 24; TERM=xterm exec {ALB} {arguments}");
    let output = Command::new("script").args(["-qec", &script, "/dev/null"]).stdin(Stdio::null()).output().expect("script");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

#[test]
fn a_terminal_shows_a_table_and_is_left_as_it_was() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    let shown = on_a_terminal(100, &format!("watch {} --count 3 --interval 0.1", cluster.address(0)));
    for part in ["nodes", "latency", "events", "\u{1b}[?1049h", "\u{1b}[?1049l"] {
        assert!(shown.contains(part), "{part:?}: {shown:?}");
    }
    let shown = on_a_terminal(40, &format!("watch {} --count 2 --interval 0.1", cluster.address(0)));
    assert!(shown.contains("too") && shown.contains("small") && !shown.contains("latency"), "{shown:?}");
}

#[test]
fn a_cluster_that_is_not_there_is_waited_for() {
    let told = stdout(&alb(&["watch", "127.0.0.1:1", "--count", "2", "--interval", "0.2"]), 3);
    assert!(told.contains("seeds, until the cluster gives a list") && told.contains("no answers"), "{told}");
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was_and_ends_with_0() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    for signal in ["INT", "TERM", "HUP"] {
        // The watcher is signalled once it shows the table.
        let file = std::env::temp_dir().join(format!("alb-watch-{}-{signal}", std::process::id()));
        let path = file.display();
        let script = format!(
            "stty cols 100 rows 24; TERM=xterm {ALB} watch {} <&0 & pid=$!; for i in $(seq 600); do grep -q latency {path} && break; \
             sleep 0.05; done; kill -{signal} $pid; wait $pid",
            cluster.address(0)
        );
        let output = Command::new("script").args(["-qfec", &script]).arg(&file).stdin(Stdio::null()).output().expect("script");
        let shown = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && shown.contains("\u{1b}[?1049l"), "{signal}: {output:?}");
        std::fs::remove_file(file).expect("removed");
    }
}
