//! What the command line takes and refuses, and what is made of it.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::process::Command;

use super::support::{ALB, alb, alb_with, stderr, stdout};

#[test]
fn wrong_arguments_are_named_and_end_with_2() {
    for (arguments, parts) in [
        (&["nodes"][..], ["SEED", "required"]),
        (&["nodes", "a b"], ["seeds", "letters"]),
        (&["nodes", "http://10.0.0.1"], ["seeds", "URL"]),
        (&["nodes", "a", "--scope", "x"], ["scope", "rack:DC/RACK"]),
        (&["nodes", "a", "--set", "prot=1"], ["prot", "did you mean port?"]),
        (&["nodes", "a", "--set", "prot"], ["--set", "KEY=VALUE"]),
        (&["nodes", "a", "--timeout", "0"], ["--timeout", "0.05"]),
        (&["route", "a", "--table", "t", "--key", "x"], ["--key", "S:text"]),
        (&["bench", "a"], ["--table-prefix", "required"]),
        (&["bench", "a", "--table-prefix", "a/b"], ["--table-prefix", "3 to 200"]),
        (&["bench", "a", "--table-prefix", "abc", "--seconds", "3601"], ["--seconds", "3600"]),
        (&["dns", "a", "--name", "a..b"], ["--name", "no DNS name"]),
        (&["dns", "a", "--name", "a", "--listen", "x"], ["--listen", "10.0.0.53"]),
        (&["dns", "a", "--name", "a", "--answers", "0"], ["--answers", "all"]),
        (&["nodes", "a", "--port", "0"], ["'0' for '--port", "from 1 to 65535"]),
        (&["nodes", "a", "--port", "-1"], ["'-1' for '--port", "from 1 to 65535"]),
        (&["nodes", "a", "--timeout", "-1"], ["'-1' for '--timeout", "0.05 to 86400"]),
        (&["nodes", "a", "--ca", ""], ["--ca", "a value is required"]),
        (&["watch", "a", "--count", "-1"], ["'-1' for '--count", "from 1 to"]),
        (&["bench", "a", "--concurrency", "x"], ["'x' for '--concurrency", "from 1 to 1024"]),
        (&["bench", "a", "--rate", "-5"], ["'-5' for '--rate", "from 1 to 100000"]),
        (&["bench", "a", "--reads", "101"], ["'101' for '--reads", "from 0 to 100"]),
        (&["bench", "a", "--keys", "0"], ["'0' for '--keys", "from 1 to 1000000"]),
        (&["bench", "a", "--item-bytes", "1e9"], ["'1e9' for '--item-bytes", "from 0 to 65536"]),
        (&["bench", "a", "--seconds", "-1"], ["'-1' for '--seconds", "0.05"]),
        (&["nodes", "a", "--port", "1", "--set", "port=2"], ["--set port=2", "--port (1)"]),
        (&["nodes", "a", "--scope", "dc:x", "--set", "scope=cluster"], ["--set scope=cluster", "--scope (dc:x)"]),
        (&["nodes", "a", "--https", "--set", "scheme=http"], ["--set scheme=http", "--https"]),
        (&["nodes", "a", "--set", "seeds=b"], ["--set seeds=b", "SEED (a)"]),
        (&["route", "a", "--table", "t", "--key", "x\u{202e}y"], ["--key", "x\\u202ey"]),
        (&["nodes", "a\u{1b}]0;x\u{7}"], ["seeds", "\\u{1b}"]),
        (&["nosuch"], ["nosuch", "unrecognized"]),
    ] {
        let told = stderr(&alb(arguments), 2);
        for part in parts {
            assert!(told.contains(part), "{arguments:?}: {told}");
        }
    }
}

#[test]
fn empty_variables_count_as_unset() {
    let told = stderr(&alb_with(&["nodes", "127.0.0.1:1"], &[("ALB_PORT", ""), ("ALB_SCOPE", "")]), 3);
    assert!(told.contains("refused"), "{told}");
    let told = stderr(&alb_with(&["nodes"], &[("ALB_SEEDS", "")]), 2);
    assert!(told.contains("SEED") && told.contains("required"), "{told}");
}

#[test]
fn arguments_that_are_no_text_are_refused() {
    let told = stderr(&alb(&[OsStr::new("nodes"), OsStr::from_bytes(b"10.0.0.\xff")]), 2);
    assert!(told.contains("UTF-8"), "{told}");
    let told = stderr(&alb(&[OsStr::new("nodes"), OsStr::new("a"), OsStr::new("--ca"), OsStr::from_bytes(b"\xff")]), 2);
    assert!(told.contains("UTF-8"), "{told}");
}

#[test]
fn one_credential_without_the_other_is_refused_and_none_is_shown() {
    let told = stderr(&alb_with(&["check", "127.0.0.1:1"], &[("AWS_SECRET_ACCESS_KEY", "hunter2")]), 2);
    assert!(told.contains("AWS_ACCESS_KEY_ID") && !told.contains("hunter2"), "{told}");
}

#[test]
fn a_file_that_is_not_there_ends_with_5() {
    let told = stderr(&alb(&["nodes", "127.0.0.1:1", "--https", "--ca", "/no/such/file"]), 5);
    assert!(told.contains("/no/such/file"), "{told}");
}

#[test]
fn a_reader_that_goes_away_is_no_error() {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    let output = Command::new(ALB).args(["completions", "bash"]).stdout(writer).output().expect("alb runs");
    assert_eq!((output.status.code(), output.stderr.as_slice()), (Some(0), &b""[..]));
}

#[test]
fn completions_are_there_for_every_shell_and_know_the_commands() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = stdout(&alb(&["completions", shell]), 0);
        for word in ["nodes", "check", "route", "watch", "bench", "dns", "table-prefix"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let script = stdout(&alb(&["completions", "bash"]), 0);
    let checked = Command::new("bash").args(["-n", "-c", &script]).status().expect("bash");
    assert!(checked.success());
}

#[test]
fn there_is_a_manual_page_for_each_command() {
    let directory = std::env::temp_dir().join(format!("alb-man-{}", std::process::id()));
    stdout(&alb(&["man", directory.to_str().expect("text")]), 0);
    for page in ["alb", "alb-nodes", "alb-check", "alb-route", "alb-watch", "alb-bench", "alb-dns"] {
        let text = std::fs::read_to_string(directory.join(format!("{page}.1"))).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.starts_with(".ie") || text.starts_with(".TH") || text.contains(".TH alb"), "{page}: {text}");
    }
    let overview = std::fs::read_to_string(directory.join("alb.1")).expect("a page");
    assert!(overview.contains("Exit status"), "{overview}");
    std::fs::remove_dir_all(directory).expect("removed");
}
