//! Packets for the DNS server: whatever comes, what goes back is an answer to it, small enough, and about nothing but the zone.
//!
//! An input is a byte that says how the packet came and what the zone is, and the packet.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use alb_dns::{Answerer, LONGEST_DATAGRAM, Nodes, Transport, Zone};
use domain::base::Message;
use domain::base::iana::Rcode;
use domain::base::name::ToLabelIter;

const NAME: &str = "db.example.com";
/// The labels of the name, and the root's.
const LABELS: [&[u8]; 4] = [b"db", b"example", b"com", b""];

/// Panics if the answer is not what it should be.
pub fn check(input: &[u8]) {
    let Some((how, packet)) = input.split_first() else { return };
    let transport = [Transport::Udp, Transport::UdpOverLimit, Transport::Tcp][usize::from(how % 3)];
    let zone = zone(how / 3);
    let mut answerer = Answerer::new(fastrand::Rng::with_seed(u64::from(*how)));
    let answer = answerer.answer(packet, transport, &zone).map(<[u8]>::to_vec);
    assert_eq!(answer.is_some(), packet.len() >= 12 && packet[2] & 0x80 == 0, "whole queries are answered, and nothing else is");
    let Some(answer) = answer else { return };

    let by_stream = transport == Transport::Tcp;
    assert!(answer.len() <= if by_stream { 65_535 } else { LONGEST_DATAGRAM });
    let answer = Message::from_octets(answer).expect("a header");
    let header = answer.header();
    assert!(
        header.qr()
            && header.id().to_be_bytes() == packet[..2]
            && header.opcode() == Message::from_slice(packet).expect("whole").header().opcode()
    );
    answer.sections().expect("sections that can be read");
    for record in answer.iter() {
        record.expect("records that can be read");
    }
    if transport == Transport::UdpOverLimit {
        assert!(answer.as_slice().len() <= packet.len(), "no longer than what was asked");
        assert_eq!(answer.header_counts().ancount() + answer.header_counts().nscount(), 0);
    }
    match answer.first_question() {
        Some(question) if is_ours(question.qname()) => {}
        _ => {
            assert!(matches!(header.rcode(), Rcode::REFUSED | Rcode::FORMERR | Rcode::NOTIMP | Rcode::NOERROR));
            assert_eq!(answer.header_counts().ancount() + answer.header_counts().nscount(), 0, "nothing is said of other names");
        }
    }
}

fn is_ours(name: &impl ToLabelIter) -> bool {
    let labels: Vec<Vec<u8>> = name.iter_labels().map(|label| label.as_slice().to_ascii_lowercase()).collect();
    labels.len() >= LABELS.len() && labels[labels.len() - LABELS.len()..].iter().zip(LABELS).all(|(found, own)| found == own)
}

/// A zone with many nodes, few, only one family, or none that is known.
fn zone(kind: u8) -> Zone {
    let mut zone = Zone::new(NAME, (kind & 1 == 1).then_some("ns.example.com"), 4, (kind & 2 == 2).then_some(3)).expect("a name");
    let v4 = |count: u8| (0..count).map(|node| SocketAddr::from((Ipv4Addr::new(10, 0, 0, node), 8000)));
    let v6 = |count: u16| (0..count).map(|node| SocketAddr::from((Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, node), 8000)));
    zone.set_nodes(match kind >> 2 & 3 {
        0 => Some(Nodes::new(v4(3))),
        1 => Some(Nodes::new(v4(250).chain(v6(250)))),
        2 => Some(Nodes::new(v6(2))),
        _ => None,
    });
    zone
}
