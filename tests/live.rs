//! Discovery and health against a local cluster of real processes: killed, stopped, lying, silent.

#[path = "live/cluster.rs"]
mod cluster;

use std::collections::HashSet;
use std::time::{Duration, Instant};

use alternator_lb::{Balancer, Config, NodeId, Outcome, Status};
use serde_json::json;

use cluster::{Cluster, until};

const SECOND: Duration = Duration::from_secs(1);

fn balancer(options: &[(&str, &str)]) -> Balancer {
    let mut config = Config::default();
    for (key, value) in options {
        config.set(key, value).expect("a valid option");
    }
    Balancer::new(config).expect("a valid configuration")
}

fn hosts(balancer: &Balancer) -> Vec<String> {
    let mut hosts: Vec<String> =
        balancer.nodes().iter().map(|id| balancer.node(*id).expect("listed").address.host.to_string()).collect();
    hosts.sort();
    hosts
}

fn id_of(balancer: &Balancer, host: &str) -> NodeId {
    let found = balancer.nodes().into_iter().find(|id| balancer.node(*id).expect("listed").address.host.to_string() == host);
    found.unwrap_or_else(|| panic!("{host} is not listed"))
}

fn events(balancer: &Balancer) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut cursor = 0;
    while let Some(event) = balancer.event_after(cursor) {
        cursor = event.sequence;
        found.push((event.kind.name().to_owned(), event.reason));
    }
    found
}

/// Picks as a program does that reports truly: refused by nodes that are down.
fn pick_and_report(balancer: &Balancer, down: &[NodeId]) -> NodeId {
    let node = balancer.next_node().expect("a node");
    let outcome = if down.contains(&node) { Outcome::Refused } else { Outcome::Success };
    balancer.report(node, outcome, 500).expect("a known node");
    node
}

#[test]
fn one_seed_is_enough_to_find_the_cluster_without_a_thread() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let balancer = balancer(&[("seeds", &cluster.address(1))]);
    assert_eq!(hosts(&balancer), [cluster.address(1)], "no I/O before it is asked for");
    // The first pick goes to the seed and then refreshes.
    balancer.next_node().expect("the seed");
    assert_eq!(hosts(&balancer), cluster.addresses());
    let picked: HashSet<NodeId> = (0..200).filter_map(|_| balancer.next_node()).collect();
    assert_eq!(picked.len(), 3);
    assert!(events(&balancer).contains(&("refreshed".into(), "the first list".into())));
}

#[test]
fn a_seed_name_is_looked_up_and_each_of_its_addresses_asked() {
    let cluster = Cluster::start(&["--nodes", "1", "--subnet", "127.0.0", "--engine", "canned"]);
    // localhost is 127.0.0.1, where nobody listens at this port, and perhaps ::1: the reason names the address that was asked.
    let balancer = balancer(&[("seeds", "localhost:8001"), ("refresh.mode", "manual")]);
    let error = balancer.refresh(5 * SECOND).expect_err("nobody listens");
    assert_eq!(error.status, Status::Unreachable);
    assert!(error.message.contains("refused"), "{error}");
    assert_eq!((error.os_errno, error.http_status), (libc::ECONNREFUSED, 0));
    assert!(events(&balancer).iter().any(|(kind, _)| kind == "ask_failed"));
    drop(cluster);
    let unknown = self::balancer(&[("seeds", "no-such-host.invalid"), ("refresh.mode", "manual")]);
    let error = unknown.refresh(20 * SECOND).expect_err("no such name");
    assert!(error.message.contains("could not be looked up"), "{error}");
}

