//! Queries made by the DNS library, and packets that no library makes.

mod hostile;

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};

use domain::base::iana::{Class, OptRcode, Rcode};
use domain::base::message::Message;
use domain::base::message_builder::MessageBuilder;
use domain::base::{Name, Rtype};
use domain::rdata::{A, Aaaa, AllRecordData, Soa, Srv};

use crate::{Answerer, LONGEST_DATAGRAM, Nodes, Transport, Zone};

const NAME: &str = "db.example.com";

fn zone(nodes: &[&str]) -> Zone {
    let mut zone = Zone::new(NAME, None, 4, None).unwrap();
    zone.set_nodes(Some(Nodes::new(nodes.iter().map(|node| node.parse::<SocketAddr>().unwrap()))));
    zone
}

fn three() -> Zone {
    zone(&["10.0.0.1:8000", "10.0.0.2:8000", "[2001:db8::1]:8000"])
}

fn many(count: u8) -> Zone {
    let nodes: Vec<String> = (0..count).map(|node| format!("10.0.0.{node}:8000")).collect();
    zone(&nodes.iter().map(String::as_str).collect::<Vec<_>>())
}

/// A query; `payload` as EDNS has it.
fn query(name: &str, rtype: Rtype, payload: Option<u16>) -> Vec<u8> {
    let mut builder = MessageBuilder::new_vec();
    builder.header_mut().set_id(4711);
    builder.header_mut().set_rd(true);
    let mut question = builder.question();
    question.push((Name::vec_from_str(name).unwrap(), rtype)).unwrap();
    let mut additional = question.additional();
    if let Some(payload) = payload {
        additional
            .opt(|opt| {
                opt.set_udp_payload_size(payload);
                Ok(())
            })
            .unwrap();
    }
    additional.finish()
}

fn answer_by(transport: Transport, packet: &[u8], zone: &Zone) -> Option<Message<Vec<u8>>> {
    let mut answerer = Answerer::new(fastrand::Rng::with_seed(7));
    answerer.answer(packet, transport, zone).map(|answer| Message::from_octets(answer.to_vec()).unwrap())
}

fn ask(name: &str, rtype: Rtype, zone: &Zone) -> Message<Vec<u8>> {
    answer_by(Transport::Udp, &query(name, rtype, Some(1232)), zone).unwrap()
}

fn addresses(answer: &Message<Vec<u8>>) -> Vec<Ipv4Addr> {
    let records = answer.answer().unwrap().limit_to::<A>();
    records.map(|record| record.unwrap().data().addr()).collect()
}

fn sorted(mut addresses: Vec<Ipv4Addr>) -> Vec<Ipv4Addr> {
    addresses.sort_unstable();
    addresses
}

#[test]
fn the_name_has_the_addresses_of_the_nodes_by_family() {
    let answer = ask(NAME, Rtype::A, &three());
    assert_eq!(sorted(addresses(&answer)), [Ipv4Addr::new(10, 0, 0, 1), Ipv4Addr::new(10, 0, 0, 2)]);
    let header = answer.header();
    assert_eq!((header.id(), header.rcode()), (4711, Rcode::NOERROR));
    assert!(header.qr() && header.aa() && header.rd() && !header.ra() && !header.tc());
    let record = answer.answer().unwrap().limit_to::<A>().next().unwrap().unwrap();
    assert_eq!((record.ttl().as_secs(), record.class()), (4, Class::IN));

    let answer = ask(NAME, Rtype::AAAA, &three());
    let records: Vec<_> = answer.answer().unwrap().limit_to::<Aaaa>().map(|record| record.unwrap().data().addr()).collect();
    assert_eq!(records, ["2001:db8::1".parse::<Ipv6Addr>().unwrap()]);
}

#[test]
fn the_order_is_another_each_time() {
    let (zone, mut answerer) = (many(8), Answerer::new(fastrand::Rng::with_seed(1)));
    let mut firsts = std::collections::HashSet::new();
    for _ in 0..200 {
        let answer = answerer.answer(&query(NAME, Rtype::A, None), Transport::Udp, &zone).unwrap().to_vec();
        let found = addresses(&Message::from_octets(answer).unwrap());
        assert_eq!(sorted(found.clone()).len(), 8);
        firsts.insert(found[0]);
    }
    assert_eq!(firsts.len(), 8, "each node comes first at times");
}

#[test]
fn a_number_of_nodes_is_drawn_evenly_where_not_all_are_wanted() {
    let mut zone = many(10);
    zone.most = Some(2);
    let mut answerer = Answerer::new(fastrand::Rng::with_seed(2));
    let mut counts = [0_u32; 10];
    for _ in 0..1000 {
        let answer = answerer.answer(&query(NAME, Rtype::A, None), Transport::Udp, &zone).unwrap().to_vec();
        let found = addresses(&Message::from_octets(answer).unwrap());
        assert_eq!(found.len(), 2);
        assert_ne!(found[0], found[1]);
        found.iter().for_each(|ip| counts[usize::from(ip.octets()[3])] += 1);
    }
    assert!(counts.iter().all(|count| (140..260).contains(count)), "{counts:?}");
}

