//! HTTP over TLS: who is trusted, who is let in, what is resumed, what is left behind.

use std::fs;
use std::io::Write;
use std::sync::Arc;

use rustls::version::{TLS12, TLS13};
use rustls::{ALL_VERSIONS, HandshakeKind, ServerConfig, ServerConnection};

use super::super::tls::test_pki::{Authority, Folder, Identity};
use super::test_server::{Asked, TestServer, Then, always, answer, drip, until_gone};
use super::*;
use crate::config::Verify;

const SOON: Duration = Duration::from_millis(300);
const AMPLE: Duration = Duration::from_secs(20);

fn list_once(_: &Asked, out: &mut dyn Write) -> std::io::Result<Then> {
    out.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n[]")?;
    Ok(Then::Close)
}

fn serving(identity: &Identity) -> TestServer {
    TestServer::https(identity.server(ALL_VERSIONS), always(200, "[]"))
}

fn trusting(ca: &Authority) -> TlsOptions {
    TlsOptions { ca_pem: Some(ca.pem()), ..TlsOptions::default() }
}

fn transport(options: &TlsOptions) -> Transport {
    Transport::new(options, "", Duration::from_secs(1)).unwrap()
}

fn at<'a>(server: &TestServer, host: &'a str) -> Target<'a> {
    Target { scheme_https: true, host, address: server.address, path_and_query: "/localnodes" }
}

fn get(options: &TlsOptions, server: &TestServer, host: &str) -> Result<u16, FetchError> {
    transport(options).get(&at(server, host), AMPLE).map(|answer| answer.status)
}

#[track_caller]
fn refused(result: Result<u16, FetchError>, cause: &str) {
    let error = result.unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Tls, "{error}");
    assert!(error.message.contains(cause), "{error}");
}

#[test]
fn a_given_ca_is_trusted_as_text_and_as_file() {
    let (ca, folder) = (Authority::new("CA"), Folder::new());
    let server = serving(&ca.issue(&["n1.example", "127.0.0.1"]));
    let from_file = TlsOptions { ca_file: Some(folder.file("ca.pem", &ca.pem())), ..TlsOptions::default() };
    let both = TlsOptions { ca_pem: Some(Authority::new("Other").pem()), ..from_file.clone() };
    for options in [trusting(&ca), from_file, both] {
        assert_eq!(get(&options, &server, "n1.example"), Ok(200));
        assert_eq!(get(&options, &server, "127.0.0.1"), Ok(200));
    }
}

#[test]
fn each_version_of_tls_works_and_keeps_its_connection() {
    let ca = Authority::new("CA");
    let identity = ca.issue(&["n1.example"]);
    for version in [&TLS12, &TLS13] {
        let server = TestServer::https(identity.server(&[version]), always(200, "[]"));
        let transport = transport(&trusting(&ca));
        for _ in 0..3 {
            assert_eq!(transport.get(&at(&server, "n1.example"), AMPLE).unwrap().body, b"[]");
        }
        assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (1, 3));
    }
}

#[test]
fn an_unknown_ca_is_refused() {
    let server = serving(&Authority::new("CA").issue(&["n1.example"]));
    for name in ["Other CA", "CA"] {
        let stranger = trusting(&Authority::new(name));
        let no_hostname = TlsOptions { verify: Verify::NoHostname, ..stranger.clone() };
        refused(get(&stranger, &server, "n1.example"), "not issued by a trusted CA");
        refused(get(&no_hostname, &server, "n1.example"), "not issued by a trusted CA");
    }
}

#[test]
fn without_a_ca_the_platform_decides() {
    let server = serving(&Authority::new("CA").issue(&["n1.example"]));
    // Either its roots do not vouch for the test's CA, or it has none at all.
    refused(get(&TlsOptions::default(), &server, "n1.example"), "CA");
}