#[test]
fn useless_answers_leave_the_last_list_and_tell_why() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    let balancer = balancer(&[("seeds", &cluster.address(0)), ("refresh.mode", "manual")]);
    balancer.refresh(5 * SECOND).expect("a healthy cluster");
    let listed = hosts(&balancer);
    for (answer, reason) in [
        (json!({"status": 500, "body": "[]"}), "status 500"),
        (json!({"status": 200, "body": "<html>hello</html>"}), "not a JSON array"),
        (json!({"status": 200, "body": "[\"127.0.0.1\", \"127"}), "not a JSON array"),
        (json!({"generate": "huge_body", "bytes": 104_857_600}), "1048576 are accepted"),
        (json!({"generate": "million_entries", "entries": 1_000_000}), "1048576 are accepted"),
        (json!({"generate": "deep_nesting", "depth": 10_000}), "not a JSON array"),
        (json!({"nodes": []}), "not even itself"),
        (json!({"generate": "redirect", "location": "http://127.0.0.1:1/"}), "redirects"),
        (json!({"generate": "garbage"}), "not a JSON array"),
        (json!({"generate": "stall"}), "2000 ms"),
        (json!({"generate": "drip", "interval_ms": 500}), "2000 ms"),
    ] {
        cluster.post("/nodes/0/localnodes", &answer);
        let start = Instant::now();
        let error = balancer.refresh(10 * SECOND).expect_err("a useless answer");
        assert!(start.elapsed() < 3 * SECOND, "{answer}: {:?}", start.elapsed());
        assert_eq!(error.status, Status::Unreachable, "{answer}: {error}");
        assert!(error.message.contains(reason), "{answer}: {error}");
        if let Some(status) = answer["status"].as_i64() {
            assert_eq!(i64::from(error.http_status), status, "{error}");
        }
        assert_eq!(hosts(&balancer), listed, "{answer}");
        let told = events(&balancer);
        assert!(told.iter().any(|(kind, why)| kind == "refresh_failed" && why.contains(reason)), "{answer}: {told:?}");
    }
    // Oddities that do not spoil an answer.
    let uuid = "8f0a1bd2-0f8c-4d0e-9c5e-0123456789ab";
    cluster.post("/nodes/0/localnodes", &json!({"nodes": [cluster.address(0), cluster.address(0), uuid, "::1"]}));
    balancer.refresh(5 * SECOND).expect("a usable answer");
    assert_eq!(hosts(&balancer), [cluster.address(0), "[::1]".to_owned()]);
    assert!(events(&balancer).iter().any(|(kind, why)| kind == "entries_skipped" && why.contains("1 entries")));
}

#[test]
fn the_generation_word_moves_when_refreshes_begin_to_fail() {
    let balancer = balancer(&[("seeds", "127.0.0.1:1"), ("refresh.mode", "manual")]);
    let generation = || balancer.generation().load(std::sync::atomic::Ordering::Relaxed);
    let before = generation();
    balancer.refresh(5 * SECOND).expect_err("nobody listens");
    let failing = generation();
    assert_ne!(failing, before, "whoever watches the word reads the event");
    balancer.refresh(5 * SECOND).expect_err("nobody listens");
    assert_eq!(generation(), failing, "once is enough");
}

#[test]
fn a_hung_seed_delays_the_first_refresh_by_one_stall_and_later_ones_not_at_all() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    cluster.signal(0, "stop");
    let seeds = format!("{},{}", cluster.address(0), cluster.address(1));
    let balancer = balancer(&[("seeds", &seeds), ("refresh.mode", "manual"), ("scope", "dc:dc1")]);
    let start = Instant::now();
    balancer.refresh(5 * SECOND).expect("the other seed answers");
    assert!(start.elapsed() < Duration::from_millis(1500), "no patience for the hung one: {:?}", start.elapsed());
    assert_eq!(hosts(&balancer), cluster.addresses());
    let mut slow = 0;
    for _ in 0..10 {
        let start = Instant::now();
        balancer.refresh(5 * SECOND).expect("two nodes answer");
        slow += u32::from(start.elapsed() > Duration::from_millis(240));
    }
    assert!(slow <= 2, "the hung node was waited for {slow} times");
}

#[test]
fn a_silent_node_costs_an_inline_pick_no_more_than_its_budget() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    cluster.signal(0, "stop");
    let balancer = balancer(&[("seeds", &cluster.address(0)), ("refresh.inline_budget_ms", "200")]);
    let mut longest = Duration::ZERO;
    let end = Instant::now() + 3 * SECOND;
    while Instant::now() < end {
        let start = Instant::now();
        balancer.next_node().expect("the seed");
        longest = longest.max(start.elapsed());
    }
    assert!(longest >= Duration::from_millis(150), "a refresh was tried: {longest:?}");
    assert!(longest < Duration::from_millis(1000), "far below the two seconds of patience: {longest:?}");
}

