//! Files that are made from the source stand in the repository too, so that they can be read there; these tests keep them fresh.
//! `make header docs` (that is, `BLESS=1 cargo test --test generated`) writes them anew.

use std::path::Path;

fn compare(file: &str, wanted: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
    if std::env::var_os("BLESS").is_some() {
        std::fs::write(&path, wanted).expect("the file can be written");
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == wanted, "{file} is not what the source makes of it: run `make header docs` and commit the result");
}

#[test]
fn the_header_is_what_cbindgen_makes_of_the_source() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let config = cbindgen::Config::from_file(root.join("cbindgen.toml")).expect("cbindgen.toml is valid");
    let mut builder = cbindgen::Builder::new().with_config(config);
    for module in [
        "types",
        "version",
        "config",
        "handle",
        "pick",
        "further",
        "keys",
        "requests",
        "tables",
        "nodes",
        "health",
        "refresh",
        "discovery",
        "wire",
        "observe",
    ] {
        builder = builder.with_src(root.join(format!("src/ffi/{module}.rs")));
    }
    let mut header = Vec::new();
    builder.generate().expect("the source is parsed").write(&mut header);
    compare("include/alternator_lb.h", &tidied(&String::from_utf8(header).expect("UTF-8")));
}

/// Puts comments of one line onto one line, and a rule above each group of functions.
fn tidied(header: &str) -> String {
    let header = header.replace(" \n", "\n").replace("\n\n\n", "\n\n");
    let mut lines: Vec<String> = Vec::new();
    let mut rest = header.lines().peekable();
    while let Some(line) = rest.next() {
        let indent = line.len() - line.trim_start().len();
        if line.trim() != "/**" {
            let line = if line.starts_with("typedef") { line.to_owned() } else { line.replace("struct alb", "alb") };
            lines.push(line);
            continue;
        }
        let mut comment: Vec<&str> = Vec::new();
        for line in rest.by_ref().take_while(|line| line.trim() != "*/") {
            // cbindgen's own margin, and behind it that of the block comment in the source.
            let line = line.trim_start().trim_start_matches('*');
            let line = line.trim_start().strip_prefix('*').unwrap_or(line);
            comment.push(line.strip_prefix("  ").or(line.strip_prefix(' ')).unwrap_or(line));
        }
        if let Some(name) = comment[0].strip_prefix("@name ") {
            lines.push(format!("/* {name} {} */", "-".repeat(120 - name.len())));
            lines.push(String::new());
            comment.drain(..2);
        }
        let margin = " ".repeat(indent);
        let last = comment.len() - 1;
        for (number, text) in comment.iter().enumerate() {
            let open = if number == 0 { "/** " } else { " *  " };
            let close = if last == 0 { " */" } else { "" };
            lines.push(format!("{margin}{open}{text}{close}").trim_end().to_owned());
        }
        if last > 0 {
            lines.push(format!("{margin} */"));
        }
    }
    lines.join("\n") + "\n"
}

#[test]
fn the_configuration_manual_is_what_the_table_says() {
    compare("docs/CONFIGURATION.md", &alternator_lb::config::markdown::configuration_manual());
}

#[test]
fn the_manual_of_statistics_and_events_names_every_member() {
    fn names(value: &serde_json::Value, found: &mut Vec<String>) {
        match value {
            serde_json::Value::Object(members) => {
                for (name, value) in members {
                    found.push(name.clone());
                    names(value, found);
                }
            }
            serde_json::Value::Array(items) => items.iter().for_each(|item| names(item, found)),
            _ => {}
        }
    }
    let mut config = alternator_lb::Config::default();
    config.set("seeds", "127.0.0.1:1").expect("valid");
    config.set("refresh.mode", "manual").expect("valid");
    let balancer = alternator_lb::Balancer::new(config).expect("valid");
    let failed = balancer.refresh(std::time::Duration::from_secs(5));
    assert!(failed.is_err(), "nobody listens at port 1");
    let mut found = Vec::new();
    names(&balancer.statistics(), &mut found);
    names(&balancer.event_after(0).expect("an event of the failure").json(), &mut found);
    found.extend(alternator_lb::observe::EventKind::ALL.iter().map(|kind| kind.name().to_owned()));
    let manual = include_str!("../docs/STATISTICS.md");
    for name in found {
        let written = [format!("`{name}`"), format!(".{name}`")].iter().any(|form| manual.contains(form.as_str()));
        assert!(written, "docs/STATISTICS.md does not explain `{name}`");
    }
}
