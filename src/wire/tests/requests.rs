//! What is compressed, what is not, and that it comes out again.

use super::*;

#[test]
fn only_bodies_from_the_minimum_to_what_servers_take_are_compressed() {
    let wire = wire(&[("compression", "gzip"), ("compression.min_bytes", "2000")]);
    let body = vec![b'a'; (16 << 20) + 1];
    let mut room = vec![0; body.len()];
    assert_eq!(wire.compress(&body[..1999], &mut room), None);
    assert!(wire.compress(&body[..2000], &mut room).is_some_and(|length| length < 100));
    assert!(wire.compress(&body[..16 << 20], &mut room).is_some_and(|length| length < 20_000));
    assert_eq!(wire.compress(&body, &mut room), None);
}

#[test]
fn without_the_option_nothing_is_compressed() {
    let wire = wire(&[("compression.min_bytes", "0")]);
    assert_eq!(wire.compress(&[b'a'; 5000], &mut [0; 5000]), None);
    assert_eq!(wire.content_encoding(), c"");
}

#[test]
fn a_body_that_does_not_get_shorter_is_left_alone() {
    for coding in ["gzip", "deflate"] {
        let wire = wire(&[("compression", coding), ("compression.min_bytes", "0")]);
        for body in [&b""[..], b"a", b"{\"TableName\":\"t\"}"] {
            assert_eq!(wire.compress(body, &mut [0; 100]), None);
        }
    }
}

#[test]
fn level_0_makes_nothing_shorter() {
    let wire = wire(&[("compression", "gzip"), ("compression.level", "0")]);
    assert_eq!(wire.compress(&[b'a'; 5000], &mut [0; 5000]), None);
}

#[test]
fn higher_levels_make_shorter_bodies() {
    let body: Vec<u8> = (0..40_000_u32).flat_map(|i| format!("{:x} ", i.wrapping_mul(2_654_435_761) >> 12).into_bytes()).collect();
    let length = |level: &str| {
        let wire = wire(&[("compression", "deflate"), ("compression.level", level)]);
        wire.compress(&body, &mut vec![0; body.len()]).unwrap()
    };
    assert!(length("1") > length("6"));
}

#[test]
fn texts_of_headers_are_those_of_the_options() {
    let off = wire(&[("headers.keep", "via")]);
    assert_eq!((off.content_encoding(), off.accept_encoding(), off.kept_headers()), (c"", c"", c""));
    let on = wire(&[
        ("compression", "deflate"),
        ("response_compression", "deflate,gzip"),
        ("headers.optimize", "on"),
        ("headers.keep", "Via"),
    ]);
    assert_eq!((on.content_encoding(), on.accept_encoding()), (c"deflate", c"deflate, gzip"));
    let kept = on.kept_headers().to_str().unwrap();
    assert!(kept.starts_with("host,x-amz-target,") && kept.ends_with(",via"), "{kept}");
}

proptest! {
    #[test]
    fn what_is_compressed_comes_out_as_it_was(body in body(), coding in coding(), level in 0..=9_u8) {
        let wire = wire(&[
            ("compression", coding.name()), ("compression.min_bytes", "0"), ("compression.level", &level.to_string()),
        ]);
        let mut room = vec![0xa5; body.len() + 10];
        if let Some(length) = wire.compress(&body, &mut room) {
            prop_assert!(length < body.len());
            prop_assert!(room[body.len()..].iter().all(|byte| *byte == 0xa5), "written behind the body's length");
            prop_assert_eq!(decoded(coding.name(), &room[..length]), Ok(body));
        }
    }

    #[test]
    fn room_decides_nothing_but_whether_it_fits(body in body(), coding in coding()) {
        let wire = wire(&[("compression", coding.name()), ("compression.min_bytes", "0")]);
        let mut room = vec![0; body.len()];
        if let Some(length) = wire.compress(&body, &mut room) {
            let mut exact = vec![0; length + 1];
            prop_assert_eq!(wire.compress(&body, &mut exact), Some(length));
            prop_assert_eq!(&exact[..length], &room[..length]);
            prop_assert_eq!(wire.compress(&body, &mut exact[..length]), None);
            prop_assert_eq!(wire.compress(&body, &mut []), None);
        }
    }
}
