//! Plans by key try the nodes in the order of the official clients.

use serde_json::Value;

use super::data::{CLIENTS, Key, number, rows, text, texts};
use super::handle::{Handle, host};

/// The nodes of each plan in `section` under names that sort as they were given: those clients did not sort.
fn check_plan_in_insertion_order(row: &Value, wanted: &Value) {
    let given = texts(&row["input_order"]);
    let named = |place: usize| format!("n{place:02}");
    let handle = Handle::over(&(0..given.len()).map(named).collect::<Vec<_>>(), &[]);
    let wanted: Vec<String> = texts(wanted)
        .iter()
        .map(|node| named(given.iter().position(|other| other == node).expect("one of the nodes that were given")))
        .collect();
    let plan = handle.plan_for_key(&Key::of_seed(&row["seed"]), wanted.len());
    assert_eq!(plan.iter().map(|url| host(url)).collect::<Vec<_>>(), wanted, "{row}");
}

#[test]
fn raw_plans_are_the_official_ones() {
    for row in rows(&CLIENTS["raw_plan_insertion_order"]) {
        check_plan_in_insertion_order(row, &row["first"]);
    }
    check_plan_in_insertion_order(&CLIENTS["go_order_small"], &CLIENTS["go_order_small"]["expect"]);
}

#[test]
fn plans_over_sorted_nodes_are_the_official_ones() {
    for row in rows(&CLIENTS["affinity_plan_sorted"]) {
        let port = row["port"].to_string();
        let handle = Handle::over(&texts(&row["node_hosts"]), &[("scheme", text(&row["scheme"])), ("port", &port)]);
        let wanted = texts(&row["first_short_names"]);
        let plan = handle.plan_for_key(&Key::of_seed(&row["seed"]), wanted.len());
        let short: Vec<&str> = plan.iter().filter_map(|url| host(url).split('.').next()).collect();
        assert_eq!(short, wanted, "{row}");
    }
}

#[test]
fn the_node_for_a_key_is_the_official_first_one() {
    for row in rows(&CLIENTS["first_node_with_seed"]) {
        let handle = Handle::over(&texts(&row["node_hosts"]), &[("port", &row["port"].to_string())]);
        assert_eq!(host(&handle.node_for_key(&Key::of_seed(&row["seed"]))), text(&row["first"]), "{row}");
    }
}

#[test]
fn plans_for_keys_are_canonical_for_every_number_of_nodes() {
    for row in rows(&CLIENTS["derived_canonical_plans"]["rows"]) {
        let nodes: Vec<String> = (0..number(&row["n"])).rev().map(|i| format!("10.0.{}.{}", i / 6, i % 6 + 1)).collect();
        let handle = Handle::over(&nodes, &[("port", "8000")]);
        if !row["nodes_sorted"].is_null() {
            assert_eq!(handle.urls(), texts(&row["nodes_sorted"]));
        }
        let key = Key::string(text(&row["key_S"]));
        let wanted = texts(&row["plan_first8"]);
        assert_eq!(handle.plan_for_key(&key, wanted.len()), wanted, "{row}");
        assert_eq!(handle.node_for_key(&key), wanted[0], "{row}");
    }
}

/// A bound for draws whose 63 bits are stated, so that many of them count.
const BOUND_FOR_RAW_DRAWS: usize = 4079;

/// Draws from one seed below one bound: those stated for the bound, or those stated in full.
fn draws_below(bound: usize, row: &Value) -> Vec<usize> {
    let numbers = |values: &Value| rows(values).iter().map(number).collect::<Vec<i64>>();
    match &row["intn"][bound.to_string()] {
        Value::Null => numbers(&row["int63"]).iter().map(|draw| (draw >> 32) as usize % bound).collect(),
        stated => numbers(stated).iter().map(|draw| *draw as usize).collect(),
    }
}

#[test]
fn plans_draw_the_numbers_of_go() {
    let section = rows(&CLIENTS["derived_go_math_rand"]);
    let bounds = section[0]["intn"].as_object().expect("an object").keys().map(|bound| bound.parse().expect("a bound"));
    for bound in bounds.chain([BOUND_FOR_RAW_DRAWS]) {
        for draw in 0..draws_below(bound, &section[0]).len() {
            // Each step has one node less to draw from.
            let handle = Handle::over_numbered(bound + draw);
            let nodes = handle.urls();
            for row in section {
                let plan = handle.plan_for_key(&Key::of_seed(&row["seed"]), draw + 1);
                let mut left = nodes.clone();
                for node in &plan[..draw] {
                    left.swap_remove(left.iter().position(|other| other == node).expect("none comes twice"));
                }
                assert_eq!(plan[draw], left[draws_below(bound, row)[draw]], "seed {}, bound {bound}, draw {draw}", row["seed"]);
            }
        }
    }
}
