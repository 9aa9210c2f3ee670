//! What the supervisor tells a node: one `Birth` line on the node's stdin, then a `Situation` line at every change.
//!
//! A situation is always sent whole, so a node needs no history and a restarted one is at once like the others. What a node
//! tells the supervisor is in `report`.

use crate::faults::Fault;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Birth {
    pub index: usize,
    pub address: Ipv4Addr,
    pub port: u16,
    pub datacenter: String,
    pub rack: String,
    pub supervisor_pid: u32,
    pub credentials: Credentials,
    pub engine: EngineAddress,
    pub tls: Option<NodeTls>,
    pub situation: Situation,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Credentials {
    pub access_key: String,
    pub secret_key: String,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum EngineAddress {
    Canned,
    /// host:port of an HTTP server that speaks DynamoDB JSON.
    Http(String),
}

/// Certificates as PEM, one chain per face the node can be told to show.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct NodeTls {
    pub genuine: KeyPem,
    pub expired: KeyPem,
    pub wrong_name: KeyPem,
    pub untrusted: KeyPem,
    /// The CA client certificates must come from; none means that none is asked for.
    pub client_ca: Option<String>,
    pub session_tickets: bool,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyPem {
    pub certificate: String,
    pub key: String,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Situation {
    /// Grows with every change; the node reports it back once it acts by it.
    pub revision: u64,
    pub members: Vec<Member>,
    pub old_server: bool,
    pub auth: Auth,
    pub faults: Vec<ArmedFault>,
    pub localnodes: Option<LocalnodesOverride>,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct ArmedFault {
    pub fault: Fault,
    /// How often it has fired before this process was started.
    pub fired_before: u64,
}

/// A node that a node believes to be alive and normal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    pub address: Ipv4Addr,
    pub datacenter: String,
    pub rack: String,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Auth {
    /// Signatures are not looked at.
    #[default]
    Off,
    /// Every API request must carry a good SigV4 signature.
    Enforce,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged, deny_unknown_fields)]
pub enum LocalnodesOverride {
    Nodes {
        nodes: Vec<String>,
    },
    Answer {
        #[serde(default = "ok_status")]
        status: u16,
        body: String,
        #[serde(default = "json_type")]
        content_type: String,
    },
    Generated(Generator),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "generate", rename_all = "snake_case", deny_unknown_fields)]
pub enum Generator {
    HugeBody { bytes: u64 },
    MillionEntries { entries: u64 },
    DeepNesting { depth: usize },
    Stall {},
    Drip { interval_ms: u64 },
    Redirect { location: String },
    Garbage {},
}

fn ok_status() -> u16 {
    200
}

fn json_type() -> String {
    "application/json".into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_form_of_override_is_read_as_itself() {
        let read = |json: &str| serde_json::from_str::<LocalnodesOverride>(json);
        assert!(matches!(read(r#"{"nodes":["a"]}"#), Ok(LocalnodesOverride::Nodes { .. })));
        assert!(matches!(read(r#"{"status":500,"body":"x"}"#), Ok(LocalnodesOverride::Answer { status: 500, .. })));
        assert!(matches!(
            read(r#"{"generate":"huge_body","bytes":5}"#),
            Ok(LocalnodesOverride::Generated(Generator::HugeBody { bytes: 5 }))
        ));
        assert!(matches!(read(r#"{"generate":"stall"}"#), Ok(LocalnodesOverride::Generated(Generator::Stall {}))));
        assert!(read(r#"{"generate":"nonsense"}"#).is_err());
        assert!(read(r#"{"node":["a"]}"#).is_err());
    }
}
