//! Starts clusters and talks to them.

use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::{Duration, Instant};

pub const BINARY: &str = env!("CARGO_BIN_EXE_altcluster");

/// Anything that is to happen, happens sooner than this.
pub const PATIENCE: Duration = Duration::from_secs(10);

pub struct Cluster {
    pub line: Value,
    pub supervisor: Child,
    stdin: Option<ChildStdin>,
}

impl Cluster {
    pub fn start(arguments: &[&str]) -> Self {
        let mut supervisor =
            Command::new(BINARY).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("altcluster starts");
        let stdin = supervisor.stdin.take();
        let mut line = String::new();
        BufReader::new(supervisor.stdout.take().expect("stdout is a pipe")).read_line(&mut line).expect("the JSON line");
        let line = serde_json::from_str(&line).unwrap_or_else(|e| panic!("the JSON line {line:?}: {e}"));
        Cluster { line, supervisor, stdin }
    }

    pub fn node(&self, index: usize) -> Node {
        let node = &self.line["nodes"][index];
        Node { url: text(&node["url"]), address: text(&node["address"]), port: self.line["port"].as_u64().expect("port") }
    }

    pub fn pids(&self) -> Vec<u32> {
        let nodes = self.line["nodes"].as_array().expect("nodes");
        nodes.iter().map(|node| node["pid"].as_u64().expect("pid") as u32).collect()
    }

    pub fn get(&self, path: &str) -> Value {
        self.control("GET", path, None)
    }

    pub fn post(&self, path: &str, body: Value) -> Value {
        self.control("POST", path, Some(body))
    }

    pub fn delete(&self, path: &str) -> Value {
        self.control("DELETE", path, None)
    }

    /// A control call that is expected to work.
    fn control(&self, method: &str, path: &str, body: Option<Value>) -> Value {
        let (status, answer) = self.try_control(method, path, body);
        assert_eq!(status, 200, "{method} {path}: {answer}");
        answer
    }

    pub fn try_control(&self, method: &str, path: &str, body: Option<Value>) -> (u16, Value) {
        let url = format!("{}{path}", text(&self.line["control"]));
        let body = body.map(|body| body.to_string().into_bytes()).unwrap_or_default();
        let answer = send(&agent(), method, &url, &[], &body).expect("the control API answers");
        (answer.status, serde_json::from_slice(&answer.body).expect("a JSON answer"))
    }

    pub fn add_fault(&self, index: usize, fault: Value) {
        self.post(&format!("/nodes/{index}/faults"), fault);
    }

    pub fn clear_faults(&self, index: usize) {
        self.delete(&format!("/nodes/{index}/faults"));
    }

    /// What the cluster is started for may still be listening; closing stdin ends it.
    pub fn close_stdin(&mut self) {
        self.stdin = None;
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        self.close_stdin();
        let _ = self.supervisor.wait();
    }
}

#[derive(Clone)]
pub struct Node {
    pub url: String,
    pub address: String,
    port: u64,
}

impl Node {
    pub fn socket(&self) -> SocketAddr {
        format!("{}:{}", self.address, self.port).parse().expect("an address")
    }

    pub fn get(&self, path: &str) -> Answer {
        send(&agent(), "GET", &format!("{}{path}", self.url), &[], b"").expect("an answer")
    }

    pub fn localnodes(&self, query: &str) -> Vec<String> {
        let answer = self.get(&format!("/localnodes{query}"));
        assert_eq!(answer.status, 200);
        let mut nodes: Vec<String> = serde_json::from_slice(&answer.body).expect("a list");
        nodes.sort();
        nodes
    }

    pub fn call(&self, operation: &str, body: &Value) -> Answer {
        self.try_call(operation, body).expect("an answer")
    }

    pub fn try_call(&self, operation: &str, body: &Value) -> Result<Answer, ureq::Error> {
        self.send(operation, &[], body.to_string().as_bytes())
    }

    pub fn send(&self, operation: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, ureq::Error> {
        let target = format!("DynamoDB_20120810.{operation}");
        let mut all = vec![("x-amz-target", target.as_str()), ("content-type", "application/x-amz-json-1.0")];
        all.extend_from_slice(headers);
        send(&agent(), "POST", &format!("{}/", self.url), &all, body)
    }

    /// Creates a table with the string key `pk`.
    pub fn create_table(&self, table: &str) {
        let answer = self.call(
            "CreateTable",
            &json!({
                "TableName": table,
                "AttributeDefinitions": [{ "AttributeName": "pk", "AttributeType": "S" }],
                "KeySchema": [{ "AttributeName": "pk", "KeyType": "HASH" }],
                "BillingMode": "PAY_PER_REQUEST",
            }),
        );
        assert_eq!(answer.status, 200, "{}", answer.text());
    }

    pub fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect_timeout(&self.socket(), PATIENCE).expect("a connection");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        stream
    }

    /// Sends a health request over a connection of its own, for what comes before or instead of an answer.
    pub fn ask_health(&self) -> TcpStream {
        let mut stream = self.connect();
        stream.write_all(b"GET / HTTP/1.1\r\nHost: there\r\n\r\n").expect("sent");
        stream
    }
}

#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: ureq::http::HeaderMap,
    pub body: Vec<u8>,
}

impl Answer {
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }

    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|e| panic!("{}: {e}", self.text()))
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().expect("text"))
    }

    /// Status and type of a DynamoDB error.
    pub fn error(&self) -> (u16, String) {
        let error = self.json();
        let kind = text(&error["__type"]);
        let kind = kind.strip_prefix("com.amazonaws.dynamodb.v20120810#").expect("Alternator's prefix");
        assert!(error["message"].is_string(), "{error}");
        (self.status, kind.to_owned())
    }
}

pub fn agent() -> ureq::Agent {
    config().build().new_agent()
}

pub fn config() -> ureq::config::ConfigBuilder<ureq::typestate::AgentScope> {
    ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .proxy(None)
        .timeout_global(Some(PATIENCE))
}

pub fn send(agent: &ureq::Agent, method: &str, url: &str, headers: &[(&str, &str)], body: &[u8]) -> Result<Answer, ureq::Error> {
    let mut request = ureq::http::Request::builder().method(method).uri(url);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let mut response = agent.run(request.body(body.to_vec())?)?;
    let body = response.body_mut().with_config().limit(512 * 1024 * 1024).read_to_vec()?;
    Ok(Answer { status: response.status().as_u16(), headers: response.headers().clone(), body })
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Waits until the condition holds; says what was waited for when it never does.
pub fn eventually(what: &str, condition: impl Fn() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !condition() {
        assert!(Instant::now() < deadline, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(5));
    }
}

/// Reads until the peer closes, the connection breaks, or `patience` is over without a byte.
pub fn read_all(stream: &mut TcpStream, patience: Duration) -> (Vec<u8>, Result<(), std::io::ErrorKind>) {
    stream.set_read_timeout(Some(patience)).expect("a timeout");
    let mut read = Vec::new();
    let end = stream.read_to_end(&mut read).map(drop).map_err(|e| e.kind());
    (read, end)
}

/// Whether a process is there and has not ended.
pub fn lives(pid: u32) -> bool {
    let Ok(stat) = std::fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit(") ").next().and_then(|rest| rest.chars().next());
    !matches!(state, Some('Z' | 'X') | None)
}

pub fn parent_of(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("a process");
    let fields = stat.rsplit(") ").next().expect("fields");
    fields.split(' ').nth(1).and_then(|ppid| ppid.parse().ok()).expect("a parent")
}
