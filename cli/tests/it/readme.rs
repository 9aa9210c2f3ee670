//! The README: its commands run as they stand there, and its JSON shapes are those that are printed.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

use serde_json::Value;

use super::support::{ALB, Cluster, Dns, command, eventually, text};

/// A fenced block: its language with what stands behind it, and its text.
fn blocks() -> Vec<(String, String)> {
    let readme = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("README.md")).expect("the README");
    let mut parts = readme.split("```");
    let mut found = Vec::new();
    while let (Some(_), Some(block)) = (parts.next(), parts.next()) {
        let (info, body) = block.split_once('\n').expect("a language");
        found.push((info.to_owned(), body.to_owned()));
    }
    found
}

fn block(info: &str) -> String {
    blocks().into_iter().find(|(found, _)| found == info).unwrap_or_else(|| panic!("no block {info}")).1
}

/// Runs commands as a user does that has alb on the path, in a directory of their own.
fn shell(commands: &str, directory: &Path) -> String {
    let path = format!("{}:{}", Path::new(ALB).parent().expect("a directory").display(), std::env::var("PATH").expect("PATH"));
    let output = Command::new("bash").args(["-euc", commands]).env("PATH", path).current_dir(directory).output().expect("bash");
    assert!(output.status.success(), "{commands}\n{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn the_first_steps_work_as_they_stand_there() {
    let cluster = Cluster::start(&["--nodes", "3"]);
    let subnet = cluster.address(0).rsplit_once('.').expect("an address").0.to_owned();
    let here = |text: &str| text.replace("127.10.0", &subnet);
    assert_eq!(block("sh cluster").trim(), "cargo run --release -p altcluster -- --nodes 3 --subnet 127.10.0");
    let directory = std::env::temp_dir().join(format!("alb-readme-{}", std::process::id()));
    std::fs::create_dir_all(&directory).expect("a directory");

    let serve = here(&block("sh dns"));
    let arguments: Vec<&str> = serve.split_whitespace().skip(1).collect();
    let dns = Dns::from(command(&[&arguments[..], &["--json"]].concat()));
    eventually("the name is there", || dns.resolve("alternator.example.com", "A").len() == 3);
    for (_, commands) in blocks().iter().filter(|(info, _)| info == "sh") {
        for line in commands.lines() {
            let told = shell(&here(line), &directory);
            assert!(!told.trim().is_empty(), "{line} tells nothing");
        }
    }
    assert!(directory.join("alb-bench.svg").is_file());
    std::fs::remove_dir_all(directory).expect("removed");
}

/// The members of every object by their paths, without those whose names are data.
fn shape(value: &Value, path: &str, into: &mut BTreeMap<String, ()>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let name = if name.starts_with("http") {
                    "URL"
                } else if name.ends_with("Item") {
                    "OPERATION"
                } else {
                    name
                };
                into.insert(format!("{path}.{name}"), ());
                shape(member, &format!("{path}.{name}"), into);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| shape(item, &format!("{path}[]"), into)),
        _ => {}
    }
}

fn shape_of(text: &str) -> Vec<String> {
    let mut found = BTreeMap::new();
    shape(&serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}")), "", &mut found);
    found.into_keys().collect()
}

#[test]
fn the_json_shapes_are_those_that_are_printed() {
    let cluster = Cluster::start(&["--nodes", "1"]);
    let seed = cluster.address(0);
    let directory = std::env::temp_dir();
    for (name, arguments) in [
        ("nodes", format!("nodes {seed} --scope rack:dc1/r1")),
        ("check", format!("check {seed}")),
        ("route", format!("route {seed} --table visits --key S:/index.html --set table.visits.key=page")),
        ("bench", format!("bench {seed} --table-prefix scratch --seconds 0.5 --svg shape.svg")),
    ] {
        let told = shell(&format!("alb {arguments} --json"), &directory);
        assert_eq!(shape_of(&block(&format!("json {name}"))), shape_of(&told), "{name}");
    }
    std::fs::remove_file(directory.join("shape.svg")).expect("removed");
    let told = shell(&format!("alb watch {seed} --json --count 1"), &directory);
    let look = told.lines().find(|line| line.contains("\"look\"")).expect("a look");
    assert_eq!(shape_of(&block("json watch")), shape_of(look));
    let listening = block("json dns");
    let said = shape_of(&listening);
    assert_eq!(said, [".address", ".kind", ".name", ".user"]);
}

#[test]
fn the_route_in_the_example_is_true() {
    let example: Value = serde_json::from_str(&block("json route")).expect("JSON");
    let cluster = Cluster::start(&["--nodes", "1", "--engine", "canned"]);
    let seed = cluster.address(0);
    let arguments =
        format!("alb route {seed} --table visits --key S:{} --set table.visits.key=page --json", text(&example["key"]["value"]));
    let told: Value = serde_json::from_str(&shell(&arguments, &std::env::temp_dir())).expect("JSON");
    assert_eq!((&told["token"], &told["hash"]), (&example["token"], &example["hash"]));
}

#[test]
fn the_unit_is_configured_as_its_head_says() {
    let unit = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("systemd/alb-dns.service")).expect("the unit");
    assert!(unit.contains(block("sh unit").trim()), "{unit}");
}
