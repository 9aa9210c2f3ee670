use super::support::{BINARY, Cluster, eventually, lives, parent_of};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

fn all_gone(pids: &[u32]) {
    eventually("all nodes are gone", || !pids.iter().any(|pid| lives(*pid)));
}

#[test]
fn nodes_vanish_when_the_supervisor_is_killed() {
    let mut cluster = Cluster::start(&["--nodes", "4"]);
    // A stopped one cannot notice anything by itself.
    cluster.post("/nodes/3/stop", json!({}));
    cluster.post("/nodes/1/restart", json!({}));
    let nodes = cluster.get("/state")["nodes"].clone();
    let pids: Vec<u32> = nodes.as_array().expect("nodes").iter().map(|n| n["pid"].as_u64().expect("pid") as u32).collect();
    assert!(pids.iter().all(|pid| lives(*pid)));
    cluster.supervisor.kill().expect("killed");
    all_gone(&pids);
}

#[test]
fn the_cluster_ends_with_its_parent() {
    // Its stdin is /dev/null, so that only the parent's death can end it.
    let mut shell = Command::new("sh")
        .args(["-c", "\"$0\" --nodes 2 </dev/null & wait", BINARY])
        .stdout(Stdio::piped())
        .spawn()
        .expect("a shell");
    let mut line = String::new();
    BufReader::new(shell.stdout.take().expect("stdout")).read_line(&mut line).expect("the JSON line");
    let line: Value = serde_json::from_str(&line).expect("the JSON line");
    let mut pids: Vec<u32> = [0, 1].map(|i| line["nodes"][i]["pid"].as_u64().expect("pid") as u32).to_vec();
    let supervisor = parent_of(pids[0]);
    assert_eq!(parent_of(supervisor), shell.id());
    pids.push(supervisor);
    shell.kill().expect("killed");
    shell.wait().expect("waited");
    all_gone(&pids);
}

#[test]
fn the_cluster_ends_when_stdin_is_closed_and_leaves_no_files() {
    let mut cluster = Cluster::start(&["--nodes", "2", "--https"]);
    let directory = Path::new(cluster.line["ca_file"].as_str().expect("a file")).parent().expect("a directory").to_owned();
    assert!(directory.is_dir());
    let pids = cluster.pids();
    cluster.close_stdin();
    let ended = cluster.supervisor.wait().expect("waited");
    assert!(ended.success());
    all_gone(&pids);
    assert!(!directory.exists());
}

#[test]
fn the_cluster_ends_on_sigterm() {
    let mut cluster = Cluster::start(&["--nodes", "2"]);
    let pids = cluster.pids();
    let supervisor = rustix::process::Pid::from_child(&cluster.supervisor);
    rustix::process::kill_process(supervisor, rustix::process::Signal::TERM).expect("sent");
    assert!(cluster.supervisor.wait().expect("waited").success());
    all_gone(&pids);
}

#[test]
fn without_the_parent_check_a_closed_stdin_means_nothing() {
    let mut cluster = Cluster::start(&["--nodes", "1", "--no-parent-check"]);
    cluster.close_stdin();
    // It reacts within milliseconds where it does react, and this takes many of them.
    for _ in 0..3 {
        assert_eq!(cluster.post("/nodes/0/restart", json!({}))["state"], "up");
    }
    assert!(cluster.supervisor.try_wait().expect("asked").is_none());
    cluster.supervisor.kill().expect("killed");
}

#[test]
fn a_port_in_use_is_a_clear_error() {
    let address = Cluster::start(&["--nodes", "1"]).node(0).address;
    let _taken = std::net::TcpListener::bind((address.as_str(), 8043)).expect("a port");
    let subnet = address.rsplit_once('.').expect("an address").0;
    let output = Command::new(BINARY).args(["--subnet", subnet, "--port", "8043"]).output().expect("run");
    assert!(!output.status.success());
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(complaint.contains(&format!("cannot listen on {address}:8043")), "{complaint}");
}
