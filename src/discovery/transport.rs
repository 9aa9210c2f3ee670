//! Fetches one URL from one address, within one hard time limit: HTTP/1.1 by ureq, TLS by rustls.
//!
//! A redirect or an error status is an answer like any other. Nothing comes from the environment (no proxy), no thread is started, no
//! name is looked up, no more than [`BODY_LIMIT`] is read. Connections are kept: one idle per target and [`MOST_TARGETS`] in all; none
//! is used that was idle for [`LONGEST_IDLE`], and the next fetch closes it. Any number of threads may fetch at once.
//!
//! Fork: a child replaces its copy by [`Transport::unshared`] and forgets, rather than drops, the inherited one.

mod connection;
mod connector;
mod failure;
#[cfg(test)]
mod reuse_tests;
mod socket;
#[cfg(test)]
mod test_server;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod tls_tests;

use std::fmt;
use std::io::Read;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use ureq::Agent;
use ureq::config::{AutoHeaderValue, Config};
use ureq::http::uri::Scheme;
use ureq::http::{HeaderValue, Uri};

use super::resolver::unbracketed;
use super::tls::{TlsClient, TlsError};
use crate::config::TlsOptions;
use connector::{KnownAddress, TargetConnector};
use failure::Failure;
pub use failure::{FetchError, FetchErrorKind};

/// The largest body that is accepted with a 200, in bytes. A list of ten thousand nodes fits several times.
pub const BODY_LIMIT: u64 = 1024 * 1024;

/// How much of any other answer's body is read, so that its connection can be kept.
pub const DRAIN_LIMIT: u64 = 64 * 1024;

/// How many targets keep an idle connection.
pub const MOST_TARGETS: usize = 32;

/// How long an idle connection is worth keeping.
pub const LONGEST_IDLE: Duration = Duration::from_secs(90);

/// Status line and headers may take this much, in bytes.
const HEAD_LIMIT: usize = 16 * 1024;

/// No exchange may last longer, whatever the caller allows: deadlines stay computable.
const LONGEST_EXCHANGE: Duration = Duration::from_secs(24 * 60 * 60);

/// What to fetch, and from where.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// TLS or plain.
    pub scheme_https: bool,
    /// Name or IP address, for the Host header, SNI and verification.
    pub host: &'a str,
    /// Where to connect; its port is the URL's port.
    pub address: SocketAddr,
    /// Starts with `/`; already percent-encoded.
    pub path_and_query: &'a str,
}

/// A whole answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The HTTP status.
    pub status: u16,
    /// The whole body of a 200; at most the first [`DRAIN_LIMIT`] bytes of any other.
    pub body: Vec<u8>,
}

/// The HTTP client of discovery.
pub struct Transport {
    tls: TlsClient,
    config: Config,
    connect_timeout: Duration,
    endpoints: Mutex<Vec<Endpoint>>,
}

/// A target's own agent, whose pool keeps that target's idle connection.
struct Endpoint {
    https: bool,
    host: String,
    address: SocketAddr,
    agent: Agent,
    last_used: Instant,
}

impl Endpoint {
    fn is_for(&self, target: &Target<'_>) -> bool {
        self.address == target.address && self.https == target.scheme_https && self.host == target.host
    }
}

impl Transport {
    /// Reads and checks what the options name; connects to nothing.
    ///
    /// `user_agent` is sent as it is, or not at all when empty. `connect_timeout` bounds the TCP connect alone, inside the time limit of
    /// each [`get`](Self::get).
    pub fn new(tls: &TlsOptions, user_agent: &str, connect_timeout: Duration) -> Result<Self, TlsError> {
        if HeaderValue::from_str(user_agent).is_err() {
            return Err(TlsError::new(
                "user_agent",
                user_agent,
                "cannot be sent: visible ASCII characters and spaces are accepted",
            ));
        }
        Ok(Self::with(TlsClient::new(tls)?, http_config(user_agent), connect_timeout.max(Duration::from_millis(1))))
    }

    /// The same transport without its connections and TLS sessions, sharing no lock with this one.
    ///
    /// For a forked child: it may neither use the parent's connections nor wait for a lock that a thread of the parent held.
    pub fn unshared(&self) -> Self {
        Self::with(self.tls.unshared(), self.config.clone(), self.connect_timeout)
    }

    /// How it speaks TLS.
    pub fn tls_config(&self) -> Arc<rustls::ClientConfig> {
        self.tls.config()
    }

    fn with(tls: TlsClient, config: Config, connect_timeout: Duration) -> Self {
        Self { tls, config, connect_timeout, endpoints: Mutex::new(Vec::new()) }
    }

