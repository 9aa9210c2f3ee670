//! The reader against the model that builds a tree, over generated requests; and over whatever bytes.

use std::fmt::Write;

use proptest::prelude::*;

use super::super::{Facts, Operation, read, read_batch, update_expression_reads};
use super::model::{self, Tree};
use super::{grammar, key, table};

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
    let structural = prop::sample::select(vec!['"', '\\', '{', '}', '[', ']', '/', '\n', '\0']);
    let character = prop_oneof![4 => prop::char::range(' ', '~'), 2 => structural, 1 => any::<char>()];
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
        1 => prop::collection::vec((one_of(&["S", "N", "M"]), text().prop_map(Json::Text)), 0..4).prop_map(Json::Map),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            one("M", prop::collection::vec((text(), inner.clone()), 0..5).prop_map(Json::Map)),
            one("L", prop::collection::vec(inner, 0..5).prop_map(Json::List)),
        ]
    })
}

/// Objects that have the member, sometimes twice.
fn object_with(name: &'static str, value: impl Strategy<Value = Json>) -> impl Strategy<Value = Json> {
    prop::collection::vec(value, 1..3)
        .prop_map(move |values| Json::Map(values.into_iter().map(|value| (name.to_owned(), value)).collect()))
}

fn attributes() -> impl Strategy<Value = Json> {
    let name = prop_oneof![2 => Just("pk".to_owned()), 1 => Just("sk".to_owned()), 3 => text()];
    prop::collection::vec((name, attribute_value()), 0..8).prop_map(Json::Map)
}

fn named(name: &'static str, value: impl Strategy<Value = Json>) -> impl Strategy<Value = (String, Json)> {
    value.prop_map(move |value| (name.to_owned(), value))
}

fn one_of(texts: &'static [&'static str]) -> impl Strategy<Value = String> {
    prop::sample::select(texts).prop_map(String::from)
}

fn pick(texts: &'static [&'static str]) -> impl Strategy<Value = Json> {
    one_of(texts).prop_map(Json::Text)
}

fn attribute_updates() -> impl Strategy<Value = Json> {
    let action = named("Action", pick(&["ADD", "DELETE", "PUT", ""]));
    let member = prop_oneof![2 => action, 2 => named("Value", attribute_value()), 1 => named("X", plain())];
    let update = prop_oneof![8 => prop::collection::vec(member, 0..4).prop_map(Json::Map), 1 => plain()];
    prop::collection::vec((text(), update), 0..4).prop_map(Json::Map)
}

/// Any members in any order, also twice or of the wrong type.
fn request() -> impl Strategy<Value = Json> {
    let member = prop_oneof![
        3 => named("TableName", text().prop_map(Json::Text)),
        4 => named("Item", attributes()),
        2 => named("Key", attributes()),
        2 => named("ConditionExpression", text().prop_map(Json::Text)),
        2 => named("UpdateExpression", update_expression().prop_map(Json::Text)),
        2 => named("ReturnValues", pick(&["", "NONE", "ALL_OLD", "UPDATED_OLD", "ALL_NEW", "UPDATED_NEW", "all_old"])),
        1 => named("Expected", attributes()),
        2 => named("AttributeUpdates", attribute_updates()),
        1 => (one_of(&["TableName", "Item", "Key", "Expected", "UpdateExpression", "Other"]), plain()),
        1 => (text(), attribute_value()),
    ];
    prop::collection::vec(member, 0..9).prop_map(Json::Map)
}

/// A PutRequest, a DeleteRequest, both, none, or one twice.
fn entry() -> impl Strategy<Value = Json> {
    let request = prop_oneof![
        3 => named("PutRequest", object_with("Item", attributes())),
        3 => named("DeleteRequest", object_with("Key", attributes())),
        1 => named("PutRequest", plain()),
    ];
    (prop::collection::vec(request, 0..4), prop::bool::weighted(0.8))
        .prop_map(|(requests, only_first)| Json::Map(requests.into_iter().take(if only_first { 1 } else { 3 }).collect()))
}

