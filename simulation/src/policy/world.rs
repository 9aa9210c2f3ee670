//! What all clients of a run share: virtual time, the nodes that are listed at the start, the seed, and how nodes are addressed.

use std::net::Ipv4Addr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use alternator_lb::clock::Clock;
use alternator_lb::node::{Address, Host};
use alternator_lb::seed_thread;

use crate::generator::Generator;

/// The library's time at the start of a run, so that time before it exists. In seconds.
const EPOCH: f64 = 3600.0;
/// The port of all nodes.
pub const PORT: u16 = 8000;

/// The datacenter of all nodes.
const DATACENTER: &str = "dc1";

/// What clients share.
pub struct World {
    /// What all random numbers follow from.
    pub seed: u64,
    /// The nodes that are listed at the start.
    pub listed: Vec<usize>,
    /// Virtual time.
    pub time: Time,
}

impl World {
    /// The world of a run on this thread: the library's random numbers on it follow from the seed from now on.
    pub fn new(seed: u64, listed: Vec<usize>) -> World {
        seed_thread(seed);
        World { seed, listed, time: Time(Arc::new(AtomicU64::new(0))) }
    }

    /// The stream that the reference gives to a client.
    pub fn stream(&self, client: usize) -> Generator {
        Generator::new(7919 * self.seed + 31 * client as u64 + 5)
    }
}

/// Virtual time.
#[derive(Clone)]
pub struct Time(Arc<AtomicU64>);

impl Time {
    /// Makes it this many seconds after the start.
    pub fn set(&self, now: f64) {
        self.0.store(((EPOCH + now) * 1e9) as u64, Ordering::Relaxed);
    }

    /// It as the library's clock.
    pub fn clock(&self) -> Clock {
        Clock::Virtual(Arc::clone(&self.0))
    }
}

/// The host of a node.
pub fn host_of(node: usize) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, (node >> 8) as u8, node as u8)
}

/// The node of an address.
pub fn node_at(address: &Address) -> Option<usize> {
    match address.host {
        Host::V4(host) => Some(usize::from(u16::from_be_bytes([host.octets()[2], host.octets()[3]]))),
        _ => None,
    }
}

/// The node of a URL.
pub fn node_of_url(url: &str) -> Option<usize> {
    let authority = url.split("://").nth(1)?.split('/').next()?;
    node_at(&Address::parse(authority, PORT).ok()?)
}

/// The scope of a rack, with its datacenter to fall back to.
pub fn scope_of_rack(rack: usize) -> String {
    format!("rack:{DATACENTER}/r{rack}>dc:{DATACENTER}")
}

/// The rack that a URL of discovery asks for.
pub fn rack_of_url(url: &str) -> Option<usize> {
    let parameters = url.split('?').nth(1)?;
    parameters.split('&').find_map(|parameter| parameter.strip_prefix("rack=r"))?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::IpAddr;

    #[test]
    fn addresses_go_both_ways() {
        for node in [0, 8, 255, 256, 300] {
            let host = Host::from(IpAddr::V4(host_of(node)));
            assert_eq!(node_at(&Address { host, port: PORT }), Some(node));
            assert_eq!(node_of_url(&format!("http://{}:8000/localnodes?dc=a", host_of(node))), Some(node));
        }
        assert_eq!(node_of_url("http://example.com:8000/"), None);
        assert_eq!(rack_of_url("http://10.0.0.1:8000/localnodes?dc=dc1&rack=r2"), Some(2));
        assert_eq!(rack_of_url("http://10.0.0.1:8000/localnodes?dc=dc1"), None);
    }
}
