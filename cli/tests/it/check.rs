//! `alb check`: each question has its trouble, and each trouble its fix.

use serde_json::{Value, json};

use super::support::{Cluster, alb, alb_with, json, stdout, text};

/// The verdict on a question, its sentence, and its fix.
fn finding(told: &Value, question: &str) -> (String, String, String) {
    let findings = told["findings"].as_array().expect("findings");
    let found = findings.iter().find(|finding| finding["question"] == question);
    let found = found.unwrap_or_else(|| panic!("{question} is not in {told}"));
    (text(&found["verdict"]), text(&found["sentence"]), text(&found["fix"]))
}

/// Asserts the verdict, a part of the sentence and one of the fix.
fn assert_finding(told: &Value, question: &str, verdict: &str, sentence: &str, fix: &str) {
    let (found, why, what) = finding(told, question);
    assert!(found == verdict && why.contains(sentence) && what.contains(fix), "{question}: {found}: {why} → {what}");
}

#[test]
fn a_healthy_cluster_is_good_all_over() {
    let cluster = Cluster::start(&["--nodes", "3", "--auth", "enforce"]);
    let credentials = [("AWS_ACCESS_KEY_ID", "alternator"), ("AWS_SECRET_ACCESS_KEY", "secret")];
    let output = alb_with(&["check", &cluster.address(0), "--scope", "rack:dc1/r1>dc:dc1", "--json"], &credentials);
    let told = json(&output, 0);
    assert_eq!(told["good"], true);
    for question in ["seeds", "tls", "list", "nodes", "scope support", "scope", "clock", "signature"] {
        assert_eq!(finding(&told, question).0, "good", "{question}: {told}");
    }
    let shown = stdout(&alb_with(&["check", &cluster.address(0)], &credentials), 0);
    assert!(shown.contains("good  signature: A signed request is accepted, one with a wrong secret is not."), "{shown}");
    assert!(!shown.contains("secret\n") && !shown.contains("→"), "{shown}");
}

#[test]
fn signatures_are_looked_into() {
    let enforcing = Cluster::start(&["--nodes", "1", "--auth", "enforce"]);
    let check = |cluster: &Cluster, key: &str, secret: &str, code: i32| {
        let variables = [("AWS_ACCESS_KEY_ID", key), ("AWS_SECRET_ACCESS_KEY", secret)];
        json(&alb_with(&["check", &cluster.address(0), "--json"], &variables), code)
    };
    assert_finding(&check(&enforcing, "", "", 1), "signature", "bad", "want signed requests", "AWS_ACCESS_KEY_ID");
    assert_finding(&check(&enforcing, "alternator", "wrong", 1), "signature", "bad", "secret is wrong", "salted_hash");
    assert_finding(&check(&enforcing, "nobody", "secret", 1), "signature", "bad", "key or its secret", "role");
    enforcing.post("/nodes/0/faults", &json!({"kind": "clock_skew", "ms": 3_600_000}));
    assert_finding(&check(&enforcing, "alternator", "secret", 1), "signature", "bad", "signature is refused", "clock");

    let open = Cluster::start(&["--nodes", "1"]);
    assert_finding(
        &check(&open, "alternator", "wrong", 0),
        "signature",
        "doubtful",
        "check no signatures",
        "enforce_authorization",
    );
    assert_finding(&check(&open, "", "", 0), "signature", "doubtful", "unsigned request is accepted", "enforce_authorization");
}

#[test]
fn nodes_and_seeds_in_trouble_are_named() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned", "--gossip-delay-ms", "600000"]);
    cluster.act(2, "kill");
    let seeds = format!("{},{}", cluster.address(0), cluster.address(2));
    let told = json(&alb(&["check", &seeds, "--json"]), 1);
    assert_finding(&told, "seeds", "doubtful", &cluster.address(2), "One is enough");
    assert_finding(&told, "nodes", "bad", "1 of 3 nodes", "set such nodes aside");
    let told = json(&alb(&["check", "127.0.0.1:1", "--json"]), 1);
    assert_finding(&told, "seeds", "bad", "None of the seeds", "--port");
    assert_finding(&told, "list", "bad", "no list of nodes", "--port");
    assert_eq!(finding(&told, "signature").0, "skipped");
    let told = json(&alb(&["check", "no-such-host.invalid", "--json"]), 1);
    assert_finding(&told, "seeds", "bad", "could not be looked up", "addresses");
}

#[test]
fn scopes_are_checked_as_far_as_the_servers_can_tell() {
    let cluster = Cluster::start(&["--nodes", "2", "--engine", "canned"]);
    let told = json(&alb(&["check", &cluster.address(0), "--scope", "dc:DC1>cluster", "--json"]), 1);
    assert_finding(&told, "scope", "bad", "dc:DC1", "nodetool status");
    let told = json(&alb(&["check", &cluster.address(0), "--scope", "dc:nope", "--json"]), 1);
    assert_finding(&told, "list", "bad", "name is wrong", "nodetool status");
    let old = Cluster::start(&["--nodes", "2", "--engine", "canned", "--old-server"]);
    let told = json(&alb(&["check", &old.address(0), "--json"]), 0);
    assert_finding(&told, "scope support", "doubtful", "2025.1", "Leave the scope at cluster");
    let told = json(&alb(&["check", &old.address(0), "--scope", "dc:dc1", "--json"]), 1);
    assert_finding(&told, "scope support", "bad", "2025.1", "Leave the scope at cluster");
}

#[test]
fn tls_is_explained() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned", "--https"]);
    let (seed, ca, other_ca) = (cluster.address(0), cluster.file("ca_file"), cluster.file("untrusted_ca_file"));
    let check = |arguments: &[&str], code: i32| json(&alb(&[&["check", &seed, "--json"], arguments].concat()), code);
    assert_finding(&check(&["--https", "--ca", &ca], 0), "tls", "good", "certificate is good", "");
    assert_finding(&check(&["--https", "--ca", &other_ca], 1), "tls", "bad", "handshake", "--ca FILE");
    assert_finding(&check(&["--https", "--set", "tls.verify=none"], 0), "tls", "doubtful", "not checked", "--ca");
    assert_finding(&check(&[], 1), "tls", "bad", "does not speak plain HTTP", "--https");
    for (fault, fix) in [("tls_expired", "renew it"), ("tls_wrong_name", "subject alternative name")] {
        let added = cluster.post("/nodes/0/faults", &json!({ "kind": fault }));
        assert!(added["id"].is_u64(), "{added}");
        assert_finding(&check(&["--https", "--ca", &ca], 1), "tls", "bad", "handshake", fix);
        cluster.delete("/nodes/0/faults");
    }
    let plain = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    let told = json(&alb(&["check", &plain.address(0), "--https", "--json"]), 1);
    assert_finding(&told, "tls", "bad", "handshake", "does not seem to speak TLS");
}

#[test]
fn a_client_s_certificate_that_is_wanted_is_asked_for() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned", "--mtls"]);
    let (seed, ca) = (cluster.address(0), cluster.file("ca_file"));
    let fixed = ["check", &seed, "--https", "--ca", &ca, "--json"];
    assert_ne!(finding(&json(&alb(&fixed), 1), "list").0, "good");
    let (cert, key) = (cluster.file("client_cert"), cluster.file("client_key"));
    let options = [format!("tls.cert_file={cert}"), format!("tls.key_file={key}")];
    let told = json(&alb(&[&fixed[..], &["--set", &options[0], "--set", &options[1]]].concat()), 0);
    assert_eq!(finding(&told, "list").0, "good", "{told}");
}
