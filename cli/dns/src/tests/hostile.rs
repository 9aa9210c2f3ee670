//! Packets that no honest asker sends.

use super::*;

fn rcode(packet: &[u8]) -> Option<Rcode> {
    answer_by(Transport::Udp, packet, &three()).map(|answer| answer.header().rcode())
}

/// A header with these counts, and what follows it.
fn packet(counts: [u16; 4], rest: &[u8]) -> Vec<u8> {
    let mut packet = vec![0x12, 0x67, 0x01, 0x00];
    counts.iter().for_each(|count| packet.extend_from_slice(&count.to_be_bytes()));
    packet.extend_from_slice(rest);
    packet
}

#[test]
fn what_has_no_whole_header_and_what_is_an_answer_gets_no_answer() {
    let whole = query(NAME, Rtype::A, None);
    for length in 0..12 {
        assert_eq!(rcode(&whole[..length]), None, "{length} bytes");
    }
    let mut answer = whole;
    answer[2] |= 0x80;
    assert_eq!(rcode(&answer), None);
}

#[test]
fn packets_cut_off_anywhere_are_refused() {
    let whole = query(NAME, Rtype::A, Some(1232));
    for length in 12..whole.len() {
        assert_eq!(rcode(&whole[..length]), Some(Rcode::FORMERR), "{length} bytes");
    }
}

#[test]
fn names_that_point_to_themselves_or_forward_are_refused() {
    let question = [0, 1, 0, 1];
    for name in [
        vec![0xc0, 12],                                                             // itself
        vec![0xc0, 14, 0xc0, 12],                                                   // each other
        vec![1, b'a', 0xc0, 12],                                                    // back to its own beginning
        vec![0xc0, 0xff],                                                           // behind the end
        vec![0xff, 0xff],                                                           // further behind
        vec![0x80, 1, 0],                                                           // a kind of label that does not exist
        vec![0x40, 1, 0],                                                           // another one
        vec![63],                                                                   // a label without an end
        [vec![63; 64], vec![63; 64], vec![63; 64], vec![63; 64], vec![0]].concat(), // 257 bytes
    ] {
        let packet = packet([1, 0, 0, 0], &[&name[..], &question].concat());
        assert_eq!(rcode(&packet), Some(Rcode::FORMERR), "{name:?}");
    }
}

#[test]
fn names_that_lie_in_the_header_are_refused() {
    // The header's first bytes are a name of one letter; a question points there, by itself or behind a label.
    for name in [vec![0xc0, 0], vec![1, b'a', 0xc0, 0]] {
        let mut packet = packet([1, 0, 0, 0], &[&name[..], &[0, 1, 0, 1]].concat());
        packet[..3].copy_from_slice(&[1, b'b', 0]);
        assert_eq!(rcode(&packet), Some(Rcode::FORMERR), "{name:?}");
    }
}

#[test]
fn counts_that_do_not_fit_are_refused() {
    let question = b"\x02db\x07example\x03com\0\0\x01\0\x01";
    for counts in [[0, 0, 0, 0], [2, 0, 0, 0], [0xffff, 0, 0, 0], [1, 1, 0, 0], [1, 0, 0xffff, 0], [1, 0, 0, 1]] {
        assert_eq!(rcode(&packet(counts, question)), Some(Rcode::FORMERR), "{counts:?}");
    }
    let twice = [&question[..], question].concat();
    assert_eq!(rcode(&packet([2, 0, 0, 0], &twice)), Some(Rcode::FORMERR), "two questions");
    assert_eq!(rcode(&packet([1, 0, 0, 0], question)), Some(Rcode::NOERROR));
}

#[test]
fn a_second_opt_and_one_with_a_name_are_refused() {
    let question = b"\x02db\x07example\x03com\0\0\x01\0\x01";
    let opt = b"\0\0\x29\x04\xd0\0\0\0\0\0\0";
    let named = b"\x01a\0\0\x29\x04\xd0\0\0\0\0\0\0";
    let malformed = b"\0\0\x29\x04\xd0\0\0\0\0\0\x03\0\x0a\0";
    assert_eq!(rcode(&packet([1, 0, 0, 1], &[&question[..], opt].concat())), Some(Rcode::NOERROR));
    assert_eq!(rcode(&packet([1, 0, 0, 2], &[&question[..], opt, opt].concat())), Some(Rcode::FORMERR));
    assert_eq!(rcode(&packet([1, 0, 0, 1], &[&question[..], named].concat())), Some(Rcode::FORMERR));
    assert_eq!(rcode(&packet([1, 0, 0, 1], &[&question[..], malformed].concat())), Some(Rcode::FORMERR));
}

#[test]
fn other_operations_are_not_implemented() {
    for opcode in [1_u8, 2, 4, 5, 15] {
        let mut packet = query(NAME, Rtype::A, None);
        packet[2] = opcode << 3;
        assert_eq!(rcode(&packet), Some(Rcode::NOTIMP), "operation {opcode}");
    }
}

#[test]
fn a_refusal_sends_nothing_back_but_a_header() {
    let packet = packet([0xffff, 0xffff, 0xffff, 0xffff], &[0xff; 4000]);
    let answer = answer_by(Transport::Tcp, &packet, &three()).unwrap();
    assert_eq!((answer.as_slice().len(), answer.header().id()), (12, 0x1267));
}

#[test]
fn many_random_changes_of_a_query_bring_no_trouble() {
    let (zone, mut answerer) = (many(50), Answerer::new(fastrand::Rng::with_seed(3)));
    let mut rng = fastrand::Rng::with_seed(4);
    let whole = query(NAME, Rtype::SRV, Some(1232));
    for _ in 0..50_000 {
        let mut packet = whole.clone();
        for _ in 0..rng.usize(1..8) {
            let place = rng.usize(..packet.len());
            packet[place] = rng.u8(..);
        }
        packet.truncate(rng.usize(..=packet.len()));
        if let Some(answer) = answerer.answer(&packet, Transport::Udp, &zone) {
            assert!(answer.len() <= LONGEST_DATAGRAM);
            assert_eq!(&answer[..2], &packet[..2]);
            assert!(answer[2] & 0x80 != 0);
        }
    }
}
