//! A /24 of 127/8 for one cluster alone.
//!
//! The listening socket of the control API, at one port on the .1 address, is the lock: the kernel gives it to one process
//! only and takes it back when the process ends, however it ends.

use crate::cli::SubnetChoice;
use std::io;
use std::net::{Ipv4Addr, TcpListener};

const CONTROL_PORT: u16 = 8100;

#[derive(Clone, Copy, Debug)]
pub struct Subnet(u8, u8);

/// 127.0.y is left to others: everything that says "localhost" lives there.
const SUBNETS: u32 = 254 * 256;

impl Subnet {
    pub fn host(self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, self.0, self.1, last)
    }

    /// Returns the subnet with the lock on it, which is also where the control API listens.
    pub fn take(choice: SubnetChoice) -> Result<(Subnet, TcpListener), String> {
        match choice {
            SubnetChoice::Auto => Subnet::first_free_from(fastrand::u32(..SUBNETS)),
            SubnetChoice::Given(x, y) => {
                let subnet = Subnet(x, y);
                let lock = subnet.lock().map_err(|e| format!("--subnet 127.{x}.{y}: {}", subnet.complaint(&e)))?;
                Ok((subnet, lock))
            }
        }
    }

    fn first_free_from(start: u32) -> Result<(Subnet, TcpListener), String> {
        for number in (0..SUBNETS).map(|i| (start + i) % SUBNETS) {
            let subnet = Subnet::numbered(number);
            match subnet.lock() {
                Ok(lock) => return Ok((subnet, lock)),
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
                Err(e) => return Err(subnet.complaint(&e)),
            }
        }
        Err(format!("port {CONTROL_PORT} is in use on every 127.x.y.1"))
    }

    fn numbered(number: u32) -> Subnet {
        Subnet((number / 256 + 1) as u8, (number % 256) as u8)
    }

    fn lock(self) -> io::Result<TcpListener> {
        TcpListener::bind((self.host(1), CONTROL_PORT))
    }

    fn complaint(self, error: &io::Error) -> String {
        format!("cannot listen on {}:{CONTROL_PORT}: {error}", self.host(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subnet_is_given_once_at_a_time() {
        let (subnet, lock) = Subnet::take(SubnetChoice::Auto).expect("a free subnet");
        let given = SubnetChoice::Given(subnet.0, subnet.1);
        assert!(Subnet::take(given).is_err());
        drop(lock);
        assert!(Subnet::take(given).is_ok());
    }

    #[test]
    fn one_that_is_taken_is_passed_over_and_the_last_is_followed_by_the_first() {
        let last = SUBNETS - 1;
        let _taken = Subnet::numbered(last).lock();
        let (next, _lock) = Subnet::first_free_from(last).expect("a free subnet");
        assert_eq!(Subnet::numbered(last).host(1), Ipv4Addr::new(127, 254, 255, 1));
        assert_eq!(next.0, 1);
    }
}
