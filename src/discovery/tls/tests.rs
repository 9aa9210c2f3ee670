//! What the options accept and how they say no.

use std::path::PathBuf;

use super::test_pki::{Authority, Folder};
use super::*;
use crate::config::Verify;

fn error_of(options: &TlsOptions) -> TlsError {
    TlsClient::new(options).map(|_| ()).unwrap_err()
}

#[test]
fn nothing_is_needed() {
    assert_eq!(TlsClient::new(&TlsOptions::default()).map(|_| ()), Ok(()));
    assert_eq!(TlsOptions::default().verify, Verify::Full);
}

#[test]
fn a_file_that_cannot_be_read_is_named() {
    let folder = Folder::new();
    let missing = folder.path("missing.pem");
    let some = Some(missing.clone());
    let present = Some(folder.file("cert.pem", &Authority::new("CA").issue(&["n1"]).cert_pem));
    let cases = [
        ("tls.ca_file", TlsOptions { ca_file: some.clone(), ..TlsOptions::default() }),
        ("tls.cert_file", TlsOptions { cert_file: some.clone(), key_file: some.clone(), ..TlsOptions::default() }),
        ("tls.key_file", TlsOptions { cert_file: present, key_file: some, ..TlsOptions::default() }),
    ];
    for (option, options) in cases {
        let error = error_of(&options);
        assert_eq!((error.option, error.value.as_str()), (option, missing.to_str().unwrap()));
        assert!(error.reason.contains("No such file"), "{error}");
    }
    for (unfit, reason) in [(folder.as_ref().to_owned(), "regular file"), (PathBuf::from("/dev/zero"), "regular file")] {
        let error = error_of(&TlsOptions { ca_file: Some(unfit), ..TlsOptions::default() });
        assert!(error.reason.contains(reason), "{error}");
    }
    let large = folder.path("large.pem");
    std::fs::write(&large, vec![b'-'; 1 + (1 << 20)]).unwrap();
    assert!(error_of(&TlsOptions { ca_file: Some(large), ..TlsOptions::default() }).reason.contains("more than"));
    let nowhere = folder.path("no/such/folder/keys.log");
    let error = error_of(&TlsOptions { keylog_file: Some(nowhere.clone()), ..TlsOptions::default() });
    assert_eq!((error.option, error.value.as_str()), ("tls.keylog_file", nowhere.to_str().unwrap()));
}

#[test]
fn a_file_without_certificates_is_refused() {
    let folder = Folder::new();
    let broken = "-----BEGIN CERTIFICATE-----\n*** not base64 ***\n-----END CERTIFICATE-----\n";
    let no_certificate = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    for (contents, reason) in
        [("", "holds no certificate in PEM"), (broken, "not valid PEM"), (no_certificate, "can be used as a CA")]
    {
        let path = folder.file("ca.pem", contents);
        let error = error_of(&TlsOptions { ca_file: Some(path), ..TlsOptions::default() });
        assert!(error.option == "tls.ca_file" && error.reason.contains(reason), "{error}");
        let error = error_of(&TlsOptions { ca_pem: Some(contents.to_owned()), ..TlsOptions::default() });
        assert!(error.option == "tls.ca_pem" && error.reason.contains(reason), "{error}");
        assert_eq!(error.value, INLINE_PEM);
    }
}

#[test]
fn certificate_and_key_come_together_and_fit() {
    let (folder, ca) = (Folder::new(), Authority::new("CA"));
    let (one, other) = (ca.issue(&["one"]), ca.issue(&["other"]));
    let cert_file = Some(folder.file("one.pem", &one.cert_pem));
    let key_file = Some(folder.file("one.key", &one.key_pem));
    let other_key = folder.file("other.key", &other.key_pem);
    let not_a_key = folder.file("not.key", &one.cert_pem);
    let options = |cert_file: &Option<PathBuf>, key_file: &Option<PathBuf>| TlsOptions {
        cert_file: cert_file.clone(),
        key_file: key_file.clone(),
        ..TlsOptions::default()
    };
    assert!(TlsClient::new(&options(&cert_file, &key_file)).is_ok());
    assert_eq!(error_of(&options(&cert_file, &None)).option, "tls.key_file");
    assert_eq!(error_of(&options(&None, &key_file)).option, "tls.cert_file");
    for (path, reason) in [(other_key, "not usable with tls.cert_file"), (not_a_key, "holds no private key")] {
        let error = error_of(&options(&cert_file, &Some(path.clone())));
        assert_eq!((error.option, error.value.as_str()), ("tls.key_file", path.to_str().unwrap()));
        assert!(error.reason.contains(reason), "{error}");
    }
}

#[test]
fn a_bundle_serves_with_what_is_usable_of_it() {
    let good = Authority::new("CA").pem();
    let bundle = format!("{good}-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n{good}");
    assert!(TlsClient::new(&TlsOptions { ca_pem: Some(bundle), ..TlsOptions::default() }).is_ok());
}

#[test]
fn debug_output_has_no_key_material() {
    let identity = Authority::new("CA").issue(&["n1"]);
    let pasted = TlsOptions { ca_pem: Some(identity.cert_pem + &identity.key_pem), ..TlsOptions::default() };
    let text = format!("{pasted:?} {:?}", TlsClient::new(&pasted).unwrap());
    assert!(text.contains(INLINE_PEM) && !text.contains("PRIVATE KEY") && !text.contains("BEGIN"), "{text}");
}
