//! Drives the discovery machine with the library's own transport, step by step: one behind an `inline` pick, all of a round in
//! [`Balancer::refresh`]. One step at a time in a process, and never with the mutex held.

use std::net::{IpAddr, SocketAddr};
use std::sync::{MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::control::{Control, State};
use super::{Balancer, Core};
use crate::clock::Nanos;
use crate::discovery::answer::{self, AnswerError, Localnodes};
use crate::discovery::machine::{FailureKind, Request, Trouble};
use crate::discovery::resolver::resolve;
use crate::discovery::transport::{Answer, FetchErrorKind, Target};
use crate::error::{Error, Status};
use crate::node::Scheme;

/// A claim on a step outlives its time limits by this much, for the work around them.
const CLAIM_GRACE: Duration = Duration::from_secs(1);

/// What a step of discovery heard.
enum Heard {
    /// The addresses that the request's name stands for.
    Addresses(Vec<IpAddr>),
    /// An HTTP status, and what the body says.
    Answer(u16, Result<Localnodes, AnswerError>),
    /// Nothing, for this reason.
    Failure(FailureKind, Trouble),
}

/// What one fetch came to.
pub(super) enum Fetched {
    Answer(Answer),
    Failure(FailureKind, String, i32),
}

impl Balancer {
    /// Runs one whole round now, on this thread, and the probes that are due. Joins a round that is under way elsewhere.
    pub fn refresh(&self, timeout: Duration) -> Result<(), Error> {
        let core = &*self.0;
        let control = core.control();
        let deadline = Instant::now() + timeout.min(Duration::from_secs(24 * 3600));
        let mut state = control.lock();
        let (rounds_before, known_before) = (state.rounds, state.known);
        if core.is_static() {
            return core.probe_all(control, state, deadline);
        }
        loop {
            if state.rounds > rounds_before {
                let result = state.last_round.clone().unwrap_or(Ok(()));
                return result.and_then(|()| core.probe_all(control, state, deadline));
            }
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() && state.known && !known_before {
                return Ok(()); // part of the cluster is known, and the rest follows
            }
            if left.is_zero() {
                let message = format!("the refresh did not end within {} ms", timeout.as_millis());
                return Err(Error::new(Status::Timeout, message));
            }
            state = match core.step(control, state, true, left) {
                Step::Done(state) => state,
                Step::Nothing(state) if state.rounds > rounds_before => state,
                Step::Nothing(state) => core.wait(control, state, Duration::from_millis(10).min(left)),
                Step::Busy(state, until) => core.wait(control, state, until.since(core.clock.now()).min(left)),
            };
        }
    }

    /// How long until discovery has work to do; `None` when it never will.
    pub fn refresh_due(&self) -> Option<Duration> {
        let core = &*self.0;
        let mut state = core.control().lock();
        match state.due(core) {
            Nanos::NEVER => None,
            due => Some(due.since(core.clock.now())),
        }
    }

    /// Makes a round due at once, for whoever makes the steps; nothing while one is under way, or with a static list.
    pub fn refresh_soon(&self) {
        let core = &*self.0;
        let mut state = core.control().lock();
        state.machine.schedule().at_once(core.clock.now());
        state.look_ahead(core);
    }
}

/// How a step went.
pub(super) enum Step<'a> {
    Done(MutexGuard<'a, State>),
    /// Nothing was due.
    Nothing(MutexGuard<'a, State>),
    /// Somebody else is in a step, until then at most.
    Busy(MutexGuard<'a, State>, Nanos),
}

impl Core {
    /// The step behind a pick in `inline` mode: taken by the one caller that moves the due time on.
    #[cold]
    pub(super) fn inline_step(&self, now: Nanos) {
        let until = now.after(self.config.inline_budget + CLAIM_GRACE);
        if self.hot.due.claim(now.0, until.0) {
            let control = self.control();
            if let Some(state) = control.try_lock() {
                drop(self.step(control, state, false, self.config.inline_budget));
            }
        }
    }

    /// One step: a request, its answer, and what follows from it. The mutex is free while the request is under way.
    pub(super) fn step<'a>(
        &'a self,
        control: &'a Control,
        mut state: MutexGuard<'a, State>,
        force: bool,
        budget: Duration,
    ) -> Step<'a> {
        let now = self.clock.now();
        if let Some(until) = state.stepping.filter(|until| *until > now) {
            return Step::Busy(state, until);
        }
        let Some(request) = state.turn(self, |machine, turn| machine.next(force, turn)) else {
            control.changed.notify_all();
            return Step::Nothing(state);
        };
        let allowed = request.timeout.min(budget);
        let until = now.after(allowed + CLAIM_GRACE);
        state.stepping = Some(until);
        drop(state);

        let heard = self.hear(control, &request, allowed);

        let mut state = control.lock();
        state.turn(self, |machine, turn| match heard {
            Heard::Addresses(addresses) => machine.expand(request.token, &addresses),
            Heard::Answer(status, read) => machine.answered(request.token, status, read, turn),
            Heard::Failure(kind, trouble) => machine.failed(request.token, kind, trouble, turn),
        });
        if state.stepping == Some(until) {
            state.stepping = None;
        }
        control.changed.notify_all();
        Step::Done(state)
    }

    /// Makes the request, or looks up the name that it is for. What an answer says is read here, without the mutex.
    fn hear(&self, control: &Control, request: &Request, timeout: Duration) -> Heard {
        let host = request.address.host.to_string();
        let port = request.address.port;
        let Some(ip) = request.resolved.or(request.address.host.ip()) else {
            return match resolve(&host, port) {
                Ok(addresses) => Heard::Addresses(addresses.iter().map(SocketAddr::ip).collect()),
                Err(error) => {
                    let reason = format!("the name {host} could not be looked up: {error}");
                    Heard::Failure(FailureKind::Refused, Trouble { reason, ..Trouble::default() })
                }
            };
        };
        match self.fetch(control, &host, SocketAddr::new(ip, port), &request.path, timeout) {
            Fetched::Answer(answer) => Heard::Answer(answer.status, answer::read(answer.status, &answer.body)),
            Fetched::Failure(kind, reason, os_errno) => Heard::Failure(kind, Trouble { reason, http_status: 0, os_errno }),
        }
    }

    /// Fetches one path from one address.
    pub(super) fn fetch(&self, control: &Control, host: &str, address: SocketAddr, path: &str, timeout: Duration) -> Fetched {
        let target = Target { scheme_https: self.config.scheme == Scheme::Https, host, address, path_and_query: path };
        match control.transport.get(&target, timeout) {
            Ok(answer) => Fetched::Answer(answer),
            Err(error) => {
                let kind = match error.kind {
                    FetchErrorKind::Refused => FailureKind::Refused,
                    FetchErrorKind::Reset => FailureKind::Reset,
                    FetchErrorKind::Timeout => FailureKind::Timeout,
                    FetchErrorKind::Tls => FailureKind::Tls,
                    FetchErrorKind::TooLarge | FetchErrorKind::Protocol => FailureKind::BadAnswer,
                };
                Fetched::Failure(kind, error.message, error.os_errno)
            }
        }
    }

    /// Waits for the end of somebody else's step.
    fn wait<'a>(&self, control: &Control, state: MutexGuard<'a, State>, longest: Duration) -> MutexGuard<'a, State> {
        let longest = longest.max(Duration::from_millis(1));
        control.changed.wait_timeout(state, longest).unwrap_or_else(PoisonError::into_inner).0
    }

    /// Runs the probes that are due, none twice.
    fn probe_all<'a>(&'a self, control: &'a Control, mut state: MutexGuard<'a, State>, deadline: Instant) -> Result<(), Error> {
        for _ in 0..state.world(self).probes.len() {
            let left = deadline.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            let Step::Done(next) = self.step(control, state, false, left) else { break };
            state = next;
        }
        Ok(())
    }
}
