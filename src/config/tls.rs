//! The `tls.*` options: where to find what, never the keys themselves.

use std::fmt;
use std::path::PathBuf;

/// How certificates that were pasted as text are shown.
pub(crate) const INLINE_PEM: &str = "(inline PEM)";

/// How much of a server's certificate is checked (`tls.verify`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Verify {
    /// The chain, the dates and the name.
    #[default]
    Full,
    /// The chain and the dates, not the name: for certificates without the nodes' addresses.
    NoHostname,
    /// Nothing.
    None,
}

/// The `tls.*` options.
#[derive(Clone, Default, PartialEq)]
pub struct TlsOptions {
    /// PEM file with the CA certificates to trust instead of the platform's.
    pub ca_file: Option<PathBuf>,
    /// The same as text; with `ca_file`, both are trusted.
    pub ca_pem: Option<String>,
    /// PEM file with the client's certificate, followed by its intermediates.
    pub cert_file: Option<PathBuf>,
    /// PEM file with the client's private key (PKCS#8, PKCS#1 or SEC1, not encrypted).
    pub key_file: Option<PathBuf>,
    /// How much of a server's certificate is checked.
    pub verify: Verify,
    /// How many TLS sessions are kept for resumption; 0 turns resumption off.
    pub session_cache: usize,
    /// File to append the secrets of each connection to.
    pub keylog_file: Option<PathBuf>,
}

impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("ca_file", &self.ca_file)
            // Whatever was pasted here, possibly with a private key beside the certificates, stays out of logs.
            .field("ca_pem", &self.ca_pem.as_ref().map(|_| INLINE_PEM))
            .field("cert_file", &self.cert_file)
            .field("key_file", &self.key_file)
            .field("verify", &self.verify)
            .field("session_cache", &self.session_cache)
            .field("keylog_file", &self.keylog_file)
            .finish()
    }
}