#[test]
fn two_nodes_at_one_address_are_one_address_and_two_services() {
    let zone = zone(&["10.0.0.1:8000", "10.0.0.1:8001"]);
    assert_eq!(addresses(&ask(NAME, Rtype::A, &zone)).len(), 1);
    assert_eq!(ask(NAME, Rtype::SRV, &zone).header_counts().ancount(), 2);
}

#[test]
fn a_service_record_has_the_port_and_a_name_that_can_be_looked_up() {
    for name in [NAME, "_alternator._tcp.db.example.com", "_Alternator._TCP.DB.example.com"] {
        let answer = ask(name, Rtype::SRV, &three());
        let records: Vec<_> = answer.answer().unwrap().limit_to::<Srv<_>>().map(Result::unwrap).collect();
        assert_eq!(records.len(), 3, "{name}");
        for record in &records {
            assert_eq!(record.data().port(), 8000);
            let target = record.data().target().to_string();
            let (v4, v6) = (ask(&target, Rtype::A, &three()), ask(&target, Rtype::AAAA, &three()));
            assert_eq!(v4.header_counts().ancount() + v6.header_counts().ancount(), 1, "{target}");
        }
        assert_eq!(answer.header_counts().arcount(), 3 + 1, "the addresses, and OPT");
    }
}

#[test]
fn what_has_no_such_record_is_nodata_and_what_is_no_name_is_nxdomain() {
    let v4_only = zone(&["10.0.0.1:8000"]);
    for (name, rtype, rcode) in [
        (NAME, Rtype::AAAA, Rcode::NOERROR),
        (NAME, Rtype::MX, Rcode::NOERROR),
        (NAME, Rtype::NS, Rcode::NOERROR),
        ("_tcp.db.example.com", Rtype::SRV, Rcode::NOERROR),
        ("_alternator._tcp.db.example.com", Rtype::A, Rcode::NOERROR),
        ("ip-10-0-0-1.db.example.com", Rtype::AAAA, Rcode::NOERROR),
        ("ip-10-0-0-2.db.example.com", Rtype::A, Rcode::NXDOMAIN),
        ("www.db.example.com", Rtype::A, Rcode::NXDOMAIN),
        ("_alternator._udp.db.example.com", Rtype::SRV, Rcode::NXDOMAIN),
        ("a._alternator._tcp.db.example.com", Rtype::SRV, Rcode::NXDOMAIN),
    ] {
        let answer = ask(name, rtype, &v4_only);
        assert_eq!((answer.header().rcode(), answer.header_counts().ancount()), (rcode, 0), "{name} {rtype}");
        let soa = answer.authority().unwrap().limit_to::<Soa<_>>().next().unwrap().unwrap();
        assert_eq!((soa.owner().to_string(), soa.data().minimum().as_secs()), (NAME.to_owned(), 4), "{name} {rtype}");
    }
}

#[test]
fn other_names_classes_and_transfers_are_refused_with_nothing_added() {
    for name in ["example.com", "com", ".", "db.example.org", "xdb.example.com", "db.example.com.evil.org"] {
        let answer = ask(name, Rtype::A, &three());
        assert_eq!(answer.header().rcode(), Rcode::REFUSED, "{name}");
        assert_eq!((answer.header_counts().ancount(), answer.header_counts().nscount(), answer.header().aa()), (0, 0, false));
    }
    for rtype in [Rtype::AXFR, Rtype::IXFR] {
        assert_eq!(ask(NAME, rtype, &three()).header().rcode(), Rcode::REFUSED);
    }
    let mut chaos = query(NAME, Rtype::A, None);
    let class = chaos.len() - 1;
    chaos[class] = 3;
    assert_eq!(answer_by(Transport::Udp, &chaos, &three()).unwrap().header().rcode(), Rcode::REFUSED);
}

#[test]
fn any_gets_something_small() {
    let answer = ask(NAME, Rtype::ANY, &many(200));
    assert_eq!((answer.header_counts().ancount(), answer.header().tc()), (1, false));
    assert!(answer.as_slice().len() < 2 * query(NAME, Rtype::ANY, Some(1232)).len());
}

#[test]
fn while_nothing_is_known_of_the_nodes_the_answer_is_servfail() {
    let zone = Zone::new(NAME, None, 4, None).unwrap();
    for (name, rcode) in [(NAME, Rcode::SERVFAIL), ("ip-10-0-0-1.db.example.com", Rcode::SERVFAIL), ("example.com", Rcode::REFUSED)]
    {
        assert_eq!(ask(name, Rtype::A, &zone).header().rcode(), rcode, "{name}");
    }
}

