//! The names below the zone's own: the service, and one for each node that its records can point to.
//!
//! A node is `ip-` and its IPv4 address with dashes, or `ip6-` and the 32 digits of its IPv6 address: what a label can hold.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The labels of the service's name, in the form of RFC 2782.
pub(crate) const SERVICE: &[u8] = b"_alternator";
pub(crate) const TCP: &[u8] = b"_tcp";

/// `ip6-` and 32 digits: no label here is longer.
pub(crate) const LONGEST_LABEL: usize = 36;

/// The label of a node.
pub(crate) fn label_of(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(v4) => format!("ip-{}", v4.to_string().replace('.', "-")),
        IpAddr::V6(v6) => format!("ip6-{:032x}", v6.to_bits()),
    }
}

/// The node that a label names, written exactly as [`label_of`] writes it but for case.
pub(crate) fn node_of(label: &[u8]) -> Option<IpAddr> {
    let text = str::from_utf8(label).ok()?.to_ascii_lowercase();
    let ip = match text.strip_prefix("ip6-") {
        Some(digits) => Ipv6Addr::from_bits(u128::from_str_radix(digits, 16).ok()?).into(),
        None => text.strip_prefix("ip-")?.replace('-', ".").parse::<Ipv4Addr>().ok()?.into(),
    };
    (label_of(ip) == text).then_some(ip)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_has_one_name_and_a_name_one_node() {
        for (ip, label) in [
            ("10.0.0.1", "ip-10-0-0-1"),
            ("255.255.255.255", "ip-255-255-255-255"),
            ("2001:db8::1", "ip6-20010db8000000000000000000000001"),
            ("::", "ip6-00000000000000000000000000000000"),
        ] {
            let ip: IpAddr = ip.parse().unwrap();
            assert_eq!(label_of(ip), label);
            assert!(label.len() <= LONGEST_LABEL);
            assert_eq!(node_of(label.to_uppercase().as_bytes()), Some(ip));
        }
        for label in [
            "ip-10-0-0",
            "ip-10-0-0-1-2",
            "ip-010-0-0-1",
            "ip-10.0.0.1",
            "ip6-1",
            "ip6-+0010db8000000000000000000000001",
            "ip-",
            "www",
            "\u{e9}",
        ] {
            assert_eq!(node_of(label.as_bytes()), None, "{label}");
        }
    }
}
