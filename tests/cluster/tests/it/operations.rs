use super::support::{Cluster, Node, read_all};
use flate2::Compression;
use flate2::read::{GzDecoder, GzEncoder, ZlibDecoder, ZlibEncoder};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::time::Duration;

const LIMIT: usize = 16 * 1024 * 1024;

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    GzEncoder::new(body, Compression::default()).read_to_end(&mut out).expect("compressed");
    out
}

fn json_from(inflating: impl Read) -> Value {
    serde_json::from_reader(inflating).expect("JSON inside")
}

/// A table with an item that makes a Query answer some `bytes` long.
fn table_with_large_item(node: &Node, bytes: usize) {
    node.create_table("large");
    let item = json!({ "TableName": "large", "Item": { "pk": { "S": "a" }, "v": { "S": "x".repeat(bytes) } } });
    assert_eq!(node.call("PutItem", &item).status, 200);
}

#[test]
fn all_nodes_share_one_store() {
    let cluster = Cluster::start(&[]);
    cluster.node(0).create_table("people");
    let key = json!({ "pk": { "S": "alice" } });
    let put = cluster.node(1).call("PutItem", &json!({ "TableName": "people", "Item": key }));
    assert_eq!((put.status, put.text().as_str()), (200, "{}"));
    let got = cluster.node(2).call("GetItem", &json!({ "TableName": "people", "Key": key }));
    assert_eq!(got.json(), json!({ "Item": key }));
    assert_eq!(got.header("content-type"), "application/x-amz-json-1.0");
    let conditional = json!({ "TableName": "people", "Item": key, "ConditionExpression": "attribute_not_exists(pk)" });
    let refused = cluster.node(0).call("PutItem", &conditional);
    assert_eq!(refused.error(), (400, "ConditionalCheckFailedException".into()));
    // The store outlives its coordinators.
    cluster.post("/nodes/2/restart", json!({}));
    assert_eq!(cluster.node(2).call("GetItem", &json!({ "TableName": "people", "Key": key })).json(), json!({ "Item": key }));
}

#[test]
fn what_is_not_served_is_told_as_alternator_does() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let node = cluster.node(0);
    let unknown = node.get("/nothing");
    assert_eq!((unknown.status, unknown.json()), (404, json!({ "message": "Not found", "code": 404 })));
    assert_eq!(node.get("/localnodes/").status, 200);
    assert_eq!(node.call("TransactWriteItems", &json!({})).error(), (400, "UnknownOperationException".into()));
    assert_eq!(node.send("GetItem", &[], b"not json").expect("an answer").error(), (400, "SerializationException".into()));
    let missing = json!({ "TableName": "missing", "Key": { "pk": { "S": "a" } } });
    assert_eq!(node.call("GetItem", &missing).error(), (400, "ResourceNotFoundException".into()));
    let endpoint = node.call("DescribeEndpoints", &json!({})).json()["Endpoints"][0]["Address"].clone();
    assert_eq!(endpoint, format!("{}:8000", node.address));
}

#[test]
fn compressed_requests_are_understood() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let node = cluster.node(0);
    node.create_table("people");
    let body = json!({ "TableName": "people", "Item": { "pk": { "S": "alice" } } }).to_string();
    let mut deflated = Vec::new();
    ZlibEncoder::new(body.as_bytes(), Compression::default()).read_to_end(&mut deflated).expect("compressed");
    let status =
        |encoding: &str, body: &[u8]| node.send("PutItem", &[("content-encoding", encoding)], body).expect("an answer").status;
    assert_eq!(status("gzip", &gzip(body.as_bytes())), 200);
    assert_eq!(status("deflate", &deflated), 200);
    assert_eq!(status("br", body.as_bytes()), 500);
    assert_eq!(status("gzip", body.as_bytes()), 500);
    assert_eq!(status("gzip", &gzip(&vec![b' '; LIMIT + 1])), 413);
    // The writes are counted by what is inside.
    assert_eq!(cluster.get("/counters")["writes"]["people"]["alice"]["0"], 2);
}

