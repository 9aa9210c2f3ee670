//! The certificates of one cluster: a CA, the faces of each node, one for a client, and a CA nobody should trust.

use crate::protocol::{KeyPem, NodeTls};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use std::fs;
use std::io::Write;
use std::net::Ipv4Addr;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

pub struct Certificates {
    authority: CertifiedIssuer<'static, KeyPair>,
    impostor: CertifiedIssuer<'static, KeyPair>,
    client_certificates_wanted: bool,
    session_tickets: bool,
    files: Files,
    /// Removed with all in it when this is dropped.
    _directory: TempDir,
}

/// Where clients find what they need.
#[derive(Clone)]
pub struct Files {
    pub ca: PathBuf,
    pub client_certificate: PathBuf,
    pub client_key: PathBuf,
    pub untrusted_ca: PathBuf,
}

impl Certificates {
    pub fn make(client_certificates_wanted: bool, session_tickets: bool) -> Result<Self, String> {
        let explain = |e: &dyn std::fmt::Display| format!("the cluster's certificates: {e}");
        let authority = issuer("altcluster CA").map_err(|e| explain(&e))?;
        let impostor = issuer("altcluster untrusted CA").map_err(|e| explain(&e))?;
        let client = client_certificate(&authority).map_err(|e| explain(&e))?;
        // Made with mode 0700.
        let directory = TempDir::with_prefix("altcluster-").map_err(|e| explain(&e))?;
        let write = |name: &str, pem: &str| write_private(&directory.path().join(name), pem).map_err(|e| explain(&e));
        let files = Files {
            ca: write("ca.pem", &authority.pem())?,
            client_certificate: write("client.pem", &client.certificate)?,
            client_key: write("client.key", &client.key)?,
            untrusted_ca: write("untrusted-ca.pem", &impostor.pem())?,
        };
        Ok(Certificates { authority, impostor, client_certificates_wanted, session_tickets, files, _directory: directory })
    }

    pub fn files(&self) -> &Files {
        &self.files
    }

    pub fn for_node(&self, address: Ipv4Addr) -> Result<NodeTls, String> {
        let make = |name: &str, expired: bool, issuer: &CertifiedIssuer<'static, KeyPair>| {
            node_certificate(name, expired, issuer).map_err(|e| format!("the certificate of {name}: {e}"))
        };
        let name = address.to_string();
        Ok(NodeTls {
            genuine: make(&name, false, &self.authority)?,
            expired: make(&name, true, &self.authority)?,
            wrong_name: make("wrong-name.invalid", false, &self.authority)?,
            untrusted: make(&name, false, &self.impostor)?,
            client_ca: self.client_certificates_wanted.then(|| self.authority.pem()),
            session_tickets: self.session_tickets,
        })
    }
}

fn write_private(path: &Path, pem: &str) -> std::io::Result<PathBuf> {
    fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?.write_all(pem.as_bytes())?;
    Ok(path.to_owned())
}

fn named(common_name: &str, alternative_names: Vec<String>) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(alternative_names)?;
    params.distinguished_name.push(DnType::CommonName, common_name);
    params.not_before = date_time_ymd(2024, 1, 1);
    params.not_after = date_time_ymd(2124, 1, 1);
    Ok(params)
}

fn issuer(common_name: &str) -> Result<CertifiedIssuer<'static, KeyPair>, rcgen::Error> {
    let mut params = named(common_name, Vec::new())?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    CertifiedIssuer::self_signed(params, KeyPair::generate()?)
}

fn node_certificate(name: &str, expired: bool, issuer: &CertifiedIssuer<'static, KeyPair>) -> Result<KeyPem, rcgen::Error> {
    // An address among the names becomes an IP subject alternative name.
    let mut params = named(name, vec![name.to_owned()])?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    if expired {
        params.not_after = date_time_ymd(2024, 2, 1);
    }
    issued(params, issuer)
}

fn client_certificate(issuer: &CertifiedIssuer<'static, KeyPair>) -> Result<KeyPem, rcgen::Error> {
    let mut params = named("alternator", Vec::new())?;
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    issued(params, issuer)
}

fn issued(mut params: CertificateParams, issuer: &CertifiedIssuer<'static, KeyPair>) -> Result<KeyPem, rcgen::Error> {
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.use_authority_key_identifier_extension = true;
    let key = KeyPair::generate()?;
    let certificate = params.signed_by(&key, issuer)?;
    Ok(KeyPem { certificate: certificate.pem(), key: key.serialize_pem() })
}
