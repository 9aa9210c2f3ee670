//! The rustls client configuration, made of the TLS options.
//!
//! Everything named by an option is read and checked once, when the client is built, so a wrong path or a key that does not fit its
//! certificate is reported then and not at the first connection. Nothing else is read: no environment, no process-wide crypto
//! provider. TLS 1.2 and 1.3 are spoken, with ring.

mod key_log;
#[cfg(test)]
pub(super) mod test_pki;
#[cfg(test)]
mod tests;
mod verifier;

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::Arc;

use once_cell::sync::OnceCell;
use rustls::client::Resumption;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::config::{INLINE_PEM, TlsOptions};
use key_log::KeyLogFile;
use verifier::{Roots, ServerVerifier};

/// An option that TLS or the transport cannot work with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsError {
    /// The configuration key, e.g. `tls.ca_file`.
    pub option: &'static str,
    /// Its value: a path, never key material.
    pub value: String,
    /// What is wrong with it, and what is accepted.
    pub reason: String,
}

impl TlsError {
    /// Says what is wrong with the value of an option.
    pub fn new(option: &'static str, value: impl Into<String>, reason: impl Into<String>) -> Self {
        Self { option, value: value.into(), reason: reason.into() }
    }

    fn in_file(option: &'static str, path: &Path, reason: impl Into<String>) -> Self {
        Self::new(option, path.display().to_string(), reason)
    }
}

impl fmt::Display for TlsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = {}: {}", self.option, self.value, self.reason)
    }
}

impl std::error::Error for TlsError {}

/// The client side of TLS, as the options want it.
#[derive(Debug)]
pub struct TlsClient {
    config: Arc<ClientConfig>,
    verifier: Arc<ServerVerifier>,
    session_cache: usize,
}

impl TlsClient {
    /// Reads the files that the options name and builds the configuration.
    pub fn new(options: &TlsOptions) -> Result<Self, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let roots = match given_roots(options)? {
            Some(store) => Roots::Given(Arc::new(store)),
            None => Roots::Platform(OnceCell::new()),
        };
        let verifier = Arc::new(ServerVerifier::new(options.verify, roots, provider.signature_verification_algorithms));
        let mut config = client_config(options, provider, Arc::clone(&verifier))?;
        config.resumption = resumption(options.session_cache);
        if let Some(path) = &options.keylog_file {
            let key_log = KeyLogFile::open(path).map_err(|e| TlsError::in_file("tls.keylog_file", path, e.to_string()))?;
            config.key_log = Arc::new(key_log);
        }
        Ok(Self { config: Arc::new(config), verifier, session_cache: options.session_cache })
    }

    /// The configuration that connections are made with.
    pub fn config(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.config)
    }

    /// The same client without its sessions, sharing no lock with this one: what a forked child goes on with.
    pub fn unshared(&self) -> Self {
        let verifier = Arc::new(self.verifier.unshared());
        let mut config = ClientConfig::clone(&self.config);
        config.dangerous().set_certificate_verifier(verifier.clone());
        config.resumption = resumption(self.session_cache);
        Self { config: Arc::new(config), verifier, session_cache: self.session_cache }
    }
}

fn resumption(sessions: usize) -> Resumption {
    match sessions {
        0 => Resumption::disabled(),
        sessions => Resumption::in_memory_sessions(sessions),
    }
}

fn client_config(
    options: &TlsOptions,
    provider: Arc<CryptoProvider>,
    verifier: Arc<ServerVerifier>,
) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|e| TlsError::new("tls", "", e.to_string()))?
        .dangerous()
        .with_custom_certificate_verifier(verifier);
    let (cert_file, key_file) = match (&options.cert_file, &options.key_file) {
        (None, None) => return Ok(builder.with_no_client_auth()),
        (Some(cert_file), Some(key_file)) => (cert_file, key_file),
        (Some(_), None) => return Err(TlsError::new("tls.key_file", "", "needed as tls.cert_file is set")),
        (None, Some(_)) => return Err(TlsError::new("tls.cert_file", "", "needed as tls.key_file is set")),
    };
    let chain = certificates_in_file("tls.cert_file", cert_file)?;
    let key = PrivateKeyDer::from_pem_slice(&contents("tls.key_file", key_file)?).map_err(|_| {
        TlsError::in_file("tls.key_file", key_file, "holds no private key in PEM (PKCS#8, PKCS#1 or SEC1, not encrypted)")
    })?;
    builder
        .with_client_auth_cert(chain, key)
        .map_err(|e| TlsError::in_file("tls.key_file", key_file, format!("not usable with tls.cert_file: {e}")))
}

/// The CA certificates that the options bring; `None` when they leave the choice to the platform.
fn given_roots(options: &TlsOptions) -> Result<Option<RootCertStore>, TlsError> {
    if options.ca_file.is_none() && options.ca_pem.is_none() {
        return Ok(None);
    }
    let mut store = RootCertStore::empty();
    if let Some(path) = &options.ca_file {
        let found = certificates_in_file("tls.ca_file", path)?;
        trust(&mut store, found).map_err(|reason| TlsError::in_file("tls.ca_file", path, reason))?;
    }
    if let Some(pem) = &options.ca_pem {
        certificates(pem.as_bytes())
            .and_then(|found| trust(&mut store, found))
            .map_err(|reason| TlsError::new("tls.ca_pem", INLINE_PEM, reason))?;
    }
    Ok(Some(store))
}

/// Adds what can serve as a root. Bundles of many CAs may hold a few that cannot, which must not cost the others.
fn trust(store: &mut RootCertStore, found: Vec<CertificateDer<'static>>) -> Result<(), String> {
    match store.add_parsable_certificates(found) {
        (0, _) => Err("holds no certificate that can be used as a CA".to_owned()),
        _ => Ok(()),
    }
}

fn certificates_in_file(option: &'static str, path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    certificates(&contents(option, path)?).map_err(|reason| TlsError::in_file(option, path, reason))
}

fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    let found: Vec<_> = CertificateDer::pem_slice_iter(pem).collect::<Result<_, _>>().map_err(|e| format!("not valid PEM: {e}"))?;
    match found.is_empty() {
        true => Err("holds no certificate in PEM".to_owned()),
        false => Ok(found),
    }
}

/// Larger files are no certificates: the platform's whole bundle has a quarter of this.
const MOST_BYTES: u64 = 1 << 20;

fn contents(option: &'static str, path: &Path) -> Result<Vec<u8>, TlsError> {
    let metadata = fs::metadata(path).map_err(|e| TlsError::in_file(option, path, e.to_string()))?;
    if !metadata.is_file() {
        return Err(TlsError::in_file(option, path, "it is no regular file".to_owned()));
    }
    if metadata.len() > MOST_BYTES {
        return Err(TlsError::in_file(option, path, format!("it has more than {MOST_BYTES} bytes")));
    }
    fs::read(path).map_err(|e| TlsError::in_file(option, path, e.to_string()))
}
