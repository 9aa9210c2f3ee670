//! Nodes: how their addresses are read, how they are written, and which number each has.
//!
//! A node is `scheme://host:port`, the port always printed, IPv6 in brackets, names in lower case, no trailing slash. It gets a
//! number at first sight and keeps it: numbers and strings stay valid until the handle is freed.

use std::ffi::CStr;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::atomic::{AtomicBool, Ordering};

use crate::append::AppendList;
use crate::config::AffinityOrder;
use crate::error::shorten;

/// A node's number within its handle.
pub type NodeId = u32;

/// A host: an address, or a name that the system can look up.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Host {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address.
    V6(Ipv6Addr),
    /// A DNS name in lower case.
    Name(String),
}

impl Host {
    /// Reads a host without a port: an IPv4 address, an IPv6 address with or without brackets, or a DNS name.
    pub fn parse(text: &str) -> Result<Host, String> {
        if let Some(inner) = text.strip_prefix('[') {
            let inner = inner.strip_suffix(']').ok_or("the bracket '[' is not closed")?;
            return parse_v6(inner).map(Host::V6);
        }
        if let Ok(v4) = text.parse::<Ipv4Addr>() {
            return Ok(Host::V4(v4));
        }
        if text.contains(':') {
            return parse_v6(text).map(Host::V6);
        }
        parse_name(text).map(Host::Name)
    }

    /// The address, unless this is a name.
    pub fn ip(&self) -> Option<IpAddr> {
        match self {
            Host::V4(v4) => Some(IpAddr::V4(*v4)),
            Host::V6(v6) => Some(IpAddr::V6(*v6)),
            Host::Name(_) => None,
        }
    }
}

impl From<IpAddr> for Host {
    fn from(ip: IpAddr) -> Host {
        match ip {
            IpAddr::V4(v4) => Host::V4(v4),
            IpAddr::V6(v6) => Host::V6(v6),
        }
    }
}

/// The host as it stands in a URL: IPv6 in brackets.
impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Host::V4(v4) => v4.fmt(f),
            Host::V6(v6) => write!(f, "[{v6}]"),
            Host::Name(name) => f.write_str(name),
        }
    }
}

fn parse_v6(text: &str) -> Result<Ipv6Addr, String> {
    if text.contains('%') {
        return Err(format!("'{}' has a zone, which no URL can carry", shorten(text)));
    }
    text.parse().map_err(|_| format!("'{}' is not an IPv6 address", shorten(text)))
}

/// DNS rules (RFC 1123, with the underscore that private names use), minus what would be read as an address.
fn parse_name(text: &str) -> Result<String, String> {
    let refuse = |why: &str| Err(format!("'{}' is not a host name: {why}", shorten(text)));
    if text.is_empty() {
        return Err("the host is empty".into());
    }
    if text.len() > 253 {
        return Err(format!("a host name of {} bytes is longer than 253", text.len()));
    }
    let labels = text.strip_suffix('.').unwrap_or(text);
    for label in labels.split('.') {
        if label.is_empty() || label.len() > 63 {
            return refuse("each part between the dots has 1 to 63 characters");
        }
        if !label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_') {
            return refuse("only letters, digits, '-', '_' and '.' can be in it");
        }
        if label.starts_with('-') || label.ends_with('-') {
            return refuse("no part begins or ends with '-'");
        }
    }
    if labels.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit())) {
        return refuse("a last part of digits only would be an IPv4 address, and as such it is malformed");
    }
    let last = labels.rsplit('.').next().unwrap_or_default();
    if last.get(..2).is_some_and(|start| start.eq_ignore_ascii_case("0x")) && last[2..].bytes().all(|b| b.is_ascii_hexdigit()) {
        return refuse("a last part in hexadecimal is taken for an IPv4 address by resolvers");
    }
    Ok(text.to_ascii_lowercase())
}

/// A host and a port.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Address {
    /// The host.
    pub host: Host,
    /// The TCP port, never 0.
    pub port: u16,
}

