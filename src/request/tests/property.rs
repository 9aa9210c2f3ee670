//! The reader against a JSON parser that builds a tree, over generated requests; and over whatever bytes.

use std::fmt::Write;

use proptest::prelude::*;
use serde_json::Value;

use super::super::{Facts, Malformed, Operation, ReturnValues, read, read_batch};
use super::{key, table};

#[derive(Debug, Clone)]
enum Json {
    Text(String),
    Plain(&'static str),
    List(Vec<Json>),
    Map(Vec<(String, Json)>),
}

/// Writes JSON with white space and escapes strewn in, by the bits of a xorshift state.
struct Writer {
    out: String,
    state: u64,
}

impl Writer {
    fn one_in(&mut self, n: u64) -> bool {
        self.state ^= self.state << 13;
        self.state ^= self.state >> 7;
        self.state ^= self.state << 17;
        self.state.is_multiple_of(n)
    }

    fn space(&mut self) {
        while self.one_in(6) {
            let space = if self.one_in(2) { ' ' } else { '\n' };
            self.out.push(space);
        }
    }

    fn text(&mut self, text: &str) {
        self.out.push('"');
        for character in text.chars() {
            match character {
                _ if self.one_in(8) => {
                    character.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(self.out, "\\u{unit:04x}").unwrap())
                }
                '"' | '\\' => self.out.extend(['\\', character]),
                '/' if self.one_in(2) => self.out.push_str("\\/"),
                '\0'..' ' => write!(self.out, "\\u{:04X}", u32::from(character)).unwrap(),
                _ => self.out.push(character),
            }
        }
        self.out.push('"');
    }

    fn value(&mut self, json: &Json) {
        self.space();
        match json {
            Json::Text(text) => self.text(text),
            Json::Plain(text) => self.out.push_str(text),
            Json::List(values) => {
                self.out.push('[');
                for (index, value) in values.iter().enumerate() {
                    self.out.push_str(if index > 0 { "," } else { "" });
                    self.value(value);
                }
                self.out.push(']');
            }
            Json::Map(members) => {
                self.out.push('{');
                for (index, (name, value)) in members.iter().enumerate() {
                    self.out.push_str(if index > 0 { "," } else { "" });
                    self.space();
                    self.text(name);
                    self.space();
                    self.out.push(':');
                    self.value(value);
                }
                self.space();
                self.out.push('}');
            }
        }
        self.space();
    }
}

fn body(json: &Json, state: u64) -> String {
    let mut writer = Writer { out: String::new(), state: state | 1 };
    writer.value(json);
    writer.out
}

fn text() -> impl Strategy<Value = String> {
    let character = prop_oneof![4 => prop::char::range(' ', '~'), 2 => prop::sample::select(vec!['"', '\\', '{', '}', '[', ']', '/', '\n', '\0']), 1 => any::<char>()];
    prop_oneof![3 => prop::collection::vec(character.clone(), 0..12), 1 => prop::collection::vec(character, 0..150)]
        .prop_map(|characters| characters.into_iter().collect())
}

fn plain() -> impl Strategy<Value = Json> {
    prop::sample::select(vec!["null", "true", "false", "0", "-1.5e+30", "12345678901234567890", "{}", "[]"]).prop_map(Json::Plain)
}

fn one(name: &'static str, value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    value.prop_map(move |value| Json::Map(vec![(name.into(), value)]))
}

fn attribute_value() -> impl Strategy<Value = Json> {
    let leaf = prop_oneof![
        4 => one("S", text().prop_map(Json::Text)),
        2 => one("N", "-?[0-9]{1,40}(E[0-9]{1,3})?".prop_map(Json::Text)),
        2 => one("B", "([A-Za-z0-9+/]{4}){0,9}([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?".prop_map(Json::Text)),
        1 => one("B", "[A-Za-z0-9+/=]{0,9}".prop_map(Json::Text)),
        1 => one("BOOL", plain()),
        1 => one("SS", prop::collection::vec(text().prop_map(Json::Text), 0..4).prop_map(Json::List)),
        1 => one("S", plain()),
        1 => plain(),
        1 => prop::collection::vec((prop::sample::select(vec!["S", "N", "M"]).prop_map(String::from), text().prop_map(Json::Text)), 0..4).prop_map(Json::Map),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            one("M", prop::collection::vec((text(), inner.clone()), 0..5).prop_map(Json::Map)),
            one("L", prop::collection::vec(inner, 0..5).prop_map(Json::List)),
        ]
    })
}

