//! Which connections are kept, which are used again, and which are not.

use std::io::{Read, Write};
use std::sync::{Arc, Barrier};

use super::test_server::{TestServer, Then, always, answer, read_head};
use super::*;

const SOON: Duration = Duration::from_millis(300);
const AMPLE: Duration = Duration::from_secs(20);

fn transport() -> Transport {
    Transport::new(&TlsOptions::default(), "", Duration::from_secs(1)).unwrap()
}

fn target(address: SocketAddr) -> Target<'static> {
    Target { scheme_https: false, host: "127.0.0.1", address, path_and_query: "/localnodes" }
}

#[test]
fn a_connection_is_kept_after_any_status() {
    for status in [200, 404, 500, 204, 302] {
        let server = TestServer::http(move |_, out| {
            match status {
                204 => out.write_all(b"HTTP/1.1 204 No Content\r\n\r\n")?,
                302 => out.write_all(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 4\r\n\r\naway")?,
                _ => out.write_all(&answer(status, "[\"10.0.0.1\"]"))?,
            }
            Ok(Then::Keep)
        });
        let transport = transport();
        for _ in 0..3 {
            assert_eq!(transport.get(&target(server.address), AMPLE).unwrap().status, status);
        }
        assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (1, 3), "status {status}");
    }
}

#[test]
fn an_idle_connection_that_the_server_closed_is_replaced() {
    let server = TestServer::http(|asked, out| {
        if asked.connection == 0 && asked.request == 1 {
            return Ok(Then::Close);
        }
        out.write_all(&answer(200, "[]"))?;
        Ok(Then::Keep)
    });
    let transport = transport();
    for _ in 0..3 {
        assert_eq!(transport.get(&target(server.address), AMPLE).unwrap().status, 200);
    }
    assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (2, 4));
}

#[test]
fn a_fresh_connection_is_not_tried_twice() {
    let server = TestServer::http(|asked, out| {
        if asked.connection == 0 && asked.request == 0 {
            out.write_all(&answer(200, "[]"))?;
            return Ok(Then::Keep);
        }
        Ok(Then::Close)
    });
    let transport = transport();
    transport.get(&target(server.address), AMPLE).unwrap();
    let error = transport.get(&target(server.address), AMPLE).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Reset);
    assert_eq!(error.message, "the connection was lost before an answer: closed by the server");
    assert_eq!(server.seen(|seen| seen.accepted), 2, "the idle one, and one fresh one");
    transport.get(&target(server.address), AMPLE).unwrap_err();
    assert_eq!(server.seen(|seen| seen.accepted), 3);
}

#[test]
fn an_idle_connection_that_fell_silent_is_not_tried_twice() {
    let server = TestServer::http(|asked, out| {
        if asked.request == 1 {
            return Ok(Then::Hang);
        }
        out.write_all(&answer(200, "[]"))?;
        Ok(Then::Keep)
    });
    let transport = transport();
    transport.get(&target(server.address), AMPLE).unwrap();
    assert_eq!(transport.get(&target(server.address), SOON).unwrap_err().kind, FetchErrorKind::Timeout);
    assert_eq!(server.seen(|seen| seen.accepted), 1);
}

#[test]
fn a_replacement_is_never_another_idle_connection() {
    // The second connection becomes idle while the first, closed by the server, is being found out.
    let (first_asked, second_idle) = (Arc::new(Barrier::new(2)), Arc::new(Barrier::new(2)));
    let server = TestServer::http({
        let (first_asked, second_idle) = (Arc::clone(&first_asked), Arc::clone(&second_idle));
        move |asked, out| {
            if asked.connection == 0 && asked.request == 1 {
                first_asked.wait();
                second_idle.wait();
            }
            if asked.request == 1 {
                return Ok(Then::Close);
            }
            out.write_all(&answer(200, "[]"))?;
            Ok(Then::Keep)
        }
    });
    let transport = transport();
    transport.get(&target(server.address), AMPLE).unwrap();
    std::thread::scope(|scope| {
        let replaced = scope.spawn(|| transport.get(&target(server.address), AMPLE));
        first_asked.wait();
        transport.get(&target(server.address), AMPLE).unwrap();
        second_idle.wait();
        assert_eq!(replaced.join().unwrap().map(|answer| answer.status), Ok(200));
    });
    assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (3, 4));
}