#[test]
fn answers_fit_into_what_the_asker_takes_and_say_so_if_not_all_does() {
    for (payload, longest) in [(None, 512), (Some(0), 512), (Some(800), 800), (Some(65_535), 1232)] {
        let answer = answer_by(Transport::Udp, &query(NAME, Rtype::A, payload), &many(200)).unwrap();
        let length = answer.as_slice().len();
        assert!(length <= longest && length > longest - 16, "{payload:?}: {length}");
        assert!(answer.header().tc());
        assert_eq!(answer.opt().is_some(), payload.is_some());
        assert!(!addresses(&answer).is_empty(), "what fits is there");
    }
    assert_eq!(LONGEST_DATAGRAM, 1232);
    let answer = answer_by(Transport::Tcp, &query(NAME, Rtype::A, None), &many(200)).unwrap();
    assert_eq!((addresses(&answer).len(), answer.header().tc()), (200, false));
}

#[test]
fn the_room_is_used_to_the_last_byte_and_no_further() {
    let lengths: Vec<(u16, usize)> = (512..=544)
        .map(|payload| {
            let answer = answer_by(Transport::Udp, &query(NAME, Rtype::A, Some(payload)), &many(200)).unwrap();
            (payload, answer.as_slice().len())
        })
        .collect();
    assert!(lengths.iter().all(|(payload, length)| *length <= usize::from(*payload)), "{lengths:?}");
    assert!(lengths.iter().any(|(payload, length)| *length == usize::from(*payload)), "{lengths:?}");
}

#[test]
fn addresses_that_do_not_fit_beside_service_records_are_left_out_without_a_word() {
    let answer = answer_by(Transport::Udp, &query(NAME, Rtype::SRV, None), &many(7)).unwrap();
    assert_eq!((answer.header_counts().ancount(), answer.header().tc()), (7, false));
    assert!(answer.header_counts().arcount() < 7 && answer.as_slice().len() <= 512);
}

#[test]
fn whoever_asks_too_much_is_told_to_come_by_tcp() {
    let packet = query(NAME, Rtype::A, Some(1232));
    let answer = answer_by(Transport::UdpOverLimit, &packet, &three()).unwrap();
    assert!(answer.header().tc() && answer.header_counts().ancount() == 0);
    assert_eq!(answer.as_slice().len(), packet.len(), "no longer than what was asked");
}

#[test]
fn a_later_edns_is_told_which_one_is_spoken() {
    let mut packet = query(NAME, Rtype::A, Some(1232));
    let version = packet.len() - 5;
    packet[version] = 1;
    let answer = answer_by(Transport::Udp, &packet, &three()).unwrap();
    assert_eq!(answer.opt_rcode(), OptRcode::BADVERS);
    assert_eq!((answer.opt().unwrap().version(), answer.header_counts().ancount()), (0, 0));
}

#[test]
fn the_serial_moves_with_the_nodes_and_only_with_them() {
    let mut zone = three();
    let serial = |zone: &Zone| {
        let answer = ask(NAME, Rtype::SOA, zone);
        let record = answer.answer().unwrap().limit_to::<Soa<_>>().next().unwrap().unwrap();
        record.data().serial()
    };
    let before = serial(&zone);
    zone.set_nodes(Some(Nodes::new(["10.0.0.1:8000"].map(|node| node.parse().unwrap()))));
    let after = serial(&zone);
    assert!(after > before);
    zone.set_nodes(Some(Nodes::new(["10.0.0.1:8000", "10.0.0.1:8000"].map(|node| node.parse().unwrap()))));
    assert_eq!(serial(&zone), after);
}

#[test]
fn the_server_is_named_where_it_has_a_name() {
    let mut zone = Zone::new("DB.Example.com.", Some("ns1.example.com"), 60, None).unwrap();
    zone.set_nodes(Some(Nodes::default()));
    assert_eq!(ask(NAME, Rtype::NS, &zone).header_counts().ancount(), 1);
    let answer = ask(NAME, Rtype::SOA, &zone);
    let record = answer.answer().unwrap().limit_to::<AllRecordData<_, _>>().next().unwrap().unwrap();
    assert!(record.data().to_string().starts_with("ns1.example.com. nobody.invalid."), "{}", record.data());
}

#[test]
fn names_that_cannot_be_served_are_refused_with_the_reason() {
    let long = "a.".repeat(120);
    for (name, part) in [
        ("", "unexpected end"),
        (".", "1 to"),
        ("a b", "' '"),
        ("a..b", "no DNS name"),
        ("ex\u{e4}mple", "letters"),
        (&long, "216"),
    ] {
        let error = Zone::new(name, None, 4, None).unwrap_err().to_string();
        assert!(error.contains(part), "{name:?}: {error}");
    }
    assert!(Zone::new("a.b", Some("no name"), 4, None).is_err());
}
