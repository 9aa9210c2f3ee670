//! The nodes for a key, out of any list of seeds: whatever is accepted as a list gives the order of the official clients.
//!
//! An input is text. Its first line has the option `affinity.order`, the scheme, the port, and how many nodes refuse connections;
//! its second the type of a key and the key; the rest are the seeds.

use alternator_lb::affinity::{KeyType, key_hash};
use alternator_lb::node::{Address, Host, NodeId};
use alternator_lb::{Balancer, Config, Outcome, Plan};

use crate::go_rand::GoRand;

/// Panics if the plan is not what it should be.
pub fn check(input: &[u8]) {
    let mut lines = input.splitn(3, |byte| *byte == b'\n');
    let mut line = || lines.next().unwrap_or_default();
    let (options, key, seeds) = (String::from_utf8_lossy(line()), line(), String::from_utf8_lossy(line()));
    let options: Vec<&str> = options.split(' ').collect();
    let &[order, scheme, port, refusing] = options.as_slice() else { return };
    let (Some(balancer), Ok(refusing)) = (balancer(order, scheme, port, &seeds), refusing.parse::<usize>()) else { return };

    let listed = balancer.nodes();
    assert!(!listed.is_empty());
    listed.iter().take(refusing).for_each(|node| balancer.report(*node, Outcome::Refused, 0).unwrap());
    let hash = hash(key);
    let plan = official_plan(&balancer, &listed, order, scheme, hash);
    let (aside, usable): (Vec<NodeId>, Vec<NodeId>) = plan.iter().partition(|node| balancer.is_set_aside(**node));
    let expected = [usable, aside].concat();

    assert_eq!(balancer.node_for_key(hash), expected.first().copied());
    let mut plan = Plan::for_key(hash);
    let found: Vec<NodeId> = (0..2 * expected.len()).map(|_| balancer.plan_next(&mut plan).unwrap()).collect();
    let (once, again) = found.split_at(expected.len());
    assert_eq!((once, again), (expected.as_slice(), expected.as_slice()));
}

fn balancer(order: &str, scheme: &str, port: &str, seeds: &str) -> Option<Balancer> {
    let mut config = Config::default();
    let options = [
        ("discovery", "static"),
        ("refresh.mode", "manual"),
        ("tls.verify", "none"),
        ("affinity.order", order),
        ("scheme", scheme),
        ("port", port),
        ("seeds", seeds),
    ];
    for (key, value) in options {
        config.set(key, value).ok()?;
    }
    Balancer::new(config).ok()
}

/// The hash of a key such as `S user`; of an empty key of type `B` if there is no such type.
fn hash(key: &[u8]) -> i64 {
    match key {
        [b'S', b' ', value @ ..] => key_hash(KeyType::S, value),
        [b'N', b' ', value @ ..] => key_hash(KeyType::N, value),
        value => key_hash(KeyType::B, value.strip_prefix(b"B ").unwrap_or_default()),
    }
}

/// All nodes as the official clients try them: sorted by text, then each drawn node replaced by the last one.
fn official_plan(balancer: &Balancer, nodes: &[NodeId], order: &str, scheme: &str, hash: i64) -> Vec<NodeId> {
    let address = |node: &NodeId| balancer.node(*node).unwrap().address.clone();
    let mut left = nodes.to_vec();
    // Two ports of one host are the same text in the order by host; then the URL decides.
    left.sort_by_key(|node| (text(&address(node), order, scheme), text(&address(node), "url", scheme)));
    left.dedup_by_key(|node| text(&address(node), "url", scheme));
    assert_eq!(left.len(), nodes.len(), "a node is listed twice");
    let mut rng = GoRand::new(hash);
    (0..left.len()).map(|_| left.swap_remove(rng.below(left.len()))).collect()
}

/// By what a client sorts that node.
fn text(Address { host, port }: &Address, order: &str, scheme: &str) -> String {
    let in_url = match host {
        Host::V4(v4) => v4.to_string(),
        Host::V6(v6) => format!("[{v6}]"),
        Host::Name(name) => name.clone(),
    };
    match (order, scheme, port) {
        ("host", ..) => in_url.replace(['[', ']'], ""),
        ("url_no_default_port", "http", 80) | ("url_no_default_port", "https", 443) => format!("{scheme}://{in_url}/"),
        ("url_no_default_port", ..) => format!("{scheme}://{in_url}:{port}/"),
        _ => format!("{scheme}://{in_url}:{port}"),
    }
}