    /// Fetches `target`, in `timeout` from the connect to the last byte of the body.
    ///
    /// An idle connection that the server closed meanwhile is replaced by a fresh one, once, within the same time.
    pub fn get(&self, target: &Target<'_>, timeout: Duration) -> Result<Answer, FetchError> {
        let timeout = timeout.min(LONGEST_EXCHANGE);
        let deadline = Instant::now() + timeout;
        let uri = uri(target)?;
        let agent = self.agent(target)?;
        let answer = match exchange(&agent, &uri, deadline, LONGEST_IDLE) {
            // No idle connection is young enough for this: it takes a fresh one.
            Err(failure) if failure.stale => exchange(&agent, &uri, deadline, Duration::ZERO),
            other => other,
        };
        answer.map_err(|Failure { mut error, .. }| {
            if error.kind == FetchErrorKind::Timeout {
                error.message += &format!(" ({} ms)", timeout.as_millis());
            }
            error
        })
    }

    fn agent(&self, target: &Target<'_>) -> Result<Agent, FetchError> {
        let now = Instant::now();
        let mut endpoints = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        endpoints.retain(|endpoint| now.saturating_duration_since(endpoint.last_used) < LONGEST_IDLE);
        if let Some(known) = endpoints.iter_mut().find(|endpoint| endpoint.is_for(target)) {
            known.last_used = now;
            return Ok(known.agent.clone());
        }
        let agent = self.new_agent(target)?;
        if endpoints.len() >= MOST_TARGETS {
            let oldest = endpoints.iter().enumerate().min_by_key(|(_, endpoint)| endpoint.last_used);
            if let Some((index, _)) = oldest {
                endpoints.swap_remove(index);
            }
        }
        endpoints.push(Endpoint {
            https: target.scheme_https,
            host: target.host.to_owned(),
            address: target.address,
            agent: agent.clone(),
            last_used: now,
        });
        Ok(agent)
    }

    fn new_agent(&self, target: &Target<'_>) -> Result<Agent, FetchError> {
        let connector = match target.scheme_https {
            false => TargetConnector::plain(target.address, self.connect_timeout),
            true => {
                let host = unbracketed(target.host);
                TargetConnector::tls(target.address, self.connect_timeout, self.tls.config(), host)?
            }
        };
        Ok(Agent::with_parts(self.config.clone(), connector, KnownAddress(target.address)))
    }
}

impl fmt::Debug for Transport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transport").field("connect_timeout", &self.connect_timeout).finish_non_exhaustive()
    }
}

fn http_config(user_agent: &str) -> Config {
    Config::builder()
        .proxy(None)
        .http_status_as_error(false)
        .max_redirects(0)
        .user_agent(user_agent)
        .accept("application/json")
        .accept_encoding(AutoHeaderValue::None)
        .max_response_header_size(HEAD_LIMIT)
        .input_buffer_size(2 * HEAD_LIMIT)
        .output_buffer_size(HEAD_LIMIT)
        .max_idle_connections(1)
        .max_idle_age(LONGEST_IDLE)
        .build()
}

fn uri(target: &Target<'_>) -> Result<Uri, FetchError> {
    let host = unbracketed(target.host);
    let host = match host.parse() {
        Ok(IpAddr::V6(ip)) => format!("[{ip}]"),
        _ => host.to_owned(),
    };
    let uri = Uri::builder()
        .scheme(if target.scheme_https { Scheme::HTTPS } else { Scheme::HTTP })
        .authority(format!("{host}:{}", target.address.port()))
        .path_and_query(target.path_and_query)
        .build();
    match uri {
        // User information or a port in the host would pass as an authority, and name another host.
        Ok(uri) if !host.is_empty() && uri.host() == Some(&host) && target.path_and_query.starts_with('/') => Ok(uri),
        _ => Err(FetchError::new(FetchErrorKind::Protocol, format!("{host} with {} makes no URL", target.path_and_query))),
    }
}

/// One request and its answer, over an idle connection not older than `idle` or else a fresh one.
fn exchange(agent: &Agent, uri: &Uri, deadline: Instant, idle: Duration) -> Result<Answer, Failure> {
    let left = deadline.saturating_duration_since(Instant::now());
    let request = agent.get(uri.clone()).config().timeout_global(Some(left)).max_idle_age(idle).build();
    let mut response = request.call()?;
    let status = response.status().as_u16();
    let limit = if status == 200 { BODY_LIMIT } else { DRAIN_LIMIT };
    let announced = response.body().content_length().unwrap_or(0);
    if status == 200 && announced > limit {
        return Err(too_large(announced).into());
    }
    let mut body = Vec::new();
    // One byte more than the limit tells a body that fits from one that does not; the rest stays unread and the connection closes.
    response.body_mut().as_reader().take(limit + 1).read_to_end(&mut body).map_err(ureq::Error::from)?;
    if body.len() as u64 > limit {
        if status == 200 {
            return Err(too_large(body.len() as u64).into());
        }
        body.truncate(DRAIN_LIMIT as usize);
    }
    Ok(Answer { status, body })
}

fn too_large(size: u64) -> FetchError {
    FetchError::new(FetchErrorKind::TooLarge, format!("the answer's body has {size} bytes or more, and {BODY_LIMIT} are accepted"))
}
