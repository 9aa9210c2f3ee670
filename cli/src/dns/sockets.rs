//! The server's sockets: UDP and TCP at the same address and port.

use std::io;
use std::net::SocketAddr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, UdpSocket};

use crate::failure::{Code, Failure};

/// A burst of queries waits in here while the process does something else.
const RECEIVE_BUFFER: usize = 1 << 20;
/// Ports that the system chooses for TCP can be in use by UDP: then another is tried.
const TRIES: usize = 20;

/// Binds an address; port 0 lets the system choose.
pub fn bind(address: SocketAddr) -> Result<(UdpSocket, TcpListener), Failure> {
    let mut tries = 0;
    loop {
        tries += 1;
        let listener = bind_tcp(address).map_err(|error| refused(address, "TCP", &error))?;
        let bound = listener.local_addr().map_err(|error| refused(address, "TCP", &error))?;
        match bind_udp(bound) {
            Ok(socket) => return Ok((socket, listener)),
            Err(error) if address.port() == 0 && error.kind() == io::ErrorKind::AddrInUse && tries < TRIES => {}
            Err(error) => return Err(refused(address, "UDP", &error)),
        }
    }
}

fn bind_tcp(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = socket(address, Type::STREAM, Protocol::TCP)?;
    socket.set_reuse_address(true)?; // else connections of a former process keep the port for a minute
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    TcpListener::from_std(socket.into())
}

fn bind_udp(address: SocketAddr) -> io::Result<UdpSocket> {
    let socket = socket(address, Type::DGRAM, Protocol::UDP)?;
    // The system may allow less.
    let _ = socket.set_recv_buffer_size(RECEIVE_BUFFER);
    socket.bind(&address.into())?;
    UdpSocket::from_std(socket.into())
}

fn socket(address: SocketAddr, kind: Type, protocol: Protocol) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), kind, Some(protocol))?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.set_nonblocking(true)?;
    Ok(socket)
}

fn refused(address: SocketAddr, protocol: &str, error: &io::Error) -> Failure {
    let why = match error.kind() {
        io::ErrorKind::AddrInUse => {
            "another program uses that port; choose another one, or another address, with --listen".to_owned()
        }
        io::ErrorKind::PermissionDenied => {
            "ports below 1024 take root or the capability CAP_NET_BIND_SERVICE; choose a higher one with --listen".to_owned()
        }
        io::ErrorKind::AddrNotAvailable => "this machine does not have that address".to_owned(),
        _ => error.to_string(),
    };
    Failure::new(Code::System, format!("cannot listen at {address} by {protocol}: {why}"))
}
