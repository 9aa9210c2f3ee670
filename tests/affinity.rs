//! The vectors of tests/vectors, through the functions of the C ABI where there is one.

use alternator_lb::affinity::{KeyType, key_hash};
use alternator_lb::ffi::keys::{alb_node_for_key, alb_plan_for_key, alb_token_for_key};
use alternator_lb::ffi::types::alb_plan;
use alternator_lb::ffi::{config, handle, pick};
use alternator_lb::{Balancer, Config, Plan};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/official_clients.json")).expect("valid JSON")
}

fn rows<'a>(vectors: &'a Value, section: &str) -> &'a Vec<Value> {
    let rows = vectors[section].as_array().unwrap_or_else(|| panic!("no section {section}"));
    assert!(!rows.is_empty());
    rows
}

fn texts(value: &Value) -> Vec<String> {
    value.as_array().expect("an array").iter().map(|text| text.as_str().expect("a string").to_owned()).collect()
}

fn unhex(text: &str) -> Vec<u8> {
    (0..text.len()).step_by(2).map(|at| u8::from_str_radix(&text[at..at + 2], 16).expect("hexadecimal")).collect()
}

fn kind(text: &Value) -> KeyType {
    match text.as_str() {
        Some("S") => KeyType::S,
        Some("N") => KeyType::N,
        Some("B") => KeyType::B,
        other => panic!("no key type: {other:?}"),
    }
}

fn config_of(seeds: &[String], options: &[(&str, &str)]) -> Config {
    let mut config = Config::default();
    config.set("seeds", &seeds.join(",")).expect("valid seeds");
    for (key, value) in [("discovery", "static"), ("refresh.mode", "manual")].iter().chain(options) {
        config.set(key, value).expect("a valid option");
    }
    config
}

/// The first nodes of the plan for a hash, as hosts.
fn plan(balancer: &Balancer, hash: i64, steps: usize) -> Vec<String> {
    let mut plan = Plan::for_key(hash);
    (0..steps)
        .map(|_| balancer.plan_next(&mut plan).expect("a node"))
        .map(|id| balancer.node(id).expect("known").address.host.to_string())
        .collect()
}

/// A handle of the C ABI over a static list, and the URLs that it gives for a key.
struct Handle(*mut handle::alb);

impl Handle {
    fn new(seeds: &[String], port: &str) -> Handle {
        let mut lb = std::ptr::null_mut();
        // SAFETY: pointers and lengths belong together; the configuration lives until it is freed.
        unsafe {
            let settings = config::alb_config_new();
            for (key, value) in
                [("seeds", seeds.join(",").as_str()), ("port", port), ("discovery", "static"), ("refresh.mode", "manual")]
            {
                let error = std::ptr::null_mut();
                let set =
                    config::alb_config_set(settings, key.as_ptr().cast(), key.len(), value.as_ptr().cast(), value.len(), error);
                assert_eq!(set, 0, "{key}");
            }
            assert_eq!(handle::alb_new(1, settings, &raw mut lb, std::ptr::null_mut()), 0);
            config::alb_config_free(settings);
        }
        Handle(lb)
    }

    fn url(&self, id: i32) -> String {
        // SAFETY: the handle is live, and so are the strings of its nodes; all-zero bytes are a valid alb_node.
        unsafe {
            let mut node: alternator_lb::ffi::types::alb_node = std::mem::zeroed();
            node.struct_size = size_of_val(&node) as u32;
            assert_eq!(alternator_lb::ffi::nodes::alb_node_get(self.0, id, &raw mut node), 0);
            std::ffi::CStr::from_ptr(node.url).to_str().expect("UTF-8").to_owned()
        }
    }

    fn node_for_key(&self, kind: KeyType, key: &[u8]) -> String {
        // SAFETY: the handle is live, pointer and length belong together.
        self.url(unsafe { alb_node_for_key(self.0, kind as i32, key.as_ptr(), key.len(), std::ptr::null_mut()) })
    }

