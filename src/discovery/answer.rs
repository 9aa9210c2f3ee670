//! Reading the answer to `GET /localnodes`: a JSON array of addresses, from a server that may be old, broken or hostile.
//!
//! Bounded in bytes, entries and depth. What is not an address is skipped and counted; what is not an array of strings is refused.
//! Server facts: an entry can stand twice, IPv6 comes without brackets, and a node whose address is not known yet appears as its
//! host id, a UUID.

use std::fmt;

use serde_json::de::Deserializer;
use serde_json::{self, Value};

use crate::node::Host;
use crate::topology::MOST_NODES;

/// The most bytes of an answer that are read.
pub const MOST_BYTES: usize = 1 << 20;

/// What an answer said.
#[derive(Debug, PartialEq, Eq)]
pub struct Localnodes {
    /// The hosts, each once, in the order of the answer.
    pub hosts: Vec<Host>,
    /// How many entries were no address.
    pub skipped: usize,
}

/// Why an answer is of no use.
#[derive(Debug, PartialEq, Eq)]
pub enum AnswerError {
    /// Not 200.
    Status(u16),
    /// Longer than [`MOST_BYTES`].
    TooLong(usize),
    /// Not a JSON array of strings; the reason.
    NotAList(String),
    /// More than [`MOST_NODES`] entries.
    TooMany(usize),
    /// Entries, but no address among them.
    NoAddress(usize),
}

impl fmt::Display for AnswerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            AnswerError::Status(status @ 300..=399) => write!(f, "status {status}: redirects are not followed"),
            AnswerError::Status(status) => write!(f, "status {status} instead of 200"),
            AnswerError::TooLong(bytes) => write!(f, "{bytes} bytes are more than {MOST_BYTES}"),
            AnswerError::NotAList(reason) => write!(f, "the body is not a JSON array of strings: {reason}"),
            AnswerError::TooMany(entries) => write!(f, "{entries} entries are more than {MOST_NODES}"),
            AnswerError::NoAddress(entries) => write!(f, "none of {entries} entries is an address"),
        }
    }
}

/// Reads an answer.
pub fn read(status: u16, body: &[u8]) -> Result<Localnodes, AnswerError> {
    if status != 200 {
        return Err(AnswerError::Status(status));
    }
    if body.len() > MOST_BYTES {
        return Err(AnswerError::TooLong(body.len()));
    }
    // serde_json itself refuses to nest deeper than 128.
    let mut values = Deserializer::from_slice(body).into_iter::<Value>();
    let entries = match (values.next(), values.next()) {
        (Some(Ok(Value::Array(entries))), None) => entries,
        (Some(Ok(other)), None) => return Err(AnswerError::NotAList(format!("it is {}", kind(&other)))),
        (None, _) => return Err(AnswerError::NotAList("it is empty".into())),
        (Some(Err(error)), _) | (_, Some(Err(error))) => return Err(AnswerError::NotAList(error.to_string())),
        (_, Some(Ok(_))) => return Err(AnswerError::NotAList("more follows the array".into())),
    };
    if entries.len() > MOST_NODES {
        return Err(AnswerError::TooMany(entries.len()));
    }
    let mut hosts = Vec::with_capacity(entries.len());
    let mut skipped = 0;
    for entry in &entries {
        match entry.as_str().filter(|text| !is_uuid(text)).map(Host::parse) {
            Some(Ok(host)) if can_be_a_node(&host) => hosts.push(host),
            _ => skipped += 1,
        }
    }
    if hosts.is_empty() && skipped > 0 {
        return Err(AnswerError::NoAddress(skipped));
    }
    let mut seen = std::collections::HashSet::with_capacity(hosts.len());
    hosts.retain(|host| seen.insert(host.clone()));
    Ok(Localnodes { hosts, skipped })
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}

/// Not "any address", which a misconfigured node gives for its own and which would be the client's host; not one of many.
fn can_be_a_node(host: &Host) -> bool {
    match host {
        Host::V4(v4) => !(v4.is_unspecified() || v4.is_broadcast() || v4.is_multicast()),
        Host::V6(v6) => !(v6.is_unspecified() || v6.is_multicast()),
        Host::Name(_) => true,
    }
}

/// A host id in its text form, 8-4-4-4-12 hexadecimal digits. It would pass as a host name.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(position, byte)| match position {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn hosts(body: &str) -> Vec<String> {
        read(200, body.as_bytes()).unwrap().hosts.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn addresses_are_read_and_duplicates_dropped() {
        assert_eq!(
            hosts(r#" ["127.0.0.1", "2001:db8::1","127.0.0.1","node.example"] "#),
            ["127.0.0.1", "[2001:db8::1]", "node.example"]
        );
        assert_eq!(hosts("[]"), [""; 0]);
    }

    #[test]
    fn what_is_no_address_is_skipped() {
        let body = r#"["127.0.0.1","8f0a1bd2-0f8c-4d0e-9c5e-0123456789ab",7,null,"","a b",["127.0.0.2"],"fe80::1%2"]"#;
        let answer = read(200, body.as_bytes()).unwrap();
        assert_eq!((answer.hosts.len(), answer.skipped), (1, 7));
        assert_eq!(read(200, br#"["x y"]"#), Err(AnswerError::NoAddress(1)));
        let body = br#"["0.0.0.0","255.255.255.255","224.0.0.1","::","ff02::1","10.0.0.1"]"#;
        assert_eq!(read(200, body).map(|answer| (answer.hosts.len(), answer.skipped)), Ok((1, 5)));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (status, body, reason) in [
            (500, "[]", "status 500"),
            (302, "[]", "redirects"),
            (200, "", "empty"),
            (200, "<html>", "not a JSON array"),
            (200, r#"{"a":1}"#, "an object"),
            (200, r#""127.0.0.1""#, "a string"),
            (200, r#"["127.0.0.1""#, "EOF"),
            (200, r#"["127.0.0.1"] []"#, "more follows"),
            (200, r#"["127.0.0.1"] x"#, "not a JSON array"),
        ] {
            let refusal = read(status, body.as_bytes()).unwrap_err().to_string();
            assert!(refusal.contains(reason), "{body}: {refusal}");
        }
    }

    #[test]
    fn absurd_sizes_are_refused() {
        assert_eq!(read(200, &vec![b' '; MOST_BYTES + 1]), Err(AnswerError::TooLong(MOST_BYTES + 1)));
        let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
        assert!(matches!(read(200, deep.as_bytes()), Err(AnswerError::NotAList(_))));
        let many = format!("[{}0]", "0,".repeat(400_000));
        assert_eq!(read(200, many.as_bytes()), Err(AnswerError::TooMany(400_001)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_survived(body in proptest::collection::vec(any::<u8>(), 0..400)) {
            let _ = read(200, &body);
        }

        #[test]
        fn any_json_is_survived(body in r#"[\[\]{}",:0-9a-f. ]{0,60}"#) {
            let _ = read(200, body.as_bytes());
        }
    }
}
