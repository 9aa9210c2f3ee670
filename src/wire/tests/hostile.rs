//! Bodies that are cut off, changed, invented, or small outside and huge inside.

use flate2::{Compress, FlushCompress};

use super::*;

/// A gzip member that inflates to so many mebibytes of zeroes and then turns to nonsense: who reads on finds out.
fn bomb(mebibytes: usize) -> Vec<u8> {
    let zeroes = vec![0; 1 << 20];
    let mut member = encoded(Coding::Gzip, b"")[..10].to_vec();
    // Flushed in full, the compressed form of a mebibyte stands for itself and can be repeated.
    let mut block = Vec::with_capacity(1 << 16);
    Compress::new(Compression::best(), false).compress_vec(&zeroes, &mut block, FlushCompress::Full).unwrap();
    for _ in 0..mebibytes {
        member.extend_from_slice(&block);
    }
    member.extend_from_slice(&[0xff; 16]);
    member
}

#[test]
fn every_beginning_of_a_body_is_refused_as_cut_off() {
    for coding in Coding::ALL {
        let whole = encoded(coding, &b"some text ".repeat(30));
        for length in 0..whole.len() {
            let error = decompress(coding.name(), &whole[..length], &mut [0; 400], 400).unwrap_err();
            assert_eq!(error.status, Status::BadResponse, "{length} bytes");
            assert!(error.message.contains("cut off"), "{length} bytes: {}", error.message);
        }
    }
}

#[test]
fn bytes_behind_the_end_are_refused() {
    for coding in Coding::ALL {
        for tail in [&b"\0"[..], b"x", b"\x1f\x8b", &[0; 100]] {
            let mut body = encoded(coding, b"some text");
            body.extend_from_slice(tail);
            assert_eq!(decoded(coding.name(), &body), Err(Status::BadResponse), "{coding:?} {tail:?}");
        }
    }
}

#[test]
fn a_bomb_is_left_at_the_limit() {
    let bomb = bomb(1024);
    assert!(bomb.len() < 1_100_000);
    let mut room = vec![0; 100];
    for (header, limit) in [("gzip", 0), ("gzip", 1 << 20), ("x-gzip", 4 << 20)] {
        let error = decompress(header, &bomb, &mut room, limit).unwrap_err();
        assert_eq!(error.status, Status::TooLarge);
    }
    // Two mebibytes on, the nonsense: it is met only by who has not stopped at the limit.
    let short = &self::bomb(2)[..];
    assert_eq!(decompress("gzip", short, &mut room, 1 << 20).unwrap_err().status, Status::TooLarge);
    assert_eq!(decompress("gzip", short, &mut room, 2 << 20).unwrap_err().status, Status::BadResponse);
}

#[test]
fn a_bomb_within_a_bomb_is_left_near_the_limit() {
    // Empty gzip members bring no byte to the limit, so what stands between codings has one of its own.
    let empty = encoded(Coding::Gzip, b"");
    let members = empty.repeat((4 << 20) / empty.len());
    let sent = encoded(Coding::Deflate, &members);
    assert!(sent.len() < members.len() / 100);
    assert_eq!(decompress("gzip, deflate", &sent, &mut [], 1 << 20).unwrap_err().status, Status::TooLarge);
    assert_eq!(decompress("gzip, deflate", &sent, &mut [], 4 << 20), Ok(0));
}

proptest! {
    #[test]
    fn any_bytes_are_refused_or_bounded(
        header in prop_oneof![Just("gzip"), Just("deflate"), Just("gzip, deflate"), Just("x-gzip,gzip"), Just("")],
        start in prop_oneof![Just(&[][..]), Just(&[0x1f, 0x8b, 8][..]), Just(&[0x78, 0x9c][..]), Just(&[0x78, 0xbb][..])],
        rest in proptest::collection::vec(any::<u8>(), 0..600),
        capacity in 0..700_usize,
        limit in 0..700_usize,
    ) {
        let body = [start, &rest].concat();
        match decompress(header, &body, &mut vec![0; capacity], limit) {
            Ok(length) => prop_assert!(length <= limit),
            Err(error) => prop_assert!(matches!(error.status, Status::BadResponse | Status::TooLarge)),
        }
    }

    #[test]
    fn a_changed_body_is_refused_or_means_the_same(
        text in body(),
        coding in coding(),
        changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>(), 0..3), 1..4),
    ) {
        let mut sent = encoded(coding, &text);
        for (place, byte, kind) in changes {
            let place = place.index(sent.len());
            match kind {
                0 => sent[place] = byte,
                1 => sent.insert(place, byte),
                _ => drop(sent.remove(place)),
            }
        }
        match decoded(coding.name(), &sent) {
            Ok(found) => prop_assert_eq!(found, text),
            Err(status) => prop_assert!(matches!(status, Status::BadResponse | Status::TooLarge)),
        }
    }
}
