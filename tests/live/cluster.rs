//! A local cluster of real node processes, for one test; it ends with it.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

pub struct Cluster {
    child: Child,
    start: Value,
}

impl Cluster {
    /// Starts `altcluster` with these arguments and waits until all nodes answer.
    pub fn start(arguments: &[&str]) -> Cluster {
        let binary = binary();
        let mut child = Command::new(&binary)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("{} cannot be started ({error}): run `make cluster` first", binary.display()));
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("the first line");
        let start = serde_json::from_str(&line).unwrap_or_else(|error| panic!("not a JSON line ({error}): {line:?}"));
        Cluster { child, start }
    }

    pub fn text(&self, member: &str) -> String {
        self.start[member].as_str().unwrap_or_else(|| panic!("no {member} in {}", self.start)).to_owned()
    }

    /// The node's address, without the port.
    pub fn address(&self, node: usize) -> String {
        self.start["nodes"][node]["address"].as_str().expect("an address").to_owned()
    }

    pub fn addresses(&self) -> Vec<String> {
        (0..self.start["nodes"].as_array().expect("nodes").len()).map(|node| self.address(node)).collect()
    }

    /// POSTs to the control API; panics unless it agrees.
    pub fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.text("control"));
        let mut answer = ureq::post(&url).send(body.to_string()).unwrap_or_else(|error| panic!("POST {url} {body}: {error}"));
        serde_json::from_str(&answer.body_mut().read_to_string().expect("a body")).unwrap_or(Value::Null)
    }

    pub fn signal(&self, node: usize, action: &str) {
        self.post(&format!("/nodes/{node}/{action}"), &Value::Null);
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn binary() -> PathBuf {
    if let Some(path) = std::env::var_os("ALTCLUSTER") {
        return path.into();
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
    target.join("release/altcluster")
}

/// Waits until `ready` holds; panics with `what` when it does not in thirty seconds.
pub fn until(what: &str, mut ready: impl FnMut() -> bool) -> Duration {
    let start = Instant::now();
    while !ready() {
        assert!(start.elapsed() < Duration::from_secs(30), "not in thirty seconds: {what}");
        std::thread::sleep(Duration::from_millis(2));
    }
    start.elapsed()
}
