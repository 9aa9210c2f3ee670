//! Key affinity: requests for one partition key go to one node, the same in every process and in every official client.
//!
//! A key hashes to a number ([`key_hash`]); the number seeds Go's `math/rand`; its draws pick nodes one by one from the sorted list,
//! each drawn node replaced by the last one. So the order of all nodes follows from the key and the list alone.

mod go_rand;
mod go_rand_words;
mod murmur;
mod placement;
mod token;

use murmur::{Murmur3, Tail};

pub use placement::first_accepted;
pub use token::token;

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
    let mut hash = Murmur3::new();
    hash.update(&[kind as u8]);
    hash.update(value);
    hash.finish(Tail::Unsigned)
}
