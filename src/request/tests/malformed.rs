//! Requests that no server takes: each has its say only where it is broken, and nothing panics.

use super::super::{Facts, Malformed, Object, Operation, ReturnValues, Unreadable, read, read_batch};
use super::{attribute, key, key_bytes, table, text};

/// A value of each JSON type.
const TYPES: [&str; 8] = ["null", "true", "-1.5e3", r#""text""#, "[]", r#"["pk"]"#, "{}", r#"{"a":{"S":"a"}}"#];

#[test]
fn values_of_the_wrong_type_say_nothing() {
    for wrong in TYPES.iter().filter(|value| !value.starts_with('"')) {
        let body =
            format!(r#"{{"TableName":{wrong},"ConditionExpression":{wrong},"UpdateExpression":{wrong},"ReturnValues":{wrong}}}"#);
        let request = read(Operation::PutItem, body.as_bytes()).unwrap();
        assert!(request.table.is_none());
        assert_eq!(request.facts, Facts { return_values: ReturnValues::Other, ..Facts::default() }, "{wrong}");
    }
    for wrong in TYPES.iter().filter(|value| !value.starts_with('{')) {
        let body = format!(r#"{{"Item":{wrong},"Expected":{wrong},"AttributeUpdates":{wrong}}}"#);
        let request = read(Operation::PutItem, body.as_bytes()).unwrap();
        assert!(request.key_source.is_none());
        assert_eq!(request.facts, Facts { expected_present: true, ..Facts::default() }, "{wrong}");
    }
    for wrong in TYPES {
        let updates =
            format!(r#"{{"AttributeUpdates":{{"a":{wrong},"b":{{"Action":{wrong},"Value":{wrong}}},"c":{{"Action":"ADD"}}}}}}"#);
        let facts = read(Operation::UpdateItem, updates.as_bytes()).unwrap().facts;
        assert_eq!(facts, Facts { attribute_updates_add: true, ..Facts::default() }, "{wrong}");
        let item = format!(r#"{{"a":{wrong},"pk":{wrong}}}"#);
        assert_eq!(attribute(Object(item.as_bytes()), "pk"), Some(Err(Malformed)), "{wrong}");
    }
}

#[test]
fn entries_of_the_wrong_type_are_passed_by() {
    for wrong in TYPES {
        let entry = r#"{"PutRequest":{"Item":{"pk":{"S":"a"}}}}"#;
        let requests = format!(r#"{{"PutRequest":{wrong}}},{{"DeleteRequest":{wrong}}},{{"Other":{wrong}}}"#);
        let body = format!(r#"{{"RequestItems":{{"s":{wrong},"t":[{wrong},{requests},{entry}]}}}}"#);
        let mut found = Vec::new();
        read_batch(body.as_bytes(), |_, source| found.push(attribute(source, "pk"))).unwrap();
        assert_eq!(found, [text("a")], "{wrong}");
        read_batch(format!(r#"{{"RequestItems":{wrong}}}"#).as_bytes(), |_, _| panic!("{wrong} has an entry")).unwrap();
    }
}

#[test]
fn half_a_surrogate_pair_spoils_only_the_text_that_it_stands_in() {
    for half in [r"\ud800", r"\udfff", r"\ude00\ud83d"] {
        let body = format!(
            r#"{{"{half}":1,"TableName":"t","Item":{{"{half}":{{"S":"a"}},"{half}pk":{{"S":"a"}},
            "pk":{{"S":"b","{half}":"c"}},"sk":{{"S":"{half}"}}}},
            "ReturnValues":"{half}","UpdateExpression":"SET a = :v{half}"}}"#
        );
        let request = read(Operation::PutItem, body.as_bytes()).unwrap();
        assert_eq!(table(&request).as_deref(), Some("t"));
        assert_eq!(key(&request), Some(Err(Malformed)), "a value of two types");
        assert_eq!(attribute(request.key_source.unwrap(), "sk"), Some(Err(Malformed)));
        let facts = Facts {
            update_expression: true,
            update_expression_reads: true,
            return_values: ReturnValues::Other,
            ..Facts::default()
        };
        assert_eq!(request.facts, facts);
        let body = format!(r#"{{"TableName":"{half}"}}"#);
        let table = read(Operation::PutItem, body.as_bytes()).unwrap().table.unwrap();
        assert_eq!(table.bytes().collect::<Result<Vec<u8>, _>>(), Err(Malformed));
        assert_eq!(table.plain(), None);
    }
}

#[test]
fn text_that_is_not_utf_8_spoils_only_what_it_stands_in() {
    for bytes in [&b"\xff"[..], b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf"] {
        let put = |before: &str, after: &str| [before.as_bytes(), bytes, after.as_bytes()].concat();
        let elsewhere = put(r#"{"TableName":"t","Item":{"x":{"S":""#, r#""},"pk":{"S":"a"}}}"#);
        assert_eq!(key(&read(Operation::PutItem, &elsewhere).unwrap()), text("a"));
        let in_key = put(r#"{"Item":{"pk":{"S":"a"#, r#""}}}"#);
        let request = read(Operation::PutItem, &in_key).unwrap();
        assert_eq!(key(&request), Some(Err(Malformed)));
        let value = request.key_source.unwrap().attribute("pk").unwrap().unwrap();
        assert_eq!(value.contiguous(&mut [0; 99]), Err(Malformed));
        let in_table = put(r#"{"TableName":"t"#, "\"}");
        assert_eq!(read(Operation::PutItem, &in_table).unwrap().table.unwrap().plain(), None);
        let in_expression = put(r#"{"UpdateExpression":"SET a = :v"#, "\"}");
        assert!(read(Operation::UpdateItem, &in_expression).unwrap().facts.update_expression_reads);
        assert_eq!(read(Operation::PutItem, &put("{", "}")).err(), Some(Unreadable));
    }
}

#[test]
fn a_nul_is_a_character_like_any_other_inside_a_string_and_none_outside() {
    let body = "{\"TableName\":\"t\0\",\"Item\":{\"pk\":{\"S\":\"a\0b\"},\"pk\0\":{\"S\":\"c\"},\"x\":{\"S\":\"a\\u0000b\"}}}";
    let request = read(Operation::PutItem, body.as_bytes()).unwrap();
    assert_eq!((table(&request).as_deref(), key(&request)), (Some("t\0"), text("a\0b")));
    assert_eq!(attribute(request.key_source.unwrap(), "x"), text("a\0b"));
    assert_eq!(attribute(request.key_source.unwrap(), "pk\0"), text("c"));
    for body in ["\0", "{}\0", "\0{}", "{\0}", "{\"a\"\0:1}", "{\"a\":\0}"] {
        assert_eq!(read(Operation::PutItem, body.as_bytes()).err(), Some(Unreadable), "{body:?}");
    }
}

#[test]
fn a_byte_order_mark_or_another_encoding_is_unreadable() {
    let utf_16: Vec<u8> = r#"{"TableName":"t"}"#.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for body in
        [&b"\xef\xbb\xbf{\"TableName\":\"t\"}"[..], b"\xff\xfe{\0}\0", b"\xfe\xff\0{\0}", &utf_16, b"\x1f\x8b\x08\0\0\0\0\0"]
    {
        assert_eq!(read(Operation::PutItem, body).err(), Some(Unreadable), "{body:?}");
        assert_eq!(read_batch(body, |_, _| {}), Err(Unreadable), "{body:?}");
    }
}

#[test]
fn a_number_is_taken_as_it_is_written_be_it_one_or_not() {
    let digits = "9".repeat(1000);
    for number in ["abc", "", "1.2.3", "Infinity", " 1", "0x1F", &digits, &format!("-{digits}.{digits}E-{digits}")] {
        let item = format!(r#"{{"n":{digits},"pk":{{"N":"{number}"}}}}"#);
        let value = Object(item.as_bytes()).attribute("pk").unwrap().unwrap();
        assert_eq!(key_bytes(value), Ok(('N', number.as_bytes().to_vec())));
        let fits = number.len() <= 2048;
        assert_eq!(value.contiguous(&mut [0; 2048]), Ok(fits.then_some(number.as_bytes())));
    }
}

#[test]
fn a_text_of_nothing_but_escapes_is_decoded_or_too_long() {
    for (escape, character) in [(r"\u0041", "A"), (r"\ud83d\ude00", "😀"), (r"\\", "\\"), (r#"\""#, "\""), (r"\u0000", "\0")] {
        for count in [1, 64, 65, 300_000] {
            let body = format!(r#"{{"TableName":"t","Item":{{"pk":{{"S":"{}"}}}}}}"#, escape.repeat(count));
            let request = read(Operation::PutItem, body.as_bytes()).unwrap();
            assert!(key(&request) == text(&character.repeat(count)), "{count} times {escape}");
            let value = request.key_source.unwrap().attribute("pk").unwrap().unwrap();
            let fits = count * character.len() <= 64;
            assert_eq!(value.contiguous(&mut [0; 64]).unwrap(), fits.then_some(character.repeat(count).as_bytes()));
        }
    }
}
