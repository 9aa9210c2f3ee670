//! The true answer to `GET /localnodes`: bare addresses of the nodes believed alive, of one datacenter and maybe one rack.

use super::Node;
use super::reply::{self, Answer};
use crate::protocol::{Member, Situation};
use hyper::StatusCode;

pub fn answer(node: &Node, situation: &Situation, query: &str) -> Answer {
    let query = if situation.old_server { "" } else { query };
    let list = listed(&situation.members, &node.datacenter, query);
    reply::json(StatusCode::OK, serde_json::json!(list).to_string())
}

/// An empty parameter counts as absent; an unknown name is no error but an empty list.
fn listed(members: &[Member], own_datacenter: &str, query: &str) -> Vec<String> {
    let parameter = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value)
            .filter(|value| !value.is_empty())
    };
    let (datacenter, rack) = (parameter("dc"), parameter("rack"));
    members
        .iter()
        .filter(|member| member.datacenter == datacenter.as_deref().unwrap_or(own_datacenter))
        .filter(|member| rack.as_ref().is_none_or(|rack| member.rack == **rack))
        .map(|member| member.address.to_string())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    #[test]
    fn dc_and_rack_are_decoded_exact_and_optional() {
        let member = |last, datacenter: &str, rack: &str| Member {
            address: Ipv4Addr::new(127, 0, 0, last),
            datacenter: datacenter.into(),
            rack: rack.into(),
        };
        let members = [member(1, "dc1", "r1"), member(2, "dc1", "r 2&"), member(3, "dc2", "r1")];
        for (query, expected) in [
            ("", vec![1, 2]),
            ("dc=&rack=", vec![1, 2]),
            ("dc=dc2", vec![3]),
            ("rack=r1", vec![1]),
            ("rack=r%202%26", vec![2]),
            ("dc=dc2&rack=r1", vec![3]),
            ("dc=DC1", vec![]),
            ("rack=nonsense", vec![]),
            ("other=x", vec![1, 2]),
        ] {
            let expected: Vec<_> = expected.iter().map(|last| format!("127.0.0.{last}")).collect();
            assert_eq!(listed(&members, "dc1", query), expected, "{query}");
        }
    }
}
