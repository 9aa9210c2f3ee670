//! Clients disagree on how nodes are sorted; the option `affinity.order` says which of them to agree with.

use super::data::{CLIENTS, Key, number, rows, text, texts};
use super::handle::{Handle, host};

fn user(number: usize) -> Key {
    Key::string(&format!("user_{number}"))
}

#[test]
fn nodes_are_sorted_as_by_the_client_that_the_option_names() {
    let ip = &CLIENTS["derived_disagreement_ip_prefix"];
    let port = &CLIENTS["derived_disagreement_default_port"];
    let [other_port, default_port] = [ip["port"].to_string(), port["port"].to_string()];
    let orders = [
        (&ip["order_go_java_cpp_rust_csharp"], &other_port, "url"),
        (&ip["order_go_java_cpp_rust_csharp"], &other_port, "url_no_default_port"),
        (&ip["order_python_2_0_1"], &other_port, "host"),
        (&ip["order_js_localeCompare_node20"], &other_port, "host"),
        (&port["order_go_java_cpp"], &default_port, "url"),
        (&port["order_rust_csharp(default port elided)"], &default_port, "url_no_default_port"),
    ];
    let nodes = texts(&ip["nodes"]);
    // The node that a key chooses is a place in the sorted list, the same in every list of that length.
    let places = Handle::over_numbered(nodes.len());
    let numbered = places.urls();
    for (sorted, port, order) in orders {
        let sorted = texts(sorted);
        let handle = Handle::over(&nodes, &[("port", port), ("affinity.order", order)]);
        let mut seen = vec![false; sorted.len()];
        for key in (0..200).map(user) {
            let chosen = places.node_for_key(&key);
            let place = numbered.iter().position(|url| *url == chosen).expect("one of the list");
            assert_eq!(host(&handle.node_for_key(&key)), sorted[place], "{order} at port {port}");
            seen[place] = true;
        }
        assert!(seen.iter().all(|seen| *seen), "every place was compared");
    }
}

#[test]
fn the_first_node_is_that_of_the_client_that_the_option_names() {
    let section = &CLIENTS["derived_disagreement_ip_prefix"];
    let options = |order| [("port", "8000"), ("affinity.order", order)];
    let [by_url, by_host] = ["url", "host"].map(|order| Handle::over(&texts(&section["nodes"]), &options(order)));
    for row in rows(&section["rows"]) {
        let key = Key::string(text(&row["key_S"]));
        assert_eq!(host(&by_url.node_for_key(&key)), text(&row["go_java_cpp_rust_csharp_first"]), "{row}");
        assert_eq!(host(&by_host.node_for_key(&key)), text(&row["python_js_first"]), "{row}");
    }
    let differing = (0..1000).map(user).filter(|key| by_url.node_for_key(key) != by_host.node_for_key(key)).count();
    assert_eq!(differing as i64, number(&section["keys_user_0_to_999_with_different_first_node"]));
}
