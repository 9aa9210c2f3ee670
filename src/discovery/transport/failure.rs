//! Why a fetch failed, in the terms that node health needs, with the cause in plain words.

use std::fmt;
use std::io;

use rustls::{AlertDescription, CertificateError};

/// What kind of failure ended a fetch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FetchErrorKind {
    /// No connection could be made: refused, no route, or not answered within the connect timeout.
    Refused,
    /// The connection was lost after it was made, or what came back was not HTTP.
    Reset,
    /// Connected, but there was no whole answer in time.
    Timeout,
    /// The TLS handshake or the TLS record layer failed.
    Tls,
    /// The answer's body is larger than the limit.
    TooLarge,
    /// The request cannot be made, or the answer breaks HTTP.
    Protocol,
}

/// A fetch that did not end in an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FetchError {
    /// What kind of failure it was.
    pub kind: FetchErrorKind,
    /// The cause in plain words.
    pub message: String,
    /// The system's error number, 0 where the system reported none.
    pub os_errno: i32,
}

impl FetchError {
    pub(super) fn new(kind: FetchErrorKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into(), os_errno: 0 }
    }

    pub(super) fn from_io(kind: FetchErrorKind, what: &str, error: &io::Error) -> Self {
        Self { kind, message: format!("{what}: {error}"), os_errno: error.raw_os_error().unwrap_or(0) }
    }

    pub(super) fn from_tls(error: &rustls::Error) -> Self {
        let message = match plain_cause(error) {
            Some(cause) => format!("TLS: {cause} ({error})"),
            None => format!("TLS: {error}"),
        };
        Self::new(FetchErrorKind::Tls, message)
    }
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for FetchError {}

/// What an operator can act on; rustls' own words follow it.
fn plain_cause(error: &rustls::Error) -> Option<&'static str> {
    Some(match error {
        rustls::Error::InvalidCertificate(certificate) => match certificate {
            // A signature that does not fit is how a CA looks that was made anew under its old name.
            CertificateError::UnknownIssuer | CertificateError::BadSignature => "the certificate is not issued by a trusted CA",
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
                "the certificate is for another name"
            }
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => "the certificate has expired",
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => "the certificate is not valid yet",
            // rustls passes on what it has no name for; `openssl req -x509` makes such certificates unless told otherwise.
            CertificateError::Other(other) if other.to_string() == "CaUsedAsEndEntity" => {
                "the server shows a CA's certificate as its own and needs one issued by that CA, without CA:TRUE"
            }
            _ => "the certificate is not acceptable",
        },
        rustls::Error::AlertReceived(AlertDescription::CertificateRequired) => {
            "the server demands a client certificate (tls.cert_file, tls.key_file)"
        }
        rustls::Error::AlertReceived(_) => "the server ended the connection with an alert",
        rustls::Error::InvalidMessage(_) => "what answered does not speak TLS",
        _ => return None,
    })
}

/// A failed exchange, as the connection reports it through ureq.
#[derive(Debug)]
pub struct Failure {
    pub error: FetchError,
    /// An idle connection turned out to have been closed by the server: nothing was answered, so asking again is safe.
    pub stale: bool,
}

impl From<FetchError> for Failure {
    fn from(error: FetchError) -> Self {
        Self { error, stale: false }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Failure {}

impl From<Failure> for ureq::Error {
    fn from(failure: Failure) -> Self {
        Self::Other(Box::new(failure))
    }
}

impl From<FetchError> for ureq::Error {
    fn from(error: FetchError) -> Self {
        Failure::from(error).into()
    }
}

impl From<ureq::Error> for Failure {
    fn from(error: ureq::Error) -> Self {
        let error = match error {
            ureq::Error::Other(inner) => match inner.downcast::<Self>() {
                Ok(failure) => return *failure,
                Err(other) => FetchError::new(FetchErrorKind::Protocol, other.to_string()),
            },
            ureq::Error::Timeout(_) => FetchError::new(FetchErrorKind::Timeout, "no whole answer in time"),
            ureq::Error::Io(e) if e.kind() == io::ErrorKind::UnexpectedEof => {
                FetchError::new(FetchErrorKind::Reset, "the server closed the connection in the middle of its answer")
            }
            ureq::Error::Io(e) => FetchError::from_io(FetchErrorKind::Reset, "the connection was lost", &e),
            other => FetchError::new(FetchErrorKind::Protocol, format!("not a usable HTTP answer: {other}")),
        };
        error.into()
    }
}
