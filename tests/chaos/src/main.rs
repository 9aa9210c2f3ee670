//! chaos: load over the C ABI against a local cluster while its nodes are killed, stopped, slowed down and restarted.
//!
//! What is done and what must hold is a table ([`scenario`]); a run ([`run`]) leaves a log ([`log`]), and all figures
//! ([`measure`]), the count of writes ([`oracle`]), the verdict, the table and the plots are made of that.

#![deny(unsafe_code)]
#![cfg_attr(not(test), deny(clippy::unwrap_used, clippy::expect_used, clippy::panic))]

mod cli;
mod client;
mod cluster;
mod http;
mod log;
mod measure;
mod oracle;
mod outcome;
mod plot;
mod reference;
mod report;
mod run;
mod scenario;
mod verdict;
mod worker;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use cli::{Cli, Policy};
use plot::Line;
use report::Row;
use run::Setup;
use scenario::{SCENARIOS, Scenario};

const QUICK_EVENT: Duration = Duration::from_secs(3);
/// A run that the machine has spoiled is made that often at most.
const TRIES: usize = 3;

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.list {
        for scenario in SCENARIOS {
            println!("{}: {}\n    {:?}", scenario.name, scenario.what, scenario.expected);
        }
        return ExitCode::SUCCESS;
    }
    match run_all(&cli) {
        Ok(rows) => conclude(&rows, cli.possible_rate()),
        Err(error) => {
            eprintln!("chaos: {error}");
            ExitCode::from(2)
        }
    }
}

fn run_all(cli: &Cli) -> Result<Vec<Row>, String> {
    let setup = setup(cli)?;
    std::fs::create_dir_all(&cli.out).map_err(|error| format!("{}: {error}", cli.out.display()))?;
    let mut rows = Vec::new();
    for (scenario, nodes) in cli.runs() {
        let mut lines = Vec::new();
        for (policy, enforced) in clients(cli, scenario) {
            eprintln!("{}, {nodes} nodes, {}: {}", scenario.name, policy.name(), scenario.what);
            let (row, line) = run_one(cli, &setup, scenario, nodes, policy, enforced)?;
            rows.push(row);
            lines.push(line);
        }
        let title = format!("{}, {nodes} nodes: {}", scenario.name, scenario.what);
        plot::draw(&cli.out.join(format!("{}-{nodes}.svg", scenario.name)), &title, &lines)?;
    }
    Ok(rows)
}

/// Who is measured, and whether what is expected must hold for it.
fn clients(cli: &Cli, scenario: &Scenario) -> Vec<(Policy, bool)> {
    let mut clients: Vec<_> = cli.policy.iter().map(|policy| (*policy, true)).collect();
    if scenario.compared && !cli.no_compare && !cli.quick {
        clients.extend(cli.compare.iter().filter(|policy| !cli.policy.contains(policy)).map(|policy| (*policy, false)));
    }
    clients
}

fn run_one(
    cli: &Cli,
    setup: &Setup,
    scenario: &Scenario,
    nodes: usize,
    policy: Policy,
    enforced: bool,
) -> Result<(Row, Line), String> {
    let options = [policy.options(), cli.options.clone()].concat();
    let mut tries = 0;
    let (record, figures) = loop {
        let record = run::run(setup, scenario, nodes, &options)?;
        let figures = measure::figures(&record, nodes, scenario.trial);
        tries += 1;
        let spoiled = enforced && record.balance.is_right() && verdict::is_spoiled(scenario.expected, &figures);
        if !spoiled || cli.quick || tries == TRIES {
            break (record, figures);
        }
        eprintln!("    once more: the machine was busy with other things");
    };
    let mut complaints = verdict::lost(&record.balance);
    if enforced {
        complaints.extend(verdict::missed(scenario.expected, &figures));
    }
    let whole = record.phases.before.start..record.phases.after.end;
    let line =
        Line { label: policy.name(), bins: measure::bins(&record.calls, &whole), phases: record.phases, outages: record.outages };
    let row = Row { scenario: scenario.name, nodes, policy: policy.name(), figures, balance: record.balance, complaints };
    Ok((row, line))
}

fn setup(cli: &Cli) -> Result<Setup, String> {
    let beside = || -> Result<PathBuf, String> {
        let this = std::env::current_exe().map_err(|error| format!("where this program is: {error}"))?;
        Ok(this.with_file_name("altcluster"))
    };
    Ok(Setup {
        altcluster: cli.altcluster.clone().map_or_else(beside, Ok)?,
        engine: cli.engine.clone(),
        base_ms: cli.base_ms,
        clients: usize::from(cli.clients),
        threads: usize::from(cli.threads),
        event: if cli.quick { QUICK_EVENT } else { Duration::from_secs_f64(cli.seconds) },
    })
}

fn conclude(rows: &[Row], possible_rate: f64) -> ExitCode {
    println!("{}", report::table(rows));
    for doubt in report::doubts(rows, possible_rate) {
        println!("doubtful, since the machine was busy: {doubt}");
    }
    let complaints = report::complaints(rows);
    if complaints.is_empty() {
        println!("every expectation holds");
        return ExitCode::SUCCESS;
    }
    for complaint in &complaints {
        println!("MISSED: {complaint}");
    }
    ExitCode::FAILURE
}
