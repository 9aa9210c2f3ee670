//! Which nodes may serve: the whole cluster, one datacenter or one rack, with what to fall back to when a scope has no node.
//!
//! Written `rack:DC/RACK`, `dc:NAME` or `cluster`, chained with `>` from the wanted to the acceptable. A name that contains one of
//! `/ > %` carries it percent-encoded.

use std::fmt;

use crate::error::shorten;

/// One scope.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every datacenter that can be reached from the seeds.
    Cluster,
    /// One datacenter.
    Datacenter(String),
    /// One rack of one datacenter.
    Rack(String, String),
}

impl Scope {
    /// Reads one scope.
    pub fn parse(text: &str) -> Result<Scope, String> {
        let text = text.trim();
        if text == "cluster" {
            return Ok(Scope::Cluster);
        }
        if let Some(datacenter) = text.strip_prefix("dc:") {
            return Ok(Scope::Datacenter(parse_name(datacenter, "datacenter", text)?));
        }
        if let Some(place) = text.strip_prefix("rack:") {
            let (datacenter, rack) =
                place.split_once('/').ok_or_else(|| format!("'{}' lacks the rack: write rack:DC/RACK", shorten(text)))?;
            return Ok(Scope::Rack(parse_name(datacenter, "datacenter", text)?, parse_name(rack, "rack", text)?));
        }
        Err(format!("'{}' is not a scope", shorten(text)))
    }

    /// The datacenter that a rack is in; `None` for the other scopes.
    pub fn datacenter_around(&self) -> Option<Scope> {
        match self {
            Scope::Rack(datacenter, _) => Some(Scope::Datacenter(datacenter.clone())),
            Scope::Cluster | Scope::Datacenter(_) => None,
        }
    }

    /// What to ask a node for the nodes of this scope.
    pub fn localnodes_path(&self) -> String {
        match self {
            Scope::Cluster => "/localnodes".into(),
            Scope::Datacenter(dc) => format!("/localnodes?dc={}", percent_encode(dc)),
            Scope::Rack(dc, rack) => format!("/localnodes?dc={}&rack={}", percent_encode(dc), percent_encode(rack)),
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let quote = |name: &str| name.replace('%', "%25").replace('/', "%2F").replace('>', "%3E");
        match self {
            Scope::Cluster => f.write_str("cluster"),
            Scope::Datacenter(dc) => write!(f, "dc:{}", quote(dc)),
            Scope::Rack(dc, rack) => write!(f, "rack:{}/{}", quote(dc), quote(rack)),
        }
    }
}

/// Scopes from the wanted to the acceptable; never empty, none twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopeChain(Vec<Scope>);

impl ScopeChain {
    /// More than this many scopes are a mistake.
    pub const LONGEST: usize = 8;

    /// Reads a chain.
    pub fn parse(text: &str) -> Result<ScopeChain, String> {
        let scopes = text.split('>').map(Scope::parse).collect::<Result<Vec<_>, _>>()?;
        if scopes.len() > ScopeChain::LONGEST {
            return Err(format!("{} scopes are more than {}", scopes.len(), ScopeChain::LONGEST));
        }
        for (position, scope) in scopes.iter().enumerate() {
            if scopes[..position].contains(scope) {
                return Err(format!("the scope '{scope}' stands in the chain twice"));
            }
            if scopes[..position].contains(&Scope::Cluster) {
                return Err(format!("'{scope}' is never reached: the cluster stands before it, and has all nodes"));
            }
        }
        Ok(ScopeChain(scopes))
    }

    /// The scopes, the wanted one first.
    pub fn scopes(&self) -> &[Scope] {
        &self.0
    }

    /// The scope at that tier; the last one beyond the end.
    pub fn tier(&self, tier: usize) -> &Scope {
        const CLUSTER: &Scope = &Scope::Cluster;
        self.0.get(tier).or(self.0.last()).unwrap_or(CLUSTER)
    }
}

impl Default for ScopeChain {
    fn default() -> Self {
        ScopeChain(vec![Scope::Cluster])
    }
}

impl fmt::Display for ScopeChain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, scope) in self.0.iter().enumerate() {
            write!(f, "{}{scope}", if position == 0 { "" } else { ">" })?;
        }
        Ok(())
    }
}

