//! The entries of a BatchWriteItem.

use super::super::{Unreadable, read_batch};
use super::attribute;

fn keys(body: &str) -> Result<Vec<(String, String)>, Unreadable> {
    let mut keys = Vec::new();
    read_batch(body.as_bytes(), |table, object| {
        let key = attribute(object, "pk").map(|key| String::from_utf8(key.unwrap().1).unwrap());
        keys.push((table.plain().unwrap_or("(escaped)").to_owned(), key.unwrap_or_default()));
    })?;
    Ok(keys)
}

fn pairs(expected: &[(&str, &str)]) -> Result<Vec<(String, String)>, Unreadable> {
    Ok(expected.iter().map(|&(table, key)| (table.to_owned(), key.to_owned())).collect())
}

#[test]
fn each_put_and_each_delete_is_told_with_its_table() {
    let body = r#"{"ReturnConsumedCapacity":"NONE","RequestItems":{
        "a":[{"PutRequest":{"Item":{"x":{"L":[]},"pk":{"S":"1"}}}},{"DeleteRequest":{"Key":{"pk":{"N":"2"}}}}],
        "arn:aws:dynamodb:r:1:table/b":[{"Delete\u0052equest":{"\u004bey":{"pk":{"B":"aGV5"}}}}],"c":[],
        "a":[{"PutRequest":{"Item":{}}}]}}"#;
    assert_eq!(keys(body), pairs(&[("a", "1"), ("a", "2"), ("arn:aws:dynamodb:r:1:table/b", "hey"), ("a", "")]));
}

#[test]
fn an_entry_that_is_not_exactly_one_request_is_passed_by() {
    let put = r#""PutRequest":{"Item":{"pk":{"S":"1"}}}"#;
    let delete = r#""DeleteRequest":{"Key":{"pk":{"S":"2"}}}"#;
    let entries = [
        "{}",
        "null",
        "1",
        "[]",
        r#""PutRequest""#,
        &format!("{{{put},{delete}}}"),
        &format!("{{{delete},{put}}}"),
        r#"{"PutRequest":{}}"#,
        r#"{"PutRequest":null}"#,
        r#"{"PutRequest":{"Item":[]}}"#,
        r#"{"PutRequest":{"Key":{"pk":{"S":"1"}}}}"#,
        r#"{"Other":{"Item":{}}}"#,
        r#"{"DeleteRequest":{"Item":{"pk":{"S":"1"}}}}"#,
        &format!(r#"{{{put},"DeleteRequest":{{}}}}"#),
    ];
    for entry in entries {
        assert_eq!(keys(&format!(r#"{{"RequestItems":{{"t":[{entry},{{{put}}}]}}}}"#)), pairs(&[("t", "1")]), "{entry}");
    }
    assert_eq!(keys(&format!(r#"{{"RequestItems":{{"t":[{{"Other":1,{put}}}]}}}}"#)), pairs(&[("t", "1")]));
}

#[test]
fn request_items_of_another_shape_have_no_entries() {
    for body in ["{}", r#"{"RequestItems":[]}"#, r#"{"RequestItems":null}"#, r#"{"RequestItems":{"t":{"PutRequest":{"Item":{}}}}}"#]
    {
        assert_eq!(keys(body), pairs(&[]), "{body}");
    }
    let twice = r#"{"RequestItems":{"a":[{"PutRequest":{"Item":{}}}]},"RequestItems":{"b":[{"PutRequest":{"Item":{}}}]}}"#;
    assert_eq!(keys(twice), pairs(&[("a", "")]));
    assert_eq!(keys(r#"{"RequestItems":1,"RequestItems":{"b":[{"PutRequest":{"Item":{}}}]}}"#), pairs(&[]));
}

#[test]
fn of_an_item_given_twice_the_first_counts_but_every_table_does() {
    let put = |items: &str| format!(r#"{{"PutRequest":{{{items}}}}}"#);
    let (one, two) = (r#""Item":{"pk":{"S":"1"}}"#, r#""Item":{"pk":{"S":"2"}}"#);
    let body = format!(r#"{{"RequestItems":{{"a":[{}],"a":[{}]}}}}"#, put(&format!("{one},{two}")), put(two));
    assert_eq!(keys(&body), pairs(&[("a", "1"), ("a", "2")]));
    let requests = format!(r#"{{"PutRequest":{{{one}}},"PutRequest":{{{two}}}}}"#);
    assert_eq!(
        keys(&format!(r#"{{"RequestItems":{{"a":[{requests},{}]}}}}"#, put(&format!(r#""Item":1,{one}"#)))),
        pairs(&[("a", "1")])
    );
}

#[test]
fn a_batch_that_is_no_json_object_is_unreadable() {
    for body in [
        "",
        "[]",
        "{}x",
        r#"{"RequestItems":{"t":[}}"#,
        r#"{"RequestItems":{"t":[{}}}}"#,
        r#"{"RequestItems":{"t":[{"PutRequest" 1}]}}"#,
    ] {
        assert_eq!(keys(body), Err(Unreadable), "{body}");
    }
}
