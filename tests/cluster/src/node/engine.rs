//! What answers operations: an HTTP server that speaks DynamoDB JSON (the supervisor's, or another), or canned answers.

use super::canned;
use crate::protocol::EngineAddress;
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use hyper::{Method, Request};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;

/// Engines want to see a signature but do not check it; the node has done that, where it was to be done.
const PRO_FORMA: &str = "AWS4-HMAC-SHA256 Credential=altcluster/20200101/us-east-1/dynamodb/aws4_request, \
                         SignedHeaders=host;x-amz-date, Signature=00";

pub enum Engine {
    Canned,
    Http { url: String, client: Box<Client<HttpConnector, Full<Bytes>>> },
}

impl Engine {
    pub fn new(address: EngineAddress) -> Self {
        match address {
            EngineAddress::Canned => Engine::Canned,
            EngineAddress::Http(host_port) => {
                let mut connector = HttpConnector::new();
                connector.set_nodelay(true);
                let client = Client::builder(TokioExecutor::new()).build(connector);
                Engine::Http { url: format!("http://{host_port}/"), client: Box::new(client) }
            }
        }
    }

    /// Status and body. The error says what failed, for the message of an internal server error.
    pub async fn call(&self, operation: &str, body: Bytes) -> Result<(u16, Bytes), String> {
        let (url, client) = match self {
            Engine::Canned => return Ok((200, canned::answer(operation, &body))),
            Engine::Http { url, client } => (url, client),
        };
        let service = match operation {
            "ListStreams" | "DescribeStream" | "GetShardIterator" | "GetRecords" => "DynamoDBStreams_20120810",
            _ => "DynamoDB_20120810",
        };
        let request = Request::builder()
            .method(Method::POST)
            .uri(url)
            .header(CONTENT_TYPE, "application/x-amz-json-1.0")
            .header(AUTHORIZATION, PRO_FORMA)
            .header("x-amz-date", "20200101T000000Z")
            .header("x-amz-target", format!("{service}.{operation}"))
            .body(Full::new(body))
            .map_err(|e| format!("the request to the engine: {e}"))?;
        let response = client.request(request).await.map_err(|e| format!("the engine at {url}: {e}"))?;
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.map_err(|e| format!("the engine's answer: {e}"))?;
        Ok((status, body.to_bytes()))
    }
}
