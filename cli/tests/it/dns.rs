//! `alb dns` as resolvers see it: dig and drill ask, nodes come and go.

use std::process::Command;

use serde_json::json;

use super::support::{Cluster, Dns, NAME, alb, command, eventually, sorted, stderr};

#[test]
fn dig_and_drill_get_all_nodes_by_udp_and_tcp() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let dns = Dns::start(&cluster.address(0), &[]);
    eventually("all nodes are there", || dns.addresses() == cluster.addresses());
    let whole = dns.dig(NAME);
    assert!(whole.contains("status: NOERROR") && whole.contains("flags: qr aa rd;") && whole.contains("udp: 1232"), "{whole}");
    let ttl: Vec<&str> =
        whole.lines().filter(|line| line.starts_with(NAME)).filter_map(|line| line.split_whitespace().nth(1)).collect();
    assert_eq!(ttl, ["4"; 3]);
    for options in ["+tcp", "+noedns", "+tcp +keepopen", "+qr +bufsize=512", "+cookie", "+nsid", "+subnet=10.0.0.0/8"] {
        let told = dns.dig(&format!("{NAME} {options}"));
        assert!(cluster.addresses().iter().all(|address| told.contains(address)), "{options}: {told}");
    }
    let server = format!("@{}", dns.address.ip());
    for protocol in ["-u", "-t"] {
        let output = Command::new("drill").args([protocol, "-p", &dns.address.port().to_string(), NAME, &server, "A"]).output();
        let told = String::from_utf8_lossy(&output.expect("drill: `make tools` installs it").stdout).into_owned();
        assert!(told.contains("rcode: NOERROR") && cluster.addresses().iter().all(|address| told.contains(address)), "{told}");
    }
}

#[test]
fn dig_finds_services_and_is_told_what_there_is_not() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    let dns = Dns::start(&cluster.address(0), &["--server-name", "ns.example.com"]);
    eventually("all nodes are there", || dns.addresses() == cluster.addresses());
    let services = dns.resolve(&format!("_alternator._tcp.{NAME}"), "SRV");
    assert_eq!(services.len(), 2);
    for (service, address) in services.iter().zip(cluster.addresses()) {
        let fields: Vec<&str> = service.split(' ').collect();
        assert_eq!(fields[2], "8000", "{service}");
        assert_eq!(dns.resolve(fields[3], "A"), [address]);
    }
    assert_eq!(dns.resolve(NAME, "NS"), ["ns.example.com."]);
    for (question, status, authority) in [
        (format!("{NAME} AAAA"), "NOERROR", true),
        (format!("{NAME} TXT"), "NOERROR", true),
        (format!("nothing.{NAME} A"), "NXDOMAIN", true),
        ("example.org A".to_owned(), "REFUSED", false),
        (format!("{NAME} CH A"), "REFUSED", false),
        (format!("{NAME} A +opcode=NOTIFY"), "NOTIMP", false),
        (format!("{NAME} A +edns=1 +noednsneg"), "BADVERS", false),
    ] {
        let told = dns.dig(&question);
        assert!(told.contains(&format!("status: {status}")) && told.contains("ANSWER: 0"), "{question}: {told}");
        assert_eq!(told.contains("SOA"), authority, "{question}: {told}");
    }
    assert!(dns.dig(&format!("{NAME} AXFR")).contains("Transfer failed"));
}

#[test]
fn nodes_that_die_hang_or_fail_leave_the_answer_and_come_back() {
    let cluster = Cluster::start(&["--nodes", "6", "--engine", "canned", "--gossip-delay-ms", "600000"]);
    let dns = Dns::start(&cluster.address(0), &["--look-each", "0.5"]);
    let all = cluster.addresses();
    eventually("all nodes are there", || dns.addresses() == sorted(all.clone()));
    cluster.act(1, "kill");
    cluster.act(2, "stop");
    cluster.post("/nodes/3/faults", &json!({"kind": "error", "status": 500, "path": "health"}));
    let left = sorted(vec![all[0].clone(), all[4].clone(), all[5].clone()]);
    let again = || dns.told("node_set_aside");
    let taken = eventually("the dead, the hung and the failing one are left out", || dns.addresses() == left);
    println!("a dead, a hung and a failing node have left the answers after {taken:?}");
    let told = again();
    std::thread::sleep(std::time::Duration::from_secs(3));
    assert!(told <= 3 && again() <= 3, "each is told once, however many probes fail: {}", again());
    cluster.act(1, "restart");
    cluster.act(2, "cont");
    cluster.delete("/nodes/3/faults");
    eventually("all are back", || dns.addresses() == sorted(all.clone()));
}

#[test]
fn nodes_that_join_and_leave_the_cluster_are_followed() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    let dns = Dns::start(&cluster.address(0), &[]);
    eventually("both are there", || dns.addresses() == cluster.addresses());
    let joined = cluster.post("/nodes", &json!({}));
    let joined = joined["address"].as_str().expect("an address").to_owned();
    eventually("the third has joined", || dns.addresses().contains(&joined));
    cluster.delete("/nodes/1");
    eventually("the second has left", || dns.addresses() == sorted(vec![cluster.address(0), joined.clone()]));
}

