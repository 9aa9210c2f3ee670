//! One HTTP exchange with a node: keep-alive connections, one time limit, no redirects, no retries of its own.

use std::net::SocketAddr;
use std::time::Duration;

use ureq::config::Config;
use ureq::http::Uri;
use ureq::unversioned::resolver::{ResolvedSocketAddrs, Resolver};
use ureq::unversioned::transport::{NextTimeout, TcpConnector};
use ureq::{Agent, Error};

/// Connections to the nodes, for one thread.
pub struct Http {
    agent: Agent,
}

impl Http {
    /// Exchanges take that long at most, and half of that to connect: who can not be reached is told from who hangs.
    pub fn new(limit: Duration) -> Http {
        let config = Config::builder()
            .timeout_global(Some(limit))
            .timeout_connect(Some(limit / 2))
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .proxy(None)
            .build();
        Http { agent: Agent::with_parts(config, TcpConnector::default(), Literal) }
    }

    /// Calls a DynamoDB operation; status and body of the answer.
    pub fn call(&self, url: &str, operation: &str, body: &str) -> Result<(u16, String), Error> {
        let request = self.agent.post(url).header("X-Amz-Target", format!("DynamoDB_20120810.{operation}"));
        let mut answer = request.content_type("application/x-amz-json-1.0").send(body)?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }

    /// POSTs JSON, or nothing.
    pub fn post(&self, url: &str, body: &str) -> Result<(u16, String), Error> {
        let mut answer = self.agent.post(url).send(body)?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }

    pub fn delete(&self, url: &str) -> Result<(u16, String), Error> {
        let mut answer = self.agent.delete(url).call()?;
        Ok((answer.status().as_u16(), answer.body_mut().read_to_string()?))
    }
}

/// Takes the address from the URL. ureq's own resolver would start a thread for each request that has a time limit.
#[derive(Debug)]
struct Literal;

impl Resolver for Literal {
    fn resolve(&self, uri: &Uri, _: &Config, _: NextTimeout) -> Result<ResolvedSocketAddrs, Error> {
        let address = uri.authority().and_then(|authority| authority.as_str().parse::<SocketAddr>().ok());
        let mut addresses = self.empty();
        addresses.push(address.ok_or(Error::HostNotFound)?);
        Ok(addresses)
    }
}
