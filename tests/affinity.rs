//! The vectors of tests/vectors through the C ABI: keys, plans, orders, tokens, votes and discovery are those of the official clients.
//!
//! tests/c/vectors.c and bindings/python/tests/test_vectors.py run the same files.

#[path = "affinity/data.rs"]
mod data;
#[path = "affinity/handle.rs"]
mod handle;
#[path = "affinity/keys.rs"]
mod keys;
#[path = "affinity/localnodes.rs"]
mod localnodes;
#[path = "affinity/orders.rs"]
mod orders;
#[path = "affinity/plans.rs"]
mod plans;
#[path = "affinity/requests.rs"]
mod requests;

#[test]
fn every_section_stands_in_the_readme_with_who_runs_it_or_why_nobody_does() {
    let readme = include_str!("vectors/README.md");
    let sections = data::CLIENTS.as_object().expect("an object").iter().filter(|(_, value)| value.is_array() || value.is_object());
    for (section, _) in sections {
        assert!(readme.contains(&format!("`{section}`")), "tests/vectors/README.md does not name {section}");
    }
}
