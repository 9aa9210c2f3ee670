//! Verifies an AWS Signature Version 4 the way Alternator does.
//!
//! Over the bytes as received (so before inflating) and the Host as received (so a request may be sent to any node as long
//! as its Host is kept). Region and service are whatever the credential scope says. The path is always "/" and the query empty.

use super::errors::ApiError;
use crate::protocol::Credentials;
use hyper::HeaderMap;
use ring::{digest, hmac};
use std::time::{SystemTime, UNIX_EPOCH};
use time::{PrimitiveDateTime, macros::format_description};

const ALGORITHM: &str = "AWS4-HMAC-SHA256";
const ALLOWED_SKEW_SECONDS: i64 = 15 * 60;

/// `skew_ms` is how far the node's clock is ahead.
pub fn verify(method: &str, headers: &HeaderMap, body: &[u8], credentials: &Credentials, skew_ms: i64) -> Result<(), ApiError> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
    verify_at(method, headers, body, credentials, (now + skew_ms).div_euclid(1000))
}

fn verify_at(method: &str, headers: &HeaderMap, body: &[u8], credentials: &Credentials, now_unix: i64) -> Result<(), ApiError> {
    let text = |name: &str| headers.get(name).map(|v| String::from_utf8_lossy(v.as_bytes()));
    if text("host").is_none() {
        return Err(ApiError::invalid_signature("The Host header is needed to verify the signature"));
    }
    let authorization = text("authorization")
        .ok_or_else(|| ApiError::missing_authentication("The Authorization header is needed to verify the signature"))?;
    let claim = Claim::parse(&authorization)?;
    if !claim.signed_headers.contains(&"x-amz-date") {
        return Err(ApiError::invalid_signature("X-Amz-Date must be one of the signed headers"));
    }
    let timestamp =
        text("x-amz-date").ok_or_else(|| ApiError::invalid_signature("The X-Amz-Date header is needed to verify the signature"))?;
    check_date(&timestamp, claim.date, now_unix)?;
    if claim.access_key != credentials.access_key {
        return Err(ApiError::unrecognized_client(format!("User not found: {}", claim.access_key)));
    }

    let canonical = canonical_request(method, headers, &claim.signed_headers, body);
    let scope = format!("{}/{}/{}/aws4_request", claim.date, claim.region, claim.service);
    let to_sign = format!("{ALGORITHM}\n{timestamp}\n{scope}\n{}", sha256_hex(canonical.as_bytes()));
    let key = signing_key(&credentials.secret_key, &claim);
    let wrong = || ApiError::unrecognized_client("The signature of the request is wrong");
    let signature = hex::decode(claim.signature).map_err(|_| wrong())?;
    hmac::verify(&key, to_sign.as_bytes(), &signature).map_err(|_| wrong())
}

/// What an Authorization header says of itself.
struct Claim<'a> {
    access_key: &'a str,
    date: &'a str,
    region: &'a str,
    service: &'a str,
    signed_headers: Vec<&'a str>,
    signature: &'a str,
}

impl<'a> Claim<'a> {
    fn parse(authorization: &'a str) -> Result<Self, ApiError> {
        let fields = authorization
            .strip_prefix(ALGORITHM)
            .and_then(|rest| rest.strip_prefix(' '))
            .ok_or_else(|| ApiError::invalid_signature(format!("The Authorization header must begin with {ALGORITHM}")))?;
        let field = |name: &str| {
            fields
                .split(',')
                .find_map(|part| part.trim().strip_prefix(name)?.strip_prefix('='))
                .ok_or_else(|| ApiError::invalid_signature(format!("The Authorization header has no {name}")))
        };
        let credential = field("Credential")?;
        let parts: Vec<&str> = credential.split('/').collect();
        let [access_key, date, region, service, "aws4_request"] = parts[..] else {
            return Err(ApiError::validation(format!(
                "Credential is '{credential}'; accepted is key/date/region/service/aws4_request"
            )));
        };
        let signed_headers = field("SignedHeaders")?.split(';').collect();
        Ok(Claim { access_key, date, region, service, signed_headers, signature: field("Signature")? })
    }
}

fn check_date(timestamp: &str, scope_date: &str, now_unix: i64) -> Result<(), ApiError> {
    let format = format_description!("[year][month][day]T[hour][minute][second]Z");
    let signed_at = PrimitiveDateTime::parse(timestamp, format)
        .map_err(|_| ApiError::invalid_signature(format!("X-Amz-Date is '{timestamp}'; accepted is YYYYMMDDTHHMMSSZ")))?
        .assume_utc()
        .unix_timestamp();
    if !timestamp.starts_with(scope_date) {
        return Err(ApiError::invalid_signature(format!(
            "The date of the credential scope, {scope_date}, is not that of X-Amz-Date, {timestamp}"
        )));
    }
    if signed_at < now_unix - ALLOWED_SKEW_SECONDS {
        return Err(ApiError::invalid_signature(format!("Signature expired: {timestamp} is over 15 min. ago")));
    }
    if signed_at > now_unix + ALLOWED_SKEW_SECONDS {
        return Err(ApiError::invalid_signature(format!("Signature not yet current: {timestamp} is over 15 min. ahead")));
    }
    Ok(())
}

