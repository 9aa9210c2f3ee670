//! HTTP to the nodes on an event loop, with the library's TLS. What goes wrong is told in the library's terms, so that it can be
//! reported to it.

use std::error::Error as StdError;
use std::io;
use std::time::{Duration, Instant};

use alternator_lb::{Balancer, Outcome};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Bytes;
use hyper::{HeaderMap, Request};
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{Client, Error as ClientError};
use hyper_util::rt::TokioExecutor;

use crate::shown;

/// More is no answer to anything that is asked here.
const LONGEST_BODY: usize = 4 << 20;

/// The client; its clones share connections.
#[derive(Clone)]
pub struct Http {
    client: Client<HttpsConnector<HttpConnector>, Full<Bytes>>,
    user_agent: String,
}

/// An answer, whatever its status.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub body: Bytes,
    pub latency: Duration,
}

/// Why there is none.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAnswer {
    pub outcome: Outcome,
    pub reason: String,
    pub latency: Duration,
}

impl Http {
    pub fn new(balancer: &Balancer, connect_timeout: Duration) -> Http {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        connector.set_connect_timeout(Some(connect_timeout));
        let mut tls = rustls::ClientConfig::clone(&balancer.tls_config());
        tls.alpn_protocols.clear(); // servers speak HTTP/1.1 alone
        let connector = HttpsConnectorBuilder::new().with_tls_config(tls).https_or_http().enable_http1().wrap_connector(connector);
        let client = Client::builder(TokioExecutor::new()).build(connector);
        Http { client, user_agent: format!("alb/{}", env!("CARGO_PKG_VERSION")) }
    }

    pub async fn get(&self, url: &str, timeout: Duration) -> Result<Answer, NoAnswer> {
        let request = Request::get(url).header("user-agent", &self.user_agent).body(Full::default());
        self.send(request, timeout).await
    }

    /// POSTs with these headers and no others.
    pub async fn post(
        &self,
        url: &str,
        headers: &[(String, String)],
        body: Vec<u8>,
        timeout: Duration,
    ) -> Result<Answer, NoAnswer> {
        let named = Request::post(url).header("user-agent", &self.user_agent);
        let request = headers.iter().fold(named, |request, (name, value)| request.header(name, value));
        self.send(request.body(Full::from(body)), timeout).await
    }

    async fn send(&self, request: Result<Request<Full<Bytes>>, hyper::http::Error>, timeout: Duration) -> Result<Answer, NoAnswer> {
        let start = Instant::now();
        let no_answer = |outcome, reason: String| NoAnswer { outcome, reason, latency: start.elapsed() };
        let request = request.map_err(|error| no_answer(Outcome::Refused, error.to_string()))?;
        let exchange = async {
            let response = self.client.request(request).await.map_err(|error| {
                let (outcome, reason) = meaning(&error);
                no_answer(outcome, reason)
            })?;
            let (head, body) = response.into_parts();
            let body = Limited::new(body, LONGEST_BODY).collect().await;
            let body = body.map_err(|error| no_answer(Outcome::Reset, innermost(error.as_ref())))?.to_bytes();
            Ok(Answer { status: head.status.as_u16(), headers: head.headers, body, latency: start.elapsed() })
        };
        match tokio::time::timeout(timeout, exchange).await {
            Ok(done) => done,
            Err(_) => Err(no_answer(Outcome::Timeout, format!("no answer within {} ms", timeout.as_millis()))),
        }
    }
}

fn meaning(error: &ClientError) -> (Outcome, String) {
    let reason = innermost(error);
    if !error.is_connect() {
        return (Outcome::Reset, format!("the connection was lost: {reason}"));
    }
    if chain(error).any(is_tls) { (Outcome::TlsFailure, format!("TLS: {reason}")) } else { (Outcome::Refused, reason) }
}

/// Whether the error is one of TLS: rustls' own comes wrapped into the system's, once or twice.
fn is_tls(error: &(dyn StdError + 'static)) -> bool {
    let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    error.is::<rustls::Error>() || wrapped.is_some_and(|inner| is_tls(inner))
}

fn chain<'e>(error: &'e (dyn StdError + 'static)) -> impl Iterator<Item = &'e (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |error| StdError::source(*error))
}

fn innermost(error: &(dyn StdError + 'static)) -> String {
    chain(error).last().map(|last| shown::short(&last.to_string())).unwrap_or_default()
}

/// What an HTTP status says of a node that was asked something harmless.
pub fn outcome_of(status: u16) -> Outcome {
    match status {
        200..300 => Outcome::Success,
        500.. => Outcome::ServerError,
        _ => Outcome::CallerFault,
    }
}
