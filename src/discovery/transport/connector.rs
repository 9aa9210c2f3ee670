//! Makes the connections to one target: the address is given, so nothing is looked up and no thread is started.
//!
//! There is one connector, and so one pool, per target. That is what keeps a connection verified for one host name from being used
//! for another, and one to a node from being taken for one to its neighbour behind the same name.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};
use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{ConnectionDetails, Connector, LazyBuffers, NextTimeout};

use super::connection::{Connection, deadline};
use super::failure::{FetchError, FetchErrorKind};
use super::socket::Socket;

/// Connects to one address, over TLS for one name where there is TLS.
#[derive(Debug)]
pub struct TargetConnector {
    address: SocketAddr,
    connect_timeout: Duration,
    tls: Option<(Arc<ClientConfig>, ServerName<'static>)>,
}

impl TargetConnector {
    /// Plain TCP to `address`.
    pub fn plain(address: SocketAddr, connect_timeout: Duration) -> Self {
        Self { address, connect_timeout, tls: None }
    }

    /// TLS to `address`, for a server that must prove to be `host`, a name or an IP address.
    pub fn tls(address: SocketAddr, connect_timeout: Duration, config: Arc<ClientConfig>, host: &str) -> Result<Self, FetchError> {
        let name = ServerName::try_from(host.to_owned())
            .map_err(|_| FetchError::new(FetchErrorKind::Tls, format!("{host} is neither a DNS name nor an IP address")))?;
        Ok(Self { address, connect_timeout, tls: Some((config, name)) })
    }

    fn open(&self, deadline: Instant) -> Result<Socket, FetchError> {
        let left = deadline.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(FetchError::new(FetchErrorKind::Timeout, "no time left to connect"));
        }
        let limit = left.min(self.connect_timeout);
        Socket::connect(self.address, limit, deadline).map_err(|error| {
            match error.kind() == std::io::ErrorKind::TimedOut && error.raw_os_error().is_none() {
                true => FetchError::new(
                    FetchErrorKind::Refused,
                    format!("no connection to {} within {} ms", self.address, limit.as_millis()),
                ),
                false => FetchError::from_io(FetchErrorKind::Refused, &format!("no connection to {}", self.address), &error),
            }
        })
    }
}

impl Connector for TargetConnector {
    type Out = Connection;

    fn connect(&self, details: &ConnectionDetails<'_>, _chained: Option<()>) -> Result<Option<Connection>, ureq::Error> {
        let mut socket = self.open(deadline(details.timeout))?;
        let tls = match &self.tls {
            None => None,
            Some((config, name)) => {
                let mut tls =
                    ClientConnection::new(Arc::clone(config), name.clone()).map_err(|error| FetchError::from_tls(&error))?;
                Connection::shake_hands(&mut socket, &mut tls)?;
                Some(tls)
            }
        };
        let buffers = LazyBuffers::new(details.config.input_buffer_size(), details.config.output_buffer_size());
        Ok(Some(Connection::new(socket, tls, buffers)))
    }
}

/// Answers every look-up that ureq makes for a target with the address that the target already has.
#[derive(Debug)]
pub struct KnownAddress(pub SocketAddr);

impl Resolver for KnownAddress {
    fn resolve(&self, _: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, ureq::Error> {
        let mut addresses = self.empty();
        addresses.push(self.0);
        Ok(addresses)
    }
}
