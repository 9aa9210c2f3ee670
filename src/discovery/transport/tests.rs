//! Answers and failures over plain TCP.

use std::io::Write;
use std::net::TcpListener;
use std::process::Command;

use super::test_server::{TestServer, Then, always, answer, drip, thread_count, until_gone};
use super::*;

const SOON: Duration = Duration::from_millis(300);
const AMPLE: Duration = Duration::from_secs(20);

/// A bound of `SOON` was kept, with room for a busy machine.
fn kept_short(start: Instant) -> bool {
    start.elapsed() < Duration::from_secs(3)
}

fn transport() -> Transport {
    Transport::new(&TlsOptions::default(), "", Duration::from_secs(1)).unwrap()
}

fn target(address: SocketAddr) -> Target<'static> {
    Target { scheme_https: false, host: "127.0.0.1", address, path_and_query: "/localnodes" }
}

/// The failure of one fetch from a server that does `serve` with each connection.
fn failure_of(serve: impl Fn(&mut std::net::TcpStream) -> std::io::Result<()> + Send + Sync + 'static) -> FetchError {
    let server = TestServer::raw(move |mut stream, _, _| {
        let _ = serve(&mut stream);
        let _ = stream.shutdown(std::net::Shutdown::Write);
        let _ = until_gone(&mut stream);
    });
    transport().get(&target(server.address), SOON).unwrap_err()
}

#[test]
fn the_request_says_what_it_must_and_nothing_else() {
    let server = TestServer::http(always(200, "[]"));
    let port = server.address.port();
    let asked = Target { host: "node1.example", path_and_query: "/localnodes?dc=dc%201", ..target(server.address) };
    transport().get(&asked, AMPLE).unwrap();
    let named = Transport::new(&TlsOptions::default(), "app/1.0", Duration::from_secs(1)).unwrap();
    named.get(&asked, AMPLE).unwrap();
    let heads = server.seen(|seen| seen.heads.clone());
    let lines = |head: &str| {
        let mut lines: Vec<String> = head.trim_end().lines().map(str::to_ascii_lowercase).collect();
        lines[1..].sort();
        lines
    };
    let host = format!("host: node1.example:{port}");
    let first = "get /localnodes?dc=dc%201 http/1.1";
    assert_eq!(lines(&heads[0]), [first, "accept: application/json", &host]);
    assert_eq!(lines(&heads[1]), [first, "accept: application/json", &host, "user-agent: app/1.0"]);
}

#[test]
fn the_whole_answer_comes_back() {
    let chunked = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\n[\"a\"\r\n1\r\n]\r\n0\r\n\r\n";
    let closed = "HTTP/1.0 200 OK\r\n\r\n[\"a\"]";
    for text in [chunked, closed] {
        let server = TestServer::http(move |_, out| out.write_all(text.as_bytes()).map(|()| Then::Close));
        let found = transport().get(&target(server.address), AMPLE).unwrap();
        assert_eq!(found, Answer { status: 200, body: b"[\"a\"]".to_vec() });
    }
}

#[test]
fn a_redirect_is_returned_not_followed() {
    let elsewhere = TestServer::http(always(200, "[]"));
    let location = format!("HTTP/1.1 307 X\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n", elsewhere.address);
    let server = TestServer::http(move |_, out| out.write_all(location.as_bytes()).map(|()| Then::Keep));
    assert_eq!(transport().get(&target(server.address), AMPLE).unwrap().status, 307);
    assert_eq!(elsewhere.seen(|seen| seen.accepted), 0);
}

#[test]
fn an_announced_huge_body_is_refused_unread() {
    let error = failure_of(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 104857600\r\n\r\n")?;
        until_gone(stream)
    });
    assert_eq!(error.kind, FetchErrorKind::TooLarge);
    assert!(error.message.contains("104857600") && error.message.contains("1048576"), "{error}");
}

#[test]
fn a_huge_body_of_unknown_length_is_stopped_at_the_limit() {
    let server = TestServer::raw(|mut stream, _, shared| {
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\n\r\n");
        let piece = [b' '; 16 * 1024];
        while let Ok(()) = stream.write_all(&piece) {
            shared.note(|seen| seen.written += piece.len());
            if server_has_said_enough(shared) {
                break;
            }
        }
    });
    let error = transport().get(&target(server.address), AMPLE).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::TooLarge, "{error}");
    server.wait_until(|seen| seen.closed == 1);
    // What lies beyond the limit is what the sockets' buffers took in.
    assert!(server.seen(|seen| seen.written) < 20 * 1024 * 1024);
}

/// 100 MB.
fn server_has_said_enough(shared: &super::test_server::Shared) -> bool {
    let mut written = 0;
    shared.note(|seen| written = seen.written);
    written >= 100_000_000
}