#[test]
fn a_ca_that_serves_itself_is_refused_with_the_way_out() {
    let identity = Identity::self_signed_ca(&["n1.example"]);
    let options = TlsOptions { ca_pem: Some(identity.cert_pem.clone()), ..TlsOptions::default() };
    refused(get(&options, &serving(&identity), "n1.example"), "needs one issued by that CA, without CA:TRUE");
}

#[test]
fn another_name_is_refused_unless_names_do_not_matter() {
    let ca = Authority::new("CA");
    let server = serving(&ca.issue(&["n1.example", "127.0.0.9", "::2"]));
    let full = trusting(&ca);
    let no_hostname = TlsOptions { verify: Verify::NoHostname, ..full.clone() };
    for host in ["n2.example", "127.0.0.1", "::1"] {
        refused(get(&full, &server, host), "the certificate is for another name");
        assert_eq!(get(&no_hostname, &server, host), Ok(200));
    }
    for host in ["n1.example", "N1.Example", "n1.example.", "127.0.0.9", "::2", "[::2]"] {
        assert_eq!(get(&full, &server, host), Ok(200), "{host}");
    }
}

#[test]
fn an_expired_certificate_is_refused_whatever_the_name() {
    let ca = Authority::new("CA");
    let server = serving(&ca.issue_expired(&["n1.example"]));
    let full = trusting(&ca);
    let no_hostname = TlsOptions { verify: Verify::NoHostname, ..full.clone() };
    refused(get(&full, &server, "n1.example"), "the certificate has expired");
    refused(get(&no_hostname, &server, "n1.example"), "the certificate has expired");
}

#[test]
fn without_verification_everything_is_accepted() {
    let ca = Authority::new("CA");
    let none = TlsOptions { verify: Verify::None, ..TlsOptions::default() };
    for version in [&TLS12, &TLS13] {
        for identity in [ca.issue(&["n1.example"]), ca.issue_expired(&["n2.example"])] {
            let server = TestServer::https(identity.server(&[version]), always(200, "[]"));
            assert_eq!(get(&none, &server, "127.0.0.1"), Ok(200));
        }
    }
}

#[test]
fn a_connection_for_one_name_is_not_used_for_another() {
    let ca = Authority::new("CA");
    let server = serving(&ca.issue(&["n1.example"]));
    let transport = transport(&TlsOptions { session_cache: 64, ..trusting(&ca) });
    assert_eq!(transport.get(&at(&server, "n1.example"), AMPLE).unwrap().status, 200);
    refused(transport.get(&at(&server, "n2.example"), AMPLE).map(|answer| answer.status), "another name");
    assert_eq!(transport.get(&at(&server, "n1.example"), AMPLE).unwrap().status, 200);
    assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (2, 2));
}

#[test]
fn a_host_that_names_no_server_is_refused() {
    let server = serving(&Authority::new("CA").issue(&["n1.example"]));
    refused(get(&TlsOptions::default(), &server, "n1..example"), "neither a DNS name nor an IP address");
    assert_eq!(server.seen(|seen| seen.accepted), 0);
}

#[test]
fn a_client_certificate_opens_a_server_that_demands_one() {
    let (ca, folder) = (Authority::new("CA"), Folder::new());
    let server = TestServer::https(ca.server_demanding_clients(&ca.issue(&["127.0.0.1"])), always(200, "[]"));
    refused(get(&trusting(&ca), &server, "127.0.0.1"), "demands a client certificate (tls.cert_file");

    let with = |identity: &Identity| TlsOptions {
        cert_file: Some(folder.file("client.pem", &identity.cert_pem)),
        key_file: Some(folder.file("client.key", &identity.key_pem)),
        ..trusting(&ca)
    };
    assert_eq!(get(&with(&ca.issue(&["client"])), &server, "127.0.0.1"), Ok(200));
    let stranger = with(&Authority::new("Other CA").issue(&["client"]));
    refused(get(&stranger, &server, "127.0.0.1"), "the server ended the connection with an alert");
}

