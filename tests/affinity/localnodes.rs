//! What discovery asks and what it makes of the answers that the official clients' tests give it.

use serde_json::Value;

use super::data::{CLIENTS, rows, text, texts};
use super::handle::{Handle, host};

/// The row that has this member.
fn row(member: &str) -> &'static Value {
    rows(&CLIENTS["localnodes_vectors"]).iter().find(|row| !row[member].is_null()).expect("a row of that kind")
}

fn handle_answered(body: &str, port: &str) -> Handle {
    let handle = Handle::new(&[("seeds", "seed"), ("scope", "dc:one"), ("port", port)]);
    let (token, _) = handle.ask().expect("a new handle asks its seed");
    handle.answer(token, body);
    handle
}

#[test]
fn names_in_an_answer_become_nodes() {
    let row = row("expect_hosts");
    let urls = handle_answered(text(&row["body"]), "8000").urls();
    assert_eq!(urls.iter().map(|url| host(url)).collect::<Vec<_>>(), texts(&row["expect_hosts"]));
}

/// One client replaces the port; servers never send one, so here such an entry is none, and an event says that it was skipped.
#[test]
fn an_entry_with_a_port_is_no_address_and_the_others_get_the_configured_port() {
    let row = row("port");
    let handle = handle_answered(text(&row["body"]), &row["port"].to_string());
    assert_eq!(handle.urls(), ["http://node-b.internal:8001"]);
}

#[test]
fn scopes_are_percent_encoded_in_the_query() {
    let row = row("scope");
    let scope = format!("rack:{}/{}", text(&row["scope"]["dc"]), text(&row["scope"]["rack"]));
    let (_, url) = Handle::new(&[("seeds", "seed"), ("scope", &scope)]).ask().expect("a new handle asks its seed");
    assert_eq!(url.split_once('?').expect("a query").1, text(&row["query_python"]));
    assert_eq!(row["query_java"], row["query_python"]);
}