fn attributes() -> impl Strategy<Value = Json> {
    let name = prop_oneof![2 => Just("pk".to_owned()), 1 => Just("sk".to_owned()), 3 => text()];
    prop::collection::vec((name, attribute_value()), 0..8).prop_map(Json::Map)
}

fn named(name: &'static str, value: impl Strategy<Value = Json>) -> impl Strategy<Value = (String, Json)> {
    value.prop_map(move |value| (name.to_owned(), value))
}

fn pick(texts: &'static [&'static str]) -> impl Strategy<Value = Json> {
    prop::sample::select(texts).prop_map(|text| Json::Text(text.to_owned()))
}

fn attribute_updates() -> impl Strategy<Value = Json> {
    let member = prop_oneof![2 => named("Action", pick(&["ADD", "DELETE", "PUT", ""])), 2 => named("Value", attribute_value()), 1 => named("X", plain())];
    let update = prop_oneof![8 => prop::collection::vec(member, 0..4).prop_map(Json::Map), 1 => plain()];
    prop::collection::btree_map(text(), update, 0..4).prop_map(|updates| Json::Map(updates.into_iter().collect()))
}

/// Any members in any order, also twice or of the wrong type.
fn request() -> impl Strategy<Value = Json> {
    let member = prop_oneof![
        3 => named("TableName", text().prop_map(Json::Text)),
        4 => named("Item", attributes()),
        2 => named("Key", attributes()),
        2 => named("ConditionExpression", text().prop_map(Json::Text)),
        2 => named("UpdateExpression", pick(&["", "SET a = :v", "SET a = b", "REMOVE a"])),
        2 => named("ReturnValues", pick(&["", "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW", "all_old"])),
        1 => named("Expected", attributes()),
        2 => named("AttributeUpdates", attribute_updates()),
        1 => (prop::sample::select(vec!["TableName", "Item", "Key", "Expected", "UpdateExpression", "Other"]).prop_map(String::from), plain()),
        1 => (text(), attribute_value()),
    ];
    prop::collection::vec(member, 0..9).prop_map(Json::Map)
}

/// What the tree says the key is.
fn key_in(tree: &Value) -> Option<Result<(char, Vec<u8>), Malformed>> {
    let value = tree.as_object()?.get("pk")?;
    let mut types = value.as_object().into_iter().flatten();
    Some(match (types.next(), types.next()) {
        (Some((kind, Value::String(text))), None) if kind == "B" => decode_base64(text).map(|bytes| ('B', bytes)).ok_or(Malformed),
        (Some((kind, Value::String(text))), None) if kind == "S" || kind == "N" => {
            Ok((kind.chars().next().unwrap(), text.clone().into_bytes()))
        }
        _ => Err(Malformed),
    })
}

/// By the letter of RFC 4648, bit by bit.
fn decode_base64(text: &str) -> Option<Vec<u8>> {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let digits = text.strip_suffix("==").or(text.strip_suffix('=')).unwrap_or(text);
    let values = digits.chars().map(|digit| ALPHABET.find(digit)).collect::<Option<Vec<_>>>()?;
    let bits: String = values.iter().map(|value| format!("{value:06b}")).collect();
    let whole = text.len().is_multiple_of(4) && (text.len() - digits.len()) * 2 == bits.len() % 8;
    whole.then(|| {
        bits.as_bytes().chunks_exact(8).map(|byte| u8::from_str_radix(str::from_utf8(byte).unwrap(), 2).unwrap()).collect()
    })
}

