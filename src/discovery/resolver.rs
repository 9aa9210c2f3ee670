//! Host name to socket addresses, on the caller's thread.
//!
//! IP literals never reach the system. A name costs one synchronous system look-up, which the system's resolver settings bound;
//! no thread is started and nothing is cached here. Every address comes back once, in the system's order of preference.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};

/// All addresses of `host`, which is an IP literal (IPv6 with or without brackets) or a host name, each with `port`.
pub fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    let host = unbracketed(host);
    if let Ok(ip) = host.parse::<IpAddr>() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    if host.is_empty() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the host name is empty"));
    }
    let addresses = without_duplicates((host, port).to_socket_addrs()?);
    if addresses.is_empty() {
        return Err(io::Error::new(io::ErrorKind::NotFound, format!("{host} has no address")));
    }
    Ok(addresses)
}

/// `host` without the brackets that an IPv6 literal wears in URLs.
pub fn unbracketed(host: &str) -> &str {
    host.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(host)
}

fn without_duplicates(addresses: impl Iterator<Item = SocketAddr>) -> Vec<SocketAddr> {
    let mut distinct = Vec::new();
    for address in addresses {
        if !distinct.contains(&address) {
            distinct.push(address);
        }
    }
    distinct
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> SocketAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ip_literals_are_parsed_in_place() {
        assert_eq!(resolve("127.0.0.9", 8000).unwrap(), [address("127.0.0.9:8000")]);
        assert_eq!(resolve("::1", 8043).unwrap(), [address("[::1]:8043")]);
        assert_eq!(resolve("[::1]", 8043).unwrap(), [address("[::1]:8043")]);
    }

    #[test]
    fn a_name_comes_back_with_each_address_once() {
        let addresses = resolve("localhost", 8000).unwrap();
        assert!(addresses.iter().all(|found| found.ip().is_loopback() && found.port() == 8000), "{addresses:?}");
        assert_eq!(without_duplicates(addresses.iter().copied().chain(addresses.iter().copied())), addresses);
    }

    #[test]
    fn duplicates_go_and_the_order_stays() {
        let (first, second) = (address("127.0.0.2:1"), address("127.0.0.1:1"));
        assert_eq!(without_duplicates([first, second, first, second].into_iter()), [first, second]);
    }

    #[test]
    fn what_is_no_host_is_an_error() {
        assert_eq!(resolve("", 1).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert_eq!(resolve("[]", 1).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        assert!(resolve("a\0b", 1).is_err());
        assert!(resolve("not a host name", 1).is_err());
    }
}