impl Address {
    /// Reads `host`, `host:port`, a bare IPv6 address, `[v6]` or `[v6]:port`.
    pub fn parse(text: &str, default_port: u16) -> Result<Address, String> {
        if text.contains("://") || text.contains('/') {
            return Err(format!("'{}' is a URL: give host or host:port here, and the scheme in the option scheme", shorten(text)));
        }
        let (host, port) = match text.rfind(':') {
            Some(colon) if text.starts_with('[') => match text.rfind(']') {
                Some(bracket) if colon == bracket + 1 => (&text[..colon], Some(&text[colon + 1..])),
                _ => (text, None),
            },
            Some(colon) if !text[..colon].contains(':') => (&text[..colon], Some(&text[colon + 1..])),
            _ => (text, None),
        };
        let port = match port {
            Some(port) => parse_port(port).map_err(|why| format!("'{}': {why}", shorten(text)))?,
            None => default_port,
        };
        Ok(Address { host: Host::parse(host)?, port })
    }
}

/// Reads a port: 1 to 65535, digits only.
pub fn parse_port(text: &str) -> Result<u16, String> {
    match text.parse::<u16>() {
        Ok(port) if port > 0 && text.bytes().all(|b| b.is_ascii_digit()) => Ok(port),
        _ => Err(format!("port '{}' is not a number from 1 to 65535", shorten(text))),
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// How nodes are spoken to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scheme {
    /// Plain HTTP/1.1.
    #[default]
    Http,
    /// HTTP/1.1 over TLS.
    Https,
}

impl Scheme {
    /// `http` or `https`.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Http => "http",
            Scheme::Https => "https",
        }
    }
}

impl Scheme {
    /// The port that a URL of this scheme has when it names none.
    fn default_port(self) -> u16 {
        match self {
            Scheme::Http => 80,
            Scheme::Https => 443,
        }
    }
}

/// Text that C can read as well: it ends in a NUL that is not counted.
pub struct Text(Box<CStr>);

impl Text {
    /// Holds the text up to its first NUL; addresses and URLs have none.
    fn new(text: &str) -> Text {
        let bytes: Vec<u8> = text.bytes().take_while(|b| *b != 0).collect();
        Text(std::ffi::CString::new(bytes).unwrap_or_default().into_boxed_c_str())
    }

    /// The text for C.
    pub fn as_c_str(&self) -> &CStr {
        &self.0
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.to_str().unwrap_or_default()
    }
}

/// One node, for the life of the handle.
pub struct Node {
    /// Its number.
    pub id: NodeId,
    /// Where it listens.
    pub address: Address,
    /// `scheme://host:port`.
    pub url: Text,
    /// The host as it stands in the URL.
    pub host: Text,
    seed: AtomicBool,
}

impl Node {
    /// Whether it was given as a seed.
    pub fn is_seed(&self) -> bool {
        self.seed.load(Ordering::Relaxed)
    }

    /// Remembers that it was given as a seed.
    pub fn mark_seed(&self) {
        self.seed.store(true, Ordering::Relaxed);
    }
}

/// Every node that the handle has ever seen, by number.
pub struct Nodes {
    scheme: Scheme,
    list: AppendList<Node>,
}

impl Nodes {
    /// No node yet.
    pub fn new(scheme: Scheme) -> Nodes {
        Nodes { scheme, list: AppendList::new() }
    }

    /// The node of that number.
    #[inline]
    pub fn get(&self, id: NodeId) -> Option<&Node> {
        self.list.get(id as usize)
    }

