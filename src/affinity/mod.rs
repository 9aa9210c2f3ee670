//! Key affinity: requests for one partition key go to one node, the same in every process and in every official client.
//!
//! A key hashes to a number ([`key_hash`]); the number seeds Go's `math/rand`; its draws pick nodes one by one from the sorted list,
//! each drawn node replaced by the last one. So the order of all nodes ([`KeyOrder`]) follows from the key and the list alone. The other
//! placement, rendezvous, weighs each node for the key. [`rule`] says which requests go by their key, [`TableKeys`] which attribute of a
//! table that is.

mod go_rand;
mod go_rand_words;
mod murmur;
mod order;
mod placement;
mod rendezvous;
pub mod rule;
mod table_keys;
mod token;

use murmur::{Murmur3, Tail};

use crate::request::{KeyValue, Malformed};

pub use order::KeyOrder;
pub use placement::first_accepted;
pub use rendezvous::node_weight;
pub use table_keys::{Refusal, TableKeys, TableState, read_description};
pub use token::token;

/// No server accepts a longer partition key.
const LONGEST_KEY: usize = 2048;

/// The types that a partition key can have. The numbers are part of the C ABI and of the hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum KeyType {
    /// A string; its value is UTF-8.
    S = 1,
    /// A number; its value is the text on the wire.
    N = 2,
    /// Binary; its value is the bytes themselves, not their base64.
    B = 3,
}

impl KeyType {
    /// The type of that number.
    pub fn from_code(code: i32) -> Option<KeyType> {
        [KeyType::S, KeyType::N, KeyType::B].into_iter().find(|kind| *kind as i32 == code)
    }
}

/// The hash of a key, as the official clients make it: the type's number as a byte, then the value.
#[inline]
pub fn key_hash(kind: KeyType, value: &[u8]) -> i64 {
    Murmur3::of_prefixed(kind as u8, value)
}

/// The same of a key as a request holds it. [`Malformed`] also if it holds escapes or base64 and is longer than servers accept.
pub fn wire_key_hash(value: &KeyValue<'_>) -> Result<i64, Malformed> {
    let (kind, text) = match value {
        KeyValue::S(text) => (KeyType::S, text.plain()),
        KeyValue::N(text) => (KeyType::N, text.plain()),
        KeyValue::B(_) => (KeyType::B, None),
    };
    if let Some(text) = text {
        return Ok(key_hash(kind, text.as_bytes()));
    }
    let mut room = [0; LONGEST_KEY];
    value.contiguous(&mut room)?.map(|bytes| key_hash(kind, bytes)).ok_or(Malformed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::request::{Operation, read};

    fn wire_hash(value: &str) -> Result<i64, Malformed> {
        let body = format!("{{\"Key\":{{\"k\":{value}}}}}");
        let request = read(Operation::DeleteItem, body.as_bytes()).unwrap();
        wire_key_hash(&request.key_source.unwrap().attribute("k").unwrap()?)
    }

    #[test]
    fn a_key_on_the_wire_hashes_as_its_value() {
        let long = "\u{e9}\u{1f600}x".repeat(100);
        let escaped: String = long.encode_utf16().map(|unit| format!("\\u{unit:04x}")).collect();
        assert_eq!(wire_hash(&format!("{{\"S\":\"{long}\"}}")), Ok(key_hash(KeyType::S, long.as_bytes())));
        assert_eq!(wire_hash(&format!("{{\"S\":\"{escaped}\"}}")), Ok(key_hash(KeyType::S, long.as_bytes())));
        assert_eq!(wire_hash("{\"N\":\"4.2E1\"}"), Ok(key_hash(KeyType::N, b"4.2E1")));
        assert_eq!(wire_hash("{\"N\":\"4.2\\u00451\"}"), Ok(key_hash(KeyType::N, b"4.2E1")));
        assert_eq!(wire_hash("{\"B\":\"aGVsbG8=\"}"), Ok(key_hash(KeyType::B, b"hello")));
        assert_eq!(wire_hash(&format!("{{\"B\":\"{}\"}}", "AAAA".repeat(64))), Ok(key_hash(KeyType::B, &[0; 192])));
        assert_eq!(wire_hash(&format!("{{\"B\":\"{}\"}}", "AAAA".repeat(683))), Err(Malformed), "2049 bytes");
        assert_eq!(wire_hash("{\"S\":\"\\ud800\"}"), Err(Malformed));
        assert_eq!(wire_hash("{\"B\":\"====\"}"), Err(Malformed));
        assert_eq!(wire_hash("{\"BOOL\":true}"), Err(Malformed));
    }
}