/// By the grammar of an UpdateExpression: clauses of actions on paths.
fn update_expression() -> impl Strategy<Value = String> {
    let name = || prop_oneof![4 => "[a-z][A-Za-z0-9_]{0,8}", 2 => "#[a-z0-9_]{1,4}", 1 => "(add|set|Remove|DELETE|SET)[a-z0-9_]"];
    let value = || ":[a-z0-9_]{1,4}";
    let path = || {
        let step = prop_oneof![name().prop_map(|name| format!(".{name}")), "\\[[0-9]{1,2}\\]"];
        (name(), prop_oneof![6 => Just(String::new()), 1 => step]).prop_map(|(name, step)| name + &step)
    };
    let leaf = prop_oneof![6 => value().boxed(), 1 => path().boxed()];
    let operand = leaf.prop_recursive(3, 8, 3, |inner| {
        prop_oneof![
            (prop::sample::select(vec!["list_append", "if_not_exists"]), prop::collection::vec(inner.clone(), 1..3))
                .prop_map(|(function, operands)| format!("{function} ({})", operands.join(" ,"))),
            inner.prop_map(|operand| format!("({operand})")),
        ]
    });
    let right = (operand.clone(), prop::option::weighted(0.3, (prop::sample::select(vec!["+", "-"]), operand)))
        .prop_map(|(left, more)| more.map_or(left.clone(), |(sign, right)| format!("{left} {sign}{right}")));
    let set = (path(), right).prop_map(|(path, right)| format!("{path}={right}"));
    let of_set = (path(), value()).prop_map(|(path, value)| format!("{path} {value}"));
    let clause = prop_oneof![
        6 => (Just("SET"), prop::collection::vec(set, 1..4)),
        3 => (Just("REMOVE"), prop::collection::vec(path(), 1..4)),
        1 => (prop::sample::select(vec!["ADD", "DELETE"]), prop::collection::vec(of_set, 1..3)),
    ];
    let clause = (clause, any::<bool>(), "[ \t\n]{1,2}").prop_map(|((keyword, actions), is_lower, space)| {
        let keyword = if is_lower { keyword.to_ascii_lowercase() } else { keyword.to_owned() };
        format!("{keyword}{space}{}{space}", actions.join(&format!(",{space}")))
    });
    prop::collection::vec(clause, 0..3).prop_map(|clauses| clauses.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_request_is_read_as_a_parser_with_a_tree_reads_it(json in request(), state in any::<u64>()) {
        let body = body(&json, state);
        let tree = Tree::parse(body.as_bytes()).unwrap();
        for operation in [Operation::PutItem, Operation::UpdateItem] {
            let request = read(operation, body.as_bytes()).unwrap();
            let source = model::key_source(operation, &tree);
            prop_assert_eq!(table(&request), model::table(&tree));
            prop_assert_eq!(request.key_source.is_some(), source.is_some());
            prop_assert_eq!(key(&request), source.and_then(|source| model::key(source, "pk")));
            let update_expression_reads = grammar::reads_before_write(model::update_expression(&tree).unwrap_or_default()).unwrap();
            prop_assert_eq!(request.facts, Facts { update_expression_reads, ..model::facts(&tree) });
        }
    }

    #[test]
    fn an_update_expression_is_read_as_the_grammar_has_it(expression in update_expression()) {
        let expected = grammar::reads_before_write(&expression);
        prop_assert!(expected.is_some());
        prop_assert_eq!(Some(update_expression_reads(&expression)), expected);
    }

    #[test]
    fn a_batch_is_read_as_a_parser_with_a_tree_reads_it(
        maps in prop::collection::vec(prop::collection::vec((text(), prop::collection::vec(entry(), 0..3)), 0..3), 1..3),
        state in any::<u64>(),
    ) {
        let list = |(table, entries)| (table, Json::List(entries));
        let map = |tables: Vec<_>| ("RequestItems".to_owned(), Json::Map(tables.into_iter().map(list).collect()));
        let members = maps.into_iter().map(map).collect();
        let body = body(&Json::Map(members), state);
        let mut found = Vec::new();
        read_batch(body.as_bytes(), |table, object| {
            let table: Vec<u8> = table.bytes().map(Result::unwrap).collect();
            found.push((String::from_utf8(table).unwrap(), super::attribute(object, "pk")));
        }).unwrap();
        prop_assert_eq!(found, model::batch(&Tree::parse(body.as_bytes()).unwrap(), "pk"));
    }

    #[test]
    fn a_damaged_request_is_read_as_a_parser_with_a_tree_reads_it_or_not_at_all(
        json in request(), state in any::<u64>(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
    ) {
        let mut body = body(&json, state).into_bytes();
        for (index, byte) in damage {
            let index = index.index(body.len());
            body[index] = byte;
        }
        let read = read(Operation::PutItem, &body);
        let key = read.ok().and_then(|request| key(&request));
        if let Some(tree @ Tree::Map(_)) = Tree::parse(&body) {
            prop_assert_eq!(table(&read.unwrap()), model::table(&tree));
            prop_assert_eq!(key, model::key_source(Operation::PutItem, &tree).and_then(|source| model::key(source, "pk")));
        }
    }

    #[test]
    fn whatever_the_bytes_nothing_panics(
        bytes in prop_oneof![
            prop::collection::vec(any::<u8>(), 0..300),
            prop::collection::vec(prop::sample::select(&b"{}[]\":,\\ \nauSNB09-"[..]), 0..300),
        ],
        start in one_of(&["", r#"{"Item":{"pk":"#, r#"{"UpdateExpression":""#, r#"{"RequestItems":{"t":[{"PutRequest":{"Item":"#,
            r#"{"Item":{"pk":{"B":""#]),
        end in prop::sample::select(vec!["", "\"}", "\"}}}", "}}"]),
    ) {
        let body = [start.as_bytes(), &bytes, end.as_bytes()].concat();
        if let Ok(request) = read(Operation::PutItem, &body) {
            let _ = key(&request);
        }
        let _ = read_batch(&body, |_, object| drop(super::attribute(object, "pk")));
    }
}
