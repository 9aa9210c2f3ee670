//! Bodies made to hurt: deep, long, repetitive. Reading them stays linear, and stays on the stack it has.

use std::time::{Duration, Instant};

use super::super::{Operation, read, read_batch};

/// Reads the body in every way there is.
fn read_all_ways(body: &[u8]) {
    for operation in [Operation::PutItem, Operation::UpdateItem] {
        if let Ok(request) = read(operation, body)
            && let Some(object) = request.key_source
            && let Some(Ok(value)) = object.attribute("pk")
        {
            let _ = value.bytes().all(|byte| byte.is_ok());
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
        ("updates", repeat(r#"{"AttributeUpdates":{"a":{}"#, r#","a":{"Action":"PUT"}"#, "}}")),
        ("unfinished pairs", repeat(r#"{"Item":{"#, r#""a":{"b":"c","#, "")),
        ("constant expression", member("UpdateExpression", "SET a = :v,")),
        ("parentheses", member("UpdateExpression", "(")),
        ("one long word", member("UpdateExpression", "a")),
        ("entries", repeat(r#"{"RequestItems":{"t":[{}"#, r#",{"PutRequest":{"Item":{}}}"#, "]}}")),
    ]
}

#[test]
fn time_grows_no_faster_than_the_body() {
    let time = |body: &str| {
        let start = Instant::now();
        read_all_ways(body.as_bytes());
        start.elapsed()
    };
    let small = hostile_bodies(50_000);
    let large = hostile_bodies(500_000);
    for ((kind, small), (_, large)) in small.iter().zip(&large) {
        // Quadratic time would be a hundredfold, and seconds of it. A busy machine gets a second and a third chance.
        let limit = time(small) * 40 + Duration::from_millis(100);
        assert!((0..3).any(|_| time(large) < limit), "{kind}: ten times as much takes more than {limit:?}");
    }
}

#[test]
fn a_deeply_nested_body_needs_no_stack() {
    let on_a_small_stack = std::thread::Builder::new().stack_size(128 * 1024).spawn(|| {
        for (_, body) in hostile_bodies(60_000) {
            read_all_ways(body.as_bytes());
        }
    });
    on_a_small_stack.unwrap().join().unwrap();
}

#[test]
fn a_body_cut_off_anywhere_does_no_harm() {
    let body = r#"{"TableName":"t\u0041","Item":{"pk":{"B":"aGV\u0035"},"m":{"M":{"x":{"L":[{"N":"1"}]}}}},"Expected":{"a":{}},"ReturnValues":"NONE",
        "UpdateExpression":"SET a = if_not_exists(a, :v)","AttributeUpdates":{"a":{"Action":"ADD"}},"RequestItems":{"t":[{"PutRequest":{"Item":{}}}]}}"#;
    for end in 0..body.len() {
        assert!(read(Operation::PutItem, &body.as_bytes()[..end]).is_err());
        read_all_ways(&body.as_bytes()[end..]);
    }
    assert!(read(Operation::PutItem, body.as_bytes()).is_ok());
}
