//! The certificates a node can show, and whether it asks for one.

use crate::faults::Kind;
use crate::protocol::{KeyPem, NodeTls};
use std::sync::Arc;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{NoServerSessionStorage, WebPkiClientVerifier};
use tokio_rustls::rustls::{RootCertStore, ServerConfig};

pub struct Faces {
    genuine: TlsAcceptor,
    expired: TlsAcceptor,
    wrong_name: TlsAcceptor,
    untrusted: TlsAcceptor,
}

impl Faces {
    pub fn new(tls: &NodeTls) -> Result<Self, String> {
        let face = |pem: &KeyPem| server_config(pem, tls).map(|config| TlsAcceptor::from(Arc::new(config)));
        Ok(Faces {
            genuine: face(&tls.genuine)?,
            expired: face(&tls.expired)?,
            wrong_name: face(&tls.wrong_name)?,
            untrusted: face(&tls.untrusted)?,
        })
    }

    pub fn acceptor(&self, fault: Option<Kind>) -> &TlsAcceptor {
        match fault {
            Some(Kind::TlsExpired) => &self.expired,
            Some(Kind::TlsWrongName) => &self.wrong_name,
            Some(Kind::TlsUntrusted) => &self.untrusted,
            _ => &self.genuine,
        }
    }
}

/// No ALPN, as an Alternator node has none: a client that offers h2 is left with HTTP/1.1.
fn server_config(pem: &KeyPem, tls: &NodeTls) -> Result<ServerConfig, String> {
    let explain = |e: &dyn std::fmt::Display| format!("the node's TLS configuration: {e}");
    let provider = Arc::new(ring::default_provider());
    let chain = CertificateDer::from_pem_slice(pem.certificate.as_bytes()).map_err(|e| explain(&e))?;
    let key = PrivateKeyDer::from_pem_slice(pem.key.as_bytes()).map_err(|e| explain(&e))?;
    let builder =
        ServerConfig::builder_with_provider(provider.clone()).with_safe_default_protocol_versions().map_err(|e| explain(&e))?;
    let builder = match &tls.client_ca {
        None => builder.with_no_client_auth(),
        Some(ca) => {
            let mut roots = RootCertStore::empty();
            let ca = CertificateDer::from_pem_slice(ca.as_bytes()).map_err(|e| explain(&e))?;
            roots.add(ca).map_err(|e| explain(&e))?;
            let verifier =
                WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider).build().map_err(|e| explain(&e))?;
            builder.with_client_cert_verifier(verifier)
        }
    };
    let mut config = builder.with_single_cert(vec![chain], key).map_err(|e| explain(&e))?;
    if tls.session_tickets {
        config.ticketer = ring::Ticketer::new().map_err(|e| explain(&e))?;
    } else {
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(config)
}
