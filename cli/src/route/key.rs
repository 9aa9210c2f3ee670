//! A partition key as it is written on the command line.

use alternator_lb::affinity::KeyType;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

/// A key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub kind: KeyType,
    /// As it is hashed: bytes for B, text otherwise.
    pub value: Vec<u8>,
    /// As it was written.
    pub text: String,
}

impl Key {
    pub fn kind_name(&self) -> &'static str {
        match self.kind {
            KeyType::S => "S",
            KeyType::N => "N",
            KeyType::B => "B",
        }
    }

    /// As it stands in a request.
    pub fn attribute_value(&self) -> Value {
        json!({ (self.kind_name()): self.text })
    }
}

/// Reads S:text, N:number or B:base64.
pub fn parse(text: &str) -> Result<Key, String> {
    let accepted = "accepted: S:text, N:number or B:base64";
    let (kind, text) = text.split_once(':').ok_or(accepted)?;
    if text.is_empty() {
        return Err(format!("a partition key is never empty; {accepted}"));
    }
    let (kind, value) = match kind {
        "S" => (KeyType::S, text.as_bytes().to_vec()),
        "N" => (KeyType::N, text.as_bytes().to_vec()),
        "B" => (KeyType::B, STANDARD.decode(text).map_err(|error| format!("'{text}' is no base64: {error}"))?),
        _ => return Err(accepted.into()),
    };
    Ok(Key { kind, value, text: text.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_read_with_their_type() {
        assert_eq!(parse("S:a:b").map(|key| key.value), Ok(b"a:b".to_vec()));
        assert_eq!(parse("B:aGVsbG8=").map(|key| key.value), Ok(b"hello".to_vec()));
        assert_eq!(parse("N:1.0").map(|key| key.attribute_value()), Ok(json!({ "N": "1.0" })));
        for wrong in ["", "S", "S:", "X:1", "B:!", "s:1"] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