#[test]
fn a_killed_node_is_set_aside_and_comes_back_by_a_probe_alone() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let balancer = balancer(&[("seeds", &cluster.address(0)), ("health.eject_base_ms", "100"), ("refresh.active_ms", "100")]);
    balancer.refresh(5 * SECOND).expect("a healthy cluster");
    let victim = id_of(&balancer, &cluster.address(2));
    cluster.signal(2, "kill");
    until("the victim is refused once", || pick_and_report(&balancer, &[victim]) == victim || balancer.is_set_aside(victim));
    assert!(balancer.is_set_aside(victim));
    assert!(balancer.is_listed(victim), "the others still list it");
    // From here on no pick goes there while it is down, however long it takes; then a probe brings it back.
    let mut picks = 0;
    let end = Instant::now() + SECOND;
    while Instant::now() < end {
        assert_ne!(balancer.next_node(), Some(victim));
        picks += 1;
    }
    assert!(picks > 1000);
    cluster.signal(2, "restart");
    until("a probe brings it back", || {
        balancer.next_node();
        !balancer.is_set_aside(victim)
    });
    until("it is picked again", || balancer.next_node() == Some(victim));
    let kinds: Vec<String> = events(&balancer).into_iter().map(|(kind, _)| kind).collect();
    let aside = kinds.iter().position(|kind| kind == "node_set_aside").expect("set aside");
    assert!(kinds[aside..].iter().any(|kind| kind == "node_back"), "{kinds:?}");
}

#[test]
fn an_outage_of_the_whole_cluster_and_its_return_heal_without_help() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let balancer = balancer(&[("seeds", &cluster.address(0)), ("health.eject_base_ms", "100"), ("refresh.active_ms", "100")]);
    balancer.refresh(5 * SECOND).expect("a healthy cluster");
    let all = balancer.nodes();
    for node in 0..3 {
        cluster.signal(node, "kill");
    }
    until("one node is set aside, never more than half", || {
        pick_and_report(&balancer, &all);
        all.iter().filter(|id| balancer.is_set_aside(**id)).count() == 1
    });
    until("a refresh has failed", || {
        pick_and_report(&balancer, &all);
        events(&balancer).iter().any(|(kind, _)| kind == "refresh_failed")
    });
    assert_eq!(hosts(&balancer), cluster.addresses(), "the last good list stays");
    for node in 0..3 {
        cluster.signal(node, "restart");
    }
    until("all are in use again", || {
        pick_and_report(&balancer, &[]);
        all.iter().all(|id| !balancer.is_set_aside(*id))
    });
    until("the refresh works again", || {
        balancer.next_node();
        events(&balancer).iter().any(|(kind, why)| kind == "refreshed" && why.contains("failed rounds"))
    });
}

#[test]
fn the_list_follows_the_cluster_when_its_only_seed_is_gone() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned", "--gossip-delay-ms", "100"]);
    let balancer = balancer(&[("seeds", &cluster.address(0)), ("refresh.active_ms", "100")]);
    balancer.refresh(5 * SECOND).expect("a healthy cluster");
    cluster.signal(0, "kill");
    let added = cluster.post("/nodes", &json!({}))["address"].as_str().expect("an address").to_owned();
    until("the new node is listed and the dead seed is not", || {
        balancer.next_node();
        hosts(&balancer) == [cluster.address(1), cluster.address(2), added.clone()]
    });
}

#[test]
fn the_thread_mode_refreshes_by_itself_and_ends_with_the_handle() {
    let threads = || std::fs::read_dir("/proc/self/task").expect("Linux").count();
    let named = || {
        std::fs::read_dir("/proc/self/task")
            .expect("Linux")
            .filter_map(|task| std::fs::read_to_string(task.ok()?.path().join("comm")).ok())
            .filter(|name| name.trim() == "alternator-lb")
            .count()
    };
    assert!(threads() >= 1);
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let before = named();
    let balancer = balancer(&[("seeds", &cluster.address(0)), ("refresh.mode", "thread")]);
    until("the thread finds the nodes", || hosts(&balancer).len() == 3);
    assert_eq!(named(), before + 1);
    drop(balancer);
    until("the thread ends with the handle", || named() == before);
}