/// A signed header that is missing counts as empty, so that it spoils the signature.
fn canonical_request(method: &str, headers: &HeaderMap, signed: &[&str], body: &[u8]) -> String {
    let mut names: Vec<&str> = signed.to_vec();
    names.sort_unstable();
    let mut canonical = format!("{method}\n/\n\n");
    for name in &names {
        canonical.push_str(name);
        canonical.push(':');
        for (i, value) in headers.get_all(*name).iter().enumerate() {
            if i > 0 {
                canonical.push(',');
            }
            push_collapsed(&mut canonical, &String::from_utf8_lossy(value.as_bytes()));
        }
        canonical.push('\n');
    }
    canonical.push('\n');
    canonical.push_str(&names.join(";"));
    canonical.push('\n');
    canonical.push_str(&sha256_hex(body));
    canonical
}

fn push_collapsed(out: &mut String, value: &str) {
    for (i, word) in value.split(' ').filter(|word| !word.is_empty()).enumerate() {
        if i > 0 {
            out.push(' ');
        }
        out.push_str(word);
    }
}

fn signing_key(secret: &str, claim: &Claim) -> hmac::Key {
    let mut key = hmac::Key::new(hmac::HMAC_SHA256, format!("AWS4{secret}").as_bytes());
    for part in [claim.date, claim.region, claim.service, "aws4_request"] {
        key = hmac::Key::new(hmac::HMAC_SHA256, hmac::sign(&key, part.as_bytes()).as_ref());
    }
    key
}

fn sha256_hex(bytes: &[u8]) -> String {
    hex::encode(digest::digest(&digest::SHA256, bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hyper::header::HeaderValue;

    /// The "get-vanilla" case of the test suite AWS publishes for Signature Version 4.
    fn vanilla() -> (HeaderMap, Credentials) {
        let mut headers = HeaderMap::new();
        headers.insert("host", HeaderValue::from_static("example.amazonaws.com"));
        headers.insert("x-amz-date", HeaderValue::from_static("20150830T123600Z"));
        headers.insert(
            "authorization",
            HeaderValue::from_static(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, \
                 Signature=5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31",
            ),
        );
        let credentials =
            Credentials { access_key: "AKIDEXAMPLE".into(), secret_key: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into() };
        (headers, credentials)
    }

    const SIGNED_AT: i64 = 1_440_938_160;

    #[test]
    fn the_published_example_verifies() {
        let (headers, credentials) = vanilla();
        assert_eq!(verify_at("GET", &headers, b"", &credentials, SIGNED_AT), Ok(()));
    }

    #[test]
    fn a_changed_body_header_or_secret_spoils_the_signature() {
        let (mut headers, mut credentials) = vanilla();
        let kind = |result: Result<(), ApiError>| result.expect_err("refused").kind;
        assert_eq!(kind(verify_at("GET", &headers, b"x", &credentials, SIGNED_AT)), "UnrecognizedClientException");
        assert_eq!(kind(verify_at("POST", &headers, b"", &credentials, SIGNED_AT)), "UnrecognizedClientException");
        credentials.secret_key.push('x');
        assert_eq!(kind(verify_at("GET", &headers, b"", &credentials, SIGNED_AT)), "UnrecognizedClientException");
        let credentials = vanilla().1;
        headers.insert("host", HeaderValue::from_static("elsewhere"));
        assert_eq!(kind(verify_at("GET", &headers, b"", &credentials, SIGNED_AT)), "UnrecognizedClientException");
    }

    #[test]
    fn a_signature_lives_fifteen_minutes_both_ways() {
        let (headers, credentials) = vanilla();
        for (now, good) in [(900, true), (901, false), (-900, true), (-901, false)] {
            let result = verify_at("GET", &headers, b"", &credentials, SIGNED_AT + now);
            assert_eq!(result.is_ok(), good, "{now} s: {result:?}");
            if let Err(error) = result {
                assert_eq!(error.kind, "InvalidSignatureException");
            }
        }
    }

    #[test]
    fn what_is_missing_or_malformed_has_its_own_error() {
        let (headers, credentials) = vanilla();
        let without = |name: &str| {
            let mut headers = headers.clone();
            headers.remove(name);
            verify_at("GET", &headers, b"", &credentials, SIGNED_AT).expect_err("refused").kind
        };
        assert_eq!(without("host"), "InvalidSignatureException");
        assert_eq!(without("authorization"), "MissingAuthenticationTokenException");
        assert_eq!(without("x-amz-date"), "InvalidSignatureException");
        let with = |value: &'static str| {
            let mut headers = headers.clone();
            headers.insert("authorization", HeaderValue::from_static(value));
            verify_at("GET", &headers, b"", &credentials, SIGNED_AT).expect_err("refused").kind
        };
        assert_eq!(with("Basic abc"), "InvalidSignatureException");
        assert_eq!(with("AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host;x-amz-date, Signature=00"), "ValidationException");
        assert_eq!(
            with("AWS4-HMAC-SHA256 Credential=nobody/20150830/r/s/aws4_request, SignedHeaders=host;x-amz-date, Signature=00"),
            "UnrecognizedClientException"
        );
        assert_eq!(
            with("AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/r/s/aws4_request, SignedHeaders=host, Signature=00"),
            "InvalidSignatureException"
        );
    }
}
