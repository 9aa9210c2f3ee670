//! Decides whether a server's certificate is acceptable, in the three ways that `tls.verify` offers.
//!
//! `Full` and `NoHostname` demand a chain to a trusted root, valid now; `Full` also demands the name or IP address the caller asked
//! for. `None` accepts anything. The platform's roots are read at the first certificate that needs them, so a process that speaks
//! plain HTTP, or brings its own CA, never reads them.

use once_cell::sync::OnceCell;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{verify_server_cert_signed_by_trust_anchor, verify_server_name};
use rustls::crypto::{WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::config::Verify;
use std::sync::Arc;

/// The certificates that a chain may end in.
#[derive(Debug)]
pub enum Roots {
    /// The CA certificates that the options name.
    Given(Arc<RootCertStore>),
    /// The platform's own, read when first needed.
    Platform(OnceCell<RootCertStore>),
}

impl Roots {
    fn store(&self) -> Result<&RootCertStore, Error> {
        match self {
            Self::Given(store) => Ok(store),
            Self::Platform(cell) => cell.get_or_try_init(platform_roots),
        }
    }

    /// The same roots sharing no lock with these: another thread may be reading the platform's while this process forks.
    fn unshared(&self) -> Self {
        match self {
            Self::Given(store) => Self::Given(Arc::clone(store)),
            Self::Platform(cell) => Self::Platform(cell.get().cloned().map_or_else(OnceCell::new, OnceCell::with_value)),
        }
    }
}

fn platform_roots() -> Result<RootCertStore, Error> {
    let found = rustls_native_certs::load_native_certs();
    let mut store = RootCertStore::empty();
    let (usable, _) = store.add_parsable_certificates(found.certs);
    if usable > 0 {
        return Ok(store);
    }
    let cause = found.errors.first().map_or_else(|| "none found".to_owned(), ToString::to_string);
    Err(Error::General(format!("the platform has no usable CA certificates ({cause}): set tls.ca_file or tls.ca_pem")))
}

/// The judge of server certificates for one transport.
#[derive(Debug)]
pub struct ServerVerifier {
    verify: Verify,
    roots: Roots,
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerVerifier {
    /// Judges by `verify`, against `roots`.
    pub fn new(verify: Verify, roots: Roots, algorithms: WebPkiSupportedAlgorithms) -> Self {
        Self { verify, roots, algorithms }
    }

    /// The same judge, sharing no lock with this one.
    pub fn unshared(&self) -> Self {
        Self::new(self.verify, self.roots.unshared(), self.algorithms)
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        if self.verify != Verify::None {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            let roots = self.roots.store()?;
            verify_server_cert_signed_by_trust_anchor(&certificate, roots, intermediates, now, self.algorithms.all)?;
            if self.verify == Verify::Full {
                verify_server_name(&certificate, server_name)?;
            }
        }
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        // A certificate nobody checks may be one webpki cannot even read, and its signature would prove nothing.
        if self.verify == Verify::None {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls12_signature(message, certificate, signature, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        if self.verify == Verify::None {
            return Ok(HandshakeSignatureValid::assertion());
        }
        verify_tls13_signature(message, certificate, signature, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