#[test]
fn sessions_are_resumed_as_many_as_wanted() {
    let ca = Authority::new("CA");
    let identity = ca.issue(&["n1.example"]);
    for version in [&TLS12, &TLS13] {
        for (session_cache, second) in [(0, HandshakeKind::Full), (64, HandshakeKind::Resumed)] {
            let server = TestServer::https(identity.server(&[version]), list_once);
            let transport = transport(&TlsOptions { session_cache, ..trusting(&ca) });
            for _ in 0..2 {
                transport.get(&at(&server, "n1.example"), AMPLE).unwrap();
            }
            assert_eq!(server.seen(|seen| seen.handshakes.clone()), [HandshakeKind::Full, second], "{version:?}");
        }
    }
}

#[test]
fn an_unshared_transport_resumes_nothing_of_the_first() {
    let ca = Authority::new("CA");
    let server = TestServer::https(ca.issue(&["n1.example"]).server(ALL_VERSIONS), list_once);
    let parent = transport(&TlsOptions { session_cache: 64, ..trusting(&ca) });
    let kinds = |count: usize| server.seen(|seen| seen.handshakes[count - 1]);
    parent.get(&at(&server, "n1.example"), AMPLE).unwrap();
    let child = parent.unshared();
    child.get(&at(&server, "n1.example"), AMPLE).unwrap();
    assert_eq!(kinds(2), HandshakeKind::Full);
    child.get(&at(&server, "n1.example"), AMPLE).unwrap();
    assert_eq!(kinds(3), HandshakeKind::Resumed);
    parent.get(&at(&server, "n1.example"), AMPLE).unwrap();
    assert_eq!(kinds(4), HandshakeKind::Resumed);
    refused(child.get(&at(&server, "n2.example"), AMPLE).map(|answer| answer.status), "another name");
}

