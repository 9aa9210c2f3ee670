//! Values as bytes: escapes, base64, and what is neither.

use super::super::text::RawText;
use super::super::{KeyValue, Malformed, Object};
use super::{attribute, text};

fn value(json: &str) -> Option<Result<(char, Vec<u8>), Malformed>> {
    let object = format!(r#"{{"a":{{"S":"other"}},"pk":{json}}}"#);
    attribute(Object(object.as_bytes()), "pk")
}

#[test]
fn strings_and_numbers_are_their_decoded_text() {
    assert_eq!(value(r#"{"S":"héllo"}"#), text("héllo"));
    assert_eq!(value(r#"{"S":""}"#), text(""));
    assert_eq!(
        value(r#"{"S":"\"\\\/\b\f\n\r\t\u0041\u00e9\u20AC\uD83D\uDE00\ud83d\ude00\u0000"}"#),
        text("\"\\/\u{8}\u{c}\n\r\tAé€😀😀\0")
    );
    assert_eq!(value(r#"{ "N" : "-4.20E+1" }"#), Some(Ok(('N', b"-4.20E+1".to_vec()))));
}

#[test]
fn text_that_stands_for_no_unicode_is_malformed() {
    let broken = [
        r"\ud800",
        r"\udc00",
        r"\ud800x",
        r"\ud800\n",
        r"\ud800\u0041",
        r"\ud800\ud800",
        r"\udc00\ud800",
        r"\ud800\",
        r"\ud800\u",
        r"\u",
        r"\u12",
        r"\u12g4",
        r"\u+123",
        r"\x",
        r"\'",
        r"\U0041",
        r"\ud800\uDBFF",
    ];
    for escape in broken {
        for json in [format!("before{escape}zzzz"), format!("before{escape}")] {
            let bytes: Vec<_> = RawText::new(json.as_bytes(), true).bytes().collect();
            assert_eq!(bytes.iter().filter(|byte| byte.is_err()).count(), 1, "{json}");
            assert_eq!(bytes.last(), Some(&Err(Malformed)), "{json}");
        }
    }
    assert_eq!(RawText::new(b"abc\xff", false).bytes().collect::<Vec<_>>(), [Err(Malformed)]);
    assert_eq!(RawText::new(b"abc\xff", false).plain(), None);
}

#[test]
fn binaries_are_decoded_from_standard_padded_base64() {
    let rows: [(&str, Result<&[u8], Malformed>); 22] = [
        ("", Ok(b"")),
        ("/w==", Ok(b"\xff")),
        (r"\/w==", Ok(b"\xff")),
        (r"\u002fw=\u003d", Ok(b"\xff")),
        ("aGk=", Ok(b"hi")),
        ("aGV5", Ok(b"hey")),
        ("aGV5aG8=", Ok(b"heyho")),
        ("+/+/", Ok(b"\xfb\xff\xbf")),
        ("gIGCg4SFhoeIiYqLjI2Oj/8=", Ok(b"\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x8a\x8b\x8c\x8d\x8e\x8f\xff")),
        ("a", Err(Malformed)),
        ("aG", Err(Malformed)),
        ("aGk", Err(Malformed)),
        ("aGk==", Err(Malformed)),
        ("aGk=aGk=", Err(Malformed)),
        ("a===", Err(Malformed)),
        ("====", Err(Malformed)),
        ("a=Gk", Err(Malformed)),
        ("aG=k", Err(Malformed)),
        ("-_-_", Err(Malformed)),
        ("aG k", Err(Malformed)),
        ("aGké", Err(Malformed)),
        (r"aGV5\ud800", Err(Malformed)),
    ];
    for (base64, expected) in rows {
        assert_eq!(value(&format!(r#"{{"B":"{base64}"}}"#)), Some(expected.map(|bytes| ('B', bytes.to_vec()))), "{base64}");
    }
}

#[test]
fn a_value_is_one_string_under_exactly_one_key_type() {
    let malformed = [
        r#"{}"#,
        r#"{"S":1}"#,
        r#"{"N":5}"#,
        r#"{"S":null}"#,
        r#"{"S":{"S":"a"}}"#,
        r#"{"S":["a"]}"#,
        r#"{"BOOL":true}"#,
        r#"{"SS":["a"]}"#,
        r#"{"s":"a"}"#,
        r#"{"S":"a","N":"1"}"#,
        r#"{"S":"a","X":"b"}"#,
        r#"{"X":"b","S":"a"}"#,
        r#"{"S":"a","N":"1","S":"a"}"#,
        r#"{"S":"a","S":"a","N":1}"#,
        r#"{"S":1,"S":"a"}"#,
        r#""a""#,
        "null",
        r#"["S","a"]"#,
        "5",
    ];
    for json in malformed {
        assert_eq!(value(json), Some(Err(Malformed)), "{json}");
    }
    assert_eq!(value(r#"{"S":"a","S":1}"#), text("a"));
}

#[test]
fn an_attribute_is_found_at_the_top_level_only() {
    let object = Object(br#"{"a":{"M":{"pk":{"S":"inner"}}},"b":{"S":"\"pk\":{\"S\":\"x\"}"},"PK":{"S":"c"}}"#);
    assert_eq!(attribute(object, "pk"), None);
    assert_eq!(attribute(object, "PK"), text("c"));
    assert_eq!(attribute(Object(b"{}"), "pk"), None);
    assert_eq!(attribute(Object(r#"{"\u00e9\ud83d\ude00":{"S":"a"}}"#.as_bytes()), "é😀"), text("a"));
}

#[test]
fn the_first_of_two_attributes_with_the_same_name_is_found() {
    let object = Object(br#"{"p\u006b":{"N":"1"},"pk":{"S":"a"}}"#);
    assert_eq!(attribute(object, "pk"), Some(Ok(('N', b"1".to_vec()))));
    assert_eq!(attribute(Object(br#"{"pk":null,"pk":{"S":"a"}}"#), "pk"), Some(Err(Malformed)));
}

#[test]
fn a_name_is_found_whatever_characters_it_has() {
    let names =
        ["", "p", "pk2", "\"", "\\", "p\"", "p\\", "p\":{", "{", "}", "é😀", "\u{1}\n", "a\\\"b", "\\u0070k", &"long".repeat(99)];
    for name in names {
        let json = serde_json::to_string(name).unwrap();
        let escaped: String = name.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        let other = r#""pk":{"S":"other"},"P\u006b":{"S":"other"}"#;
        for written in [json, format!("\"{escaped}\"")] {
            for object in [format!(r#"{{{other},{written} : {{"S":"a"}}}}"#), format!(r#"{{{written}:{{"S":"a"}},{other}}}"#)] {
                assert_eq!(attribute(Object(object.as_bytes()), name), text("a"), "{object}");
            }
            for elsewhere in [format!(r#"{{{other},"x":{{{written}:{{"S":"a"}}}}}}"#), format!(r#"{{{other},"x":{written}}}"#)] {
                assert_eq!(attribute(Object(elsewhere.as_bytes()), name), None, "{elsewhere}");
            }
        }
    }
}

#[test]
fn only_the_value_itself_has_to_be_json() {
    for value in [r#"{"S" "a"}"#, r#"{"S":"a",}"#, r#"{"S":"a" "N":"b"}"#, r#"{S:"a"}"#, r#"{"S":"a","x":y}"#, r#"{"S":"a"]"#, "}"]
    {
        assert_eq!(attribute(Object(format!(r#"{{"pk":{value}}}"#).as_bytes()), "pk"), Some(Err(Malformed)), "{value}");
    }
    for around in [r#"{"b":x,"pk":{"S":"a"}}"#, r#"{"pk":{"S":"a"},}"#, r#"{"pk":{"S":"a"} "b":1}"#, r#"{"b" "pk":{"S":"a"}}"#] {
        assert_eq!(attribute(Object(around.as_bytes()), "pk"), text("a"), "{around}");
    }
}

#[test]
fn a_value_in_one_piece_is_that_of_the_body_or_decoded_or_too_long() {
    let read = |json: &str, size: usize| {
        let object = format!(r#"{{"pk":{json}}}"#);
        let value = Object(object.as_bytes()).attribute("pk").unwrap().unwrap();
        let mut buffer = vec![0; size];
        value.contiguous(&mut buffer).map(|bytes| bytes.map(<[u8]>::to_vec))
    };
    for (json, expected) in
        [(r#"{"S":"abc"}"#, "abc"), (r#"{"S":"\u0061bc"}"#, "abc"), (r#"{"N":"123"}"#, "123"), (r#"{"B":"aGV5"}"#, "hey")]
    {
        assert_eq!(read(json, 3), Ok(Some(expected.as_bytes().to_vec())), "{json}");
        assert_eq!(read(json, 9), Ok(Some(expected.as_bytes().to_vec())), "{json}");
        assert_eq!(read(json, 2), Ok(None), "{json}");
    }
    assert_eq!(read(r#"{"B":"aGk"}"#, 9), Err(Malformed));
    let object = Object(br#"{"pk":{"S":"abc"}}"#);
    let Some(Ok(KeyValue::S(plain))) = object.attribute("pk") else { panic!("no string") };
    let in_one_piece = KeyValue::S(plain).contiguous(&mut [0; 8]).unwrap().map(<[u8]>::as_ptr);
    assert_eq!(in_one_piece, Some(object.0[12..].as_ptr()), "not the bytes of the body");
}