#[test]
fn a_body_of_just_the_limit_is_accepted() {
    let server = TestServer::http(|asked, out| {
        let size = BODY_LIMIT as usize + asked.request;
        out.write_all(&answer(200, &" ".repeat(size)))?;
        Ok(Then::Keep)
    });
    let transport = transport();
    assert_eq!(transport.get(&target(server.address), AMPLE).unwrap().body.len() as u64, BODY_LIMIT);
    assert_eq!(transport.get(&target(server.address), AMPLE).unwrap_err().kind, FetchErrorKind::TooLarge);
}

#[test]
fn a_long_error_page_is_cut_and_its_connection_closed() {
    let server = TestServer::http(|asked, out| {
        out.write_all(&answer(503, &"x".repeat(DRAIN_LIMIT as usize + asked.request)))?;
        Ok(Then::Keep)
    });
    let transport = transport();
    for _ in 0..2 {
        let answer = transport.get(&target(server.address), AMPLE).unwrap();
        assert_eq!((answer.status, answer.body.len()), (503, DRAIN_LIMIT as usize));
    }
    assert_eq!(server.seen(|seen| seen.accepted), 1, "a page of just the limit keeps its connection");
    server.wait_until(|seen| seen.closed == 1);
}

#[test]
fn a_silent_server_costs_the_timeout_and_no_more() {
    let server = TestServer::http(|_, _| Ok(Then::Hang));
    let start = Instant::now();
    let error = transport().get(&target(server.address), SOON).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Timeout);
    assert_eq!(error.message, "connected, but no answer in time (300 ms)");
    assert!(start.elapsed() >= SOON && kept_short(start), "{:?}", start.elapsed());
}

#[test]
fn a_dripping_server_costs_the_timeout_and_no_more() {
    let body = || "HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n".bytes().chain(std::iter::repeat(b' '));
    let head = || "HTTP/1.1 200 OK\r\nX-Long: ".bytes().chain(std::iter::repeat(b'x'));
    let page = || "HTTP/1.1 500 X\r\nContent-Length: 99999\r\n\r\n".bytes().chain(std::iter::repeat(b' '));
    let chunk = || "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;".bytes().chain(std::iter::repeat(b'x'));
    let servers = [
        TestServer::http(move |_, out| drip(body(), out).map(|()| Then::Close)),
        TestServer::http(move |_, out| drip(head(), out).map(|()| Then::Close)),
        TestServer::http(move |_, out| drip(page(), out).map(|()| Then::Close)),
        TestServer::http(move |_, out| drip(chunk(), out).map(|()| Then::Close)),
    ];
    for server in &servers {
        let start = Instant::now();
        let error = transport().get(&target(server.address), SOON).unwrap_err();
        assert_eq!(error.kind, FetchErrorKind::Timeout, "{error}");
        assert!(start.elapsed() >= SOON && kept_short(start), "{:?}", start.elapsed());
    }
}

#[test]
fn no_time_at_all_is_a_timeout_at_once() {
    let server = TestServer::http(always(200, "[]"));
    let transport = transport();
    assert_eq!(transport.get(&target(server.address), Duration::ZERO).unwrap_err().kind, FetchErrorKind::Timeout);
    assert_eq!(transport.get(&target(server.address), Duration::MAX).unwrap().status, 200);
}

#[test]
fn a_closed_port_is_refused() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = transport().get(&target(address), AMPLE).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Refused);
    assert!(error.os_errno != 0 && error.message.contains("refused"), "{error:?}");
}

#[test]
fn a_black_hole_costs_the_connect_timeout_and_no_more() {
    // A listener that accepts nothing drops every connection request once its queue is full.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let mut queued = Vec::new();
    while let Ok(stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_millis(100)) {
        queued.push(stream);
        assert!(queued.len() < 10_000, "the queue never fills");
    }
    let start = Instant::now();
    let patient = Transport::new(&TlsOptions::default(), "", SOON).unwrap();
    let error = patient.get(&target(address), AMPLE).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Refused);
    assert!(error.message.contains("within 300 ms"), "{error}");
    assert!(start.elapsed() >= SOON && kept_short(start), "{:?}", start.elapsed());

    let start = Instant::now();
    let hurried = Transport::new(&TlsOptions::default(), "", AMPLE).unwrap();
    assert_eq!(hurried.get(&target(address), SOON).unwrap_err().kind, FetchErrorKind::Refused);
    assert!(start.elapsed() >= SOON / 2 && kept_short(start), "{:?}", start.elapsed());
}

