//! `POST /`: a DynamoDB operation, from the bytes received to the bytes sent.
//!
//! The order is Alternator's: size, signature over the bytes as received, inflating, operation. What a write's partition key
//! is gets reported before the engine is asked, so that a node killed in the middle has still been counted.

use super::compression::{self, REQUEST_LIMIT, RESPONSE_THRESHOLD};
use super::errors::ApiError;
use super::front::{Details, Gone, report, text, with_faults};
use super::keys::WriteKey;
use super::reply::{self, Answer, Reply};
use super::wire::Connection;
use super::{Node, sigv4};
use crate::faults::Path;
use crate::protocol::Auth;
use crate::report::Route;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::Request;
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_LENGTH, HOST, HeaderMap, HeaderName, HeaderValue};
use hyper::http::request::Parts;

/// What Alternator implements; all else it does not know.
const OPERATIONS: [&str; 24] = [
    "BatchGetItem",
    "BatchWriteItem",
    "CreateTable",
    "DeleteItem",
    "DeleteTable",
    "DescribeContinuousBackups",
    "DescribeEndpoints",
    "DescribeStream",
    "DescribeTable",
    "DescribeTimeToLive",
    "GetItem",
    "GetRecords",
    "GetShardIterator",
    "ListStreams",
    "ListTables",
    "ListTagsOfResource",
    "PutItem",
    "Query",
    "Scan",
    "TagResource",
    "UntagResource",
    "UpdateItem",
    "UpdateTable",
    "UpdateTimeToLive",
];

pub async fn answer(node: &Node, connection: &Connection, request: Request<Incoming>) -> Result<Answer, Gone> {
    let (head, body) = request.into_parts();
    let target = text(&head.headers, HeaderName::from_static("x-amz-target")).into_owned();
    let operation = target.split_once('.').map_or("", |(_, operation)| operation);

    let request = match receive(&head.headers, body).await? {
        Ok(bytes) => understand(node, connection, &head, bytes),
        Err(error) => Err(error),
    };
    let write = match &request {
        Ok(body) => node.partition_keys.of_write(&node.engine, operation, body).await,
        Err(_) => WriteKey::default(),
    };
    report(node, Route::Api, &head, Details { operation, write_table: &write.table, write_key: &write.key });

    let work = async {
        match request {
            Ok(body) => execute(node, &head.headers, operation, body).await,
            Err(error) => reply::error(&error),
        }
    };
    with_faults(node, connection, Path::Api, Some(operation), work).await
}

/// The body as sent, or the error for one that is too large. A body announced as too large is not even read.
async fn receive(headers: &HeaderMap, body: Incoming) -> Result<Result<Bytes, ApiError>, Gone> {
    let too_large = || ApiError::too_large(format!("The request body exceeds {REQUEST_LIMIT} bytes"));
    let announced = text(headers, CONTENT_LENGTH).parse().unwrap_or(0usize);
    if announced > REQUEST_LIMIT {
        return Ok(Err(too_large()));
    }
    match Limited::new(body, REQUEST_LIMIT).collect().await {
        Ok(body) => Ok(Ok(body.to_bytes())),
        Err(error) if error.is::<LengthLimitError>() => Ok(Err(too_large())),
        Err(_) => Err(Gone),
    }
}

/// The body in plain, if the request may be made at all.
fn understand(node: &Node, connection: &Connection, head: &Parts, body: Bytes) -> Result<Bytes, ApiError> {
    if node.situation().auth == Auth::Enforce && !connection.has_client_certificate() {
        let skew = node.injection.clock_skew_ms();
        sigv4::verify(head.method.as_str(), &head.headers, &body, &node.credentials, skew)?;
    }
    compression::inflate(&text(&head.headers, CONTENT_ENCODING), body)
}

async fn execute(node: &Node, headers: &HeaderMap, operation: &str, body: Bytes) -> Answer {
    if !OPERATIONS.contains(&operation) {
        return reply::error(&ApiError::unknown_operation(operation));
    }
    if operation == "DescribeEndpoints" {
        let endpoint = serde_json::json!({ "Address": text(headers, HOST), "CachePeriodInMinutes": 1440 });
        let body = serde_json::json!({ "Endpoints": [endpoint] }).to_string();
        return reply::amz_json(200, Reply::Whole(body.into()));
    }
    match node.engine.call(operation, body).await {
        Ok((200, body)) => compressed(&text(headers, ACCEPT_ENCODING), body),
        Ok((status, body)) => reply::amz_json(status, Reply::Whole(alternator_error(body))),
        Err(error) => reply::error(&ApiError::internal(error)),
    }
}

fn compressed(accept_encoding: &str, body: Bytes) -> Answer {
    let wanted = if body.len() >= RESPONSE_THRESHOLD { compression::preferred(accept_encoding) } else { None };
    let Some((encoding, body)) = wanted.and_then(|encoding| Some((encoding, encoding.compress(&body).ok()?))) else {
        return reply::amz_json(200, Reply::framed(body));
    };
    let mut answer = reply::amz_json(200, Reply::framed(body));
    answer.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(encoding.name()));
    answer
}

/// Engines name errors with several prefixes and some without a message; Alternator has one prefix and always a message.
fn alternator_error(body: Bytes) -> Bytes {
    let Ok(serde_json::Value::Object(mut error)) = serde_json::from_slice(&body) else { return body };
    let Some(kind) = error.get("__type").and_then(|kind| kind.as_str()) else { return body };
    let kind = kind.rsplit('#').next().unwrap_or(kind).to_owned();
    error.insert("__type".into(), format!("com.amazonaws.dynamodb.v20120810#{kind}").into());
    if !error.contains_key("message") && !error.contains_key("Message") {
        error.insert("message".into(), kind.into());
    }
    serde_json::Value::Object(error).to_string().into()
}
