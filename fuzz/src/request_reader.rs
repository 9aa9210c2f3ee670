//! The request reader against the model that builds a tree. What the model refuses, the reader may read as it likes.
//!
//! An input is a request as it stands, which is seldom JSON, and the steps that write another one, which always is.

use alternator_lb::request::{
    KeyValue, Malformed, Object, Operation, RawText, Unreadable, read, read_batch, update_expression_reads,
};

use crate::model::{self, Key, Tree};
use crate::{grammar, request_writer};

/// How many attributes of an object are asked for.
const MOST_NAMES: usize = 16;

/// Panics if the reader finds something else than the model.
pub fn check(input: &[u8]) {
    check_body(input, Tree::parse(input));
    let written = request_writer::write(input);
    let tree = Tree::parse(written.as_bytes());
    assert!(tree.is_some(), "{written}");
    check_body(written.as_bytes(), tree);
}

fn check_body(body: &[u8], tree: Option<Tree>) {
    for operation in [Operation::PutItem, Operation::UpdateItem, Operation::BatchWriteItem] {
        check_request(operation, body, tree.as_ref());
    }
    check_batch(body, tree.as_ref());
}

fn check_request(operation: Operation, body: &[u8], tree: Option<&Tree>) {
    let found = read(operation, body);
    let Some(tree) = tree else {
        if let Ok(request) = found {
            let _ = (request.table.map(decoded), request.key_source.map(|source| key(source, "pk")));
        }
        return;
    };
    if !matches!(tree, Tree::Map(_)) {
        assert_eq!(found.err(), Some(Unreadable));
        return;
    }
    let request = found.unwrap();
    assert_eq!(request.table.map(|table| decoded(table).unwrap()), model::table(tree));

    let source = model::key_source(operation, tree);
    assert_eq!(request.key_source.is_some(), source.is_some());
    if let (Some(object), Some(source)) = (request.key_source, source) {
        for name in source.members().iter().map(|(name, _)| name.as_str()).take(MOST_NAMES).chain(["pk", ""]) {
            assert_eq!(key(object, name), model::key(source, name), "{name}");
        }
    }

    let mut expected = model::facts(tree);
    let expression = model::update_expression(tree).unwrap_or_default();
    let reads = update_expression_reads(expression);
    assert!(grammar::reads_before_write(expression).is_none_or(|expected| reads == expected));
    expected.update_expression_reads = reads;
    assert_eq!(request.facts, expected);
}

fn check_batch(body: &[u8], tree: Option<&Tree>) {
    let mut keys = Vec::new();
    let found = read_batch(body, |table, source| keys.push((decoded(table), key(source, "pk"))));
    match tree {
        None => {}
        Some(Tree::Map(_)) => {
            let keys: Vec<_> = keys.into_iter().map(|(table, key)| (table.unwrap(), key)).collect();
            assert_eq!((found, keys), (Ok(()), model::batch(tree.unwrap(), "pk")));
        }
        Some(_) => assert_eq!(found, Err(Unreadable)),
    }
}

fn decoded(text: RawText<'_>) -> Result<String, Malformed> {
    let bytes = text.bytes().collect::<Result<Vec<u8>, Malformed>>()?;
    let decoded = String::from_utf8(bytes).expect("decoded text is UTF-8");
    assert!(text.eq_str(&decoded));
    assert!(text.plain().is_none_or(|plain| plain == decoded));
    Ok(decoded)
}

/// The attribute as a key; its bytes one by one and in one piece are the same.
fn key(source: Object<'_>, name: &str) -> Option<Key> {
    let read = |value: KeyValue<'_>| {
        let bytes = value.bytes().collect::<Result<Vec<u8>, Malformed>>();
        let mut buffer = [0; 64];
        match (value.contiguous(&mut buffer), &bytes) {
            (Ok(Some(piece)), Ok(bytes)) => assert_eq!(piece, bytes),
            (Ok(Some(_)), Err(Malformed)) => panic!("malformed, and yet in one piece"),
            (Ok(None), Ok(bytes)) => assert!(bytes.len() > buffer.len()),
            (Ok(None), Err(Malformed)) => {}
            (Err(Malformed), bytes) => assert!(bytes.is_err()),
        }
        let kind = match value {
            KeyValue::S(_) => 'S',
            KeyValue::N(_) => 'N',
            KeyValue::B(_) => 'B',
        };
        Ok((kind, bytes?))
    };
    Some(source.attribute(name)?.and_then(read))
}