#[test]
fn racks_are_followed_with_fall_back_and_return() {
    let topology = "dc1/r1,dc1/r2,dc2/r1";
    let cluster = Cluster::start(&["--nodes", "3", "--topology", topology, "--engine", "canned", "--gossip-delay-ms", "50"]);
    let balancer =
        balancer(&[("seeds", &cluster.address(1)), ("scope", "rack:dc1/r1>dc:dc1>cluster"), ("refresh.active_ms", "100")]);
    balancer.refresh(5 * SECOND).expect("a healthy cluster");
    assert_eq!(hosts(&balancer), [cluster.address(0)]);
    balancer.check_scope(5 * SECOND).expect("all known");
    assert!(balancer.scope_supported(5 * SECOND).expect("an answer"));
    cluster.signal(0, "kill");
    until("the datacenter serves", || {
        balancer.next_node();
        hosts(&balancer) == [cluster.address(1)]
    });
    cluster.signal(0, "restart");
    until("the rack serves again", || {
        balancer.next_node();
        hosts(&balancer) == [cluster.address(0)]
    });
    let told = events(&balancer);
    let position = |kind: &str| told.iter().position(|(found, _)| found == kind).unwrap_or_else(|| panic!("no {kind}: {told:?}"));
    assert!(position("fell_back") < position("returned"));
    // The seed, in another rack.
    assert_eq!(told[position("node_left")].1, "a seed, and not of the scope");
    let both = self::balancer(&[("seeds", &format!("{},{}", cluster.address(0), cluster.address(2)))]);
    both.refresh(5 * SECOND).expect("both datacenters");
    assert_eq!(hosts(&both), cluster.addresses(), "the cluster scope unites the datacenters of the seeds");
}

#[test]
fn unknown_racks_and_old_servers_are_told_apart() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    let unknown = balancer(&[("seeds", &cluster.address(0)), ("scope", "rack:dc1/nowhere>dc:dc1")]);
    let error = unknown.check_scope(5 * SECOND).expect_err("no such rack");
    assert_eq!(error.status, Status::ScopeUnknown);
    assert!(error.message.contains("rack:dc1/nowhere"), "{error}");
    cluster.post("/settings", &json!({"old_server": true}));
    assert!(!unknown.scope_supported(5 * SECOND).expect("an answer"));
    let error = unknown.check_scope(5 * SECOND).expect_err("an old server");
    assert_eq!(error.status, Status::Unsupported);
    cluster.signal(0, "kill");
    cluster.signal(1, "kill");
    let error = unknown.check_scope(SECOND).expect_err("nobody answers");
    assert_eq!(error.status, Status::Unreachable);
}

#[test]
fn https_is_verified_unless_told_otherwise() {
    let cluster = Cluster::start(&["--nodes", "2", "--https", "--mtls", "--engine", "canned"]);
    let (ca, cert, key) = (cluster.text("ca_file"), cluster.text("client_cert"), cluster.text("client_key"));
    let wrong_ca = cluster.text("untrusted_ca_file");
    let base = [("seeds", cluster.address(0)), ("scheme", "https".into()), ("refresh.mode", "manual".into())];
    let mine = [("tls.cert_file", cert), ("tls.key_file", key)];
    let with = |more: &[(&str, String)]| {
        let options: Vec<(&str, &str)> = base.iter().chain(more).map(|(key, value)| (*key, value.as_str())).collect();
        balancer(&options)
    };
    let own = with(&[&mine[..], &[("tls.ca_file", ca.clone())]].concat());
    own.refresh(5 * SECOND).expect("trusted both ways");
    assert_eq!(hosts(&own), cluster.addresses());
    let error = with(&[&mine[..], &[("tls.ca_file", wrong_ca)]].concat()).refresh(5 * SECOND).expect_err("another CA");
    assert!(error.message.to_lowercase().contains("unknown"), "{error}");
    with(&[&mine[..], &[("tls.verify", "none".into())]].concat()).refresh(5 * SECOND).expect("nothing is verified");
    let error = with(&[("tls.ca_file", ca)]).refresh(5 * SECOND).expect_err("no client certificate");
    assert!(error.message.to_lowercase().contains("certificate"), "{error}");
}
