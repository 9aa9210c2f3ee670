//! What `alb dns` does to those who ask too much, too slowly, or nonsense.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::support::{Dns, NAME, PATIENCE, eventually, query};

const SOON: Duration = Duration::from_millis(300);

/// A server that knows its nodes without a cluster.
fn server(arguments: &[&str]) -> Dns {
    let dns = Dns::start("10.0.0.1,10.0.0.2", &[&["--set", "discovery=static", "--set", "health=off"], arguments].concat());
    eventually("it serves", || dns.exchange(&query(), SOON).is_some_and(|answer| answer[3] & 0x0f == 0));
    dns
}

fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

fn framed(packet: &[u8]) -> Vec<u8> {
    [&(packet.len() as u16).to_be_bytes(), packet].concat()
}

/// The next answer on a stream; `None` if the server has hung up.
fn receive(stream: &mut TcpStream) -> Option<Vec<u8>> {
    let mut length = [0; 2];
    stream.read_exact(&mut length).ok()?;
    let mut answer = vec![0; usize::from(u16::from_be_bytes(length))];
    stream.read_exact(&mut answer).ok()?;
    Some(answer)
}

#[test]
fn beyond_the_rate_half_is_told_to_come_by_tcp_and_half_gets_nothing() {
    let dns = server(&["--rate", "1"]);
    let answers: Vec<Option<Vec<u8>>> = (0..24).map(|_| dns.exchange(&query(), SOON)).collect();
    let is_cut = |answer: &Vec<u8>| answer[2] & 0x02 != 0;
    let cut: Vec<&Vec<u8>> = answers.iter().flatten().filter(|answer| is_cut(answer)).collect();
    assert!(cut.len() >= 5, "{} of 24 are told to come by TCP", cut.len());
    assert!(cut.iter().all(|answer| answer.len() == query().len()), "no longer than the query");
    assert!(answers.iter().filter(|answer| answer.is_none()).count() >= 5, "some get nothing");
    let mut stream = connect(dns.address);
    stream.write_all(&framed(&query())).expect("sent");
    assert!(receive(&mut stream).is_some_and(|answer| answer.len() > query().len()), "by TCP they are served");
}

#[test]
fn many_queries_go_through_one_connection_in_pieces_too() {
    let dns = server(&[]);
    let mut stream = connect(dns.address);
    for _ in 0..50 {
        stream.write_all(&framed(&query())).expect("sent");
    }
    for _ in 0..50 {
        assert!(receive(&mut stream).is_some());
    }
    for byte in framed(&query()) {
        stream.write_all(&[byte]).expect("sent");
    }
    assert!(receive(&mut stream).is_some());
}

#[test]
fn no_network_takes_all_places_and_places_become_free() {
    let dns = server(&["--tcp-clients", "8"]);
    let mut kept: Vec<TcpStream> = (0..2).map(|_| connect(dns.address)).collect();
    for stream in &mut kept {
        stream.write_all(&framed(&query())).expect("sent");
        assert!(receive(stream).is_some());
    }
    // A quarter of eight is taken: the next one is hung up on.
    let mut third = connect(dns.address);
    let _ = third.write_all(&framed(&query()));
    assert!(receive(&mut third).is_none());
    kept.pop();
    eventually("the place is free again", || {
        let mut stream = connect(dns.address);
        stream.write_all(&framed(&query())).is_ok() && receive(&mut stream).is_some()
    });
}

#[test]
fn who_says_nothing_or_too_much_is_hung_up_on() {
    let dns = server(&[]);
    for sent in [&b""[..], &[0], &[0, 40, 1, 2, 3]] {
        let mut stream = connect(dns.address);
        stream.write_all(sent).expect("sent");
        let start = Instant::now();
        assert!(receive(&mut stream).is_none(), "{sent:?}");
        assert!(start.elapsed() < PATIENCE, "{sent:?}: the server hangs up, not this test");
    }
    let mut stream = connect(dns.address);
    stream.write_all(&[0xff, 0xff]).expect("sent");
    assert!(receive(&mut stream).is_none(), "65535 bytes are no query");
    let mut stream = connect(dns.address);
    stream.write_all(&framed(&[0; 5])).expect("sent");
    assert!(receive(&mut stream).is_none(), "nothing to answer");
}

#[test]
fn nonsense_by_udp_leaves_the_server_as_it_was() {
    let dns = server(&["--rate", "0"]);
    let mut rng = fastrand::Rng::with_seed(5);
    let socket = std::net::UdpSocket::bind("127.0.0.1:0").expect("a socket");
    for round in 0..3000_usize {
        let mut packet = query();
        match round % 3 {
            0 => packet = (0..rng.usize(..600)).map(|_| rng.u8(..)).collect(),
            1 => {
                let place = rng.usize(..packet.len());
                packet[place] = rng.u8(..);
            }
            _ => packet.truncate(rng.usize(..packet.len())),
        }
        socket.send_to(&packet, dns.address).expect("sent");
    }
    socket.send_to(&[0xff; 65_000], dns.address).expect("sent");
    let told = dns.dig(NAME);
    assert!(told.contains("status: NOERROR") && told.contains("ANSWER: 2"), "{told}");
}
