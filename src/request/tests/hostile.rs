//! Bodies made to hurt: deep, long, repetitive. Reading them looks at each byte a few times, and stays on the stack it has.

use super::super::{Operation, read, read_batch, work};
use super::{key, text};

/// Reads the body in every way there is.
fn read_all_ways(body: &[u8]) {
    for operation in [Operation::PutItem, Operation::UpdateItem] {
        if let Ok(request) = read(operation, body)
            && let Some(object) = request.key_source
            && let Some(Ok(value)) = object.attribute("pk")
        {
            let _ = value.bytes().all(|byte| byte.is_ok());
            let _ = value.contiguous(&mut [0; 64]);
        }
    }
    let _ = read_batch(body, |table, object| {
        let _ = table.plain();
        let _ = object.attribute("pk");
    });
}

/// One body of each kind, of about `size` bytes.
fn hostile_bodies(size: usize) -> Vec<(&'static str, String)> {
    let item = |name: &str, unit: &str, end: &str| {
        format!(r#"{{"Item":{{"pk":{{"{name}":"{}{end}"}}}}}}"#, unit.repeat(size / unit.len()))
    };
    let member = |name: &str, unit: &str| format!(r#"{{"{name}":"{}"}}"#, unit.repeat(size / unit.len()));
    let repeat = |start: &str, unit: &str, end: &str| format!("{start}{}{end}", unit.repeat(size / unit.len()));
    vec![
        ("open arrays", repeat(r#"{"Item":"#, "[", "")),
        ("open objects", repeat("", r#"{"Item":"#, "")),
        ("open entries", repeat(r#"{"RequestItems":{"t":["#, r#"{"PutRequest":{"Item":"#, "")),
        ("closed depth", format!(r#"{{"Item":{{"pk":{}1{}}}}}"#, r#"{"M":"#.repeat(size / 6), "}".repeat(size / 6))),
        ("closed brackets", repeat("{}", "}", "")),
        ("quotes", repeat("", "\"", "")),
        ("backslashes", item("S", r"\\", "")),
        ("open backslashes", repeat(r#"{"Item":{"pk":{"S":""#, "\\", "")),
        ("escaped quotes", item("S", r#"\""#, "")),
        ("surrogates", item("S", r"\ud83d\ude00", "")),
        ("escaped base64", item("B", r"\u0041", "")),
        ("bad base64 at the end", item("B", "AAAA", "*")),
        ("digits", format!(r#"{{"Item":{{"pk":{{"N":"1"}},"n":{}}}}}"#, "9".repeat(size))),
        ("white space", repeat("{", " \n", "}")),
        ("duplicates", repeat(r#"{"Item":{"a":1"#, r#","pk":{"S":"x"}"#, "}}")),
        ("duplicate items", repeat(r#"{"a":1"#, r#","Item":{"pk":{}}"#, "}")),
        ("duplicate types", repeat(r#"{"Item":{"pk":{"S":"a""#, r#","S":"a""#, "}}}")),
        ("names that nearly match", repeat(r#"{"Item":{"a":1"#, r#","p\u006c":{"S":"x"}"#, "}}")),
        ("long escaped name", format!(r#"{{"Item":{{}},"{}":1}}"#, r"\u0041".repeat(size / 6))),
        ("long escaped attribute", format!(r#"{{"Item":{{"{}":1}}}}"#, r"\u0070k".repeat(size / 7))),
        ("strings for members", repeat(r#"{"Item":{"#, r#""pk" "#, "}}")),
        ("updates", repeat(r#"{"AttributeUpdates":{"a":{}"#, r#","a":{"Action":"PUT"}"#, "}}")),
        ("unfinished pairs", repeat(r#"{"Item":{"#, r#""a":{"b":"c","#, "")),
        ("constant expression", member("UpdateExpression", "SET a = :v,")),
        ("parentheses", member("UpdateExpression", "(")),
        ("one long word", member("UpdateExpression", "a")),
        ("entries", repeat(r#"{"RequestItems":{"t":[{}"#, r#",{"PutRequest":{"Item":{}}}"#, "]}}")),
        ("tables", repeat(r#"{"RequestItems":{"t":[]"#, r#","t":[{"DeleteRequest":{"Key":{"pk":{}}}}]"#, "}}")),
    ]
}

#[test]
fn each_byte_is_looked_at_a_few_times_however_many_there_are() {
    /// For the three readings, with the decoding of the key.
    const MOST_LOOKS: f64 = 8.0;
    for size in [1000, 100_000] {
        for (kind, body) in hostile_bodies(size) {
            let looks = work::of(|| read_all_ways(body.as_bytes())) as f64 / body.len() as f64;
            assert!(looks < MOST_LOOKS, "{kind}: {looks} looks at each of {size} bytes");
        }
    }
}

#[test]
fn deep_bodies_need_no_stack() {
    let deep = |position: &str| position.replace('?', &format!("{}1{}", r#"{"a":["#.repeat(10_000), "]}".repeat(10_000)));
    let positions = [
        "?",
        r#"{"TableName":?}"#,
        r#"{"Item":?}"#,
        r#"{"Item":{"pk":?}}"#,
        r#"{"Item":{"pk":{"S":?}}}"#,
        r#"{"Expected":?,"ConditionExpression":?,"ReturnValues":?}"#,
        r#"{"AttributeUpdates":{"a":?,"b":{"Action":?,"Value":?}}}"#,
        r#"{"RequestItems":?}"#,
        r#"{"RequestItems":{"t":[?,{"PutRequest":?},{"PutRequest":{"Item":?}}]}}"#,
        r#"{"Other":?}"#,
    ];
    let on_a_small_stack = std::thread::Builder::new().stack_size(128 * 1024).spawn(move || {
        let deep = positions.iter().map(|position| deep(position));
        let hostile = hostile_bodies(60_000).into_iter().map(|(_, body)| body);
        deep.chain(hostile).for_each(|body| read_all_ways(body.as_bytes()));
    });
    on_a_small_stack.unwrap().join().unwrap();
}

#[test]
fn a_key_is_found_behind_16_mb_of_whatever() {
    for (start, unit, end) in [
        (
            r#"{"S":""#,
            r"some words
",
            r#""}"#,
        ),
        ("", r#"{"M":{"a":["#, ""),
        (r#"{"S":"b"}"#, r#","b":{"S":"c"}"#, ""),
    ] {
        let count = (16 << 20) / unit.len();
        let closing = if start.is_empty() { "]}}".repeat(count) } else { String::new() };
        let body = format!(r#"{{"Item":{{"a":{start}{}{end}{closing},"pk":{{"S":"key"}}}}}}"#, unit.repeat(count));
        assert!(key(&read(Operation::PutItem, body.as_bytes()).unwrap()) == text("key"), "{unit}");
    }
}

#[test]
fn a_body_cut_off_anywhere_does_no_harm() {
    let body = r#"{"TableName":"t\u0041","Item":{"pk":{"B":"aGV\u0035"},"m":{"M":{"x":{"L":[{"N":"1"}]}}}},
        "Expected":{"a":{}},"ReturnValues":"NONE","UpdateExpression":"SET a = if_not_exists(a, :v)",
        "AttributeUpdates":{"a":{"Action":"ADD"}},"RequestItems":{"t":[{"PutRequest":{"Item":{}}}]}}"#;
    for end in 0..body.len() {
        assert!(read(Operation::PutItem, &body.as_bytes()[..end]).is_err());
        assert!(read_batch(&body.as_bytes()[..end], |_, _| {}).is_err());
        read_all_ways(&body.as_bytes()[end..]);
    }
    assert!(read(Operation::PutItem, body.as_bytes()).is_ok());
}
