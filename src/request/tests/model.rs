//! The same reading by way of a tree, as plainly as it can be written: what the reader is compared with, here and under the fuzzer.
//!
//! The tree keeps members with the same name, so that the first can count.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::request::{Facts, Malformed, Operation, ReturnValues};

/// A JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    Text(String),
    List(Vec<Tree>),
    Map(Vec<(String, Tree)>),
    /// A number, `true`, `false` or `null`.
    Other,
}

impl Tree {
    pub fn parse(body: &[u8]) -> Option<Tree> {
        serde_json::from_slice(body).ok()
    }

    pub fn members(&self) -> &[(String, Tree)] {
        if let Tree::Map(members) = self { members } else { &[] }
    }

    /// The first member of that name.
    pub fn get(&self, name: &str) -> Option<&Tree> {
        self.members().iter().find(|(member, _)| member == name).map(|(_, value)| value)
    }

    fn text(&self, name: &str) -> Option<&str> {
        if let Some(Tree::Text(text)) = self.get(name) { Some(text) } else { None }
    }

    fn map(&self, name: &str) -> Option<&Tree> {
        self.get(name).filter(|value| matches!(value, Tree::Map(_)))
    }
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Tree, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_str<E>(self, text: &str) -> Result<Tree, E> {
        Ok(Tree::Text(text.to_owned()))
    }

    fn visit_u64<E>(self, _: u64) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_unit<E>(self) -> Result<Tree, E> {
        Ok(Tree::Other)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Tree, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element()? {
            list.push(element);
        }
        Ok(Tree::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut members = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            members.push(entry);
        }
        Ok(Tree::Map(members))
    }
}

/// The bytes of a key, behind the letter of its type.
pub type Key = Result<(char, Vec<u8>), Malformed>;

/// The table that a request names.
pub fn table(request: &Tree) -> Option<String> {
    request.text("TableName").map(String::from)
}

/// The object that holds the key of a request.
pub fn key_source(operation: Operation, request: &Tree) -> Option<&Tree> {
    match operation {
        Operation::PutItem => request.map("Item"),
        Operation::UpdateItem | Operation::DeleteItem | Operation::GetItem => request.map("Key"),
        _ => None,
    }
}

/// The attribute of that name as a key.
pub fn key(source: &Tree, name: &str) -> Option<Key> {
    let types = source.get(name)?.members();
    let Some((kind, Tree::Text(text))) = types.first() else { return Some(Err(Malformed)) };
    if types.iter().any(|(other, _)| other != kind) {
        return Some(Err(Malformed));
    }
    Some(match kind.as_str() {
        "S" => Ok(('S', text.clone().into_bytes())),
        "N" => Ok(('N', text.clone().into_bytes())),
        "B" => decode_base64(text).map(|bytes| ('B', bytes)).ok_or(Malformed),
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
    let byte = |bits: &[u8]| bits.iter().fold(0, |byte, bit| byte << 1 | (bit - b'0'));
    whole.then(|| bits.as_bytes().chunks_exact(8).map(byte).collect())
}

/// The facts of a request, but for [`Facts::update_expression_reads`]: that is for [`super::grammar`] to say.
pub fn facts(request: &Tree) -> Facts {
    let has_text = |name| request.text(name).is_some_and(|text| !text.is_empty());
    let updates = || request.get("AttributeUpdates").map_or(&[][..], Tree::members).iter().map(|(_, update)| update);
    let return_values = match (request.get("ReturnValues"), request.text("ReturnValues")) {
        (None, _) | (_, Some("" | "NONE")) => ReturnValues::None,
        (_, Some("ALL_OLD")) => ReturnValues::AllOld,
        (_, Some("UPDATED_OLD")) => ReturnValues::UpdatedOld,
        (_, Some("ALL_NEW")) => ReturnValues::AllNew,
        (_, Some("UPDATED_NEW")) => ReturnValues::UpdatedNew,
        _ => ReturnValues::Other,
    };
    Facts {
        condition_expression: has_text("ConditionExpression"),
        expected_present: request.get("Expected").is_some(),
        expected_non_empty: request.get("Expected").is_some_and(|expected| !expected.members().is_empty()),
        return_values,
        update_expression: has_text("UpdateExpression"),
        update_expression_reads: false,
        attribute_updates_add: updates().any(|update| update.text("Action") == Some("ADD")),
        attribute_updates_delete_with_value: updates()
            .any(|update| update.text("Action") == Some("DELETE") && update.get("Value").is_some()),
    }
}

/// The UpdateExpression of a request.
pub fn update_expression(request: &Tree) -> Option<&str> {
    request.text("UpdateExpression")
}

/// The tables and keys of a BatchWriteItem.
pub fn batch(request: &Tree, name: &str) -> Vec<(String, Option<Key>)> {
    let mut keys = Vec::new();
    for (table, entries) in request.get("RequestItems").map_or(&[][..], Tree::members) {
        let Tree::List(entries) = entries else { continue };
        for entry in entries {
            let source = match (entry.get("PutRequest"), entry.get("DeleteRequest")) {
                (Some(put), None) => put.map("Item"),
                (None, Some(delete)) => delete.map("Key"),
                _ => None,
            };
            keys.extend(source.map(|source| (table.clone(), key(source, name))));
        }
    }
    keys
}
