//! What is answered for: one name, its service record, and a name for each node.

use std::fmt;
use std::net::{IpAddr, SocketAddr};

use domain::base::name::{Label, ToLabelIter};
use domain::base::{Name, ToName, Ttl};

use crate::names;

/// An owned name.
pub(crate) type OwnedName = Name<Vec<u8>>;

/// The longest name that leaves room for the labels that are put before it.
const LONGEST_APEX: usize = 253 - names::LONGEST_LABEL - 1;

/// The name that stands for the cluster, and what it stands for now.
#[derive(Clone, Debug)]
pub struct Zone {
    pub(crate) apex: OwnedName,
    pub(crate) server: Option<OwnedName>,
    /// Of the record SOA, which has to name somebody's; nobody reads mail here.
    pub(crate) mailbox: OwnedName,
    pub(crate) ttl: Ttl,
    /// The most nodes in one answer; all without it.
    pub(crate) most: Option<usize>,
    /// `None` until the cluster has told its nodes.
    pub(crate) nodes: Option<Nodes>,
    /// Changes with the nodes.
    pub(crate) serial: u32,
}

/// The live nodes, as their addresses.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Nodes {
    pub(crate) sockets: Vec<SocketAddr>,
    pub(crate) v4: Vec<IpAddr>,
    pub(crate) v6: Vec<IpAddr>,
}

/// A name that cannot be served.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneError(String);

impl fmt::Display for ZoneError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ZoneError {}

/// What a name is to the zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// It is not of this zone.
    Outside,
    /// The name itself.
    Apex,
    /// `_alternator._tcp` below it.
    Service,
    /// `_tcp` below it, which has no records.
    ServiceParent,
    /// The name of one node.
    Node(IpAddr),
    /// A name of the zone that does not exist.
    Missing,
}

impl Nodes {
    /// The nodes in any order; the same one twice counts once.
    pub fn new(nodes: impl IntoIterator<Item = SocketAddr>) -> Nodes {
        let mut sockets: Vec<SocketAddr> = nodes.into_iter().collect();
        sockets.sort_unstable();
        sockets.dedup();
        let (mut v4, mut v6): (Vec<IpAddr>, Vec<IpAddr>) = sockets.iter().map(SocketAddr::ip).partition(IpAddr::is_ipv4);
        v4.dedup();
        v6.dedup();
        Nodes { sockets, v4, v6 }
    }

    /// How many nodes there are.
    pub fn len(&self) -> usize {
        self.sockets.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.sockets.is_empty()
    }

    pub(crate) fn has(&self, ip: IpAddr) -> bool {
        self.sockets.iter().any(|socket| socket.ip() == ip)
    }
}

impl Zone {
    /// A zone whose nodes are not known yet. `server` is the name of the DNS server itself, where it has one.
    pub fn new(apex: &str, server: Option<&str>, ttl: u32, most: Option<usize>) -> Result<Zone, ZoneError> {
        let (apex, server) = (parse_name(apex)?, server.map(parse_name).transpose()?);
        if apex.is_root() || apex.len() > LONGEST_APEX {
            return Err(ZoneError(format!(
                "the name '{apex}' has to have 1 to {LONGEST_APEX} characters, so that names fit below it"
            )));
        }
        let mailbox = parse_name("nobody.invalid")?;
        Ok(Zone { apex, server, mailbox, ttl: Ttl::from_secs(ttl), most, nodes: None, serial: 1 })
    }

    /// Tells which nodes are live now; `None` while nobody has said so.
    pub fn set_nodes(&mut self, nodes: Option<Nodes>) {
        if self.nodes != nodes {
            self.nodes = nodes;
            self.serial = self.serial.wrapping_add(1);
        }
    }

    /// The nodes that are answered with.
    pub fn nodes(&self) -> Option<&Nodes> {
        self.nodes.as_ref()
    }

    pub(crate) fn place_of(&self, name: &impl ToName) -> Place {
        if !name.iter_labels().rev().zip(self.apex.iter_labels().rev()).all(|(ours, asked)| ours == asked) {
            return Place::Outside;
        }
        let Some(below) = name.iter_labels().count().checked_sub(self.apex.label_count()) else { return Place::Outside };
        let mut labels = name.iter_labels().take(below);
        let is = |label: &Label, text: &[u8]| label.as_slice().eq_ignore_ascii_case(text);
        match (labels.next(), labels.next(), below) {
            (None, ..) => Place::Apex,
            (Some(label), None, _) if is(label, names::TCP) => Place::ServiceParent,
            (Some(label), None, _) => match names::node_of(label.as_slice()) {
                Some(ip) if self.nodes.as_ref().is_none_or(|nodes| nodes.has(ip)) => Place::Node(ip),
                _ => Place::Missing,
            },
            (Some(first), Some(second), 2) if is(first, names::SERVICE) && is(second, names::TCP) => Place::Service,
            _ => Place::Missing,
        }
    }
}

/// A name as people write it, with or without the dot at its end.
fn parse_name(text: &str) -> Result<OwnedName, ZoneError> {
    let refuse = |why: &str| ZoneError(format!("'{}' is no DNS name: {why}", text.escape_debug()));
    if let Some(wrong) = text.chars().find(|c| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))) {
        return Err(refuse(&format!("'{}' can not be in it, only letters, digits, '-', '_' and '.'", wrong.escape_debug())));
    }
    Name::vec_from_str(text).map_err(|error| refuse(&error.to_string()))
}