#[test]
fn the_key_log_has_a_line_per_secret_and_is_private() {
    let (ca, folder) = (Authority::new("CA"), Folder::new());
    let server = TestServer::https(ca.issue(&["n1.example"]).server(ALL_VERSIONS), list_once);
    let path = folder.path("keys.log");
    let options = TlsOptions { keylog_file: Some(path.clone()), ..trusting(&ca) };
    let lines = || fs::read_to_string(&path).unwrap().lines().map(str::to_owned).collect::<Vec<_>>();

    get(&options, &server, "n1.example").unwrap();
    let first = lines();
    assert!(first.iter().any(|line| line.starts_with("CLIENT_TRAFFIC_SECRET_0 ")), "{first:?}");
    for line in &first {
        let fields: Vec<&str> = line.split(' ').collect();
        assert_eq!((fields.len(), fields[1].len()), (3, 64), "{line}");
        assert!(fields[1..].iter().all(|field| field.bytes().all(|b| b.is_ascii_hexdigit())), "{line}");
    }
    get(&options, &server, "n1.example").unwrap();
    let both = lines();
    assert!(both.len() == 2 * first.len() && both.starts_with(&first), "appended, not replaced");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_handshake_that_stalls_or_drips_costs_the_timeout_and_no_more() {
    let ca = Authority::new("CA");
    let config = ca.issue(&["n1.example"]).server(ALL_VERSIONS);
    let silent = TestServer::raw(|mut stream, _, _| {
        let _ = until_gone(&mut stream);
    });
    let dripping = TestServer::raw(move |stream, _, _| {
        let _ = drip_handshake(stream, &config);
    });
    for server in [&silent, &dripping] {
        let start = Instant::now();
        let error = transport(&trusting(&ca)).get(&at(server, "n1.example"), SOON).unwrap_err();
        assert_eq!(error.kind, FetchErrorKind::Timeout, "{error}");
        assert_eq!(error.message, "the TLS handshake was not finished in time (300 ms)");
        assert!(start.elapsed() >= SOON && start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
    }
}

/// The true first flight of a server, a byte at a time.
fn drip_handshake(mut stream: std::net::TcpStream, config: &Arc<ServerConfig>) -> std::io::Result<()> {
    let mut tls = ServerConnection::new(Arc::clone(config)).unwrap();
    while !tls.wants_write() {
        tls.read_tls(&mut stream)?;
        tls.process_new_packets().unwrap();
    }
    let mut flight = Vec::new();
    tls.write_tls(&mut flight)?;
    drip(flight.into_iter(), &mut stream)
}

#[test]
fn a_tls_record_that_drips_costs_the_timeout_and_no_more() {
    let ca = Authority::new("CA");
    let config = ca.issue(&["n1.example"]).server(ALL_VERSIONS);
    let server = TestServer::raw(move |mut stream, _, _| {
        let mut tls = ServerConnection::new(Arc::clone(&config)).unwrap();
        while tls.is_handshaking() {
            if tls.complete_io(&mut stream).is_err() {
                return;
            }
        }
        let mut record = Vec::new();
        tls.writer().write_all(&answer(200, &" ".repeat(5000))).unwrap();
        while tls.wants_write() {
            tls.write_tls(&mut record).unwrap();
        }
        let _ = drip(record.into_iter(), &mut stream);
    });
    let start = Instant::now();
    let error = transport(&trusting(&ca)).get(&at(&server, "n1.example"), SOON).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Timeout, "{error}");
    assert!(start.elapsed() >= SOON && start.elapsed() < Duration::from_secs(3), "{:?}", start.elapsed());
}

#[test]
fn what_does_not_speak_tls_is_told_apart() {
    let says = |bytes: &'static [u8]| {
        let server = TestServer::raw(move |mut stream, _, _| {
            let _ = stream.write_all(bytes);
            let _ = stream.shutdown(std::net::Shutdown::Write);
            let _ = until_gone(&mut stream);
        });
        transport(&TlsOptions::default()).get(&at(&server, "n1.example"), AMPLE).unwrap_err()
    };
    let plain = says(b"HTTP/1.1 400 Bad Request\r\n\r\n");
    assert_eq!(plain.kind, FetchErrorKind::Tls);
    assert!(plain.message.contains("does not speak TLS"), "{plain}");
    let closed = says(b"");
    assert_eq!(closed.kind, FetchErrorKind::Reset);
    assert!(closed.message.contains("TLS handshake: closed by the server"), "{closed}");
}

#[test]
fn an_idle_connection_that_the_server_closed_is_replaced() {
    let ca = Authority::new("CA");
    let server = TestServer::https(ca.issue(&["n1.example"]).server(ALL_VERSIONS), |asked, out| {
        if asked.connection == 0 && asked.request == 1 {
            return Ok(Then::Close);
        }
        always(200, "[]")(asked, out)
    });
    let transport = transport(&trusting(&ca));
    for _ in 0..3 {
        assert_eq!(transport.get(&at(&server, "n1.example"), AMPLE).unwrap().status, 200);
    }
    assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (2, 4));
}

#[test]
fn an_answer_cut_short_is_not_taken_for_whole() {
    let ca = Authority::new("CA");
    let server = TestServer::https(ca.issue(&["n1.example"]).server(ALL_VERSIONS), |_, out| {
        out.write_all(b"HTTP/1.1 200 OK\r\n\r\n[\"10.0.0.1\"")?;
        Ok(Then::Close)
    });
    // Without a length and without close_notify, anyone on the way could have cut it.
    let error = get(&trusting(&ca), &server, "n1.example").unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Reset, "{error}");
}

#[test]
fn a_dropped_connection_says_no_goodbye() {
    let ca = Authority::new("CA");
    let server = serving(&ca.issue(&["n1.example"]));
    let transport = transport(&trusting(&ca));
    transport.get(&at(&server, "n1.example"), AMPLE).unwrap();
    drop(transport);
    server.wait_until(|seen| seen.closed == 1);
    assert_eq!(server.seen(|seen| seen.close_notifies), 0);
}
