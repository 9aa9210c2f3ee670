//! Clusters, and alb as a process.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader};
use std::net::{SocketAddr, UdpSocket};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

pub const ALB: &str = env!("CARGO_BIN_EXE_alb");

/// Whatever is to happen, happens sooner than this.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// Ends with its owner.
pub struct Cluster {
    child: Child,
    stdin: Option<ChildStdin>,
    pub start: Value,
}

impl Cluster {
    pub fn start(arguments: &[&str]) -> Cluster {
        let binary = altcluster();
        let subnet = subnet();
        let mut command = Command::new(&binary);
        command.args(arguments).args(["--subnet", &subnet]).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started ({error}): run `make cluster` first", binary.display()));
        let stdin = child.stdin.take();
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("the first line");
        let start = serde_json::from_str(&line).unwrap_or_else(|error| panic!("not a JSON line ({error}): {line:?}"));
        Cluster { child, stdin, start }
    }

    pub fn address(&self, node: usize) -> String {
        text(&self.start["nodes"][node]["address"])
    }

    pub fn url(&self, node: usize) -> String {
        text(&self.start["nodes"][node]["url"])
    }

    pub fn addresses(&self) -> Vec<String> {
        (0..self.start["nodes"].as_array().expect("nodes").len()).map(|node| self.address(node)).collect()
    }

    pub fn file(&self, member: &str) -> String {
        text(&self.start[member])
    }

    /// POSTs to the control API.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", text(&self.start["control"]));
        let mut answer = ureq::post(&url).send(body.to_string()).unwrap_or_else(|error| panic!("POST {url} {body}: {error}"));
        serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON")
    }

    pub fn delete(&self, path: &str) {
        let url = format!("{}{path}", text(&self.start["control"]));
        ureq::delete(&url).call().unwrap_or_else(|error| panic!("DELETE {url}: {error}"));
    }

    /// How many requests wrote an item so far.
    pub fn writes(&self) -> u64 {
        self.requests("PutItem")
    }

    /// How many requests of that operation came so far.
    pub fn requests(&self, operation: &str) -> u64 {
        let url = format!("{}/counters?attempts=false", text(&self.start["control"]));
        let body = ureq::get(&url).call().expect("counters").body_mut().read_to_string().expect("a body");
        let counters: Value = serde_json::from_str(&body).expect("JSON");
        let nodes = counters["nodes"].as_array().expect("nodes");
        nodes.iter().filter_map(|node| node["operations"][operation]["requests"].as_u64()).sum()
    }

    pub fn act(&self, node: usize, action: &str) {
        self.post(&format!("/nodes/{node}/{action}"), &Value::Null);
    }

    /// The tables that there are, as a node without authorization tells them.
    pub fn tables(&self) -> Value {
        let request = ureq::post(format!("{}/", self.url(0))).header("x-amz-target", "DynamoDB_20120810.ListTables");
        let mut answer = request.send("{}").expect("an answer");
        let body: Value = serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).expect("JSON");
        body["TableNames"].clone()
    }

    /// Makes a table with a partition key of that type.
    pub fn create_table(&self, name: &str, key: &str, kind: &str) {
        let body = serde_json::json!({
            "TableName": name,
            "AttributeDefinitions": [{ "AttributeName": key, "AttributeType": kind }],
            "KeySchema": [{ "AttributeName": key, "KeyType": "HASH" }],
            "BillingMode": "PAY_PER_REQUEST",
        });
        let request = ureq::post(format!("{}/", self.url(0))).header("x-amz-target", "DynamoDB_20120810.CreateTable");
        request.send(body.to_string()).expect("a table");
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.stdin.take());
        let _ = self.child.wait();
    }
}

fn altcluster() -> PathBuf {
    std::env::var_os("ALTCLUSTER").map_or_else(|| Path::new(ALB).with_file_name("altcluster"), PathBuf::from)
}

/// A subnet that no other test of this process has, and most likely no other process.
pub fn subnet() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = (std::process::id() * 16 + NEXT.fetch_add(1, Ordering::Relaxed)) % (8 * 254);
    format!("127.{}.{}", 82 + number / 254, 1 + number % 254)
}

pub fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// Runs alb to its end, without credentials.
pub fn alb<S: AsRef<OsStr>>(arguments: &[S]) -> Output {
    alb_with(arguments, &[])
}

/// Runs alb to its end with these variables.
pub fn alb_with<S: AsRef<OsStr>>(arguments: &[S], variables: &[(&str, &str)]) -> Output {
    command(arguments).envs(variables.iter().copied()).output().expect("alb runs")
}

