//! The local cluster under test: real node processes, and what is done to them.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::{Value, json};

use crate::http::Http;
use crate::scenario::Act;

const PATIENCE: Duration = Duration::from_secs(20);

/// Ends with its owner.
pub struct Cluster {
    child: Child,
    control: String,
    http: Http,
    pub urls: Vec<String>,
    /// What every request takes at a healthy node.
    base_ms: u64,
}

impl Cluster {
    /// Starts that many nodes, all slowed down to `base_ms` a request, and waits until they answer.
    pub fn start(binary: &Path, nodes: usize, engine: &str, base_ms: u64) -> Result<Cluster, String> {
        let mut child = Command::new(binary)
            .args(["--nodes", &nodes.to_string(), "--engine", engine])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{} cannot be started ({error}); `make cluster` builds it", binary.display()))?;
        let mut line = String::new();
        if let Some(output) = child.stdout.take() {
            BufReader::new(output).read_line(&mut line).map_err(|error| format!("the cluster's first line: {error}"))?;
        }
        let start: Value = serde_json::from_str(&line).map_err(|error| format!("the cluster's first line: {error}: {line:?}"))?;
        let text =
            |value: &Value| value.as_str().map(str::to_owned).ok_or(format!("the cluster's first line lacks a text: {line}"));
        let control = text(&start["control"])?;
        let listed = start["nodes"].as_array().map(Vec::as_slice).unwrap_or_default();
        let urls = listed.iter().map(|node| text(&node["url"])).collect::<Result<Vec<_>, _>>()?;
        let cluster = Cluster { child, control, http: Http::new(PATIENCE), urls, base_ms };
        for node in 0..nodes {
            cluster.slow_down(node, base_ms)?;
        }
        Ok(cluster)
    }

    /// Does something to a node; returns when it is done.
    pub fn act(&self, node: usize, act: Act) -> Result<(), String> {
        match act {
            Act::Kill => self.post(node, "kill", ""),
            Act::Stop => self.post(node, "stop", ""),
            Act::Continue => self.post(node, "cont", ""),
            Act::ShutDown => self.post(node, "shutdown", ""),
            Act::Restart => self.post(node, "restart", ""),
            Act::Slow(times) => self.slow_down(node, self.base_ms * u64::from(times - 1)),
            Act::Fault(fault) => self.post(node, "faults", fault),
            Act::Heal => {
                self.clear_faults(node)?;
                self.slow_down(node, self.base_ms)
            }
        }
    }

    /// Lets a node go at its full speed.
    pub fn clear_faults(&self, node: usize) -> Result<(), String> {
        let path = format!("{}/nodes/{node}/faults", self.control);
        done(&path, self.http.delete(&path))
    }

    fn slow_down(&self, node: usize, ms: u64) -> Result<(), String> {
        self.post(node, "faults", &json!({"kind": "slow", "ms": ms}).to_string())
    }

    fn post(&self, node: usize, action: &str, body: &str) -> Result<(), String> {
        let path = format!("{}/nodes/{node}/{action}", self.control);
        done(&path, self.http.post(&path, body))
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        // It ends by itself without its input; there is nobody left to tell if that fails.
        let _ = self.child.wait();
    }
}

fn done(path: &str, answer: Result<(u16, String), ureq::Error>) -> Result<(), String> {
    match answer {
        Ok((200, _)) => Ok(()),
        Ok((status, body)) => Err(format!("{path}: status {status}: {body}")),
        Err(error) => Err(format!("{path}: {error}")),
    }
}