    fn plan_for_key(&self, kind: KeyType, key: &[u8], steps: usize) -> Vec<String> {
        let mut plan = alb_plan { opaque: [!0; 64] };
        // SAFETY: the handle is live, pointer and length belong together, the plan is ours.
        unsafe {
            assert_eq!(alb_plan_for_key(self.0, kind as i32, key.as_ptr(), key.len(), &raw mut plan), 0);
            (0..steps).map(|_| self.url(pick::alb_plan_next(self.0, &raw mut plan, std::ptr::null_mut()))).collect()
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        // SAFETY: the one reference, given back once.
        unsafe { handle::alb_free(self.0) };
    }
}

#[test]
fn keys_hash_as_in_the_official_clients() {
    for row in rows(&vectors(), "attribute_value_hash") {
        let bytes = unhex(row["hashed_bytes_hex"].as_str().expect("bytes"));
        let hash = key_hash(kind(&row["type"]), &bytes[1..]);
        assert_eq!(Some(hash), row["hash_signed"].as_i64(), "{row}");
    }
}

#[test]
fn seeded_plans_are_those_of_the_official_clients() {
    for row in rows(&vectors(), "affinity_plan_sorted") {
        let port = row["port"].as_u64().expect("a port").to_string();
        let options = [("port", port.as_str()), ("scheme", row["scheme"].as_str().unwrap_or("http"))];
        let balancer = Balancer::new(config_of(&texts(&row["node_hosts"]), &options)).expect("valid");
        let wanted = texts(&row["first_short_names"]);
        let found = plan(&balancer, row["seed"].as_i64().expect("a seed"), wanted.len());
        let short: Vec<&str> = found.iter().map(|host| host.split('.').next().unwrap_or_default()).collect();
        assert_eq!(short, wanted, "{row}");
    }
    for row in rows(&vectors(), "first_node_with_seed") {
        let port = row["port"].as_u64().expect("a port").to_string();
        let balancer = Balancer::new(config_of(&texts(&row["node_hosts"]), &[("port", &port)])).expect("valid");
        assert_eq!(plan(&balancer, row["seed"].as_i64().expect("a seed"), 1), [row["first"].as_str().expect("a host")], "{row}");
    }
}

#[test]
fn plans_for_keys_are_canonical_for_every_number_of_nodes() {
    let vectors = vectors();
    for row in rows(&vectors["derived_canonical_plans"], "rows") {
        let count = row["n"].as_u64().expect("a number of nodes");
        let seeds: Vec<String> = (0..count).rev().map(|i| format!("10.0.{}.{}", i / 6, i % 6 + 1)).collect();
        let handle = Handle::new(&seeds, "8000");
        let key = row["key_S"].as_str().expect("a key").as_bytes();
        let wanted = texts(&row["plan_first8"]);
        assert_eq!(handle.plan_for_key(KeyType::S, key, wanted.len()), wanted, "{row}");
        assert_eq!(handle.node_for_key(KeyType::S, key), wanted[0]);
        assert_eq!(Some(key_hash(KeyType::S, key)), row["hash"].as_i64());
    }
}

#[test]
fn the_order_can_be_that_of_clients_that_sort_otherwise() {
    let vectors = vectors();
    let ip = &vectors["derived_disagreement_ip_prefix"];
    let port = &vectors["derived_disagreement_default_port"];
    let orders = [
        (texts(&ip["order_go_java_cpp_rust_csharp"]), "8000", "url"),
        (texts(&ip["order_go_java_cpp_rust_csharp"]), "8000", "url_no_default_port"),
        (texts(&ip["order_python_2_0_1"]), "8000", "host"),
        (texts(&port["order_go_java_cpp"]), "80", "url"),
        (texts(&port["order_rust_csharp(default port elided)"]), "80", "url_no_default_port"),
    ];
    for (sorted, port, order) in orders {
        let options = [("port", port), ("affinity.order", order)];
        let balancer = Balancer::new(config_of(&texts(&ip["nodes"]), &options)).expect("valid");
        // The node that a hash chooses is a place in the sorted list, the same in every list of that length.
        let reference = Balancer::new(config_of(&(0..12).map(|i| format!("n{i:02}")).collect::<Vec<_>>(), &[])).expect("valid");
        for hash in 0..200 {
            let place: usize = plan(&reference, hash, 1)[0].trim_start_matches('n').parse().expect("a place");
            assert_eq!(plan(&balancer, hash, 1)[0], sorted[place], "{order} at port {port}, hash {hash}");
        }
    }
    for row in rows(ip, "rows") {
        let key = row["key_S"].as_str().expect("a key").as_bytes();
        for (order, member) in [("url", "go_java_cpp_rust_csharp_first"), ("host", "python_js_first")] {
            let balancer = Balancer::new(config_of(&texts(&ip["nodes"]), &[("affinity.order", order)])).expect("valid");
            assert_eq!(plan(&balancer, key_hash(KeyType::S, key), 1)[0], row[member].as_str().expect("a node"), "{row}");
        }
    }
}

#[test]
fn tokens_are_those_of_the_server() {
    let vectors: Value = serde_json::from_str(include_str!("vectors/tokens.json")).expect("valid JSON");
    for row in rows(&vectors, "rows") {
        let kind = kind(&row["type"]);
        let value = match kind {
            KeyType::B => unhex(row["key_bytes_hex"].as_str().expect("bytes")),
            KeyType::S | KeyType::N => row["wire"].as_str().expect("text").as_bytes().to_vec(),
        };
        let mut token = 0;
        // SAFETY: pointer and length belong together, the token is ours.
        let status = unsafe { alb_token_for_key(kind as i32, value.as_ptr(), value.len(), &raw mut token) };
        assert_eq!((status, Some(token)), (0, row["token"].as_i64()), "{row}");
    }
}