fn facts_in(tree: &Value) -> Facts {
    let text = |name: &str| tree[name].as_str().unwrap_or_default();
    let updates = || tree["AttributeUpdates"].as_object().into_iter().flat_map(|updates| updates.values());
    let return_values = match tree.get("ReturnValues").map_or(Some(""), Value::as_str) {
        Some("" | "NONE") => ReturnValues::None,
        Some("ALL_OLD") => ReturnValues::AllOld,
        Some("UPDATED_OLD") => ReturnValues::UpdatedOld,
        Some("ALL_NEW") => ReturnValues::AllNew,
        Some("UPDATED_NEW") => ReturnValues::UpdatedNew,
        _ => ReturnValues::Other,
    };
    Facts {
        condition_expression: !text("ConditionExpression").is_empty(),
        expected_present: tree.get("Expected").is_some(),
        expected_non_empty: tree["Expected"].as_object().is_some_and(|members| !members.is_empty()),
        return_values,
        update_expression: !text("UpdateExpression").is_empty(),
        update_expression_reads: text("UpdateExpression") == "SET a = b",
        attribute_updates_add: updates().any(|update| update["Action"] == "ADD"),
        attribute_updates_delete_with_value: updates().any(|update| update["Action"] == "DELETE" && update.get("Value").is_some()),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_read_as_a_parser_with_a_tree_reads_it(json in request(), state in any::<u64>()) {
        let body = body(&json, state);
        let tree: Value = serde_json::from_str(&body).unwrap();
        for (operation, source) in [(Operation::PutItem, "Item"), (Operation::UpdateItem, "Key")] {
            let request = read(operation, body.as_bytes()).unwrap();
            prop_assert_eq!(table(&request), tree["TableName"].as_str().map(String::from));
            prop_assert_eq!(request.key_source.is_some(), tree[source].is_object());
            prop_assert_eq!(key(&request), key_in(&tree[source]));
            prop_assert_eq!(request.facts, facts_in(&tree));
        }
    }

    #[test]
    fn a_batch_is_read_as_a_parser_with_a_tree_reads_it(
        tables in prop::collection::btree_map(text(), prop::collection::vec((any::<[bool; 2]>(), attributes(), attributes()), 0..3), 0..3),
        state in any::<u64>(),
    ) {
        let entry = |([put, delete], item, key): ([bool; 2], Json, Json)| {
            let put = put.then(|| ("PutRequest".to_owned(), Json::Map(vec![("Item".to_owned(), item)])));
            let delete = delete.then(|| ("DeleteRequest".to_owned(), Json::Map(vec![("Key".to_owned(), key)])));
            Json::Map(put.into_iter().chain(delete).collect())
        };
        let tables = tables.into_iter().map(|(table, entries)| (table, Json::List(entries.into_iter().map(entry).collect()))).collect();
        let body = body(&Json::Map(vec![("RequestItems".to_owned(), Json::Map(tables))]), state);
        let tree: Value = serde_json::from_str(&body).unwrap();
        let mut expected = Vec::new();
        for (table, entries) in tree["RequestItems"].as_object().unwrap() {
            for entry in entries.as_array().unwrap() {
                match (entry.get("PutRequest"), entry.get("DeleteRequest")) {
                    (Some(put), None) => expected.push((table.clone(), key_in(&put["Item"]))),
                    (None, Some(delete)) => expected.push((table.clone(), key_in(&delete["Key"]))),
                    _ => {}
                }
            }
        }
        let mut found = Vec::new();
        read_batch(body.as_bytes(), |table, object| {
            let table: Vec<u8> = table.bytes().map(Result::unwrap).collect();
            found.push((String::from_utf8(table).unwrap(), super::attribute(object, "pk")));
        }).unwrap();
        // The tree sorts its tables, and so does the generator.
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_damaged_request_is_read_as_a_parser_with_a_tree_reads_it_or_not_at_all(
        json in request(), state in any::<u64>(), damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = body(&json, state).into_bytes();
        for (index, byte) in damage {
            let index = index.index(body.len());
            body[index] = byte;
        }
        let read = read(Operation::PutItem, &body);
        let key = read.ok().and_then(|request| key(&request));
        if let Ok(tree @ Value::Object(_)) = serde_json::from_slice::<Value>(&body) {
            prop_assert_eq!(table(&read.unwrap()), tree["TableName"].as_str().map(String::from));
            prop_assert_eq!(key, key_in(&tree["Item"]));
        }
    }

    #[test]
    fn whatever_the_bytes_nothing_panics(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(prop::sample::select(&b"{}[]\":,\\ \nauSNB09-"[..]), 0..300),
        ],
        start in prop::sample::select(vec!["", r#"{"Item":{"pk":"#, r#"{"UpdateExpression":""#, r#"{"RequestItems":{"t":[{"PutRequest":{"Item":"#, r#"{"Item":{"pk":{"B":""#]),
        end in prop::sample::select(vec!["", "\"}", "\"}}}", "}}"]),
    ) {
        let body = [start.as_bytes(), &bytes, end.as_bytes()].concat();
        if let Ok(request) = read(Operation::PutItem, &body) {
            let _ = key(&request);
        }
        let _ = read_batch(&body, |_, object| drop(super::attribute(object, "pk")));
    }
}