fn parse_name(text: &str, what: &str, whole: &str) -> Result<String, String> {
    let whole = shorten(whole);
    if text.is_empty() {
        return Err(format!("'{whole}' has an empty {what} name"));
    }
    if text.contains('/') {
        return Err(format!("'{whole}': a '/' in a {what} name is written %2F"));
    }
    let name = percent_decode(text).ok_or_else(|| format!("'{whole}': a '%' in a {what} name is written %25"))?;
    if name.len() > 255 || name.chars().any(char::is_control) {
        return Err(format!("'{whole}': a {what} name has at most 255 bytes and no control characters"));
    }
    Ok(name)
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub fn percent_encode(text: &str) -> String {
    use fmt::Write;
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

fn percent_decode(text: &str) -> Option<String> {
    let mut bytes = text.bytes();
    let mut decoded = Vec::with_capacity(text.len());
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let high = char::from(bytes.next()?).to_digit(16)?;
            let low = char::from(bytes.next()?).to_digit(16)?;
            decoded.push((high * 16 + low) as u8);
        } else {
            decoded.push(byte);
        }
    }
    String::from_utf8(decoded).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chain_is_read_in_order() {
        let chain = ScopeChain::parse("rack:dc1/r1 > dc:dc1>cluster").unwrap();
        assert_eq!(chain.scopes(), [Scope::Rack("dc1".into(), "r1".into()), Scope::Datacenter("dc1".into()), Scope::Cluster]);
        assert_eq!(chain.to_string(), "rack:dc1/r1>dc:dc1>cluster");
        assert_eq!(chain.tier(7), &Scope::Cluster);
    }

    #[test]
    fn names_reach_the_server_percent_encoded() {
        let scope = Scope::parse("rack:a b%2Fc/r&1\u{e9}").unwrap();
        assert_eq!(scope.localnodes_path(), "/localnodes?dc=a%20b%2Fc&rack=r%261%C3%A9");
        assert_eq!(Scope::Cluster.localnodes_path(), "/localnodes");
        assert_eq!(Scope::parse("dc:us-east_1.a~").unwrap().localnodes_path(), "/localnodes?dc=us-east_1.a~");
    }

    #[test]
    fn malformed_scopes_are_refused_with_the_reason() {
        for (text, reason) in [
            ("", "not a scope"),
            ("Cluster", "not a scope"),
            ("dc:", "empty datacenter"),
            ("rack:dc1", "rack:DC/RACK"),
            ("rack:/r", "empty datacenter"),
            ("rack:dc1/", "empty rack"),
            ("rack:a/b/c", "%2F"),
            ("dc:a%", "%25"),
            ("dc:a%zz", "%25"),
            ("dc:a%FF", "%25"),
            ("dc:a\n", "not a scope"),
            ("dc:a%0A", "control"),
            ("cluster>", "not a scope"),
            ("cluster>cluster", "twice"),
            ("cluster>dc:a", "never"),
            ("dc:1>dc:2>dc:3>dc:4>dc:5>dc:6>dc:7>dc:8>cluster", "more than 8"),
        ] {
            match ScopeChain::parse(text) {
                Err(refusal) => assert!(refusal.contains(reason), "{text:?}: {refusal}"),
                Ok(chain) => assert_eq!((text, chain.to_string().as_str()), ("dc:a\n", "dc:a")),
            }
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_back(dc in "\\PC{1,20}", rack in "[^\\s\\p{C}]{1,20}") {
            let scope = Scope::Rack(dc, rack);
            prop_assume!(scope.to_string().trim() == scope.to_string());
            prop_assert_eq!(Scope::parse(&scope.to_string()), Ok(scope));
        }
    }
}
