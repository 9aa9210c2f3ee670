//! The partition key value of single-item writes, for the count of writes per coordinator.
//!
//! The name of a table's partition key comes from the engine, once per table.

use super::engine::Engine;
use hyper::body::Bytes;
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::value::RawValue;
use std::borrow::Cow;
use std::collections::HashMap;

#[derive(Default)]
pub struct PartitionKeys {
    attribute_of_table: Mutex<HashMap<String, String>>,
}

/// Empty where the request is no single-item write, or none that can be read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct WriteKey {
    pub table: String,
    pub key: String,
}

#[derive(Deserialize)]
struct Write<'a> {
    #[serde(rename = "TableName", borrow)]
    table: Cow<'a, str>,
    #[serde(rename = "Item", alias = "Key", borrow)]
    attributes: HashMap<Cow<'a, str>, &'a RawValue>,
}

#[derive(Deserialize)]
struct Described {
    #[serde(rename = "Table")]
    table: Table,
}

#[derive(Deserialize)]
struct Table {
    #[serde(rename = "KeySchema")]
    key_schema: Vec<KeyElement>,
}

#[derive(Deserialize)]
struct KeyElement {
    #[serde(rename = "AttributeName")]
    attribute: String,
    #[serde(rename = "KeyType")]
    kind: String,
}

impl PartitionKeys {
    pub async fn of_write(&self, engine: &Engine, operation: &str, body: &Bytes) -> WriteKey {
        if !matches!(operation, "PutItem" | "UpdateItem" | "DeleteItem") {
            return WriteKey::default();
        }
        let Ok(write) = serde_json::from_slice::<Write>(body) else {
            return WriteKey::default();
        };
        let known = self.attribute_of_table.lock().get(&*write.table).cloned();
        let mut key = known.and_then(|attribute| value_of(&write, &attribute));
        if key.is_none() {
            // A table not seen before, or one that was made anew with another key.
            if let Some(attribute) = describe(engine, &write.table).await {
                key = value_of(&write, &attribute);
                self.attribute_of_table.lock().insert(write.table.clone().into_owned(), attribute);
            }
        }
        key.map_or_else(WriteKey::default, |key| WriteKey { table: write.table.into_owned(), key })
    }
}

/// The bare value: the type is the same for all keys of a table.
fn value_of(write: &Write, attribute: &str) -> Option<String> {
    let typed: HashMap<Cow<str>, Cow<str>> = serde_json::from_str(write.attributes.get(attribute)?.get()).ok()?;
    typed.into_values().next().map(Cow::into_owned)
}

async fn describe(engine: &Engine, table: &str) -> Option<String> {
    let request = serde_json::json!({ "TableName": table }).to_string();
    let (200, body) = engine.call("DescribeTable", request.into()).await.ok()? else {
        return None;
    };
    let described: Described = serde_json::from_slice(&body).ok()?;
    described.table.key_schema.into_iter().find(|element| element.kind == "HASH").map(|element| element.attribute)
}
