//! The vectors of tests/vectors, read once, and the few shapes that their rows have.

use std::sync::LazyLock;

use alternator_lb::affinity::{KeyType, key_hash};
use serde_json::Value;

/// What the official clients do.
pub static CLIENTS: LazyLock<Value> = LazyLock::new(|| read(include_str!("../vectors/official_clients.json")));
/// Keys and their ScyllaDB tokens.
pub static TOKENS: LazyLock<Value> = LazyLock::new(|| read(include_str!("../vectors/tokens.json")));
/// A binary key for each seed of [`CLIENTS`].
pub static KEYS: LazyLock<Value> = LazyLock::new(|| read(include_str!("../vectors/keys_for_seeds.json")));

fn read(text: &str) -> Value {
    serde_json::from_str(text).expect("valid JSON")
}

/// The rows of an array, which has some.
pub fn rows(value: &Value) -> &[Value] {
    let rows = value.as_array().unwrap_or_else(|| panic!("no array: {value}"));
    assert!(!rows.is_empty());
    rows
}

/// A string.
pub fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no string: {value}"))
}

/// The strings of an array.
pub fn texts(value: &Value) -> Vec<String> {
    rows(value).iter().map(|value| text(value).to_owned()).collect()
}

/// A whole number.
pub fn number(value: &Value) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("no whole number: {value}"))
}

/// The bytes that hexadecimal digits stand for.
pub fn unhex(value: &Value) -> Vec<u8> {
    let digits = text(value);
    (0..digits.len()).step_by(2).map(|at| u8::from_str_radix(&digits[at..at + 2], 16).expect("hexadecimal")).collect()
}

/// The type of that name.
pub fn kind(value: &Value) -> KeyType {
    match text(value) {
        "S" => KeyType::S,
        "N" => KeyType::N,
        "B" => KeyType::B,
        other => panic!("no type of keys: {other}"),
    }
}

/// A partition key.
pub struct Key {
    pub kind: KeyType,
    pub value: Vec<u8>,
}

impl Key {
    pub fn string(value: &str) -> Key {
        Key { kind: KeyType::S, value: value.into() }
    }

    /// The key that was found for a seed.
    pub fn of_seed(seed: &Value) -> Key {
        let value = &KEYS["keys"][number(seed).to_string()];
        assert!(value.is_string(), "keys_for_seeds.json has no key for the seed {seed}: run keys_for_seeds.py");
        Key { kind: KeyType::B, value: unhex(value) }
    }

    pub fn hash(&self) -> i64 {
        key_hash(self.kind, &self.value)
    }
}