#[test]
fn the_scope_is_kept() {
    let cluster = Cluster::start(&["--nodes", "4", "--engine", "canned", "--topology", "dc1/r1,dc1/r2,dc2/r1"]);
    for (scope, nodes) in
        [("dc:dc1", vec![0, 1, 3]), ("rack:dc1/r2", vec![1]), ("dc:dc2", vec![2]), ("rack:dc1/nowhere>dc:dc2", vec![2])]
    {
        let dns = Dns::start(&cluster.addresses().join(","), &["--scope", scope]);
        let wanted: Vec<String> = nodes.into_iter().map(|node| cluster.address(node)).collect();
        eventually(scope, || dns.addresses() == sorted(wanted.clone()));
    }
}

#[test]
fn as_many_nodes_as_wanted_are_drawn() {
    let cluster = Cluster::start(&["--nodes", "5", "--engine", "canned"]);
    let dns = Dns::start(&cluster.address(0), &["--answers", "1", "--ttl", "0"]);
    let mut seen = std::collections::BTreeSet::new();
    eventually("each node has been the one", || {
        let found = dns.addresses();
        assert!(found.len() <= 1, "{found:?}");
        seen.extend(found);
        seen.len() == 5
    });
}

#[test]
fn a_cluster_that_is_not_there_is_servfail_until_it_is() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    cluster.post("/nodes/0/faults", &json!({"kind": "refuse"}));
    let dns = Dns::start(&cluster.address(0), &[]);
    let told = dns.dig(NAME);
    assert!(told.contains("status: SERVFAIL"), "{told}");
    assert!(dns.dig("example.org").contains("status: REFUSED"));
    cluster.delete("/nodes/0/faults");
    eventually("it has recovered", || dns.addresses() == cluster.addresses());
    // Once known, the last list stays.
    let failures = dns.told("refresh_failed");
    cluster.act(0, "kill");
    eventually("the cluster was asked in vain", || dns.told("refresh_failed") > failures);
    assert_eq!(dns.addresses(), cluster.addresses());
}

#[test]
fn static_lists_and_ipv6_are_served() {
    let dns = Dns::start("10.0.0.1:8001,[2001:db8::1]:8002", &["--set", "discovery=static", "--set", "health=off"]);
    eventually("both families", || dns.addresses() == ["10.0.0.1"] && dns.resolve(NAME, "AAAA") == ["2001:db8::1"]);
    let services = dns.resolve(NAME, "SRV");
    assert!(services[0].starts_with("0 0 8001 ip-10-0-0-1.") && services[1].starts_with("0 0 8002 ip6-20010db8"), "{services:?}");
}

#[test]
fn more_nodes_than_a_datagram_holds_come_by_tcp() {
    let seeds: Vec<String> = (0..200).map(|node| format!("10.0.0.{node}")).collect();
    let dns = Dns::start(&seeds.join(","), &["--set", "discovery=static", "--set", "health=off"]);
    eventually("dig goes on by TCP", || dns.addresses() == sorted(seeds.clone()));
    let cut = dns.dig(&format!("{NAME} +ignore"));
    assert!(cut.contains("flags: qr aa tc rd;"), "{cut}");
    let cut = dns.dig(&format!("{NAME} +ignore +noedns"));
    assert!(cut.contains(" tc ") && cut.contains("ANSWER: 30"), "{cut}");
}

#[test]
fn a_port_in_use_and_an_address_of_others_end_with_5() {
    let dns = Dns::start("127.0.0.1:1", &[]);
    let address = dns.address.to_string();
    let told = stderr(&alb(&["dns", "127.0.0.1:1", "--name", NAME, "--listen", &address]), 5);
    assert!(told.contains(&address) && told.contains("another program uses that port"), "{told}");
    let udp = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let address = udp.local_addr().expect("an address").to_string();
    let told = stderr(&alb(&["dns", "127.0.0.1:1", "--name", NAME, "--listen", &address]), 5);
    assert!(told.contains(&address) && told.contains("UDP"), "{told}");
    let told = stderr(&alb(&["dns", "127.0.0.1:1", "--name", NAME, "--listen", "192.0.2.1:5353"]), 5);
    assert!(told.contains("does not have that address"), "{told}");
}

#[test]
fn several_addresses_are_served_and_sigterm_ends_with_0() {
    let listen = ["--listen", "127.0.0.1:0", "--listen", "[::1]:0"];
    let mut dns = Dns::from(command(&[&["dns", "127.0.0.1:1", "--name", NAME, "--json"], &listen[..]].concat()));
    assert!(dns.dig(NAME).contains("SERVFAIL"));
    dns.signal("TERM");
    assert_eq!(dns.child.wait().expect("it ends").code(), Some(0));
}