    /// All nodes, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Node> {
        self.list.iter()
    }

    /// The text by which the node is sorted for keys.
    pub fn order_text(&self, node: &Node, order: AffinityOrder) -> String {
        let (host, port) = (&node.address.host, node.address.port);
        match order {
            AffinityOrder::Url => node.url.as_str().into(),
            AffinityOrder::UrlNoDefaultPort if port == self.scheme.default_port() => {
                format!("{}://{host}/", self.scheme.as_str())
            }
            AffinityOrder::UrlNoDefaultPort => format!("{}/", node.url.as_str()),
            AffinityOrder::Host => host.to_string().trim_matches(['[', ']']).into(),
        }
    }

    /// Gives an address the next number. The caller is the only writer and has checked that the address has none yet.
    /// `None` when [`AppendList::CAPACITY`] addresses were seen.
    pub fn add(&self, address: &Address) -> Option<NodeId> {
        let index = self.list.push_with(|index| Node {
            id: index as NodeId,
            url: Text::new(&format!("{}://{address}", self.scheme.as_str())),
            host: Text::new(&address.host.to_string()),
            address: address.clone(),
            seed: AtomicBool::new(false),
        })?;
        Some(index as NodeId)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn url(text: &str) -> String {
        Address::parse(text, 8000).unwrap().to_string()
    }

    #[test]
    fn every_form_of_a_seed_is_read() {
        assert_eq!(url("10.0.0.1"), "10.0.0.1:8000");
        assert_eq!(url("10.0.0.1:9000"), "10.0.0.1:9000");
        assert_eq!(url("2001:DB8::1"), "[2001:db8::1]:8000");
        assert_eq!(url("[2001:db8:0:0::1]"), "[2001:db8::1]:8000");
        assert_eq!(url("[::1]:9000"), "[::1]:9000");
        assert_eq!(url("Node-1.Example.com"), "node-1.example.com:8000");
        assert_eq!(url("localhost:1"), "localhost:1");
        assert_eq!(url("::ffff:10.0.0.1"), "[::ffff:10.0.0.1]:8000");
    }

    #[test]
    fn malformed_seeds_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", "empty"),
            (":8000", "empty"),
            ("host:0", "1 to 65535"),
            ("host:65536", "1 to 65535"),
            ("host:", "1 to 65535"),
            ("host:+80", "1 to 65535"),
            ("host:8O", "1 to 65535"),
            ("http://host:8000", "scheme"),
            ("host/path", "URL"),
            ("256.1.1.1", "malformed"),
            ("1.2.3", "malformed"),
            ("[::1", "not closed"),
            ("[::1]x", "not closed"),
            ("[10.0.0.1]", "not an IPv6"),
            ("fe80::1%eth0", "zone"),
            ("2001:db8:::1", "not an IPv6"),
            ("two words", "only letters"),
            ("-a.example", "begins or ends"),
            ("a..example", "1 to 63"),
            ("ex\u{e4}mple.com", "only letters"),
            ("host\n", "only letters"),
        ] {
            let refusal = Address::parse(text, 8000).unwrap_err();
            assert!(refusal.contains(reason), "{text:?}: {refusal}");
        }
        assert!(Address::parse(&"a".repeat(64), 1).is_err());
        assert!(Address::parse(&"a.".repeat(200), 1).unwrap_err().contains("253"));
    }

    #[test]
    fn a_node_keeps_number_and_strings() {
        let nodes = Nodes::new(Scheme::Https);
        let id = nodes.add(&Address::parse("::1", 8043).unwrap()).unwrap();
        let node = nodes.get(id).unwrap();
        assert_eq!((node.id, node.url.as_str(), node.host.as_str()), (0, "https://[::1]:8043", "[::1]"));
        assert_eq!(node.url.as_c_str().to_bytes_with_nul().last(), Some(&0));
        assert!(nodes.get(1).is_none());
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "\\PC*") {
            let _ = Address::parse(&text, 8000);
        }

        #[test]
        fn what_is_written_is_read_back(text in "[a-z0-9.:\\[\\]-]{1,40}", port in 1u16..) {
            if let Ok(address) = Address::parse(&text, port) {
                prop_assert_eq!(Address::parse(&address.to_string(), 1).unwrap(), address);
            }
        }
    }
}
