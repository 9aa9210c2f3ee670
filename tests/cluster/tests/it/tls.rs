use super::support::{Answer, Cluster, config, send, text};
use serde_json::json;
use std::fs;
use ureq::tls::{Certificate, ClientCert, PrivateKey, RootCerts, TlsConfig};

/// A client that trusts the CA in `trusted`, with or without the client certificate.
fn agent(cluster: &Cluster, trusted: &str, with_certificate: bool) -> ureq::Agent {
    let pem = |name: &str| fs::read(text(&cluster.line[name])).expect("a file");
    let roots = vec![Certificate::from_pem(&pem(trusted)).expect("a certificate")];
    let client = with_certificate.then(|| {
        let chain = [Certificate::from_pem(&pem("client_cert")).expect("a certificate")];
        ClientCert::new_with_certs(&chain, PrivateKey::from_pem(&pem("client_key")).expect("a key"))
    });
    let tls = TlsConfig::builder().root_certs(RootCerts::new_with_certs(&roots)).client_cert(client).build();
    config().tls_config(tls).build().new_agent()
}

fn health(cluster: &Cluster, index: usize, trusted: &str, with_certificate: bool) -> Result<Answer, ureq::Error> {
    send(&agent(cluster, trusted, with_certificate), "GET", &format!("{}/", cluster.node(index).url), &[], b"")
}

#[test]
fn each_node_has_a_certificate_for_its_address() {
    let cluster = Cluster::start(&["--https"]);
    assert_eq!(cluster.line["scheme"], "https");
    for index in 0..3 {
        assert_eq!(health(&cluster, index, "ca_file", false).expect("trusted").status, 200);
        assert!(health(&cluster, index, "untrusted_ca_file", false).is_err());
    }
    assert!(cluster.node(0).try_call("ListTables", &json!({})).is_err(), "no trust without the CA");
}

#[test]
fn mtls_refuses_those_without_a_certificate() {
    let cluster = Cluster::start(&["--nodes", "1", "--mtls", "--auth", "enforce"]);
    assert!(health(&cluster, 0, "ca_file", false).is_err());
    assert_eq!(health(&cluster, 0, "ca_file", true).expect("welcome").status, 200);
    // The certificate says who it is; no signature is asked for on top.
    let url = format!("{}/", cluster.node(0).url);
    let headers = [("x-amz-target", "DynamoDB_20120810.ListTables")];
    let listed = send(&agent(&cluster, "ca_file", true), "POST", &url, &headers, b"{}").expect("welcome");
    assert_eq!(listed.status, 200, "{}", listed.text());
}

#[test]
fn a_node_can_show_a_bad_certificate() {
    let cluster = Cluster::start(&["--nodes", "2", "--https"]);
    for (kind, complaint) in
        [("tls_expired", "expired"), ("tls_wrong_name", "not valid for name"), ("tls_untrusted", "UnknownIssuer")]
    {
        cluster.add_fault(0, json!({ "kind": kind }));
        let error = format!("{:?}", health(&cluster, 0, "ca_file", false).expect_err(kind));
        assert!(error.to_lowercase().contains(&complaint.to_lowercase()) || error.contains("NotValidForName"), "{kind}: {error}");
        assert_eq!(health(&cluster, 1, "ca_file", false).expect("the other node is well").status, 200);
        cluster.clear_faults(0);
        assert_eq!(health(&cluster, 0, "ca_file", false).expect("well again").status, 200);
    }
    cluster.add_fault(0, json!({ "kind": "tls_untrusted", "count": 1 }));
    assert_eq!(health(&cluster, 0, "untrusted_ca_file", false).expect("its own CA knows it").status, 200);
    assert_eq!(health(&cluster, 0, "ca_file", false).expect("once only").status, 200);
}

#[test]
fn sessions_are_resumed_only_with_tickets() {
    for (arguments, resumed) in [(&["--nodes", "1", "--https", "--tls-tickets"][..], 1), (&["--nodes", "1", "--https"], 0)] {
        let cluster = Cluster::start(arguments);
        let agent = agent(&cluster, "ca_file", false);
        for _ in 0..2 {
            let answer = send(&agent, "GET", &format!("{}/", cluster.node(0).url), &[("connection", "close")], b"");
            assert_eq!(answer.expect("trusted").status, 200);
        }
        let connections = cluster.get("/counters")["nodes"][0]["connections"].clone();
        assert_eq!((&connections["tls_resumed"], &connections["tls_full"]), (&json!(resumed), &json!(2 - resumed)));
    }
}
