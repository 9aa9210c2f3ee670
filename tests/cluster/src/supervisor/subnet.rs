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

impl Subnet {
    pub fn host(self, last: u8) -> Ipv4Addr {
        Ipv4Addr::new(127, self.0, self.1, last)
    }

    /// Returns the subnet with the lock on it, which is also where the control API listens.
    pub fn take(choice: SubnetChoice) -> Result<(Subnet, TcpListener), String> {
        let lock = |subnet: Subnet| TcpListener::bind((subnet.host(1), CONTROL_PORT));
        if let SubnetChoice::Given(x, y) = choice {
            let subnet = Subnet(x, y);
            return lock(subnet)
                .map(|listener| (subnet, listener))
                .map_err(|e| format!("--subnet 127.{x}.{y}: cannot listen on {}:{CONTROL_PORT}: {e}", subnet.host(1)));
        }
        // 127.0.y is left to others: everything that says "localhost" lives there.
        let subnets = 254u32 * 256;
        let start = fastrand::u32(..subnets);
        for number in (0..subnets).map(|i| (start + i) % subnets) {
            let subnet = Subnet((number / 256 + 1) as u8, (number % 256) as u8);
            match lock(subnet) {
                Ok(listener) => return Ok((subnet, listener)),
                Err(e) if e.kind() == io::ErrorKind::AddrInUse => {}
                Err(e) => {
                    return Err(format!("cannot listen on {}:{CONTROL_PORT}: {e}", subnet.host(1)));
                }
            }
        }
        Err(format!("port {CONTROL_PORT} is in use on every 127.x.y.1"))
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
}
