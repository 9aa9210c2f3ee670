//! Answers and their bodies: whole, in chunks, or cut short on purpose.

use super::errors::ApiError;
use http_body::{Body, Frame, SizeHint};
use hyper::body::Bytes;
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::{Response, StatusCode};
use std::future::Future;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::mpsc;

/// Alternator sends answers beyond some 100 KB in chunks, without a Content-Length.
const CHUNKED_FROM: usize = 100 * 1024;
const CHUNK: usize = 64 * 1024;

pub enum Reply {
    Whole(Bytes),
    /// What another task sends. With a length the head promises that many bytes, whatever comes.
    Fed {
        length: Option<u64>,
        pieces: mpsc::Receiver<io::Result<Bytes>>,
    },
}

/// The sending side of `Reply::Fed`. A send that fails means that the client has gone.
pub struct Feed(mpsc::Sender<io::Result<Bytes>>);

impl Feed {
    pub async fn send(&self, piece: Bytes) -> Result<(), ()> {
        self.0.send(Ok(piece)).await.map_err(drop)
    }

    /// Sends nothing more, and leaves the connection to the client; or closes it after some time.
    pub async fn stall(self, close_after: Option<Duration>) {
        match close_after {
            None => self.0.closed().await,
            Some(time) => {
                tokio::time::sleep(time).await;
                // The receiver may have gone meanwhile, which is what this is about.
                let _ = self.0.send(Err(io::Error::other("cut short on purpose"))).await;
            }
        }
    }
}

impl Reply {
    pub fn fed<F>(length: Option<u64>, feed: impl FnOnce(Feed) -> F) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let (sender, pieces) = mpsc::channel(1);
        tokio::spawn(feed(Feed(sender)));
        Reply::Fed { length, pieces }
    }

    /// The body as Alternator frames that of an API answer.
    pub fn framed(body: Bytes) -> Self {
        if body.len() < CHUNKED_FROM {
            return Reply::Whole(body);
        }
        Reply::fed(None, async move |feed| {
            let mut rest = body;
            while !rest.is_empty() {
                let piece = rest.split_to(CHUNK.min(rest.len()));
                if feed.send(piece).await.is_err() {
                    return;
                }
            }
        })
    }

    /// Half of the body under a head that promises all of it. A fed body stays as it is.
    pub fn halved(self, close_after: Option<Duration>) -> Self {
        let Reply::Whole(body) = self else {
            return self;
        };
        let length = body.len() as u64;
        let half = body.slice(..body.len() / 2);
        Reply::fed(Some(length), async move |feed| {
            if half.is_empty() || feed.send(half).await.is_ok() {
                feed.stall(close_after).await;
            }
        })
    }
}

impl Body for Reply {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(mut self: Pin<&mut Self>, cx: &mut Context) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        match &mut *self {
            Reply::Whole(body) if body.is_empty() => Poll::Ready(None),
            Reply::Whole(body) => Poll::Ready(Some(Ok(Frame::data(std::mem::take(body))))),
            Reply::Fed { pieces, .. } => pieces.poll_recv(cx).map(|piece| piece.map(|piece| piece.map(Frame::data))),
        }
    }

    fn is_end_stream(&self) -> bool {
        matches!(self, Reply::Whole(body) if body.is_empty())
    }

    fn size_hint(&self) -> SizeHint {
        match self {
            Reply::Whole(body) => SizeHint::with_exact(body.len() as u64),
            Reply::Fed { length: Some(length), .. } => SizeHint::with_exact(*length),
            Reply::Fed { length: None, .. } => SizeHint::default(),
        }
    }
}

pub type Answer = Response<Reply>;

pub fn answer(status: StatusCode, content_type: &'static str, body: Reply) -> Answer {
    let mut response = Response::new(body);
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
    answer(status, "application/json", Reply::Whole(body.into()))
}

pub fn amz_json(status: u16, body: Reply) -> Answer {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    answer(status, "application/x-amz-json-1.0", body)
}

pub fn error(error: &ApiError) -> Answer {
    amz_json(error.status, Reply::Whole(error.body().into()))
}
