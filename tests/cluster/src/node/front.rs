//! The node's face to clients: which request goes where, what is reported of it, and what faults make of the answer.

use super::errors::ApiError;
use super::reply::{self, Answer, Reply};
use super::wire::Connection;
use super::{Node, api, localnodes, overrides};
use crate::faults::{Fault, Kind, Path};
use crate::report::{Record, RequestRecord, Route};
use hyper::body::Incoming;
use hyper::header::{ACCEPT_ENCODING, CONNECTION, CONTENT_ENCODING, HOST, HeaderMap, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::request::Parts;
use hyper::{Method, Request, StatusCode};
use std::borrow::Cow;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The connection ends here, without an answer.
#[derive(Debug)]
pub struct Gone;

impl fmt::Display for Gone {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("closed without an answer")
    }
}

impl std::error::Error for Gone {}

pub async fn answer(node: Arc<Node>, connection: Arc<Connection>, request: Request<Incoming>) -> Result<Answer, Gone> {
    let _in_flight = InFlight::enter(&node);
    let path = request.uri().path();
    let path = if path.len() > 1 { path.strip_suffix('/').unwrap_or(path) } else { path };
    match (request.method(), path) {
        (&Method::POST, "/") => api::answer(&node, &connection, request).await,
        (&Method::GET, "/localnodes") => {
            let (head, _) = request.into_parts();
            report(&node, Route::Localnodes, &head, Details::default());
            let list = async {
                let situation = node.situation();
                match &situation.localnodes {
                    Some(instead) => overrides::answer(instead, node.address),
                    None => localnodes::answer(&node, &situation, head.uri.query().unwrap_or_default()),
                }
            };
            with_faults(&node, &connection, Path::Localnodes, None, list).await
        }
        (&Method::GET, "/") => {
            let (head, _) = request.into_parts();
            report(&node, Route::Health, &head, Details::default());
            let healthy = async {
                let body = format!("healthy: {}", text(&head.headers, HOST));
                reply::answer(StatusCode::OK, "text/plain", Reply::Whole(body.into()))
            };
            with_faults(&node, &connection, Path::Health, None, healthy).await
        }
        _ => {
            let (head, _) = request.into_parts();
            report(&node, Route::Other, &head, Details::default());
            Ok(reply::json(StatusCode::NOT_FOUND, r#"{"message": "Not found", "code": 404}"#))
        }
    }
}

/// Does the work and answers, as far as the faults in force let it.
pub async fn with_faults(
    node: &Node,
    connection: &Connection,
    path: Path,
    operation: Option<&str>,
    work: impl Future<Output = Answer>,
) -> Result<Answer, Gone> {
    node.blackhole_over().await;
    let fate = node.injection.for_request(path, operation);
    for id in fate.fired {
        node.tell(&Record::FaultFired { id });
    }
    if !fate.delay.is_zero() {
        tokio::time::sleep(fate.delay).await;
    }
    let Some(fault) = fate.fault else {
        return Ok(work.await);
    };
    match fault.kind {
        Kind::Error => Ok(injected_error(&fault)),
        Kind::ErrorAfterWrite => {
            work.await;
            Ok(injected_error(&fault))
        }
        Kind::Reset => {
            connection.end_by_reset();
            Err(Gone)
        }
        Kind::CloseAfterWrite => {
            work.await;
            Err(Gone)
        }
        Kind::HalfReply => {
            let close_after = fault.ms.map(|ms| Duration::from_millis(ms.max(0) as u64));
            Ok(work.await.map(|body| body.halved(close_after)))
        }
        Kind::Hang => {
            node.fault_removed(fault.id).await;
            Err(Gone)
        }
        Kind::ConnectionClose => {
            let mut answer = work.await;
            answer.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            Ok(answer)
        }
        _ => Err(Gone),
    }
}

fn injected_error(fault: &Fault) -> Answer {
    reply::error(&ApiError {
        status: fault.status.unwrap_or(500),
        kind: fault.error_type.clone().unwrap_or_else(|| "InternalServerError".into()),
        message: fault.message.clone().unwrap_or_else(|| format!("Injected by fault {}", fault.id)),
    })
}

/// What only some requests have to report.
#[derive(Default)]
pub struct Details<'a> {
    pub operation: &'a str,
    pub write_table: &'a str,
    pub write_key: &'a str,
}

/// Tells the supervisor of a request. To be done before anything of it can be seen from outside.
pub fn report(node: &Node, route: Route, head: &Parts, details: Details) {
    let headers = &head.headers;
    let mut names = String::with_capacity(160);
    for name in headers.keys() {
        names.push_str(name.as_str());
        names.push(',');
    }
    let attempt = text(headers, HeaderName::from_static("amz-sdk-request"))
        .split(';')
        .find_map(|part| part.trim().strip_prefix("attempt=")?.parse().ok())
        .unwrap_or(0);
    let mut reporter = node.reporter.lock();
    let record = RequestRecord {
        unix_micros: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_micros() as u64),
        route,
        in_flight: node.in_flight.load(Relaxed),
        operation: reporter.name(details.operation),
        headers: reporter.name(names.trim_end_matches(',')),
        user_agent: reporter.name(&text(headers, USER_AGENT)),
        content_encoding: reporter.name(&text(headers, CONTENT_ENCODING)),
        accept_encoding: reporter.name(&text(headers, ACCEPT_ENCODING)),
        query: reporter.name(head.uri.query().unwrap_or_default()),
        attempt,
        invocation: &text(headers, HeaderName::from_static("amz-sdk-invocation-id")),
        write_table: reporter.name(details.write_table),
        write_key: details.write_key,
    };
    reporter.tell(&Record::Request(record));
}

/// A header's value, empty when there is none.
pub fn text(headers: &HeaderMap, name: HeaderName) -> Cow<'_, str> {
    headers.get(name).map_or(Cow::Borrowed(""), |value| String::from_utf8_lossy(value.as_bytes()))
}

/// A request that is being dealt with, for as long as it lives.
struct InFlight<'a>(&'a Node);

impl<'a> InFlight<'a> {
    fn enter(node: &'a Node) -> Self {
        node.in_flight.fetch_add(1, Relaxed);
        InFlight(node)
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Relaxed);
    }
}