#[test]
fn large_answers_are_compressed_for_those_who_accept_it() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let node = cluster.node(0);
    table_with_large_item(&node, 5000);
    let scan = |accept: &str, operation: &str, body: &str| {
        node.send(operation, &[("accept-encoding", accept)], body.as_bytes()).expect("an answer")
    };
    let whole = r#"{"TableName":"large"}"#;
    let plain = scan("identity", "Scan", whole);
    assert_eq!(plain.header("content-encoding"), "");

    let zipped = scan("gzip, deflate", "Scan", whole);
    assert_eq!(zipped.header("content-encoding"), "gzip");
    assert!(zipped.body.len() < 1000);
    assert!(json_from(GzDecoder::new(&zipped.body[..])) == plain.json());

    let deflated = scan("gzip;q=0, deflate", "Scan", whole);
    assert_eq!(deflated.header("content-encoding"), "deflate");
    assert!(json_from(ZlibDecoder::new(&deflated.body[..])) == plain.json());

    let small = scan("gzip", "Scan", r#"{"TableName":"large","Select":"COUNT"}"#);
    assert_eq!((small.status, small.header("content-encoding")), (200, ""));
}

#[test]
fn very_large_answers_come_in_chunks() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let node = cluster.node(0);
    table_with_large_item(&node, 200_000);
    let answer = node.call("Scan", &json!({ "TableName": "large" }));
    assert_eq!((answer.header("transfer-encoding"), answer.header("content-length")), ("chunked", ""));
    assert_eq!(answer.json()["Items"][0]["v"]["S"].as_str().map(str::len), Some(200_000));
}

#[test]
fn a_body_announced_as_too_large_is_refused_unread_and_the_connection_closed() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let mut stream = cluster.node(0).connect();
    let head = format!(
        "POST / HTTP/1.1\r\nHost: there\r\nX-Amz-Target: DynamoDB_20120810.PutItem\r\nContent-Length: {}\r\n\r\n",
        LIMIT + 1
    );
    stream.write_all(head.as_bytes()).expect("sent");
    let (answer, end) = read_all(&mut stream, Duration::from_secs(5));
    let answer = String::from_utf8_lossy(&answer).into_owned();
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(answer.contains("com.amazonaws.dynamodb.v20120810#PayloadTooLarge"), "{answer}");
    assert_eq!(end, Ok(()));
}

#[test]
fn a_connection_is_kept_and_serves_requests_in_order() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let mut stream = cluster.node(0).connect();
    // Two at once; only the second asks for an end.
    stream.write_all(b"GET / HTTP/1.1\r\nHost: one\r\n\r\nGET / HTTP/1.1\r\nHost: two\r\nConnection: close\r\n\r\n").expect("sent");
    let (answers, end) = read_all(&mut stream, Duration::from_secs(5));
    let answers = String::from_utf8_lossy(&answers).into_owned();
    let first = answers.find("healthy: one").expect("the first answer");
    let second = answers.find("healthy: two").expect("the second answer");
    assert!(first < second && end == Ok(()), "{answers}");
    assert_eq!(cluster.get("/counters")["nodes"][0]["connections"]["opened"], 1);
}

#[test]
fn http2_is_not_spoken() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let mut stream = cluster.node(0).connect();
    stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").expect("sent");
    let (answer, _) = read_all(&mut stream, Duration::from_secs(5));
    assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 4"), "{}", String::from_utf8_lossy(&answer));
}

#[test]
fn canned_answers_need_no_store() {
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    let node = cluster.node(0);
    assert_eq!(node.call("Query", &json!({ "TableName": "any" })).json()["Count"], 0);
    assert_eq!(node.call("DescribeTable", &json!({ "TableName": "any" })).json()["Table"]["TableName"], "any");
    assert_eq!(node.call("PutItem", &json!({ "TableName": "any", "Item": { "pk": { "S": "a" } } })).json(), json!({}));
    assert_eq!(node.call("Nonsense", &json!({})).error(), (400, "UnknownOperationException".into()));
    assert_eq!(cluster.get("/counters")["writes"], json!({ "any": { "a": { "0": 1 } } }));
}

#[test]
fn any_server_that_speaks_dynamodb_can_be_the_engine() {
    let store = Cluster::start(&["--nodes", "1"]);
    let front = Cluster::start(&["--nodes", "2", "--engine", &store.node(0).url]);
    front.node(0).create_table("people");
    let listed = store.node(0).call("ListTables", &json!({}));
    assert_eq!(listed.json(), json!({ "TableNames": ["people"] }));
    store.post("/nodes/0/kill", json!({}));
    assert_eq!(front.node(1).call("ListTables", &json!({})).error(), (500, "InternalServerError".into()));
}
