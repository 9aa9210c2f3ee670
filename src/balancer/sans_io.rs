//! Discovery for callers that do the I/O themselves: an event loop asks what to fetch, fetches it with its own client, and brings
//! what came.

use std::time::Duration;

use super::{Balancer, Core};
use crate::discovery::answer;
use crate::discovery::machine::{FailureKind, Machine, Turn};
use crate::error::{Error, Status};
use crate::health::Outcome;

/// A request for the caller to make: a plain GET, without credentials, redirects not followed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fetch {
    /// Names the request when its answer is brought.
    pub token: u64,
    /// What to GET.
    pub url: String,
    /// The longest wait for the whole answer.
    pub timeout: Duration,
}

impl Balancer {
    /// The next request of discovery, if one is due. While a request is open and not overdue there is no other.
    pub fn discovery_next(&self) -> Option<Fetch> {
        let core = &*self.0;
        let mut state = core.control().lock();
        if state.stepping.is_some_and(|until| until > core.clock.now()) {
            return None; // a call to refresh is at it
        }
        let request = state.turn(core, |machine, turn| machine.next(false, turn));
        request.map(|request| Fetch {
            token: request.token,
            url: format!("{}://{}{}", core.config.scheme.as_str(), request.address, request.path),
            timeout: request.timeout,
        })
    }

    /// Brings the answer to a request.
    pub fn discovery_feed(&self, token: u64, status: u16, body: &[u8]) -> Result<(), Error> {
        let read = answer::read(status, body);
        self.0.feed(token, |machine, turn| machine.answered(token, status, read, turn))
    }

    /// Says that a request got no answer, and how it ended.
    pub fn discovery_fail(&self, token: u64, outcome: Outcome) -> Result<(), Error> {
        let (kind, reason) = match outcome {
            Outcome::Refused => (FailureKind::Refused, "no connection could be made"),
            Outcome::Timeout | Outcome::Cancelled => (FailureKind::Timeout, "no answer in time"),
            Outcome::TlsFailure => (FailureKind::Tls, "the TLS handshake failed"),
            Outcome::Reset => (FailureKind::Reset, "the connection was lost"),
            Outcome::Success | Outcome::CallerFault | Outcome::Throttled | Outcome::ServerError => {
                let message = "an answer, whatever its status, is brought by alb_discovery_feed";
                return Err(Error::new(Status::InvalidArgument, message));
            }
        };
        self.0.feed(token, |machine, turn| machine.failed(token, kind, reason.into(), turn))
    }
}

impl Core {
    fn feed(&self, token: u64, tell: impl FnOnce(&mut Machine, &mut Turn<'_>)) -> Result<(), Error> {
        let mut state = self.control().lock();
        if !state.machine.is_open(token) {
            let message = format!("no request {token} is open: it was answered, or given up after its time");
            return Err(Error::new(Status::StaleToken, message));
        }
        state.turn(self, tell);
        Ok(())
    }
}
