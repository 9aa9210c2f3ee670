//! Keys become the numbers that the official clients and the server make of them.

use alternator_lb::affinity::KeyType;
use alternator_lb::ffi::types::{ALB_ERR_INVALID_ARGUMENT, ALB_KEY_B, ALB_KEY_S, ALB_OK};

use super::data::{CLIENTS, KEYS, Key, TOKENS, kind, number, rows, text, unhex};
use super::handle::{Handle, token};

/// The keys of the vectors whose hash is stated: all but those that are given by their seed.
fn stated() -> Vec<(Key, i64)> {
    let mut keys: Vec<(Key, i64)> = Vec::new();
    for row in rows(&CLIENTS["attribute_value_hash"]) {
        let kind = kind(&row["type"]);
        let value = if kind == KeyType::B { unhex(&row["value_hex"]) } else { text(&row["value"]).into() };
        keys.push((Key { kind, value }, number(&row["hash_signed"])));
    }
    for section in ["derived_canonical_plans", "derived_disagreement_ip_prefix"] {
        keys.extend(rows(&CLIENTS[section]["rows"]).iter().map(|row| (Key::string(text(&row["key_S"])), number(&row["hash"]))));
    }
    for row in rows(&CLIENTS["derived_go_batch_seed"]) {
        let hashes = rows(&row["hashes"]).iter().map(number);
        keys.extend(rows(&row["keys_S"]).iter().map(|key| Key::string(text(key))).zip(hashes));
    }
    keys
}

#[test]
fn keys_hash_as_in_the_official_clients() {
    for (key, hash) in stated() {
        assert_eq!(key.hash(), hash, "{:?} {:?}", key.kind, key.value);
    }
}

#[test]
fn the_key_for_each_seed_hashes_to_it() {
    let keys = KEYS["keys"].as_object().expect("an object");
    assert!(keys.len() > 30);
    for seed in keys.keys() {
        let seed = seed.parse::<i64>().expect("a seed").into();
        assert_eq!(Key::of_seed(&seed).hash(), number(&seed));
    }
}

#[test]
fn a_key_and_the_key_for_its_hash_have_the_same_plan() {
    let handle = Handle::over_numbered(100);
    for (key, hash) in stated() {
        let plan = handle.plan_for_key(&Key::of_seed(&hash.into()), 100);
        assert_eq!(handle.plan_for_key(&key, 100), plan, "{:?} {:?}", key.kind, key.value);
    }
}

#[test]
fn the_murmur_hash_is_the_official_one_wherever_an_interface_shows_it() {
    let mut unseen = Vec::new();
    for row in rows(&CLIENTS["murmur3_h1"]) {
        let bytes = unhex(&row["input_hex"]);
        let tail = &bytes[bytes.len() / 16 * 16..];
        let hash = match bytes.split_first() {
            Some((1, value)) => Key::string(std::str::from_utf8(value).expect("UTF-8")).hash(),
            // Tokens hash no type, and read a last block as the clients do as long as no byte of it has a sign.
            _ if tail.is_ascii() => token(&Key { kind: KeyType::B, value: bytes }),
            _ => {
                unseen.push(text(&row["input_hex"]));
                continue;
            }
        };
        assert_eq!(hash, number(&row["h1_signed"]), "{row}");
        assert_eq!(format!("{hash:#018x}"), text(&row["h1_hex"]));
    }
    assert_eq!(unseen, ["ff807f00"], "the unit tests of src/affinity/murmur.rs have these");
}

#[test]
fn tokens_are_those_of_the_server() {
    for row in rows(&TOKENS["rows"]) {
        let kind = kind(&row["type"]);
        let value = if kind == KeyType::B { unhex(&row["key_bytes_hex"]) } else { text(&row["wire"]).into() };
        assert_eq!(token(&Key { kind, value }), number(&row["token"]), "{row}");
    }
}

#[test]
fn a_missing_key_is_refused_and_an_empty_one_is_not() {
    assert_eq!(number(&CLIENTS["attribute_value_hash_null"]["hash"]), 0, "what some clients make of a missing value");
    let handle = Handle::over_numbered(3);
    assert_eq!(handle.statuses(ALB_KEY_S, None), [ALB_ERR_INVALID_ARGUMENT; 3]);
    let [node, plan, token] = handle.statuses(ALB_KEY_S, Some(&[]));
    assert!((0..3).contains(&node));
    assert_eq!([plan, token], [ALB_OK; 2]);
}

#[test]
fn numbers_of_types_that_no_key_can_have_are_refused() {
    let handle = Handle::over_numbered(3);
    for key_type in (ALB_KEY_B + 1..16).chain([0, -1, i32::MIN, i32::MAX]) {
        assert_eq!(handle.statuses(key_type, Some(b"1")), [ALB_ERR_INVALID_ARGUMENT; 3], "{key_type}");
    }
}
