//! DynamoDB requests to a node, signed where the environment has credentials (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY): never on
//! the command line, where every user of the machine could read them.

use std::env;
use std::time::{Duration, SystemTime};

use alternator_lb::Outcome;
use aws_credential_types::Credentials;
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use serde_json::Value;

use crate::failure::{Code, Failure};
use crate::http::{Http, NoAnswer, outcome_of};
use crate::shown;

const CONTENT_TYPE: &str = "application/x-amz-json-1.0";
/// Servers take whatever region the signature names.
const REGION: &str = "us-east-1";

/// Makes requests.
#[derive(Clone)]
pub struct DynamoDb {
    http: Http,
    credentials: Option<Credentials>,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub body: Value,
    pub latency: Duration,
}

impl Reply {
    pub fn is_good(&self) -> bool {
        self.status == 200
    }

    /// The error's type without its prefix; empty where there is none.
    pub fn error(&self) -> &str {
        let kind = self.body["__type"].as_str().unwrap_or_default();
        kind.rsplit('#').next().unwrap_or_default()
    }

    /// Type and text of an error, for people.
    pub fn complaint(&self) -> String {
        let text = self.body["message"].as_str().or_else(|| self.body["Message"].as_str()).unwrap_or("no message");
        let error = if self.error().is_empty() { "no error type" } else { self.error() };
        format!("status {}, {}: {}", self.status, shown::short(error), shown::short(text))
    }

    /// What it says of the node, in the library's terms.
    pub fn outcome(&self) -> Outcome {
        match self.error() {
            "RequestLimitExceeded" | "ThrottlingException" | "ProvisionedThroughputExceededException" => Outcome::Throttled,
            _ => outcome_of(self.status),
        }
    }
}

impl DynamoDb {
    /// With the environment's credentials, or unsigned without them.
    pub fn from_environment(http: Http) -> Result<DynamoDb, Failure> {
        let set = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
        let token = set("AWS_SESSION_TOKEN");
        let credentials = match (set("AWS_ACCESS_KEY_ID"), set("AWS_SECRET_ACCESS_KEY")) {
            (Some(key), Some(secret)) => Some(Credentials::new(key, secret, token, None, "environment")),
            (None, None) => None,
            _ => {
                let message =
                    "of AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY only one is set: set both, or none for unsigned requests";
                return Err(Failure::new(Code::Usage, message));
            }
        };
        Ok(DynamoDb { http, credentials })
    }

    pub fn is_signing(&self) -> bool {
        self.credentials.is_some()
    }

    /// The same, signing with a secret that is wrong: to see whether anybody looks.
    pub fn with_wrong_secret(&self) -> DynamoDb {
        let key = self.credentials.as_ref().map_or("nobody", |credentials| credentials.access_key_id());
        let wrong = Credentials::new(key, "this-is-not-the-secret", None, None, "check");
        DynamoDb { http: self.http.clone(), credentials: Some(wrong) }
    }

    /// Sends an operation to the node of that URL.
    pub async fn call(&self, url: &str, operation: &str, body: &Value, timeout: Duration) -> Result<Reply, NoAnswer> {
        let body = body.to_string().into_bytes();
        let headers = self.headers(url, operation, &body).map_err(|reason| NoAnswer {
            outcome: Outcome::Cancelled,
            reason: format!("the request could not be signed: {reason}"),
            latency: Duration::ZERO,
        })?;
        let answer = self.http.post(&format!("{url}/"), &headers, body, timeout).await?;
        let body = serde_json::from_slice(&answer.body).unwrap_or(Value::Null);
        Ok(Reply { status: answer.status, body, latency: answer.latency })
    }

    fn headers(&self, url: &str, operation: &str, body: &[u8]) -> Result<Vec<(String, String)>, String> {
        let host = url.split_once("://").map_or(url, |(_, host)| host);
        let target = format!("DynamoDB_20120810.{operation}");
        let own = [("host", host), ("x-amz-target", target.as_str()), ("content-type", CONTENT_TYPE)];
        let mut headers: Vec<(String, String)> = own.iter().map(|(name, value)| ((*name).into(), (*value).into())).collect();
        let Some(credentials) = &self.credentials else { return Ok(headers) };
        let identity = credentials.clone().into();
        let parameters = v4::SigningParams::builder()
            .identity(&identity)
            .region(REGION)
            .name("dynamodb")
            .time(SystemTime::now())
            .settings(SigningSettings::default())
            .build()
            .map_err(|error| error.to_string())?
            .into();
        let whole = format!("{url}/");
        let signable = SignableRequest::new("POST", whole, own.into_iter(), SignableBody::Bytes(body));
        let signed = sign(signable.map_err(|error| error.to_string())?, &parameters).map_err(|error| error.to_string())?;
        headers.extend(signed.output().headers().map(|(name, value)| (name.to_owned(), value.to_owned())));
        Ok(headers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn reply(status: u16, kind: &str) -> Reply {
        let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{kind}"), "message": "why" });
        Reply { status, body, latency: Duration::ZERO }
    }

    #[test]
    fn errors_mean_what_the_library_calls_them() {
        assert_eq!(reply(400, "ResourceNotFoundException").outcome(), Outcome::CallerFault);
        assert_eq!(reply(400, "RequestLimitExceeded").outcome(), Outcome::Throttled);
        assert_eq!(reply(500, "InternalServerError").outcome(), Outcome::ServerError);
        assert_eq!(reply(400, "ValidationException").complaint(), "status 400, ValidationException: why");
        let nothing = Reply { status: 502, body: Value::Null, latency: Duration::ZERO };
        assert_eq!(nothing.complaint(), "status 502, no error type: no message");
    }
}
