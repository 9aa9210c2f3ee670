//! Signed by AWS's own signer, verified by the nodes.

use super::support::{Answer, Cluster, Node};
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use flate2::Compression;
use flate2::read::GzEncoder;
use serde_json::json;
use std::io::Read;
use std::time::{Duration, SystemTime};

struct Signer<'a> {
    access_key: &'a str,
    secret_key: &'a str,
    host: String,
    time: SystemTime,
}

impl Signer<'_> {
    fn for_node(node: &Node) -> Self {
        let host = node.url.trim_start_matches("http://").to_owned();
        Signer { access_key: "alternator", secret_key: "secret", host, time: SystemTime::now() }
    }

    fn headers(&self, operation: &str, body: &[u8]) -> Vec<(String, String)> {
        let identity = Credentials::new(self.access_key, self.secret_key, None, None, "test").into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region("anywhere")
            .name("dynamodb")
            .time(self.time)
            .settings(SigningSettings::default())
            .build()
            .expect("parameters")
            .into();
        let target = format!("DynamoDB_20120810.{operation}");
        let signed = [("host", self.host.as_str()), ("x-amz-target", &target), ("content-type", "application/x-amz-json-1.0")];
        let url = format!("http://{}/", self.host);
        let signable = SignableRequest::new("POST", &url, signed.into_iter(), SignableBody::Bytes(body)).expect("signable");
        let (instructions, _) = sign(signable, &parameters).expect("signed").into_parts();
        let mut headers: Vec<_> = instructions.headers().map(|(k, v)| (k.to_owned(), v.to_owned())).collect();
        headers.push(("host".into(), self.host.clone()));
        headers
    }
}

fn send(node: &Node, headers: &[(String, String)], body: &[u8]) -> Answer {
    let headers: Vec<_> = headers.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    node.send("ListTables", &headers, body).expect("an answer")
}

fn kind(answer: &Answer) -> String {
    let (status, kind) = answer.error();
    assert_eq!(status, 400);
    kind
}

fn enforcing() -> Cluster {
    Cluster::start(&["--nodes", "2", "--auth", "enforce"])
}

#[test]
fn a_good_signature_is_accepted_and_bound_to_no_node() {
    let cluster = enforcing();
    let headers = Signer::for_node(&cluster.node(0)).headers("ListTables", b"{}");
    assert_eq!(send(&cluster.node(0), &headers, b"{}").status, 200);
    // The same bytes to another node, with the Host that was signed.
    assert_eq!(send(&cluster.node(1), &headers, b"{}").status, 200);
}

#[test]
fn bad_signatures_are_refused_each_in_its_way() {
    let cluster = enforcing();
    let node = cluster.node(0);
    let good = || Signer::for_node(&node);
    let answer = |signer: Signer| kind(&send(&node, &signer.headers("ListTables", b"{}"), b"{}"));
    let minutes = |n: u64| Duration::from_secs(60 * n);
    assert_eq!(answer(Signer { secret_key: "wrong", ..good() }), "UnrecognizedClientException");
    assert_eq!(answer(Signer { access_key: "nobody", ..good() }), "UnrecognizedClientException");
    assert_eq!(answer(Signer { time: SystemTime::now() - minutes(16), ..good() }), "InvalidSignatureException");
    assert_eq!(answer(Signer { time: SystemTime::now() + minutes(16), ..good() }), "InvalidSignatureException");
    assert_eq!(
        send(&node, &Signer { time: SystemTime::now() - minutes(14), ..good() }.headers("ListTables", b"{}"), b"{}").status,
        200
    );
    assert_eq!(kind(&send(&node, &good().headers("ListTables", b"{}"), b"{\"Limit\":1}")), "UnrecognizedClientException");
    assert_eq!(kind(&send(&node, &good().headers("DeleteTable", b"{}"), b"{}")), "UnrecognizedClientException");
    assert_eq!(kind(&node.call("ListTables", &json!({}))), "MissingAuthenticationTokenException");
}

#[test]
fn the_signature_covers_the_compressed_bytes() {
    let cluster = enforcing();
    let node = cluster.node(0);
    let mut zipped = Vec::new();
    GzEncoder::new(&b"{}"[..], Compression::default()).read_to_end(&mut zipped).expect("compressed");
    let encoding = ("content-encoding".to_owned(), "gzip".to_owned());

    let mut over_compressed = Signer::for_node(&node).headers("ListTables", &zipped);
    over_compressed.push(encoding.clone());
    assert_eq!(send(&node, &over_compressed, &zipped).status, 200);

    let mut over_plain = Signer::for_node(&node).headers("ListTables", b"{}");
    over_plain.push(encoding);
    assert_eq!(kind(&send(&node, &over_plain, &zipped)), "UnrecognizedClientException");
}

#[test]
fn authorization_can_be_switched_while_running() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let node = cluster.node(0);
    assert_eq!(node.call("ListTables", &json!({})).status, 200);
    let wrong = Signer { secret_key: "wrong", ..Signer::for_node(&node) }.headers("ListTables", b"{}");
    assert_eq!(send(&node, &wrong, b"{}").status, 200);
    cluster.post("/settings", json!({ "auth": "enforce" }));
    assert_eq!(kind(&send(&node, &wrong, b"{}")), "UnrecognizedClientException");
    // The unauthenticated routes stay open.
    assert_eq!(node.get("/").status, 200);
    assert_eq!(node.localnodes("").len(), 1);
    cluster.post("/settings", json!({ "auth": "off" }));
    assert_eq!(send(&node, &wrong, b"{}").status, 200);
}

#[test]
fn a_skewed_clock_refuses_what_is_good_elsewhere() {
    let cluster = enforcing();
    let headers = Signer::for_node(&cluster.node(0)).headers("ListTables", b"{}");
    cluster.add_fault(0, json!({ "kind": "clock_skew", "ms": 20 * 60 * 1000 }));
    assert_eq!(kind(&send(&cluster.node(0), &headers, b"{}")), "InvalidSignatureException");
    assert_eq!(send(&cluster.node(1), &headers, b"{}").status, 200);
    cluster.clear_faults(0);
    assert_eq!(send(&cluster.node(0), &headers, b"{}").status, 200);
}