#[test]
fn a_loss_in_the_middle_of_an_answer_is_not_asked_again() {
    let server = TestServer::raw(|mut stream, _, _| {
        let _ = read_head(&mut stream);
        let _ = stream.write_all(&answer(200, "[]"));
        // Closing with most of the request unread makes the system send a reset.
        let _ = stream.read(&mut [0]);
        let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n[");
    });
    let transport = transport();
    transport.get(&target(server.address), AMPLE).unwrap();
    let error = transport.get(&target(server.address), AMPLE).unwrap_err();
    assert_eq!(error.kind, FetchErrorKind::Reset);
    assert!(error.message.contains("in the middle of the answer"), "{error}");
    assert_eq!(server.seen(|seen| seen.accepted), 1);
}

#[test]
fn what_comes_unasked_with_an_answer_ends_the_connection() {
    let server = TestServer::http(|_, out| {
        out.write_all(&[answer(200, "[]"), answer(200, "[\"unasked\"]")].concat())?;
        Ok(Then::Keep)
    });
    let transport = transport();
    for _ in 0..2 {
        assert_eq!(transport.get(&target(server.address), AMPLE).unwrap().body, b"[]");
    }
    assert_eq!(server.seen(|seen| seen.accepted), 2);
}

#[test]
fn hosts_and_addresses_do_not_share_connections() {
    let server = TestServer::http(always(200, "[]"));
    let transport = transport();
    for host in ["a.example", "b.example", "a.example", "b.example"] {
        transport.get(&Target { host, ..target(server.address) }, AMPLE).unwrap();
    }
    assert_eq!(server.seen(|seen| seen.accepted), 2);
}

#[test]
fn the_target_not_fetched_for_longest_loses_its_connection() {
    let server = TestServer::http(always(200, "[]"));
    let transport = transport();
    let hosts: Vec<String> = (0..MOST_TARGETS + 5).map(|n| format!("node{n}.example")).collect();
    let fetch = |host: &String| transport.get(&Target { host, ..target(server.address) }, AMPLE).unwrap();
    for host in &hosts[..MOST_TARGETS] {
        fetch(host);
    }
    fetch(&hosts[0]);
    for host in &hosts[MOST_TARGETS..] {
        fetch(host);
    }
    server.wait_until(|seen| seen.closed == 5);
    for kept in hosts[6..].iter().chain(&hosts[..1]) {
        fetch(kept);
    }
    assert_eq!(server.seen(|seen| seen.accepted), hosts.len());
    fetch(&hosts[1]);
    assert_eq!(server.seen(|seen| seen.accepted), hosts.len() + 1);
}

#[test]
fn one_connection_of_a_target_stays_after_a_rush() {
    let server = TestServer::http(always(200, "[]"));
    let transport = transport();
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..20 {
                    transport.get(&target(server.address), AMPLE).unwrap();
                }
            });
        }
    });
    server.wait_until(|seen| seen.closed + 1 == seen.accepted);
}

#[test]
fn a_connection_idle_for_too_long_is_closed() {
    let server = TestServer::http(always(200, "[]"));
    let other = TestServer::http(always(200, "[]"));
    let transport = transport();
    transport.get(&target(server.address), AMPLE).unwrap();
    for endpoint in transport.endpoints.lock().unwrap().iter_mut() {
        endpoint.last_used = endpoint.last_used.checked_sub(LONGEST_IDLE).unwrap();
    }
    transport.get(&target(other.address), AMPLE).unwrap();
    server.wait_until(|seen| seen.closed == 1);
}

#[test]
fn an_unshared_transport_starts_without_connections() {
    let server = TestServer::http(always(200, "[]"));
    let parent = transport();
    parent.get(&target(server.address), AMPLE).unwrap();
    parent.unshared().get(&target(server.address), AMPLE).unwrap();
    parent.get(&target(server.address), AMPLE).unwrap();
    assert_eq!(server.seen(|seen| (seen.accepted, seen.heads.len())), (2, 3));
}
