//! The program as a whole: what holds passes, and what must fail does fail, so that a pass means something.
//!
//! `ALTCLUSTER` names the cluster's program, or `make cluster` has built it in the release profile beside this test.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::{Mutex, PoisonError};

/// Throughput is compared with throughput, so one run at a time.
static TURN: Mutex<()> = Mutex::new(());

/// Where the plots of a test go.
fn plots(test: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(test)
}

/// Runs the program, shortened, with these further options.
fn chaos(test: &str, options: &[&str]) -> Output {
    let _turn = TURN.lock().unwrap_or_else(PoisonError::into_inner);
    let mut command = Command::new(env!("CARGO_BIN_EXE_chaos"));
    command.arg("--quick").arg("--out").arg(plots(test)).args(options);
    let output = command.output().expect("the program can be started");
    eprintln!("{options:?}: {}\n{}{}", output.status, text(&output.stdout), text(&output.stderr));
    output
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn a_client_without_health_fails_what_is_expected_when_a_node_hangs() {
    let output = chaos("without_health", &["--scenarios", "sigstop", "--policy", "ordinary"]);
    assert_eq!(output.status.code(), Some(1));
    let told = text(&output.stdout);
    assert!(told.contains("MISSED: sigstop, 3 nodes, ordinary:"), "which one");
    assert!(told.contains("by the reference), at least 90.0 % expected"), "throughput, and by how much");
    assert!(told.contains("attempts went to a bad node after its trial, at most 0 expected"), "late attempts");
    assert!(!told.contains("lost, 0 expected"), "retries lose nothing");
}

#[test]
fn the_oracle_finds_the_writes_that_an_engine_acknowledges_and_drops() {
    let output = chaos("oracle", &["--scenarios", "sigkill", "--policy", "random", "--engine", "canned"]);
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stdout).contains("acknowledged writes are lost, 0 expected"));
}

/// That nothing was missed, but for throughput, which a machine that is busy with other things may spoil for runs as short as these.
fn assert_not_felt(told: &str) {
    for complaint in ["attempts went to a bad node", "calls failed", "lost, 0 expected"] {
        assert!(!told.contains(complaint), "{complaint}: {told}");
    }
}

#[test]
fn a_hung_node_is_left_alone_after_its_trial() {
    let told = text(&chaos("hung", &["--scenarios", "sigstop"]).stdout);
    assert!(told.contains("│ sigstop"), "the table");
    assert_not_felt(&told);
}

#[test]
fn a_killed_node_is_not_felt_and_the_plot_shows_it() {
    let told = text(&chaos("killed", &["--scenarios", "sigkill"]).stdout);
    assert!(told.contains("│ sigkill"), "the table");
    assert_not_felt(&told);
    let plot = std::fs::read_to_string(plots("killed").join("sigkill-3.svg")).expect("a plot");
    let points = |line: &str| line.split(' ').filter(|point| point.contains(',')).count();
    let longest = plot.split("<polyline").map(points).max();
    // 7.5 seconds, four bins each.
    assert!(longest >= Some(30), "{longest:?}: {plot}");
}

#[test]
fn a_wrong_option_is_told_by_name_and_is_no_failed_expectation() {
    let output = chaos("options", &["--scenarios", "sigkill", "--policy", "random", "--set", "health.eject_base_ms=soon"]);
    assert_eq!(output.status.code(), Some(2));
    let told = text(&output.stderr);
    assert!(told.contains("health.eject_base_ms") && told.contains("soon"), "{told}");
    assert_eq!(chaos("options", &["--scenarios", "meteor"]).status.code(), Some(2));
}