/// alb, not started yet.
pub fn command<S: AsRef<OsStr>>(arguments: &[S]) -> Command {
    let mut command = Command::new(ALB);
    command.args(arguments).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("AWS_") || name.to_string_lossy().starts_with("ALB_") {
            command.env_remove(name);
        }
    }
    command
}

/// Standard output of a run that ended with that code.
pub fn stdout(output: &Output, code: i32) -> String {
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(code), "{out}\n{err}");
    out.into_owned()
}

/// Standard error of a run that ended with that code.
pub fn stderr(output: &Output, code: i32) -> String {
    stdout(output, code);
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Standard output as JSON.
pub fn json(output: &Output, code: i32) -> Value {
    let out = stdout(output, code);
    serde_json::from_str(&out).unwrap_or_else(|error| panic!("{error}: {out}"))
}

/// Waits until the condition holds, and tells how long that took.
pub fn eventually(what: &str, mut condition: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < PATIENCE, "in vain: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    start.elapsed()
}

/// A running `alb dns`; it ends with its owner.
pub struct Dns {
    pub child: Child,
    pub address: SocketAddr,
    told: Arc<Mutex<String>>,
}

pub const NAME: &str = "db.example.com";

impl Dns {
    /// Serves `db.example.com` at a port that the system chooses.
    pub fn start(seeds: &str, arguments: &[&str]) -> Dns {
        let fixed = ["dns", seeds, "--name", NAME, "--json", "--listen", "127.0.0.1:0"];
        Dns::from(command(&[&fixed, arguments].concat()))
    }

    /// The same from a command that has all it needs.
    pub fn from(mut command: Command) -> Dns {
        let mut child = command.stdout(Stdio::piped()).spawn().expect("alb runs");
        let mut out = BufReader::new(child.stdout.take().expect("a pipe"));
        let mut line = String::new();
        out.read_line(&mut line).expect("the first line");
        let told: Value = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        let address = text(&told["address"]).parse().expect("an address");
        let told = Arc::new(Mutex::new(String::new()));
        let kept = Arc::clone(&told);
        std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                kept.lock().expect("no panic").push_str(&line);
            }
        });
        Dns { child, address, told }
    }

    /// How many events of that kind it has told.
    pub fn told(&self, kind: &str) -> usize {
        self.told.lock().expect("no panic").matches(&format!("\"kind\":\"{kind}\"")).count()
    }

    /// Runs dig with these arguments beside server and port.
    pub fn dig(&self, arguments: &str) -> String {
        let (server, port) = (format!("@{}", self.address.ip()), self.address.port().to_string());
        let fixed =
            [server.as_str(), "-p", &port, "+tries=1", "+time=5", "+noall", "+comments", "+answer", "+authority", "+additional"];
        let output =
            Command::new("dig").args(fixed).args(arguments.split_whitespace()).output().expect("dig: `make tools` installs it");
        String::from_utf8_lossy(&output.stdout).into_owned()
    }

    /// The addresses of the name, sorted.
    pub fn addresses(&self) -> Vec<String> {
        self.resolve(NAME, "A")
    }

    /// What dig tells in short, sorted.
    pub fn resolve(&self, name: &str, kind: &str) -> Vec<String> {
        let (server, port) = (format!("@{}", self.address.ip()), self.address.port().to_string());
        let output =
            Command::new("dig").args([&server, "-p", &port, "+tries=1", "+time=5", "+short", name, kind]).output().expect("dig");
        let mut found: Vec<String> = String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect();
        found.sort();
        found
    }

    /// Sends a packet by UDP and waits for the answer; `None` if none comes in that time.
    pub fn exchange(&self, packet: &[u8], wait: Duration) -> Option<Vec<u8>> {
        let socket = UdpSocket::bind("127.0.0.1:0").expect("a socket");
        socket.connect(self.address).expect("connected");
        socket.set_read_timeout(Some(wait)).expect("a timeout");
        socket.send(packet).expect("sent");
        let mut answer = vec![0; 65_536];
        let length = socket.recv(&mut answer).ok()?;
        answer.truncate(length);
        Some(answer)
    }

    pub fn signal(&self, signal: &str) {
        let done = Command::new("kill").args([&format!("-{signal}"), &self.child.id().to_string()]).status().expect("kill");
        assert!(done.success());
    }
}

impl Drop for Dns {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A query for the A records of the name.
pub fn query() -> Vec<u8> {
    let mut packet = vec![0x12, 0x67, 1, 0, 0, 1, 0, 0, 0, 0, 0, 0];
    for label in NAME.split('.') {
        packet.push(label.len() as u8);
        packet.extend_from_slice(label.as_bytes());
    }
    packet.extend_from_slice(&[0, 0, 1, 0, 1]);
    packet
}

/// Sorted.
pub fn sorted(mut texts: Vec<String>) -> Vec<String> {
    texts.sort();
    texts
}
