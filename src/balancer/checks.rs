//! Two questions to the cluster: does it know this datacenter and rack, and can it be asked by datacenter and rack at all?

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use super::driver::Fetched;
use super::{Balancer, Core};
use crate::discovery::answer;
use crate::discovery::machine::FailureKind;
use crate::discovery::resolver::resolve;
use crate::error::{Error, Status};
use crate::node::{Address, Host};
use crate::scope::Scope;

/// A rack that no cluster has: servers that know the parameter answer with an empty list.
const NO_SUCH_RACK: &str = "/localnodes?rack=no-such-rack-6f1d2b";
/// A datacenter or rack counts as unknown when that many nodes list nobody in it: one alone may still be starting.
const WITNESSES: usize = 2;

impl Balancer {
    /// Fails with [`Status::ScopeUnknown`] if a datacenter or rack of the scope chain has no node, and with [`Status::Unsupported`] if
    /// the servers cannot tell.
    pub fn check_scope(&self, timeout: Duration) -> Result<(), Error> {
        let named: Vec<&Scope> = self.0.config.scope.scopes().iter().filter(|scope| **scope != Scope::Cluster).collect();
        if named.is_empty() {
            return Ok(());
        }
        let deadline = Instant::now() + timeout;
        if !self.scope_supported(timeout)? {
            let message = "the servers ignore the parameters dc and rack of /localnodes: it takes ScyllaDB 2025.1 or later";
            return Err(Error::new(Status::Unsupported, message));
        }
        for scope in named {
            if self.0.ask_for_nodes(&scope.localnodes_path(), deadline)?.is_empty() {
                let message = format!("the cluster knows no node in {scope}: check the names, and their case, in option scope");
                return Err(Error::new(Status::ScopeUnknown, message));
            }
        }
        Ok(())
    }

    /// Whether the servers understand the parameters `dc` and `rack`.
    pub fn scope_supported(&self, timeout: Duration) -> Result<bool, Error> {
        Ok(self.0.ask_for_nodes(NO_SUCH_RACK, Instant::now() + timeout)?.is_empty())
    }
}

impl Core {
    /// The first list that somebody gives for this path; an empty one only if nobody asked gives another.
    /// Whoever stalls is waited for only when nobody else answers.
    fn ask_for_nodes(&self, path: &str, deadline: Instant) -> Result<Vec<Host>, Error> {
        let mut failure = Error::new(Status::Timeout, "there was no time to ask anybody");
        let mut empty = 0;
        let mut stalled: Vec<(Address, SocketAddr)> = Vec::new();
        for address in self.whom_to_ask() {
            for socket in sockets(&address, &mut failure) {
                match self.ask(&address, socket, path, self.config.stall, deadline) {
                    Ok(hosts) if !hosts.is_empty() => return Ok(hosts),
                    Ok(_) => empty += 1,
                    Err(error) => {
                        if error.status == Status::Timeout {
                            stalled.push((address.clone(), socket));
                        }
                        failure = error;
                    }
                }
                if empty == WITNESSES {
                    return Ok(Vec::new());
                }
            }
        }
        if empty > 0 {
            return Ok(Vec::new());
        }
        for (address, socket) in stalled {
            match self.ask(&address, socket, path, self.config.timeout, deadline) {
                Ok(hosts) => return Ok(hosts),
                Err(error) => failure = error,
            }
        }
        Err(failure)
    }

    fn whom_to_ask(&self) -> Vec<Address> {
        let world = self.control().lock().world(self);
        let mut addresses = world.usable;
        for address in self.config.seeds().into_iter().chain(world.aside) {
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        addresses
    }

    fn ask(
        &self,
        address: &Address,
        socket: SocketAddr,
        path: &str,
        wait: Duration,
        deadline: Instant,
    ) -> Result<Vec<Host>, Error> {
        let left = deadline.saturating_duration_since(Instant::now());
        let fail = |status, message: String| Error::new(status, message).at(address.to_string());
        if left.is_zero() {
            return Err(fail(Status::Timeout, "the time allowed ran out before a node gave an answer".into()));
        }
        match self.fetch(self.control(), &address.host.to_string(), socket, path, wait.min(left)) {
            Fetched::Answer(answer) => match answer::read(answer.status, &answer.body) {
                Ok(list) => Ok(list.hosts),
                Err(reason) => {
                    let error = fail(Status::BadResponse, format!("the answer to /localnodes is of no use: {reason}"));
                    Err(Error { http_status: i32::from(answer.status), ..error })
                }
            },
            Fetched::Failure(kind, reason, os_errno) => {
                let status = match kind {
                    FailureKind::Refused | FailureKind::Reset => Status::Unreachable,
                    FailureKind::Timeout => Status::Timeout,
                    FailureKind::Tls => Status::Tls,
                    FailureKind::BadAnswer => Status::BadResponse,
                };
                Err(Error { os_errno, ..fail(status, reason) })
            }
        }
    }
}

/// The addresses of a host; a failure to look them up is left in `failure`.
fn sockets(address: &Address, failure: &mut Error) -> Vec<SocketAddr> {
    resolve(&address.host.to_string(), address.port).unwrap_or_else(|error| {
        let message = format!("the name {} could not be looked up: {error}", address.host);
        *failure = Error::new(Status::Unreachable, message).at(address.to_string());
        Vec::new()
    })
}