#[test]
fn what_is_not_http_is_told_apart() {
    let kind_and_message = |bytes: &'static [u8]| {
        let error = failure_of(move |stream| stream.write_all(bytes));
        (error.kind, error.message)
    };
    let garbage = (FetchErrorKind::Reset, "what answered does not speak HTTP".to_owned());
    assert_eq!(kind_and_message(b"SSH-2.0-OpenSSH_9.7\r\n"), garbage);
    assert_eq!(kind_and_message(&[0; 5000]), garbage);
    let (kind, message) = kind_and_message(&[21, 3, 3, 0, 2, 2, 70]);
    assert!(kind == FetchErrorKind::Reset && message.contains("scheme=https"), "{message}");
    assert_eq!(kind_and_message(b"").0, FetchErrorKind::Reset);
    assert_eq!(kind_and_message(b"HTTP/1.1 2").0, FetchErrorKind::Reset);
    assert_eq!(kind_and_message(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[\"10").0, FetchErrorKind::Reset);
    assert_eq!(kind_and_message(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n[").0, FetchErrorKind::Reset);
    assert_eq!(kind_and_message(b"HTTP/1.1 zzz OK\r\n\r\n").0, FetchErrorKind::Protocol);
    assert_eq!(kind_and_message(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").0, FetchErrorKind::Protocol);
}

#[test]
fn an_endless_head_is_refused() {
    let error = failure_of(|stream| {
        stream.write_all(b"HTTP/1.1 200 OK\r\n")?;
        while stream.write_all(b"X-Header: again and again\r\n").is_ok() {}
        Ok(())
    });
    assert_eq!(error.kind, FetchErrorKind::Protocol, "{error}");
}

#[test]
fn a_connection_reset_in_the_answer_is_reset() {
    for head in ["HTTP/1.1 200 OK\r\n\r\n[", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[", "HTTP/1.1 200"] {
        let server = TestServer::raw(move |mut stream, _, _| {
            // Closing with the request unread makes the system send a reset.
            let _ = stream.peek(&mut [0; 16]);
            let _ = stream.write_all(head.as_bytes());
        });
        let error = transport().get(&target(server.address), AMPLE).unwrap_err();
        assert!(error.kind == FetchErrorKind::Reset && error.os_errno != 0, "{head:?}: {error:?}");
    }
}

#[test]
fn urls_are_built_from_checked_parts() {
    let text = |host: &str, path: &str| {
        let address = "127.0.0.1:8000".parse().unwrap();
        uri(&Target { scheme_https: true, host, address, path_and_query: path }).map(|uri| uri.to_string())
    };
    assert_eq!(text("n1.example", "/").unwrap(), "https://n1.example:8000/");
    assert_eq!(text("::1", "/localnodes?rack=r1").unwrap(), "https://[::1]:8000/localnodes?rack=r1");
    assert_eq!(text("[::1]", "/").unwrap(), "https://[::1]:8000/");
    for (host, path) in
        [("user@n1", "/"), ("n1:1", "/"), ("n1/x", "/"), ("", "/"), ("n 1", "/"), ("n1", "x"), ("n1", "/ x"), ("n1", "")]
    {
        assert_eq!(text(host, path).unwrap_err().kind, FetchErrorKind::Protocol, "{host:?} {path:?}");
    }
}

#[test]
fn a_user_agent_that_cannot_be_sent_is_refused() {
    let error = Transport::new(&TlsOptions::default(), "a\r\nb", Duration::from_secs(1)).unwrap_err();
    assert_eq!(error.option, "user_agent");
}

/// Runs the named test of this module again, alone in a process with `variables` in its environment.
fn runs_alone(name: &str, variables: &[(&str, &str)]) {
    let module = module_path!().split_once("::").unwrap().1;
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("{module}::{name}"), "--nocapture", "--test-threads=1"])
        .env("ALB_TEST_ALONE", "1")
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}{}", String::from_utf8_lossy(&output.stderr));
}

fn is_alone() -> bool {
    std::env::var_os("ALB_TEST_ALONE").is_some()
}

#[test]
fn no_proxy_comes_from_the_environment() {
    if !is_alone() {
        let proxy = TestServer::http(always(200, "from the proxy"));
        let url = format!("http://{}", proxy.address);
        let names = ["HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];
        runs_alone("no_proxy_comes_from_the_environment", &names.map(|name| (name, url.as_str())));
        return assert_eq!(proxy.seen(|seen| seen.accepted), 0);
    }
    let server = TestServer::http(always(200, "[]"));
    assert_eq!(transport().get(&target(server.address), AMPLE).unwrap().body, b"[]");
}

#[test]
fn no_thread_is_started() {
    if !is_alone() {
        return runs_alone("no_thread_is_started", &[]);
    }
    let server = TestServer::http(always(200, "[]"));
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let transport = transport();
    // The server's own threads start here, so that from now on each thread would be the transport's.
    transport.get(&target(server.address), AMPLE).unwrap();
    let (threads, newest) = (thread_count(), newest_thread());

    super::super::resolver::resolve("localhost", 8000).unwrap();
    transport.get(&target(server.address), AMPLE).unwrap();
    transport.get(&target(silent.local_addr().unwrap()), SOON).unwrap_err();
    assert_eq!((server.seen(|seen| seen.threads), thread_count()), (threads, threads));
    assert_eq!(newest_thread(), newest + 1, "short-lived threads count too");
}

/// The number of a thread started now: the standard library numbers them in a row.
fn newest_thread() -> u64 {
    let probe = std::thread::spawn(|| ());
    let id = format!("{:?}", probe.thread().id());
    probe.join().unwrap();
    id.trim_start_matches("ThreadId(").trim_end_matches(')').parse().unwrap()
}
