//! `alb route`: what it tells is what requests do.

use serde_json::{Value, json};

use super::support::{Cluster, alb, json, stderr, stdout, text};

fn route(cluster: &Cluster, arguments: &[&str]) -> Value {
    json(&alb(&[&["route", &cluster.address(0), "--json"], arguments].concat()), 0)
}

fn plan(told: &Value) -> Vec<String> {
    told["plan"].as_array().expect("a plan").iter().map(|step| text(&step["url"])).collect()
}

#[test]
fn a_write_goes_by_its_key_to_the_same_node_whoever_asks() {
    let cluster = Cluster::start(&["--nodes", "3"]);
    cluster.create_table("visits", "page", "S");
    let told = route(&cluster, &["--table", "visits", "--key", "S:/index.html"]);
    assert_eq!((&told["routed"], &told["key"]["attribute"], &told["note"]), (&json!("by_key"), &json!("page"), &json!("")));
    // Both numbers are the library's, held against the official clients and the server by its own vectors.
    assert!(told["token"].is_i64() && told["hash"].is_i64(), "{told}");
    let first = plan(&told);
    assert_eq!((first.len(), &told["node"]), (3, &json!(first[0])));
    for seed in 0..3 {
        for operation in ["PutItem", "UpdateItem", "DeleteItem"] {
            let again = alb(&[
                "route",
                &cluster.address(seed),
                "--json",
                "--table",
                "visits",
                "--key",
                "S:/index.html",
                "--operation",
                operation,
            ]);
            assert_eq!(plan(&json(&again, 0)), first, "{operation} from seed {seed}");
        }
    }
    let others: std::collections::HashSet<String> =
        (0..20).map(|page| text(&route(&cluster, &["--table", "visits", "--key", &format!("S:{page}")])["node"])).collect();
    assert!(others.len() > 1, "other keys go elsewhere");
    let shown = stdout(&alb(&["route", &cluster.address(0), "--table", "visits", "--key", "S:/index.html"]), 0);
    assert!(shown.contains("first in the key's order") && shown.contains("partition token"), "{shown}");
}

#[test]
fn a_node_that_is_set_aside_comes_last() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned", "--gossip-delay-ms", "600000"]);
    let arguments = ["--table", "visits", "--key", "S:k", "--set", "table.visits.key=pk"];
    let before = plan(&route(&cluster, &arguments));
    let first = (0..3).find(|node| cluster.url(*node) == before[0]).expect("a node");
    cluster.act(first, "kill");
    let seed = cluster.address((first + 1) % 3);
    let told = json(&alb(&[&["route", &seed, "--json"], &arguments[..]].concat()), 0);
    assert_eq!(plan(&told), [before[1].clone(), before[2].clone(), before[0].clone()]);
    let why = text(&told["plan"][0]["why"]);
    assert!(why.contains("next in the key's order") && why.contains(&before[0]), "{why}");
    let why = text(&told["plan"][2]["why"]);
    assert!(why.contains("set aside") && why.contains("refused"), "{why}");
}

#[test]
fn reads_and_requests_without_affinity_go_by_policy() {
    let cluster = Cluster::start(&["--nodes", "3", "--engine", "canned"]);
    let known = ["--table", "visits", "--key", "N:1.0", "--set", "table.visits.key=pk"];
    let told = route(&cluster, &[&known[..], &["--operation", "GetItem"]].concat());
    assert_eq!((&told["routed"], plan(&told).len()), (&json!("by_policy"), 3));
    let told = route(&cluster, &[&known[..], &["--set", "affinity=none"]].concat());
    assert_eq!((&told["routed"], &told["affinity"]), (&json!("by_policy"), &json!("none")));
}

#[test]
fn a_table_that_is_not_known_is_told_so() {
    let cluster = Cluster::start(&["--nodes", "2"]);
    let told = route(&cluster, &["--table", "nosuch", "--key", "B:aGVsbG8="]);
    assert_eq!((&told["routed"], &told["key"]["attribute"]), (&json!("by_key"), &Value::Null));
    assert!(text(&told["note"]).contains("ResourceNotFoundException"), "{told}");
}

#[test]
fn a_key_of_the_wrong_type_or_form_is_refused() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    cluster.create_table("visits", "page", "N");
    let told = stderr(&alb(&["route", &cluster.address(0), "--table", "visits", "--key", "S:1"]), 2);
    assert!(told.contains("page") && told.contains("type N, not S"), "{told}");
    let told = stderr(&alb(&["route", &cluster.address(0), "--table", "visits", "--key", "N:one"]), 2);
    assert!(told.contains("'one'"), "{told}");
}
