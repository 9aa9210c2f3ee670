//! Bodies of answers as servers, and what stands between, send them.

use super::*;

#[test]
fn codings_are_read_as_http_writes_them() {
    let gzip = encoded(Coding::Gzip, b"some text");
    let deflate = encoded(Coding::Deflate, b"some text");
    for (header, body) in [
        ("gzip", &gzip),
        ("GZip", &gzip),
        ("x-gzip", &gzip),
        (" gzip ;q=1", &gzip),
        ("identity, gzip", &gzip),
        (",gzip,,", &gzip),
        ("deflate", &deflate),
        ("Deflate\t; level=\"9\"", &deflate),
    ] {
        assert_eq!(decoded(header, body).as_deref(), Ok(&b"some text"[..]), "{header}");
    }
    for header in ["", "identity", "Identity;x, ,"] {
        assert_eq!(decoded(header, &gzip).as_deref(), Ok(&gzip[..]), "{header}");
    }
}

#[test]
fn an_unknown_coding_is_named() {
    for (header, name) in
        [("br", "'br'"), ("gzip, ZSTD", "'ZSTD'"), ("gzip deflate", "'gzip deflate'"), ("x-deflate", "'x-deflate'")]
    {
        let error = decompress(header, b"", &mut [], 10).unwrap_err();
        assert_eq!(error.status, Status::Unsupported);
        assert!(error.message.contains(name) && error.message.contains("known are gzip"), "{}", error.message);
    }
    let error = decompress("gzip,gzip,gzip,gzip,gzip", b"", &mut [], 10).unwrap_err();
    assert_eq!(error.status, Status::Unsupported);
    assert!(error.message.contains("more than 4"), "{}", error.message);
}

#[test]
fn gzip_members_behind_one_another_are_one_body() {
    let mut body = encoded(Coding::Gzip, b"one ");
    for part in [&b""[..], b"two ", b"three"] {
        body.extend(encoded(Coding::Gzip, part));
    }
    assert_eq!(decoded("gzip", &body).as_deref(), Ok(&b"one two three"[..]));
}

#[test]
fn raw_deflate_is_refused() {
    let zlib = encoded(Coding::Deflate, &b"some text ".repeat(100));
    assert_eq!(decoded("deflate", &zlib[2..zlib.len() - 4]), Err(Status::BadResponse));
    let error = decompress("deflate", &zlib[2..zlib.len() - 4], &mut [0; 2000], 2000).unwrap_err();
    assert!(error.message.contains("deflate means zlib"), "{}", error.message);
}

#[test]
fn an_empty_body_is_no_gzip_and_no_zlib() {
    assert_eq!(decoded("gzip", b""), Err(Status::BadResponse));
    assert_eq!(decoded("deflate", b""), Err(Status::BadResponse));
    assert_eq!(decoded("", b"").as_deref(), Ok(&b""[..]));
    assert_eq!(decoded("gzip", &encoded(Coding::Gzip, b"")).as_deref(), Ok(&b""[..]));
    assert_eq!(decoded("deflate", &encoded(Coding::Deflate, b"")).as_deref(), Ok(&b""[..]));
}

#[test]
fn the_limit_may_be_reached_but_not_passed() {
    let text = [b'x'; 1000];
    for header in ["gzip", "deflate", "identity"] {
        let body = Coding::parse(header).map_or(text.to_vec(), |coding| encoded(coding, &text));
        for capacity in [0, 1, 999, 1000, 5000] {
            let mut room = vec![0; capacity];
            assert_eq!(decompress(header, &body, &mut room, 1000), Ok(1000));
            let error = decompress(header, &body, &mut room, 999).unwrap_err();
            assert_eq!(error.status, Status::TooLarge);
            assert!(error.message.contains("999 bytes") && error.message.contains(header), "{}", error.message);
        }
    }
}

proptest! {
    #[test]
    fn stacked_codings_are_undone_from_the_last(text in body(), stack in proptest::collection::vec(coding(), 0..=4)) {
        let sent = stack.iter().fold(text.clone(), |body, coding| encoded(*coding, &body));
        let header = stack.iter().map(|coding| coding.name()).collect::<Vec<_>>().join(", ");
        prop_assert_eq!(decoded(&header, &sent), Ok(text));
    }

    #[test]
    fn a_room_that_is_too_small_learns_the_length(text in body(), coding in coding(), capacity in 0..4000_usize) {
        let sent = encoded(coding, &text);
        let mut room = vec![0xa5; capacity];
        prop_assert_eq!(decompress(coding.name(), &sent, &mut room, 1 << 20), Ok(text.len()));
        let held = capacity.min(text.len());
        prop_assert_eq!(&room[..held], &text[..held]);
    }
}
